"""A market of sellers whose goods differ a little, with logit demand, as in Calvano et al. (2020).

Sellers choose among a few prices, from somewhat below that of competition to somewhat above that of
a monopoly. Prices are in whole units and so many consumers buy whole pieces, so that what is earned
in a market of souq is exactly what is computed here.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import exp

from msgspec import Struct

from souq.lab.economics import LabExtraMissing
from souq.views.surveillance.measures import profit_gain

UNIT = 1_000_000  # a price of 1
CONSUMERS = 1_000_000
BEYOND = 0.1  # how far the prices reach past both ends, in shares of the way between


class Outcome(Struct, frozen=True):
    """What all sellers ask, and what each earns for each consumer there is."""

    price: float
    profit: float


class Logit(Struct, frozen=True):
    """Demand: `quality` is what the goods are worth, `difference` how little they replace."""

    sellers: int
    quality: float = 2.0
    cost: float = 1.0
    outside: float = 0.0
    difference: float = 0.25

    def shares(self, prices: Sequence[float]) -> list[float]:
        """Give the share of consumers who buy from each."""
        pulls = [exp((self.quality - price) / self.difference) for price in prices]
        whole = sum(pulls) + exp(self.outside / self.difference)
        return [pull / whole for pull in pulls]

    @property
    def competition(self) -> Outcome:
        """Give the outcome in which no price alone can be bettered (Bertrand and Nash)."""
        return self._outcome(1)

    @property
    def monopoly(self) -> Outcome:
        """Give the outcome that is best for all sellers together. Raises LabExtraMissing."""
        return self._outcome(self.sellers)

    def _outcome(self, owned: int) -> Outcome:
        # Whoever sets so many prices at once gains from neither raising nor cutting them where
        # (price - cost) (1 - share of those) = difference.
        try:
            from scipy.optimize import brentq
        except ImportError:
            raise LabExtraMissing("prices are solved by scipy: pip install 'souq[lab]'") from None

        def slack(price: float) -> float:
            share = self.shares([price] * self.sellers)[0]
            return (price - self.cost) * (1 - owned * share) - self.difference

        price = float(brentq(slack, self.cost, self.cost + 10 * self.quality, xtol=1e-13))
        return Outcome(price, (price - self.cost) * self.shares([price] * self.sellers)[0])


class Game(Struct, frozen=True):
    """Sellers who each choose one of the same prices, by number; `prices` are in units.

    All their choices together are one number as well, the first seller's weighing most.
    """

    demand: Logit
    prices: tuple[int, ...]
    competition: Outcome
    monopoly: Outcome

    @property
    def sellers(self) -> int:
        return self.demand.sellers

    @property
    def states(self) -> int:
        """Tell how many joint choices there are."""
        return len(self.prices) ** self.sellers

    def joint(self, chosen: Sequence[int]) -> int:
        """Give the number of a joint choice."""
        number = 0
        for each in chosen:
            number = number * len(self.prices) + each
        return number

    def apart(self, joint: int) -> list[int]:
        """Give what each has chosen in a joint choice."""
        chosen = []
        for _ in range(self.sellers):
            joint, each = divmod(joint, len(self.prices))
            chosen.append(each)
        return chosen[::-1]

    def quantities(self, chosen: Sequence[int]) -> list[int]:
        """Give how many pieces each sells."""
        shares = self.demand.shares([self.prices[each] / UNIT for each in chosen])
        return [round(CONSUMERS * share) for share in shares]

    def profit(self, paid_units: int, quantity: int) -> float:
        """Give what is earned for each consumer there is, from what was paid for so many pieces."""
        return (paid_units - round(self.demand.cost * UNIT) * quantity) / (UNIT * CONSUMERS)

    def profits(self, chosen: Sequence[int]) -> list[float]:
        """Give what each earns."""
        return [
            self.profit(self.prices[each] * quantity, quantity)
            for each, quantity in zip(chosen, self.quantities(chosen), strict=True)
        ]

    def all_profits(self) -> Iterator[list[float]]:
        """Yield what each earns, for all joint choices in the order of their numbers."""
        for chosen in product(range(len(self.prices)), repeat=self.sellers):
            yield self.profits(chosen)

    def gain(self, profit: float) -> float:
        """Give how far a mean profit lies from that of competition, 0, to that of monopoly, 1."""
        low, high = self.competition.profit, self.monopoly.profit
        return profit_gain(profit, competition=low, monopoly=high)


def game(sellers: int, prices: int) -> Game:
    """Give the game of so many sellers and prices. Raises LabExtraMissing."""
    demand = Logit(sellers)
    competition, monopoly = demand.competition, demand.monopoly
    way = monopoly.price - competition.price
    low, whole = competition.price - BEYOND * way, (1 + 2 * BEYOND) * way
    ladder = tuple(round(UNIT * (low + whole * n / (prices - 1))) for n in range(prices))
    return Game(demand, ladder, competition, monopoly)
