"""Towns to dine in: those that were published, others made up from a seed, and both by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import USD, Money
from souq.lab.kernel import Kernel, Trade
from souq.lab.population import generator
from souq.lab.sources import magentic
from souq.lab.sources.magentic import Business, Customer, Town
from souq.lab.sources.shelf import shelf

FOLDER = "magentic"
CENT = 10 ** (USD.exponent - 2)


class Published(NamedTuple):
    """A town that somebody else made, and its welfare as printed, in dollars."""

    name: str
    best_usd: float
    cheapest_usd: float


# Bansal et al. 2025, beside the data; to the cent.
PUBLISHED = (
    Published("mexican_3_9", 63.78, 63.78),
    Published("mexican_10_30", 185.61, 111.31),
    Published("mexican_33_99", 762.53, 414.50),
)

# How much a customer likes a price for all that it wants, told whether its amenities are there.
Prefers = Callable[[Customer, int, bool], int]


def likes_best(customer: Customer, units: int, has_amenities: bool) -> int:
    """Like what leaves most, by the paper's utility."""
    return sum(customer.values.values()) * 2 * has_amenities - units


def likes_cheapest(customer: Customer, units: int, has_amenities: bool) -> int:
    """Like what is cheap."""
    return -units


def found(data: str) -> list[tuple[str, Town]]:
    """Read the towns that are here, by name: those on a shelf, or the one whose folder is named.

    Raises BadSource.
    """
    if data and (Path(data) / "customers").is_dir():
        return [(Path(data).name, magentic.read(Path(data)))]
    folder = shelf(data) / FOLDER
    if not folder.is_dir():
        return []
    known = [one.name for one in PUBLISHED]
    names = [one.name for one in sorted(folder.iterdir()) if (one / "customers").is_dir()]
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    return [(name, magentic.read(folder / name)) for name in names]


def made_up(seed: int, name: str, *, customers: int = 4, businesses: int = 8) -> Town:
    """Make a town up. Most customers can be served somewhere, some only at a loss or not at all."""
    rng = generator(seed, f"town {name}")
    dishes = [f"Dish {n}" for n in range(1, 11)]
    amenities = ["Garden", "Live Music", "Parking", "Children's Menu"]
    houses = tuple(
        Business(
            f"b{n}",
            f"House {n}",
            f"The {n}th house on the square.",
            {dish: rng.randint(200, 1500) * CENT for dish in rng.sample(dishes, 5)},
            {one: rng.random() < 0.6 for one in amenities},
        )
        for n in range(1, businesses + 1)
    )
    guests = []
    for n in range(1, customers + 1):
        menu = list(rng.choice(houses).menu) if rng.random() < 0.9 else dishes
        wanted = rng.sample(menu, rng.randint(1, 3))
        guests.append(
            Customer(
                f"c{n}",
                f"Guest {n}",
                "",
                {dish: rng.randint(100, 1500) * CENT for dish in wanted},
                tuple(rng.sample(amenities, rng.randint(1, 2))),
            )
        )
    return Town(tuple(guests), houses)


def by_hand(town: Town, prefers: Prefers) -> list[tuple[int, int]]:
    """Work out by the data alone whom each customer takes: pairs of their places in the town.

    Of equals a customer takes the first in the town. Who finds nobody with all it wants, nobody.
    """
    pairs = []
    for n, customer in enumerate(town.customers):
        offers = [
            (
                prefers(
                    customer,
                    _price(customer, one),
                    all(one.amenities.get(amenity, False) for amenity in customer.amenities),
                ),
                -m,
            )
            for m, one in enumerate(town.businesses)
            if customer.values.keys() <= one.menu.keys()
        ]
        if offers:
            pairs.append((n, -max(offers)[1]))
    return pairs


def welfare(town: Town, pairs: list[tuple[int, int]]) -> int:
    """Work out the welfare of who takes whom, in units."""
    total = 0
    for n, m in pairs:
        customer, one = town.customers[n], town.businesses[m]
        has_amenities = all(one.amenities.get(name, False) for name in customer.amenities)
        total += likes_best(customer, _price(customer, one), has_amenities)
    return total


def by_kernel(town: Town, pairs: list[tuple[int, int]]) -> list[Trade]:
    """Let these pairs trade by the mechanism alone, at the menu's prices."""
    path = Kernel(alternating_offers)
    guests, houses = path.join(len(town.customers)), path.join(len(town.businesses))
    listings = {
        (m, dish): path.post(houses[m], price=Money(units, USD.code), available=len(guests) + 1)
        for m, one in enumerate(town.businesses)
        for dish, units in one.menu.items()
    }
    for n, m in pairs:
        customer, one = town.customers[n], town.businesses[m]
        items = tuple(Item(listings[m, dish]) for dish in customer.values)
        talk = path.open(guests[n], MakeOffer(items, Money(_price(customer, one), USD.code)))
        path.move(houses[m], Accept(talk, alternating_offers.standing(path, talk).terms))
    return path.trades


def _price(customer: Customer, one: Business) -> int:
    return sum(one.menu[dish] for dish in customer.values)
