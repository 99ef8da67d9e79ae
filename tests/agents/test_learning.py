"""Learners: what they come to believe, and that many at once believe the same as one alone."""

import random
from collections.abc import Sequence

import numpy
import pytest

from souq.agents.learning.exploring import fading, trial
from souq.agents.learning.q_learner import QLearner
from souq.agents.learning.q_learners import QLearners, trials

STATES, ACTIONS = 3, 4


def test_a_surprise_moves_the_value_by_the_rate() -> None:
    learner = QLearner([[1.0, 2.0], [5.0, 3.0]], rate=0.25, patience=0.5)
    learner.learn(0, 0, 10.0, after=1)
    assert learner.values == [[0.75 * 1 + 0.25 * (10 + 0.5 * 5), 2.0], [5.0, 3.0]]


def test_it_tells_when_it_prefers_another_action_and_of_equals_prefers_the_first() -> None:
    learner = QLearner([[0.0, 0.0]], rate=0.5, patience=0.0)
    assert learner.best(0) == 0
    assert learner.learn(0, 1, 1.0, after=0)
    assert (learner.best(0), learner.strategy) == (1, [1])
    assert not learner.learn(0, 1, 1.0, after=0)
    assert learner.learn(0, 1, -5.0, after=0)
    assert learner.best(0) == 0


def test_told_what_every_action_would_have_paid_it_learns_of_all() -> None:
    learner = QLearner([[0.0, 0.0, 4.0]], rate=0.5, patience=0.5)
    assert learner.learn_all(0, [2.0, 8.0, 0.0], after=0)
    assert learner.values == [[2.0, 5.0, 3.0]]  # the best was worth 4 to all three


def test_it_finds_the_machine_that_pays_more() -> None:
    rng = random.Random(1)
    learner = QLearner([[0.0, 0.0]], rate=0.05, patience=0.0)
    for period in range(2_000):
        tried = trial(rng.random(), fading(0.01, period), 2)
        action = learner.best(0) if tried is None else tried
        learner.learn(0, action, float(rng.random() < (0.3, 0.6)[action]), after=0)
    assert learner.strategy == [1]


def test_trials_fade_and_are_even() -> None:
    assert [fading(0.5, 0), fading(0.0, 99), fading(0.0, 99, first=0.1)] == [1.0, 1.0, 0.1]
    assert fading(0.5, 2) == pytest.approx(0.36788, abs=1e-5)
    assert trial(0.2, 0.2, 5) is None
    draws = [(n + 0.5) / 1_000 for n in range(1_000)]
    tried = [trial(draw, 0.5, 5) for draw in draws]
    assert [tried.count(action) for action in (*range(5), None)] == [100] * 5 + [500]
    assert trial(0.1 - 1e-17, 0.1, 5) in (None, 4)


def test_trials_in_arrays_are_those_of_one() -> None:
    draws = numpy.random.default_rng(1).random((50, 2, 7))
    chances = [fading(0.05, period) for period in range(50)]
    found = trials(draws, numpy.array(chances), ACTIONS)
    for at, draw in numpy.ndenumerate(draws):
        expected = trial(float(draw), chances[at[0]], ACTIONS)
        assert found[at] == (-1 if expected is None else expected)


@pytest.mark.parametrize(
    ("values", "rate", "patience"),
    [([], 0.1, 0.5), ([[]], 0.1, 0.5), ([[1.0]], 0.0, 0.5), ([[1.0]], 0.1, 1.0)],
)
def test_what_cannot_learn_is_refused(
    values: Sequence[Sequence[float]], rate: float, patience: float
) -> None:
    with pytest.raises(ValueError, match=r"learner has|rate is"):
        QLearner(values, rate=rate, patience=patience)
    with pytest.raises(ValueError, match=r"values are|rate is"):
        QLearners([[values]], rate=rate, patience=patience)


def histories(
    *, rate: float = 0.3, is_told: bool = False, lost: int | None = None
) -> tuple[list[list[list[float]]], list[list[list[float]]], bool]:
    """Let six learners of three sessions live through the same at once, and one by one.

    Gives all values both ways, and whether all agreed throughout on who changed its mind. `lost` is
    a session that stops half way.
    """
    rng = numpy.random.default_rng(5)
    learners, sessions = 2, 3
    start = rng.random((learners, sessions, STATES, ACTIONS))
    patience = [0.0, 0.5, 0.95]
    many = QLearners(start, rate=0.3, patience=patience)
    single = {
        (one, session): QLearner(
            start[one, session].tolist(), rate=rate, patience=patience[session]
        )
        for one in range(learners)
        for session in range(sessions)
    }
    alive = numpy.arange(sessions)
    agrees = True
    for period in range(200):
        if period == 100 and lost is not None:
            many.keep(alive != lost)
            alive = alive[alive != lost]
        states, afters = rng.integers(0, STATES, (2, len(alive)))
        actions = rng.integers(0, ACTIONS, (learners, len(alive)))
        shape = (learners, len(alive), ACTIONS) if is_told else (learners, len(alive))
        payoffs = rng.normal(size=shape)
        if is_told:
            changed = many.learn_all(states, payoffs, afters)
        else:
            changed = many.learn(states, actions, payoffs, afters)
        for (one, place), has_changed in numpy.ndenumerate(changed):
            learner = single[one, int(alive[place])]
            state, after = int(states[place]), int(afters[place])
            if is_told:
                own = learner.learn_all(state, payoffs[one, place].tolist(), after)
            else:
                paid = float(payoffs[one, place])
                own = learner.learn(state, int(actions[one, place]), paid, after)
            agrees &= own == has_changed
            agrees &= learner.best(state) == many.best(states)[one, place]
    kept = [(one, int(session)) for one in range(learners) for session in alive]
    return (
        [one for table in many.values.tolist() for one in table],
        [single[key].values for key in kept],
        agrees,
    )


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("lost", [None, 1])
def test_many_learners_at_once_learn_what_each_alone_would(is_told: bool, lost: int | None) -> None:
    at_once, one_by_one, agrees = histories(is_told=is_told, lost=lost)
    assert at_once == one_by_one  # to the last bit
    assert agrees


def test_that_comparison_bites() -> None:
    at_once, one_by_one, _ = histories(rate=0.3 + 1e-12)
    assert at_once != one_by_one
