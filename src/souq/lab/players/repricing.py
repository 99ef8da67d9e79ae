"""A bot that sets a seller's prices by its rivals', whenever its agent has nothing to do."""

from statistics import median_low
from typing import Literal

import msgspec

from souq.agents import Agent, Turn, turn_of
from souq.agents.bidding.repricing import Follower
from souq.agents.trader import QUANTUM_UNITS, Errand
from souq.core.listing import EditListing
from souq.core.money import Money
from souq.lab.setup import Place
from souq.views.observation import ListingSeen, Observation

Rival = Literal["lowest", "median"]
PRICE_MAX = 10**12  # a million dollars: two bots without bounds would count on for ever


class Repricer:
    """One seller's. `equip` and `around` are for its part."""

    def __init__(self, follower: Follower, rival: Rival) -> None:
        self._follower = follower
        self._rival = rival
        self._asks: dict[str, int] = {}

    def equip(self, errand: Errand, place: Place) -> None:
        """Let the trader know what is asked now."""
        self._asks = errand.asks

    def around(self, agent: Agent, place: Place) -> Agent:
        """Give the agent with its bot."""
        return _Repriced(agent, self, place)

    def turn(self, seen: Observation, place: Place) -> Turn | None:
        """Give the first change of a price that is due."""
        busy = {leg.listing for talk in seen.negotiations for leg in talk.goods}
        for listing in seen.listings:
            if listing.agent != seen.agent or listing.side != "sell" or listing.id in busy:
                continue
            price = self._price(listing, seen, place)
            if price is not None and price != listing.price_units:
                ref = place.simulation.history.listings[listing.id].posted.ref
                self._asks[ref] = price
                asset = place.setup.rules.assets[0].code
                return Turn(EditListing(listing.id, price=Money(price, asset)))
        return None

    def _price(self, listing: ListingSeen, seen: Observation, place: Place) -> int | None:
        rivals = [
            one.price_units
            for one in seen.listings
            if one.category == listing.category
            and one.side == "sell"
            and one.agent != seen.agent
            and one.price_units
        ]
        if not rivals:
            return None
        rival = min(rivals) if self._rival == "lowest" else median_low(rivals)
        ref = place.simulation.history.listings[listing.id].posted.ref
        floors = {thing.ref: thing.floor_units for thing in place.part.person.things}
        price = self._follower.price(rival) // QUANTUM_UNITS * QUANTUM_UNITS
        return max(floors.get(ref, 0), QUANTUM_UNITS, min(price, PRICE_MAX))


class _Repriced:
    def __init__(self, agent: Agent, bot: Repricer, place: Place) -> None:
        self._agent = agent
        self._bot = bot
        self._place = place

    async def wake(self, seen: Observation, note: str) -> Turn:
        turn = await turn_of(self._agent, seen, note)
        if turn.operation is not None:
            return turn
        edit = self._bot.turn(seen, self._place)
        return turn if edit is None else msgspec.structs.replace(turn, operation=edit.operation)
