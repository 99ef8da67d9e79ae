"""Where learners sell in a market of souq: listings that they reprice, and consumers who buy.

In every period each seller sets its price, and as many pieces are bought from each as logit demand
says, rounded to whole ones. What a seller learns from is what it was paid.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from souq.core.listing import EditListing
from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Money
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.learning.logit_market import Game, game
from souq.replications.learning.pricing import Kind, Schooling, alone

Path = Kernel | Hall
STOCK = 1_000_000_000
PURSE_UNITS = 10**15
PERIODS = 40
SELLERS, PRICES = 2, 5
SCHOOLING = Schooling(fading=0.1, calm=0)  # within the periods trials give way to what was learnt


class Shop:
    """Sellers of one game on a path."""

    def __init__(self, path: Path, game: Game) -> None:
        self.path, self._game = path, game
        self._town, *self._sellers = path.join(1 + game.sellers)
        self._asked = [game.prices[0]] * game.sellers
        self._listings = [
            path.post(seller, price=_usd(units), available=STOCK)
            for seller, units in zip(self._sellers, self._asked, strict=True)
        ]
        self._seen = 0

    def sell(self, chosen: Sequence[int]) -> list[float]:
        """Play one period at the prices chosen; give what each has earned."""
        path, game = self.path, self._game
        for n, (listing, price) in enumerate(zip(self._listings, chosen, strict=True)):
            units = game.prices[price]
            if units != self._asked[n]:
                path.edit(self._sellers[n], EditListing(listing, price=_usd(units)))
                self._asked[n] = units
        for listing, units, quantity in zip(
            self._listings, self._asked, game.quantities(chosen), strict=True
        ):
            path.open(self._town, TakePrice(listing, _usd(units), quantity))
        trades = path.trades[self._seen :]
        self._seen += len(trades)
        earned = dict.fromkeys(self._listings, 0.0)
        for _, _, listing, quantity, paid in trades:
            earned[listing] += game.profit(paid, quantity)
        return list(earned.values())


def shop(game: Game, *, is_market: bool = False) -> Shop:
    """Open a shop on the mechanism alone, or in a whole market."""
    path: Path = Hall(posted_price, purse_units=PURSE_UNITS) if is_market else Kernel(posted_price)
    return Shop(path, game)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some periods, by the kernel and by the whole market."""
    return _periods(seed, is_market=False), _periods(seed, is_market=True)


def _periods(seed: int, *, is_market: bool) -> list[Trade]:
    played = game(SELLERS, PRICES)
    here = shop(played, is_market=is_market)
    draws = _draws(random.Random(f"R3 {seed}"))
    for _ in islice(alone(played, SCHOOLING, Kind(), draws, here.sell), PERIODS):
        pass
    return here.path.trades


def _draws(rng: random.Random) -> Iterator[float]:
    while True:
        yield rng.random()


def _usd(units: int) -> Money:
    return Money(units, USD.code)
