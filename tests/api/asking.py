"""How the description is turned into requests that a real client could send.

schemathesis makes values that fit the schemas. What no schema can say is brought in here: that a
body said to be gzipped is, what an event a line looks like, and that nothing is dated ahead.
"""

import gzip
import json
import time
from datetime import UTC, datetime
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from schemathesis import SerializationContext

from exporter.event.tokens import COUNT_MAX

INSTANTS = frozenset(
    {"completed_at", "started_at", "ended_at", "timestamp", "since", "resets_at", "exported_at"}
)

NO_DOUBLE = COUNT_MAX + 1
"""Over the bound on some numbers, and read as the bound itself: a double cannot hold it."""


class Packing(requests.Session):
    """Sends a body that is said to be gzipped as that."""

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # noqa: ANN401 - whatever requests has
        """Send a request, its body packed as its headers say."""
        if request.headers.get("Content-Encoding") == "gzip":
            body = request.body or b""
            assert isinstance(body, str | bytes)
            packed = gzip.compress(body.encode() if isinstance(body, str) else body)
            request.prepare_body(packed, None)
        return super().send(request, **settings)


def sendable(body: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a body with instants that have been, and numbers that can be told apart."""
    if isinstance(body, dict):
        return {
            name: _past(value) if name in INSTANTS else sendable(value)
            for name, value in body.items()
        }
    if isinstance(body, list):
        return [sendable(item) for item in body]
    if isinstance(body, float) and body.is_integer():
        # To a schema, 3.0 is a whole number too. It is not taken for one.
        return int(body)
    return NO_DOUBLE + 1 if body == NO_DOUBLE else body


def _past(instant: object) -> object:
    if isinstance(instant, int | float) and not isinstance(instant, bool):
        return min(instant, time.time())
    return instant


@schemathesis.serializer("application/x-ndjson", "application/ndjson")
def lines(context: SerializationContext, value: object) -> bytes:
    """Write an item a line."""
    items = value if isinstance(value, list) else [value]
    return "\n".join(map(json.dumps, items)).encode()


@schemathesis.serializer("application/x-protobuf")
def message(context: SerializationContext, value: object) -> bytes:
    """Write a message, which is encoded already; what is none goes as its JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _without_records(attributes: dict[str, str]) -> bytes:
    """Return an export of resources without records: the same bytes for all three signals."""
    request = ExportLogsServiceRequest()
    for name, value in attributes.items():
        attribute = request.resource_logs.add().resource.attributes.add()
        attribute.key, attribute.value.string_value = name, value
    return request.SerializeToString()


_TEXT = st.text(max_size=20)
schemathesis.openapi.media_type(
    "application/x-protobuf",
    st.dictionaries(_TEXT, _TEXT, max_size=3).map(_without_records),
)

_PAST = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the strategy adds the zone itself
    max_value=datetime(2026, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)
schemathesis.openapi.format("date-time", _PAST.map(datetime.isoformat))
