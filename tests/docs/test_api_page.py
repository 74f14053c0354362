"""docs/api.md names every field, every route and every code there is, and none there is not."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from exporter.app import Exporter
from exporter.config import Config, Storage
from exporter.event.rejection import Code
from exporter.event.tokens import Tokens
from exporter.event.types import EVENT_CLASSES, Event, type_name
from exporter.reconfiguration import LIVE
from exporter.store.answers import (
    HeardAgent,
    ModelPerformance,
    QueueReading,
    QuotaReading,
    ToolPerformance,
)
from exporter.store.recent import Recent
from exporter.store.timeline import ModelCourse, Timeline
from exporter.web.api_exporter import EpochState, ExporterState, JournalState, Pushed
from exporter.web.api_overview import Overview
from exporter.web.problem import STATUS
from tests.clock import ManualClock

PAGE = Path("docs/api.md").read_text()
COMMON = {"id", "agent", "session_id", "request_id", "trace_id"}


def section(heading: str) -> str:
    """Return the part of the page under a heading that begins so."""
    found = re.search(rf"^(#+) {re.escape(heading)}.*?(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found.group(0)


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=type_name)
def test_every_field_of_an_event_is_on_the_page(event_class: type[Event]) -> None:
    """In the table of its type, or among the fields of every event."""
    name = type_name(event_class)
    heading = "`request_started`" if name.startswith("request_") else f"`{name}`"
    text = section(heading)
    for field in set(event_class.__struct_encode_fields__) - COMMON:
        assert f"`{field}`" in text, field


def test_the_common_fields_are_on_the_page() -> None:
    """And so are the parts of the tokens."""
    for field in COMMON:
        assert f"`{field}`" in section("Fields of every event")
    for part in Tokens.__struct_fields__:
        assert f"`{part}`" in section("`completion`")


def test_every_field_of_a_model_is_on_the_page() -> None:
    """As `/api/v1/models` answers it."""
    for field in ModelPerformance.__struct_fields__:
        assert f"`{field}`" in section("A model")


@pytest.mark.parametrize(
    ("heading", "answer"),
    [
        ("The overview", Overview),
        ("The overview", Recent),
        ("The timeline", Timeline),
        ("The timeline", ModelCourse),
        ("Tools and readings", ToolPerformance),
        ("Tools and readings", QuotaReading),
        ("Tools and readings", QueueReading),
        ("Tools and readings", HeardAgent),
        ("The exporter", ExporterState),
        ("The exporter", JournalState),
        ("The exporter", EpochState),
        ("The exporter", Pushed),
    ],
)
def test_every_member_of_an_answer_is_on_the_page(heading: str, answer: type[Struct]) -> None:
    """Under the heading that tells of it."""
    for field in answer.__struct_fields__:
        assert f"`{field}`" in section(heading), field


def test_every_route_is_on_the_page_and_no_other() -> None:
    """The paths are those that are served."""
    exporter = Exporter(Config(storage=Storage(path="")), clock=ManualClock(0))
    app = exporter._front._servers[0][0]._runner.app  # noqa: SLF001 - what it serves
    served = {
        f"{route.method} {re.sub(':[^}]*', '', route.resource.canonical)}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    written = set(re.findall(r"`((?:GET|POST|PUT) /[^`?]*)`", PAGE))
    assert written == served


def test_every_status_of_a_push_is_on_the_page() -> None:
    """With the codes that lead to it."""
    text = section("Pushing")
    for code, status in STATUS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {status}"))
        assert f"`{code}`" in row


def test_no_code_is_on_the_page_that_is_none() -> None:
    """In the table of answers."""
    rows = [line for line in section("Pushing").splitlines() if re.match(r"\| \d{3} `", line)]
    named = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
    assert named <= {code.value for code in Code}


def test_every_key_that_a_reload_takes_over_is_on_the_page() -> None:
    """And none that it does not."""
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", section("Reloading"))) - {
        "web.enable_lifecycle"
    } == set(LIVE)


def test_every_check_of_health_is_on_the_page() -> None:
    """As an exporter tells them."""
    exporter = Exporter(Config(storage=Storage(path="")), clock=ManualClock(0))
    checks = exporter._health().checks  # noqa: SLF001 - what it answers
    assert set(re.findall(r"^\| `(\w+)` \|", section("Checks"), re.MULTILINE)) == set(checks)
