"""What the market's own breakers do: halts, price bands of books, bounds on changes of prices."""

from typing import Any

from msgspec import Struct

from souq.core.halt import HaltSet
from souq.core.mechanisms.double_auction.records import BookPhaseChanged, OrderBookOpened
from souq.core.negotiation import NegotiationClosed
from souq.core.refusal import Reason
from souq.core.rules import MarketOpened, RulesAmended
from souq.journal.record import Record


class Breakers(Struct, frozen=True, omit_defaults=True):
    """How they stand. `books` gives the phase of every running book that has a band.

    The three bounds are those of the house on how far an agent moves a price; 0 is none.
    `stopped` counts changes of prices that were refused, `paused` pauses of books.
    """

    halt: str = "open"
    price_update_bps: int = 0
    price_hour_bps: int = 0
    price_day_times: int = 0
    books: dict[str, str] = {}
    stopped: int = 0
    paused: int = 0


class Folding:
    """Feed every record to `take`."""

    def __init__(self) -> None:
        self._halt = "open"
        self._bounds = (0, 0, 0)
        self._books: dict[str, str] = {}
        self._stopped = self._paused = 0

    def take(self, record: Record) -> None:
        """Fold one record."""
        if record.refusal is not None:
            self._stopped += record.refusal.reason == Reason.PRICE_BAND
        for event in record.events:
            self._fold(event)

    def _fold(self, event: Any) -> None:
        match event:
            case MarketOpened(rules=house) | RulesAmended(rules=house):
                bounds = (house.price_update_bps, house.price_hour_bps, house.price_day_times)
                self._bounds = bounds
            case HaltSet(scope="", level=level):  # else one principal or agent stands still
                self._halt = level
            case OrderBookOpened(negotiation=id, band=band) if band is not None:
                self._books[id] = "open"
            case BookPhaseChanged(negotiation=id, phase=phase):
                self._books[id] = phase
                self._paused += phase == "paused"
            case NegotiationClosed(negotiation=id):
                self._books.pop(id, None)
            case _:
                pass

    @property
    def now(self) -> Breakers:
        """Give how they stand."""
        return Breakers(self._halt, *self._bounds, dict(self._books), self._stopped, self._paused)
