"""Messages and then alignment: sellers say something, and soon their prices move alike.

After each message by a seller, and before it, one looks for two sellers of its market who changed
their prices within a short time by nearly the same share. What moves everybody's costs moves prices
before people talk of it as often as after; a signal comes first. So only messages count that have
it on one side: far more after than before is an alarm.

Words are never understood, only recognised: the evidence says which were used again and again.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from souq.views.surveillance.graph import binomial_tail, components
from souq.views.surveillance.rows import Alarm, Edge, Quote, Said, some

NAME = "message_alignment"
READS = (Said, Quote)
WINDOW_US = 600_000_000
ALIKE_PPM = 10_000
MOVE_MIN_PPM = 5_000
TOGETHER_MIN = 3
CHANCE_MAX = 1e-4
SHARE_MIN_BPS = 5_000
_PPM = 1_000_000


class _Move(Struct, frozen=True, gc=False):
    seq: int
    at: int
    seller: str
    ppm: int  # of the price before


def find(said: Sequence[Said], quotes: Sequence[Quote]) -> Iterator[Alarm]:
    """Yield an alarm for every group of sellers whose messages come before their moves."""
    for moves in _moves(quotes).values():
        sellers = {move.seller for move in moves}
        spoken = [one for one in said if one.by in sellers]
        if len(sellers) < 2 or len(spoken) < TOGETHER_MIN:
            continue
        times = [move.at for move in moves]
        for group in components(_together(spoken, moves, times)):
            yield from _judged(group, spoken, moves, times)


def _moves(quotes: Sequence[Quote]) -> dict[str, list[_Move]]:
    standing: dict[str, int] = {}
    found: dict[str, list[_Move]] = {}
    for quote in quotes:
        before = standing.get(quote.listing)
        standing[quote.listing] = quote.units
        moves = found.setdefault(quote.market, [])
        if before:
            ppm = quote.units * _PPM // before
            if abs(ppm - _PPM) >= MOVE_MIN_PPM:
                moves.append(_Move(quote.seq, quote.at, quote.seller, ppm))
    return found


def _together(
    spoken: Sequence[Said], moves: list[_Move], times: list[int]
) -> list[tuple[str, str]]:
    """List pairs of sellers that moved alike after messages of one of them, often enough."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in spoken:
        alike = _alike(_between(moves, times, one.at, one.at + WINDOW_US))
        counted.update((min(one.by, who), max(one.by, who)) for who in alike if who != one.by)
    return [pair for pair, count in counted.items() if count >= TOGETHER_MIN]


def _between(moves: list[_Move], times: list[int], since: int, until: int) -> list[_Move]:
    return moves[bisect_left(times, since) : bisect_right(times, until)]


def _alike(moves: list[_Move]) -> dict[str, int]:
    """Give who moved like somebody else, and by which record."""
    ordered = sorted(moves, key=lambda move: move.ppm)
    found: dict[str, int] = {}
    for low, high in pairwise(ordered):
        is_same_way = (low.ppm > _PPM) == (high.ppm > _PPM)
        if high.ppm - low.ppm <= ALIKE_PPM and is_same_way and low.seller != high.seller:
            found.setdefault(low.seller, low.seq)
            found.setdefault(high.seller, high.seq)
    return found


def _judged(
    group: list[str], spoken: Sequence[Said], moves: list[_Move], times: list[int]
) -> Iterator[Alarm]:
    members = frozenset(group)
    own = [one for one in spoken if one.by in members]
    after, before, records = 0, 0, []
    followed: Counter[tuple[str, str]] = Counter()
    codes: Counter[str] = Counter()
    for one in own:
        later = _alike(_of(members, _between(moves, times, one.at, one.at + WINDOW_US)))
        earlier = _alike(_of(members, _between(moves, times, one.at - WINDOW_US, one.at - 1)))
        after += bool(later) and not earlier
        before += bool(earlier) and not later
        if later:
            codes[one.code] += 1
            records += [one.seq, *later.values()]
            followed.update((one.by, who) for who in later if who != one.by)
    share_bps = 10_000 * after // len(own)
    chance = binomial_tail(after, after + before, 0.5)
    if chance > CHANCE_MAX or share_bps < SHARE_MIN_BPS:
        return
    again = sum(count for count in codes.values() if count > 1)
    yield Alarm(
        NAME,
        tuple(group),
        share_bps,
        own[0].at,
        own[-1].at,
        "warn",
        some(sorted(set(records))),
        edges=tuple(Edge(by, who, 0, count) for (by, who), count in sorted(followed.items())),
        told=f"after {after} of {len(own)} messages prices moved alike, before {before}; "
        f"{again} of them used words that were used before",
    )


def _of(members: frozenset[str], moves: list[_Move]) -> list[_Move]:
    return [move for move in moves if move.seller in members]
