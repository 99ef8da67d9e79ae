"""The page that an experiment leaves for a colleague: one file, no script, nothing from outside.

The same folder gives the same bytes. Figures stand in the page, and beside it as SVG and PNG.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from msgspec import Struct

from souq.lab.drawing import HALF_PX, Drawing, drawing_of, lettering
from souq.lab.experiment import folder
from souq.lab.markup import counted, figure_of, page_of, words_of
from souq.lab.study import beside, beside_swap, design, sections
from souq.lab.study.anomalies import Anomaly, anomalies
from souq.lab.study.answers import (
    PERSONAL,
    Comparison,
    arms,
    factors,
    figures_of,
    kinds,
    metrics_of,
    people,
    unit_of,
)
from souq.lab.study.figures import Figure, figures, forest
from souq.lab.study.opening import Study
from souq.lab.study.wording import phrase

PAGE = "report.html"
FIGURES_FOLDER = "figures"
KINDS = "In markets where several kinds met, each less the first. Bars are 95 % intervals."


class Report(Struct, frozen=True):
    """What was written where, and the answers in it."""

    page: Path
    figures: tuple[Path, ...]
    outcome: str
    main: tuple[Comparison, ...]
    kinds: dict[str, tuple[Comparison, ...]]  # by figure of persons
    anomalies: tuple[Anomaly, ...]
    left_out: int


def write(study: Study, at: Path) -> Report:
    """Write the page and its figures into a folder. Raises LabExtraMissing and OSError."""
    main = main_effect(study)
    by_kind = {figure: kinds(study, figure) for figure in figures_of(study)}
    odd = anomalies(study)
    drawn = _drawn(study, main, by_kind)
    drawings = {one.name: drawing_of(one.draw, one.width) for one in drawn}
    text = _page(study, main, by_kind, odd, drawn, drawings)
    (at / FIGURES_FOLDER).mkdir(parents=True, exist_ok=True)
    written = []
    for one in drawn:
        svg, png = drawings[one.name].files()
        for suffix, content in ((".svg", svg), (".png", png)):
            path = at / FIGURES_FOLDER / f"{one.name}{suffix}"
            folder.write_whole(path, content)
            written.append(path)
    folder.write_whole(at / PAGE, text.encode("utf-8", errors="replace"))
    return Report(
        at / PAGE,
        tuple(written),
        study.base.outcome,
        tuple(main),
        {figure: tuple(found) for figure, found in by_kind.items()},
        tuple(odd),
        len(study.left_out),
    )


def main_effect(study: Study) -> list[Comparison]:
    """Compare arms in the experiment's outcome: over markets, or over people where it must be."""
    outcome = study.base.outcome
    found = arms(study, outcome)
    if not any(one.effect for one in found) and outcome in PERSONAL:
        over_people = people(study, outcome)
        if any(one.effect for one in over_people):
            return over_people
    return found


def _drawn(
    study: Study, main: Sequence[Comparison], by_kind: dict[str, list[Comparison]]
) -> list[Figure]:
    outcome = phrase(study.base.outcome)
    title = f"{outcome[:1].upper()}{outcome[1:]}, each arm less the first"
    over = "over people" if any(one.basis == "people" for one in main) else "over markets"
    note = f"Less {lettering(study.arms[0], 60)}. Bars are 95 % intervals {over}."
    drawn = [forest("main-effect", title, note, main)]
    for n, (factor, found) in enumerate(factors(study, study.base.outcome).items(), start=1):
        title = f"{outcome[:1].upper()}{outcome[1:]}, by {lettering(factor, 60)}"
        note = f"Each less {lettering(found[0].against, 60)}, the other factors alike." * bool(
            found
        )
        drawn.append(forest(f"factor-{n}", title, note, found))
    for figure, found in by_kind.items():
        title = f"A person’s {figure}, by kind of agent"
        note = f"{KINDS} The first is {lettering(found[0].against, 60)}." if found else KINDS
        drawn.append(forest(f"kinds-{figure}", title, note, found))
    return [one for one in drawn if one is not None] + figures(study)


def _page(
    study: Study,
    main: Sequence[Comparison],
    by_kind: dict[str, list[Comparison]],
    odd: Sequence[Anomaly],
    drawn: Sequence[Figure],
    drawings: Mapping[str, Drawing],
) -> str:
    inline = {one.name: _inline(one, drawings[one.name]) for one in drawn}
    base = study.base
    parts = {
        "title": f"souq: {escape(lettering(base.name, 80))}",
        "name": words_of(base.name),
        "question": words_of(base.question or base.name),
        "lead": sections.lead(study, main, next(iter(by_kind.values()), [])),
        "tiles": _tiles(study, odd),
        "main": sections.answer(study, main, inline.pop("main-effect", "")),
        "people": _factors(study, inline) + _people(study, main),
        "kinds": _kinds(by_kind, inline),
        "design": design.design(study),
        "sample": design.sample(study),
        "pictures": _pictures(drawn, inline),
        "beside": beside.section(study) + beside_swap.section(study),
        "metrics": sections.metrics(study)
        if metrics_of(study)
        else "<p>No metric was measured.</p>",
        "anomalies": sections.anomalies(odd),
        "cost": sections.cost(study),
        "again": design.again(study),
    }
    return page_of("study.html", parts, style="study.css")


def _factors(study: Study, inline: dict[str, str]) -> str:
    """Compare the levels of crossed factors; nothing where there are none."""
    found = factors(study, study.base.outcome)
    if not found:
        return ""
    unit = unit_of(study.base.outcome)
    told = ""
    for n, (factor, levels) in enumerate(found.items(), start=1):
        picture = inline.pop(f"factor-{n}", "")
        told += picture + sections.comparisons(levels, unit, escape(f"By {lettering(factor, 60)}"))
    return (
        "<h3>By factor</h3><p>In each repetition a level is compared with the first over the same"
        " combinations of the other factors; p is corrected over all of these.</p>" + told
    )


def _people(study: Study, main: Sequence[Comparison]) -> str:
    """Compare persons between arms, as a second look or as the only one."""
    if len(study.arms) < 2 or study.persons.empty:
        return ""
    is_main = any(one.basis == "people" for one in main)
    tables = "".join(
        sections.comparisons(people(study, figure), column.unit, f"A person’s {figure}")
        for figure, column in figures_of(study).items()
        if not (is_main and PERSONAL.get(study.base.outcome) == column)
    )
    note = (
        "Over people instead of markets. This takes the people of one market as"
        " independent of each other, which they are not quite: it tells how sure a difference is"
        " among these people in these markets."
    )
    return (
        f"<details{' open' * is_main}><summary>Over people</summary>"
        f'<p class="quiet">{note}</p>{tables}</details>'
    )


def _kinds(by_kind: dict[str, list[Comparison]], inline: dict[str, str]) -> str:
    if not any(by_kind.values()):
        return ""
    pictures = "".join(inline.pop(f"kinds-{figure}", "") for figure in by_kind)
    methods = sorted({one.effect.method for all_ in by_kind.values() for one in all_ if one.effect})
    tables = "".join(
        sections.comparisons(found, found[0].unit, f"A person’s {figure}")
        for figure, found in by_kind.items()
        if found
    )
    told = f"Method: {escape('; '.join(methods))}, by person." if methods else ""
    return (
        "<section><h2>Kinds of agents</h2><p>In markets where several kinds were drawn, chance"
        " alone decided who got which, but for people whom the file names: the difference is"
        f" what the kind itself brings its person, given the market.</p>{pictures}{tables}"
        f'<p class="quiet">{told} Means are as'
        " they are; differences are with what is held fixed taken out.</p></section>"
    )


def _pictures(drawn: Sequence[Figure], inline: dict[str, str]) -> str:
    """Put figures one under the other, and two of half the width side by side."""
    parts: list[str] = []
    half: list[str] = []
    for one in drawn:
        if one.name not in inline:
            continue
        if one.width == HALF_PX:
            half.append(inline[one.name])
            if len(half) < 2:
                continue
        parts += _pair(half)
        half = []
        if one.width != HALF_PX:
            parts.append(inline[one.name])
    parts += _pair(half)
    return "".join(parts) or "<p>No table holds anything to draw.</p>"


def _pair(half: Sequence[str]) -> list[str]:
    return [f'<div class="pair">{"".join(half)}</div>'] if half else []


def _inline(one: Figure, drawing: Drawing) -> str:
    return figure_of(escape(one.title), escape(one.note), drawing.inline(one.label))


def _tiles(study: Study, odd: Sequence[Anomaly]) -> str:
    persons, items, deals = study.persons, study.frame("items"), study.frame("deals")
    repetitions = len({cell.repetition for cell in study.cells})
    cpu = sum(run.cpu_seconds for name, run in study.runs.items() if name in study.manifests)
    planned = len(study.plan.cells)
    tiles = [
        ("Arms", f"{len(study.arms):,}", counted(repetitions, "repetition")),
        ("Markets", f"{len(study.cells):,}", f"of {planned:,} planned"),
        ("Persons", f"{len(persons):,}", "once for each market"),
        ("Contracts", f"{len(deals):,}", f"{len(items):,} items sold"),
        ("Anomalies", f"{len(odd):,}", "see below"),
        ("CPU", f"{cpu:,.1f} s" if study.runs else "–", "all cells"),
        ("Models", sections.spent_on_models(study), "what their calls cost"),
        ("Outcome", escape(phrase(study.base.outcome)), _unit(study.base.outcome)),
    ]
    return "".join(
        f'<div><dt>{name}</dt><dd>{value}</dd><dd class="note">{note}</dd></div>'
        for name, value, note in tiles
    )


def _unit(metric: str) -> str:
    return {"$": "in dollars", "share": "a share of 1"}.get(unit_of(metric), "a number")
