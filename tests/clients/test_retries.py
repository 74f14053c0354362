"""What OpenTelemetry's Python SDK sends again, because the exporter or its answer was missing."""

import contextlib
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.exporters import RestartableExporter, restartable_exporter
from tests.client.scripted import Push, after, answer, hang_up, scripted
from tests.client.totals import Totals
from tests.clients.sdk import CUMULATIVE, DELTA, Attributes, logger, meters, span, tracer
from tests.e2e.processes import PATIENCE_SECS, eventually

CALL: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.input_tokens": 1000,
}
REQUEST: Attributes = {"event.name": "api_request", "model": "claude-opus-5", "input_tokens": 1000}


def a_span(url: str) -> None:
    """Send a call as a span."""
    with tracer(url, "claude-code-shop") as spans, span(spans, "chat", CALL, took_ms=10):
        pass


def a_log_record(url: str) -> None:
    """Send a call as a log record, without an id."""
    with logger(url, "claude-code") as events:
        events.emit(body="claude_code.api_request", attributes=REQUEST)


def a_delta(url: str) -> None:
    """Send lines of code as what was added."""
    with meters(url, "claude-code", DELTA) as provider:
        lines = provider.get_meter("meter").create_counter("claude_code.lines_of_code.count")
        lines.add(1000, {"type": "added"})


def a_total(url: str) -> None:
    """Send lines of code as how many they are by now."""
    with meters(url, "claude-code", CUMULATIVE) as provider:
        lines = provider.get_meter("meter").create_counter("claude_code.lines_of_code.count")
        lines.add(1000, {"type": "added"})


@pytest.fixture(autouse=True)
def _content() -> None:
    """Let the SDK complain: that is why it tries again."""


@pytest.fixture(scope="module")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableExporter]:
    """Run an exporter that can be killed."""
    with restartable_exporter(tmp_path_factory.mktemp("exporter")) as running:
        yield running


def to(url: str) -> Callable[[Push], None]:
    """Pass what is sent on to an exporter, which must take it."""

    def pass_on(push: Push) -> None:
        address = url + push.line.split()[1]
        headers = {"Content-Type": push.headers["content-type"]}
        request = urllib.request.Request(address, push.body, headers)  # noqa: S310 - http, ours
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            assert response.status == 200

    return pass_on


def of_all(url: str) -> float:
    """Return the tokens and the lines of code that were counted."""
    totals = [Totals(url, agent) for agent in ("claude-code", "claude-code-shop")]
    names = ("agent_tokens_total", "agent_lines_of_code_total")
    return sum(total.sum(name) for total in totals for name in names)


SENT = [a_span, a_log_record, a_delta, a_total]


@pytest.mark.parametrize("send", SENT)
def test_an_answer_that_is_lost(url: str, send: Callable[[str], None]) -> None:
    """What was counted, but not acknowledged, is sent again and counts once."""
    before = of_all(url)
    with scripted() as between:
        taken = answer(200, body=b"")
        between.script += [after(to(url), hang_up)] + [after(to(url), taken)] * 2
        send(between.url)
    first, again, *_ = between.pushes
    assert first.body == again.body
    assert of_all(url) == before + 1000


@pytest.mark.parametrize("send", [a_span, a_total])
def test_an_exporter_that_is_started_again(
    restartable: RestartableExporter, send: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    """What is sent while there is no exporter counts once there is one, and once only."""
    before = of_all(restartable.url)
    restartable.kill()
    sending = threading.Thread(target=send, args=(restartable.url,))
    sending.start()
    with contextlib.ExitStack() as finally_:
        finally_.callback(sending.join, PATIENCE_SECS)
        eventually(lambda: "retrying" in caplog.text or None, "an attempt in vain")
        restartable.start()
    assert of_all(restartable.url) == before + 1000


def test_totals_over_a_restart(restartable: RestartableExporter) -> None:
    """A total goes on from the last one, although the exporter was killed in between."""
    with meters(restartable.url, "gemini-cli", CUMULATIVE) as provider:
        lines = provider.get_meter("meter").create_counter("gemini_cli.lines.changed")
        for added in (5, 2):
            lines.add(added, {"type": "added"})
            assert provider.force_flush()
            restartable.kill()
            restartable.start()
    totals = Totals(restartable.url, "gemini-cli")
    assert totals.by("type", "agent_lines_of_code_total") == {"added": 7}


def test_an_answer_is_kept_over_a_restart(restartable: RestartableExporter, tmp_path: Path) -> None:
    """What was counted before a kill, but not acknowledged, is known again after it."""

    def pass_on_and_kill(push: Push) -> None:
        to(restartable.url)(push)
        restartable.kill()
        restartable.start()

    before = of_all(restartable.url)
    with scripted() as between:
        passed_on = after(to(restartable.url), answer(200, body=b""))
        between.script += [after(pass_on_and_kill, hang_up), passed_on]
        a_log_record(between.url)
    assert of_all(restartable.url) == before + 1000
