"""Finds out the least a seller would take: it bids the middle of what is still possible and stands
firm until the seller gives in, names a lower price, or walks away; then it halves what is left, in
another talk. It buys at what it found, where the thing is worth that to its person.
"""

import random
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import QUANTUM_UNITS
from souq.core.agreement import Leg, goods
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject
from souq.core.money import Money
from souq.lab.adversaries.share import Share
from souq.lab.setup import Part, Place, Setup, trader_of
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

NAME = "floor_prober"
LEAST = 1
OPEN_MAX = 3


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`share`: of all people. `weight`: how often one acts, where others act once. `talks_max`: how
    many talks it begins over one thing before it takes or leaves it.
    """

    share: Share = 0
    weight: Annotated[int, Meta(ge=1, le=100)] = 3
    talks_max: Annotated[int, Meta(ge=1, le=20)] = 5


class Probe(Struct):
    """What is known of one seller's floor, in quanta: above `low`, at most `high`."""

    listing: ListingSeen
    worth: int
    high: int
    low: int = -1
    bid: int = 0
    talks: int = 0
    is_open: bool = False
    is_over: bool = False


class FloorProber:
    """Sells as the trader it is built on, and buys in its own way."""

    def __init__(self, trader: Agent, place: Place, talks_max: int) -> None:
        self._trader = trader
        self._place = place
        self._talks_max = talks_max
        self._probes: dict[str, Probe] = {}
        self._room = dict(place.part.person.wants)
        self._asset = place.setup.rules.assets[0].code

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Let the trader sell; with nothing to sell, probe."""
        talks = {
            one.goods[0].listing: one for one in seen.negotiations if self._is_probing(seen, one)
        }
        turn = await turn_of(self._trader, self._without_shopping(seen, talks), note)
        if turn.operation is not None:
            return turn
        self._learn(seen, talks)
        for id, talk in talks.items():
            if talk.is_my_turn:
                return self._answer(seen, talk, self._probes[id])
        if len(talks) < OPEN_MAX:
            for probe in self._probes.values():
                if not (probe.is_open or probe.is_over):
                    offer = self._offer(seen, probe)
                    if offer is not None:
                        return offer
        return Turn()

    def _is_probing(self, seen: Observation, talk: NegotiationSeen) -> bool:
        return (
            len(talk.goods) == 1
            and talk.goods[0].taker == seen.agent
            and talk.goods[0].listing in self._probes
        )

    def _without_shopping(
        self, seen: Observation, talks: dict[str, NegotiationSeen]
    ) -> Observation:
        """Give what the trader is to see: no talk of ours, and nothing of others' to bid for."""
        left = tuple(one for one in seen.negotiations if one not in talks.values())
        named = {leg.listing for one in left for leg in one.goods}
        listings = tuple(
            one
            for one in seen.listings
            if one.agent == seen.agent or one.side == "want" or one.id in named
        )
        return msgspec.structs.replace(seen, listings=listings, negotiations=left)

    def _learn(self, seen: Observation, talks: dict[str, NegotiationSeen]) -> None:
        there = {one.id: one for one in seen.listings}
        bought = {id for one in seen.contracts for id in _coming(one.legs, seen.agent)}
        for id, probe in self._probes.items():
            if probe.is_over:
                continue
            if id in bought:
                category = probe.listing.category
                self._room[category] = self._room.get(category, 0) - 1
            if id in bought or id not in there:
                probe.is_over = True
            elif id in talks:
                named = [units // QUANTUM_UNITS for units in talks[id].theirs]
                probe.high = min([probe.high, *named])
            elif probe.is_open:  # the seller walked away from what we bid
                probe.is_open = False
                probe.low = max(probe.low, probe.bid)
        for listing in seen.listings:
            if listing.agent == seen.agent or listing.side != "sell" or listing.id in self._probes:
                continue
            worth = self._place.worth(listing)
            if worth and listing.price_units:
                high = listing.price_units // QUANTUM_UNITS
                self._probes[listing.id] = Probe(listing, worth, high)

    def _answer(self, seen: Observation, talk: NegotiationSeen, probe: Probe) -> Turn:
        if probe.is_over:
            return Turn(Reject(talk.id))  # it has gone to somebody else
        is_known = probe.high - probe.low <= 1 or probe.talks >= self._talks_max
        is_lowest = talk.units // QUANTUM_UNITS <= probe.high
        if is_known and is_lowest and talk.units <= min(probe.worth, seen.available_units):
            return Turn(Accept(talk.id, talk.terms))
        if len(talk.mine) >= self._place.setup.rules.rounds_max // 2 - 1:
            return Turn(Reject(talk.id))
        return Turn(Counter(talk.id, self._money(probe.bid)))

    def _offer(self, seen: Observation, probe: Probe) -> Turn | None:
        most = min(probe.worth, self._spendable(seen)) // QUANTUM_UNITS
        if self._room.get(probe.listing.category, 0) <= 0 or probe.talks > self._talks_max:
            probe.is_over = True
            return None
        is_last = probe.talks == self._talks_max or probe.high - probe.low <= 1
        bid = probe.high if is_last else max(1, (probe.low + probe.high) // 2)
        if bid > most and not is_last and probe.low < most:
            bid = most  # it has not so much, but still something
        if not 0 < bid <= most:
            return None
        probe.bid, probe.is_open = bid, True
        probe.talks += 1
        return Turn(MakeOffer((Item(probe.listing.id),), self._money(bid)))

    def _spendable(self, seen: Observation) -> int:
        promised = sum(
            one.units
            for one in seen.negotiations
            if not one.is_my_turn and _coming(one.legs, seen.agent)
        )
        return max(0, seen.available_units - promised)

    def _money(self, quanta: int) -> Money:
        return Money(quanta * QUANTUM_UNITS, self._asset)


def _coming(legs: tuple[Leg, ...], agent: str) -> list[str]:
    return [leg.listing for leg in goods(legs) if leg.taker == agent]


def enlist(setup: Setup, parts: list[Part], settings: Settings, rng: random.Random) -> None:
    """Let these people's agents probe."""

    def made(place: Place) -> Agent:
        return FloorProber(trader_of(place), place, settings.talks_max)

    for part in parts:
        part.make, part.weight = made, settings.weight
