"""Log records in protobuf: the one kind of record that comes in numbers.

They are parsed by a message type that is OTLP's `LogRecord` but for its attributes, which stay
bytes. Protobuf does so itself, since a message within another is written as bytes are.
"""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.logs.v1 import logs_pb2

from exporter.decode.otlp_protobuf_attributes import AttributeReader
from exporter.decode.otlp_protobuf_records import record_id
from exporter.decode.otlp_rules import (
    NAME_LENGTH_MAX,
    SAMPLED,
    SPAN_ID_DIGITS,
    TRACE_ID_DIGITS,
    log_name,
    unsigned,
)
from exporter.event.otel import LogRecord, Origin
from exporter.event.rejection import Code, Refusal


def _with_attributes_as_bytes() -> Any:  # noqa: ANN401 - a class that protobuf makes
    file = FileDescriptorProto(name="agent_exporter/logs.proto", package="agent_exporter")
    file.syntax = "proto3"
    file.dependency.extend(
        [logs_pb2.DESCRIPTOR.name, *(one.name for one in logs_pb2.DESCRIPTOR.dependencies)]
    )
    message = file.message_type.add()
    logs_pb2.LogRecord.DESCRIPTOR.CopyToProto(message)
    [attributes] = [field for field in message.field if field.name == "attributes"]
    attributes.type = FieldDescriptorProto.TYPE_BYTES
    attributes.ClearField("type_name")
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("agent_exporter.LogRecord"))


Message = _with_attributes_as_bytes()
"""A `LogRecord` whose attributes are bytes."""


ATTRIBUTES_PER_RECORD: Final = 64
"""How many attributes the records of a body may have, on average over as many as are taken.

One that is not written as usual takes 5 us, and may be two bytes long."""


def reader(records_max: int) -> Callable[[Any, Origin], LogRecord]:
    """Return what makes records of the messages of one body, of which so many are taken.

    It raises `Unfit`, and `Refusal` (`too_large`) where there are too many attributes in all.
    """
    attributes = AttributeReader().read
    left = ATTRIBUTES_PER_RECORD * records_max

    def read(message: Any, origin: Origin) -> LogRecord:  # noqa: ANN401 - a `Message`
        nonlocal left
        pairs = message.attributes[:]
        left -= len(pairs)
        if left < 0:
            raise Refusal(Code.TOO_LARGE, "the body holds more attributes than are taken")
        found = attributes(pairs)
        trace_id = message.trace_id
        span_id = message.span_id
        return LogRecord(
            origin,
            log_name(message.event_name, found) or message.body.string_value[:NAME_LENGTH_MAX],
            unsigned(message.time_unix_nano or message.observed_time_unix_nano),
            found,
            record_id(trace_id, TRACE_ID_DIGITS) if trace_id else None,
            record_id(span_id, SPAN_ID_DIGITS) if span_id else None,
            bool(message.flags & SAMPLED),
        )

    return read
