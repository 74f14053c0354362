"""The health check against real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.cli import healthcheck

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


@contextmanager
def _answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Serve one connection on a free port: read a request, give these bytes, close."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)  # a check that asks elsewhere fails the test, not hangs it

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                requests.append(connection.recv(4096))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        finally:
            thread.join()


@pytest.mark.parametrize("status", ["ok", "degraded"])
@pytest.mark.parametrize("ending", ["", "/"])
def test_an_exporter_that_answers_is_well(
    status: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A status, good or degraded, is printed and is success; the path asked for is /health."""
    body = b'{"status": "%s", "uptime": 1}' % status.encode()
    with _answering(OK + body) as (url, requests):
        assert healthcheck.run(["--url", url + ending], {}) == 0
    assert capsys.readouterr() == (f"{status}\n", "")
    assert requests[0].startswith(b"GET /health HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 503 No\r\nConnection: close\r\n\r\n", "answered 503"),
        (OK, "what answers there is not an agent-exporter"),
        (OK + b"<html>", "what answers there is not an agent-exporter"),
        (OK + b"\xff", "what answers there is not an agent-exporter"),
        (OK + b"[" * 100_000, "what answers there is not an agent-exporter"),
        (OK + b'["status"]', "what answers there is not an agent-exporter"),
        (OK + b'{"status": ["ok"]}', "what answers there is not an agent-exporter"),
        (OK + b'{"status": "\\u001b[2J"}', "what answers there is not an agent-exporter"),
        (b"SSH-2.0-OpenSSH\r\n", "no valid URL, or no valid HTTP answer"),
        (b"", "cannot connect"),
    ],
)
def test_any_other_answer_is_unhealthy(
    answer: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else answers, the code is 1, with one line that repeats nothing of the answer."""
    with _answering(answer) as (url, _):
        assert healthcheck.run([], {"AGENT_EXPORTER_URL": url}) == 1
    assert capsys.readouterr() == ("", f"agent-exporter: unhealthy: {reason}\n")


def test_a_closed_port_is_unhealthy(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody listens, the code is 1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert healthcheck.run([f"--url=http://127.0.0.1:{port}"], {}) == 1
    assert capsys.readouterr().err == "agent-exporter: unhealthy: Connection refused\n"


def test_silence_is_unhealthy(capsys: pytest.CaptureFixture[str]) -> None:
    """An exporter that accepts and never answers is unhealthy when the timeout is over."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert healthcheck.run(["--url", url, "--timeout=0.05"], {}) == 1
    assert capsys.readouterr().err == "agent-exporter: unhealthy: timed out\n"


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter is asked directly, though the environment names a proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with _answering(OK + b'{"status": "ok"}') as (url, _):
        assert healthcheck.run(["--url", url], {}) == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc", 2),
        ("localhost:24368", 2),
        ("http://", 1),
        ("http://[", 1),
        ("http://127.0.0.1:port", 1),
        ("http://127.0.0.1:1/a b", 1),
        (f"http://{'a' * 64}.example", 1),
    ],
)
def test_a_wrong_url_is_one_line(url: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no URL, or none of HTTP, fails in one line that does not repeat it."""
    assert healthcheck.run(["--url", url], {}) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("agent-exporter: ")
    assert err.count("\n") == 1
    assert url not in err
