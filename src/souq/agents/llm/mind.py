"""An agent that asks a model what to do: looks, shows it what can be done, and takes one move."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from souq.agents import Turn
from souq.agents.brief import Brief, things_of, wants_of
from souq.agents.llm import moves, prompt
from souq.agents.llm.calls import Ask, Model, NoAnswer
from souq.agents.llm.discretion import Discretion
from souq.agents.llm.manner import LAVISH, Manner
from souq.agents.llm.quarantine import Quarantine
from souq.agents.llm.spending import Purse, paid
from souq.agents.trader import Thing
from souq.core.listing import PostListing
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset
from souq.views.observation import ListingSeen, Observation

REPAIRS_MAX = 2  # of one answer, before the turn passes


class Representative:
    """The agent of one person. It keeps no link to the market, as no agent does."""

    def __init__(
        self,
        brief: Brief,
        model: Model,
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
        self._wants = {category: most for category, (most, _) in wants_of(brief, asset).items()}
        self._system = prompt.system(brief, asset)
        self._announced: set[str] = set()
        self._listed: set[str] = set()  # refs
        self._discretion = Discretion(self._things, self._wants.values(), asset)
        self.withheld = 0  # messages that would have named a private limit
        self._last: Any = None  # what was asked for last
        self._refused: set[tuple[str, int]] = set()
        self._said = ""
        self._passed = ""  # what was shown when the model had nothing to do
        self.purse = purse or Purse()
        self.moves: Counter[str] = Counter()

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Ask the model for one move. Raises OverBudget and NotReady; anything else passes.

        What it passed on once, it is not asked again.
        """
        if seen.refusal:
            self._learn(self._last)
        table = shown = self._table(seen)
        if self._quarantine is not None:
            shown = table._replace(seen=await self._quarantine.clean(seen, self.purse))
            shown = shown._replace(
                own=_same(shown.seen, table.own), others=_same(shown.seen, table.others)
            )
        told = prompt.state(shown, note, self._asset, self._manner)
        digest = hashlib.sha256(told.encode()).hexdigest()
        if digest == self._passed:
            return Turn()
        ask = Ask(self._system, (told,), moves.choices(table, self._asset, self._manner))
        turn, name = await self._decided(ask, table)
        self.moves[name] += 1
        self._passed = digest if name == "pass" else ""
        return self._noted(turn, table)

    def _learn(self, refused: Any) -> None:
        if isinstance(refused, TakePrice):
            self._refused.add((refused.listing, refused.price.units))
        elif isinstance(refused, PostListing):
            self._listed.discard(refused.ref)
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
        known += [units for talk in table.seen.negotiations for units in (*talk.mine, *talk.theirs)]
        if price := getattr(operation, "price", None):
            known.append(price.units)
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
            except NoAnswer:
                return Turn(), "no_answer"
            try:
                return moves.read(answer.text, table, self._asset, self._manner)
            except moves.Malformed as why:
                self.purse.repaired()
                said = answer.text or "(nothing)"
                turns = (*ask.turns, said[:2_000], prompt.repair(str(why)))
                ask = Ask(ask.system, turns, ask.choices)
        return Turn(), "malformed"

    def _table(self, seen: Observation) -> moves.Table:
        mine = {one.id: one for one in seen.listings if one.agent == seen.agent}
        titles = {one.title for one in mine.values()}
        return moves.Table(
            seen=seen,
            unlisted={
                one.ref: one
                for one in self._things
                if one.ref not in self._listed and one.title not in titles
            },
            own=mine,
            others={one.id: one for one in self._worth_a_look(seen)},
            mine_to_answer={one.id: one for one in seen.negotiations if one.is_my_turn},
            waiting={one.id: one for one in seen.negotiations if not one.is_my_turn},
            to_announce=[one for one in self._wants if one not in self._announced],
            refused=frozenset(self._refused),
        )

    def _worth_a_look(self, seen: Observation) -> list[ListingSeen]:
        """Give others' listings, in the categories that are wanted first, then the cheapest."""
        others = [one for one in seen.listings if one.agent != seen.agent]
        others.sort(
            key=lambda one: (
                one.category not in self._wants,
                one.side != "sell",
                (one.price_units or 0) > self._wants.get(one.category, 0),
                -(one.price_units or 0),
                one.id,
            )
        )
        return others[: self._manner.listings_max]


def _same(seen: Observation, before: Mapping[str, ListingSeen]) -> dict[str, ListingSeen]:
    found = {one.id: one for one in seen.listings}
    return {id: found[id] for id in before}
