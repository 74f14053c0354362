"""The component schemas, from the Structs that are decoded and encoded.

msgspec makes them; what it cannot know is put right here. A default is how a Struct tells that
something was left out (null, NaN), so most are not told. Times are plain strings to msgspec, and
the Structs say which strings are times. What is left raw on its way through has its schema here.
"""

import inspect
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, get_args, get_type_hints

import msgspec

from docs.openapi.leniency import as_taken
from docs.openapi.otlp_messages import export_schemas
from docs.openapi.plain import INSTANT, PREFIX, Schema, ref, shorten
from exporter.event.types import Event
from exporter.metrics.registry import Cardinality
from exporter.store import answers
from exporter.store.orchestrator_summary import Performance
from exporter.store.summary import Summary
from exporter.store.timeline import Timeline
from exporter.web.api_activity import EventPage
from exporter.web.api_exporter import ExporterState
from exporter.web.api_overview import Overview
from exporter.web.api_summary import ImportReply
from exporter.web.health import Health
from exporter.web.problem import Problem
from exporter.web.push import PushReply

_TOLD: Final = (
    answers.Call,
    answers.HeardAgent,
    answers.InFlight,
    answers.ModelPerformance,
    answers.QueueReading,
    answers.QuotaReading,
    answers.Snapshot,
    answers.ToolPerformance,
    answers.UsageSnapshot,
    Cardinality,
    EventPage,
    ExporterState,
    Health,
    ImportReply,
    Overview,
    Performance,
    Problem,
    PushReply,
    Summary,
    Timeline,
)

_EVENT: Final = (
    "Something that happened, told apart by `type`. Whole numbers are written without a fraction: "
    "`3`, not `3.0`."
)


def components() -> dict[str, Schema]:
    """Return all component schemas by their names."""
    event, events = _made(Event)
    told: dict[str, Schema] = {}
    for one in _TOLD:
        told |= _made(one)[1]
    _mend(told)
    return {
        "Event": {"description": _EVENT, **event},
        **as_taken(events),
        "Instant": INSTANT,
        **dict(sorted(told.items())),
        **export_schemas(),
    }


def _made(of_type: Any) -> tuple[Schema, dict[str, Schema]]:  # noqa: ANN401 - any annotation
    """Return the schema of a type, and by name those of what it is made of."""
    (head,), made = msgspec.json.schema_components([of_type], ref_template=PREFIX + "{name}")
    for schema in made.values():
        # It is the name once more.
        schema.pop("title", None)
        if "description" in schema:
            schema["description"] = _prose(schema["description"])
    for struct in set(_structs(of_type)):
        _complete(struct, made[struct.__name__])
    return head, made


def _structs(of_type: Any) -> Iterator[type[msgspec.Struct]]:  # noqa: ANN401 - as above
    """Yield the Structs that a type is made of, some more than once."""
    if isinstance(of_type, type) and issubclass(of_type, msgspec.Struct):
        yield of_type
        parts: Iterable[Any] = get_type_hints(of_type).values()
    else:
        parts = get_args(of_type)
    for part in parts:
        yield from _structs(part)


def _complete(struct: type[msgspec.Struct], schema: Schema) -> None:
    hints = get_type_hints(struct)
    fields = schema["properties"]
    for name, wire_name in zip(
        struct.__struct_fields__, struct.__struct_encode_fields__, strict=True
    ):
        field = fields[wire_name]
        default = field.get("default")
        if default is None or default != default:  # noqa: PLR0124 - only NaN differs from itself
            field.pop("default", None)
        options = field.get("anyOf", [field])
        if {"type": "number"} in options and len(options) == len(INSTANT["anyOf"]):
            fields[wire_name] = ref("Instant")
            continue
        if datetime in (hints[name], *get_args(hints[name])):
            options[0]["format"] = "date-time"
        shorten(field)


def _prose(docstring: str) -> str:
    """Return a docstring as text: a line a paragraph, and our words for what Python calls else."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    return text.replace("`None`", "null")


def _mend(told: dict[str, Schema]) -> None:
    """Say what goes through raw, what is left out rather than null, and what Structs do not say."""
    told["RingEvent"]["properties"]["context"] = {"type": ["object", "null"]}
    told["Rejection"]["required"].append("path")
    del told["Rejection"]["properties"]["path"]["default"]
    for field in told["Problem"]["properties"].values():
        # Written where it is known, and else not at all.
        if isinstance(field.get("type"), list):
            field["type"] = field["type"][0]
    told["Overview"]["description"] = "How everything is, and since when it could have been seen."
    summary = told["Summary"]["properties"]
    summary["export_id"]["pattern"] = "^[!-~]{1,128}$"
