"""An agent that asks a model what to do: looks, shows it what can be done, and takes one move."""

import hashlib
from collections import Counter
from typing import Any

import msgspec

from souq.agents import Turn
from souq.agents.brief import Brief, things_of, units, wants_of
from souq.agents.llm import moves, prompt, wording
from souq.agents.llm.calls import Ask, Model, NoAnswer
from souq.agents.llm.discretion import Discretion
from souq.agents.llm.manner import LAVISH, Manner
from souq.agents.llm.quarantine import Quarantine
from souq.agents.llm.recording import Recorded, paid
from souq.agents.llm.spending import Purse
from souq.agents.trader import Thing
from souq.core.agreement import Leg, cash_given, cash_taken, goods
from souq.core.listing import PostListing
from souq.core.mandate import covers
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

REPAIRS_MAX = 2  # of one answer, before the turn passes


class Representative:
    """The agent of one person. It keeps no link to the market, as no agent does."""

    def __init__(
        self,
        brief: Brief,
        model: Model | Recorded,
        asset: Asset,
        *,
        things: tuple[Thing, ...] | None = None,
        purse: Purse | None = None,
        manner: Manner = LAVISH,
        quarantine: Quarantine | None = None,
    ) -> None:
        """`things` are the brief's, where they bear names of the principal's own.

        With a `quarantine` the model sees typed fields alone, and no word of a stranger's. Raises
        BadBrief.
        """
        self._model = model
        self._asset = asset
        self._manner = manner
        self._quarantine = quarantine
        self._things = things_of(brief, asset) if things is None else things
        self._wants = wants_of(brief, asset)  # category -> the most for one, and how many
        self._category: dict[str, str] = {}  # of listings that were looked at
        self._taken: dict[str, tuple[str, ...]] = {}  # contract -> wants that it fills
        self._system = prompt.system(brief, asset)
        self._announced: set[str] = set()
        self._listed: set[str] = set()  # refs
        mosts = [most for most, _ in self._wants.values()]
        if brief.budget is not None:
            mosts.append(units(brief.budget, asset, "budget"))
        self._discretion = Discretion(self._things, mosts, asset)
        self.withheld = 0  # messages that would have named a private limit
        self._last: Any = None  # what was asked for last
        self._refused: set[tuple[str, int]] = set()
        self._said = ""
        self._passed = ""  # what was shown when the model had nothing to do
        self.purse = purse or Purse()
        self.moves: Counter[str] = Counter()

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Ask the model for one move. Raises OverBudget and NotReady; anything else passes.

        What it passed on once, it is not asked again, nor where there is nothing else to do.
        """
        if seen.refusal:
            self._learn(self._last)
        table = shown = self._table(seen)
        if self._quarantine is not None:
            ids = {*table.own, *table.others}
            clean = await self._quarantine.clean(seen, ids, self._manner.messages_max, self.purse)
            by_id = {one.id: one for one in clean.listings}
            others = {id: by_id[id] for id in table.others}
            shown = table._replace(seen=clean, others=others)
        told = prompt.state(shown, note, self._asset, self._manner)
        digest = hashlib.sha256(told.encode()).hexdigest()
        if digest == self._passed:
            return Turn()
        choices = moves.choices(table, self._asset, self._manner)
        if len(choices) == 1:
            return Turn()  # to pass
        ask = Ask(self._system, (told,), choices)
        turn, name = await self._decided(ask, table)
        self.moves[name] += 1
        self._passed = digest if name == "pass" else ""
        return self._noted(turn, table)

    def _learn(self, refused: Any) -> None:
        if isinstance(refused, TakePrice):
            self._refused.add((refused.listing, refused.price.units))
        elif isinstance(refused, PostListing) and refused.side == "sell":
            self._listed.discard(refused.ref)
        elif isinstance(refused, PostListing):
            self._announced.discard(refused.category)

    def _noted(self, turn: Turn, table: moves.Table) -> Turn:
        """Remember what a turn does, and take out of it what was just said, or is private."""
        self._last = operation = turn.operation
        if isinstance(operation, PostListing):
            if operation.side == "sell":
                self._listed.add(operation.ref)
            else:
                self._announced.add(operation.category)
        known = [one.price_units or 0 for one in table.own.values()]
        known += [price for talk in table.seen.negotiations for price in (*talk.mine, *talk.theirs)]
        if money := getattr(operation, "price", None):
            known.append(money.units)
        if not self._discretion.allows(turn.message, known):
            self.withheld += 1
            return msgspec.structs.replace(turn, message="")
        if turn.message and turn.message == self._said:
            return msgspec.structs.replace(turn, message="")
        self._said = turn.message or self._said
        return turn

    async def _decided(self, ask: Ask, table: moves.Table) -> tuple[Turn, str]:
        for _ in range(REPAIRS_MAX + 1):
            try:
                answer = await paid(self._model, ask, self.purse)
            except NoAnswer as none:
                self.purse.failed(str(none))
                return Turn(), "no_answer"
            try:
                return moves.read(answer.text, table, self._asset, self._manner)
            except moves.Malformed as why:
                self.purse.repaired()
                said = answer.text or "(nothing)"
                turns = (*ask.turns, said[:2_000], wording.REPAIR.format(why=why))
                ask = Ask(ask.system, turns, ask.choices)
        return Turn(), "malformed"

    def _table(self, seen: Observation) -> moves.Table:
        mine = {one.id: one for one in seen.listings if one.agent == seen.agent}
        titles = {one.title for one in mine.values()}
        announced = {one.category for one in mine.values() if one.side == "want"}
        others = {one.id: one for one in self._worth_a_look(seen)}
        self._category.update((id, one.category) for id, one in others.items())
        full = self._full(seen)
        talks = sorted(seen.negotiations, key=lambda talk: (-_gain(talk, seen.agent), talk.id))
        most = self._manner.talks_max
        return moves.Table(
            seen=seen,
            unlisted={
                one.ref: one
                for one in self._things
                if one.ref not in self._listed and one.title not in titles
            },
            own=mine,
            others=others,
            enough=frozenset(id for id, one in others.items() if self._want(one.category) in full),
            mine_to_answer={one.id: one for one in talks[:most] if one.is_my_turn},
            waiting={one.id: one for one in talks[:most] if not one.is_my_turn},
            to_announce=[one for one in self._wants if one not in self._announced | announced],
            refused=frozenset(self._refused),
        )

    def _want(self, category: str) -> str:
        """Give the want that a category falls under, or nothing."""
        return next((name for name in self._wants if covers((name,), category)), "")

    def _full(self, seen: Observation) -> set[str]:
        """Give the wants of which enough is bought, or asked for."""
        for contract in seen.contracts:
            self._taken[contract.id] = self._coming(contract.legs, seen.agent)
        filled = Counter(want for wants in self._taken.values() for want in wants)
        for talk in seen.negotiations:
            if not talk.is_my_turn:
                filled.update(self._coming(talk.legs, seen.agent))
        return {name for name, (_, count) in self._wants.items() if filled[name] >= count}

    def _coming(self, legs: tuple[Leg, ...], me: str) -> tuple[str, ...]:
        ids = [leg.listing for leg in goods(legs) if leg.taker == me]
        return tuple(self._want(self._category[id]) for id in ids if id in self._category)

    def _worth_a_look(self, seen: Observation) -> list[ListingSeen]:
        """Give others' listings, in the categories that are wanted first, then the dearest."""

        def rank(one: ListingSeen) -> tuple[bool, bool, bool, int, str]:
            want, price = self._want(one.category), one.price_units or 0
            most = self._wants[want][0] if want else 0
            return (not want, one.side != "sell", price > most, -price, one.id)

        others = [one for one in seen.listings if one.agent != seen.agent]
        return sorted(others, key=rank)[: self._manner.listings_max]


def _gain(talk: NegotiationSeen, me: str) -> int:
    """Tell how good the money on the table is: much where it comes, little where it goes."""
    return sum(money.units for money in cash_taken(talk.legs, me)) - cash_given(talk.legs, me)
