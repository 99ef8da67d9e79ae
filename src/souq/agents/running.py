"""Connects one scripted agent to a market: it sees, hands over what it owes, and takes its turn.

The agent itself keeps no link to the market; whatever it could do wrong, its mandate and its own
budget bound. A stranger's words are shown, blanked of what a terminal would obey, and never acted
on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from souq.agents import Agent
from souq.core.agreement import cash_given
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.listing import WithdrawListing
from souq.core.mechanisms.moves import Reject, Withdraw
from souq.core.message import PostMessage
from souq.core.money import Asset
from souq.core.negotiation import AgreementReached
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.views.observation import Observation

TIMER_S = 2.0  # between two looks where nothing concerned the agent
PACE_S = 0.05  # between two steps of one agent: a person could still follow


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
        pace_s: float = PACE_S,
        timer_s: float = TIMER_S,
    ) -> None:
        """`budget_units` is the most to spend in all, beside what the mandate allows."""
        self._agent = agent
        self._link = link
        self._asset = asset
        self._budget_units = budget_units
        self._tell = tell
        self._pace_s = pace_s
        self._timer_s = timer_s
        self._note = ""
        self._spent: dict[str, int] = {}  # by contract
        self.id = ""
        self.woken = asyncio.Event()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until told to stop."""
        while not stop.is_set():
            self.woken.clear()
            if await self.step():
                await asyncio.sleep(self._pace_s)
                continue
            try:
                async with asyncio.timeout(self._timer_s):
                    await self.woken.wait()
            except TimeoutError:
                pass

    async def step(self) -> bool:
        """Look, and do the most pressing thing; tell whether there was one."""
        seen = await self._link.observe()
        self.id = seen.agent
        for contract in seen.contracts:
            self._spent.setdefault(contract.id, cash_given(contract.legs, seen.agent))
        for contract in seen.contracts:
            if contract.must_deliver:
                return await self._do(SubmitDelivery(contract.id), f"delivers in {contract.id}")
            if contract.must_accept:
                return await self._do(AcceptDelivery(contract.id), f"accepts {contract.id}")
        turn = self._agent.wake(self._within_budget(seen), self._note)
        if turn.note is not None:
            self._note = turn.note
        if turn.message:
            await self._do(PostMessage(PublicText(turn.message)), "says something")
        if turn.operation is None:
            return bool(turn.message)
        return await self._do(turn.operation, self._told(turn.operation, seen))

    async def leave(self) -> None:
        """Take back every open listing and offer of one's own."""
        seen = await self._link.observe()
        for talk in seen.negotiations:
            end = Reject(talk.id) if talk.is_my_turn else Withdraw(talk.id)
            await self._do(end, f"leaves {talk.id}")
        for listing in seen.listings:
            if listing.agent == seen.agent:
                await self._do(WithdrawListing(listing.id), f"takes {listing.id} back")

    def _within_budget(self, seen: Observation) -> Observation:
        if self._budget_units is None:
            return seen
        left = max(0, self._budget_units - sum(self._spent.values()))
        return msgspec.structs.replace(seen, available_units=min(seen.available_units, left))

    async def _do(self, command: Any, told: str) -> bool:
        name = type(command).__name__
        try:
            answer = await self._link.submit(command)
        except Refused as refused:
            self.refused[refused.reason.value] += 1
            self._tell(f"{told}: refused, {refused}")
            return False
        self.done[name] += 1
        self._tell(told)
        for event in answer.events:
            if isinstance(event, AgreementReached):
                self._agreed(event)
        return True

    def _agreed(self, event: AgreementReached) -> None:
        paid = cash_given(event.agreement.legs, self.id)
        self._spent[event.contract] = paid
        self.done["deals"] += 1
        what = f"pays {self._money(paid)}" if paid else "sells"
        self._tell(f"deal {event.contract}: {what}")

    def _told(self, command: Any, seen: Observation) -> str:
        """Say in words what an agent asks for."""
        titles = {one.id: one.title for one in seen.listings}
        name = type(command).__name__
        price = getattr(command, "price", None)
        money = f" {self._money(price.units)}" if price is not None else ""
        if name == "PostListing":
            return f"lists “{plain(command.title.value)}”{money}"
        ids = [item.listing for item in getattr(command, "items", ())]
        ids += [one for one in (getattr(command, "listing", ""),) if one]
        things = ", ".join(f"{id} “{plain(titles.get(id, '?'))}”" for id in ids)
        where = getattr(command, "negotiation", "")
        return " ".join(filter(None, (_words(name), things, where))) + money

    def _money(self, units: int) -> str:
        return f"{self._asset.format(units)} {self._asset.code}"


def plain(words: str) -> str:
    """Blank what a terminal would obey in a stranger's words."""
    return "".join(sign if sign.isprintable() else " " for sign in words)[:80]


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
