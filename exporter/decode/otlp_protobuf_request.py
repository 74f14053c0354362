"""OTLP's requests in protobuf, parsed in one go: the same few fields for all three of them.

The requests of logs, traces and metrics differ in the names of their fields alone, so one
description does for all. It says what an item is, which need not be what OTLP's own says.
"""

from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

ABOUT: Final = 1
"""The field that says what a resource or a scope is."""

HELD: Final = 2
"""The field of what it holds: of a resource its scopes, of a scope its items."""

RESOURCES: Final = 1
"""The one field of a request."""


def request_of(item: Any) -> Any:  # noqa: ANN401 - classes that protobuf makes
    """Return the message type of a request that has `resources`, these `scopes`, these `items`.

    A resource and a scope say in `about` what they are.
    """
    package = f"agent_exporter.requests_of_{item.DESCRIPTOR.full_name.replace('.', '_')}"
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    needed = (item, Resource, InstrumentationScope)
    file.dependency.extend(dict.fromkeys(one.DESCRIPTOR.file.name for one in needed))
    scope = file.message_type.add(name="Scope")
    _add(scope, "about", ABOUT, InstrumentationScope.DESCRIPTOR.full_name)
    _add(scope, "items", HELD, item.DESCRIPTOR.full_name, repeated=True)
    resource = file.message_type.add(name="ScopesOfResource")
    _add(resource, "about", ABOUT, Resource.DESCRIPTOR.full_name)
    _add(resource, "scopes", HELD, f"{package}.Scope", repeated=True)
    request = file.message_type.add(name="Request")
    _add(request, "resources", RESOURCES, f"{package}.ScopesOfResource", repeated=True)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{package}.Request"))


def _add(
    message: DescriptorProto, name: str, number: int, of: str, *, repeated: bool = False
) -> None:
    message.field.add(
        name=name,
        number=number,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        type_name=f".{of}",
        label=FieldDescriptorProto.LABEL_REPEATED
        if repeated
        else FieldDescriptorProto.LABEL_OPTIONAL,
    )
