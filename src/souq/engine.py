"""The single writer: stamp, judge, append, fold, answer.

One engine writes one market. Deciding and merging happen in the caller's thread, one command at a
time; the journal is flushed by one other thread; nothing that shows the effect of a record leaves
before that record is durable.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from souq.core import market
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, SYSTEM
from souq.core.state import Draft, State
from souq.journal.admission import SIZE_MAX, SIZE_MAX_OPERATOR, Malformed, admit
from souq.journal.commit import GroupCommits, InstantCommits, Stopped
from souq.journal.known import KnownIds
from souq.journal.record import Entry, Payload, Record, Refusal, chained, encode
from souq.journal.replay import Replayed, reader, replay
from souq.journal.sealing import is_same, no_salt, owned, read_signed, seal
from souq.journal.sealing import system_salts as system_salts
from souq.journal.store import Store

ID_LENGTH_MAX = 128
QUEUE_MAX = 16_384
_COMMANDS = frozenset(market.COMMANDS)


class Answer(Struct, frozen=True, omit_defaults=True):
    """What became of a command: events, or a refusal. `is_replay`: it had been answered before."""

    seq: int
    at: int
    events: tuple[Any, ...] = ()
    refusal: Refusal | None = None
    is_replay: bool = False

    def need(self) -> "Answer":
        """Return the answer itself, or raise Refused for a no."""
        if self.refusal is not None:
            raise Refused(Reason(self.refusal.reason), **self.refusal.facts)
        return self


class Pending:
    """An answer that may not be shown yet: its record is on the way to the disk."""

    __slots__ = ("_answer", "_engine")

    def __init__(self, engine: "Engine", answer: Answer) -> None:
        self._engine = engine
        self._answer = answer

    @property
    def seq(self) -> int:
        """Give the record's number, or 0 where nothing was recorded."""
        return self._answer.seq

    @property
    def judged(self) -> Answer:
        """Give the answer before it is durable; nobody outside this process may see it yet."""
        return self._answer

    def result(self) -> Answer:
        """Wait until the record is durable, then give the answer. Raises Stopped."""
        self._engine.wait(self._answer.seq)
        return self._answer


class Fault(Exception):
    """An invariant is broken. The engine has stopped; replay brings back the last good state."""


def system_clock() -> int:
    """Give microseconds UTC."""
    return time.time_ns() // 1_000


class Engine:
    """One market, open for commands. Close it, or use it in a `with` block."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], int] = system_clock,
        salts: Callable[[], bytes] = system_salts,
        snapshot: Path | None = None,
        on_record: Callable[[Record], None] | None = None,
        on_durable: Callable[[int], None] | None = None,
        queue_max: int = QUEUE_MAX,
        replayed: Replayed | None = None,
    ) -> None:
        """Open a market by replaying its journal. Raises Damaged where that cannot be done.

        `replayed` is what a standby has folded already: all of the journal, and the engine's now.
        `on_record` is called with every new record, words and all, before it is durable, by whoever
        submits; `on_durable` by the writing thread. Neither may call the engine.
        """
        assert __debug__, "the market never runs with assertions off"
        self._store = store
        self._snapshot = snapshot
        self._clock = clock
        self._salts = salts
        self._read = reader(store).whole
        if replayed is None:
            replayed = replay(store, snapshot=snapshot)
        elif (replayed.seq, replayed.hash) != store.head():
            raise ValueError("the state given is not the one at the journal's head")
        self._state, self._seq, self._hash = replayed.state, replayed.seq, replayed.hash
        self._quarantined = store.quarantined()
        self._lock = threading.RLock()
        self._stopped: str = ""
        self._queue_max = queue_max
        self._on_record = on_record
        self._ids = KnownIds(store, self._seq)
        self._commits: InstantCommits | GroupCommits = (
            InstantCommits(store) if store.is_instant else GroupCommits(store, on_durable)
        )

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(
        self, actor: str, command_id: str, command: Any, nonce: str = "", act: str = ""
    ) -> Answer:
        """Judge a command and wait until its record is durable."""
        return self.submit_soon(actor, command_id, command, nonce, act).result()

    def submit_many(self, commands: Iterable[tuple[str, str, Any]]) -> list[Answer]:
        """Judge (actor, command id, command) in order and wait once for all of them."""
        pending = [self.submit_soon(*command) for command in commands]
        return [one.result() for one in pending]

    def submit_soon(
        self, actor: str, command_id: str, command: Any, nonce: str = "", act: str = ""
    ) -> Pending:
        """Judge a command now; its answer may be shown when `result` returns it.

        `nonce` is what a signed request carried, `act` the actor's signature under the command
        itself (see `journal.sealing.read_signed`); both are kept in the record.
        Raises Fault where the command breaks an invariant, and Stopped after one, or after a
        failed flush.
        """
        with self._lock:
            answer = self._answer(actor, command_id, command, nonce, act)
        if isinstance(answer, int):
            # The lock is free again: while one caller waits for an old record, others go on.
            answer = self._again(answer, actor, command)
        return Pending(self, answer)

    def tick(self) -> int:
        """Handle every deadline that has come, durably; give their number."""
        count = self.tick_soon()
        self.wait(self._seq)
        return count

    def tick_soon(self) -> int:
        """Handle every deadline that has come; give their number, which may not be shown yet."""
        with self._lock:
            if self._stopped:
                raise Stopped(self._stopped)
            return self._tick(self._now())

    def wait(self, seq: int) -> None:
        """Return once record `seq` is durable."""
        self._commits.wait(seq)

    @property
    def state(self) -> State:
        """Give the live state, once everything that made it is durable. Not to be changed.

        It is the state of this moment until the next command; another thread wants a `fork`.
        """
        with self._lock:
            self._commits.wait(self._seq)
            return self._state

    @property
    def live(self) -> tuple[State, int]:
        """Give the live state at once, and the record it stands at.

        What it tells may leave this process only when `wait` returns for that record.
        """
        return self._state, self._seq

    @property
    def last_hash(self) -> bytes:
        """Give the hash of the record that the live state stands at."""
        return self._hash

    @property
    def durable(self) -> int:
        """Give the number of the last record that is known to be durable."""
        return self._commits.durable

    @property
    def is_writing(self) -> bool:
        """Tell whether records still become durable; a failed flush ends that for good."""
        return self._commits.failure is None

    @property
    def stopped(self) -> str:
        """Say why no command is taken any more, or give ""."""
        return self._stopped

    def fork(self) -> State:
        """Give a copy of the state, once everything that made it is durable."""
        with self._lock:
            return self.state.fork()

    @property
    def head(self) -> tuple[int, bytes]:
        """Give the last durable record's number and hash."""
        with self._lock:
            self._commits.wait(self._seq)
            return self._seq, self._hash

    @property
    def store(self) -> Store:
        """Give the journal's store, for reading."""
        return self._store

    def last_durable(self) -> Replayed:
        """Fold what is durable anew: what may still be shown once a flush has failed.

        The live state then holds what nobody was told. It takes as long as a start.
        """
        return replay(self._store, until=self._commits.durable, snapshot=self._snapshot)

    def stop(self) -> None:
        """Take no more commands, and flush what was judged; the journal can still be read."""
        with self._lock:
            if not self._stopped:
                self._stopped = "the market is closed"
            self._ids.close()
            self._commits.close()

    def close(self) -> None:
        """Flush, and let go of the journal."""
        with self._lock:
            self.stop()
            self._store.close()

    def _answer(
        self, actor: str, command_id: str, command: Any, nonce: str, act: str
    ) -> Answer | int:
        """Judge a command, or give the number of the record that answered it before."""
        if self._stopped:
            raise Stopped(self._stopped)
        if type(command) not in _COMMANDS:
            raise TypeError(f"not a command: {type(command).__name__}")
        if why := _wrong_name(actor):
            return self._no(Reason.INVALID, field="actor", why=why)
        if why := _wrong_name(command_id):
            return self._no(Reason.INVALID, field="command_id", why=why)
        if actor == SYSTEM:
            return self._no(Reason.NOT_YOURS)
        before = self._ids.find((actor, command_id))
        if before is not None:
            return before
        if self._seq - self._commits.durable >= self._queue_max:
            return self._no(Reason.OVERLOADED)
        try:
            command = _admitted(actor, command)
            signed = read_signed(act, actor, command_id)
        except Malformed as error:
            return self._no(Reason.INVALID, field="command", why=str(error))
        if self._quarantined and _digest(actor, command) in self._quarantined:
            return self._no(Reason.QUARANTINED)
        now = self._now()
        self._tick(now)
        at = max(now, self._state.at + 1)
        sealed, payloads = seal(command, signed.salts or self._salts)
        proof = (nonce, signed.jws)
        try:
            draft = market.decide(
                self._state, at=at, actor=actor, command=sealed, act=signed.act(command_id)
            )
        except Refused as refused:
            refusal = Refusal(refused.reason.value, refused.facts)
            return self._record(at, actor, command_id, sealed, None, refusal, payloads, proof)
        except Exception as error:
            self._stop(f"{type(error).__name__}: {error}")
            self._store.quarantine(_digest(actor, command))
            raise Fault(f"a command broke an invariant: {error!r}") from error
        return self._record(at, actor, command_id, sealed, draft, None, payloads, proof)

    def _record(
        self,
        at: int,
        actor: str,
        command_id: str,
        command: Any,
        draft: Draft | None,
        refusal: Refusal | None = None,
        payloads: tuple[Payload, ...] = (),
        proof: tuple[str, str] = ("", ""),
    ) -> Answer:
        events = () if draft is None else tuple(draft.events)
        if payloads:
            payloads = owned(payloads, self._state, actor, command, events)
        seq = self._seq + 1
        record = Record(seq, at, actor, command_id, command, events, refusal, *proof)
        body = encode(record)
        hash = chained(self._hash, body)
        # From here to the end the journal and the memory differ. Whatever breaks in, a key pressed
        # or memory run out, the engine must not judge by half of a record.
        self._stopped = "the market was interrupted in the midst of a record; open it again"
        try:
            self._commits.put(Entry(seq, hash, body, actor, command_id or None, payloads))
        except Stopped as stopped:
            self._stopped = str(stopped)
            raise
        self._seq, self._hash = seq, hash
        if draft is None:
            self._state.at = at
        else:
            draft.merge()
        if command_id:
            self._ids.add(at, (actor, command_id), seq, self._commits.durable)
        if self._on_record is not None:
            self._on_record(record)
        self._stopped = ""
        return Answer(seq, at, events, refusal)

    def _now(self) -> int:
        now = self._clock()
        assert type(now) is int, "a clock counts whole microseconds"
        return now

    def _tick(self, now: int) -> int:
        count = 0
        # The next stamp counts, not the clock: where that stands still or goes back, stamps run
        # ahead of it, and none may pass a deadline.
        while (due := self._state.next_due()) and due[0] <= max(now, self._state.at + 1):
            at = max(due[0], self._state.at + 1)
            tick = market.Tick(due[1])
            try:
                draft: Draft = market.decide(self._state, at=at, actor=SYSTEM, command=tick)
            except Exception as error:
                self._stop(f"{type(error).__name__}: {error}")
                raise Fault(f"a deadline broke an invariant: {due[1]}: {error!r}") from error
            self._record(at, SYSTEM, "", tick, draft)
            count += 1
        return count

    def _again(self, seq: int, actor: str, command: Any) -> Answer:
        try:
            command = _admitted(actor, command)
        except Malformed as error:
            return self._no(Reason.INVALID, field="command", why=str(error))
        self._commits.wait(seq)
        entry = next(iter(self._store.read(seq, seq)))
        record = self._read(seq, entry.body)
        if not is_same(command, record.command, self._store.payload):
            return self._no(Reason.ID_REUSED, seq=seq)
        return Answer(seq, record.at, record.events, record.refusal, is_replay=True)

    def _no(self, reason: Reason, **facts: str | int) -> Answer:
        """Refuse without a record: nothing was judged, so nothing sticks to the id."""
        return Answer(0, self._state.at, (), Refusal(reason.value, facts))

    def _stop(self, why: str) -> None:
        self._stopped = f"the market stopped at a broken invariant: {why}"


def _wrong_name(name: Any) -> str:
    if type(name) is not str or not 0 < len(name) <= ID_LENGTH_MAX:
        return "1 to 128 characters"
    return "" if name.isprintable() else "printable characters only"


def _admitted(actor: str, command: Any) -> Any:
    return admit(command, SIZE_MAX_OPERATOR if actor == OPERATOR else SIZE_MAX)


def _digest(actor: str, command: Any) -> str:
    """Name a command by what it asks, whatever id it comes under."""
    plain, _ = seal(command, no_salt)
    return hashlib.sha256(actor.encode() + b"\0" + encode(plain)).hexdigest()
