"""Many Q-learners who take their steps together, in arrays: thousands of times a second each.

They are grouped in sessions: those of one session are in one state, and meet each other alone. What
a session comes to does not depend on which others run beside it. Each learner computes exactly what
a `QLearner` would.
"""

import numpy
from numpy.typing import ArrayLike, NDArray

Whole = NDArray[numpy.int64]
Real = NDArray[numpy.float64]
Flags = NDArray[numpy.bool_]


class QLearners:
    """Tables of values by learner, session, state and action; see `QLearner`.

    `patience` is one for all, or one for each session. Arrays of actions and payoffs are by learner
    and session, states by session.
    """

    def __init__(self, values: ArrayLike, *, rate: float, patience: ArrayLike) -> None:
        table = numpy.array(values, dtype=numpy.float64)
        if table.ndim != 4 or not table.size:
            raise ValueError("values are by learner, session, state and action, and not none")
        self.learners, self.sessions, self.states, self.actions = table.shape
        self.patience: Real = numpy.array(
            numpy.broadcast_to(numpy.asarray(patience, dtype=numpy.float64), self.sessions)
        )
        if not 0 < rate <= 1 or (self.patience < 0).any() or (self.patience >= 1).any():
            raise ValueError("rate is above 0 and up to 1, patience from 0 to below 1")
        self.rate = rate
        self._lay_out(table)

    def _lay_out(self, table: Real) -> None:
        # A row is one learner's values in one state; all are looked up by number, in flat arrays.
        self._rows: Real = table.reshape(-1, self.actions)
        self._cells: Real = self._rows.reshape(-1)
        self._best: Whole = self._rows.argmax(1)
        self._most: Real = self._rows.max(1)
        count = self.learners * self.sessions
        self._first: Whole = (numpy.arange(count) * self.states).reshape(self.learners, -1)
        self._seen: Real = numpy.empty((count, self.actions))

    @property
    def strategies(self) -> Whole:
        """Give, by learner, session and state, the action that is preferred."""
        return self._best.reshape(self.learners, self.sessions, self.states).copy()

    @property
    def values(self) -> Real:
        """Give the tables."""
        return self._rows.reshape(self.learners, self.sessions, self.states, self.actions).copy()

    def best(self, states: Whole) -> Whole:
        """Give the action that each prefers where it is."""
        return self._best.take(states + self._first)

    def learn(self, states: Whole, actions: Whole, payoffs: Real, afters: Whole) -> Flags:
        """Take in what actions have paid and led to; tell who now prefers another action there."""
        rows = states + self._first
        surprise = self._later(afters)
        surprise += payoffs
        surprise *= self.rate
        cells = rows * self.actions
        cells += actions
        believed = self._cells.take(cells)
        believed *= 1 - self.rate
        believed += surprise
        self._cells[cells] = believed
        return self._weigh(rows)

    def learn_all(self, states: Whole, payoffs: Real, afters: Whole) -> Flags:
        """Take in what every action would have paid: payoffs are by action, too."""
        rows = states + self._first
        surprise = self._later(afters)[:, :, None] + payoffs
        surprise *= self.rate
        believed = self._rows.take(rows, axis=0)
        believed *= 1 - self.rate
        believed += surprise
        self._rows[rows] = believed
        return self._weigh(rows)

    def keep(self, those: Flags) -> None:
        """Go on with some sessions only, and let the others rest for good."""
        table = self.values[:, those]
        self.patience = self.patience[those]
        self.sessions = table.shape[1]
        self._lay_out(table)

    def _later(self, afters: Whole) -> Real:
        later: Real = self._most.take(afters + self._first)
        later *= self.patience
        return later

    def _weigh(self, rows: Whole) -> Flags:
        self._rows.take(rows.ravel(), axis=0, out=self._seen, mode="clip")
        best = self._seen.argmax(1).reshape(rows.shape)
        before = self._best.take(rows)
        self._best[rows] = best
        self._most[rows] = self._cells.take(rows * self.actions + best)
        return numpy.not_equal(before, best)


def trials(draws: Real, chances: Real, actions: int) -> Whole:
    """Give the actions to try by one draw each, -1 where there is none; see `exploring.trial`.

    Draws are by period first; chances are by period.
    """
    chance = numpy.broadcast_to(chances.reshape(-1, *([1] * (draws.ndim - 1))), draws.shape)
    tried = numpy.full(draws.shape, -1)
    is_trial = draws < chance
    drawn = (draws[is_trial] / chance[is_trial] * actions).astype(numpy.int64)
    tried[is_trial] = numpy.minimum(drawn, actions - 1)
    return tried
