"""What is told counts once in a real exporter, whatever happens on the way."""

import threading
import urllib.request
from pathlib import Path

from exporter.client import Telemetry
from tests.client.exporters import RestartableExporter, restartable_exporter
from tests.client.scripted import Push, Scripted, after, answer, hang_up
from tests.e2e.processes import exporter

FLUSH_SECS = 60.0
EVENTS = 3000


def test_every_kind_of_event_is_taken(tmp_path: Path) -> None:
    """A real exporter takes all that the client has ways to tell."""
    with exporter(tmp_path) as url:
        with Telemetry(url, agent="tester", session_id="s") as telemetry:
            with telemetry.request("cli") as request, telemetry.tool("bash"):
                with telemetry.completion("gpt-6", request_id=request.request_id) as call:
                    call.tokens(input=10, output=5, total=15)
                    call.first_token()
                    call.cost(0.01)
                    call.finish("stop")
                with telemetry.completion("gpt-6", provider="openai") as call:
                    call.failed("overloaded", status_code=529, error="too busy")
            telemetry.log("error", "db", "slow", rows=3)
            telemetry.queue_depth("jobs", 4)
            telemetry.quota("5h", 0.5, provider="openai")
            assert telemetry.flush(FLUSH_SECS)
        assert telemetry.dropped == 0
        with urllib.request.urlopen(f"{url}/metrics") as response:  # noqa: S310 - http, ours
            metrics = response.read().decode()
    for sample in (
        'agent_requests_total{agent="tester",channel="cli",outcome="success"} 1',
        'agent_requests_in_flight{agent="tester",channel="cli"} 0',
        'agent_tool_calls_total{agent="tester",outcome="success",tool="bash"} 1',
        'agent_completion_errors_total{agent="tester",error_type="overloaded",model="gpt-6"',
        'agent_log_events_total{agent="tester",level="error",source="db"} 1',
        'agent_queue_depth{agent="tester",queue="jobs"} 4',
        'agent_quota_used_ratio{agent="tester",provider="openai",window="5h"} 0.5',
    ):
        assert sample in metrics


class Forwarding:
    """Hands pushes on to a real exporter."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.replies: list[bytes] = []

    def __call__(self, push: Push) -> None:
        """Push the same once more, and keep the reply."""
        headers = {"Content-Type": push.headers["content-type"], "Idempotency-Key": push.key}
        request = urllib.request.Request(  # noqa: S310 - http, ours
            f"{self._url}/api/v1/events", push.body, headers
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            self.replies.append(response.read())


def test_a_push_that_was_committed_and_not_answered_counts_once(
    server: Scripted, tmp_path: Path
) -> None:
    """The repeated push is a duplicate to the exporter, for it has the same key."""
    with restartable_exporter(tmp_path) as real:
        forward = Forwarding(real.url)
        server.script += [
            after(forward, hang_up),
            after(forward, answer(503)),
            after(forward, answer(200)),
        ]
        with Telemetry(server.url) as telemetry:
            for _ in range(5):
                telemetry.event({"type": "tool_call", "tool": "bash"})
            assert telemetry.flush(FLUSH_SECS)
        assert [b'"accepted":5' in reply for reply in forward.replies] == [True, False, False]
        assert [b'"duplicates":5' in reply for reply in forward.replies] == [False, True, True]
        assert real.total("agent_tool_calls_total") == 5


def test_kills_and_restarts_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    """While the exporter is killed and started again, what is told counts exactly once."""
    with restartable_exporter(tmp_path) as real:
        with Telemetry(
            real.url, queue_events_max=EVENTS, batch_events_max=16, flush_secs=0.0
        ) as telemetry:

            def tell() -> None:
                for _ in range(EVENTS):
                    telemetry.event({"type": "tool_call", "tool": "bash"})

            telling = threading.Thread(target=tell)
            telling.start()
            for _ in range(3):
                wait_for_progress(real)
                real.kill()
                real.start()
            telling.join()
            assert telemetry.flush(FLUSH_SECS)
            assert telemetry.dropped == 0
        assert real.total("agent_tool_calls_total") == EVENTS


def wait_for_progress(real: RestartableExporter) -> None:
    """Return once more was counted, or all was."""
    before = real.total("agent_tool_calls_total")
    while before < EVENTS and real.total("agent_tool_calls_total") <= before:
        pass
