"""What a rule may look at: a deal as one agent would be bound by it, and what is remembered."""

from typing import Protocol

from msgspec import Struct

from souq.core.refusal import Fact


class Goods(Struct, frozen=True, gc=False):
    """All that an agent would take, or give, of one listing. `ref` is its own name for it."""

    listing: str
    category: str
    quantity: int
    is_taken: bool
    ref: str = ""
    is_shipped: bool = False
    shipping_units: int = 0
    shipping_asset: str = ""  # "" is any: its listing names none


class Other(Struct, frozen=True):
    """Another agent in the deal; no principal, where it is open who that will be.

    `pays` is what it would be paid by the agent, by asset. None: nobody has said so.
    """

    principal: str
    standing: int = 0
    level: int | None = None
    jurisdiction: str | None = None
    pays: dict[str, int] = {}


class Deal(Struct, frozen=True):
    """A deal, from one party's side; money by asset.

    `whole_units` and `reserved_units` are in the mandate's `asset`: the sum that this deal is a
    part of, and all that the agent's commitments in the negotiation could cost. `first_units` is
    what its first offer there set aside.
    """

    at: int
    asset: str
    pays: dict[str, int] = {}
    receives: dict[str, int] = {}  # before fees
    nets: dict[str, int] = {}  # after fees
    goods: tuple[Goods, ...] = ()
    others: tuple[Other, ...] = ()
    whole_units: int = 0
    reserved_units: int = 0
    first_units: int | None = None
    cooling_off_us: int = 0
    destination: str = ""

    def outlay(self, asset: str) -> int:
        """Give all that the deal could cost, sending included."""
        whole = self.whole_units if asset == self.asset else 0
        sending = sum(
            one.shipping_units
            for one in self.goods
            if one.is_taken and one.shipping_asset in ("", asset)
        )
        return max(self.pays.get(asset, 0), whole) + sending

    def binds(self, asset: str) -> int:
        """Give what budgets must have room for."""
        reserved = self.reserved_units if asset == self.asset else 0
        return max(self.pays.get(asset, 0), reserved)

    def covered(self, category: str, *, taken: bool) -> list[Goods]:
        """List the goods on one side that a category covers; "" covers all."""
        return [
            one
            for one in self.goods
            if one.is_taken == taken and (not category or covers(category, one.category))
        ]


class Past(Protocol):
    """What is remembered for whom a rule speaks of; what came at `after` itself is left out."""

    def spent(self, asset: str, after: int, *, net: bool) -> int:
        """Sum what was committed; `net` of refunds or not."""

    def deals(self, after: int) -> int:
        """Count deals."""

    def newcomers(self, after: int) -> int:
        """Count principals that were dealt with for the first time."""

    def knows(self, principal: str) -> bool:
        """Tell whether there was a deal with a principal."""

    def exposure(self, principal: str, asset: str) -> int:
        """Sum what open deals commit to be paid to a principal."""

    def loss(self, asset: str, after: int) -> int:
        """Sum what ended deals cost, less what they brought."""

    def quantities(self, category: str) -> tuple[int, ...]:
        """List what was taken of a category, a number a deal."""

    def prices(self, category: str, asset: str) -> tuple[int, ...]:
        """List the market's prices of one, the latest last."""


class Finding(Struct, frozen=True):
    """Why a rule does not allow. `is_private` keeps both figures from everybody."""

    threshold: Fact = ""
    observed: Fact = ""
    asset: str = ""  # of the figures, where they are money
    is_hold: bool = False
    is_private: bool = False


def covers(category: str, other: str) -> bool:
    """Tell whether a category is another, or above it."""
    return other == category or other.startswith(f"{category}/")


def nearest(entries: dict[str, int], name: str, category: str) -> int | None:
    """Give the entry of a thing by its own name, else of its category or the nearest above."""
    if name and name in entries:
        return entries[name]
    while category not in entries and "/" in category:
        category = category.rpartition("/")[0]
    return entries.get(category)
