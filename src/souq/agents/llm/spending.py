"""What model calls may cost, per agent and per run, in millionths of a dollar and in tokens."""

from msgspec import Struct

from souq.agents.llm.calls import Answer, Estimate, NotReady


class OverBudget(Exception):
    """The next call could cost more than is left; an agent rests then, or the run ends in order."""

    def __init__(self, why: str, *, is_whole_run: bool) -> None:
        super().__init__(why)
        self.is_whole_run = is_whole_run


class Spent(Struct):
    """What calls took so far."""

    calls: int = 0
    failed: int = 0
    repaired: int = 0  # answers that could not be used and were asked for again
    tokens_in: int = 0
    tokens_out: int = 0
    cost_units: int = 0
    unpriced: int = 0  # calls of a model whose price nobody knows


class Purse:
    """A budget of calls; an agent's own purse draws on its run's as well.

    The estimate of each call under way is kept back, and at least the dearest call yet. A call that
    fails is counted at its estimate: who gave no answer may charge for it all the same.
    """

    def __init__(
        self,
        *,
        cost_units: int | None = None,
        tokens: int | None = None,
        within: "Purse | None" = None,
    ) -> None:
        self.spent = Spent()
        self.last_failure = ""
        self.within = within
        self._cost_units = cost_units
        self._tokens = tokens
        self._kept_units = self._kept_tokens = 0
        self._dearest_units = 0

    @property
    def counts_money(self) -> bool:
        """Tell whether anybody gave a budget in money."""
        return any(purse._cost_units is not None for purse in self._all())

    def open(self, estimate: Estimate) -> None:
        """Begin a call. Raises OverBudget, and NotReady where its price counts and is unknown."""
        if estimate.cost_units is None and self.counts_money:
            raise NotReady("nobody knows what this model costs: give a budget in tokens instead")
        for purse in self._all():
            purse._check(estimate)
        for purse in self._all():
            purse._kept_units += estimate.cost_units or 0
            purse._kept_tokens += estimate.tokens

    def close(self, estimate: Estimate, answer: Answer | None) -> None:
        """End a call that `open` began; None is one without an answer."""
        for purse in self._all():
            purse._kept_units -= estimate.cost_units or 0
            purse._kept_tokens -= estimate.tokens
        self.count(answer or lost_on(estimate), has_failed=answer is None)

    def count(self, answer: Answer, *, has_failed: bool = False) -> None:
        """Add what a call took."""
        for purse in self._all():
            spent, cost = purse.spent, answer.cost_units or 0
            spent.calls += 1
            spent.failed += has_failed
            spent.tokens_in += answer.tokens_in
            spent.tokens_out += answer.tokens_out
            spent.cost_units += cost
            spent.unpriced += answer.cost_units is None
            purse._dearest_units = max(purse._dearest_units, cost)

    def failed(self, why: str) -> None:
        """Remember why a call gave no answer."""
        for purse in self._all():
            purse.last_failure = why

    def told(self) -> str:
        """Say in words what was spent."""
        spent = self.spent
        cost = "cost unknown" if spent.unpriced else _dollars(spent.cost_units)
        why = f" ({self.last_failure})" if self.last_failure else ""
        return (
            f"{spent.calls} calls, {spent.failed} without an answer{why},"
            f" {spent.repaired} repaired, {spent.tokens_in} + {spent.tokens_out} tokens, {cost}"
        )

    def repaired(self) -> None:
        """Count an answer that has to be asked for again."""
        for purse in self._all():
            purse.spent.repaired += 1

    def _all(self) -> "tuple[Purse, ...]":
        return (self, *(self.within._all() if self.within is not None else ()))

    def _check(self, estimate: Estimate) -> None:
        spent = self.spent
        if self._cost_units is not None:
            next_units = max(estimate.cost_units or 0, self._dearest_units)
            if spent.cost_units + self._kept_units + next_units > self._cost_units:
                self._refuse(f"{_dollars(spent.cost_units)} of {_dollars(self._cost_units)} spent")
        if self._tokens is not None:
            used = spent.tokens_in + spent.tokens_out
            if used + self._kept_tokens + estimate.tokens > self._tokens:
                self._refuse(f"{used} of {self._tokens} tokens used")

    def _refuse(self, why: str) -> None:
        raise OverBudget(f"{why}: too little for another call", is_whole_run=self.within is None)


def lost_on(estimate: Estimate) -> Answer:
    """Give what a call without an answer is counted as."""
    return Answer("", estimate.tokens, 0, estimate.cost_units)


def _dollars(units: int) -> str:
    return f"${units / 1_000_000:.4f}"
