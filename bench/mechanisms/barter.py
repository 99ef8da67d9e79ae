"""The search for rotations among barter listings, by both clearings, and how it grows."""

from collections.abc import Sequence
from random import Random

from bench.mechanisms.rates import Rates
from souq.core.mechanisms import barter
from souq.core.mechanisms.barter.cycles import CASH_SCALE, cycle_cover, top_trading_cycles
from souq.core.mechanisms.barter.records import EnterBarter, Matching, OpenBarter, Wish
from souq.core.mechanisms.barter.wishes import Offered, choices
from souq.core.mechanisms.moves import Item
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall

LISTINGS = 1_000
WISHES = 8
CATEGORIES = 20


def measure(rates: Rates) -> None:
    """Search among 1,000 listings and ten times as many; then clear a batch in the market."""
    for size in (LISTINGS, 10 * LISTINGS):
        offers = _offers(Random(1), size)
        found = rates.time(f"barter: {size:,} listings, wishes met", lambda o=offers: choices(o))  # type: ignore[misc]
        lists = [tuple(mine) for mine in found]
        rates.time(
            f"barter: {size:,} listings, top trading cycles",
            lambda them=lists: top_trading_cycles(them),  # type: ignore[misc]
        )
        for name, values in (
            ("ranks", [{b: 16 - n for b, n in mine.items()} for mine in found]),
            ("cash apart", _apart(Random(2), lists)),
            ("cash alike", _alike(Random(3), lists)),
        ):
            rates.time(
                f"barter: {size:,} listings, cycle cover, {name}",
                lambda them=values: cycle_cover(them),  # type: ignore[misc]
            )
    matchings: tuple[Matching, ...] = ("top_trading_cycles", "cycle_cover")
    for matching in matchings:
        hall = _entered(Random(4), matching)
        what = f"barter: {LISTINGS:,} listings, clearing in the market, {matching}"
        rates.time(what, lambda hall=hall: hall.pass_time(2 * HOUR_US))  # type: ignore[misc]
        assert hall.trades


def _offers(chance: Random, size: int) -> list[Offered]:
    """Draw offers of one thing each, for six things by name and two categories."""
    found = []
    for n in range(size):
        names = [frozenset(((f"L{chance.randrange(size)}", 1),)) for _ in range(WISHES - 2)]
        kinds = [f"c{chance.randrange(CATEGORIES)}" for _ in range(2)]
        bundle = frozenset(((f"L{n}", 1),))
        found.append(Offered(f"P{n}", bundle, f"c{n % CATEGORIES}", (*names, *kinds)))
    return found


def _apart(chance: Random, lists: Sequence[Sequence[int]]) -> list[dict[int, int]]:
    """Let each say what it would add, or asks, as if nobody else's goods mattered."""
    return [
        {
            b: chance.randint(-(10**7), 10**7) * CASH_SCALE + 16 - min(n, 15)
            for n, b in enumerate(mine)
        }
        for mine in lists
    ]


def _alike(chance: Random, lists: Sequence[Sequence[int]]) -> list[dict[int, int]]:
    """Let all roughly agree on what things are worth: then many bid for the same few."""
    worth = [chance.randint(1, 10**6) for _ in lists]
    return [
        {b: (worth[b] - worth[a] + chance.randint(0, 100)) * CASH_SCALE + 1 for b in mine}
        for a, mine in enumerate(lists)
    ]


def _entered(chance: Random, matching: Matching) -> Hall:
    hall = Hall(barter)
    agents = hall.join(LISTINGS)
    listings = [hall.post(agent, delivery="title") for agent in agents]
    run = hall.open(agents[0], OpenBarter(matching, HOUR_US))
    most = 0 if matching == "top_trading_cycles" else 10**6
    for agent, mine in zip(agents, listings, strict=True):
        others = [one for one in chance.sample(listings, WISHES) if one != mine]
        wishes = [Wish((Item(one),), cash_units=chance.randint(-most, most)) for one in others]
        hall.move(agent, EnterBarter(run, (Item(mine),), tuple(wishes)))
    return hall
