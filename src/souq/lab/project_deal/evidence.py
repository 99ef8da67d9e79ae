"""What the analysis reads: the tidy rows of all markets, and how the experiment was laid out."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from souq.lab import tables
from souq.lab.tables import ItemRow, ListingRow, PersonRow, SurveyRow

Row = TypeVar("Row", PersonRow, ListingRow, ItemRow, SurveyRow)


class Layout(Struct, frozen=True, kw_only=True):
    """Which kinds are compared, and in which arms.

    In `mixed` arms each person's agent is drawn to be one or the other; in `uniform` ones all are
    alike. `aggressive` are the styles that count as such. With `one_population` the people and
    items of every repetition are the same ones, and what they share is no longer independent.
    """

    strong: str
    weak: str
    mixed: tuple[str, ...] = ("B", "C")
    uniform: tuple[str, ...] = ("A", "D")
    aggressive: Collection[str] = frozenset()
    one_population: bool = False

    @property
    def arms(self) -> tuple[str, ...]:
        """Give all arms, by name."""
        return tuple(sorted({*self.mixed, *self.uniform}))


class Evidence(Struct, frozen=True):
    """Rows of all cells together, in any order. `survey` may be empty."""

    persons: Sequence[PersonRow]
    listings: Sequence[ListingRow]
    items: Sequence[ItemRow]
    survey: Sequence[SurveyRow] = ()

    def of(self, arms: Collection[str]) -> "Evidence":
        """Keep the rows of some arms."""
        return Evidence(
            persons=_kept(self.persons, arms),
            listings=_kept(self.listings, arms),
            items=_kept(self.items, arms),
            survey=_kept(self.survey, arms),
        )


def read_evidence(folders: Sequence[Path]) -> Evidence:
    """Read the tables of some cells. A cell without a survey has none. Raises LabExtraMissing."""
    surveyed = [folder for folder in folders if (folder / "survey.parquet").exists()]
    return Evidence(
        persons=_read(folders, "persons", PersonRow),
        listings=_read(folders, "listings", ListingRow),
        items=_read(folders, "items", ItemRow),
        survey=_read(surveyed, "survey", SurveyRow),
    )


def _read(folders: Sequence[Path], name: str, kind: type[Row]) -> list[Row]:
    paths = [folder / f"{name}.parquet" for folder in folders]
    return [row for path in paths for row in tables.read(path, kind)]


def _kept(rows: Sequence[Row], arms: Collection[str]) -> list[Row]:
    return [row for row in rows if row.arm in arms]
