"""Where a client's commands and questions go: a market in this process, or one over HTTP.

A door turns both into bytes and back, or into calls; it holds no rule. What goes wrong on the way
is tried again with the same id, so nothing ever has its effect twice.
"""

import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx2
import msgspec

from souq.core import market
from souq.core.refusal import Reason, Refused
from souq.core.seal import by_digest
from souq.engine import Answer
from souq.journal.admission import write
from souq.journal.record import Refusal
from souq.operations import BATCH, BY_TYPE, COMMANDS, EVENTS
from souq.sdk.acts import HEADER, Acts
from souq.sdk.errors import BadRequest, NotProven, Unreachable
from souq.sdk.signing import Signer
from souq.venue import Venue

TIMEOUT_S = 10.0
PATIENCE_S = 30.0  # of tries, before a client gives up
WAIT_MIN_S, WAIT_MAX_S = 0.05, 2.0


class _Answer(msgspec.Struct, frozen=True):
    """An answer on the wire, its events under their own types."""

    seq: int
    at: int
    events: tuple[market.Event, ...] = ()
    is_replay: bool = False


class _Problem(msgspec.Struct, frozen=True):
    status: int = 0
    title: str = ""
    detail: str = ""
    reason: str = ""
    facts: dict[str, str | int] = {}
    seq: int = 0


class _Answers(msgspec.Struct, frozen=True):
    answers: list[msgspec.Raw]


_read_answer = msgspec.json.Decoder(_Answer, dec_hook=by_digest).decode
_read_problem = msgspec.json.Decoder(_Problem).decode
_read_answers = msgspec.json.Decoder(_Answers).decode
_readers: dict[type, Any] = {}


class Try(NamedTuple):
    """One request, ready to be sent as often as it takes."""

    method: str
    url: str
    body: bytes
    id: str
    act: str = ""


class Later(Exception):
    """Nothing was decided; ask again after `wait_s` seconds, or when one likes (0)."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Wire:
    """Requests and answers as bytes, for a client that waits and for one that does not."""

    def __init__(self, url: str, signer: Signer | None) -> None:
        self.url = url.rstrip("/")
        self._signer = signer

    def command(self, command: Any, id: str, acts: Acts | None = None) -> Try:
        """Write a command down, signed where there is somebody to sign it."""
        act = acts.sign(command, id) if acts else ""
        return Try("POST", f"{self.url}{COMMANDS}", write(command), id, act)

    def batch(self, commands: list[tuple[str, Any]], acts: Acts | None = None) -> Try:
        """Write many commands down, each signed where there is somebody to sign it."""
        items: list[dict[str, Any]] = [{"id": id, "command": command} for id, command in commands]
        if acts is not None:
            for item in items:
                item["act"] = acts.sign(item["command"], item["id"])
        id = commands[0][0] if commands else "none"
        return Try("POST", f"{self.url}{BATCH}", write({"commands": items}), id)

    def query(self, query: Any) -> Try:
        """Write a question down as a URL."""
        operation = BY_TYPE[type(query)]
        asked = msgspec.to_builtins(query)
        path = operation.path
        for name in operation.fields:
            path = path.replace(f"{{{name}}}", _part(asked.pop(name)))
        words = urlencode({name: _word(value) for name, value in asked.items()}, doseq=True)
        return Try("GET", f"{self.url}{path}{'?' if words else ''}{words}", b"", "")

    def stream(self, types: tuple[str, ...]) -> Try:
        """Write down where events are streamed from."""
        words = urlencode({"types": types}, doseq=True)
        return Try("GET", f"{self.url}{EVENTS}{'?' if words else ''}{words}", b"", "")

    def headers(self, one: Try) -> dict[str, str]:
        """Give the headers of one attempt; a signature is good once."""
        given = {"Content-Type": "application/json"} if one.body else {}
        if one.act:
            given[HEADER] = one.act
        if self._signer is not None:
            return given | self._signer.headers_for(one.method, one.url, one.body, one.id)
        return given | ({"Idempotency-Key": one.id} if one.id else {})

    def answer(self, response: httpx2.Response) -> Answer:
        """Read a command's answer. Raises Later, NotProven and BadRequest."""
        problem = self._problem(response)
        is_replay = response.headers.get("idempotency-replayed") == "true"
        if problem is not None:
            return _refusal(problem, is_replay=is_replay)
        answer: Answer = _read(read_answer, response)
        return msgspec.structs.replace(answer, is_replay=is_replay)

    def answers(self, response: httpx2.Response) -> list[Answer]:
        """Read the answers of a batch. Raises Later, NotProven and BadRequest."""
        self.check(response)
        return [_one_of_many(raw) for raw in _read(_read_answers, response).answers]

    def result(self, query: Any, response: httpx2.Response) -> Any:
        """Read what a question was answered. Raises Refused, Later, NotProven and BadRequest."""
        self.check(response)
        gives = BY_TYPE[type(query)].gives
        if gives not in _readers:
            _readers[gives] = msgspec.json.Decoder(gives, dec_hook=by_digest).decode
        return _read(_readers[gives], response)

    def check(self, response: httpx2.Response) -> None:
        """Raise what a failed answer says: Refused, Later, NotProven or BadRequest."""
        problem = self._problem(response)
        if problem is not None:
            raise Refused(Reason(problem.reason), **problem.facts)

    def _problem(self, response: httpx2.Response) -> _Problem | None:
        status = response.status_code
        if status < 300:
            return None
        if status in (429, 502, 503, 504):
            raise Later(f"HTTP {status}", _seconds(response.headers.get("retry-after", "")))
        try:
            problem = _read_problem(response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            problem = _Problem(detail="whoever answers there is no market")
        if status == 401:
            raise NotProven(problem.detail)
        if problem.reason not in _REASONS:
            raise BadRequest(status, problem.detail or problem.title)
        return problem


_REASONS = frozenset(one.value for one in Reason)


def _refusal(problem: _Problem, *, is_replay: bool = False) -> Answer:
    refusal = Refusal(problem.reason, problem.facts)
    return Answer(problem.seq, 0, (), refusal, is_replay)


def _one_of_many(raw: msgspec.Raw) -> Answer:
    problem = _read_problem(raw)
    if problem.status:
        if problem.reason not in _REASONS:
            raise BadRequest(problem.status, problem.detail)
        return _refusal(problem)
    return read_answer(raw)


def _read(decode: Any, response: httpx2.Response) -> Any:
    try:
        return decode(response.content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadRequest(response.status_code, "whoever answers there is no market") from None


def read_answer(text: bytes | msgspec.Raw) -> Answer:
    """Read an answer as the wire has it, its events under their own types."""
    found = _read_answer(text)
    return Answer(found.seq, found.at, found.events, None, found.is_replay)


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0


def _part(value: Any) -> str:
    return urlencode({"": value})[1:]


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


class Patience:
    """How often one call is tried again: ever more seldom, until its time is over."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._until = time.monotonic() + seconds
        self._waits = waits()

    def pause(self, failure: Later | httpx2.HTTPError) -> float:
        """Give how long to wait before the next try. Raises Unreachable when there is none."""
        wait = next(self._waits)
        if isinstance(failure, Later):
            wait = max(wait, failure.wait_s)
        if time.monotonic() + wait > self._until:
            why = str(failure) or type(failure).__name__
            raise Unreachable(f"{self._url} did not answer: {why}") from None
        return wait


def waits() -> Iterator[float]:
    """Give how long to wait before each further try: longer each time, and never all at once."""
    wait = WAIT_MIN_S
    while True:
        yield wait * (0.5 + random.random())
        wait = min(2 * wait, WAIT_MAX_S)


class Local:
    """A market in this process, and who speaks to it."""

    def __init__(self, venue: Venue, actor: str) -> None:
        self.venue = venue
        self.actor = actor

    def submit(self, command: Any, id: str, acts: Acts | None = None) -> Answer:
        """Have a command judged."""
        act = acts.sign(command, id) if acts else ""
        answer = self.venue.submit(self.actor, id, command, act=act)
        return self.venue.shown(self.actor, answer)

    def ask(self, query: Any) -> Any:
        """Have a question answered. Raises Refused."""
        return self.venue.ask(self.actor, query)
