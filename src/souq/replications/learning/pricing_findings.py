"""What is claimed of learnt prices, and measured: R3's findings.

A full run has the paper's parameters. A quick one has fewer prices and explores for some ten
thousand periods instead of a million, which collude less and punish less surely: its bands were
measured on seeds 1 to 4 and say nothing of the paper.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from math import sqrt
from statistics import fmean, median, stdev

import numpy
from msgspec import Struct

from souq.replications.learning.logit_market import Logit, game
from souq.replications.learning.pricing import Kind, Schooling, Sessions, alone
from souq.replications.learning.pricing_anatomy import Anatomy, Course, Verdict
from souq.replications.learning.pricing_shop import shop
from souq.replications.replication import Finding, Scale

Band = tuple[float, float, float]  # expected, low, high

ANCHORS = {
    2: (1.47293, 1.92498, 0.22293, 0.33749),
    3: (1.37016, 2.00000, 0.12016, 0.25000),
    4: (1.33146, 2.05441, 0.08146, 0.20110),
}
WITHIN = 1e-4
USUAL, MYOPIC, FORGETFUL = Kind(), Kind(patience=0.0), Kind(has_memory=False)


class Plan(Struct, frozen=True):
    """How much to run, and where the figures must fall."""

    prices: tuple[int, int]  # among two sellers, among three
    schooling: Schooling
    sessions: tuple[int, int, int]  # of two, of two by each control, of three
    gain: Band
    gain_of_three: Band
    gain_forgetful: Band
    punished: Band
    unprofitable: Band
    return_periods: Band
    genuine: Band
    neither: Band


FULL = Plan(
    (15, 15),
    Schooling(fading=4e-6, calm=100_000),
    (40, 12, 20),
    gain=(0.85, 0.76, 0.94),
    gain_of_three=(0.64, 0.58, 0.70),
    gain_forgetful=(0.964, 0.90, 1.0),
    punished=(0.91, 0.80, 1.0),
    unprofitable=(0.95, 0.86, 1.0),
    return_periods=(5, 3, 8),
    genuine=(0.95, 0.80, 1.0),
    neither=(1.0, 0.80, 1.0),
)
QUICK = Plan(
    (8, 5),
    Schooling(fading=2e-4, calm=3_000),
    (40, 12, 16),
    gain=(0.755, 0.69, 0.82),
    gain_of_three=(0.63, 0.50, 0.76),
    gain_forgetful=(0.94, 0.84, 1.0),
    punished=(0.70, 0.50, 0.90),
    unprofitable=(0.71, 0.50, 0.92),
    return_periods=(2.5, 1.5, 4.5),
    genuine=(0.82, 0.58, 1.0),
    neither=(0.94, 0.66, 1.0),
)


def findings(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    plan = QUICK if scale.is_quick else FULL
    yield from _anchors()
    yield from _pairs(plan, scale.seed)
    yield _of_three(plan, scale.seed)
    yield from _on_the_platform(scale)


def _anchors() -> Iterator[Finding]:
    for sellers, expected in ANCHORS.items():
        demand = Logit(sellers)
        ends = (demand.competition, demand.monopoly)
        measured = (*(end.price for end in ends), *(end.profit for end in ends))
        whats = ("price", "price", "profit", "profit")
        hows = ("in competition", "of a monopoly") * 2
        for what, how, figure, found in zip(whats, hows, expected, measured, strict=True):
            claim = f"The {what} {how}, {sellers} sellers"
            low, high = figure - WITHIN, figure + WITHIN
            yield Finding(claim, "derived", figure, low, high, found, 1)


def _pairs(plan: Plan, seed: int) -> Iterator[Finding]:
    played = game(2, plan.prices[0])
    count, few, _ = plan.sessions
    kinds = [USUAL] * count + [MYOPIC] * few + [FORGETFUL] * few
    learned = Sessions(played, plan.schooling, kinds, (seed, 2)).until_calm()
    found = [Course(played, one).anatomy() for one in learned]
    usual, myopic, forgetful = found[:count], found[count : count + few], found[count + few :]
    gain = "Profit gain of two learners, 0 competition, 1 monopoly"
    yield _mean(gain, "about 0.85", plan.gain, [one.gain for one in usual])
    control = f"{gain}: who do not care for the future"
    yield _mean(control, "", plan.gain, [one.gain for one in myopic], is_control=True)
    cut = "Share of cuts of a price that the rival answers by a cut"
    yield _mean(cut, "", plan.punished, [one.punished for one in usual])
    control = f"{cut}: who remember nothing"
    yield _mean(control, "", plan.punished, [one.punished for one in forgetful], is_control=True)
    yield _mean(
        "Share of cuts of a price that did not pay",
        "",
        plan.unprofitable,
        [one.unprofitable for one in usual],
    )
    returns = median(one.return_periods for one in usual)
    claim = "Median of the periods until prices are back after a cut"
    yield Finding(claim, "", *plan.return_periods, returns, count)
    claim = f"{gain}, who remember nothing: dear without punishment"
    yield _mean(claim, "", plan.gain_forgetful, [one.gain for one in forgetful])
    yield _told("genuine", "two learners", plan.genuine, usual)
    yield _told("spurious", "who remember nothing", (1.0, 0.9, 1.0), forgetful)
    yield _told("none", "who do not care for the future", plan.neither, myopic)
    told = "who remember nothing"
    yield _told("genuine", told, plan.genuine, forgetful, is_control=True)


def _of_three(plan: Plan, seed: int) -> Finding:
    played = game(3, plan.prices[1])
    kinds = [USUAL] * plan.sessions[2]
    learned = Sessions(played, plan.schooling, kinds, (seed, 3)).until_calm()
    gains = [Course(played, one).gain for one in learned]
    return _mean("Profit gain of three learners", "0.64", plan.gain_of_three, gains)


def _told(
    verdict: Verdict, who: str, band: Band, found: Sequence[Anatomy], *, is_control: bool = False
) -> Finding:
    claim = f"Share of sessions whose collusion is called {verdict}: {who}"
    shares = [float(one.verdict == verdict) for one in found]
    return _mean(claim, "", band, shares, is_control=is_control)


def _mean(
    claim: str, published: str, band: Band, figures: Sequence[float], *, is_control: bool = False
) -> Finding:
    error = stdev(figures) / sqrt(len(figures))
    return Finding(claim, published, *band, fmean(figures), len(figures), error, is_control)


def _on_the_platform(scale: Scale) -> Iterator[Finding]:
    """Let one session sell through listings and purchases, and the same one in arrays."""
    periods = scale.draws(100, 1_000)
    played = game(2, 15)
    schooling = Schooling(fading=4 / periods, calm=0)
    for is_control in (False, True):
        in_arrays = Sessions(played, schooling, [USUAL], (scale.seed, 9))
        in_arrays.pass_periods(periods)
        drawn = numpy.random.default_rng([scale.seed, 9, int(is_control)])
        draws = drawn.random(1 + 2 * periods).tolist()
        session = alone(played, schooling, USUAL, iter(draws), shop(played).sell)
        *_, learners = islice(session, periods)
        ours: Iterable[float] = in_arrays.learners.values.ravel().tolist()
        theirs = chain.from_iterable(chain.from_iterable(one.values for one in learners))
        other = sum(a != b for a, b in zip(ours, theirs, strict=True))
        how = ", on other draws" if is_control else ""
        claim = f"Values learnt otherwise through listings and purchases than in arrays{how}"
        yield Finding(claim, "derived", 0, 0, 0, other, 2 * periods, is_control=is_control)
