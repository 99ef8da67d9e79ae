"""Wash trading: the same few sell to each other in a circle, and the money comes back.

A tie is strong where two deal far more often than two so busy would by chance. Within one market,
a strongly connected group of strong ties is a ring where, for each member, what came in and what
went out within the group differ by less than a tenth. Bakers and butchers who are loyal to each
other are none: they sell different things, so no circle closes within one market.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations

from souq.views.surveillance.graph import Pair, Tie, by_market, strong, strongly_connected, ties
from souq.views.surveillance.rows import Alarm, Trade, some, some_names

NAME = "wash_trading"
READS = (Trade,)
REPEATS_MIN = 4
CHANCE_MAX = 1e-5
NET_MAX_BPS = 1_000
MEMBERS_MAX = 12  # a larger group is a market


def find(trades: Sequence[Trade]) -> Iterator[Alarm]:
    """Yield an alarm for every ring, market by market."""
    for found in by_market(trades).values():
        all = ties(found)
        kept = strong(all, repeats_min=REPEATS_MIN, chance_max=CHANCE_MAX)
        for group in strongly_connected(kept):
            if len(group) <= MEMBERS_MAX:
                yield from _judged(group, all)


def _judged(group: list[str], all: dict[Pair, Tie]) -> Iterator[Alarm]:
    inside = [all[pair] for pair in permutations(group, 2) if pair in all]
    net_bps = max(_net_bps(one, inside) for one in group)
    if net_bps >= NET_MAX_BPS:
        return
    deals = sorted((one for tie in inside for one in tie.trades), key=lambda one: one.seq)
    yield Alarm(
        NAME,
        tuple(group),
        10_000 - net_bps,
        deals[0].at,
        deals[-1].at,
        "restrict",
        some([one.seq for one in deals]),
        some_names([one.contract for one in deals]),
        tuple(tie.edge for tie in inside),
        f"{len(deals)} deals in a circle of {len(group)}; "
        f"nobody's balance moved by more than {net_bps / 100:.1f} % of what went round",
    )


def _net_bps(member: str, inside: list[Tie]) -> int:
    """Give how much of a member's turnover with the group stayed with it or left it."""
    taken = sum(tie.units for tie in inside if tie.seller == member)
    given = sum(tie.units for tie in inside if tie.buyer == member)
    return 10_000 * abs(taken - given) // max(1, taken + given)
