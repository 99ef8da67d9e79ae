"""Connects one scripted agent to a market: it sees, hands over what it owes, and takes its turn.

The agent itself keeps no link to the market; whatever it could do wrong, its mandate and its own
budget bound. A stranger's words are shown, blanked of what a terminal would obey, and never acted
on.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from souq.agents import Agent, turn_of
from souq.agents.budget import Budget, is_in_other_money
from souq.core.agreement import CashLeg, Leg, cash_given, cash_taken, goods
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.listing import WithdrawListing
from souq.core.mechanisms.moves import Reject, Withdraw
from souq.core.money import Asset, Money
from souq.core.negotiation import AgreementReached
from souq.core.refusal import Reason, Refused
from souq.engine import Answer
from souq.views.feed import RecordSeen
from souq.views.log import harmless
from souq.views.observation import NegotiationSeen, Observation

TIMER_S = 2.0  # between two looks where nothing concerned the agent
PACE_S = 0.05  # between two steps of one agent: a person could still follow
# Another moment may answer otherwise, or the talk is over anyway.
PASSING = frozenset(
    {
        Reason.CLOSED,
        Reason.HALTED,
        Reason.NOT_FOUND,
        Reason.NOT_YOUR_TURN,
        Reason.OVERLOADED,
        Reason.STOPPED,
        Reason.TERMS_CHANGED,
    }
)


class Link(Protocol):
    """What a runner needs of a client."""

    async def observe(self) -> Observation: ...
    async def submit(self, command: Any) -> Answer: ...


class Runner:
    """One agent at work. `woken` is set by whoever hears that something concerns it."""

    def __init__(
        self,
        agent: Agent,
        link: Link,
        asset: Asset,
        *,
        budget_units: int | None = None,
        tell: Callable[[str], None] = lambda line: None,
        note: str = "",
        remember: Callable[[str], None] = lambda note: None,
        pace_s: float = PACE_S,
        timer_s: float = TIMER_S,
    ) -> None:
        """`budget_units` is the most to spend in all, beside what the mandate allows.

        `note` is what the agent remembers from an earlier life; `remember` hears of each new one.
        """
        self._agent = agent
        self._link = link
        self._asset = asset
        self._budget = Budget(budget_units)
        self._tell = tell
        self._pace_s = pace_s
        self._timer_s = timer_s
        self._note = note
        self._remember = remember
        self._titles: dict[str, str] = {}  # of listings that its talks and deals are about
        self._terms: dict[str, str] = {}  # by negotiation, what the other side was told to offer
        self._deals: set[str] = set()
        self._has_looked = False
        self._last_refusal: Reason | None = None
        self._last_words = self._why = ""
        self.id = ""
        self.woken = asyncio.Event()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.bought = self.sold = self.paid_units = self.taken_units = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until told to stop."""
        while not stop.is_set():
            self.woken.clear()
            if await self.step():
                await asyncio.sleep(self._pace_s)
                continue
            try:
                # Many agents that started together are not to look together for ever.
                async with asyncio.timeout(self._timer_s * random.uniform(0.75, 1.25)):
                    await self.woken.wait()
            except TimeoutError:
                pass

    async def step(self) -> bool:
        """Look, and do the most pressing thing; tell whether something came of it."""
        seen = await self._link.observe()
        self.id = seen.agent
        self._follow(seen)
        for contract in seen.contracts:
            if contract.must_deliver and await self._do(
                SubmitDelivery(contract.id), f"delivers in {contract.id}"
            ):
                return True
            if contract.must_accept and await self._do(
                AcceptDelivery(contract.id), f"accepts the delivery in {contract.id}"
            ):
                return True
        for talk in seen.negotiations:
            if talk.is_my_turn and is_in_other_money(talk, self._asset.code):
                return await self._do(Reject(talk.id), f"rejects {talk.id}: other money")
        return await self._take_turn(seen)

    def hear(self, record: RecordSeen) -> None:
        """Note the deals that others closed; an observation may come too late for them."""
        for event in record.events:
            if isinstance(event, AgreementReached) and self.id in event.agreement.parties:
                self._agreed(event.contract, event.agreement.legs)

    async def leave(self) -> None:
        """Take back every open listing and offer of one's own."""
        seen = await self._link.observe()
        for talk in seen.negotiations:
            end = Reject(talk.id) if talk.is_my_turn else Withdraw(talk.id)
            await self._do(end, f"leaves {talk.id}")
        for listing in seen.listings:
            if listing.agent == seen.agent:
                await self._do(WithdrawListing(listing.id), f"takes {listing.id} back")

    async def _take_turn(self, seen: Observation) -> bool:
        seen = msgspec.structs.replace(self._within_budget(seen), refusal=self._why)
        turn = await turn_of(self._agent, seen, self._note)
        self._last_refusal, self._why = None, ""
        if turn.note is not None:
            self._note = turn.note
            self._remember(turn.note)
        has_said = turn.words is not None and await self._do(
            turn.words, f"says “{plain(turn.message, 400)}”"
        )
        command = turn.operation
        if command is None:
            return has_said
        here = getattr(command, "negotiation", "")
        self._last_refusal = None
        if not self._budget.allows(command, seen):
            self.refused["own_budget"] += 1
            why = self._why = "beyond its budget"
        else:
            if await self._do(command, self._told(command)):
                return True
            why, self._why = "it can come to nothing", self._last_words
        # Whatever stays on the table would be answered first again, and nothing else ever done.
        if here and self._last_refusal not in PASSING:
            return await self._do(Reject(here), f"rejects {here}: {why}") or has_said
        return has_said

    def _follow(self, seen: Observation) -> None:
        """Learn what became of talks and deals since the last look, and tell what is new."""
        known = {one.id: one.title for one in seen.listings}
        about = [leg for talk in seen.negotiations for leg in talk.goods]
        about += [leg for contract in seen.contracts for leg in goods(contract.legs)]
        kept = {leg.listing: self._titles.get(leg.listing, "?") for leg in about}
        self._titles = kept | known
        for contract in seen.contracts:
            if self._has_looked:
                self._agreed(contract.id, contract.legs)
            else:  # made in an earlier life, so paid from an earlier budget
                self._deals.add(contract.id)
        for talk in seen.negotiations:
            if talk.is_my_turn and self._terms.get(talk.id) != talk.terms:
                self._tell(f"is offered {self._on_table(talk)}")
        self._terms = {talk.id: talk.terms for talk in seen.negotiations if talk.is_my_turn}
        self._has_looked = True

    def _within_budget(self, seen: Observation) -> Observation:
        left = self._budget.left()
        if left is None:
            return seen
        return msgspec.structs.replace(seen, available_units=min(seen.available_units, left))

    async def _do(self, command: Any, told: str) -> bool:
        name = type(command).__name__
        try:
            answer = await self._link.submit(command)
        except Refused as refused:
            self.refused[refused.reason.value] += 1
            self._last_refusal, self._last_words = refused.reason, str(refused)
            self._tell(f"{told}: refused, {plain(str(refused), 200)}")
            return False
        self.done[name] += 1
        self._tell(told)
        for event in answer.events:
            if isinstance(event, AgreementReached):
                self._agreed(event.contract, event.agreement.legs)
        return True

    def _agreed(self, contract: str, legs: tuple[Leg, ...]) -> None:
        if contract in self._deals:
            return
        self._deals.add(contract)
        paid = cash_given(legs, self.id)
        taken = sum(money.units for money in cash_taken(legs, self.id))
        self._budget.agreed(contract, paid)
        self.paid_units += paid
        self.taken_units += taken
        told = []
        if coming := [leg.listing for leg in goods(legs) if leg.taker == self.id]:
            self.bought += 1
            told.append(f"gets {self._things(coming)}")
        if going := [leg.listing for leg in goods(legs) if leg.giver == self.id]:
            self.sold += 1
            told.append(f"gives {self._things(going)}")
        if paid or taken:
            told.append(f"{'pays' if paid else 'takes'} {self._money(paid or taken)}")
        self._tell(f"deal {contract}: {', '.join(told)}")

    def _told(self, command: Any) -> str:
        """Say in words what an agent asks for."""
        name = type(command).__name__
        price = getattr(command, "price", None)
        money = f" {self._money(price.units)}" if price is not None else ""
        if name == "PostListing":
            return f"lists “{plain(command.title.value)}”{money}"
        ids = [item.listing for item in getattr(command, "items", ())]
        ids += [one for one in (getattr(command, "listing", ""),) if one]
        where = getattr(command, "negotiation", "")
        return " ".join(filter(None, (_words(name), self._things(ids), where))) + money

    def _on_table(self, talk: NegotiationSeen) -> str:
        gets = [self._things([leg.listing]) for leg in talk.goods if leg.taker == self.id]
        gives = [self._things([leg.listing]) for leg in talk.goods if leg.giver == self.id]
        for leg in talk.legs:
            if isinstance(leg, CashLeg):
                (gives if leg.giver == self.id else gets).append(self._amount(leg.amount))
        others = ", ".join(party for party in talk.parties if party != self.id)
        what, price = (" and ".join(side) or "nothing" for side in (gets, gives))
        return f"{what} for {price} by {others} in {talk.id}"

    def _things(self, ids: list[str]) -> str:
        return ", ".join(f"{id} “{plain(self._titles.get(id, '?'))}”" for id in ids)

    def _amount(self, money: Money) -> str:
        if money.asset == self._asset.code:
            return self._money(money.units)
        return f"{money.units} units of {plain(money.asset)}"

    def _money(self, units: int) -> str:
        return f"{self._asset.format(units)} {self._asset.code}"


def plain(words: str, chars_max: int = 80) -> str:
    """Blank what a terminal would obey in a stranger's words."""
    return harmless(words)[:chars_max]


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
