"""Tidy tables as files: Parquet with true types, or CSV that opens safely in a spreadsheet.

In CSV a text that anybody may have chosen and that a spreadsheet could take for a formula (its
first sign, spaces aside, is one of `= + - @`, or a tab or line break) gets an apostrophe in front,
and so does one that begins with an apostrophe: take one leading apostrophe away and it is what was
said. Numbers, amounts and times are never touched. Empty means none. UTF-8, RFC 4180.
"""

import csv
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from souq.journal.store import Store
from souq.views.columns import TABLES, Column, Row, Type
from souq.views.tables import rows

Format = Literal["csv", "parquet"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS_MAX = 16_384  # of one table, gathered before they are written
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")  # a spreadsheet takes the wide ones too
_BLANKS = "\t\r\n"


class Taken(FileExistsError):
    """The folder for the tables exists already."""


class ArrowMissing(ImportError):
    """Parquet needs the extra `lab`."""


class Writer(Protocol):
    """One table's file."""

    def write(self, rows: Sequence[Row]) -> None: ...
    def close(self) -> None: ...


def export(store: Store, folder: Path, to: Format, *, until: int | None = None) -> dict[str, int]:
    """Write all tables into a new folder, whole or not at all; give their numbers of rows.

    Raises Taken, Damaged, and ArrowMissing.
    """
    if folder.exists() or folder.is_symlink():
        raise Taken(f"{folder} exists already; name a new folder for the tables")
    open_ = _OPEN[to]()
    last = store.head()[0] if until is None else until  # a living market grows meanwhile
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".partial", dir=parent))
    try:
        counts = _write(store, last, {name: open_(partial, name) for name in TABLES})
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return counts


def _write(store: Store, last: int, files: dict[str, Writer]) -> dict[str, int]:
    counts = dict.fromkeys(files, 0)
    gathered: dict[str, list[Row]] = {name: [] for name in files}
    try:
        for name, row in rows(store, last):
            group = gathered[name]
            group.append(row)
            if len(group) == _ROWS_MAX:
                files[name].write(group)
                counts[name] += len(group)
                group.clear()
        for name, group in gathered.items():
            files[name].write(group)
            counts[name] += len(group)
    finally:
        for file in files.values():
            file.close()
    return counts


def iso(at: int) -> str:
    """Write microseconds UTC as ISO 8601."""
    return f"{(_EPOCH + timedelta(microseconds=at)).replace(tzinfo=None):%Y-%m-%dT%H:%M:%S.%f}Z"


def harmless(words: str) -> str:
    """Put an apostrophe before what a spreadsheet could obey."""
    first = words.lstrip(" \u00a0")[:1]
    if first in _FORMULA or words[:1] == "'" or (first and first in _BLANKS):
        return f"'{words}"
    return words


class _Csv:
    def __init__(self, folder: Path, name: str) -> None:
        self._columns = TABLES[name]
        self._file = (folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([column.name for column in self._columns])
        self._cells = [_CELL.get(column.type) for column in self._columns]

    def write(self, rows: Sequence[Row]) -> None:
        cells = self._cells
        for row in rows:
            assert len(row) == len(cells), f"a row of {len(row)} for {len(cells)} columns"
            self._csv.writerow(
                value if value is None or cell is None else cell(value)
                for cell, value in zip(cells, row, strict=True)
            )

    def close(self) -> None:
        self._file.close()


_CELL: dict[Type, Callable[[Any], str]] = {Type.TIME: iso, Type.WORDS: harmless}


def _parquet() -> Callable[[Path, str], Writer]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ArrowMissing(
            "Parquet needs pyarrow: pip install 'souq[lab]', or export to csv"
        ) from None

    types = {
        Type.NUMBER: pyarrow.int64(),
        Type.TIME: pyarrow.timestamp("us", tz="UTC"),
    }

    def field(column: Column) -> Any:
        return pyarrow.field(column.name, types.get(column.type, pyarrow.string()))

    class Parquet:
        def __init__(self, folder: Path, name: str) -> None:
            self._schema = pyarrow.schema([field(column) for column in TABLES[name]])
            file = folder / f"{name}.parquet"
            self._file = parquet.ParquetWriter(file, self._schema, compression="zstd")

        def write(self, rows: Sequence[Row]) -> None:
            columns = zip(*rows, strict=True) if rows else ((),) * len(self._schema)
            arrays = [
                pyarrow.array(values, type=one.type)
                for values, one in zip(columns, self._schema, strict=True)
            ]
            self._file.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))

        def close(self) -> None:
            self._file.close()

    return Parquet


_OPEN: dict[Format, Callable[[], Callable[[Path, str], Writer]]] = {
    "csv": lambda: _Csv,
    "parquet": _parquet,
}
