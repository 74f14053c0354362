"""Every metric family there is, as data.

Names, labels and buckets are a contract with dashboards and alerts: a label set never changes, a
family never moves. `docs/metrics.md` is generated from this file (`python -m exporter.metrics`).
"""

import re
from dataclasses import dataclass
from math import prod
from typing import Literal, get_args

from exporter.event.error_type import ErrorType
from exporter.event.finish_reason import FinishReason
from exporter.event.tokens import PARTS
from exporter.event.types import Level

FamilyType = Literal["counter", "gauge", "histogram"]

_UNITS = frozenset({"seconds", "bytes", "ratio", "tokens", "usd"})


@dataclass(frozen=True, slots=True)
class Closed:
    """A label whose values are ours, not the agents'; without values, they depend on the build."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """One family: the series that share a name, a help text and a type.

    `name` is without `_total`, as OpenMetrics has it. `open_labels` take their values from what
    is pushed, so each has a budget; `closed_labels` do not. `buckets` are a histogram's upper
    bounds without `+Inf`. An `expiring` gauge vanishes some time after its last reading.
    """

    name: str
    type: FamilyType
    help: str
    open_labels: tuple[str, ...] = ()
    closed_labels: tuple[Closed, ...] = ()
    buckets: tuple[float, ...] = ()
    expiring: bool = False

    def __post_init__(self) -> None:
        for name in (self.name, *self.labels):
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"{self.name}: {name!r} is no name for a metric or a label")
        if self.name.endswith("_total") or (self.type == "histogram") != bool(self.buckets):
            raise ValueError(f"{self.name}: the name or the buckets do not go with the type")

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all labels, the open ones first."""
        return (*self.open_labels, *(label.name for label in self.closed_labels))

    @property
    def sample_name(self) -> str:
        """The name as PromQL has it; a histogram's samples add their own suffixes."""
        return f"{self.name}_total" if self.type == "counter" else self.name

    @property
    def unit(self) -> str:
        """The unit that the name ends with, for OpenMetrics; empty where it is a plain number."""
        last = self.name.rpartition("_")[2]
        return last if last in _UNITS else ""

    @property
    def recorded(self) -> bool:
        """Whether its series are made of events, and so outlive the process with these.

        The rest is read from its owner at every scrape, or is about the process alone.
        """
        of_agents = not self.name.startswith("agent_exporter_")
        return of_agents and (self.type != "gauge" or self.expiring)

    @property
    def lines_per_label_set(self) -> int:
        """How many series one set of label values exposes."""
        return len(self.buckets) + 3 if self.type == "histogram" else 1

    @property
    def sets_per_open_set(self) -> int:
        """How many label sets one set of open values can come to."""
        return prod(len(label.values) for label in self.closed_labels if label.values)


def _counter(name: str, text: str, *open_labels: str, closed: tuple[Closed, ...] = ()) -> Family:
    return Family(name, "counter", text, open_labels, closed)


def _gauge(
    name: str,
    text: str,
    *open_labels: str,
    closed: tuple[Closed, ...] = (),
    expiring: bool = False,
) -> Family:
    return Family(name, "gauge", text, open_labels, closed, expiring=expiring)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *open_labels: str) -> Family:
    return Family(name, "histogram", text, open_labels, buckets=buckets)


AGENT_PROVIDER_MODEL = ("agent", "provider", "model")
OUTCOME = Closed("outcome", ("success", "error"))
LEVELS: tuple[str, ...] = get_args(Level)
RESULT = Closed("result", ("accepted", "duplicate", "rejected"))

_TOKEN_BUCKETS = tuple(float(64 * 4**power) for power in range(8))
_FAST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMPLETIONS = _counter(
    "agent_completions",
    "Model completions that ended, by outcome: success or error.",
    *AGENT_PROVIDER_MODEL,
    closed=(OUTCOME,),
)
COMPLETION_ERRORS = _counter(
    "agent_completion_errors",
    "Failed completions, by the kind of error.",
    *AGENT_PROVIDER_MODEL,
    closed=(Closed("error_type", tuple(ErrorType)),),
)
COMPLETION_DURATION = _histogram(
    "agent_completion_duration_seconds",
    "Wall time of a completion, failed ones included.",
    (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0),
    *AGENT_PROVIDER_MODEL,
)
COMPLETION_TTFT = _histogram(
    "agent_completion_ttft_seconds",
    "Time from the start of a completion to its first token.",
    (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0),
    *AGENT_PROVIDER_MODEL,
)
COMPLETION_INPUT_TOKENS = _histogram(
    "agent_completion_input_tokens",
    "Tokens that went into a completion: input and both cache parts.",
    _TOKEN_BUCKETS,
    *AGENT_PROVIDER_MODEL,
)
COMPLETION_OUTPUT_TOKENS = _histogram(
    "agent_completion_output_tokens",
    "Tokens that came out of a completion: output and reasoning.",
    _TOKEN_BUCKETS,
    *AGENT_PROVIDER_MODEL,
)
COMPLETION_FINISHES = _counter(
    "agent_completion_finishes",
    "Completions by why the model stopped, as far as that was told.",
    *AGENT_PROVIDER_MODEL,
    closed=(Closed("reason", tuple(FinishReason)),),
)
TOKENS = _counter(
    "agent_tokens",
    "Tokens used, in five disjoint parts: input, output, reasoning, cache_read, cache_write.",
    *AGENT_PROVIDER_MODEL,
    closed=(Closed("type", PARTS),),
)
COST = _counter(
    "agent_cost_usd",
    "Cost in US dollars, reported by the source or computed from prices.",
    *AGENT_PROVIDER_MODEL,
    closed=(Closed("source", ("reported", "computed")),),
)
UNPRICED_COMPLETIONS = _counter(
    "agent_unpriced_completions",
    "Completions whose cost is unknown.",
    *AGENT_PROVIDER_MODEL,
)
TOKEN_MISMATCHES = _counter(
    "agent_token_mismatches",
    "Completions whose claimed token total differs from the sum of its parts; the sum stands.",
    *AGENT_PROVIDER_MODEL,
)
REQUESTS = _counter(
    "agent_requests",
    "User requests that ended, by outcome: success or error.",
    "agent",
    "channel",
    closed=(OUTCOME,),
)
REQUESTS_IN_FLIGHT = _gauge(
    "agent_requests_in_flight",
    "User requests being worked on now.",
    "agent",
    "channel",
)
REQUEST_DURATION = _histogram(
    "agent_request_duration_seconds",
    "Wall time of a user request, from its start to its end.",
    (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0),
    "agent",
    "channel",
)
TOOL_CALLS = _counter(
    "agent_tool_calls",
    "Tool calls that ended, by outcome: success or error.",
    "agent",
    "tool",
    closed=(OUTCOME,),
)
TOOL_DURATION = _histogram(
    "agent_tool_duration_seconds",
    "Wall time of a tool call.",
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0),
    "agent",
    "tool",
)
LOG_EVENTS = _counter(
    "agent_log_events",
    "Log events, by level and by what they came from.",
    "agent",
    "source",
    closed=(Closed("level", LEVELS),),
)
QUEUE_DEPTH = _gauge(
    "agent_queue_depth",
    "Items waiting in a queue, as last reported.",
    "agent",
    "queue",
    expiring=True,
)
RATE_LIMITED = _gauge(
    "agent_rate_limited",
    "Whether the provider refuses calls now: 1 limited, 0 not. No model: the whole provider.",
    "provider",
    "model",
)
RATE_LIMIT_RESET = _gauge(
    "agent_rate_limit_reset_timestamp_seconds",
    "When the limit in force ends, in Unix seconds.",
    "provider",
    "model",
)
QUOTA_USED = _gauge(
    "agent_quota_used_ratio",
    "Share of a provider's allowance that is used, as last reported; 1 is all of it.",
    "agent",
    "provider",
    "window",
    expiring=True,
)
QUOTA_RESET = _gauge(
    "agent_quota_reset_timestamp_seconds",
    "When the allowance is renewed, in Unix seconds.",
    "agent",
    "provider",
    "window",
    expiring=True,
)
SESSIONS_ACTIVE = _gauge(
    "agent_sessions_active",
    "Sessions that were heard of in the last minutes (store.session_active_secs).",
    "agent",
)

SESSIONS = _counter(
    "agent_sessions",
    "Sessions that agents began.",
    "agent",
)
LINES_OF_CODE = _counter(
    "agent_lines_of_code",
    "Lines of code that agents added or removed.",
    "agent",
    closed=(Closed("type", ("added", "removed")),),
)
COMMITS = _counter(
    "agent_commits",
    "Commits that agents made.",
    "agent",
)
PULL_REQUESTS = _counter(
    "agent_pull_requests",
    "Pull requests that agents opened.",
    "agent",
)
ACTIVE_SECONDS = _counter(
    "agent_active_seconds",
    "Time that agents were at work: by themselves (cli), or with their user (user).",
    "agent",
    closed=(Closed("type", ("cli", "user")),),
)
EDIT_DECISIONS = _counter(
    "agent_edit_decisions",
    "Edits of code that users accepted or rejected.",
    "agent",
    "tool",
    closed=(Closed("decision", ("accepted", "rejected")),),
)
USER_WAIT = _counter(
    "agent_user_wait_seconds",
    "Time that agents stood still until their user had decided.",
    "agent",
)

BUILD_INFO = _gauge(
    "agent_exporter_build_info",
    "Always 1; the labels say which exporter this is.",
    closed=(Closed("version"), Closed("python_version")),
)
PUSH_REQUESTS = _counter(
    "agent_exporter_push_requests",
    "Pushes answered, by route and HTTP status code.",
    closed=(Closed("route"), Closed("code")),
)
PUSH_DURATION = _histogram(
    "agent_exporter_push_duration_seconds",
    "Time from the headers of a push to its answer.",
    _FAST_SECONDS,
)
REQUESTS_REFUSED = _counter(
    "agent_exporter_requests_refused",
    "Requests of who may not come in, or not now, by reason.",
    closed=(Closed("code"),),
)
CONNECTIONS_REFUSED = _counter(
    "agent_exporter_connections_refused",
    "Connections turned away because too many were open and busy.",
)
EVENTS = _counter(
    "agent_exporter_events",
    "Events pushed, by what became of them: accepted, duplicate or rejected.",
    closed=(Closed("source"), Closed("type"), RESULT),
)
OTLP_RECORDS = _counter(
    "agent_exporter_otlp_records",
    "Records of OpenTelemetry, by what became of them: used, ignored (they say nothing that counts "
    "here) or rejected.",
    closed=(
        Closed("signal", ("logs", "traces", "metrics")),
        Closed("result", ("used", "ignored", "rejected")),
    ),
)
REJECTIONS = _counter(
    "agent_exporter_rejections",
    "Events and whole pushes that were refused, by reason.",
    closed=(Closed("code"),),
)
UNKNOWN_FIELDS = _counter(
    "agent_exporter_unknown_fields",
    "Fields of accepted events that the exporter does not know and left out.",
)
LATE_EVENTS = _counter(
    "agent_exporter_late_events",
    "Events older than the window: counted in the counters, not in the window.",
)
SERIES = _gauge(
    "agent_exporter_series",
    "Series held, by family.",
    closed=(Closed("family"),),
)
LABEL_OVERFLOWS = _counter(
    "agent_exporter_label_overflows",
    "Events whose label value was folded into _other: the label's budget, or (label_set) the "
    "family's, was used up.",
    closed=(Closed("label"),),
)
EVICTIONS = _counter(
    "agent_exporter_evictions",
    "Entries that bounded memory pushed out, by what they were.",
    closed=(Closed("what"),),
)
QUEUE_EVENTS = _gauge(
    "agent_exporter_queue_events",
    "Events taken in and not yet committed and applied.",
)
JOURNAL_COMMIT = _histogram(
    "agent_exporter_journal_commit_seconds",
    "Time that one group commit took.",
    (0.00025, 0.0005, *_FAST_SECONDS[:10]),
)
JOURNAL_BYTES = _gauge(
    "agent_exporter_journal_bytes",
    "Size of the journal that a restart would replay.",
)
JOURNAL_FAILURES = _counter(
    "agent_exporter_journal_failures",
    "Commits that failed; their pushes were answered 503.",
)
WRITER_FAULTS = _counter(
    "agent_exporter_writer_faults",
    "Errors of the exporter's own while it wrote events; any is a bug to be reported.",
)
JOURNAL_SNAPSHOT_TIMESTAMP = _gauge(
    "agent_exporter_journal_snapshot_timestamp_seconds",
    "When the newest snapshot was taken, in Unix seconds.",
)
JOURNAL_SNAPSHOT_FAILURES = _counter(
    "agent_exporter_journal_snapshot_failures",
    "Snapshots that could not be kept; the journal grows until one can.",
)
EPOCH_START = _gauge(
    "agent_exporter_epoch_start_timestamp_seconds",
    "When the agents' counters began at 0, in Unix seconds, and why they had to.",
    closed=(Closed("cause", ("new", "memory", "power_loss", "corrupt", "reconfigured")),),
)
LAST_PUSH_TIMESTAMP = _gauge(
    "agent_exporter_last_push_timestamp_seconds",
    "When the last push was accepted, in Unix seconds.",
)
SCRAPE_DURATION = _histogram(
    "agent_exporter_scrape_duration_seconds",
    "Time from a request for /metrics to its answer.",
    _FAST_SECONDS,
)
CONFIG_RELOAD_SUCCESSFUL = _gauge(
    "agent_exporter_config_last_reload_successful",
    "Whether the configuration in force is the one last read: 1 yes, 0 no.",
)

CATALOGUE: tuple[Family, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Family)
)
"""Every family, in the order of the exposition."""
