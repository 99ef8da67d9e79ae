"""Two experiments side by side, or two cells, or a cell and its fork: arms of one name compared.

Where two arms ran from the same seeds of people, repetition by repetition, they are pairs; where
not, two groups of markets. What tells their designs apart is named, setting by setting.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from souq.lab import tables
from souq.lab.experiment import folder
from souq.lab.experiment.folder import BadFolder, CellManifest
from souq.lab.metrics import METRICS
from souq.lab.study.answers import Comparison, allowed_for, compared, unit_of
from souq.lab.study.opening import open_study
from souq.lab.study.settings import settings
from souq.lab.tables import MetricRow

Values = dict[tuple[str, str], dict[int, float]]  # by arm and metric: by repetition


class Differing(Struct, frozen=True):
    """One setting of one arm ("": of the whole) that is not the same in both; None is not there."""

    arm: str
    setting: str
    first: str | None
    second: str | None


class SideBySide(Struct, frozen=True):
    """Arms of both, each metric `second` less `first`; all of them are one family of tests.

    `alone` are the arms that only one of the two has.
    """

    arms: tuple[str, ...]
    alone: tuple[str, ...]
    are_pairs: bool
    design: tuple[Differing, ...]
    metrics: dict[str, tuple[Comparison, ...]]  # by arm


# Words about an experiment, which change nothing in it.
_WORDS = ("name", "question", "beside")


class _Side(Struct):
    values: Values
    people: dict[str, dict[int, int]]  # by arm: seeds of people by repetition
    settings: dict[str, dict[str, str]]  # by arm
    metrics: list[str]


def side_by_side(first: Path, second: Path) -> SideBySide:
    """Compare two folders: of experiments, or of cells. Raises BadFolder."""
    one, other = _side(first), _side(second)
    if len(one.people) == 1 and len(other.people) == 1 and one.people.keys() != other.people.keys():
        _rename(other, next(iter(one.people)))  # two single arms are meant for each other
    arms = [arm for arm in one.people if arm in other.people]
    if not arms:
        raise BadFolder(
            f"{first} and {second} have no arm of one name: {', '.join([*one.people][:5])} here,"
            f" {', '.join([*other.people][:5])} there"
        )
    are_pairs = all(
        _share(one.people[arm], other.people[arm])
        and _who(one.settings.get(arm, {})) == _who(other.settings.get(arm, {}))
        for arm in arms
    )
    names = [name for name in one.metrics if name in other.metrics]
    family = allowed_for(
        [
            compared(
                "second",
                "first",
                metric,
                other.values.get((arm, metric), {}),
                one.values.get((arm, metric), {}),
                unit=unit_of(metric),
                basis="markets",
                are_pairs=are_pairs,
            )
            for arm in arms
            for metric in names
        ]
    )
    left = iter(family)
    return SideBySide(
        tuple(arms),
        tuple(sorted(one.people.keys() ^ other.people.keys())),
        are_pairs,
        tuple(_differing(one, other, arms)),
        {arm: tuple(next(left) for _ in names) for arm in arms},
    )


def _side(at: Path) -> _Side:
    return _cell(at) if (at / folder.MANIFEST).is_file() else _study(at)


def _study(at: Path) -> _Side:
    study = open_study(at)
    side = _Side({}, {}, {arm.name: settings(arm.experiment) for arm in study.design.arms}, [])
    for cell in study.cells:
        side.people.setdefault(cell.arm, {})[cell.repetition] = cell.people_seed
        _read(folder.whole(at, cell), side)
    return side


def _cell(at: Path) -> _Side:
    """Read one cell, or a fork of one, by what its manifest says."""
    try:
        manifest = msgspec.json.decode((at / folder.MANIFEST).read_bytes(), type=CellManifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadFolder(f"{at / folder.MANIFEST}: {error}") from None
    cell = manifest.cell
    chosen = {f"forked.{name}": value for name, value in sorted(_changes(manifest).items())}
    for name in ("arm", "repetition", "draw_seed", "luck_seed"):
        chosen[f"cell.{name}"] = str(getattr(cell, name))
    side = _Side({}, {cell.arm: {cell.repetition: cell.people_seed}}, {cell.arm: chosen}, [])
    _read(at, side)
    return side


def _changes(manifest: CellManifest) -> dict[str, str]:
    forked = manifest.forked
    return {} if forked is None else {**forked.changes, "at": str(forked.at)}


def _read(at: Path, side: _Side) -> None:
    try:
        rows = tables.read(at / "metrics.parquet", MetricRow)
    except (OSError, ValueError, KeyError) as error:  # what pyarrow raises for a damaged file
        raise BadFolder(f"{at / 'metrics.parquet'}: {' '.join(str(error).split())}") from None
    for row in rows:
        found = side.values.setdefault((row.arm, row.metric), {})
        if row.value is not None:
            found[row.repetition] = row.value
        if row.metric not in side.metrics:
            side.metrics.append(row.metric)
    known = [name for name in METRICS if name in side.metrics]
    side.metrics = known + [name for name in side.metrics if name not in known]


def _rename(side: _Side, arm: str) -> None:
    side.people = dict.fromkeys([arm], next(iter(side.people.values())))
    side.settings = dict.fromkeys([arm], next(iter(side.settings.values()), {}))
    side.values = {(arm, metric): found for (_, metric), found in side.values.items()}


def _share(one: dict[int, int], other: dict[int, int]) -> bool:
    """Tell whether the repetitions that both have are of the same people."""
    both = one.keys() & other.keys()
    return bool(both) and all(one[n] == other[n] for n in both)


def _who(settings: dict[str, str]) -> dict[str, str]:
    """Give what an arm says of its people: with it, a seed means the same ones."""
    return {
        name: value
        for name, value in settings.items()
        if name.startswith("population.") or name == "swap.people"
    }


def _differing(one: _Side, other: _Side, arms: list[str]) -> list[Differing]:
    """Name what differs: once, where it does so alike in every arm."""
    by_arm = {}
    for arm in arms:
        first, second = one.settings.get(arm, {}), other.settings.get(arm, {})
        by_arm[arm] = {
            name: (first.get(name), second.get(name))
            for name in sorted(first.keys() | second.keys())
            if first.get(name) != second.get(name) and not name.startswith(_WORDS)
        }
    alike = {
        name: pair
        for name, pair in by_arm[arms[0]].items()
        if all(by_arm[arm].get(name) == pair for arm in arms)
    }
    found = [Differing("", name, *pair) for name, pair in alike.items()]
    for arm in arms:
        found += [
            Differing(arm, name, *pair) for name, pair in by_arm[arm].items() if name not in alike
        ]
    return found
