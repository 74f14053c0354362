"""A server that answers pushes as it is told, whatever comes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROBLEM = '{"title": "t", "status": %d, "code": "%s"}'


Answer = tuple[int, str] | tuple[int, str, str] | None


@dataclass
class Answers:
    """What is to be answered, first to last and the last for ever, and what came.

    An answer is a status, a body and perhaps a `Retry-After`; `None` hangs up instead.
    """

    script: Sequence[Answer]
    headers: list[Message] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def take(self, headers: Message, body: bytes) -> Answer:
        """Note a request and return its answer."""
        self.headers.append(headers)
        self.bodies.append(body)
        return self.script[min(len(self.bodies), len(self.script)) - 1]


@contextmanager
def answering(*script: Answer) -> Iterator[tuple[str, Answers]]:
    """Serve on a free port; yield the URL, and what comes."""
    answers = Answers(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one push."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = answers.take(self.headers, body)
            if answer is None:
                self.close_connection = True
                return
            status, text, *retry_after = answer
            self.send_response(status)
            for value in retry_after:
                self.send_header("Retry-After", value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", answers
        finally:
            server.shutdown()
            thread.join()
