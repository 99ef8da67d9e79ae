"""Power before a run: how large an effect an experiment of this size would find, and how often.

The outcome is one number a person and market, with standard deviation `sd`, of which the share
`correlation` stays with the person from market to market. It is analysed as in `fixed_effects`:
with person effects where a person is in several markets, between people otherwise. Each
comparison is of two kinds, so with k of them the level is divided by k - 1 (Bonferroni), one
comparison with a control for each other kind.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from souq.lab.extra import load
from souq.lab.statistics.columns import Column, Unanswerable, labels, numbers, varying
from souq.lab.statistics.panel import demeaned, fixed_effects

Assignment = Literal["independent", "blocked", "within", "market"]
POWER = 0.8
ALPHA = 0.05
# Of the standard deviation: small, medium and large are 0.2, 0.5 and 0.8 (Cohen 1988).
EFFECTS = (0.1, 0.2, 0.3, 0.5, 0.8)
DRAWS = 400


class Spread(Struct, frozen=True):
    """How an outcome varies: its standard deviation, and the share of variance between people."""

    sd: float
    correlation: float


class Design(Struct, frozen=True, kw_only=True):
    """Who gets what. `people` are in each market; everybody is in `markets` of them.

    `assignment` of the `kinds` compared: "independent" draws for each person and market alone,
    as Project Deal did; "blocked" draws so that kinds come out even in every market; "within"
    gives each person every kind equally often; "market" treats whole markets, each kind in
    `markets` of them, the same people in all. Where the people are new in every repetition, all
    repetitions' people count together, and `markets` is of one repetition.
    """

    people: int
    markets: int
    kinds: int = 2
    assignment: Assignment = "independent"
    repetitions: int = 1

    def __post_init__(self) -> None:
        if self.people < 2 or self.markets < 1 or self.kinds < 2 or self.repetitions < 1:
            raise ValueError("a design takes two people, a market, two kinds and a repetition")
        if self.assignment == "within" and self.markets % self.kinds:
            raise ValueError(
                f"within people, {self.markets} markets cannot hold {self.kinds} kinds equally "
                f"often: take a multiple of {self.kinds}"
            )
        if self.assignment == "market" and self.markets * self.repetitions < 3:
            raise ValueError("three markets of each kind are the fewest that can be compared")


class PowerOf(Struct, frozen=True):
    """Power by effect, in the outcome's unit, and the smallest effect found 4 times in 5."""

    design: Design
    spread: Spread
    alpha: float
    se: float
    power: dict[float, float]
    detectable: float


class Simulated(Struct, frozen=True):
    """The share of draws in which the effect was found, with its 95 % interval (Wilson 1927)."""

    power: float
    low: float
    high: float
    draws: int


def power_of(
    design: Design,
    spread: Spread,
    *,
    effects: Sequence[float] | None = None,
    alpha: float = ALPHA,
) -> PowerOf:
    """Compute the power of a design. Without `effects`, for some shares of `spread.sd`.

    By the noncentral t of statsmodels, with the variance the estimator has under the design:
    sd^2 (1 - correlation) 2k / (people (markets - 1)) with person effects and independent draws,
    for k kinds (Bloom 1995 gives the minimal detectable effect). With "market", `spread` is of
    one market's figure, its correlation that of markets with the same people. Raises ValueError.
    """
    if not spread.sd > 0 or not 0 <= spread.correlation < 1:
        raise ValueError(f"sd must be above 0, and correlation from 0 to below 1, not {spread}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    level = alpha / (design.kinds - 1)
    variance, freedom = _variance(design, spread)
    se = variance**0.5
    power = load("statsmodels.stats.power", of="power").TTestPower()
    # The statistic's noncentrality is effect x sqrt(nobs) in statsmodels' terms, hence the scale;
    # its degrees of freedom are nobs - 1.
    nobs = freedom + 1
    scale = se * nobs**0.5
    asked = effects if effects is not None else [spread.sd * share for share in EFFECTS]
    return PowerOf(
        design=design,
        spread=spread,
        alpha=alpha,
        se=se,
        power={
            float(effect): float(power.power(abs(effect) / scale, nobs, level)) for effect in asked
        },
        detectable=scale * float(power.solve_power(nobs=nobs, alpha=level, power=POWER)),
    )


def _variance(design: Design, spread: Spread) -> tuple[float, float]:
    """Give the variance of one comparison, and its degrees of freedom."""
    people = design.people * design.repetitions
    contrast = 2 * design.kinds * spread.sd**2
    left = 1 - spread.correlation  # what person effects do not take out
    if design.assignment == "market":
        pairs = design.markets * design.repetitions
        return 2 * spread.sd**2 * left / pairs, pairs - 1
    if design.assignment == "within":
        return contrast * left / (people * design.markets), people - 1
    if design.markets == 1:
        return contrast / people, people - 2
    # Whoever drew one kind throughout says nothing; hence one market less.
    informative = 1 - design.kinds ** (1 - design.markets)
    return contrast * left / (people * (design.markets - 1)), people * informative - 1


def spread_of(values: Column, people: Column, *, kinds: Column | None = None) -> Spread:
    """Estimate the spread from a pilot's rows, by analysis of variance (Donner 1986).

    Differences between `kinds` are taken out first, so that an effect is not taken for noise. A
    negative correlation is given as 0. Raises Unanswerable.
    """
    y = varying(numbers(values, "the outcome"), "the outcome")
    person = labels(people, "people", rows=len(y))
    count = int(person.max()) + 1
    if not 1 < count < len(y):
        raise Unanswerable("a correlation takes two people, one of them in two markets at least")
    numpy = load("numpy", of="power")
    kind = numpy.zeros(len(y), int) if kinds is None else labels(kinds, "kinds", rows=len(y))
    alone = numpy.eye(int(kind.max()) + 1)[kind]
    # What is left of the outcome with kinds alone, and within people too.
    without, rank = _residual(y, alone)
    full, rank_within = _residual(demeaned(y[:, None], person)[:, 0], demeaned(alone, person))
    freedom = len(y) - count - rank_within
    if freedom < 1:
        raise Unanswerable("nothing is left between markets: give a pilot with more of them")
    within = full / freedom
    between = (without - full) / (len(y) - rank - freedom)
    sizes = numpy.bincount(person)
    typical = (len(y) - (sizes**2).sum() / len(y)) / (count - 1)
    shared = max(0.0, (between - within) / typical)
    whole = float(shared + within)
    return Spread(sd=whole**0.5, correlation=float(shared) / whole)


def _residual(y: Any, x: Any) -> tuple[float, int]:
    """Give the sum of squares least squares leaves, and the rank of the design."""
    numpy = load("numpy", of="power")
    found, _, rank, _ = numpy.linalg.lstsq(x, y, rcond=None)
    return float(((y - x @ found) ** 2).sum()), int(rank)


def simulated_power(
    effect: float,
    design: Design,
    spread: Spread,
    *,
    alpha: float = ALPHA,
    draws: int = DRAWS,
    seed: int = 0,
) -> Simulated:
    """Find power by drawing normal outcomes, and analysing each draw as the experiment will be.

    For two kinds drawn for people. Raises ValueError for another design.
    """
    if design.kinds != 2 or design.assignment == "market":
        raise ValueError("simulation knows two kinds, drawn for people: take power_of")
    numpy = load("numpy", of="power")
    rng = numpy.random.default_rng(seed)
    people = design.people * design.repetitions
    person = numpy.repeat(numpy.arange(people), design.markets)
    market = numpy.tile(numpy.arange(design.markets), people)
    absorb: Mapping[str, Any] = {"person": person, "market": market} if design.markets > 1 else {}
    found = 0
    for _ in range(draws):
        strong = _assigned(rng, design, people)
        own = rng.normal(0, spread.sd * spread.correlation**0.5, people)
        noise = rng.normal(0, spread.sd * (1 - spread.correlation) ** 0.5, len(person))
        result = fixed_effects(
            own[person] + noise + effect * strong,
            {"strong": strong},
            absorb=absorb,
            clusters=[person],
        )["strong"]
        found += result.p is not None and result.p < alpha
    interval = load("statsmodels.stats.proportion", of="power").proportion_confint(
        found, draws, method="wilson"
    )
    return Simulated(found / draws, float(interval[0]), float(interval[1]), draws)


def _assigned(rng: Any, design: Design, people: int) -> Any:
    """Draw who is strong where, person by person and market by market."""
    numpy = load("numpy", of="power")
    if design.assignment == "independent":
        return rng.integers(0, 2, people * design.markets)
    even = numpy.tile([0, 1], (max(people, design.markets) + 1) // 2)
    if design.assignment == "within":
        rows = numpy.tile(even[: design.markets], (people, 1))
        return rng.permuted(rows, axis=1).ravel()
    columns = numpy.tile(even[:people], (design.markets, 1))
    return rng.permuted(columns, axis=1).T.ravel()
