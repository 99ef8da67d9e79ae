"""The ways to one market for many clients at once: its engine in this process, and HTTP.

A door is called from many threads. It hides nothing and orders nothing: what two clients do at the
same time is the market's to settle.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Protocol

from souq.core.account import ACCOUNTS
from souq.core.credential import AddKey
from souq.core.listing import LISTINGS
from souq.core.mandate import MANDATES
from souq.core.party import AGENTS, wallet
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, Rules
from souq.engine import Answer, Engine
from souq.journal.sqlite import SqliteStore
from souq.operations.queries import GetBalance, GetListing, GetMandate
from souq.sdk.client import Client
from souq.sdk.signing import digest_of_secret
from tests.serving import ADMIN, Served, open_market, serving

Query = GetBalance | GetMandate | GetListing
Values = tuple[int, ...]


class Lost(Exception):
    """No answer came. Whether the command was carried out, its sender does not know."""


class Door(Protocol):
    """What the clients of a history need of a market."""

    def let_speak(self, actor: str) -> None:
        """Prepare for commands of this actor."""

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        """Give a command and its answer, be it a refusal. Raises Lost."""

    def read(self, query: Query) -> Values:
        """Give (available, held), (reserved, committed), or (pieces left,); () where it is over."""


class EngineDoor:
    """Threads on one engine over a durable store; they read from forks of its state."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def let_speak(self, actor: str) -> None:
        """Whoever is named may speak here."""

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        return self._engine.submit(actor, id, command)

    def read(self, query: Query) -> Values:
        state = self._engine.fork()
        match query:
            case GetBalance(principal):
                account = state.rows(ACCOUNTS)[wallet(principal, "USD")]
                return account.available, account.held
            case GetMandate(agent):
                mandate = state.rows(MANDATES)[state.rows(AGENTS)[agent].mandate]
                return mandate.reserved_units, mandate.lifetime_units
            case GetListing(id):
                listing = state.get(LISTINGS, id)
                return () if listing is None else (listing.available,)


class HttpDoor:
    """A client for each actor, at a server; reads are the served questions."""

    def __init__(self, served: Served) -> None:
        self._url = served.url
        self._clients = {OPERATOR: Client(self._url, key=ADMIN)}

    def let_speak(self, actor: str) -> None:
        secret = "souq_" + hashlib.sha256(actor.encode()).hexdigest()
        key = AddKey(actor, "bearer", digest_of_secret(secret))
        self.submit(OPERATOR, f"key-{actor}", key).need()
        self._clients[actor] = Client(self._url, key=secret)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        return self._clients[actor].answer_to(command, command_id=id)

    def read(self, query: Query) -> Values:
        try:
            found = self._clients[OPERATOR].ask(query)
        except Refused as refused:
            if refused.reason is Reason.CLOSED:
                return ()
            raise
        match query:
            case GetBalance():
                return found.wallets[0].available, found.wallets[0].held
            case GetMandate():
                return found.reserved_units, found.lifetime_units
            case GetListing():
                return (found.available,)

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()


class LossyDoor:
    """A door on a bad line: some commands never arrive, and of some the answer gets lost.

    It is quiet until `is_on`, so that the market can be furnished first.
    """

    def __init__(self, door: Door, share: float, seed: int) -> None:
        self._door = door
        self._share = share
        self._random = Random(seed)
        self.is_on = False
        self.lost = 0

    def let_speak(self, actor: str) -> None:
        self._door.let_speak(actor)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        fate = self._random.random() / self._share if self.is_on else 1.0
        if fate < 0.5:
            self.lost += 1
            raise Lost
        answer = self._door.submit(actor, id, command)
        if fate < 1.0:
            self.lost += 1
            raise Lost
        return answer

    def read(self, query: Query) -> Values:
        return self._door.read(query)


@contextmanager
def engine_door(folder: Path) -> Iterator[Door]:
    """Open a market in a folder, for threads."""
    with Engine(SqliteStore(folder)) as engine:
        open_market(engine, Rules(), "open")
        yield EngineDoor(engine)


@contextmanager
def http_door(folder: Path) -> Iterator[Door]:
    """Serve a market in a folder over HTTP."""
    with serving(folder) as served:
        door = HttpDoor(served)
        try:
            yield door
        finally:
            door.close()


Opening = Callable[[Path], AbstractContextManager[Door]]
DOORS: dict[str, Opening] = {"engine": engine_door, "http": http_door}
