"""Listings in the order of what their principals have shown, with places kept for newcomers.

Every tenth place goes to somebody who has next to no record, so that one can be earned; which, is
by lot: by the search and the day, so that the pages of one search fit each other, nobody can post
at the right moment, and tomorrow others come first. Each principal has one ticket however many
listings or agents it has; its other listings come after everybody's first.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from souq.views.catalogue.card import Search
from souq.views.catalogue.query import named, position_in, source_of

EXPLORED = 10  # one place of so many
_PRIME = 2_147_483_647

Rows = Callable[[str, Sequence[object]], list[Any]]


class Rated(Struct, frozen=True):
    """A page's listings by number, and how many of each kind have been shown until then."""

    numbers: list[int]
    known: int
    fresh: int
    is_last: bool


def ranked(rows: Rows, search: Search, *, asset: str, day: int) -> Rated:
    """Give a page. Raises Refused(invalid)."""
    at = position_in(search)
    known, fresh = (at.key, at.number - 1) if at is not None else (0, 0)
    source, where, values = source_of(search, asset)
    if not source:
        return Rated([], 0, 0, is_last=True)
    joined = f"{source} LEFT JOIN scores USING (principal) WHERE {' AND '.join(where)}"
    many = search.limit + 1
    best = rows(
        f"SELECT listings.number FROM {joined} AND is_newcomer = 0"
        " ORDER BY quantile DESC, listings.number DESC LIMIT ? OFFSET ?",
        (*values, many, known),
    )
    factor, term = _lot(search, day)
    new = rows(
        "SELECT number FROM (SELECT listings.number AS number,"
        " row_number() OVER (PARTITION BY principal ORDER BY listings.number DESC) AS nth,"
        " (CAST(substr(principal, 2) AS INTEGER) * ? + ?) % ? AS lot"
        f" FROM {joined} AND coalesce(is_newcomer, 1) = 1)"
        " ORDER BY nth, lot, number DESC LIMIT ? OFFSET ?",
        (factor, term, _PRIME, *values, many, fresh),
    )
    found: list[int] = []
    waiting = [number for (number,) in best], [number for (number,) in new]
    taken = [0, 0]
    while len(found) < search.limit:
        place = known + fresh + len(found) + 1
        kind = int(place % EXPLORED == 0)
        if taken[kind] == len(waiting[kind]):
            kind = 1 - kind
        if taken[kind] == len(waiting[kind]):
            break
        found.append(waiting[kind][taken[kind]])
        taken[kind] += 1
    is_last = taken[0] == len(waiting[0]) and taken[1] == len(waiting[1])
    return Rated(found, known + taken[0], fresh + taken[1], is_last=is_last)


def _lot(search: Search, day: int) -> tuple[int, int]:
    drawn = hashlib.sha256(f"{named(search)} {day}".encode()).digest()
    return int.from_bytes(drawn[:4]) % (_PRIME - 1) + 1, int.from_bytes(drawn[4:8]) % _PRIME
