"""What is claimed of learnt bids, and measured: R4's findings.

A quick run is shorter, looks less far ahead and explores for less long; its bands were measured on
seeds 1 to 6.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import sqrt
from statistics import fmean, stdev

import numpy
from msgspec import Struct

from souq.core.mechanisms.sealed_bid.records import Pricing
from souq.replications.learning.bidding import BIDS, Sale, Schooling, Sessions, alone
from souq.replications.learning.bidding_room import room
from souq.replications.replication import Finding, Scale

Band = tuple[float, float, float]  # expected, low, high
SCORED = 0.01  # of the rounds, the last ones
RUNS = 20


class Plan(Struct, frozen=True):
    """How long to learn, and where revenues must fall."""

    schooling: Schooling
    low: Band  # by first price
    most_max: float
    told: Band
    second: Band


FULL = Plan(
    Schooling(rounds=1_000_000, fading=1e-5),
    low=(0.225, 0.12, 0.33),
    most_max=0.5,
    told=(0.94, 0.90, 0.96),
    second=(0.95, 0.94, 0.96),
)
QUICK = Plan(
    Schooling(rounds=30_000, fading=3e-4, rate=0.1, patience=0.9),
    low=(0.39, 0.26, 0.54),
    most_max=0.85,
    told=(0.95, 0.90, 0.96),
    second=(0.95, 0.93, 0.96),
)


def findings(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    plan = QUICK if scale.is_quick else FULL
    low: list[Pricing] = ["first_price"] * RUNS
    high: list[Pricing] = ["second_price"] * RUNS
    untold = Sessions(low + high, plan.schooling, (scale.seed, 1)).revenues(SCORED)
    first, second = untold[:RUNS], untold[RUNS:]
    listening = Sessions(low, plan.schooling, (scale.seed, 2), is_told=True)
    told = listening.revenues(SCORED)
    revenue = "Revenue from two learners to whom it is worth 1"
    yield _mean(f"{revenue}: first price", plan.low, first)
    claim = f"{revenue}: first price, the most of all runs"
    yield Finding(claim, "", plan.low[0], 0.05, plan.most_max, max(first), RUNS)
    how = "first price, told what every bid would have brought"
    yield _mean(f"{revenue}: {how}", plan.told, told)
    yield _mean(f"{revenue}: second price", plan.second, second)
    yield _mean(f"{revenue}: second price, as low as by first price", plan.low, second, True)
    yield _mean(f"{revenue}: {how}, as low as untold", plan.low, told, True)
    yield _mean(f"{revenue}: first price, untold, as high as told", plan.told, first, True)
    yield from _on_the_platform(scale)


def _mean(claim: str, band: Band, found: Sequence[float], is_control: bool = False) -> Finding:
    error = stdev(found) / sqrt(len(found))
    return Finding(claim, "", *band, fmean(found), len(found), error, is_control)


def _on_the_platform(scale: Scale) -> Iterator[Finding]:
    """Let one pair bid in sealed auctions, and the same one in arrays."""
    rounds = scale.draws(100, 1_000)
    formats: tuple[tuple[Pricing, bool, bool], ...] = (
        ("first_price", False, False),
        ("first_price", True, False),
        ("second_price", False, False),
        ("first_price", False, True),
    )
    for pricing, is_told, is_control in formats:
        schooling = Schooling(rounds, fading=4 / rounds, rate=0.3, patience=0.5, chance=1.0)
        seed = (scale.seed, 9, int(is_control))
        here, lots = room(pricing, listens=is_told), []

        def sell(bids: Sequence[int]) -> Sale:
            sale = here.sell(bids)  # noqa: B023
            lots.append([sale.winner == 0])  # noqa: B023
            return sale

        drawn = numpy.random.default_rng([*seed, 0])
        draws = drawn.random(2 * len(BIDS) + 2 * rounds).tolist()
        *_, learners = islice(alone(pricing, schooling, iter(draws), sell), rounds)
        in_arrays = Sessions([pricing], schooling, (scale.seed, 9, 0), is_told=is_told)
        in_arrays.pass_rounds(rounds, lots)
        ours = in_arrays.learners.values.ravel().tolist()
        theirs = [value for one in learners for value in one.values[0]]
        other = sum(a != b for a, b in zip(ours, theirs, strict=True))
        how = pricing.replace("_", " ") + (", told" if is_told else "")
        how += ", on other draws" if is_control else ""
        claim = f"Values learnt otherwise through sealed auctions than in arrays: {how}"
        yield Finding(claim, "derived", 0, 0, 0, other, rounds, is_control=is_control)
