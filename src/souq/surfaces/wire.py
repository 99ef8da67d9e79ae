"""A request's life on the wire, without a framework on the hot path: read it, answer it."""

from typing import Any

import msgspec

from souq.core.seal import digest_only
from souq.surfaces.problems import MEDIA_TYPE, Malformed, Problem

BODY_MAX = 256 * 1024
JSON = b"application/json"
Headers = list[tuple[bytes, bytes]]
encode = msgspec.json.Encoder(enc_hook=digest_only).encode


def header(headers: Headers, name: bytes) -> bytes | None:
    """Give the one value of a header, or None. Raises Malformed where it stands there twice."""
    found = None
    for one, value in headers:
        if one == name:
            if found is not None:
                raise Malformed(400, f"two headers {name.decode()}")
            found = value
    return found


async def read_body(headers: Headers, receive: Any, most: int = BODY_MAX) -> bytes:
    """Read a body. Raises Malformed for one that is too large, and Disconnected."""
    declared = header(headers, b"content-length")
    if declared is not None and (not declared.isdigit() or int(declared) > most):
        raise Malformed(413, f"a body has at most {most} bytes")
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise Disconnected
        if len(body) > most:
            raise Malformed(413, f"a body has at most {most} bytes")
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        size += len(message.get("body", b""))
        if size > most:
            raise Malformed(413, f"a body has at most {most} bytes")
        parts.append(message.get("body", b""))
    return b"".join(parts)


class Disconnected(Exception):
    """Whoever asked has gone."""


async def send_json(
    send: Any, status: int, value: Any, more: Headers | None = None, media_type: bytes = JSON
) -> None:
    """Answer with a document."""
    await send_bytes(send, status, encode(value), media_type, more)


async def send_bytes(
    send: Any, status: int, body: bytes, media_type: bytes, more: Headers | None = None
) -> None:
    """Answer with bytes."""
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if more:
        headers += more
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Any, problem: Problem, more: Headers | None = None) -> None:
    """Answer with a no."""
    await send_json(send, problem.status, problem, more, MEDIA_TYPE)
