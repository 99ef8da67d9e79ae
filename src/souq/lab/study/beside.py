"""Project Deal's published tables beside a study's own, where its file asks for them."""

from html import escape

from souq.lab import tables
from souq.lab.effects import Effect
from souq.lab.experiment import folder, surveying
from souq.lab.experiment.schema import Beside
from souq.lab.markup import counted, table_of, words_of
from souq.lab.project_deal import Analysis, Evidence, Layout, Line, analyse, read_evidence
from souq.lab.study.opening import Study
from souq.lab.study.wording import DASH, chance, number
from souq.lab.tables import SurveyRow

HEADS = ("Figure", "Published", "#Here", "#95 % interval", "#p", "#p, corrected", "#Rows")


def layout_of(study: Study, asked: Beside) -> Layout:
    """Tell from who was assigned what which arms are mixed, and which are of one kind."""
    rows = study.frame("persons")
    kinds = {arm: set(rows[rows["arm"] == arm]["kind"]) for arm in study.arms}
    both = {asked.strong, asked.weak}
    return Layout(
        strong=asked.strong,
        weak=asked.weak,
        mixed=tuple(arm for arm, found in kinds.items() if found >= both),
        uniform=tuple(arm for arm, found in kinds.items() if found and not found >= both),
        aggressive=frozenset(asked.aggressive),
        one_population=study.base.is_one_population,
    )


def section(study: Study) -> str:
    """Write the published tables beside ours; nothing where the file does not ask for them."""
    asked = study.base.beside
    if asked is None or asked.study != "project_deal":
        return ""
    try:
        layout = layout_of(study, asked)
        found = analyse(_evidence(study), layout)
    except ValueError as error:
        return _wrapped(f"<p>There is nothing to set beside them: {escape(str(error))}.</p>")
    intro = (
        f"<p>Ours: {counted(found.people, 'person').replace('persons', 'people')},"
        f" {found.switchers:,} of whom had both a {words_of(layout.strong)} and a"
        f" {words_of(layout.weak)} agent in the mixed arms"
        f" ({words_of(', '.join(layout.mixed) or 'none')}). Project Deal’s people were 69, and"
        " language models traded for them: the published column is a yardstick, which a run with"
        " other agents or other people need not meet.</p>"
    )
    blocks = (
        ("What a strong agent brings", found.kinds),
        ("What hard bargaining brings: chosen by people, not drawn", found.instructions),
        ("Prices", found.prices),
    )
    told = "".join(_lines(title, lines) for title, lines in blocks)
    return _wrapped(intro + told + _pairings(found) + _runs(found))


def _evidence(study: Study) -> Evidence:
    folders = [folder.whole(study.folder, cell) for cell in study.cells]
    found = read_evidence(folders)
    said = []
    if "survey" in study.frames:
        kept = {(cell.arm, cell.repetition) for cell in study.cells}
        rows = tables.read(study.folder / surveying.FILE, SurveyRow)
        said = [row for row in rows if (row.arm, row.repetition) in kept]
    return Evidence(found.persons, found.listings, found.items, said)


def _wrapped(body: str) -> str:
    return f"<section><h2>Beside Project Deal’s published figures</h2>{body}</section>"


def _lines(title: str, lines: tuple[Line, ...]) -> str:
    notes: dict[str, int] = {}
    rows = []
    for line in lines:
        mark = ""
        if line.note:
            notes.setdefault(line.note, len(notes) + 1)
            mark = f" <sup>{notes[line.note]}</sup>"
        published = escape(line.published.told) if line.published else DASH
        name = f'<div class="w">{escape(line.name)}{mark}</div>'
        rows.append([name, published, *_effect(line.effect)])
    told = "".join(f"<br>{n} {escape(note)}." for note, n in notes.items())
    note = f'<p class="quiet">Corrected by Holm over this table.{told}</p>'
    return f'<div class="figure">{table_of(HEADS, rows, caption=title)}{note}</div>'


def _effect(effect: Effect | None) -> list[str]:
    if effect is None:
        return [DASH] * 5
    unit = effect.unit if effect.unit in ("$", "share") else ""
    more = "" if unit else f" {escape(effect.unit)}"
    return [
        f"{number(effect.estimate, unit)}{more}",
        f"{number(effect.low, unit)} to {number(effect.high, unit)}",
        chance(effect.p),
        chance(effect.p_corrected),
        f"{effect.n:,}",
    ]


def _pairings(found: Analysis) -> str:
    rows = [
        (
            words_of(line.seller),
            words_of(line.buyer),
            escape(line.published.told),
            number(line.mean_price.estimate, "$") if line.mean_price else escape(line.note),
            f"{number(line.mean_price.low, '$')} to {number(line.mean_price.high, '$')}"
            if line.mean_price
            else DASH,
            f"{line.items:,}",
        )
        for line in found.pairings
    ]
    heads = ("Seller", "Buyer", "Published", "#Here", "#95 % interval", "#Items")
    caption = "Mean price of an item in mixed arms, by who sold to whom"
    return f'<div class="figure">{table_of(heads, rows, caption=caption)}</div>'


def _runs(found: Analysis) -> str:
    heads = ("Market", "#Offered", "#Sold", "#Share sold", "#Mean price", "#Value", "Published")
    rows = []
    for line in found.runs:
        name = words_of(line.arm)
        name += f", repetition {line.repetition}" if (line.repetition or 0) > 1 else ""
        theirs = line.published
        rows.append(
            (
                name,
                f"{line.offered:,}",
                f"{line.sold:,}",
                number(line.share_sold, "share"),
                number(line.mean_price, "$"),
                number(line.value, "$"),
                f'<div class="w">{theirs.sold:,} of {theirs.offered:,} sold,'
                f" {number(theirs.share_sold, 'share')}; mean {number(theirs.mean_price, '$')};"
                f" {number(theirs.value, '$')}</div>"
                if theirs
                else DASH,
            )
        )
    return f'<div class="figure">{table_of(heads, rows, caption="Market by market")}</div>'
