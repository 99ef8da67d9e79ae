"""One Q-learner (Watkins 1989): what each action is worth in each state, learnt by doing it.

It knows neither its market nor its rivals. Whoever runs it says which state it is in, what an
action paid, and where that led.
"""

from collections.abc import Sequence


class QLearner:
    """A table of values by state and action. `rate` is how much of each surprise it believes.

    `patience` is what a payoff of the next period is worth now. Of equal values it prefers the
    first.
    """

    def __init__(self, values: Sequence[Sequence[float]], *, rate: float, patience: float) -> None:
        if not values or not all(values):
            raise ValueError("a learner has one state and one action at least")
        if not (0 < rate <= 1 and 0 <= patience < 1):
            raise ValueError("rate is above 0 and up to 1, patience from 0 to below 1")
        self.values = [list(row) for row in values]
        self.rate = rate
        self.patience = patience
        self._most = [max(row) for row in self.values]
        self._best = [row.index(most) for row, most in zip(self.values, self._most, strict=True)]

    @property
    def strategy(self) -> list[int]:
        """Give, by state, the action that it prefers."""
        return list(self._best)

    def best(self, state: int) -> int:
        """Give the action that it prefers in a state."""
        return self._best[state]

    def learn(self, state: int, action: int, payoff: float, after: int) -> bool:
        """Take in what an action has paid and led to; tell whether it now prefers another there."""
        self._believe(state, action, payoff, self.patience * self._most[after])
        return self._weigh(state)

    def learn_all(self, state: int, payoffs: Sequence[float], after: int) -> bool:
        """Take in what every action would have paid, where the market lets it know."""
        later = self.patience * self._most[after]
        for action, payoff in enumerate(payoffs):
            self._believe(state, action, payoff, later)
        return self._weigh(state)

    def _believe(self, state: int, action: int, payoff: float, later: float) -> None:
        # As `QLearners` computes it, operation by operation: the last bit counts where values tie.
        row = self.values[state]
        row[action] = row[action] * (1 - self.rate) + (later + payoff) * self.rate

    def _weigh(self, state: int) -> bool:
        row = self.values[state]
        most = max(row)
        best = row.index(most)
        is_changed = best != self._best[state]
        self._most[state], self._best[state] = most, best
        return is_changed
