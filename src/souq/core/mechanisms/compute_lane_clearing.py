"""Who has a place in one interval of a compute lane, and at what price: a plan over plain numbers.

Bids are taken in order of price, and each is given the earliest places that dearer ones leave.
Where that shuts somebody out who could have been served in time, had others waited as long as they
can, they do wait: each is planned as late as its deadline allows, the dearest first, and only what
is free now after that goes again by price.

The price is the highest bid that lost. A bid loses that has no place, though it could have begun
had nobody else bid; but not one that waits in favour of a cheaper one, since it will be served in
time. Sizes differ, so that a small bid may find room where a dearer one does not: nobody pays more
than its own bid, whatever the price.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Bid(NamedTuple):
    """So many units for `need` intervals, all before interval `by`; `is_kept` has them in a row."""

    number: int
    cap: int
    units: int
    need: int
    by: int
    is_kept: bool


class Cleared(NamedTuple):
    """`price` is the highest that lost, or None where nobody did."""

    price: int | None
    placed: tuple[int, ...]


Choice = Callable[[list[int], Bid], list[int]]


def clear(bids: Sequence[Bid], free: list[int]) -> Cleared:
    """Place bids, the dearest first, in `free[0]`; `free[1:]` is what the next intervals have left.

    `by` counts from the first interval here. What does not end within `free` has no room.
    """
    plan, late = _planned(bids, free, _earliest), _planned(bids, free, _latest)
    if any(times and not soon for times, soon in zip(late, plan, strict=True)):
        plan = late
    left = list(free)
    for bid, times in zip(bids, plan, strict=True):
        _take(left, bid, times)
    placed, without, cheapest = [], [], 0
    for bid, times in zip(bids, plan, strict=True):
        if (times and times[0] == 0) or _bring_forward(left, bid, times):
            placed.append(bid.number)
            cheapest = bid.cap
        elif _may_begin(free, bid):
            without.append((bid, bool(times)))
    lost = (bid.cap for bid, is_planned in without if not (is_planned and bid.cap > cheapest))
    return Cleared(next(lost, None), tuple(placed))


def _planned(bids: Sequence[Bid], free: list[int], choose: Choice) -> list[list[int]]:
    """Give the intervals each bid would have, the dearest choosing first; none where it cannot."""
    left, found = list(free), []
    for bid in bids:
        times = choose(left, bid)
        _take(left, bid, times)
        found.append(times)
    return found


def _earliest(left: list[int], bid: Bid) -> list[int]:
    return _first(left, bid, range(min(bid.by, len(left))))


def _latest(left: list[int], bid: Bid) -> list[int]:
    return _first(left, bid, range(min(bid.by, len(left)) - 1, -1, -1))[::-1]


def _first(left: list[int], bid: Bid, times: range) -> list[int]:
    found: list[int] = []
    for time in times:
        if left[time] >= bid.units:
            found.append(time)
            if len(found) == bid.need:
                return found
        elif bid.is_kept:
            found.clear()
    return []


def _take(left: list[int], bid: Bid, times: Sequence[int]) -> None:
    for time in times:
        left[time] -= bid.units


def _may_begin(left: list[int], bid: Bid) -> bool:
    """Tell whether a bid may begin now: with all it needs, or with the one interval at hand."""
    ahead = bid.need if bid.is_kept else 1
    return ahead <= len(left) and min(left[:ahead]) >= bid.units


def _bring_forward(left: list[int], bid: Bid, times: list[int]) -> bool:
    """Let a bid begin now where nobody's plan suffers; tell whether it does."""
    for time in times:
        left[time] += bid.units
    can = _may_begin(left, bid)
    if can:
        times = list(range(bid.need)) if bid.is_kept else [0, *times[:-1]]
    _take(left, bid, times)
    return can
