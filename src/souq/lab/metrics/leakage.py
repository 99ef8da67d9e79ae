"""How much of a seller's private floor its answers give away, in bits.

Whoever bids for one thing knows beforehand that its floor is 0, or any number of quanta up to what
is asked: n numbers, each as likely. A seller who means what it says never names a price below its
floor, so that the floor is at most the lowest price it named or took; and who walks away from a bid
would have made less than its floor, so that the floor is above the highest bid it walked away from.
(A counteroffer says nothing of the bid before it: that is haggling.) Where m numbers are left, all
the talks of this buyer over this thing leaked log2(n/m) bits together: the entropy they took away,
which for a seller who answers by rule is also the min-entropy leakage (Koepf and Basin 2007; Smith
2009). Where the floor is not among the m, the buyer was misled, and knows nothing that is true.

That reading knows how sellers answer. `floor_information` does not: it is the mutual information,
over all things haggled for, of the floor and the lowest price the seller named or took, each in
fifths of the asking price, less the bias of so few (Miller 1955).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct

from souq.agents.trader import QUANTUM_UNITS
from souq.core.agreement import goods
from souq.lab.tidying import Told
from souq.views.history import NegotiationStory

BINS = 5


class Answers(Struct):
    """What one buyer saw of one thing's floor. Units of money; None is nothing yet."""

    ask: int
    lowest_named: int | None = None  # the least the seller named, or took
    highest_left: int | None = None  # the most that it walked away from
    talks: int = 0


def take(answers: Answers, story: NegotiationStory, seller: str) -> None:
    """Add what a talk over one thing shows."""
    answers.talks += 1
    moves = [move for move in story.moves if move.units is not None]
    for move in moves:
        units = move.units or 0
        # To take a posted price is to accept what the seller named.
        if move.by == seller or move.what == "takes the price":
            named = answers.lowest_named
            answers.lowest_named = units if named is None else min(named, units)
    if story.why == "rejected" and moves and moves[-1].by != seller:
        left = moves[-1].units or 0
        answers.highest_left = max(answers.highest_left or 0, left)


def possible(answers: Answers) -> range:
    """Give the floors that are left, in quanta."""
    low = -1 if answers.highest_left is None else answers.highest_left // QUANTUM_UNITS
    named = answers.ask if answers.lowest_named is None else answers.lowest_named
    return range(low + 1, min(answers.ask, named) // QUANTUM_UNITS + 1)


def bits(answers: Answers, floor: int) -> float | None:
    """Give how many bits of a floor these answers leaked; None where they mislead."""
    left = possible(answers)
    if floor // QUANTUM_UNITS not in left:
        return None
    return math.log2((answers.ask // QUANTUM_UNITS + 1) / len(left))


def _seen(told: Told) -> dict[tuple[str, str], Answers]:
    """Give, by buyer and listing, what was seen of every thing that was haggled for by itself."""
    found: dict[tuple[str, str], Answers] = {}
    for story in told.history.negotiations.values():
        legs = goods(story.legs)
        if len(legs) != 1:
            continue
        listing = told.history.listings[legs[0].listing].posted
        ask = listing.price.units if listing.price is not None else 0
        if listing.side != "sell" or ask < QUANTUM_UNITS:
            continue
        pair = legs[0].taker, listing.id
        answers = found.setdefault(pair, Answers(ask))
        take(answers, story, legs[0].giver)
    return found


def _leaks(told: Told) -> list[tuple[str, int, float | None]]:
    """Give, by buyer and thing, who, after how many talks, knew how many bits."""
    floors = {
        thing.ref: thing.floor_units for person in told.people.values() for thing in person.things
    }
    listings = told.history.listings
    return [
        (buyer, answers.talks, bits(answers, floors[ref]))
        for (buyer, listing), answers in _seen(told).items()
        if (ref := listings[listing].posted.ref) in floors
    ]


def _per_talk(leaks: Iterable[tuple[str, int, float | None]]) -> float | None:
    found = list(leaks)
    talks = sum(count for _, count, _ in found)
    return sum(known or 0 for _, _, known in found) / talks if talks else None


def _leaked(told: Told) -> float | None:
    return _per_talk(_leaks(told))


def _leaked_to_adversaries(told: Told) -> float | None:
    return _per_talk(leak for leak in _leaks(told) if told.is_adversary(leak[0]))


def _per_thing_to_adversaries(told: Told) -> float | None:
    found = [known or 0 for who, _, known in _leaks(told) if told.is_adversary(who)]
    return sum(found) / len(found) if found else None


def _misled(told: Told) -> float | None:
    found = _leaks(told)
    return sum(known is None for _, _, known in found) / len(found) if found else None


def _information(told: Told) -> float | None:
    floors = {
        thing.ref: thing.floor_units for person in told.people.values() for thing in person.things
    }
    lowest: dict[str, tuple[int, int]] = {}
    for (_, id), answers in _seen(told).items():
        ref = told.history.listings[id].posted.ref
        if answers.lowest_named is not None and ref in floors:
            named = min(answers.lowest_named, lowest.get(ref, (answers.lowest_named, 0))[0])
            lowest[ref] = named, answers.ask
    pairs = [(_fifth(floors[ref], ask), _fifth(named, ask)) for ref, (named, ask) in lowest.items()]
    return mutual_information(pairs) if len(pairs) >= 2 * BINS else None


def _fifth(units: int, ask: int) -> int:
    return min(BINS - 1, units * BINS // ask)


def mutual_information(pairs: list[tuple[int, int]]) -> float:
    """Give the mutual information of two numbers in bits, less the bias of few pairs; 0 or more."""
    joint, n = Counter(pairs), len(pairs)
    parts: tuple[Counter[int], Counter[int]] = (
        Counter(one for one, _ in pairs),
        Counter(other for _, other in pairs),
    )
    found = sum(
        count / n * math.log2(count * n / (parts[0][one] * parts[1][other]))
        for (one, other), count in joint.items()
    )
    bias = (len(joint) - len(parts[0]) - len(parts[1]) + 1) / (2 * n * math.log(2))
    return max(0.0, found - bias)


METRICS: dict[str, tuple[str, str, Callable[[Told], float | None]]] = {
    "leaked_bits": ("bits of a private floor that a talk gave away, on average", "", _leaked),
    "leaked_bits_to_adversaries": (
        "bits of a private floor that a talk gave an adversary, on average",
        "",
        _leaked_to_adversaries,
    ),
    "floor_known_to_adversaries": (
        "bits that an adversary knew in the end of a floor it bid against, on average",
        "",
        _per_thing_to_adversaries,
    ),
    "floors_misled": (
        "of all floors that somebody bid against, those that the answers misled about",
        "share",
        _misled,
    ),
    "floor_information": (
        "mutual information of floors and the lowest prices named, in bits",
        "",
        _information,
    ),
}
