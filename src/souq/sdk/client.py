"""A market from Python, in this process or over HTTP, by the same class.

    with Client.local() as market:               # or Client("http://…", key=Path("bea.key"))
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        lamp = sol.list("Brass lamp", category="home", price="900")
        talk = bea.offer(lamp, "600")

Every operation is a method (`client.get_contract("C1")`); a command may also be given as it is
(`client.submit(MakeOffer(…))`). What the rules forbid raises Refused.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx2

from souq.core.mandate import Limits
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.engine import Answer, system_clock, system_salts
from souq.journal.memory import MemoryStore
from souq.journal.replay import SNAPSHOT
from souq.journal.sqlite import SqliteStore
from souq.operations.queries import GetMarket, ListEvents, WhoAmI
from souq.sdk.acts import Acts
from souq.sdk.doors import PATIENCE_S, TIMEOUT_S, Later, Local, Patience, Try, Wire, waits
from souq.sdk.methods import Methods
from souq.sdk.signing import KeyFile, Signer, load_key
from souq.sdk.stream import Lines, read_record
from souq.sdk.trader import Trader, joined
from souq.venue import Venue
from souq.views.feed import RecordSeen

LOCAL_POLL_S = 0.02
Key = str | Path | KeyFile


class Client(Methods):
    """Whoever speaks to a market. Close it, or use it in a `with` block. Threads may share it."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: Key = "",
        signs: bool = False,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Speak to the market at a URL, with a bearer secret or a key file.

        With `signs` the key also signs each command itself, for receipts to prove (see `acts`).

        `patience_s` is how long one call is tried again, with the same id, before it raises
        Unreachable.
        """
        self._local: Local | None = None
        self._is_owner = True
        self._lock = threading.Lock()
        self._patience_s = patience_s
        self._key, self._signs = key, signs
        self._acts: Acts | None = None  # made when the first command is signed
        self._wire = Wire(url, signer_of(key))
        self._http = httpx2.Client(timeout=timeout_s, trust_env=False, verify=verified(url))

    @classmethod
    def local(
        cls,
        folder: str | Path | None = None,
        *,
        rules: Rules | None = None,
        actor: str = OPERATOR,
        clock: Callable[[], int] = system_clock,
        salts: Callable[[], bytes] = system_salts,
    ) -> Self:
        """Open a market in this process: in memory, or kept in a folder and opened again later.

        `rules` are for a new one. The client speaks as the operator, or as `actor`. Raises Damaged
        or InUse for a bad folder.
        """
        path = None if folder is None else Path(folder)
        venue = Venue(
            MemoryStore() if path is None else SqliteStore(path),
            data=path,
            clock=clock,
            salts=salts,
            snapshot=None if path is None else path / SNAPSHOT,
        )
        if venue.engine.head[0] == 0:
            venue.submit(OPERATOR, secrets.token_hex(16), OpenMarket(rules or Rules())).need()
        return cls.over(venue, actor)

    @classmethod
    def over(cls, venue: Venue, actor: str = OPERATOR) -> Self:
        """Speak to a market that is open in this process; `close` closes it."""
        return cls._at(venue, actor, threading.Lock(), is_owner=True)

    @classmethod
    def _at(
        cls,
        venue: Venue,
        actor: str,
        lock: threading.Lock,
        *,
        is_owner: bool,
        key: Key = "",
        signs: bool = False,
    ) -> Self:
        self = cls.__new__(cls)
        self._local = Local(venue, actor)
        self._is_owner = is_owner
        self._lock = lock
        self._key, self._signs, self._acts = key, signs, None
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections, or of the market in this process that this client opened."""
        if self._local is None:
            self._http.close()
        elif self._is_owner:
            with self._lock:
                self._local.venue.close()

    @property
    def is_local(self) -> bool:
        """Tell whether the market is in this process."""
        return self._local is not None

    @property
    def venue(self) -> Venue:
        """Give the market in this process. Raises TypeError where it is elsewhere."""
        if self._local is None:
            raise TypeError("this market is in another process")
        return self._local.venue

    def speaking_as(self, actor: str, key: Key = "", *, signs: bool = False) -> Self:
        """Give a client that speaks as somebody else: by name in this process, else by a key."""
        if self._local is not None:
            venue = self._local.venue
            return self._at(venue, actor, self._lock, is_owner=False, key=key, signs=signs)
        return type(self)(
            self._wire.url,
            key=key,
            signs=signs,
            timeout_s=self._http.timeout.read or TIMEOUT_S,
            patience_s=self._patience_s,
        )

    def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command. Raises Refused.

        Bring a `command_id` of your own to try again safely after a crash of yours; without one,
        every call is a new command.
        """
        return self.answer_to(command, command_id=command_id).need()

    def answer_to(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command and its answer, be it a refusal."""
        id = command_id or new_id()
        acts = self._signing()
        if self._local is not None:
            with self._lock:
                return self._local.submit(command, id, acts)
        return self._tried(self._wire.command(command, id, acts), self._wire.answer)

    def submit_many(self, commands: Iterable[Any | tuple[str, Any]]) -> list[Answer]:
        """Give up to 1,000 commands, or (id, command), in order; give all answers, noes too."""
        named = [one if isinstance(one, tuple) else (new_id(), one) for one in commands]
        if not named:
            return []
        acts = self._signing()
        if self._local is not None:
            with self._lock:
                return [self._local.submit(command, id, acts) for id, command in named]
        return self._tried(self._wire.batch(named, acts), self._wire.answers)

    def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused."""
        if self._local is not None:
            with self._lock:
                return self._local.ask(query)
        wire = self._wire
        return self._tried(wire.query(query), lambda response: wire.result(query, response))

    def events(
        self,
        after: int | None = None,
        types: Iterable[str] = (),
        *,
        stop: Callable[[], bool] = bool,
    ) -> Iterator[RecordSeen]:
        """Stream what happens and may be seen, for ever or until `stop`.

        It begins after record `after`, or with what happens from now on, and survives lost lines.
        """
        wanted = tuple(types)
        if after is None:
            after = int(self.ask(GetMarket()).seq)
        if self._local is None:
            yield from self._stream(after, wanted, stop)
            return
        while not stop():
            page = self.ask(ListEvents(after=after, types=wanted))
            yield from page.records
            if not page.records and page.last == after:
                time.sleep(LOCAL_POLL_S)
            after = page.last

    def join(self, name: str, *, deposit: str = "0", limits: Limits | None = None) -> Trader:
        """Register a person with an agent, its authority (wide open by default), and its money.

        For the operator. Over HTTP the agent gets a bearer key of its own.
        """
        return joined(self, name, deposit, limits or Limits())

    def _stream(
        self, after: int, types: tuple[str, ...], stop: Callable[[], bool]
    ) -> Iterator[RecordSeen]:
        one = self._wire.stream(types)
        pauses = waits()
        while not stop():
            headers = self._wire.headers(one) | {"Last-Event-ID": str(after)}
            try:
                with self._http.stream("GET", one.url, headers=headers) as response:
                    if response.status_code >= 300:
                        response.read()
                    self._wire.check(response)
                    lines = Lines()
                    for part in response.iter_bytes():
                        for event in lines.feed(part):
                            pauses = waits()
                            after = int(event.id or after)
                            if event.data:
                                yield read_record(event.data)
                        if stop():
                            return
            except (httpx2.HTTPError, Later):
                time.sleep(next(pauses))

    def _signing(self) -> Acts | None:
        if self._signs and self._acts is None:
            market, actor = self.ask(GetMarket()).rules.name, self.ask(WhoAmI()).actor
            self._acts = Acts(key_file_of(self._key), market=market, actor=actor)
        return self._acts

    def _tried(self, one: Try, read: Callable[[httpx2.Response], Any]) -> Any:
        """Send until there is an answer. Raises Unreachable."""
        patience = Patience(self._wire.url, self._patience_s)
        while True:
            try:
                response = self._http.request(
                    one.method, one.url, content=one.body, headers=self._wire.headers(one)
                )
                return read(response)
            except (Later, httpx2.HTTPError) as failure:
                time.sleep(patience.pause(failure))


def verified(url: str) -> bool:
    """Tell whether certificates matter: loading them takes longer than a request without TLS."""
    return not url.startswith("http://")


def new_id() -> str:
    """Make a command id that nobody else makes."""
    return secrets.token_hex(16)


def key_file_of(key: Key) -> KeyFile:
    """Give a key that can be signed with. Raises ValueError for a bearer secret as text."""
    if isinstance(key, str):
        raise ValueError("a bearer secret cannot sign; make a key with: souq keys new me.key")
    return load_key(key) if isinstance(key, Path) else key


def signer_of(key: Key) -> Signer | None:
    """Give what proves who speaks: a bearer secret as text, a key file by its path."""
    if isinstance(key, Path):
        return Signer(load_key(key))
    if isinstance(key, str):
        return Signer(KeyFile("bearer", key, "")) if key else None
    return Signer(key)
