"""What each principal is bound to: how many contracts run, and what a day's deals came to."""

from typing import Any

from msgspec import Struct

from souq.core.rules import DAY_US
from souq.core.state import COUNTERS, Table, View


class Committed(Struct, frozen=True):
    """What a principal's agents have bound it to pay on one day (UTC), in one asset."""

    day: int
    units: int


COMMITTED: Table[Committed] = Table("committed", Committed)  # by "P1/USD"
TABLES: tuple[Table[Any], ...] = (COMMITTED,)


def contracts_of(view: View, principal: str) -> int:
    """Count a principal's running contracts."""
    return view.get(COUNTERS, _open_of(principal)) or 0


def today(view: View, principal: str, asset: str) -> int:
    """Sum what a principal was bound to pay on the day of this moment."""
    found = view.get(COMMITTED, f"{principal}/{asset}")
    return found.units if found is not None and found.day == view.at // DAY_US else 0


def count(view: View, principal: str, change: int) -> None:
    """Fold that a contract began or ended."""
    key = _open_of(principal)
    after = (view.get(COUNTERS, key) or 0) + change
    if after > 0:
        view.put(COUNTERS, key, after)
    else:
        view.drop(COUNTERS, key)


def add(view: View, principal: str, asset: str, units: int) -> None:
    """Fold that a principal was bound to pay."""
    after = Committed(view.at // DAY_US, today(view, principal, asset) + units)
    view.put(COMMITTED, f"{principal}/{asset}", after)


def _open_of(principal: str) -> str:
    return f"contracts of {principal}"
