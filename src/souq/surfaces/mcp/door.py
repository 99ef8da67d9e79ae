"""`/mcp`: streamable HTTP, without sessions. Each request proves who speaks, and stands alone.

The SDK's session manager lives as long as one request does. So nothing of a speaker is left behind
for the next one to find, nothing has to be started or stopped with the server, and any server of a
market may answer any request.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from souq.core.refusal import Reason
from souq.engine import Answer, Fault
from souq.journal.commit import Stopped
from souq.journal.store import Fenced, Unavailable
from souq.surfaces.answering import Answering, Inside
from souq.surfaces.auth import Authenticator, Speaker, Unauthenticated
from souq.surfaces.limits import Limits
from souq.surfaces.mcp.advice import NOT_PROVEN, TOO_FAST, Unanswered
from souq.surfaces.mcp.server import Context, Speech, build
from souq.surfaces.problems import Malformed
from souq.surfaces.unproven import send_unproven
from souq.surfaces.wire import Disconnected, Headers, header, read_body, send_problem

PATHS = ("/mcp", "/mcp/")
SPEECH = "souq.speech"
UNDER_WAY_MAX = 32  # requests of one speaker: some of them wait for something to happen
WAITS_MAX = 1_000  # of everybody
_AWAY = (Stopped, Fenced, Unavailable, Fault)
log = logging.getLogger(__name__)
logging.getLogger("mcp").setLevel(logging.WARNING)  # it tells of every request


class McpDoor:
    """The MCP door, as an ASGI application."""

    def __init__(
        self,
        answering: Answering,
        authenticator: Authenticator,
        limits: Limits,
        *,
        sealing_key: bytes,
        dress: Callable[[Server[Any]], None] | None = None,
    ) -> None:
        """All servers of a market have the same `sealing_key`, and take up each other's questions.

        `dress` may add to the server; conformance tests bring what they look for.
        """
        self._answering = answering
        self._authenticator = authenticator
        self._limits = limits
        self._server = build(_speech_of, sealing_key=sealing_key)
        if dress is not None:
            dress(self._server)
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except Disconnected:
            return
        except Malformed as no:
            await send_problem(send, no.problem, no.lines)
        except Unauthenticated as no:
            await send_unproven(send, scope, self._limits, no)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] not in PATHS:
            raise Malformed(404, "the MCP door is at /mcp")
        headers = scope["headers"]
        self._need_own_house(headers)
        if scope["method"] != "POST":
            # There is no stream to open and no session to end.
            raise Malformed(405, "/mcp answers to POST", Allow="POST")
        body = await read_body(headers, receive)
        path = scope["raw_path"].decode("ascii")
        speaker = self._authenticator.speaker("POST", path, scope["query_string"], headers, body)
        self._limits.query(speaker.actor, scope)
        name = speaker.actor or f"anybody {speaker.key}"
        if self._under_way[name] >= UNDER_WAY_MAX and speaker.actor:
            raise Malformed(429, "too many requests at once; wait for some", **{"Retry-After": "1"})
        if self._under_way.total() >= WAITS_MAX:
            raise Malformed(503, "too many requests at once", **{"Retry-After": "5"})
        self._under_way[name] += 1
        try:
            await self._serve(speaker, scope, body, receive, send)
        finally:
            self._under_way[name] -= 1
            if not self._under_way[name]:
                del self._under_way[name]

    async def _serve(
        self, speaker: Speaker, scope: Any, body: bytes, receive: Any, send: Any
    ) -> None:
        inside = Inside(self._answering, self._limits, speaker, scope)
        link = _Proven(inside, self._authenticator, speaker)
        speech = Speech(speaker.actor, link, self._pause)
        whole: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Any:
            return whole.pop() if whole else await receive()

        # Older revisions get plain JSON: what the SDK streams to them with keeps a mark for the
        # whole process, by which one server that stops ends the streams of all others.
        version = header(scope["headers"], b"mcp-protocol-version") or b""
        is_old = not version or version.decode("latin-1") in HANDSHAKE_PROTOCOL_VERSIONS
        manager = StreamableHTTPSessionManager(self._server, stateless=True, json_response=is_old)
        async with manager.run():
            # White space round a value is not part of it (RFC 9110, 5.5), and the SDK compares.
            headers = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
            spoken = {**scope, "headers": headers, SPEECH: speech}
            await manager.handle_request(spoken, receive_again, send)

    async def _pause(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return not self._answering.is_closing

    def _need_own_house(self, headers: Headers) -> None:
        """Raise Malformed where a browser was led here by a name, or from a page, not our own.

        A page somewhere may point its own name at this machine, and then speak to what listens
        here as if it were the page's own server.
        """
        known = self._authenticator.authorities
        host = (header(headers, b"host") or b"").decode("latin-1").lower()
        if not {host, host.removesuffix(":80"), host.removesuffix(":443")} & known:
            why = f"this market does not answer to the host {host[:64]!r}; see `authorities`"
            raise Malformed(421, why)
        origin = header(headers, b"origin")
        if origin is not None and urlsplit(origin.decode("latin-1").lower()).netloc not in known:
            raise Malformed(403, "this market does not answer to other sites' pages")


class _Proven:
    """A speaker's link, good as long as the key is: also in the middle of a long wait."""

    def __init__(self, inside: Inside, authenticator: Authenticator, speaker: Speaker) -> None:
        self._inside = inside
        self._authenticator = authenticator
        self._speaker = speaker

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        self._need_key()
        try:
            return await self._inside.submit(command, command_id=command_id)
        except (Malformed, *_AWAY) as no:
            raise _unanswered(no) from None

    async def ask(self, query: Any) -> Any:
        self._need_key()
        try:
            return await self._inside.ask(query)
        except (Malformed, *_AWAY) as no:
            raise _unanswered(no) from None

    def _need_key(self) -> None:
        if self._speaker.key and not self._authenticator.is_live(self._speaker):
            raise Unanswered(NOT_PROVEN)


def _unanswered(no: Exception) -> Unanswered:
    if isinstance(no, Malformed):
        return Unanswered(TOO_FAST, why=no.why)
    log.error("cannot answer: %s", no)
    return Unanswered(Reason.STOPPED.value)


def _speech_of(context: Context) -> Speech:
    assert context.request is not None, "over HTTP each message comes with its request"
    speech: Speech = context.request.scope[SPEECH]
    return speech
