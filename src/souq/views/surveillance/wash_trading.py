"""Wash trading: the same few sell to each other in a circle, and the money comes back.

A tie is strong where two deal far more often than two so busy would by chance. Within one market,
a strongly connected group of strong ties is a ring where, for each member, what came in and what
went out within the group differ by less than a tenth; and where either prices vary far less than
in the market, as those of one thing that goes round, or the group deals with hardly anybody else.
Bakers and butchers who are loyal to each other are none: no circle closes within one market.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations

from souq.views.strongly_connected import strongly_connected
from souq.views.surveillance.graph import Pair, Tie, by_market, strong, ties
from souq.views.surveillance.rows import Alarm, Trade, some, some_names

NAME = "wash_trading"
READS = (Trade,)
REPEATS_MIN = 4
CHANCE_MAX = 1e-5
NET_MAX_BPS = 1_000
INSULAR_MIN_BPS = 8_000
MEMBERS_MAX = 12  # a larger group is a market


def find(trades: Sequence[Trade]) -> Iterator[Alarm]:
    """Yield an alarm for every ring, market by market."""
    for found in by_market(trades).values():
        all = ties(found)
        kept = strong(all, repeats_min=REPEATS_MIN, chance_max=CHANCE_MAX)
        spread_ppm = _spread_ppm(found)
        waiting = strongly_connected(kept)
        for _ in range(len(kept) + 1):  # each turn takes a group apart, or is done with it
            if not waiting:
                break
            group = waiting.pop()
            inside = [all[pair] for pair in permutations(group, 2) if pair in all]
            nets = {one: _net_bps(one, inside) for one in group}
            worst = max(group, key=lambda one: nets[one])
            if nets[worst] >= NET_MAX_BPS or len(group) > MEMBERS_MAX:
                # Somebody who only deals with a ring, as with others, is no reason to miss it.
                rest = frozenset(group) - {worst}
                waiting += strongly_connected(pair for pair in kept if rest.issuperset(pair))
            elif _is_one_thing(inside, spread_ppm) or _is_insular(group, inside, all):
                yield _told(group, inside, nets[worst])


def _told(group: list[str], inside: list[Tie], net_bps: int) -> Alarm:
    deals = sorted((one for tie in inside for one in tie.trades), key=lambda one: one.seq)
    return Alarm(
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


def _is_one_thing(inside: list[Tie], spread_ppm: int) -> bool:
    """Tell whether prices within a group vary far less than in its market."""
    return 2 * _spread_ppm([one for tie in inside for one in tie.trades]) < spread_ppm


def _spread_ppm(trades: Sequence[Trade]) -> int:
    """Give the median distance from the median price, in millionths of it."""
    units = sorted(one.units for one in trades)
    middle = units[len(units) // 2]
    return sorted(abs(one - middle) for one in units)[len(units) // 2] * 1_000_000 // max(1, middle)


def _is_insular(group: list[str], inside: list[Tie], all: dict[Pair, Tie]) -> bool:
    """Tell whether a group deals with hardly anybody else."""
    members = frozenset(group)
    within = sum(tie.units for tie in inside)
    touching = sum(tie.units for (a, b), tie in all.items() if a in members or b in members)
    return 10_000 * within >= INSULAR_MIN_BPS * touching
