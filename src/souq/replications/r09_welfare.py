"""R9. Welfare in Magentic Marketplace: what its customers can get is what they get here, exactly.

A purchase is worth twice the customer's values of what it wanted, if every amenity it insists on is
there, less the price; without one of them, only the price is left, and lost. Published are the sums
over all customers if each chooses the best, and if each takes the cheapest that has all it wants.
Both are reached through a whole market, from listing to payment, and read from its ledger.

The published program adds up all who tie for cheapest; in its data nobody does, and here a customer
buys once. Where nobody has all that a customer wants, which its program forbids, it buys nothing.
"""

from collections.abc import Iterator

from souq.core.money import USD
from souq.lab.kernel import Trade
from souq.lab.sources.magentic import Town
from souq.replications.dining import Dining, Settled, Taste, best, cheapest
from souq.replications.replication import Finding, Scale
from souq.replications.towns import (
    FOLDER,
    PUBLISHED,
    Prefers,
    by_hand,
    by_kernel,
    found,
    likes_best,
    likes_cheapest,
    made_up,
    welfare,
)

ID = "R9"
TITLE = "Welfare in Magentic Marketplace"
SOURCE = "Bansal et al. 2025"
TAPE = "797f97582ee9ebb5"
DATA = tuple(f"{FOLDER}/{one.name}" for one in PUBLISHED)

WAYS: tuple[tuple[str, Taste, Prefers], ...] = (
    ("choose the best", best, likes_best),
    ("take the cheapest", cheapest, likes_cheapest),
)


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim; of towns that are not here, none."""
    yield from _made_up(scale)
    for name, town in found(scale.data):
        yield from _published(name, town)


def _made_up(scale: Scale) -> Iterator[Finding]:
    draws = scale.draws(10, 100)
    towns = [made_up(scale.seed, str(n)) for n in range(draws)]
    for is_control in (False, True):
        for how, taste, prefers in WAYS:
            same = sum(_is_by_hand(town, taste, prefers, is_blind=is_control) for town in towns)
            looking = ", but look at the newest listing of a thing only" if is_control else ""
            yield Finding(
                f"Made-up towns whose trades and welfare are as by hand, customers {how}{looking}",
                "derived",
                1.0,
                1.0,
                1.0,
                same / draws,
                draws,
                is_control=is_control,
            )


def _is_by_hand(town: Town, taste: Taste, prefers: Prefers, *, is_blind: bool) -> bool:
    pairs = by_hand(town, prefers)
    with Dining(town, taste, reach=1 if is_blind else None) as market:
        settled = market.trade().settled()
        return (
            market.trades == by_kernel(town, pairs)
            and settled.welfare_units == welfare(town, pairs)
            and settled.paid_units == settled.got_units
        )


def _published(name: str, town: Town) -> Iterator[Finding]:
    """Compare with what was printed; with what is worked out by hand, where nothing was."""
    printed = {one.name: (one.best_usd, one.cheapest_usd) for one in PUBLISHED}.get(name)
    if printed is None and town.baselines is not None:
        units = town.baselines.optimal_units, town.baselines.cheapest_units
        printed = _usd(units[0]), _usd(units[1])
    buyers, sellers = len(town.customers), len(town.businesses)
    where = f"{name}: welfare of {buyers} customers among {sellers} businesses"
    for n, (how, taste, prefers) in enumerate(WAYS):
        derived = _usd(welfare(town, by_hand(town, prefers)))
        expected = printed[n] if printed else derived
        told = f"{expected:.2f}" if printed else "derived"
        settled = _settled(town, taste)
        for claim, measured in (
            (f"{where} who {how}, by hand", derived),
            (f"{where} who {how}, by the market's ledger", _usd(settled.welfare_units)),
        ):
            yield Finding(claim, told, expected, expected, expected, measured, buyers)
        if taste is best:
            lost = settled.paid_units - settled.got_units
            claim = f"{name}: what customers paid and no business got, in millionths of a dollar"
            yield Finding(claim, "derived", 0, 0, 0, lost, buyers)
            blind = _usd(_settled(town, taste, reach=1).welfare_units)
            yield Finding(
                f"{where} who {how}, but look at the newest listing of a thing only",
                told,
                expected,
                expected,
                expected,
                blind,
                buyers,
                is_control=True,
            )


def _settled(town: Town, taste: Taste, *, reach: int | None = None) -> Settled:
    with Dining(town, taste, reach=reach) as market:
        return market.trade().settled()


def _usd(units: int) -> float:
    return units / 10**USD.exponent


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of a few towns: worked out by hand and made by the kernel, and the market."""
    kernel: list[Trade] = []
    whole: list[Trade] = []
    for n in range(3):
        town = made_up(seed, str(n))
        for _, taste, prefers in WAYS:
            kernel += by_kernel(town, by_hand(town, prefers))
            with Dining(town, taste) as market:
                whole += market.trade().trades
    return kernel, whole
