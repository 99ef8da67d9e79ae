"""The outbox takes payouts to their rails, and brings what rails say back as commands.

There is no queue: the open payouts in the live state are the outbox. For each of them, again and
again until it is over:

    submit SendPayout ──durable──▶ ask the rail, payout's id as key ──▶ submit what it answered
                                        └── no answer: later, the same again

Every step may be repeated with the same effect, so a kill between any two of them does no harm: a
command's id is derived from what it says, and the rail pays once per key. No answer is never a
failure; a payout stays on its way until its rail settles it. Notices (deposits, chargebacks) are
read from a cursor kept as a mark; where that is lost they are told again, and have had their
effect already.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from souq.core.deposit import REFERENCE_MAX
from souq.core.funds import ReportChargeback, ReportDeposit
from souq.core.money import Money
from souq.core.payout import PAYOUTS, ConfirmPayout, FailPayout, Payout, SendPayout, Sent
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR
from souq.core.state import State
from souq.engine import Answer
from souq.journal.record import Payload
from souq.journal.store import Store
from souq.rails import Rail
from souq.rails.order import Chargeback, Deposit, NoAnswer, Order, Paid, Rejected

POLL_S = 2.0
WAIT_MIN_S, WAIT_MAX_S = 0.5, 300.0
ANSWER_S = 60.0  # whatever a rail promises of its own time-outs
AT_ONCE_MAX = 16
# No later moment changes these answers; after any other refusal it is worth asking once more.
FINAL = frozenset(
    {
        Reason.ALREADY_EXISTS,
        Reason.CLOSED,
        Reason.ID_REUSED,
        Reason.INVALID,
        Reason.NOT_FOUND,
        Reason.NOT_YOURS,
        Reason.QUARANTINED,
        Reason.WRONG_STATE,
    }
)
log = logging.getLogger(__name__)
Submit = Callable[[str, str, Any], Awaitable[Answer]]


class Later(Exception):
    """The market did not take a command now."""


class Shelf(Protocol):
    """What the outbox needs of a store."""

    def mark(self, name: str) -> str | None: ...
    def set_mark(self, name: str, value: str) -> None: ...
    def payload(self, digest: str) -> Payload | None: ...


def market_id(store: Store) -> str:
    """Name a market to its rails by its first record, so that two markets' W1 are not one."""
    first = next(iter(store.read(1, 1)), None)
    if first is None:
        raise ValueError("a market has no name before its first record")
    return first.hash.hex()[:16]


class Outbox:
    """Give it `run`, or call `step`; one per market, where the engine is."""

    def __init__(
        self,
        submit: Submit,
        state: Callable[[], State],
        rails: Mapping[str, Rail],
        shelf: Shelf,
        *,
        market: str,
        clock: Callable[[], float] = time.monotonic,
        poll_s: float = POLL_S,
        wait_min_s: float = WAIT_MIN_S,
        wait_max_s: float = WAIT_MAX_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        """`submit` answers when the record is durable; `market` comes from `market_id`."""
        self._submit = submit
        self._state = state
        self._rails = rails
        self._shelf = shelf
        self._market = market
        self._clock = clock
        self._poll_s = poll_s
        self._waits = (wait_min_s, wait_max_s)
        self._answer_s = answer_s
        self._failures: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._refused: Counter[str] = Counter()  # by command: refusals that stand in the journal
        self._woken = {name: asyncio.Event() for name in rails}
        self.troubles: list[str] = []  # for people to look at; the newest last

    async def run(self) -> None:
        """Serve every rail until cancelled; a slow one holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._rails:
                tasks.create_task(self._serve(name))

    def wake(self) -> None:
        """Say that there may be something to do: a payout was asked for."""
        for event in self._woken.values():
            event.set()

    async def step(self) -> None:
        """Hear every rail whose time has come, and try every such payout, once."""
        async with asyncio.TaskGroup() as tasks:
            for name in self._rails:
                tasks.create_task(self._step(name))

    async def _serve(self, name: str) -> None:
        woken = self._woken[name]
        while True:
            woken.clear()
            await self._step(name)
            now = self._clock()
            keys = (name, *self._waiting(name))
            waits = [self._not_before.get(key, 0.0) - now for key in keys]
            wait = min((one for one in waits if one > 0), default=self._poll_s)
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`: in Python 3.11 it can swallow a cancellation, and never end.
                async with asyncio.timeout(min(wait, self._poll_s)):
                    await woken.wait()

    async def _step(self, name: str) -> None:
        rail, places = self._rails[name], asyncio.Semaphore(AT_ONCE_MAX)

        async def one(payout: str) -> None:
            async with places:
                await self._try(payout, self._settle(name, payout))

        async with asyncio.TaskGroup() as tasks:
            if self._is_due(name):
                self._not_before[name] = self._clock() + self._poll_s
                tasks.create_task(self._try(name, self._hear(name)))
            for payout in self._waiting(name) if rail.is_automatic else ():
                if self._is_due(payout):
                    tasks.create_task(one(payout))

    def _waiting(self, name: str) -> list[str]:
        payouts = self._state().rows(PAYOUTS)
        return [id for id, payout in payouts.items() if payout.order.rail == name]

    def _is_due(self, key: str) -> bool:
        return self._not_before.get(key, 0.0) <= self._clock()

    async def _try(self, key: str, attempt: Awaitable[None]) -> None:
        """Make an attempt; where nothing came of it, wait twice as long as the time before."""
        try:
            async with asyncio.timeout(self._answer_s):
                await attempt
        except (NoAnswer, Later, TimeoutError) as why:
            least, most = self._waits
            wait = min(most, least * 2 ** min(self._failures[key], 20))
            self._failures[key] += 1
            self._not_before[key] = self._clock() + wait
            log.warning("%s: %s; again in %.1f s", key, why or "no answer in time", wait)
        else:
            del self._failures[key]  # a Counter does not mind a key it has not
            if key not in self._rails:
                self._not_before.pop(key, None)

    async def _settle(self, name: str, id: str) -> None:
        # Asked for also where it was sent before: the answer tells that all of this is durable.
        await self._say(f"payout:{id}:send", SendPayout(id))
        payout = self._state().get(PAYOUTS, id)
        if not isinstance(payout, Sent):
            return  # cancelled, or its owner is in debt
        outcome = await self._rails[name].pay(self._order(id, payout))
        match outcome:
            case Paid(reference):
                said = ConfirmPayout(id, _short(reference))
                answer = await self._say(f"payout:{id}:paid", said)
            case Rejected(why):
                answer = await self._say(f"payout:{id}:failed", FailPayout(id, why))
        if answer.refusal is not None:
            # Somebody settled it by hand meanwhile. Where they differ, money is not where the
            # books say, and only people can put that right.
            self._trouble(f"rail {name} says {outcome} of {id}: {answer.refusal.reason}")

    def _order(self, id: str, payout: Payout) -> Order:
        order = payout.order
        return Order(
            id=f"{self._market}-{id}",
            units=order.amount.units,
            asset=order.amount.asset,
            destination=self._words(order.destination),
        )

    def _words(self, digest: str) -> str:
        if not digest:
            return ""
        payload = self._shelf.payload(digest)
        if payload is None:
            # It may be on its way already, so its failure would be a guess.
            raise NoAnswer("its destination was erased")
        return msgspec.json.decode(payload.content, type=str)

    async def _hear(self, name: str) -> None:
        cursor = self._shelf.mark(f"rail:{name}") or ""
        while True:
            news = await self._rails[name].notices(cursor)
            for notice in news.notices:
                await self._report(name, notice)
            if news.cursor != cursor:
                self._shelf.set_mark(f"rail:{name}", news.cursor)
            if news.cursor == cursor or not news.notices:
                break
            cursor = news.cursor

    async def _report(self, name: str, notice: Deposit | Chargeback) -> None:
        command: ReportDeposit | ReportChargeback
        amount = Money(notice.units, notice.asset)
        if isinstance(notice, Deposit):
            command = ReportDeposit(notice.principal, amount, name, notice.reference)
        else:
            command = ReportChargeback(amount, name, notice.reference)
        digest = hashlib.sha256(msgspec.json.encode(command)).hexdigest()
        answer = await self._say(f"notice:{name}:{digest[:32]}", command)
        if answer.refusal is not None and answer.refusal.reason != Reason.ALREADY_EXISTS:
            self._trouble(f"rail {name} tells of {notice}: {answer.refusal.reason}")

    async def _say(self, id: str, command: Any) -> Answer:
        """Submit until the answer is final. Raises Later where another moment may change it.

        A refusal sticks to its id. So each try after a recorded one has an id of its own, counted
        from 0 after a restart too: those that were refused then are refused again, and passed.
        """
        while True:
            answer = await self._submit(OPERATOR, f"{id}:{self._refused[id]}", command)
            if answer.refusal is None or answer.refusal.reason in FINAL:
                self._refused.pop(id, None)
                return answer
            if answer.seq:
                self._refused[id] += 1
            if not answer.is_replay:
                raise Later(answer.refusal.reason)

    def _trouble(self, what: str) -> None:
        if what not in self.troubles[-100:]:
            self.troubles.append(what)
            log.error("%s", what)
            del self.troubles[:-1_000]


def _short(reference: str) -> str:
    """Name a payment within the market's bounds, whatever the rail calls it."""
    if reference.isprintable() and len(reference) <= REFERENCE_MAX:
        return reference
    return hashlib.sha256(reference.encode(errors="replace")).hexdigest()
