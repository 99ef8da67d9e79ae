"""What model calls may cost, per agent and per run, in millionths of a dollar and in tokens."""

from msgspec import Struct

from souq.agents.llm.calls import Answer, Ask, Model, NotReady


class OverBudget(Exception):
    """The next call could cost more than is left in `purse`, an agent's own or its run's."""

    def __init__(self, purse: "Purse", why: str) -> None:
        super().__init__(why)
        self.purse = purse

    @property
    def is_whole_run(self) -> bool:
        """Tell whether it was the run's budget, and not one agent's own."""
        return self.purse.within is None


class Spent(Struct):
    """What calls took so far."""

    calls: int = 0
    failed: int = 0
    repaired: int = 0  # answers that could not be used and were asked for again
    tokens_in: int = 0
    tokens_out: int = 0
    cost_units: int = 0


class Purse:
    """A budget of calls; an agent's own purse draws on its run's as well.

    What a call will cost is known afterwards, so the dearest one yet is kept back for each call
    that is under way. Only one dearer than all before it can go beyond a budget, by the difference.
    """

    def __init__(
        self,
        *,
        cost_units: int | None = None,
        tokens: int | None = None,
        within: "Purse | None" = None,
    ) -> None:
        self.spent = Spent()
        self._cost_units = cost_units
        self._tokens = tokens
        self.within = within
        self._under_way = 0
        self._dearest = Spent()

    def open(self) -> None:
        """Begin a call. Raises OverBudget."""
        for purse in self._all():
            purse._check()
        for purse in self._all():
            purse._under_way += 1

    def close(self, answer: Answer | None) -> None:
        """End a call that `open` began. Raises NotReady where its price is unknown and counts."""
        for purse in self._all():
            purse._under_way -= 1
            purse._count(answer)

    def repaired(self) -> None:
        """Count an answer that has to be asked for again."""
        for purse in self._all():
            purse.spent.repaired += 1

    def _all(self) -> "tuple[Purse, ...]":
        return (self, *(self.within._all() if self.within is not None else ()))

    def _check(self) -> None:
        spent, dearest, calls = self.spent, self._dearest, self._under_way + 1
        if self._cost_units is not None:
            kept_back = dearest.cost_units * calls
            if spent.cost_units + kept_back > self._cost_units or self._cost_units == 0:
                raise OverBudget(
                    self, f"{_dollars(spent.cost_units)} of {_dollars(self._cost_units)} are spent"
                )
        if self._tokens is not None:
            used = spent.tokens_in + spent.tokens_out
            kept_back = (dearest.tokens_in + dearest.tokens_out) * calls
            if used + kept_back > self._tokens or self._tokens == 0:
                raise OverBudget(self, f"{used} of {self._tokens} tokens are used")

    def _count(self, answer: Answer | None) -> None:
        spent, dearest = self.spent, self._dearest
        spent.calls += 1
        if answer is None:
            spent.failed += 1
            return
        if answer.cost_units is None and self._cost_units is not None:
            raise NotReady("nobody knows what this model costs: give a budget in tokens instead")
        cost = answer.cost_units or 0
        spent.tokens_in += answer.tokens_in
        spent.tokens_out += answer.tokens_out
        spent.cost_units += cost
        dearest.cost_units = max(dearest.cost_units, cost)
        if answer.tokens_in + answer.tokens_out > dearest.tokens_in + dearest.tokens_out:
            dearest.tokens_in, dearest.tokens_out = answer.tokens_in, answer.tokens_out


async def paid(model: Model, ask: Ask, purse: Purse) -> Answer:
    """Call a model and count what that took. Raises NoAnswer, OverBudget and NotReady."""
    purse.open()
    answer = None
    try:
        answer = await model.answer(ask)
    finally:
        purse.close(answer)
    return answer


def _dollars(units: int) -> str:
    return f"${units / 1_000_000:.4f}"
