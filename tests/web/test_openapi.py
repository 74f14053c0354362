"""docs/openapi.yaml is what the code makes, describes what is served, and its examples are true."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
import schemathesis
import yaml

from docs.openapi import examples
from docs.openapi.document import document, text
from docs.openapi.examples_answered import ANSWERED
from docs.openapi.plain import PREFIX
from exporter.app import Exporter
from exporter.config import Config, Storage
from exporter.event.rejection import Code
from exporter.event.types import EVENT_CLASSES, Event, type_name
from exporter.web.problem import PROBLEM_JSON, STATUS
from tests.clock import ManualClock

PAGE = Path("docs/openapi.yaml")
DOCUMENT: dict[str, Any] = yaml.safe_load(PAGE.read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]

BEGAN = 1_772_355_600.0
"""When the exporter began whose answers the examples are."""

PUSHED_AFTER_SECS = 1_800.0


def test_the_page_is_up_to_date() -> None:
    """As `make docs` writes it."""
    assert PAGE.read_text() == text()


def test_the_yaml_says_what_the_document_says() -> None:
    """Nothing is lost or read as something else on the way."""
    assert json.loads(json.dumps(document())) == DOCUMENT


def test_the_document_is_openapi() -> None:
    """By the schema of OpenAPI 3.1 itself, and every schema by that of JSON Schema."""
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    for schema in SCHEMAS.values():
        jsonschema_rs.meta.validate(schema)


def test_every_reference_leads_somewhere() -> None:
    """To a component there is."""
    for found in _references(DOCUMENT):
        at: Any = DOCUMENT
        for step in found.removeprefix("#/").split("/"):
            at = at[step]


def test_every_component_is_used() -> None:
    """By something else in the document."""
    named = {
        f"#/components/{kind}/{name}"
        for kind in ("headers", "responses", "schemas")
        for name in DOCUMENT["components"][kind]
    }
    assert named == set(_references(DOCUMENT))


def test_every_route_is_described_and_no_other() -> None:
    """By path and method; what can be read can be asked for with HEAD too."""
    exporter = Exporter(Config(storage=Storage(path="")), clock=ManualClock(BEGAN))
    app = exporter._front._servers[0][0]._runner.app  # noqa: SLF001 - what it serves
    served = {
        (route.method, re.sub(":[^}]*", "", route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    assert described == served


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=type_name)
def test_every_field_of_an_event_is_described(event_class: type[Event]) -> None:
    """And none besides, but for the type."""
    schema = SCHEMAS[event_class.__name__]
    fields = {**schema["properties"]}
    assert fields.pop("type") == {"enum": [type_name(event_class)]}
    assert set(fields) == set(event_class.__struct_encode_fields__)
    assert all(field["description"] for field in fields.values())


def test_every_code_of_a_push_is_described() -> None:
    """Under the status it is answered with."""
    responses = DOCUMENT["paths"]["/api/v1/events"]["post"]["responses"]
    told = {code: status for status in responses for code in _codes(responses[status])}
    of_a_question = {Code.INVALID_PARAMETER}
    for code in set(Code) - of_a_question:
        if code in STATUS:
            assert code in _codes(responses[str(STATUS[code])]), code
        else:
            assert told[code] == "400"


def test_the_bounds_of_what_is_pushed_are_described() -> None:
    """Where something longer or larger is refused, and not where it is cut."""
    completion = SCHEMAS["Completion"]["properties"]
    assert completion["id"] | {"description": ""} == {
        "type": ["string", "null"],
        "maxLength": 128,
        "description": "",
    }
    assert "maxLength" not in completion["model"]
    assert completion["latency_ms"]["maximum"] == 10**12
    assert "additionalProperties" not in SCHEMAS["Completion"]


def test_no_name_of_the_code_is_told() -> None:
    """Descriptions are for those who have no Python before them."""
    assert "exporter." not in PAGE.read_text()
    assert "`None`" not in PAGE.read_text()


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands where the exporter of the examples began."""
    return ManualClock(BEGAN)


async def test_the_examples_are_what_an_exporter_answers(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """To the pushes that are examples, half an hour after it began."""
    clock.advance(PUSHED_AFTER_SECS)
    async with client.post("/api/v1/events", json=examples.EVENTS) as response:
        assert await response.json() == examples.PUSHED
    for path, example in ANSWERED.items():
        asked = {"points": "4", "limit": "1"} if path == "/api/v1/timeline" else {}
        async with client.get(path, params=asked) as response:
            answered = await response.json()
        if path in {"/api/v1/cardinality", "/api/v1/exporter"}:
            # They count what has nothing to do with the pushes: all families, all evictions.
            assert answered.keys() == example.keys()
        else:
            answered |= {"export_id": example["export_id"]} if "export_id" in example else {}
            assert _rounded(answered) == _rounded(example), path


async def test_the_examples_of_text_are_what_an_exporter_answers(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """A piece of it, of the metrics; all of it, of the stream."""
    clock.advance(PUSHED_AFTER_SECS)
    await (await client.post("/api/v1/events", json=examples.EVENTS)).read()
    for accept, example in (
        ("text/plain", examples.TEXT),
        ("application/openmetrics-text", examples.OPENMETRICS),
    ):
        async with client.get("/metrics", headers={"Accept": accept}) as response:
            assert example in await response.text()
    async with client.get("/api/v1/stream", params={"after": "0"}) as response:
        expected = examples.STREAM.encode()
        assert await asyncio.wait_for(response.content.readexactly(len(expected)), 60) == expected


async def test_the_examples_of_requests_are_taken(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """Each as a push of its own, and what was wrong with one is told as the example tells it."""
    clock.advance(PUSHED_AFTER_SECS)
    for event in (*examples.EVENTS, examples.BATCH):
        async with client.post("/api/v1/events", json=event) as response:
            assert response.status == 200
    bad = [examples.TOOL_CALL, {**examples.QUEUE_DEPTH, "depth": -1}]
    async with client.post("/api/v1/events", json=bad) as response:
        assert await response.json() == examples.PARTLY_PUSHED
    async with client.put("/api/v1/summary", json=ANSWERED["/api/v1/summary"]) as response:
        assert await response.json() == examples.IMPORTED


async def test_the_examples_of_exports_are_taken(
    client: aiohttp.ClientSession, clock: ManualClock
) -> None:
    """And count: a completion each of logs and traces, and the lines of code."""
    clock.advance(PUSHED_AFTER_SECS)
    for signal, example in examples.EXPORTS.items():
        async with client.post(f"/v1/{signal}", json=example) as response:
            assert (response.status, await response.json()) == (200, {})
    async with client.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    counted = {line.partition("{")[0] for line in lines if line.endswith(" 1.0")}
    assert "agent_completions_total" in counted
    assert any(line.startswith("agent_lines_of_code_total{") for line in lines)


def test_every_example_fits_its_schema() -> None:
    """Of requests and of answers alike."""
    checked = 0
    for schema, example in _examples(DOCUMENT["paths"]):
        jsonschema_rs.validate({**schema, "components": DOCUMENT["components"]}, example)
        checked += 1
    assert checked > 30


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref" or (isinstance(value, str) and value.startswith(PREFIX)):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def _codes(response: Mapping[str, Any]) -> list[str]:
    """Return the codes that a response of a push may have."""
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"].get(PROBLEM_JSON, {}).get("schema", {})
    return [code for part in schema.get("allOf", []) for code in _enumerated(part)]


def _enumerated(part: Mapping[str, Any]) -> list[str]:
    codes: list[str] = part.get("properties", {}).get("code", {}).get("enum", [])
    return codes


def _examples(node: object) -> Iterator[tuple[dict[str, Any], object]]:
    """Yield the examples of bodies, each with its schema."""
    if isinstance(node, list):
        for item in node:
            yield from _examples(item)
    if not isinstance(node, dict):
        return
    for media_type, content in node.get("content", {}).items():
        if media_type == "text/event-stream":
            continue  # The schema is of one event, the example is of the stream.
        if "example" in content:
            yield content["schema"], content["example"]
        for example in content.get("examples", {}).values():
            yield content["schema"], example["value"]
    for value in node.values():
        yield from _examples(value)


def _rounded(answer: object) -> object:
    """Return an answer without the last digits, in which processors may differ."""
    if isinstance(answer, dict):
        return {name: _rounded(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_rounded(item) for item in answer]
    return float(f"{answer:.9g}") if isinstance(answer, float) else answer
