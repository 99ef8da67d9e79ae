"""Two who haggle by a plan, on a kernel or in a whole market, for replications of bargaining."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from souq.agents.concession import Concession
from souq.agents.patience import Side, demands, nash_units
from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject
from souq.core.money import Money
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel

Path = Kernel | Hall


class Plan(Protocol):
    """What one side names, and what it takes, in a round; rounds count every offer from 1."""

    def price(self, round: int, /) -> int: ...
    def takes(self, round: int, price: int, /) -> bool: ...


class Close(Struct, frozen=True):
    """How talks ended: in which round, at which price; None where the last offer was rejected."""

    round: int
    price: int | None


def haggle(path: Path, opener: Plan, responder: Plan, *, rounds: int, is_buyer: bool) -> Close:
    """Let two new agents haggle over a new thing; the opener buys it, or sells it."""
    ids = path.join(2)
    listing = path.post(ids[1] if is_buyer else ids[0])
    offer = MakeOffer((Item(listing),), _usd(opener.price(1)), to=ids[1])
    run = path.open(ids[0], offer)
    plans = (opener, responder)
    price = offer.price.units
    for round in range(1, rounds + 1):
        hearer, plan = ids[round % 2], plans[round % 2]
        if plan.takes(round, price):
            path.move(hearer, Accept(run, _terms(path, run)))
            return Close(round, price)
        if round == rounds:
            path.move(hearer, Reject(run))
            break
        price = plan.price(round + 1)
        path.move(hearer, Counter(run, _usd(price)))
    return Close(rounds, None)


def _usd(units: int) -> Money:
    return Money(units, "USD")


def _terms(path: Path, run: str) -> str:
    view = path if isinstance(path, Kernel) else path.simulation.engine.state
    return alternating_offers.standing(view, run).terms


class Patient:
    """Demands and takes what backward induction says. A share is the price, or what it leaves."""

    def __init__(
        self,
        whole: int,
        sides: tuple[Side, Side],
        *,
        rounds: int,
        is_buyer: bool,
        breakdown_ppm: int = 0,
    ) -> None:
        self.whole = whole
        self.is_buyer = is_buyer
        self.demands = demands(whole, *sides, rounds=rounds, breakdown_ppm=breakdown_ppm)

    def price(self, round: int) -> int:
        """Name what leaves the other just enough."""
        demand = self.demands[round - 1]
        return self.whole - demand if self.is_buyer else demand

    def takes(self, round: int, price: int) -> bool:
        """Take what is worth as much as going on."""
        share = self.whole - price if self.is_buyer else price
        return share >= self.whole - self.demands[round - 1]


class Stubborn:
    """Names one price for ever, takes no other, and counts how often it named it."""

    def __init__(self, price: int) -> None:
        self._price = price
        self.named = 0

    def price(self, round: int) -> int:
        """Name it again."""
        self.named += 1
        return self._price

    def takes(self, round: int, price: int) -> bool:
        """Take nothing."""
        return False


class Fair:
    """Names Nash's solution, and takes what is no worse."""

    def __init__(self, whole: int, sides: tuple[Side, Side], *, is_buyer: bool) -> None:
        self._solution = whole - nash_units(whole, *sides)  # the buyer's share is the first's
        self._is_buyer = is_buyer

    def price(self, round: int) -> int:
        """Name it."""
        return self._solution

    def takes(self, round: int, price: int) -> bool:
        """Take it, or better."""
        return price <= self._solution if self._is_buyer else price >= self._solution


class Conceding:
    """Names what a time-dependent tactic says in step (round - 1) // 2 of `steps`.

    A buyer that insists lets the other side close, so that both prices are those of one step.
    """

    steps = 20

    def __init__(self, tactic: Concession, *, opening: int, limit: int, is_buyer: bool) -> None:
        self._tactic = tactic
        self._opening = opening
        self._limit = limit
        self._is_buyer = is_buyer

    def price(self, round: int) -> int:
        """Name the tactic's price."""
        return self._tactic.price(
            "buyer" if self._is_buyer else "seller",
            opening=self._opening,
            limit=self._limit,
            progress=(round - 1) // 2 / self.steps,
            mine=(),
            theirs=(),
        )

    def takes(self, round: int, price: int) -> bool:
        """Take, as a seller, what it would ask for in the same step."""
        return not self._is_buyer and price >= self.price(round)


class Deviating:
    """Opens with a price of its own, and goes on by another plan."""

    def __init__(self, opening: int, then: Plan) -> None:
        self._opening = opening
        self.price: Callable[[int], int] = lambda n: opening if n == 1 else then.price(n)
        self.takes = then.takes
