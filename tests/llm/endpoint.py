"""A loopback server that speaks as OpenAI and as Anthropic do, and fails when it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Endpoint:
    """What was asked, and what is answered: a status, or a move."""

    def __init__(self, answers: Callable[[int], Any], delay_s: float = 0.0) -> None:
        self.answers = answers
        self.delay_s = delay_s
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self.at_once = self.at_once_most = 0
        self.lock = threading.Lock()


def _openai(move: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": json.dumps(move)}
    if body.get("tools"):
        arguments = {name: value for name, value in move.items() if name != "act"}
        call = {"name": move["act"], "arguments": json.dumps(arguments)}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def _anthropic(move: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    arguments = {name: value for name, value in move.items() if name != "act"}
    call = {"type": "tool_use", "id": "toolu_1", "name": move["act"], "input": arguments}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [call],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


@contextmanager
def answering(answers: Callable[[int], Any], delay_s: float = 0.0) -> Iterator[Endpoint]:
    """Serve; the n-th request is answered with `answers(n)`, a move or an HTTP status."""
    endpoint = Endpoint(answers, delay_s)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with endpoint.lock:
                count = len(endpoint.bodies)
                endpoint.bodies.append(body)
                endpoint.headers.append({name.lower(): one for name, one in self.headers.items()})
                endpoint.at_once += 1
                endpoint.at_once_most = max(endpoint.at_once_most, endpoint.at_once)
            time.sleep(endpoint.delay_s)
            answer = endpoint.answers(count)
            form = _anthropic if self.path.endswith("/messages") else _openai
            status = answer if isinstance(answer, int) else 200
            told: Any = {"error": {"message": "no"}}
            if status == 200:
                raw = answer.get("raw", {})
                move = {name: one for name, one in answer.items() if name != "raw"}
                told = {**form(move or {"act": "pass"}, body), **raw}
            text = json.dumps(told).encode()
            with endpoint.lock:
                endpoint.at_once -= 1
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                return  # whoever asked did not wait

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield endpoint
        server.shutdown()
