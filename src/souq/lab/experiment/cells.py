"""Cells: each arm in each repetition, with seeds that follow from the experiment's own."""

from collections.abc import Sequence

from msgspec import Struct

from souq.lab.experiment.schema import Design
from souq.lab.population import generator

SEED_BITS = 48


class Cell(Struct, frozen=True):
    """One market to run. All cells of a repetition have the same people, by `people_seed`.

    `luck_seed` is of all that happens by chance in this cell alone, and `draw_seed` of who gets
    which kind of agent.
    """

    number: int
    arm: str
    repetition: int
    people_seed: int
    draw_seed: int
    luck_seed: int

    @property
    def name(self) -> str:
        """Give the name of its folder."""
        return f"{self.number:05d}"


def cells_of(design: Design) -> list[Cell]:
    """List all cells, a whole repetition before the next."""
    base = design.base
    found: list[Cell] = []
    for repetition in range(1, base.repetitions + 1):
        for arm in design.arms:
            asked = arm.experiment
            which = 1 if asked.is_one_population else repetition
            drawn = 1 if asked.assignment.method == "within" else repetition
            found.append(
                Cell(
                    len(found) + 1,
                    arm.name,
                    repetition,
                    seed_of(base.seed, "people", which),
                    seed_of(base.seed, "draw", arm.name, drawn),
                    seed_of(base.seed, "luck", arm.name, repetition),
                )
            )
    return found


def looks_of(design: Design, cells: Sequence[Cell]) -> list[list[Cell]]:
    """Part the cells into what is run before each look at whether it is enough."""
    stopping = design.base.stopping
    if stopping is None:
        return [list(cells)]
    size = stopping.every * len(design.arms)
    return [list(cells[first : first + size]) for first in range(0, len(cells), size)]


def seed_of(seed: int, *names: object) -> int:
    """Derive a seed by name; the same in every process."""
    return generator(seed, "/".join(map(str, names))).getrandbits(SEED_BITS)
