"""What may be configured, with defaults and ranges: one frozen Struct a section.

The ranges hold for what is loaded; a Struct built in code is taken at its word.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

LogLevel = Literal["debug", "info", "warn", "error"]
LogFormat = Literal["logfmt", "json"]
Sync = Literal["normal", "full"]

MEBIBYTE = 2**20
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Bytes = Annotated[int, Meta(ge=1024, le=1024 * MEBIBYTE)]
Seconds = Annotated[int, Meta(ge=1, le=31 * 86_400)]
Addresses = Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
Price = Annotated[float, Meta(ge=0, le=1_000_000)]
FilePath = Annotated[str, Meta(min_length=1, max_length=4096)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every section is: immutable, and closed to keys it does not know."""


class Web(Section, frozen=True, kw_only=True):
    """Where everything is served, and to whom.

    - `listen_address`: addresses, each `host:port`, `[ipv6]:port` or `:port` (all interfaces).
    - `config_file`: TLS, passwords and headers, in the format of Prometheus's exporter-toolkit.
    - `enable_lifecycle`: whether a request may reload the configuration.
    - `hosts_allowed`: names besides the loopback's own that a request may ask for in `Host`. Where
      there are some, those on other addresses must too, or ask for an IP address.
    - `connections_max`: open connections of each listener's server.
    """

    listen_address: Addresses = ("127.0.0.1:24368",)
    config_file: FilePath | None = None
    enable_lifecycle: bool = False
    hosts_allowed: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    connections_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000


class Ingest(Section, frozen=True, kw_only=True):
    """How pushes are taken.

    - `listen_address`: where set, the push routes exist on this address only.
    - `require_auth`: refuse to start where pushes from other machines would need no credentials.
    - `token_file`: a file with the bearer token that pushes must carry.
    - `body_bytes_max`: bytes of one push, decompressed.
    - `events_per_batch_max`: events in one push.
    - `queue_events_max`, `queue_bytes_max`: events and bytes of pushes waiting for the writer;
      past either, a push is answered "later".
    - `body_timeout_secs`: seconds a sender has for the body of one push.
    """

    listen_address: str | None = None
    require_auth: bool = False
    token_file: FilePath | None = None
    body_bytes_max: Bytes = 16 * MEBIBYTE
    events_per_batch_max: Count = 50_000
    queue_events_max: Count = 200_000
    queue_bytes_max: Bytes = 64 * MEBIBYTE
    body_timeout_secs: Annotated[int, Meta(ge=1, le=600)] = 15


class Storage(Section, frozen=True, kw_only=True):
    """Where what was acknowledged is kept, so that a restart does not lose it.

    - `path`: a directory, made where it is not there; empty means in memory only.
    - `sync`: a commit survives a killed process (`normal`) or a loss of power too (`full`).
    - `snapshot_secs`, `snapshot_bytes`: a snapshot is taken once the last is so many seconds old,
      or the journal has grown by so many bytes since.
    """

    path: Annotated[str, Meta(max_length=4096)] = "./agent-exporter-data"
    sync: Sync = "normal"
    snapshot_secs: Seconds = 60
    snapshot_bytes: Bytes = 32 * MEBIBYTE


class Dedupe(Section, frozen=True, kw_only=True):
    """How much is remembered of what was already counted.

    - `keys_max`: idempotency keys of whole pushes; `ids_max`: ids of single events.
    - `ttl_secs`: seconds after which either is forgotten.
    """

    keys_max: Count = 100_000
    ids_max: Count = 200_000
    ttl_secs: Seconds = 86_400


class Store(Section, frozen=True, kw_only=True):
    """How far the rolling view reaches, and how large it may grow.

    - `window_secs`: seconds the view looks back; `slots`: the steps in which it moves on.
    - `models_max`, `sessions_max`: models and sessions kept, the least recently used go first.
    - `session_active_secs`: seconds after its last event in which a session counts as active.
    - `requests_max`: requests in flight; `request_ttl_secs`: seconds until one is given up.
    - `limit_ttl_secs`: seconds a rate limit lasts where its provider named no end.
    - `calls_max`, `events_max`: recent completions and log events kept to be looked at.
    """

    window_secs: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 3600
    slots: Annotated[int, Meta(ge=1, le=10_000)] = 120
    models_max: Count = 1000
    sessions_max: Count = 10_000
    session_active_secs: Seconds = 300
    requests_max: Count = 10_000
    request_ttl_secs: Seconds = 21_600
    limit_ttl_secs: Seconds = 3600
    calls_max: Annotated[int, Meta(ge=1, le=100_000)] = 200
    events_max: Annotated[int, Meta(ge=1, le=100_000)] = 500


class LabelValues(Section, frozen=True, kw_only=True):
    """Distinct values each label may take; what comes later folds into `_other`."""

    model: Count = 200
    tool: Count = 500
    source: Count = 200
    agent: Count = 100
    provider: Count = 100
    channel: Count = 100
    queue: Count = 100
    window: Count = 20


class Metrics(Section, frozen=True, kw_only=True):
    """How many series there may be, and how long a gauge stays.

    - `gauge_ttl_secs`: seconds after its last reading at which a gauge vanishes.
    - `label_sets_max`: label sets of one family.
    - `label_values_max`: the budget of each label.
    """

    gauge_ttl_secs: Seconds = 900
    label_sets_max: Count = 2000
    label_values_max: LabelValues = LabelValues()


class UsdPerMillion(Section, frozen=True, kw_only=True):
    """Dollars per million tokens, part by part; the price of a part that is left out is unknown."""

    input: Price | None = None
    output: Price | None = None
    reasoning: Price | None = None
    cache_read: Price | None = None
    cache_write: Price | None = None


class ModelPrice(Section, frozen=True, kw_only=True):
    """What the tokens of some models cost.

    - `match`: a model's name, or its provider, a slash and its name; `*` stands for anything.
    - `usd_per_million`: the price of each part of its tokens.
    """

    match: Annotated[str, Meta(min_length=1, max_length=256)]
    usd_per_million: UsdPerMillion


class Pricing(Section, frozen=True, kw_only=True):
    """What models cost, for calls whose cost is not pushed with them.

    - `models`: prices; the first that matches a model is its own.
    """

    models: Annotated[tuple[ModelPrice, ...], Meta(max_length=1000)] = ()

    @property
    def table(self) -> tuple[tuple[str, tuple[float | None, ...]], ...]:
        """What is matched, and the prices of input, output, reasoning, cache read, cache write."""
        return tuple(
            (model.match, msgspec.structs.astuple(model.usd_per_million)) for model in self.models
        )


class Log(Section, frozen=True, kw_only=True):
    """What the exporter says of itself on standard error.

    - `level`: the least severe level written; `format`: one `logfmt` or `json` object a line.
    """

    level: LogLevel = "info"
    format: LogFormat = "logfmt"


class Shutdown(Section, frozen=True, kw_only=True):
    """How the end is.

    - `linger_secs`: seconds to go on serving after SIGTERM, until one more scrape was answered.
      As text it may carry a unit: `20s`, `1m`, `500ms`.
    """

    linger_secs: Annotated[float, Meta(ge=0, le=600)] = 0


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration, one field a section."""

    web: Web = Web()
    ingest: Ingest = Ingest()
    storage: Storage = Storage()
    dedupe: Dedupe = Dedupe()
    store: Store = Store()
    metrics: Metrics = Metrics()
    pricing: Pricing = Pricing()
    log: Log = Log()
    shutdown: Shutdown = Shutdown()
