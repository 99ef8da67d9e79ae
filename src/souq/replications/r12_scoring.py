"""R12: an auction by score, where quality and price count, chooses as theory says (Che 1993).

Suppliers propose a quality and a price for it; the buyer's score is quality less price. By second
score each proposes its best quality at cost, and no other proposal does better; by first score it
asks for more, and the buyer comes out the same on average.
"""

import random
from collections.abc import Callable, Iterator
from math import comb, log, sqrt
from typing import Any

from souq.agents.bidding.scoring import ONE, Proposed, cost, shaded, truthful
from souq.core.mechanisms import call_for_proposals
from souq.core.mechanisms.call_for_proposals.records import (
    AwardProposals,
    CallForProposals,
    Scoring,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.money import USD, Money
from souq.core.rules import HOUR_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale

ID = "R12"
TITLE = "A scoring auction over price and quality"
SOURCE = "Che 1993"
TAPE = "cb89f7d240be4354"

SUPPLIERS = (2, 3, 5)
BY_SCORE = Criteria(price_weight=1, quality_weight=1, quality_full=ONE)
BY_PRICE = Criteria(price_weight=1, quality_full=ONE)
WANTED = 1_000_000
GRID = tuple(1 + n / 20 for n in range(21))
ROUNDING = 1 / ONE  # one unit of price

Strategy = Callable[[float], Proposed]


class _Market:
    """One buyer and n suppliers on a path, who meet again and again."""

    def __init__(self, path: Kernel | Hall, suppliers: int) -> None:
        self._path = path
        self._buyer, *self.suppliers = path.join(1 + suppliers)
        self._want = path.post(self._buyer, side="want", subject="service", available=WANTED)

    def run(
        self, proposals: list[Proposed], scoring: Scoring, criteria: Criteria = BY_SCORE
    ) -> tuple[int, int]:
        """Hold one auction; give which supplier won, and what it is paid."""
        path, budget = self._path, Money(ONE, USD.code)
        call = CallForProposals(
            self._want, budget, HOUR_US, 1, criteria, scoring, may_award_early=True
        )
        run = path.open(self._buyer, call)
        for agent, proposed in zip(self.suppliers, proposals, strict=True):
            price = Money(proposed.units, USD.code)
            path.move(agent, SendProposal(run, price, quality=proposed.quality))
        path.move(self._buyer, AwardProposals(run))
        _, seller, _, _, units = _last(path)
        return self.suppliers.index(seller), units


def _last(path: Kernel | Hall) -> Trade:
    if isinstance(path, Kernel):
        path.agreements = path.agreements[-1:]  # of many thousands, only the last is looked at
    return path.trades[-1]


def expected(suppliers: int) -> tuple[float, float]:
    """Give the mean of the highest pseudotype and of the second: surplus, and the buyer's score."""
    return (
        _mean(suppliers, lambda power: comb(suppliers - 1, power), suppliers - 1, 0),
        _mean(
            suppliers * (suppliers - 1), lambda power: comb(suppliers - 2, power), suppliers - 2, 1
        ),
    )


def _mean(whole: int, choose: Callable[[int], int], above: int, below: int) -> float:
    """Integrate whole (2 - t)^above (t - 1)^below / (2t) over 1 <= t <= 2, term by term."""
    total = 0.0
    for power in range(above + 1):
        weight = whole * choose(power) * 2.0 ** (above - power) * (-1) ** power / 2
        if below:
            total += weight * (_between(power) - _between(power - 1))
        else:
            total += weight * _between(power - 1)
    return total


def _between(power: int) -> float:
    """Integrate t to a power from 1 to 2."""
    return log(2) if power == -1 else (2.0 ** (power + 1) - 1) / (power + 1)


class _Sample:
    """Figures of many auctions, in ones."""

    def __init__(self) -> None:
        self.surplus: list[float] = []
        self.score: list[float] = []

    def add(self, theta: float, quality: int, paid: int) -> None:
        self.surplus.append((quality - cost(theta, quality)) / ONE)
        self.score.append((quality - paid) / ONE)


def _play(
    rng: random.Random,
    suppliers: int,
    scoring: Scoring,
    draws: int,
    *,
    strategy: Strategy = truthful,
    criteria: Criteria = BY_SCORE,
) -> _Sample:
    market, sample = _Market(Kernel(call_for_proposals), suppliers), _Sample()
    for _ in range(draws):
        thetas = [rng.uniform(1, 2) for _ in range(suppliers)]
        proposals = [strategy(theta) for theta in thetas]
        winner, paid = market.run(proposals, scoring, criteria)
        sample.add(thetas[winner], proposals[winner].quality, paid)
    return sample


def _greatest_gain(rng: random.Random, suppliers: int, scoring: Scoring, draws: int) -> float:
    """Give the most that the first supplier ever gains by proposing as if its theta were other."""
    market, greatest = _Market(Kernel(call_for_proposals), suppliers), -1.0
    for _ in range(draws):
        thetas = [rng.uniform(1, 2) for _ in range(suppliers)]
        rivals = [truthful(theta) for theta in thetas[1:]]
        gains = []
        for told in (thetas[0], *GRID):
            mine = truthful(told)
            winner, paid = market.run([mine, *rivals], scoring)
            gains.append(0 if winner else paid - cost(thetas[0], mine.quality))
        greatest = max(greatest, (max(gains[1:]) - gains[0]) / ONE)
    return greatest


def _finding(claim: str, theory: float, sample: list[float], **more: Any) -> Finding:
    draws = len(sample)
    mean = sum(sample) / draws
    error = sqrt(sum((one - mean) ** 2 for one in sample) / (draws - 1) / draws)
    low, high = theory - 4 * error, theory + 4 * error
    return Finding(claim, "derived", theory, low, high, mean, draws, error, **more)


def run(scale: Scale) -> Iterator[Finding]:
    """Measure surplus, the buyer's score, and what misreporting gains."""
    rng = random.Random(f"{ID} {scale.seed}")
    draws = scale.draws(4_000, 50_000)
    for n in SUPPLIERS:
        surplus, score = expected(n)
        second = _play(rng, n, "second_score", draws)
        yield _finding(f"second score, {n} suppliers: total surplus", surplus, second.surplus)
        yield _finding(f"second score, {n} suppliers: the buyer's score", score, second.score)

        def best(theta: float, suppliers: int = n) -> Proposed:
            return shaded(theta, suppliers)

        first = _play(rng, n, "first_score", draws, strategy=best)
        yield _finding(f"first score, {n} suppliers: the buyer's score", score, first.score)
    tried = scale.draws(100, 1_000)
    for n in SUPPLIERS:
        claim = f"second score, {n} suppliers: the most that any misreport of theta gains"
        gain = _greatest_gain(rng, n, "second_score", tried)
        yield Finding(claim, "never above 0", 0.0, 0.0, ROUNDING, gain, tried * len(GRID))
    control = _play(rng, 2, "second_score", draws, criteria=BY_PRICE)
    _, score = expected(2)
    claim = "the lowest price wins, whatever its quality: the buyer's score"
    yield _finding(claim, score, control.score, is_control=True)
    gain = _greatest_gain(rng, 2, "first_score", tried)
    claim = "first score, proposals at cost: the most that any misreport of theta gains"
    yield Finding(
        claim, "never above 0", 0.0, 0.0, ROUNDING, gain, tried * len(GRID), is_control=True
    )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Hold ten auctions of five suppliers, by either rule in turn, on the kernel and the market."""
    found = []
    for path in (Kernel(call_for_proposals), Hall(call_for_proposals)):
        rng = random.Random(f"{ID} tape {seed}")
        market, tape = _Market(path, 5), []
        for n in range(10):
            proposals = [truthful(rng.uniform(1, 2)) for _ in range(5)]
            market.run(proposals, "first_score" if n % 2 else "second_score")
            tape.append(_last(path))
        found.append(tape)
    return found[0], found[1]
