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

from collections.abc import Sequence
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


class Plan(NamedTuple):
    """The intervals each bid would have, none where it cannot; and what nobody would."""

    times: list[Sequence[int]]
    left: list[int]


def clear(bids: Sequence[Bid], free: list[int]) -> Cleared:
    """Place bids, the dearest first, in `free[0]`; `free[1:]` is what the next intervals have left.

    `by` counts from the first interval here. What does not end within `free` has no room.
    """
    plan = _planned(bids, free, is_soon=True)
    if not all(plan.times):
        late = _planned(bids, free, is_soon=False)
        if any(later and not soon for later, soon in zip(late.times, plan.times, strict=True)):
            plan = late
    placed, without, cheapest = [], [], 0
    for bid, times in zip(bids, plan.times, strict=True):
        if (times and times[0] == 0) or _bring_forward(plan.left, bid, times):
            placed.append(bid.number)
            cheapest = bid.cap
        else:
            without.append((bid, times))
    lost = (
        bid.cap
        for bid, times in without
        if not (times and bid.cap > cheapest) and _may_begin(free, bid)
    )
    return Cleared(next(lost, None), tuple(placed))


def _planned(bids: Sequence[Bid], free: list[int], *, is_soon: bool) -> Plan:
    """Plan for all bids, the dearest choosing first, as soon or as late as each of them can."""
    left, found = list(free), []
    for bid in bids:
        last = min(bid.by, len(left))
        order = range(last) if is_soon else range(last - 1, -1, -1)
        times = _row(left, bid, order) if bid.is_kept else _any(left, bid, order)
        if not is_soon:
            times = times[::-1]
        for time in times:
            left[time] -= bid.units
        found.append(times)
    return Plan(found, left)


def _row(left: list[int], bid: Bid, order: range) -> Sequence[int]:
    """Give the first intervals in a row that a bid can have."""
    units, need, count = bid.units, bid.need, 0
    for n, time in enumerate(order):
        count = count + 1 if left[time] >= units else 0
        if count == need:
            return order[n + 1 - need : n + 1]
    return ()


def _any(left: list[int], bid: Bid, order: range) -> Sequence[int]:
    """Give the first intervals that a bid can have."""
    units, missing = bid.units, bid.need
    found = []
    for time in order:
        if left[time] >= units:
            found.append(time)
            missing -= 1
            if not missing:
                return found
    return ()


def _may_begin(left: list[int], bid: Bid) -> bool:
    """Tell whether a bid may begin now: with all it needs, or with the one interval at hand."""
    ahead = bid.need if bid.is_kept else 1
    return left[0] >= bid.units and ahead <= len(left) and min(left[:ahead]) >= bid.units


def _bring_forward(left: list[int], bid: Bid, times: Sequence[int]) -> bool:
    """Let a bid begin now where nobody's plan suffers; tell whether it does."""
    if left[0] < bid.units:
        return False
    for time in times:
        left[time] += bid.units
    can = _may_begin(left, bid)
    if can:
        times = range(bid.need) if bid.is_kept else [0, *times[:-1]]
    for time in times:
        left[time] -= bid.units
    return can
