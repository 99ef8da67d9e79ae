"""The A2A door as an ASGI application: it proves who speaks, reads, has it answered, and writes.

/.well-known/agent-card.json             the market's card
/a2a/A7/.well-known/agent-card.json      an agent's
POST /a2a, /a2a/A7                       JSON-RPC, with or without a slash at the end
/a2a/message:send, /a2a/A7/tasks/N1 …    HTTP+JSON
/a2a/schemas/negotiation-v1.json         what data parts hold
"""

import asyncio
import json
import logging
from typing import Any

from a2a.utils.errors import A2AError, InternalError, VersionNotSupportedError

from souq.core.refusal import Refused
from souq.engine import Fault
from souq.journal.commit import Stopped
from souq.journal.store import Fenced, Unavailable
from souq.surfaces.a2a.affairs import Watching
from souq.surfaces.a2a.agent import Agent, Caller, Events
from souq.surfaces.a2a.bindings import Asked, JsonRpc, Nowhere, Rest, split_tenant
from souq.surfaces.a2a.calls import CALLS, EXTENDED_CARD, begun, written
from souq.surfaces.a2a.card import Cards
from souq.surfaces.a2a.conformance import ConformanceAgent
from souq.surfaces.a2a.market_agent import MarketAgent
from souq.surfaces.a2a.refusing import error_of
from souq.surfaces.a2a.task import Tasks
from souq.surfaces.a2a.vocabulary import NEGOTIATION, SCHEMAS
from souq.surfaces.a2a.wording import json_of
from souq.surfaces.answering import Answering, Inside
from souq.surfaces.auth import Authenticator, Speaker, Unauthenticated
from souq.surfaces.limits import Limits
from souq.surfaces.problems import Malformed
from souq.surfaces.signatures import MarketKey
from souq.surfaces.wire import Disconnected, Headers, encode, header, read_body, send_bytes

log = logging.getLogger(__name__)
PREFIX = "/a2a"
CARD = "/.well-known/agent-card.json"
VERSION = "1.0"
_A2A_JSON = b"application/a2a+json"
_JSON = b"application/json"
_AWAY = (Stopped, Fenced, Unavailable, Fault)
_SCHEMAS = {name: json.dumps(made(), indent=1).encode() for name, made in SCHEMAS.items()}
END = object()


class Door:
    """Everything under `/a2a`, and the market's card."""

    def __init__(
        self,
        agent: Agent,
        cards: Cards,
        answering: Answering,
        authenticator: Authenticator,
        limits: Limits,
        *,
        body_bytes_max: int,
    ) -> None:
        self._agent = agent
        self._cards = cards
        self._answering = answering
        self._authenticator = authenticator
        self._limits = limits
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; whatever goes wrong is told, and nothing of the inside shows."""
        path, method = scope["path"], scope["method"]
        below = path.removeprefix(PREFIX)
        tenant, rest = split_tenant(below)
        binding: JsonRpc | Rest = JsonRpc() if method == "POST" and not rest else Rest()
        try:
            if path == CARD or path.endswith(CARD):
                whose = "" if path == CARD else path.removesuffix(CARD).removeprefix(PREFIX)
                await self._card(scope, send, whose.strip("/"))
            elif below.startswith("/schemas/"):
                await self._schema(below.removeprefix("/schemas/"), scope, send)
            else:
                await self._answer(binding, below, tenant, scope, receive, send)
        except Disconnected:
            return
        except Nowhere:
            await self._turn_away(binding, Malformed(404, "there is nothing here"), scope, send)
        except Malformed as no:
            await self._turn_away(binding, no, scope, send)
        except Unauthenticated as no:
            await self._unproven(binding, no, scope, send)
        except Refused as no:
            await self._refuse(binding, error_of(no), scope, send)
        except A2AError as error:
            await self._refuse(binding, error, scope, send)
        except _AWAY as away:
            log.error("cannot answer: %s", away)
            closed = Malformed(503, "the market is closed for now", **{"Retry-After": "1"})
            await self._turn_away(binding, closed, scope, send)

    async def _answer(
        self, binding: JsonRpc | Rest, below: str, tenant: str, scope: Any, receive: Any, send: Any
    ) -> None:
        method, headers = scope["method"], scope["headers"]
        if isinstance(binding, Rest) and method not in ("GET", "POST", "DELETE"):
            raise Malformed(405, "GET, POST and DELETE", Allow="GET, POST, DELETE")
        body = await read_body(headers, receive, self._body_bytes_max)
        path = scope["raw_path"].decode("ascii")
        speaker = self._authenticator.speaker(method, path, scope["query_string"], headers, body)
        self._limits.query(speaker.actor, scope)
        if method == "POST":
            _need_json(headers, body)
        if isinstance(binding, JsonRpc):
            asked = binding.read(body, tenant)
        else:
            asked = binding.read(method, below, scope["query_string"], body)
        _need_version(scope)
        caller = Caller(speaker, self._link(speaker, scope), asked.tenant)
        if asked.name == EXTENDED_CARD:
            caller.need_key()
            card = await self._cards.extended(caller.link, asked.tenant, speaker.actor)
            await self._send(binding.answer(json_of(card)), 200, scope, send)
            return
        call = CALLS[asked.name]
        if call.is_stream:
            await self._stream(binding, asked, caller, scope, receive, send)
            return
        result = await call.answer(self._agent, caller, asked.request)
        await self._send(binding.answer(result), 200, scope, send)

    async def _stream(
        self,
        binding: JsonRpc | Rest,
        asked: Asked,
        caller: Caller,
        scope: Any,
        receive: Any,
        send: Any,
    ) -> None:
        events: Events = CALLS[asked.name].answer(self._agent, caller, asked.request)
        told = await begun(events)
        head = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *_activated(scope),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        gone = asyncio.create_task(_gone(receive))
        try:
            while (event := await _unless(gone, told)) is not END:
                text = b": still here\n\n"
                if event is not None:
                    text = b"data: %b\n\n" % encode(binding.answer(written(event)))
                await send({"type": "http.response.body", "body": text, "more_body": True})
        except (A2AError, Refused, Malformed, *_AWAY) as no:
            error = no if isinstance(no, A2AError) else InternalError("the stream broke off")
            text = b"event: error\ndata: %b\n\n" % encode(binding.error(error)[1])
            await send({"type": "http.response.body", "body": text, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _card(self, scope: Any, send: Any, tenant: str) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise Malformed(405, "a card is read by GET", Allow="GET")
        link = self._link(Speaker(""), scope)
        try:
            card = await self._cards.published(link, tenant)
        except Refused:
            raise Nowhere from None
        asked = header(scope["headers"], b"if-none-match") or b""
        if card.etag.encode() in [one.strip().removeprefix(b"W/") for one in asked.split(b",")]:
            start = {"type": "http.response.start", "status": 304, "headers": card.headers}
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        lines = [(b"content-type", _JSON), (b"content-length", str(len(card.body)).encode())]
        lines += [(b"x-content-type-options", b"nosniff"), *card.headers]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.body", "body": card.body})

    async def _schema(self, name: str, scope: Any, send: Any) -> None:
        self._limits.query("", scope)
        if name not in _SCHEMAS:
            raise Nowhere
        await send_bytes(send, 200, _SCHEMAS[name], b"application/schema+json")

    def _link(self, speaker: Speaker, scope: Any) -> Inside:
        return Inside(self._answering, self._limits, speaker, scope)

    async def _refuse(
        self, binding: JsonRpc | Rest, error: A2AError, scope: Any, send: Any
    ) -> None:
        status, told = binding.error(error)
        await self._send(told, status, scope, send)

    async def _turn_away(
        self,
        binding: JsonRpc | Rest,
        no: Malformed,
        scope: Any,
        send: Any,
        *more: tuple[bytes, bytes],
    ) -> None:
        told = binding.turned_away(no.status, no.why)
        await self._send(told, no.status, scope, send, [*no.lines, *more])

    async def _unproven(
        self, binding: JsonRpc | Rest, no: Unauthenticated, scope: Any, send: Any
    ) -> None:
        try:
            self._limits.failure(scope)
        except Malformed as slow:
            await self._turn_away(binding, slow, scope, send)
            return
        challenge = (b"www-authenticate", no.challenge.encode())
        await self._turn_away(binding, Malformed(401, no.why), scope, send, challenge)

    async def _send(
        self, told: Any, status: int, scope: Any, send: Any, more: Headers | None = None
    ) -> None:
        accepted = [value for name, value in scope["headers"] if name == b"accept"]
        media_type = _A2A_JSON if any(_A2A_JSON in one for one in accepted) else _JSON
        await send_bytes(
            send, status, encode(told), media_type, [*(more or []), *_activated(scope)]
        )


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unless(gone: asyncio.Task[None], events: Events) -> Any:
    """Give the next event, or END where there is none, or nobody who would read it."""
    following = asyncio.ensure_future(anext(events, END))
    await asyncio.wait({following, gone}, return_when=asyncio.FIRST_COMPLETED)
    if following.done():
        return following.result()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return END


def _need_json(headers: Headers, body: bytes) -> None:
    encoding = header(headers, b"content-encoding")
    if encoding is not None and encoding != b"identity":
        raise Malformed(415, "send the body without Content-Encoding")
    media_type = (header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()
    if body and media_type not in (_JSON, _A2A_JSON):
        raise Malformed(415, "send requests as Content-Type: application/json")


def _need_version(scope: Any) -> None:
    """Raise VersionNotSupportedError for any but ours; saying none means 0.3."""
    said = (header(scope["headers"], b"a2a-version") or b"").decode("latin-1").strip()
    if not said:
        for pair in scope["query_string"].decode("latin-1").split("&"):
            name, _, value = pair.partition("=")
            said = value if name.lower() == "a2a-version" else said
    if said != VERSION and not said.startswith(VERSION + "."):
        raise VersionNotSupportedError(
            f"A2A-Version {said[:16] or '0.3 (none was said)'} is not spoken here; {VERSION} is"
        )


def _activated(scope: Any) -> Headers:
    """Say that the extension is in use, to whom asked for it."""
    asked = [value for name, value in scope["headers"] if name == b"a2a-extensions"]
    if NEGOTIATION.encode() in [one.strip() for value in asked for one in value.split(b",")]:
        return [(b"a2a-extensions", NEGOTIATION.encode())]
    return []


def door(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    *,
    market_key: MarketKey,
    url: str,
    body_bytes_max: int,
    conformance: bool = False,
) -> Door:
    """Make the door of a server that clients call `url`."""
    cards = Cards(market_key, url)
    agent: Agent = MarketAgent(
        Watching(answering, authenticator),
        authenticator,
        Tasks(market_key, url),
        cards.agent_url,
    )
    if conformance:
        agent = ConformanceAgent(agent)
    return Door(agent, cards, answering, authenticator, limits, body_bytes_max=body_bytes_max)
