"""Ten million rows of offers, as cells leave them, told by arm and kind of agent.

A row's concession is by how much it comes towards the other side since one's own last price in the
same negotiation, as a share of that price. Cells are read and reduced one after another, the four
columns that count only; what is kept of a row is its group and its concession.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.lab.yardsticks import scratch
from bench.mechanisms.rates import Rates
from souq.lab.tables import OfferRow, schema_of

ROWS, ROWS_OF_A_CELL = 10_000_000, 25_000
MOVES = 10  # of a negotiation
ARMS, KINDS = ("A", "B", "C", "D"), ("frugal", "strong", "weak")
QUANTILES = (0.1, 0.5, 0.9)


class Offers:
    """A folder of offers tables, written once; its analysis is measured every round."""

    def __init__(self, scale: float) -> None:
        self._folder = TemporaryDirectory(dir=scratch())
        cells = max(4, int(ROWS * scale) // ROWS_OF_A_CELL)
        self.rows = cells * ROWS_OF_A_CELL
        self.files = [Path(self._folder.name) / f"{cell}.parquet" for cell in range(cells)]
        for cell, path in enumerate(self.files):
            write(path, cell)

    def measure(self, rates: Rates) -> None:
        """Read and tell all rows."""
        rates.rate("offer rows analysed", self.rows, lambda: analyse(self.files))
        size = sum(path.stat().st_size for path in self.files)
        rates.note("offer rows: bytes on disk", size / self.rows, "bytes a row")

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()


def write(path: Path, cell: int) -> None:
    """Write one cell's rows: negotiations of ten moves, in which both sides close in."""
    import numpy
    import pyarrow
    import pyarrow.parquet as parquet

    rng = numpy.random.default_rng(cell)
    row = numpy.arange(ROWS_OF_A_CELL)
    run, move = row // MOVES, row % MOVES
    runs = ROWS_OF_A_CELL // MOVES
    is_buyer = move % 2 == 0
    sides = rng.integers(0, 69, (runs, 2))
    person = sides[run, move % 2]
    ask = rng.integers(5, 200, runs)[run] * 1_000_000
    share = (move // 2) / MOVES * rng.uniform(0.2, 0.9, (runs, 2))[run, move % 2]
    units = numpy.where(is_buyer, ask * (0.6 + share / 2), ask * (1 - share / 2)).astype("int64")
    what = numpy.array(["counters", "offers", "accepts"])[(move == 0) * 1 + (move == MOVES - 1) * 2]
    columns: dict[str, Any] = {
        "arm": numpy.full(ROWS_OF_A_CELL, ARMS[cell % len(ARMS)]),
        "repetition": numpy.full(ROWS_OF_A_CELL, cell // len(ARMS)),
        "negotiation": numpy.char.add("N", (run + 1).astype(str)),
        "n": move + 1,
        "at_us": row * 1_000_000,
        "person": numpy.char.add("P", (person + 1).astype(str)),
        "kind": numpy.array(KINDS)[person % len(KINDS)],
        "role": numpy.where(is_buyer, "buyer", "seller"),
        "what": what,
        "units": units,
    }
    schema = schema_of(OfferRow)
    arrays = [pyarrow.array(columns[field.name], field.type) for field in schema]
    parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def analyse(files: list[Path]) -> Any:
    """Give a table of groups: offers, mean concession, and its quantiles."""
    import pyarrow
    import pyarrow.compute as compute

    whole = pyarrow.concat_tables([_concessions(path) for path in files])
    keys = ["arm", "kind", "role"]
    told = (
        whole.unify_dictionaries()
        .group_by(keys)
        .aggregate([("concession", "count"), ("concession", "mean"), ("concession", "stddev")])
    )
    found = []
    for row in told.to_pylist():
        mask = pyarrow.scalar(True)
        for key in keys:
            mask = compute.and_(mask, compute.equal(whole[key], row[key]))
        values = compute.quantile(whole["concession"].filter(mask), list(QUANTILES))
        found.append(row | dict(zip(map(str, QUANTILES), values.to_pylist(), strict=True)))
    return found


def _concessions(path: Path) -> Any:
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    names = ["arm", "kind", "role"]
    table = parquet.read_table(
        path, columns=[*names, "negotiation", "n", "units"], read_dictionary=names
    )
    # Two move by turns, so that one's own last price stands two rows before.
    now, before = table.slice(2), table.slice(0, len(table) - 2)
    is_same = compute.and_(
        compute.equal(now["negotiation"], before["negotiation"]),
        compute.equal(now["role"].cast("string"), before["role"].cast("string")),
    )
    now, before = now.filter(is_same), before.filter(is_same)
    moved = compute.subtract(now["units"], before["units"])
    towards = compute.if_else(
        compute.equal(now["role"].cast("string"), "buyer"), moved, compute.negate(moved)
    )
    share = compute.divide(towards.cast("float64"), before["units"].cast("float64"))
    return pyarrow.table({name: now[name] for name in names} | {"concession": share})
