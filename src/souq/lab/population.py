"""People drawn from a seed: what each brings, wants, can spend, and what things are worth to them.

Distributions, each drawn by a generator of its own name, so that one more draw here moves nothing
elsewhere:

- asking price: the good's own, or log-uniform in its range (`goods.draw_price`); 3 % are free
- floor, the least to take: asking price x U(0.35, 0.85), down to whole quarters
- may be bartered: 1 in 5
- wants: 3 to 6 of the categories on offer, 1 to 3 pieces of each
- worth of somebody else's good in a wanted category: for 3 in 10 of them, asking price x
  lognormal(mu -0.05, sigma 0.4), down to whole quarters; nothing otherwise
- advert: 1 person in 4 announces one want, at the median worth of what suits
- style: one of `STYLES`, by weight
"""

import random
from collections.abc import Mapping, Sequence

from msgspec import Struct

from souq.agents.trader import QUANTUM_UNITS, Thing
from souq.lab.goods import UNITS_PER_USD, Good, draw_price

FREE_RATE = 0.03
TRUE_PERCENT = 100
BARTER_RATE = 0.2
INTEREST_RATE = 0.3
ADVERT_RATE = 0.25
STYLES: Mapping[str, int] = {
    "boulware": 25,
    "linear": 25,
    "conceder": 20,
    "tit_for_tat": 15,
    "fixed_price": 8,
    "lowballer": 7,
}
# Project Deal gave each person $100 among goods whose asking prices had a median near $20.
BUDGET_PER_MEDIAN_PRICE = 5


class Person(Struct, frozen=True):
    """One person. `values`: by ref of somebody else's thing, its worth in units."""

    number: int
    name: str
    style: str
    budget_units: int
    things: tuple[Thing, ...]
    wants: dict[str, int]
    values: dict[str, int]
    adverts: dict[str, int]


class Population(Struct, frozen=True, omit_defaults=True):
    """Everybody in one market, and the seed they came from.

    `kinds`: by name, the kind of agent that somebody was assigned; `truths`: by ref, what a thing
    is really worth, in per cent of what it seems. `adversaries` are names.
    """

    seed: int
    people: tuple[Person, ...]
    kinds: dict[str, str] = {}
    truths: dict[str, int] = {}
    adversaries: tuple[str, ...] = ()


def true_worth(truths: Mapping[str, int], ref: str, seeming_units: int) -> int:
    """Give what a thing is really worth to somebody, in units; see `Population.truths`."""
    return seeming_units * truths.get(ref, TRUE_PERCENT) // TRUE_PERCENT


_FIRST = (
    *("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hugo", "Ines", "Jon", "Kira", "Leo"),
    *("Mia", "Nils", "Olga", "Paul", "Quin", "Rosa", "Sam", "Tess", "Udo", "Vera", "Will", "Zoe"),
)


def generator(seed: int, name: str) -> random.Random:
    """Give the generator of this name; the same in every process."""
    return random.Random(f"souq/{seed}/{name}")


def draw(
    goods: Sequence[Good],
    *,
    people: int,
    seed: int,
    per_person: int,
    budget_units: int | None,
    total: int | None = None,
) -> Population:
    """Draw a population. `budget_units` None scales budgets with the asking prices.

    `total` is how many things there are in all, shared out evenly, the first people one more;
    without it each brings `per_person`.

    Raises ValueError for fewer than two people, or none of something.
    """
    if people < 2 or per_person < 1 or not goods:
        raise ValueError("a market needs two people, and something to sell")
    counts = [per_person] * people
    if total is not None:
        counts = [total // people + (n < total % people) for n in range(people)]
    things = _things(goods, counts, seed)
    if budget_units is None:
        asks = sorted(thing.ask_units for person in things for thing in person)
        budget_units = max(UNITS_PER_USD, BUDGET_PER_MEDIAN_PRICE * asks[len(asks) // 2])
    categories = sorted({thing.category for person in things for thing in person})
    styles = generator(seed, "styles").choices(
        list(STYLES), weights=list(STYLES.values()), k=people
    )
    return Population(
        seed,
        tuple(_person(n, seed, styles[n], budget_units, things, categories) for n in range(people)),
    )


def _things(goods: Sequence[Good], counts: Sequence[int], seed: int) -> list[tuple[Thing, ...]]:
    rng = generator(seed, "goods")
    needed = sum(counts)
    deck: list[Good] = []
    while len(deck) < needed:  # a small catalogue comes round again: people own the same things
        deck += rng.sample(list(goods), min(len(goods), needed - len(deck)))
    drawn = iter(enumerate(deck[:needed], start=1))
    result = []
    for count in counts:
        mine: list[Thing] = []
        for _ in range(count):
            number, good = next(drawn)
            mine.append(_thing(f"g{number}", good, rng, {thing.title for thing in mine}))
        result.append(tuple(mine))
    return result


def _thing(ref: str, good: Good, rng: random.Random, taken: set[str]) -> Thing:
    ask = 0 if rng.random() < FREE_RATE else draw_price(good, rng)
    floor = int(ask * rng.uniform(0.35, 0.85)) // QUANTUM_UNITS * QUANTUM_UNITS
    # A trader tells its own things apart by their titles.
    title = good.title if good.title not in taken else f"{good.title[:180]} ({ref})"
    return Thing(
        ref=ref,
        title=title,
        description=good.description,
        category=good.category,
        subject="service" if good.kind == "service" else "goods",
        ask_units=ask,
        floor_units=floor,
        may_barter=rng.random() < BARTER_RATE,
    )


def _person(
    n: int,
    seed: int,
    style: str,
    budget_units: int,
    things: list[tuple[Thing, ...]],
    categories: list[str],
) -> Person:
    rng = generator(seed, f"person {n}")
    count = min(len(categories), rng.randint(3, 6))
    wants = {category: rng.randint(1, 3) for category in sorted(rng.sample(categories, count))}
    values = {}
    for other, theirs in enumerate(things):
        for thing in theirs:
            if other == n or thing.category not in wants or rng.random() >= INTEREST_RATE:
                continue
            base = thing.ask_units or 5 * UNITS_PER_USD
            worth = int(base * rng.lognormvariate(-0.05, 0.4)) // QUANTUM_UNITS * QUANTUM_UNITS
            if worth:
                values[thing.ref] = worth
    return Person(
        number=n + 1,
        name=f"{_FIRST[n % len(_FIRST)]} {n + 1}",
        style=style,
        budget_units=budget_units,
        things=things[n],
        wants=wants,
        values=values,
        adverts=_adverts(rng, wants, values, things),
    )


def _adverts(
    rng: random.Random,
    wants: dict[str, int],
    values: dict[str, int],
    things: list[tuple[Thing, ...]],
) -> dict[str, int]:
    if rng.random() >= ADVERT_RATE:
        return {}
    category = rng.choice(sorted(wants))
    suits = sorted(
        values[thing.ref]
        for theirs in things
        for thing in theirs
        if thing.category == category and thing.ref in values
    )
    return {category: suits[len(suits) // 2]} if suits else {}
