"""Doors with a planted bug: each is right for one client at a time, and wrong for several.

They are wrappers round an honest market, and the wrong answers come from real races, not from
chance: a copy kept too long, and two checks made before and acted on after.
"""

import threading
import time
from typing import Any

import msgspec

from souq.core.contract import AcceptDelivery, CancelContract
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Reason
from souq.engine import Answer
from souq.journal.record import Refusal
from souq.operations.queries import GetListing, GetMandate
from tests.linearizability.doors import Door, Query, Values

KEPT = 4  # reads that one copy answers
COPY_S = 0.005  # while it is made, it grows old


class StaleReads:
    """Each client reads from a copy of its own, made new by its own commands and now and then."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._mine = threading.local()

    def let_speak(self, actor: str) -> None:
        self._door.let_speak(actor)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        answer = self._door.submit(actor, id, command)
        self._mine.copies = {}
        return answer

    def read(self, query: Query) -> Values:
        copies: dict[Query, tuple[int, Values]] = self._mine.__dict__.setdefault("copies", {})
        left, values = copies.get(query, (0, ()))
        if not left:
            left, values = KEPT, self._door.read(query)
            time.sleep(COPY_S)
        copies[query] = (left - 1, values)
        return values


class LostUpdates:
    """The market knows of no cap; this door reads what is spent, and then lets the command pass."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._caps: dict[str, int] = {}

    def let_speak(self, actor: str) -> None:
        self._door.let_speak(actor)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        match command:
            case GrantMandate(agent, limits) if limits.value.lifetime_units is not None:
                self._caps[agent] = limits.value.lifetime_units
                open_limits = msgspec.structs.replace(limits.value, lifetime_units=None)
                command = GrantMandate(agent, SecretLimits(open_limits))
            case MakeOffer(_, price):
                if (no := self._beyond(actor, price.units)) is not None:
                    return no
            case TakePrice(_, price, quantity):
                if (no := self._beyond(actor, price.units * quantity)) is not None:
                    return no
            case _:
                pass
        return self._door.submit(actor, id, command)

    def read(self, query: Query) -> Values:
        return self._door.read(query)

    def _beyond(self, agent: str, units: int) -> Answer | None:
        if agent not in self._caps:
            return None
        left = self._caps[agent] - sum(self._door.read(GetMandate(agent)))
        if units <= left:
            return None
        return _no(Reason.BUDGET_EXCEEDED, rule="lifetime", available=left, needed=units)


class SoldTwice:
    """The market has plenty of each piece; this door looks who has it, and writes it down after."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._pieces: dict[str, str] = {}  # by listing: the contract it is promised to, or ""
        self._over: set[str] = set()

    def let_speak(self, actor: str) -> None:
        self._door.let_speak(actor)

    def submit(self, actor: str, id: str, command: Any) -> Answer:
        match command:
            case PostListing(quantity=1):
                plenty = msgspec.structs.replace(command, quantity=1_000)
                answer = self._door.submit(actor, id, plenty)
                self._pieces[answer.events[0].listing.id] = ""
                return answer
            case TakePrice(listing) if listing in self._over:
                return _no(Reason.CLOSED, id=listing)
            case TakePrice(listing) if self._pieces.get(listing):
                return _no(Reason.NOT_ENOUGH_STOCK, listing=listing, available=0, asked=1)
            case _:
                pass
        answer = self._door.submit(actor, id, command)
        if answer.refusal is None:
            self._write_down(command, answer)
        return answer

    def read(self, query: Query) -> Values:
        if not isinstance(query, GetListing) or query.listing not in self._pieces:
            return self._door.read(query)
        if query.listing in self._over:
            return ()
        return (int(not self._pieces[query.listing]),)

    def _write_down(self, command: Any, answer: Answer) -> None:
        match command:
            case TakePrice(listing) if listing in self._pieces:
                contracts = (getattr(event, "contract", "") for event in answer.events)
                self._pieces[listing] = next(filter(None, contracts))
            case CancelContract(contract) | AcceptDelivery(contract):
                for listing, promised in list(self._pieces.items()):
                    if promised == contract:
                        self._pieces[listing] = ""
                        if isinstance(command, AcceptDelivery):
                            self._over.add(listing)
            case _:
                pass


FAULTS: dict[str, tuple[str, type[Any]]] = {
    "a balance is read from an old copy": ("balances", StaleReads),
    "a budget is checked before and committed after": ("budgets", LostUpdates),
    "one piece is sold twice": ("single pieces", SoldTwice),
}


def _no(reason: Reason, **facts: str | int) -> Answer:
    return Answer(0, 0, (), Refusal(reason.value, facts))
