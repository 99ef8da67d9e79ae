"""Learners who set prices against each other until they do not change their minds any more.

`Sessions` are many at once, in arrays, until each is calm; `alone` is one session of `QLearner`s,
wherever it is that they sell. On the same draws both do the same to the last bit.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy
from msgspec import Struct

from souq.agents.learning.exploring import fading, trial
from souq.agents.learning.q_learner import QLearner
from souq.agents.learning.q_learners import Flags, QLearners, Real, Whole, trials
from souq.replications.learning.logit_market import Game

BLOCK = 1_000  # periods between two looks at who is calm
PERIODS_MAX = 20_000_000

Sell = Callable[[Sequence[int]], Sequence[float]]  # what each earns by the prices chosen


class Schooling(Struct, frozen=True):
    """How they learn: `rate`, how exploring fades a period, and how long nobody may change."""

    fading: float
    calm: int
    rate: float = 0.15


class Kind(Struct, frozen=True):
    """What the learners of a session are like; without memory they do not see the last prices."""

    patience: float = 0.95
    has_memory: bool = True


class Learned(Struct, frozen=True):
    """What a session came to: who does what after which joint choice, and the last of those."""

    strategies: tuple[tuple[int, ...], ...]
    state: int
    periods: int


class Sessions:
    """Sessions of one game, each with its own draws, named by the seed and its number."""

    def __init__(
        self, game: Game, schooling: Schooling, kinds: Sequence[Kind], seed: Sequence[int]
    ) -> None:
        self._game, self._schooling = game, schooling
        self._draws = [numpy.random.default_rng([*seed, n]) for n in range(len(kinds))]
        self._numbers = numpy.arange(len(kinds))
        self._remembers: Whole = numpy.array([kind.has_memory for kind in kinds], dtype=int)
        starts = [start(game, kind) for kind in kinds]
        values = numpy.empty((game.sellers, len(kinds), game.states, len(game.prices)))
        values[:] = numpy.array(starts)[:, None, :]
        patience = [kind.patience for kind in kinds]
        self.learners = QLearners(values, rate=schooling.rate, patience=patience)
        self._profits: Real = numpy.array(list(game.all_profits())).T.copy()
        self._weights: Whole = len(game.prices) ** numpy.arange(game.sellers)[::-1]
        first = [int(one.random() * game.states) for one in self._draws]
        self.states: Whole = numpy.array(first) * self._remembers
        self.periods = 0
        self._changed_at: Whole = numpy.zeros(len(kinds), dtype=int)

    def pass_periods(self, count: int) -> Whole:
        """Let all play for some periods; give the prices chosen by period, seller and session."""
        game, learners = self._game, self.learners
        draws = [one.random((count, game.sellers)) for one in self._draws]
        chances = [
            fading(self._schooling.fading, n) for n in range(self.periods, self.periods + count)
        ]
        tried = trials(numpy.stack(draws, axis=2), numpy.array(chances), len(game.prices))
        is_trial = tried >= 0
        chosen = numpy.empty_like(tried)
        changed: Flags = numpy.empty(tried.shape, dtype=bool)
        states = self.states
        for n in range(count):
            actions = learners.best(states)
            numpy.copyto(actions, tried[n], where=is_trial[n])
            chosen[n] = actions
            joint = self._weights.dot(actions)
            after = joint * self._remembers
            earned = self._profits.take(joint, axis=1)
            changed[n] = learners.learn(states, actions, earned, after)
            states = after
        self.states = states
        for session in range(learners.sessions):
            when = numpy.flatnonzero(changed[:, :, session].any(axis=1))
            if when.size:
                self._changed_at[session] = self.periods + int(when[-1])
        self.periods += count
        return chosen

    def until_calm(self) -> list[Learned]:
        """Let all play until nobody has changed its mind for long; give what each came to."""
        found: dict[int, Learned] = {}
        while self._draws:
            assert self.periods < PERIODS_MAX, "exploring fades, so minds settle"
            self.pass_periods(BLOCK)
            is_calm = self.periods - self._changed_at > self._schooling.calm
            if is_calm.any():
                strategies = self.learners.strategies
                for n in numpy.flatnonzero(is_calm).tolist():
                    found[int(self._numbers[n])] = self._learned(n, strategies[:, n])
                self._keep(~is_calm)
        return [found[n] for n in sorted(found)]

    def _learned(self, session: int, strategies: Whole) -> Learned:
        if not self._remembers[session]:
            strategies = numpy.repeat(strategies[:, :1], self._game.states, axis=1)
        told = tuple(tuple(int(each) for each in one) for one in strategies)
        return Learned(told, int(self.states[session]), self.periods)

    def _keep(self, those: Flags) -> None:
        self._draws = [one for one, stays in zip(self._draws, those, strict=True) if stays]
        self._numbers, self.states = self._numbers[those], self.states[those]
        self._remembers, self._changed_at = self._remembers[those], self._changed_at[those]
        if self._draws:
            self.learners.keep(those)


def start(game: Game, kind: Kind) -> list[float]:
    """Give what each price is worth to begin with: against rivals who choose evenly, for ever."""
    earned: list[float] = [0.0] * len(game.prices)
    share = game.states // len(game.prices)
    for joint, profits in enumerate(game.all_profits()):
        earned[joint // share] += profits[0]
    return [total / share / (1 - kind.patience) for total in earned]


def alone(
    game: Game, schooling: Schooling, kind: Kind, draws: Iterator[float], sell: Sell
) -> Iterator[list[QLearner]]:
    """Let one session play where `sell` says what everybody earned; yield it period by period.

    The first draw says which prices it finds there; then comes one for each seller in a period.
    """
    values = [start(game, kind)] * game.states
    learners = [
        QLearner(values, rate=schooling.rate, patience=kind.patience) for _ in range(game.sellers)
    ]
    state = int(next(draws) * game.states) * kind.has_memory
    period = 0
    while True:
        chance = fading(schooling.fading, period)
        chosen = []
        for learner in learners:
            tried = trial(next(draws), chance, len(game.prices))
            chosen.append(learner.best(state) if tried is None else tried)
        after = game.joint(chosen) * kind.has_memory
        for learner, action, earned in zip(learners, chosen, sell(chosen), strict=True):
            learner.learn(state, action, earned, after)
        state, period = after, period + 1
        yield learners
