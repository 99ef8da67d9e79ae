"""How well alarms fit what was planted."""

from collections.abc import Iterable

from souq.views.surveillance.rows import Alarm


class Fit:
    """Sums over runs: what was planted, what was found of it, what was alarmed about."""

    def __init__(self) -> None:
        self.planted = self.found = self.alarms = self.right = 0

    def add(self, alarms: Iterable[Alarm], planted: Iterable[frozenset[str]]) -> None:
        """Count one run. Found is a group whose members are told exactly; right an alarm within."""
        told = [frozenset(alarm.parties) for alarm in alarms]
        groups = list(planted)
        self.planted += len(groups)
        self.found += sum(group in told for group in groups)
        self.alarms += len(told)
        self.right += sum(any(one <= group for group in groups) for one in told)

    @property
    def recall(self) -> float:
        return self.found / self.planted

    @property
    def precision(self) -> float:
        return self.right / max(1, self.alarms)


def auc(high: list[int], low: list[int]) -> float:
    """Give how often the one score exceeds the other, ties half."""
    pairs = [(h > one) + 0.5 * (h == one) for h in high for one in low]
    return sum(pairs) / len(pairs)
