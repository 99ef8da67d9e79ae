"""The doors by which a scenario may be told: a client here, one over HTTP, and `souq call`.

All of them add the same keys, so that the journals can be compared byte by byte. Whoever has no
account has no key, so such a step is not even sent.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from typer.testing import CliRunner

from souq.cli import app
from souq.core.credential import AddKey
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR, OpenMarket
from souq.engine import Answer, Engine
from souq.journal.admission import write
from souq.journal.record import Refusal
from souq.journal.sqlite import SqliteStore
from souq.operations import BY_TYPE
from souq.sdk.client import Client
from souq.sdk.doors import read_answer
from souq.sdk.signing import digest_of_secret
from souq.venue import Venue
from tests.scenario import Clock
from tests.serving import ADMIN, Served, open_folder, open_market, settings_for

STRANGER = Answer(0, 0, (), Refusal(Reason.NOT_YOURS))


def secret_of(actor: str) -> str:
    """Give the bearer key that an actor has in every telling."""
    return ADMIN if actor == OPERATOR else "souq_" + hashlib.sha256(actor.encode()).hexdigest()


class _Door:
    """What the three have in common: who may speak."""

    engine: Engine

    def __init__(self) -> None:
        self.speakers = {OPERATOR}

    def let_speak(self, actor: str) -> None:
        self.speakers.add(actor)
        key = AddKey(actor, "bearer", digest_of_secret(secret_of(actor)))
        assert self.submit(OPERATOR, f"key-{actor}", key).refusal is None

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        if isinstance(command, OpenMarket) and actor == OPERATOR and not self.is_open:
            return self.open(id, command)
        if actor not in self.speakers:
            return STRANGER
        return self.send(actor, id, command)

    @property
    def is_open(self) -> bool:
        raise NotImplementedError

    def open(self, id: str, command: OpenMarket) -> Answer:
        raise NotImplementedError

    def send(self, actor: str, id: str, command: Any) -> Answer:
        raise NotImplementedError


class LocalDoor(_Door):
    """`Client`, in this process."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__()
        self._venue = Venue(SqliteStore(folder), data=folder, clock=clock.time, salts=clock.salt)
        self._operator = Client.over(self._venue)
        self.engine = self._venue.engine

    @property
    def is_open(self) -> bool:
        return self.engine.head[0] > 0

    def open(self, id: str, command: OpenMarket) -> Answer:
        open_market(self.engine, command.rules, id)
        return Answer(1, 0)

    def send(self, actor: str, id: str, command: Any) -> Answer:
        return self._operator.speaking_as(actor).answer_to(command, command_id=id)

    def tick(self) -> None:
        self.engine.tick()

    def close(self) -> None:
        self._venue.close()


class HttpDoor(_Door):
    """`Client`, over HTTP, at a server in a thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__()
        self._folder = folder
        self._clock = clock
        self.served: Served | None = None
        self._clients: dict[str, Client] = {}

    @property
    def engine(self) -> Engine:  # type: ignore[override]
        assert self.served is not None
        return self.served.venue.engine

    @property
    def is_open(self) -> bool:
        return self.served is not None

    def open(self, id: str, command: OpenMarket) -> Answer:
        clock = self._clock
        open_folder(self._folder, command.rules, id=id, clock=clock.time, salts=clock.salt)
        self.served = Served(
            settings_for(self._folder, tick_s=3_600.0),
            clock=clock.time,
            salts=clock.salt,
            rails=lambda *_: {},  # money from outside is the story's to tell
        )
        return Answer(1, 0)

    def send(self, actor: str, id: str, command: Any) -> Answer:
        if actor not in self._clients:
            assert self.served is not None
            self._clients[actor] = Client(self.served.url, key=secret_of(actor))
        return self._clients[actor].answer_to(command, command_id=id)

    def tick(self) -> None:
        assert self.served is not None
        self.served.call(self.engine.tick)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        if self.served is not None:
            self.served.stop()


class CliDoor(HttpDoor):
    """`souq call`, at a server in a thread."""

    def send(self, actor: str, id: str, command: Any) -> Answer:
        assert self.served is not None
        operation = BY_TYPE[type(command)]
        fields = [f"{name}={_word(value)}" for name, value in _fields(command)]
        where = ["--server", self.served.url, "--key", secret_of(actor), "--id", id, "--json"]
        ran = CliRunner().invoke(app, ["call", operation.name, *where, "--", *fields])
        assert ran.exit_code in (0, 1), ran.output
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        told = json.loads(ran.stdout)
        refusal = told.pop("refusal", None)
        answer = read_answer(msgspec.json.encode(told))
        if refusal is not None:
            return msgspec.structs.replace(answer, refusal=msgspec.convert(refusal, Refusal))
        return answer


def _fields(command: Any) -> list[tuple[str, Any]]:
    told: dict[str, Any] = json.loads(write(command))
    told.pop("type")
    return list(told.items())


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
