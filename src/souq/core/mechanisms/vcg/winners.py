"""Who wins which package, and what each winner pays: exact, in integers, for a dozen lots.

A set of lots is a number with a bit for each. Best values for all sets, of the bidders up to one
and of the bidders from one on, are two tables filled bidder by bidder; what the others could have
had without somebody is read off where the two tables meet.
"""

from collections.abc import Sequence
from typing import NamedTuple

LOTS_MAX = 12
BIDDERS_MAX = 12

Offers = Sequence[tuple[int, int]]  # packages as sets of lots, and what each is worth


class Award(NamedTuple):
    """What a bidder wins: the number of its package, and what it pays."""

    bidder: int
    package: int
    units: int


def winners(bids: Sequence[Offers], reserves: Sequence[int]) -> list[Award]:
    """Choose at most one package of each bidder so that what they are worth adds up to the most.

    A lot that stays with the seller counts for its reserve. Among choices that are worth the same,
    that one counts which gives the first bidder the earliest of its packages, rather than none;
    then the second bidder; and so on. Each winner pays what the others, the seller among them,
    would have had more without it (Clarke): at least its lots' reserves, at most its own bid.
    """
    assert len(reserves) <= LOTS_MAX, f"too many lots to be exact in time: {len(reserves)}"
    assert len(bids) <= BIDDERS_MAX, f"too many bidders to be exact in time: {len(bids)}"
    everything = (1 << len(reserves)) - 1
    kept = [
        sum(units for n, units in enumerate(reserves) if lots >> n & 1)
        for lots in range(everything + 1)
    ]
    gains = [[(lots, units - kept[lots]) for lots, units in offers] for offers in bids]
    nothing = [0] * (everything + 1)
    before, after = [nothing], [nothing]  # before[k]: of bidders 0..k-1; after[k]: of k..
    for offers in gains:
        before.append(_with_one_more(before[-1], offers, everything))
    for offers in reversed(gains):
        after.append(_with_one_more(after[-1], offers, everything))
    after.reverse()
    awards, left = [], everything
    for bidder, offers in enumerate(gains):
        for package, (lots, gain) in enumerate(offers):
            if lots & ~left or gain < 0:
                continue
            if gain + after[bidder + 1][left & ~lots] == after[bidder][left]:
                others = _without(before[bidder], after[bidder + 1], everything)
                units = kept[lots] + others - (after[0][everything] - gain)
                awards.append(Award(bidder, package, units))
                left &= ~lots
                break
    return awards


def _with_one_more(best: list[int], offers: Offers, everything: int) -> list[int]:
    """Give the best of every set of lots when one more bidder may have a package of it."""
    found = list(best)
    for lots, gain in offers:
        if gain <= 0:
            continue
        others = rest = everything & ~lots
        while True:  # every set of the other lots, from all of them down to none
            worth = best[others] + gain
            if worth > found[others | lots]:
                found[others | lots] = worth
            if not others:
                break
            others = (others - 1) & rest
    return found


def _without(before: list[int], after: list[int], everything: int) -> int:
    """Give the best for those before somebody and those after it, who share the lots."""
    return max(worth + after[everything & ~lots] for lots, worth in enumerate(before))
