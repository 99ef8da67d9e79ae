"""Learners who bid against each other, again and again, for the same thing.

`Sessions` are many pairs at once, in arrays; `alone` is one pair of `QLearner`s, wherever it is
that they bid. On the same draws, where ties go the same way, both do the same to the last bit.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy
from msgspec import Struct

from souq.agents.learning.exploring import fading, trial
from souq.agents.learning.q_learner import QLearner
from souq.agents.learning.q_learners import QLearners, Real, Whole, trials
from souq.core.mechanisms.sealed_bid.records import Pricing

UNIT = 1_000_000  # a value of 1, which is what it is worth to both
BIDS = tuple(UNIT * n // 20 for n in range(1, 20))
BLOCK = 1_000

Sell = Callable[[Sequence[int]], "Sale"]  # how it was sold, by the bids chosen


class Sale(Struct, frozen=True):
    """Who of the two has won, and what it pays in units.

    `rivals` says, for each, what the other has bid, by its number; None where that is not told.
    """

    winner: int
    paid: int
    rivals: tuple[int | None, int | None] = (None, None)


class Schooling(Struct, frozen=True):
    """How they learn: see `QLearner`; `chance` is of a trial in the first round, then it fades."""

    rounds: int
    fading: float
    rate: float = 0.05
    patience: float = 0.99
    chance: float = 0.025


def gained(value: int, paid: int) -> float:
    """Give what winning is worth."""
    return (value - paid) / UNIT


def earnings(pricing: Pricing) -> list[list[list[float]]]:
    """Give what is earned: by whether one wins ties, by one's own bid, by the other's."""

    def earned(own: int, other: int, *, wins_ties: bool) -> float:
        if own < other or (own == other and not wins_ties):
            return 0.0
        return gained(UNIT, own if pricing == "first_price" else other)

    return [
        [[earned(own, other, wins_ties=wins) for other in BIDS] for own in BIDS]
        for wins in (False, True)
    ]


class Sessions:
    """Pairs of bidders, each with draws of its own, named by the seed and its number.

    Where they are told, all learn after each round what every bid would have brought them.
    """

    def __init__(
        self,
        pricings: Sequence[Pricing],
        schooling: Schooling,
        seed: Sequence[int],
        *,
        is_told: bool = False,
    ) -> None:
        self._schooling, self._is_told = schooling, is_told
        count = len(pricings)
        self._is_first: Whole = numpy.array([one == "first_price" for one in pricings], dtype=int)
        self._draws = [numpy.random.default_rng([*seed, n]) for n in range(count)]
        self._lots = [numpy.random.default_rng([*seed, n, 1]) for n in range(count)]
        values = [one.random((2, 1, len(BIDS))) / (1 - schooling.patience) for one in self._draws]
        self.learners = QLearners(
            numpy.stack(values, axis=1), rate=schooling.rate, patience=schooling.patience
        )
        tables: Real = numpy.array([earnings("second_price"), earnings("first_price")])
        self._earned = tables.ravel()
        # By format, tie, the rival's bid: what each bid would bring.
        self._would: Real = tables.swapaxes(2, 3).reshape(-1, len(BIDS)).copy()
        self.rounds = 0

    def pass_rounds(self, count: int, lots: Sequence[Sequence[bool]] | None = None) -> Whole:
        """Let all bid for some rounds; give the bids chosen by round, bidder and session.

        `lots` say, by round and session, whether the first bidder wins ties; else they are drawn.
        """
        learners, number = self.learners, len(BIDS)
        draws = numpy.stack([one.random((count, 2)) for one in self._draws], axis=2)
        span = range(self.rounds, self.rounds + count)
        school = self._schooling
        chances = [fading(school.fading, n, first=school.chance) for n in span]
        tried = trials(draws, numpy.array(chances), number)
        is_trial = tried >= 0
        if lots is None:
            first = numpy.stack([one.random(count) < 0.5 for one in self._lots], axis=1)
        else:
            first = numpy.array(lots, dtype=bool)
        ties = numpy.stack([first, ~first], axis=1) + 2 * self._is_first
        nowhere = numpy.zeros(learners.sessions, dtype=int)
        chosen = numpy.empty_like(tried)
        for n in range(count):
            bids = learners.best(nowhere)
            numpy.copyto(bids, tried[n], where=is_trial[n])
            chosen[n] = bids
            if self._is_told:
                would = self._would.take(ties[n] * number + bids[::-1], axis=0)
                learners.learn_all(nowhere, would, nowhere)
            else:
                earned = self._earned.take((ties[n] * number + bids) * number + bids[::-1])
                learners.learn(nowhere, bids, earned, nowhere)
        self.rounds += count
        return chosen

    def revenues(self, share: float) -> list[float]:
        """Let all bid to the end; give, by session, the mean price in the last share of rounds."""
        whole = self._schooling.rounds
        scored = round(whole * share)
        for left in range(whole - scored, 0, -BLOCK):
            self.pass_rounds(min(BLOCK, left))
        prices: Real = numpy.array(BIDS)[self.pass_rounds(scored)] / UNIT
        paid = numpy.where(self._is_first, prices.max(axis=1), prices.min(axis=1))
        return [float(one) for one in paid.mean(axis=0)]


def alone(
    pricing: Pricing, schooling: Schooling, draws: Iterator[float], sell: Sell
) -> Iterator[list[QLearner]]:
    """Let one pair bid where `sell` says how it went; yield it round by round.

    The first draws are what each bid seems to be worth; then comes one for each bidder in a round.
    """
    table, patience = earnings(pricing), schooling.patience
    learners = [
        QLearner(
            [[next(draws) / (1 - patience) for _ in BIDS]], rate=schooling.rate, patience=patience
        )
        for _ in range(2)
    ]
    done = 0
    while True:
        chance = fading(schooling.fading, done, first=schooling.chance)
        bids = []
        for learner in learners:
            tried = trial(next(draws), chance, len(BIDS))
            bids.append(learner.best(0) if tried is None else tried)
        sale = sell(bids)
        for n, (learner, rival) in enumerate(zip(learners, sale.rivals, strict=True)):
            if rival is None:
                earned = gained(UNIT, sale.paid) if sale.winner == n else 0.0
                learner.learn(0, bids[n], earned, 0)
            else:
                would = [row[rival] for row in table[sale.winner == n]]
                learner.learn_all(0, would, 0)
        done += 1
        yield learners
