"""A server on a free port that answers as the providers' APIs do, whole or as a stream.

It speaks OpenAI's chat completions and responses and Anthropic's messages. What it does is asked
for by the name of the model: `failing-429`, `failing-500` and `failing-quota` are refused, and a
stream of `breaking` breaks off with an error. Any other model answers `ANSWER`.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

ANSWER = "forty-two, and nobody may know"

Json = dict[str, Any]

CHAT_USAGE: Json = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES_USAGE: Json = {
    "input_tokens": 100,
    "output_tokens": 30,
    "total_tokens": 130,
    "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 0},
    "output_tokens_details": {"reasoning_tokens": 20},
}
OPENAI_PARTS = {"input": 60.0, "output": 10.0, "reasoning": 20.0, "cache_read": 40.0}

MESSAGES_USAGE: Json = {
    "input_tokens": 2,
    "output_tokens": 30,
    "cache_read_input_tokens": 2521,
    "cache_creation_input_tokens": 1247,
}
ANTHROPIC_PARTS = {"input": 2.0, "output": 30.0, "cache_read": 2521.0, "cache_write": 1247.0}

FAILURES: dict[str, tuple[int, Json]] = {
    "failing-429": (429, {"type": "rate_limit_error", "message": "slow down"}),
    "failing-500": (500, {"type": "api_error", "message": "out of order"}),
    "failing-quota": (429, {"type": "insufficient_quota", "code": "insufficient_quota"}),
}


@contextlib.contextmanager
def providers() -> Iterator[str]:
    """Serve until the block ends, and yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request a connection."""

    def do_POST(self) -> None:
        """Answer as the API of this path."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] in FAILURES:
            status, error = FAILURES[asked["model"]]
            self._send(status, {"type": "error", "error": error})
            return
        whole, events = _APIS[self.path](asked)
        if asked.get("stream"):
            self._stream(events)
        else:
            self._send(200, whole)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Say nothing."""

    def _send(self, status: int, body: Json) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _stream(self, events: list[Json]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked may have heard enough
            for event in events:
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n" if self.path == "/v1/chat/completions" else b"")


def _chat(asked: Json) -> tuple[Json, list[Json]]:
    same: Json = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    whole = {
        **same,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": CHAT_USAGE,
    }
    chunk: Json = {**same, "object": "chat.completion.chunk"}
    deltas: list[Json] = [
        {"delta": {"role": "assistant", "content": ""}, "finish_reason": None},
        {"delta": {"content": ANSWER}, "finish_reason": None},
        {"delta": {}, "finish_reason": "stop"},
    ]
    events: list[Json] = [{**chunk, "choices": [{"index": 0, **delta}]} for delta in deltas]
    if asked["model"] == "breaking":
        broken = {"message": "no more", "type": "server_error", "code": "overloaded"}
        return whole, [events[0], {"error": broken}]
    if (asked.get("stream_options") or {}).get("include_usage"):
        events.append({**chunk, "choices": [], "usage": CHAT_USAGE})
    return whole, events


def _responses(asked: Json) -> tuple[Json, list[Json]]:
    part = {"type": "output_text", "text": ANSWER, "annotations": [], "logprobs": []}
    item = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    begun: Json = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": asked["model"],
        "status": "in_progress",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    whole = {**begun, "status": "completed", "output": [item], "usage": RESPONSES_USAGE}
    failed = {**begun, "status": "failed", "error": {"code": "server_error", "message": "no"}}
    breaks = asked["model"] == "breaking"
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "logprobs": []}
    opening = {**item, "status": "in_progress", "content": []}
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": opening},
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **place, "delta": ANSWER},
        {"type": "response.failed", "response": failed}
        if breaks
        else {"type": "response.completed", "response": whole},
    ]
    return whole, [{**event, "sequence_number": at} for at, event in enumerate(events)]


def _messages(asked: Json) -> tuple[Json, list[Json]]:
    begun: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**MESSAGES_USAGE, "output_tokens": 1},
    }
    text = {"type": "text", "text": ANSWER}
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    whole = {**begun, **ending, "content": [text], "usage": MESSAGES_USAGE}
    overloaded = {"type": "overloaded_error", "message": "no more"}
    events: list[Json] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {**text, "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": ANSWER},
        },
    ]
    if asked["model"] == "breaking":
        return whole, [*events, {"type": "error", "error": overloaded}]
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 30}},
        {"type": "message_stop"},
    ]
    return whole, events


_APIS: Final = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _responses,
    "/v1/messages": _messages,
}
