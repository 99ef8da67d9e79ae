"""What is remembered for whoever has a policy, so that a window of any length costs a few look-ups.

A *series* is rows in the order they came, each of two whole numbers. Row n keeps the sums over the
rows (n - lowbit(n), n], as in a Fenwick tree: any prefix, and any change of an old row, touch about
log2 of the rows, and the search for a window's first row adds up its prefix on the way.
"""

from typing import Any

from msgspec import Struct

from souq.core.policy.prices import PRICES_MAX
from souq.core.state import Table, View

QUANTITIES_MAX = 100
ANY = "any"  # in `KEPT`: somebody on this market has a policy
MARKET = "market"


class Row(Struct, frozen=True, gc=False, array_like=True):
    """When it came, and what it and the rows below it in the tree sum up to."""

    at: int
    first: int
    second: int


class Series(Struct, frozen=True, gc=False, array_like=True):
    """How many rows there are, and their sums."""

    count: int = 0
    first: int = 0
    second: int = 0


class Sums(Struct, frozen=True, gc=False, array_like=True):
    count: int
    first: int
    second: int


class Entry(Struct, frozen=True, array_like=True):
    """What one claim on money was remembered as: by whom, as which row, and who is to be paid."""

    units: int
    asset: str
    rows: tuple[tuple[str, int], ...]
    payees: tuple[tuple[str, int], ...]


KEPT: Table[int] = Table("policy_kept", int)  # for whom, and since when
SERIES: Table[Series] = Table("policy_series", Series)
ROWS: Table[Row] = Table("policy_rows", Row)
ENTRIES: Table[Entry] = Table("policy_entries", Entry)
KNOWN: Table[int] = Table("policy_known", int)  # counterparties, and since when
EXPOSED: Table[int] = Table("policy_exposed", int)
QUANTITIES: Table[tuple[int, ...]] = Table("policy_quantities", tuple[int, ...])
PRICES: Table[tuple[int, ...]] = Table("policy_prices", tuple[int, ...])
FIRST_BIDS: Table[int] = Table("policy_first_bids", int)
TABLES: tuple[Table[Any], ...] = (
    KEPT,
    SERIES,
    ROWS,
    ENTRIES,
    KNOWN,
    EXPOSED,
    QUANTITIES,
    PRICES,
    FIRST_BIDS,
)


def append(view: View, series: str, first: int, second: int) -> int:
    """Add a row at the view's instant; give its number."""
    head = view.get(SERIES, series) or Series()
    n = head.count + 1
    below, last = n - 1, n - (n & -n)
    sum_first, sum_second = first, second
    while below > last:
        row = view.get(ROWS, f"{series}/{below}")
        assert row is not None, f"a hole in {series}: {below}"
        sum_first += row.first
        sum_second += row.second
        below -= below & -below
    view.put(ROWS, f"{series}/{n}", Row(view.at, sum_first, sum_second))
    view.put(SERIES, series, Series(n, head.first + first, head.second + second))
    return n


def lessen(view: View, series: str, n: int, first: int, second: int) -> None:
    """Take so much off an old row."""
    head = view.get(SERIES, series)
    if head is None:  # what was kept for a mandate went with it
        return
    while n <= head.count:
        row = view.get(ROWS, f"{series}/{n}")
        assert row is not None, f"a hole in {series}: {n}"
        view.put(ROWS, f"{series}/{n}", Row(row.at, row.first - first, row.second - second))
        n += n & -n
    view.put(SERIES, series, Series(head.count, head.first - first, head.second - second))


def since(view: View, series: str, after: int) -> Sums:
    """Sum the rows that came after an instant; what came at it is left out."""
    head = view.get(SERIES, series)
    if head is None:
        return Sums(0, 0, 0)
    if after < 0:
        return Sums(head.count, head.first, head.second)
    row_of = view.getter(ROWS)
    n = first = second = 0
    step = 1 << head.count.bit_length() - 1
    while step:
        row = row_of(f"{series}/{n + step}") if n + step <= head.count else None
        if row is not None and row.at <= after:
            n += step
            first += row.first
            second += row.second
        step >>= 1
    return Sums(head.count - n, head.first - first, head.second - second)


def spent(key: str, asset: str) -> str:
    """Name the series of what was committed: gross, and net of refunds."""
    return f"{key}:{asset}"


def lost(key: str, asset: str) -> str:
    """Name the series of what ended deals cost, less what they brought."""
    return f"{key}-{asset}"


def deals(key: str) -> str:
    """Name the series of deals; of each, how many counterparties were new."""
    return f"{key}#"


def push(view: View, table: Table[tuple[int, ...]], key: str, value: int, most: int) -> None:
    """Remember one more of the latest."""
    view.put(table, key, (*(view.get(table, key) or ()), value)[-most:])


def push_price(view: View, category: str, asset: str, units: int) -> None:
    """Remember what one of a category went for."""
    push(view, PRICES, f"{category}/{asset}", units, PRICES_MAX)


def expose(view: View, key: str, principal: str, asset: str, units: int) -> None:
    """Remember that more is out with a principal, or less."""
    name = f"{key}/{principal}/{asset}"
    after = (view.get(EXPOSED, name) or 0) + units
    if after:
        view.put(EXPOSED, name, after)
    else:
        view.drop(EXPOSED, name)


class Kept:
    """What is remembered for one key, as rules ask for it."""

    __slots__ = ("_key", "_view")

    def __init__(self, view: View, key: str) -> None:
        self._view = view
        self._key = key

    def spent(self, asset: str, after: int, *, net: bool) -> int:
        found = since(self._view, spent(self._key, asset), after)
        return found.second if net else found.first

    def deals(self, after: int) -> int:
        return since(self._view, deals(self._key), after).count

    def newcomers(self, after: int) -> int:
        return since(self._view, deals(self._key), after).first

    def knows(self, principal: str) -> bool:
        return self._view.get(KNOWN, f"{self._key}/{principal}") is not None

    def exposure(self, principal: str, asset: str) -> int:
        return self._view.get(EXPOSED, f"{self._key}/{principal}/{asset}") or 0

    def loss(self, asset: str, after: int) -> int:
        return since(self._view, lost(self._key, asset), after).first

    def quantities(self, category: str) -> tuple[int, ...]:
        return self._view.get(QUANTITIES, f"{self._key}/{category}") or ()

    def prices(self, category: str, asset: str) -> tuple[int, ...]:
        return self._view.get(PRICES, f"{category}/{asset}") or ()
