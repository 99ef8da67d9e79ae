"""Package auctions of the largest size: winners and payments alone, and a close in the market."""

from random import Random

from bench.mechanisms.rates import Rates
from souq.core.mechanisms import vcg
from souq.core.mechanisms.vcg import PACKAGES_MAX, BidOnPackages, Lot, OpenVcg, Package
from souq.core.mechanisms.vcg.winners import BIDDERS_MAX, LOTS_MAX, Offers, winners
from souq.core.money import Money
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall

CLOSES = 5


def measure(rates: Rates) -> None:
    """Determine winners at half the size and the whole, and at worst; then close in a market."""
    chance = Random(1)
    for lots, bidders in ((LOTS_MAX // 2, BIDDERS_MAX // 2), (LOTS_MAX, BIDDERS_MAX)):
        drawn = [_draw(chance, lots, bidders) for _ in range(CLOSES)]
        name = f"vcg: {lots} lots, {bidders} bidders, {PACKAGES_MAX} packages each"
        rates.rate(f"{name}, at random", CLOSES, lambda n=lots, b=drawn: _determine(n, b))  # type: ignore[misc]
    # Small packages have the most sets of other lots to be tried beside them.
    small = [1 << n for n in range(LOTS_MAX)] + [3 << n for n in range(PACKAGES_MAX - LOTS_MAX)]
    worst: list[Offers] = [
        [(one, chance.randint(1, 99)) for one in small] for _ in range(BIDDERS_MAX)
    ]
    rates.rate("vcg: small packages, the worst", 1, lambda: _determine(LOTS_MAX, [worst]))
    hall = _opened(chance)
    rates.rate("vcg: close in the market", 1, lambda: hall.pass_time(2 * HOUR_US))
    assert hall.trades


def _draw(chance: Random, lots: int, bidders: int) -> list[Offers]:
    sets = range(1, 1 << lots)
    return [
        [(one, chance.randint(1, 999)) for one in chance.sample(sets, PACKAGES_MAX)]
        for _ in range(bidders)
    ]


def _determine(lots: int, instances: list[list[Offers]]) -> None:
    for bids in instances:
        assert winners(bids, [0] * lots)


def _opened(chance: Random) -> Hall:
    hall = Hall(vcg)
    seller, *bidders = hall.join(1 + BIDDERS_MAX)
    lots = tuple(Lot(hall.post(seller)) for _ in range(LOTS_MAX))
    run = hall.open(seller, OpenVcg(lots, HOUR_US))
    for agent, offers in zip(bidders, _draw(chance, LOTS_MAX, BIDDERS_MAX), strict=True):
        packages = tuple(
            Package(
                tuple(lot.listing for n, lot in enumerate(lots) if sets >> n & 1),
                Money(units, "USD"),
            )
            for sets, units in offers
        )
        hall.move(agent, BidOnPackages(run, packages))
    return hall
