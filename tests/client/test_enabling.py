"""What enables a client, and what one does that is not enabled."""

import logging
import threading
from typing import Any, cast

import pytest

from exporter.client import Telemetry
from tests.client.scripted import Scripted

FLUSH_SECS = 60.0


def test_url_and_token_come_from_the_environment(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables stand where nothing is given, and give way to what is."""
    monkeypatch.setenv("AGENT_EXPORTER_URL", server.url + "/")
    monkeypatch.setenv("AGENT_EXPORTER_TOKEN", "t0ken\n")
    with Telemetry() as telemetry:
        assert telemetry.enabled
        telemetry.queue_depth("jobs", 1)
    monkeypatch.setenv("AGENT_EXPORTER_URL", "http://127.0.0.1:9")
    with Telemetry(server.url + "/behind/", token="an0ther") as telemetry:  # noqa: S106 - made up
        telemetry.queue_depth("jobs", 1)
    assert [(push.line, push.headers["authorization"]) for push in server.pushes] == [
        ("POST /api/v1/events HTTP/1.1", "Bearer t0ken"),
        ("POST /behind/api/v1/events HTTP/1.1", "Bearer an0ther"),
    ]


def test_a_proxy_of_the_environment_is_not_asked(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exporter is asked directly, though the environment names a proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Telemetry(server.url) as telemetry:
        telemetry.queue_depth("jobs", 1)
        assert telemetry.flush(FLUSH_SECS)


@pytest.mark.parametrize("url", [None, ""])
async def test_without_a_url_everything_works_and_nothing_is_sent(url: str | None) -> None:
    """A client that is not enabled takes every call, has no thread, and decorates nothing."""
    before = set(threading.enumerate())
    with Telemetry(url) as telemetry:
        assert not telemetry.enabled
        assert not telemetry.event({"type": "log"})
        assert not telemetry.log("info", "s", "m")
        assert not telemetry.queue_depth("q", 1)
        assert not telemetry.quota("5h", 0.5)
        with telemetry.completion("m") as call:
            call.tokens(input=1)
            call.usage({"input_tokens": 1})
            call.first_token()
            call.cost(1.0)
            call.finish("stop")
            call.model("n")
            call.failed("timeout", status_code=504, error="too slow")
        with telemetry.tool("t") as tool:
            tool.failed("timeout")
        async with telemetry.request() as request:
            request.failed(error="too slow")
            assert len(request.request_id) == 32
        assert telemetry.completion("m")(len) is len
        assert telemetry.tool("t")(len) is len
        assert telemetry.request()(len) is len
        with pytest.raises(ValueError, match="text"), telemetry.completion("m"):
            raise ValueError("text")
        assert telemetry.flush()
        assert telemetry.dropped == 0
    assert telemetry.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("127.0.0.1:24368", None),
        ("//127.0.0.1", None),
        ("ftp://127.0.0.1", None),
        ("http://", None),
        ("http://[", None),
        ("http://.", None),
        ("http://127.0.0.1:port", None),
        ("http://127.0.0.1:99999", None),
        ("http://127.0.0.1/a b", None),
        ("http://127.0.0.1\r\nX: y", None),
        ("http://user:secret@127.0.0.1", None),
        ("http://127.0.0.1/?secret", None),
        (f"http://{'a' * 64}.example", None),
        ("http://127.0.0.1", "t0ken\r\nX: y"),
        ("http://127.0.0.1", "tökén"),
        (1, None),
        ("http://127.0.0.1", 1),
    ],
)
def test_what_cannot_be_right_disables_the_client(
    url: str, token: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A URL or a token that cannot be one is warned about once, not repeated, and sends nothing."""
    with caplog.at_level(logging.WARNING), Telemetry(url, token=token) as telemetry:
        assert not telemetry.enabled
        assert not telemetry.queue_depth("jobs", 1)
    (record,) = caplog.records
    assert record.name == "exporter.client"
    assert "secret" not in record.getMessage()
    assert "127.0.0.1" not in record.getMessage()


def test_settings_out_of_range_are_brought_into_it(server: Scripted) -> None:
    """A queue holds an event and a batch one, whatever is asked for."""
    with Telemetry(
        server.url, queue_events_max=0, batch_events_max=-1, flush_secs=-1.0
    ) as telemetry:
        assert telemetry.queue_depth("jobs", 1)
        assert telemetry.flush(FLUSH_SECS)
    assert len(server.pushes) == 1


@pytest.mark.parametrize("setting", ["queue_events_max", "batch_events_max", "flush_secs"])
def test_settings_that_are_none_disable_the_client(
    setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting of a wrong type raises nothing either."""
    settings = cast("dict[str, Any]", {setting: "many"})
    with caplog.at_level(logging.WARNING):
        assert not Telemetry("http://127.0.0.1:9", **settings).enabled
    assert [record.getMessage() for record in caplog.records] == [
        "nothing is sent to the exporter: TypeError"
    ]
