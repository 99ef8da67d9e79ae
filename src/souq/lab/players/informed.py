"""Traders who know more than the floor tells: floors, worths, the going rate, and who cheats.

What they know, they use in one way each, without cunning: it bounds what they pay, sets what they
ask, or makes them pass somebody by.
"""

from itertools import islice
from statistics import median

from souq.agents.trader import QUANTUM_UNITS, Errand
from souq.core import reputation
from souq.core.agreement import goods
from souq.lab.setup import Place
from souq.views.history import History
from souq.views.observation import ListingSeen

RATE_DEALS = 5  # fewer sales make no going rate


class GoingRate:
    """What is paid of what is asked, in the middle of all sales of a single thing so far."""

    def __init__(self) -> None:
        self._seen = 0
        self._shares: list[float] = []
        self._rate: float | None = None

    def of(self, history: History) -> float | None:
        """Give it; None while there are too few sales."""
        if len(history.deals) > self._seen:
            for deal in islice(history.deals.values(), self._seen, None):
                legs = goods(deal.agreement.legs)
                asked = history.listings[legs[0].listing].price_units if len(legs) == 1 else None
                if asked:
                    self._shares.append(deal.units / asked)
            self._seen = len(history.deals)
            self._rate = median(self._shares) if len(self._shares) >= RATE_DEALS else None
        return self._rate


def know_floors(errand: Errand, place: Place) -> None:
    """Pay no more than half-way from the seller's floor to the worth; let go what is below it."""
    floors = {
        thing.ref: thing.floor_units
        for person in place.setup.population.people
        for thing in person.things
    }
    worth, listings = errand.worth, place.simulation.history.listings

    def bounded(listing: ListingSeen) -> int:
        floor, most = floors.get(listings[listing.id].posted.ref, 0), worth(listing)
        return _up((floor + most) // 2) if most >= floor else 0

    errand.worth = bounded


def know_worths(errand: Errand, place: Place) -> None:
    """Ask for each thing what it is worth to whoever wants it most."""
    people = place.setup.population.people
    for thing in errand.things:
        most = max((person.values.get(thing.ref, 0) for person in people), default=0)
        if most >= thing.floor_units:
            errand.asks[thing.ref] = most


def know_rate(errand: Errand, place: Place, rate: GoingRate) -> None:
    """Pay no more of the price than is usually paid, once there is a usual."""
    worth, history = errand.worth, place.simulation.history

    def bounded(listing: ListingSeen) -> int:
        usual = rate.of(history)
        if usual is None or not listing.price_units:
            return worth(listing)
        return min(worth(listing), _up(round(usual * listing.price_units)))

    errand.worth = bounded


def heed_records(errand: Errand, place: Place, least: float) -> None:
    """Buy nothing from whoever's record, of deals that are over, is worse than a share good."""
    worth, history = errand.worth, place.simulation.history

    def heeded(listing: ListingSeen) -> int:
        principal = history.principal_of[listing.agent]
        record = reputation.record_of(place.simulation.engine.state, principal)
        is_poor = record.good < least * (record.good + record.bad)
        return 0 if is_poor else worth(listing)

    errand.worth = heeded


def _up(units: int) -> int:
    return -(-units // QUANTUM_UNITS) * QUANTUM_UNITS
