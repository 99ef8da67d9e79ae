"""Reputation rings: a few praise each other by dealing, in whatever and however cheaply.

What a seller has shown is worth the square root of each deal's value, up to a cap a counterparty.
A group is a ring where strong ties run both ways through it, and most of what its members have
shown was shown to each other. Unlike wash traders they may sell different things and need not come
out even; unlike them, they have hardly anybody else.

`evidence` and `uplift_bps` are the detector's own yardstick; what counts in the market is the
house's reputation rule.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import permutations
from math import isqrt

from souq.views.strongly_connected import strongly_connected
from souq.views.surveillance.graph import Pair, strong, ties
from souq.views.surveillance.rows import Alarm, Trade, some, some_names

NAME = "reputation_ring"
READS = (Trade,)
REPEATS_MIN = 2
CHANCE_MAX = 1e-5
INSIDE_MIN_BPS = 7_000
DEALS_MIN = 8
MEMBERS_MAX = 12
VALUE_MAX_UNITS = 1_000_000_000
COUNTERPARTY_MAX = 100_000  # about ten deals of a hundred dollars


def find(trades: Sequence[Trade]) -> Iterator[Alarm]:
    """Yield an alarm for every ring."""
    all = ties(trades)
    kept = strong(all, repeats_min=REPEATS_MIN, chance_max=CHANCE_MAX)
    groups = [one for one in strongly_connected(kept) if len(one) <= MEMBERS_MAX]
    if not groups:
        return
    shown = _weights(trades)
    whole = _sums(shown)
    for group in groups:
        inside = [all[pair] for pair in permutations(group, 2) if pair in all]
        deals = sorted((one for tie in inside for one in tie.trades), key=lambda one: one.seq)
        own = _sums({pair: shown[pair] for pair in permutations(group, 2) if pair in shown})
        share_bps = min(10_000 * own.get(one, 0) // max(1, whole.get(one, 0)) for one in group)
        if share_bps < INSIDE_MIN_BPS or len(deals) < DEALS_MIN:
            continue
        yield Alarm(
            NAME,
            tuple(group),
            share_bps,
            deals[0].at,
            deals[-1].at,
            "restrict",
            some([one.seq for one in deals]),
            some_names([one.contract for one in deals]),
            tuple(tie.edge for tie in inside),
            f"of what each of the {len(group)} has shown as a seller, "
            f"at least {share_bps / 100:.0f} % was shown to the others",
        )


def evidence(trades: Iterable[Trade], zeroed: Collection[Pair] = ()) -> dict[str, int]:
    """Sum what sellers have shown, without deals between the pairs that count nothing."""
    counted = (one for one in trades if (one.seller, one.buyer) not in zeroed)
    return _sums(_weights(counted))


def zeroed_by(alarms: Iterable[Alarm]) -> set[Pair]:
    """List the pairs whose deals count nothing once these alarms are believed."""
    return {pair for alarm in alarms for pair in permutations(alarm.parties, 2)}


def uplift_bps(trades: Sequence[Trade], planted: Collection[int], alarms: Iterable[Alarm]) -> int:
    """Give how much of what planted deals (by record) would add to reputations is left.

    10,000 is all of it, 0 none.
    """
    honest = [one for one in trades if one.seq not in planted]
    without = evidence(honest)
    sought = _gain(evidence(trades), without)
    zeroed = zeroed_by(alarms)
    left = _gain(evidence(trades, zeroed), evidence(honest, zeroed))
    return 10_000 * left // max(1, sought)


def _weights(trades: Iterable[Trade]) -> dict[Pair, int]:
    found: dict[Pair, int] = {}
    for one in trades:
        if one.seller != one.buyer:
            pair = one.seller, one.buyer
            weight = isqrt(min(one.units, VALUE_MAX_UNITS))
            found[pair] = min(COUNTERPARTY_MAX, found.get(pair, 0) + weight)
    return found


def _sums(shown: dict[Pair, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (seller, _), weight in shown.items():
        found[seller] = found.get(seller, 0) + weight
    return found


def _gain(after: dict[str, int], before: dict[str, int]) -> int:
    return sum(max(0, units - before.get(one, 0)) for one, units in after.items())
