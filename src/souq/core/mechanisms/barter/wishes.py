"""Which offers of a batch meet which wishes of others, best first."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

COMPARED_MAX = 64  # others that one offer is compared with

Bundle = frozenset[tuple[str, int]]  # listings, and how much of each


class Offered(NamedTuple):
    """One offer as it concerns others; `category` is "" unless it is one piece of one listing.

    A wish is a bundle, met by just that bundle, or a category, met by any offer in or below it.
    """

    owner: str
    bundle: Bundle
    category: str
    wishes: tuple[Bundle | str, ...]


def first_met(wishes: Sequence[Bundle | str], other: Offered) -> int:
    """Give the first of the wishes that an offer meets, or -1."""
    within = set(_around(other.category))
    for n, wish in enumerate(wishes):
        if wish in within or wish == other.bundle:
            return n
    return -1


def choices(offers: Sequence[Offered]) -> list[dict[int, int]]:
    """List for each offer the others it would go for, best first, each with the wish it meets.

    Within a category those come first that came next after the offer itself, and after the last
    the first: so not everybody looks at the same ones. Nobody is compared with more than 64, nor
    with offers of its own.
    """
    at_of = {offer.bundle: n for n, offer in enumerate(offers)}
    within: dict[str, list[int]] = {}
    for n, offer in enumerate(offers):
        for category in _around(offer.category):
            within.setdefault(category, []).append(n)
    found = []
    for here, offer in enumerate(offers):
        mine: dict[int, int] = {}
        for wish_number, wish in enumerate(offer.wishes):
            if isinstance(wish, str):
                others = _from(within.get(wish, ()), here)
            else:
                others = iter((at_of[wish],) if wish in at_of else ())
            for other in others:
                if len(mine) == COMPARED_MAX:
                    break
                if offers[other].owner != offer.owner:
                    mine.setdefault(other, wish_number)
        found.append(mine)
    return found


def _from(numbers: Sequence[int], after: int) -> Iterator[int]:
    """Go through numbers in order, from the one after a number round to it."""
    first = bisect_right(numbers, after)
    for n in range(first, len(numbers)):
        yield numbers[n]
    for n in range(first):
        yield numbers[n]


def _around(category: str) -> Iterator[str]:
    """Name a category and all it stands in: "bikes/folding", then "bikes"."""
    while category:
        yield category
        category = category.rpartition("/")[0]
