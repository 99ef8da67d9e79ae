"""Supply and demand of the laboratory's double auctions, and the floor on which they are traded.

The schedules of 1993 exist as figures only, so S1 is our own; S2 and its flat variant are those of
Cliff and Bruten (1997).
"""

from typing import Any, Protocol

from msgspec import Struct

from souq.agents.tactic import Role
from souq.core.mechanisms.double_auction.records import CancelOrder, OpenOrderBook, PlaceOrder
from souq.core.money import Money
from souq.core.rules import DAY_US
from souq.lab.kernel import Trade

PIECES = 10**6  # of each listing: more than anybody can trade


class Schedule(Struct, frozen=True):
    """What units are worth to buyers and cost sellers, trader by trader, in their order."""

    values: tuple[tuple[int, ...], ...]
    costs: tuple[tuple[int, ...], ...]
    price_max: int

    @property
    def roles(self) -> tuple[tuple[Role, tuple[int, ...]], ...]:
        """List all traders, buyers first."""
        buyers: list[tuple[Role, tuple[int, ...]]] = [("buyer", one) for one in self.values]
        return (*buyers, *(("seller", one) for one in self.costs))

    @property
    def surplus_max(self) -> int:
        """Sum the gains of all trades worth making."""
        worth = sorted((one for units in self.values for one in units), reverse=True)
        cost = sorted(one for units in self.costs for one in units)
        return sum(max(0, v - c) for v, c in zip(worth, cost, strict=False))


S1 = Schedule(
    tuple((160 - 6 * i, 112 - 4 * i, 78 - 3 * i, 48 - 2 * i) for i in range(6)),
    tuple((14 + 5 * j, 46 + 3 * j, 70 + 2 * j, 98 + 4 * j) for j in range(6)),
    200,
)
_STEPS = tuple((limit,) for limit in range(75, 326, 25))
S2 = Schedule(_STEPS, _STEPS, 400)
S2_FLAT = Schedule(_STEPS, ((200,),) * 11, 400)


class Path(Protocol):
    """A kernel or a whole market."""

    def join(self, count: int) -> list[str]: ...
    def post(self, agent: str, **fields: Any) -> str: ...
    def open(self, agent: str, command: Any) -> str: ...
    def move(self, agent: str, command: Any) -> None: ...
    def pass_time(self, until: int) -> None: ...
    @property
    def trades(self) -> list[Trade]: ...


class Floor:
    """One order book, and a trader with one listing for each role."""

    def __init__(self, path: Path, roles: list[Role], **options: Any) -> None:
        self._path = path
        self.agents = path.join(len(roles))
        self._listings = [
            path.post(agent, available=PIECES, side="want" if role == "buyer" else "sell")
            for agent, role in zip(self.agents, roles, strict=True)
        ]
        opening = OpenOrderBook("units", "USD", DAY_US, **options)
        self.run = path.open(self.agents[0], opening)
        self.orders = 0

    def quote(self, trader: int, price: int) -> None:
        """Place an order for one piece. Raises Refused."""
        order = PlaceOrder(self.run, self._listings[trader], Money(price, "USD"))
        self._path.move(self.agents[trader], order)
        self.orders += 1

    def take_back(self, trader: int, order: int) -> None:
        """Cancel an order, by its number in the book."""
        self._path.move(self.agents[trader], CancelOrder(self.run, order))
