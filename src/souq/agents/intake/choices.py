"""A short test of whether a person was understood: their choices beside what the brief predicts.

Each pair is something concrete within what they said. Of two wants, both at the same saving, the
brief predicts the one that stands higher in its order; of a price and no deal, the one that the
floor or the limit says. Nothing is offered beyond the budget: nobody can say what they would rather
do with money that they will not spend. The prediction stands before the person is asked.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

from msgspec import Struct

from souq.agents.brief import Brief, ThingTold, Understanding, WantTold, units
from souq.core.money import Asset

PAIRS_MAX = 12  # a coin passes the usual 0.6 with one chance in five; with six pairs, one in three
LEAST = "0.6"
DIGEST_SIGNS = 16
Side = Literal["a", "b"]
Act = Literal["buy", "sell", "nothing"]


class Option(Struct, frozen=True):
    """What one side of a choice comes to: the want or thing at a place, for so many units."""

    act: Act
    place: int = 0
    units: int = 0


class Choice(Struct, frozen=True):
    """Two options, what each is called, and which of them the brief predicts."""

    a: Option
    b: Option
    a_text: str
    b_text: str
    predicted: Side


def choices_of(brief: Brief, asset: Asset, seed: int) -> tuple[Choice, ...]:
    """Draw the pairs for a brief, the same for the same seed. Raises BadBrief."""
    rng = random.Random(f"souq/{seed}/choices")
    orders = list(_between_wants(brief, asset))
    limits = list(_at_limits(brief, asset))
    rng.shuffle(orders)
    rng.shuffle(limits)
    half = PAIRS_MAX // 2
    orders = orders[: max(half, PAIRS_MAX - len(limits))]
    drawn = orders + limits[: PAIRS_MAX - len(orders)]
    rng.shuffle(drawn)
    # As often on either side, so that who always says “a” agrees with half of them.
    sides: list[Side] = ["a" if n % 2 else "b" for n in range(len(drawn))]
    rng.shuffle(sides)
    return tuple(
        _choice(brief, asset, *pair, side) for pair, side in zip(drawn, sides, strict=True)
    )


def measured(choices: Sequence[Choice], picks: Sequence[str], least: str = LEAST) -> Understanding:
    """Compare picks with the predictions. What was not answered did not agree."""
    agreed = sum(pick == one.predicted for one, pick in zip(choices, picks, strict=False))
    return Understanding(agreed, len(choices), least)


def digest_of(choices: Sequence[Choice]) -> str:
    """Name these pairs as a person saw them, so that picks are not taken for those of others."""
    seen = "\n".join(f"{one.a_text}\n{one.b_text}" for one in choices)
    return hashlib.sha256(seen.encode()).hexdigest()[:DIGEST_SIGNS]


Pair = tuple[Option, Option]  # the predicted one first


def _between_wants(brief: Brief, asset: Asset) -> Iterator[Pair]:
    limits = [units(one.most, asset, "most") for one in brief.wants]
    budget = _budget(brief, asset)
    for first, second in combinations(range(len(limits)), 2):
        low, high = sorted((limits[first], limits[second]))
        saving = max(_rounded(low // 4, asset), 0 if budget is None else high - budget)
        if saving > low or saving == low > 0:
            continue  # the dearer one leaves nothing to pay for the other
        yield (
            Option("buy", first, limits[first] - saving),
            Option("buy", second, limits[second] - saving),
        )


def _at_limits(brief: Brief, asset: Asset) -> Iterator[Pair]:
    nothing = Option("nothing")
    budget = _budget(brief, asset)
    for n, want in enumerate(brief.wants):
        most = units(want.most, asset, "most")
        payable = most if budget is None else min(most, budget)
        yield Option("buy", n, _rounded(payable * 3 // 4, asset)), nothing
        beyond = most + max(_step(most, asset), _rounded(most // 4, asset))
        if budget is None or beyond <= budget:
            yield nothing, Option("buy", n, beyond)
    for n, thing in enumerate(brief.things):
        ask = units(thing.ask, asset, "ask")
        floor = ask if thing.floor is None else units(thing.floor, asset, "floor")
        yield Option("sell", n, floor + _rounded((ask - floor) // 2, asset)), nothing
        if floor:
            yield nothing, Option("sell", n, _rounded(floor * 3 // 4, asset))


def _budget(brief: Brief, asset: Asset) -> int | None:
    return None if brief.budget is None else units(brief.budget, asset, "budget")


def _step(amount: int, asset: Asset) -> int:
    """Give the step in which people name amounts of this size: whole ones, or quarters."""
    whole = 10**asset.exponent
    return whole if amount >= 8 * whole else max(1, whole // 4)


def _rounded(amount: int, asset: Asset) -> int:
    """Round down, as people name amounts; what is below a step stays as it is."""
    step = _step(amount, asset)
    return amount // step * step or amount


def _choice(brief: Brief, asset: Asset, predicted: Option, other: Option, side: Side) -> Choice:
    a, b = (predicted, other) if side == "a" else (other, predicted)
    deal = a if b.act == "nothing" else b

    def text(option: Option) -> str:
        return _text(brief, asset, option, deal)

    return Choice(a, b, text(a), text(b), side)


def _text(brief: Brief, asset: Asset, option: Option, deal: Option) -> str:
    price = f"{asset.format(option.units)} {asset.code}"
    if option.act == "buy":
        return f"buy {name_of_want(brief.wants[option.place])} for {price}"
    if option.act == "sell":
        return f"sell {_name_of_thing(brief.things[option.place])} for {price}"
    if deal.act == "sell":
        return f"keep {_name_of_thing(brief.things[deal.place])}"
    return "keep the money"


def name_of_want(want: WantTold) -> str:
    """Give what a want is called, in quotes."""
    return f"“{want.what or f'something in {want.category}'}”"


def _name_of_thing(thing: ThingTold) -> str:
    return f"“{thing.title}”"
