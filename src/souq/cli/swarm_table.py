"""How a swarm is doing, as figures and as a table."""

from collections import deque

from msgspec import Struct
from rich.table import Table

TIMES_MAX = 20_000  # latencies looked at


class Result(Struct):
    """How it went; `is_sound`: each wallet holds what the market's events say it must."""

    agents: int
    seconds: float
    commands: int
    commands_per_s: float
    deals: int
    offers: int
    moved: str
    refused: dict[str, int]
    failed: dict[str, int]
    events: int
    p50_ms: float
    p99_ms: float
    is_sound: bool


class Times:
    """How long commands took: how many there were, and the latest."""

    def __init__(self) -> None:
        self.count = 0
        self._latest: deque[float] = deque(maxlen=TIMES_MAX)

    def add(self, seconds: float) -> None:
        """Note one."""
        self.count += 1
        self._latest.append(seconds)

    def at_most_ms(self, percent: int) -> float:
        """Give what so many of the latest did not exceed."""
        found = sorted(self._latest)
        return 1e3 * found[len(found) * percent // 100] if found else 0.0


def table(one: Result) -> Table:
    """Lay figures out."""
    shown = Table(title=f"{one.agents} agents, {one.seconds:.0f} s", show_header=False)
    shown.add_column(style="bold")
    shown.add_column(justify="right")
    rows = {
        "deals": f"{one.deals:,}",
        "offers": f"{one.offers:,}",
        "money moved": one.moved,
        "commands a second": f"{one.commands_per_s:,.0f}",
        "latency, p50 and p99": f"{one.p50_ms:.0f} and {one.p99_ms:.0f} ms",
        "events seen": f"{one.events:,}",
        **{f"refused: {reason}": f"{count:,}" for reason, count in one.refused.items()},
        **{f"failed: {name}": f"{count:,}" for name, count in one.failed.items()},
    }
    for name, value in rows.items():
        shown.add_row(name, value)
    return shown
