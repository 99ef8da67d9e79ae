"""What stands in a folder of experiments and markets, as the pages of experiments show it.

The laboratory knows experiments, and lies above these pages: it hands in something that is a
`Shelf`. Costs are units of a dollar's millionth, instants and lengths of time are in seconds.
"""

from typing import Literal, Protocol

from msgspec import Struct

from souq.core.money import BPS
from souq.surfaces.console.behind import Behind

State = Literal["waiting", "at_work", "cut_off", "done", "not_needed"]


class CellSeen(Struct, frozen=True):
    """One market of an experiment: an arm in a repetition.

    `share_bps` of it is over. `records`, `seconds` and `stop` (why its models ended) are known when
    it is done. `has_market` tells whether its journal can be looked at.
    """

    name: str
    arm: str
    repetition: int
    state: State
    share_bps: int = 0
    cost_units: int = 0
    records: int = 0
    seconds: float = 0
    stop: str = ""
    has_market: bool = False


class ExperimentSeen(Struct, frozen=True):
    """One experiment. `enough_after` is the repetition after which its stopping rule was met.

    `left_s` is how long it will still take at the pace so far; None where nobody can say. `trouble`
    says what of its folder cannot be read.
    """

    name: str
    question: str
    outcome: str
    arms: tuple[str, ...]
    repetitions: int
    cells: tuple[CellSeen, ...]
    is_running: bool
    enough_after: int | None = None
    left_s: float | None = None
    has_report: bool = False
    trouble: str = ""

    @property
    def needed(self) -> int:
        """Count the cells that are run, or would be."""
        return sum(cell.state != "not_needed" for cell in self.cells)

    @property
    def done(self) -> int:
        """Count the cells that are whole."""
        return sum(cell.state == "done" for cell in self.cells)

    @property
    def share_bps(self) -> int:
        """Give how much of the whole is over."""
        over = sum(cell.share_bps for cell in self.cells if cell.state != "not_needed")
        return over // max(1, self.needed)

    @property
    def state(self) -> State:
        """Give how the whole stands."""
        if self.is_running:
            return "at_work"
        return "done" if self.share_bps == BPS else "cut_off" if self.share_bps else "waiting"

    @property
    def cost_units(self) -> int:
        """Give what models cost so far."""
        return sum(cell.cost_units for cell in self.cells)

    @property
    def records(self) -> int:
        """Count the records of all cells that are done."""
        return sum(cell.records for cell in self.cells)

    @property
    def seconds(self) -> float:
        """Give how long the cells that are done took, one after another."""
        return sum(cell.seconds for cell in self.cells)


class Mean(Struct, frozen=True):
    """One metric: its mean over the cells that are done, arm by arm, written in its unit."""

    metric: str
    about: str
    by_arm: tuple[str, ...]


class Means(Struct, frozen=True):
    """All metrics; or `why` none can be told."""

    rows: tuple[Mean, ...] = ()
    why: str = ""


class MarketSeen(Struct, frozen=True):
    """A market's own folder."""

    name: str
    has_report: bool


class Shelf(Protocol):
    """What stands in a folder. Names are those of folders."""

    def experiments(self) -> tuple[ExperimentSeen, ...]:
        """Give all experiments, those at work first."""

    def experiment(self, name: str) -> ExperimentSeen | None:
        """Give one experiment."""

    def means(self, name: str) -> Means:
        """Give an experiment's metrics."""

    def markets(self) -> tuple[MarketSeen, ...]:
        """Give the markets that are no experiment's."""

    def report(self, name: str) -> bytes | None:
        """Give the page that an experiment or a market left for its readers."""

    async def cell(self, name: str, cell: str) -> Behind | None:
        """Open a cell's market. Raises Malformed for one that cannot be read."""
