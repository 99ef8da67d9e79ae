"""What people take from one round into the next: who cheated them, and what nobody bought."""

from souq.agents.trader import QUANTUM_UNITS, Errand, Thing
from souq.core.agreement import goods
from souq.core.money import BPS
from souq.lab.setup import TRUE_PERCENT, Place, Setup
from souq.lab.simulation import Simulation
from souq.views.observation import ListingSeen


class Memory:
    """Everybody's memory of one market; each agent is told of its own alone."""

    def __init__(self, *, lower_bps: int) -> None:
        self._lower_bps = lower_bps
        self._cheats: set[tuple[str, str]] = set()  # who was cheated, and by whom
        self._asks: dict[str, int] = {}  # by ref, what is asked of what did not sell

    def learn(self, simulation: Simulation, setup: Setup, unsold: list[Thing]) -> None:
        """Take in what a round has shown."""
        listings = simulation.history.listings
        for deal in simulation.history.deals.values():
            for leg in goods(deal.agreement.legs):
                if setup.truth_percent(listings[leg.listing].posted.ref) < TRUE_PERCENT:
                    self._cheats.add((leg.taker, leg.giver))
        for thing in unsold:
            asked = self._asks.get(thing.ref, thing.ask_units)
            lower = asked * (BPS - self._lower_bps) // BPS // QUANTUM_UNITS * QUANTUM_UNITS
            self._asks[thing.ref] = max(thing.floor_units, lower)

    def remind(self, errand: Errand, place: Place) -> None:
        """Ask less for what did not sell; buy nothing from who cheated."""
        own = {thing.ref for thing in errand.things}
        errand.asks.update({ref: ask for ref, ask in self._asks.items() if ref in own})
        worth = errand.worth

        def remembered(listing: ListingSeen) -> int:
            return 0 if (place.agent, listing.agent) in self._cheats else worth(listing)

        errand.worth = remembered
