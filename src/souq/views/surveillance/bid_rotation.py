"""Bid rotation: bidders who take turns at winning, with losing bids that only keep up appearances.

Of one buyer's awards in one market, three things are looked at. Turns: the same bidder wins twice
in a row far more seldom than shares of wins would give. Cover: the lowest bid stands apart, and the
losing ones huddle together. Shares: in every stretch of awards, wins fall to the bidders alike, far
more evenly than lots would. Turns must be there, beyond doubt with one of the others, or likely
with both.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median, stdev

from msgspec import Struct

from souq.views.surveillance.graph import binomial_tail
from souq.views.surveillance.rows import Alarm, Edge, Tender, some, some_names

NAME = "bid_rotation"
READS = (Tender,)
TENDERS_MIN = 15
BIDDERS_MAX = 8
TURNS_CHANCE_MAX = 1e-4
TURNS_LIKELY_MAX = 0.05  # where both other signs are there
COVER_MIN = 3.0  # the winner's lead, in standard deviations of the losing bids
EVEN_MAX = 0.35  # the spread of wins over stretches, to that of lots


class Signs(Struct, frozen=True, gc=False):
    """`turns_chance`: of so few wins in a row by lot. `cover`, `evenness`: see the constants."""

    turns_chance: float
    cover: float
    evenness: float


def find(tenders: Sequence[Tender]) -> Iterator[Alarm]:
    """Yield an alarm for every circle of bidders that takes turns."""
    parts: dict[tuple[str, str], list[Tender]] = {}
    for one in tenders:
        if one.winner and len(one.bids) > 1:
            parts.setdefault((one.buyer, one.market), []).append(one)
    for (buyer, _), found in parts.items():
        wins = Counter(one.winner for one in found)
        if len(found) < TENDERS_MIN or not 2 <= len(wins) <= BIDDERS_MAX:
            continue
        signs = signs_of(found)
        if not _is_alarming(signs):
            continue
        paid: Counter[str] = Counter()
        for one in found:
            paid[one.winner] += dict(one.bids)[one.winner]
        yield Alarm(
            NAME,
            tuple(sorted(wins)),
            round(10_000 * (1 - signs.turns_chance)),
            found[0].at,
            found[-1].at,
            "warn",
            some([one.seq for one in found]),
            some_names([one.run for one in found]),
            tuple(Edge(buyer, who, paid[who], wins[who]) for who in sorted(wins)),
            f"{len(wins)} bidders took turns over {len(found)} awards; the winner leads by "
            f"{min(signs.cover, 999.0):.1f} deviations of the losing bids",
        )


def _is_alarming(signs: Signs) -> bool:
    is_covered, is_even = signs.cover >= COVER_MIN, signs.evenness <= EVEN_MAX
    if signs.turns_chance <= TURNS_CHANCE_MAX:
        return is_covered or is_even
    return signs.turns_chance <= TURNS_LIKELY_MAX and is_covered and is_even


def signs_of(found: Sequence[Tender]) -> Signs:
    """Sum up what one buyer's awards show."""
    wins = Counter(one.winner for one in found)
    total = len(found)
    again = sum(a.winner == b.winner for a, b in pairwise(found))
    share = sum((count / total) ** 2 for count in wins.values())
    turns_chance = 1 - binomial_tail(again + 1, total - 1, share)
    leads = []
    for one in found:
        ordered = sorted(units for _, units in one.bids)
        if len(ordered) >= 3:
            spread = stdev(ordered[1:])
            leads.append((ordered[1] - ordered[0]) / max(spread, ordered[0] / 10_000))
    return Signs(turns_chance, median(leads) if leads else 0.0, _evenness(found, wins))


def _evenness(found: Sequence[Tender], wins: Counter[str]) -> float:
    """Give how wins vary from stretch to stretch, to how they would by lot."""
    length = 2 * len(wins)
    stretches = [found[n : n + length] for n in range(0, len(found) - length + 1, length)]
    if len(stretches) < 2:
        return 1.0
    seen = by_lot = 0.0
    for who, count in wins.items():
        share = count / len(found)
        for part in stretches:
            mine = sum(one.winner == who for one in part)
            seen += (mine - length * share) ** 2
            by_lot += length * share * (1 - share)
    return seen / by_lot if by_lot else 1.0
