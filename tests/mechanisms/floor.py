"""An order book, and people with a listing on each side of it."""

from typing import Any

from souq.core.mechanisms.double_auction.records import (
    CancelOrder,
    CloseOrderBook,
    OpenOrderBook,
    PlaceOrder,
)
from souq.core.money import Money
from souq.core.rules import HOUR_US


def usd(units: int) -> Money:
    return Money(units, "USD")


class Floor:
    """A book on a path, and its people."""

    def __init__(self, path: Any, people: int, **options: Any) -> None:
        self.path = path
        self.people = path.join(people)
        self.has = {agent: path.post(agent, available=100) for agent in self.people}
        self.wants = {agent: path.post(agent, available=100, side="want") for agent in self.people}
        fields = {"category": "units", "asset": "USD", "open_us": 10 * HOUR_US, **options}
        self.run = path.open(self.people[0], OpenOrderBook(**fields))

    def bid(self, agent: str, units: int, quantity: int = 1, **fields: Any) -> None:
        self._place(agent, self.wants[agent], units, quantity, fields)

    def ask(self, agent: str, units: int, quantity: int = 1, **fields: Any) -> None:
        self._place(agent, self.has[agent], units, quantity, fields)

    def _place(self, agent: str, listing: str, units: int, quantity: int, fields: Any) -> None:
        self.path.move(agent, PlaceOrder(self.run, listing, usd(units), quantity, **fields))

    def cancel(self, agent: str, order: int) -> None:
        self.path.move(agent, CancelOrder(self.run, order))

    def close(self) -> None:
        self.path.move(self.people[0], CloseOrderBook(self.run))

    @property
    def tape(self) -> list[tuple[str, str, int, int]]:
        """Give buyer, seller, quantity and units paid of each trade."""
        return [(buyer, seller, n, units) for buyer, seller, _, n, units in self.path.trades]
