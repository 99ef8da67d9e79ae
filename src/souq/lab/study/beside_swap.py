"""Project Swap's published figures beside a study's own, where its file asks for them."""

from collections.abc import Sequence
from html import escape

from souq.lab import tables
from souq.lab.effects import Effect
from souq.lab.experiment import folder
from souq.lab.experiment.schema import Beside
from souq.lab.markup import counted, table_of
from souq.lab.study.opening import Study
from souq.lab.study.wording import DASH, number
from souq.lab.swap.analysis import Line, lines, offices
from souq.lab.tables import ReaderRow

HEADS = ("Figure", "Published", "#Here", "#95 % interval", "#Rows")


def section(study: Study) -> str:
    """Write the published figures beside ours; nothing where the file does not ask for them."""
    asked = study.base.beside
    if asked is None or asked.study != "project_swap":
        return ""
    readers: list[ReaderRow] = []
    for cell in study.cells:
        path = folder.whole(study.folder, cell) / "readers.parquet"
        readers += tables.read(path, ReaderRow)
    found = _found(readers, asked)
    floors = len({(row.arm, row.repetition) for row in readers})
    intro = (
        f"<p>Ours: {counted(floors, 'floor')}, on which {len(readers):,} readers traded. Project"
        " Swap had five floors of 115, 57, 12, 8 and 6 people with language models, and 200 reruns:"
        " the published column is a yardstick, which scripts need not meet.</p>"
    )
    parts = {size: _found(rows, asked) for size, rows in offices(readers).items()}
    return (
        "<section><h2>Beside Project Swap’s published figures</h2>"
        f"{intro}{_lines(found)}{_by_office(parts)}</section>"
    )


def _found(readers: Sequence[ReaderRow], asked: Beside) -> list[Line]:
    return lines(readers, strong=asked.strong, middling=asked.middling, weak=asked.weak)


def _lines(found: Sequence[Line]) -> str:
    notes: dict[str, int] = {}
    rows = []
    for line in found:
        mark = ""
        if line.note:
            mark = f" <sup>{notes.setdefault(line.note, len(notes) + 1)}</sup>"
        published = " to ".join(number(value, "") for value in line.published)
        rows.append([f'<div class="w">{escape(line.name)}{mark}</div>', published, *_ours(line)])
    told = "".join(f"<br>{n} {escape(note)}." for note, n in notes.items())
    caption = "All offices; intervals resample whole floors"
    note = f'<p class="quiet">{told.removeprefix("<br>")}</p>'
    return f'<div class="figure">{table_of(HEADS, rows, caption=caption)}{note}</div>'


def _ours(line: Line) -> list[str]:
    match line.ours:
        case Effect() as effect:
            return [
                number(effect.estimate, ""),
                f"{number(effect.low, '')} to {number(effect.high, '')}",
                f"{effect.n:,}",
            ]
        case None:
            return [DASH, DASH, DASH]
        case value:
            return [number(value, ""), DASH, DASH]


def _by_office(parts: dict[int, list[Line]]) -> str:
    heads = ("Figure", *(f"#{size} people" for size in parts))
    names = [line.name for line in next(iter(parts.values()), [])]
    rows = []
    for n, name in enumerate(names):
        cells = [_ours(found[n])[0] for found in parts.values()]
        if any(cell != DASH for cell in cells):
            rows.append([f'<div class="w">{escape(name)}</div>', *cells])
    return f'<div class="figure">{table_of(heads, rows, caption="By office")}</div>'
