"""One call of a call market on a path: everybody places one order, and it clears once."""

from collections.abc import Sequence
from typing import Any

from souq.core.agreement import Agreement, CashLeg
from souq.core.mechanisms import call_market
from souq.core.mechanisms.call_market.records import OpenCallMarket, PlaceCallOrder
from souq.core.money import USD, Money
from souq.core.rules import SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade

Path = Kernel | Hall
STOCK = 1_000_000  # pieces that each has to sell or wants, for many calls


class Floor:
    """The same buyers and sellers, who meet in one call after another."""

    def __init__(self, path: Path, buyers: int, sellers: int) -> None:
        self.path = path
        self._host, *traders = path.join(1 + buyers + sellers)
        self.buyers, self.sellers = traders[:buyers], traders[buyers:]
        self._wants = [path.post(one, side="want", available=STOCK) for one in self.buyers]
        self._goods = [path.post(one, available=STOCK) for one in self.sellers]
        self._now = SECOND_US

    @property
    def agreements(self) -> list[Agreement]:
        """List what the last call came to; on the kernel alone."""
        assert isinstance(self.path, Kernel), "a whole market keeps all it ever agreed on"
        return self.path.agreements

    def call(self, bids: Sequence[int], asks: Sequence[int], **options: Any) -> list[Trade]:
        """Hold one call for one piece of each; give its trades."""
        path = self.path
        opening = OpenCallMarket("units", USD.code, SECOND_US, **options)
        run = path.open(self._host, opening)
        for agents, listings, prices in (
            (self.buyers, self._wants, bids),
            (self.sellers, self._goods, asks),
        ):
            for agent, listing, units in zip(agents, listings, prices, strict=True):
                path.move(agent, PlaceCallOrder(run, listing, Money(units, USD.code)))
        seen = fresh(path)
        self._now += 3 * SECOND_US
        path.pass_time(self._now)
        return path.trades[seen:]


def fresh(path: Path) -> int:
    """Give where the next trades of a path will begin; a kernel lets go of all before them."""
    if isinstance(path, Kernel):
        path.agreements = []  # of many thousands, only the last are looked at
        return 0
    return len(path.trades)


def cash(agreement: Agreement) -> list[CashLeg]:
    """List an agreement's payments."""
    return [leg for leg in agreement.legs if isinstance(leg, CashLeg)]


def floor(buyers: int, sellers: int, *, is_market: bool = False) -> Floor:
    """Give a floor on the mechanism alone, or on a whole market."""
    return Floor(Hall(call_market) if is_market else Kernel(call_market), buyers, sellers)
