"""The HTTP door: who speaks, what they ask, what the market answers. It holds no rule of its own.

    POST /v1/commands          one command, its id in Idempotency-Key
    POST /v1/commands:batch    up to 1,000, each with an answer of its own
    POST, GET /v1/…            one friendly route for every operation

An answer leaves when the record it tells of is durable, and not before.
"""

import asyncio
import logging
import re
from typing import Any

from msgspec.structs import replace

from souq.core.refusal import Reason, Refused
from souq.engine import Answer, Fault
from souq.journal.commit import Stopped
from souq.journal.record import Refusal
from souq.journal.store import Fenced, Unavailable
from souq.operations import BATCH, COMMANDS, EVENTS
from souq.surfaces.answering import Answering
from souq.surfaces.auth import CHALLENGE, Authenticator, Speaker, Unauthenticated
from souq.surfaces.decoding import read_batch, read_command, read_fields, read_query
from souq.surfaces.events import Events
from souq.surfaces.limits import Limits
from souq.surfaces.metrics import Metrics
from souq.surfaces.problems import Malformed, Problem, refused
from souq.surfaces.routes import Route, Routes
from souq.surfaces.unproven import send_unproven
from souq.surfaces.wire import (
    BODY_MAX,
    JSON,
    Disconnected,
    Headers,
    header,
    read_body,
    send_json,
    send_problem,
)

STEP = 32  # commands of a batch that are judged before others get a turn
REPLAYED: Headers = [(b"idempotency-replayed", b"true")]
_BUSY: Headers = [(b"retry-after", b"1")]
_AWAY = (Stopped, Fenced, Unavailable)
# Bare, or quoted as in the IETF's draft of the header; both are the same id.
_ID = re.compile(rb'(?P<bare>[!#-~]{1,128})|"(?P<quoted>[!#-~]{1,128})"')
log = logging.getLogger(__name__)


class Api:
    """Everything under `/v1/`, as an ASGI application."""

    def __init__(
        self,
        answering: Answering,
        authenticator: Authenticator,
        limits: Limits,
        events: Events,
        metrics: Metrics,
        *,
        body_bytes_max: int = BODY_MAX,
    ) -> None:
        self._body_bytes_max = body_bytes_max
        self._events = events
        self._metrics = metrics
        self._answering = answering
        self._venue = answering.venue
        self._authenticator = authenticator
        self._limits = limits
        self._routes = Routes()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; whatever goes wrong is told, and nothing of the inside shows."""
        try:
            if scope["path"] == EVENTS and scope["method"] == "GET":
                await self._events(scope, receive, send)
            else:
                await self._answer(scope, receive, send)
        except Disconnected:
            return
        except Malformed as no:
            await send_problem(send, no.problem, no.lines)
        except Unauthenticated as no:
            await send_unproven(send, scope, self._limits, no)
        except Refused as no:
            await send_problem(send, refused(Refusal(no.reason.value, no.facts)))
        except (*_AWAY, Fault) as away:
            log.error("cannot answer: %s", away)
            await send_problem(send, refused(Refusal(Reason.STOPPED.value)), _BUSY)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        method, path, headers = scope["method"], scope["path"], scope["headers"]
        route = None
        if path not in (COMMANDS, BATCH):
            route = self._routes.find(method, path)
            if route is None:
                raise self._no_route(path)
        elif method != "POST":
            raise Malformed(405, "commands are sent by POST", Allow="POST")
        is_command = method == "POST"
        body = await read_body(headers, receive, self._body_bytes_max) if is_command else b""
        speaker = self._authenticator.speaker(
            method, scope["raw_path"].decode("ascii"), scope["query_string"], headers, body
        )
        if not is_command:
            assert route is not None, "only commands have routes of their own"
            self._limits.query(speaker.actor, scope)
            await self._ask(speaker, route, scope["query_string"], send)
            return
        if not speaker.actor:
            raise Unauthenticated("a command needs a key", CHALLENGE)
        if scope["query_string"]:
            raise Malformed(400, "a command takes no query parameters")
        _need_json(headers, body)
        if path == BATCH:
            await self._batch(speaker, body, scope, send)
            return
        self._limits.command(speaker.actor, scope)
        if route is None:
            command = read_command(body)
        else:
            command = read_fields(route.operation, route.fields, body)
        await self._command(speaker, _command_id(headers), command, _act(headers), send)

    async def _command(self, speaker: Speaker, id: str, command: Any, act: str, send: Any) -> None:
        answer = await self._answering.command(speaker, id, command, act)
        more = REPLAYED if answer.is_replay else None
        if answer.refusal is not None:
            if answer.refusal.reason == Reason.OVERLOADED:
                more = _BUSY
            await send_problem(send, refused(answer.refusal, answer.seq), more)
            return
        if answer.is_replay:
            answer = replace(answer, is_replay=False)  # byte for byte what was said before
        await send_json(send, 200, answer, more)

    async def _batch(self, speaker: Speaker, body: bytes, scope: Any, send: Any) -> None:
        items = read_batch(body)
        self._limits.command(speaker.actor, scope, len(items))
        answers: list[Answer | Problem] = []
        last = 0
        for n, item in enumerate(items):
            try:
                command = read_command(item.command)
            except Malformed as no:
                answers.append(no.problem)
                continue
            # One nonce for all: the first record carries it, and a replay finds it there.
            nonce = speaker.nonce if last == 0 else ""
            pending = self._venue.submit_soon(speaker.actor, item.id, command, nonce, item.act)
            answer = pending.judged
            self._metrics.judged(command, answer)
            last = max(last, answer.seq)
            if answer.refusal is not None:
                answers.append(refused(answer.refusal, answer.seq))
            else:
                answers.append(self._venue.shown(speaker.actor, answer))
            if n % STEP == STEP - 1:
                await asyncio.sleep(0)
        await self._answering.wait(last)
        self._answering.need_leading()
        await send_json(send, 200, {"answers": answers})

    async def _ask(self, speaker: Speaker, route: Route, parameters: bytes, send: Any) -> None:
        query = read_query(route.operation, route.fields, parameters)
        await send_json(send, 200, await self._answering.query(speaker, query))

    def _no_route(self, path: str) -> Malformed:
        methods = ["GET"] if path == EVENTS else self._routes.methods(path)
        if methods:
            allowed = ", ".join(methods)
            return Malformed(405, f"{path[:100]} answers to {allowed}", Allow=allowed)
        return Malformed(404, f"there is nothing at {path[:100]}; see /docs")


def _command_id(headers: Headers) -> str:
    id = header(headers, b"idempotency-key")
    if not id:
        raise Malformed(
            400,
            "a command carries an Idempotency-Key of your choice: send the same one again when you"
            " are unsure whether it arrived, and it has its effect once",
        )
    found = _ID.fullmatch(id)
    if found is None:
        raise Malformed(400, "an Idempotency-Key has 1 to 128 signs of plain ASCII, and no space")
    return found["bare"].decode() if found["bare"] else found["quoted"].decode()


def _act(headers: Headers) -> str:
    """Give the signature that a command's actor put to the command itself, or ""."""
    return (header(headers, b"souq-act") or b"").decode("latin-1")


def _need_json(headers: Headers, body: bytes) -> None:
    encoding = header(headers, b"content-encoding")
    if encoding is not None and encoding != b"identity":
        raise Malformed(415, "send the body without Content-Encoding")
    media_type = header(headers, b"content-type") or b""
    if body and media_type.partition(b";")[0].strip().lower() != JSON:
        raise Malformed(415, "send commands as Content-Type: application/json")
