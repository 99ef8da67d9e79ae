"""The parts of a study's page that answer: the main effect, every metric, anomalies, the cost.

All of it is markup. What comes from a file, a market or a model goes through `words_of`.
"""

from collections.abc import Sequence
from html import escape

from souq.core.money import USD as DOLLARS
from souq.lab.charts import usd
from souq.lab.markup import counted, table_of, words_of
from souq.lab.metrics import METRICS
from souq.lab.study.anomalies import CHECKS, LISTED_MAX, Anomaly
from souq.lab.study.answers import (
    Comparison,
    all_metrics,
    metrics_of,
    undefined,
    unit_of,
    values_of,
)
from souq.lab.study.opening import Study
from souq.lab.study.wording import DASH, chance, interval, number, phrase, signed

OPEN_MAX = 4  # tables that stand open; more are folded
TOLD_MAX = 3  # sentences of the lead


def lead(study: Study, found: Sequence[Comparison], kinds: Sequence[Comparison]) -> str:
    """Say the answer in words: each arm against the first, each kind of agent likewise."""
    cells, arms = len(study.cells), len(study.arms)
    told = [f"{counted(arms, 'arm')}, {counted(cells, 'market')}."]
    of_kinds = [_sentence(one, "with") for one in kinds[:TOLD_MAX]]
    # Kinds that the file draws are its question; those that a treatment brings are not.
    drawn = sum(kind.share > 0 for kind in study.base.agents.values()) > 1
    told += of_kinds if drawn else []
    if arms == 1:
        told.append("With one arm there is none to compare it with.")
    told += [_sentence(one, "in") for one in found[:TOLD_MAX]]
    if len(found) > TOLD_MAX:
        told.append(f"The other arms ({len(found) - TOLD_MAX}) stand below.")
    return " ".join([*told, *([] if drawn else of_kinds)])


def answer(study: Study, found: Sequence[Comparison], picture: str) -> str:
    """Show the main effect, tabulate it, and say how it was reckoned."""
    if len(study.arms) < 2:
        return (
            "<p>The experiment has one arm: what follows describes it, and compares nothing.</p>"
            f"{picture}{_levels_of(study, [study.base.outcome])}"
        )
    outcome, unit = study.base.outcome, unit_of(study.base.outcome)
    about = f": {METRICS[outcome].about}" if outcome in METRICS else ""
    first = _named(study.arms[0])
    method = _method(study, found)
    caption = "Each arm less the first"
    return (
        f"<p>The question is put to <b>{escape(phrase(outcome))}</b>{escape(about)}. Every arm"
        f" is compared with the first, {first}.</p>{picture}{comparisons(found, unit, caption)}"
        f'<p class="quiet">{method}</p>'
    )


def comparisons(found: Sequence[Comparison], unit: str, caption: str) -> str:
    """Tabulate comparisons with their intervals."""
    heads = ("", "#Mean", "#Against", "#Difference", "#95 % interval", "#p", "#p, corrected", "#n")
    rows = []
    for one in found:
        effect = one.effect
        rows.append(
            (
                words_of(one.name),
                number(one.levels[0], unit),
                number(one.levels[1], unit),
                f"<b>{signed(one.estimate, unit)}</b>",
                interval(effect, unit) if effect else f"<i>{escape(one.note)}</i>",
                chance(effect.p) if effect else DASH,
                chance(effect.p_corrected) if effect else DASH,
                f"{effect.n:,}" if effect else DASH,
            )
        )
    return table_of(heads, rows, caption=caption)


def metrics(study: Study) -> str:
    """Tabulate every metric by arm, then each arm's differences from the first."""
    told = _levels_of(study, metrics_of(study))
    if gone := undefined(study):
        names = escape(", ".join(phrase(name) for name in gone))
        told += f'<p class="quiet">Not defined in any market: {names}.</p>'
    if len(study.arms) < 2:
        return told
    found = all_metrics(study)
    tests = sum(one.effect is not None for family in found.values() for one in family)
    told += (
        f"<p>Differences are from {words_of(study.arms[0])}, repetition by repetition; p is"
        f" corrected by Holm’s method over all {tests:,} tests of these tables.</p>"
        if tests
        else "<p>With one repetition no metric has an interval: the differences below may be"
        " chance.</p>"
    )
    for n, arm in enumerate(study.arms[1:]):
        rows = []
        for metric, family in found.items():
            one = next(one for one in family if one.name == arm)
            effect, unit = one.effect, unit_of(metric)
            rows.append(
                (
                    escape(phrase(metric)),
                    number(one.levels[1], unit),
                    number(one.levels[0], unit),
                    signed(one.estimate, unit),
                    interval(effect, unit) if effect else f"<i>{escape(one.note)}</i>",
                    chance(effect.p) if effect else DASH,
                    chance(effect.p_corrected) if effect else DASH,
                )
            )
        heads: tuple[str, ...] = (
            "Metric",
            f"#{words_of(study.arms[0])}",
            f"#{words_of(arm)}",
            "#Difference",
        )
        if tests:
            heads = (*heads, "#95 % interval", "#p", "#p, corrected")
        table = table_of(heads, [row[: len(heads)] for row in rows], caption="Every metric")
        is_open = " open" if n + 1 < OPEN_MAX else ""
        told += (
            f"<details{is_open}><summary>{words_of(arm)} less {words_of(study.arms[0])}</summary>"
            f"{table}</details>"
        )
    return told


def anomalies(found: Sequence[Anomaly]) -> str:
    """List what was found, and what was looked for."""
    looked = "; ".join(CHECKS)
    if not found:
        return f"<p>Nothing stands out. Looked for: {escape(looked)}.</p>"
    shown: list[Anomaly] = []
    more: dict[str, int] = {}
    for one in found:
        if sum(other.check == one.check for other in shown) < LISTED_MAX:
            shown.append(one)
        else:
            more[one.check] = more.get(one.check, 0) + 1
    rows = [
        (
            escape(one.check),
            words_of(one.arm) if one.arm else "all",
            f"{one.repetition}" if one.repetition else "all",
            f'<div class="w">{words_of(one.told)}</div>',
        )
        for one in shown
    ]
    left = "".join(f" {count:,} more of “{escape(check)}”." for check, count in more.items())
    table = table_of(("What", "Arm", "#Repetition", "Found"), rows, caption="What stands out")
    return (
        "<p>None of this was taken out of the figures, but for cells that are left out.</p>"
        f'{table}<p class="quiet">{left} Looked for: {escape(looked)}.</p>'
    )


def cost(study: Study) -> str:
    """Tabulate what the experiment took: time by cell, and what models cost."""
    rows = []
    has_models = any(manifest.spent is not None for manifest in study.manifests.values())
    for arm in study.arms:
        cells = study.cells_of(arm)
        runs = [study.runs[cell.name] for cell in cells if cell.name in study.runs]
        row = [
            words_of(arm),
            f"{len(cells):,}",
            f"{sum(run.cpu_seconds for run in runs):,.1f} s" if runs else DASH,
            f"{sum(run.seconds for run in runs):,.1f} s" if runs else DASH,
        ]
        if has_models:
            spent = [
                found for cell in cells if (found := study.manifests[cell.name].spent) is not None
            ]
            row += [
                f"{sum(one.calls for one in spent):,}",
                f"{sum(one.tokens_in for one in spent):,}",
                f"{sum(one.tokens_out for one in spent):,}",
                usd(sum(one.cost_units for one in spent)),
            ]
        rows.append(row)
    heads = ["Arm", "#Cells", "#CPU", "#Elapsed"]
    if has_models:
        heads += ["#Calls of models", "#Tokens in", "#Tokens out", "#Cost"]
    machines = sorted({run.machine for run in study.runs.values()})
    told = f"<p>Run on {words_of('; '.join(machines))}." if machines else "<p>No times are noted."
    cpu = sum(study.runs[cell.name].cpu_seconds for cell in study.cells if cell.name in study.runs)
    told += f" {cpu:,.1f} seconds of CPU in all." if machines else ""
    told += " No model was called: agents are scripts.</p>" if not has_models else "</p>"
    return told + table_of(heads, rows, caption="What each arm took")


def spent_on_models(study: Study) -> str:
    """Say what models cost altogether."""
    units = sum(one.spent.cost_units for one in study.manifests.values() if one.spent is not None)
    return f"${DOLLARS.format(units)}"


def _sentence(one: Comparison, where: str) -> str:
    unit, figure = one.unit, escape(phrase(one.figure))
    start = f"In {_named(one.name)}, {figure}"
    if where == "with":
        start = f"Where kinds of agents met, a person’s {figure} with {_named(one.name)}"
    if one.estimate is None:
        return f"{start} is not defined, or there is nothing to compare it with."
    if signed(one.estimate, unit) == signed(0.0, unit):
        return f"{start} was <b>the same</b> as {where} {_named(one.against)}."
    way = "higher" if one.estimate > 0 else "lower"
    size = signed(abs(one.estimate), unit).lstrip("+")
    told = f"{start} was <b>{size} {way}</b> than {where} {_named(one.against)}"
    if one.effect is None:
        return f"{told}, with no interval ({escape(one.note)})."
    over = " over people" if one.basis == "people" else ""
    between = f'<span class="t">{interval(one.effect, unit)}</span>'
    return f"{told} (95 % interval{over} {between})."


def _named(arm: str) -> str:
    return f"“{words_of(arm)}”"


def _method(study: Study, found: Sequence[Comparison]) -> str:
    if not any(one.effect for one in found):
        told = "With one repetition there is no interval over markets: a difference may be the"
        return f"{told} chance of one market. Run more repetitions to know."
    methods = sorted({one.effect.method for one in found if one.effect})
    told = f"Method: {escape('; '.join(methods))}; p corrected by Holm’s method over these arms."
    if any(one.basis == "people" for one in found):
        return (
            "<b>With one repetition there is no interval over markets.</b> These are over people,"
            " taken as independent of each other although they shared a market: they tell how"
            " sure it is among these people, not what another market would bring. " + told
        )
    if study.base.is_one_population:
        told += " All repetitions have the same people: another population may differ by more."
    return "Intervals are over markets, as pairs of the same repetition. " + told


def _levels_of(study: Study, names: Sequence[str]) -> str:
    rows = []
    for metric in names:
        unit = unit_of(metric)
        row = [escape(phrase(metric))]
        for arm in study.arms:
            values = [*values_of(study, arm, metric).values()]
            row.append(number(sum(values) / len(values), unit) if values else DASH)
        about = METRICS[metric].about if metric in METRICS else ""
        rows.append([*row, f'<div class="w">{escape(about)}</div>'])
    heads = ["Metric", *(f"#{words_of(arm)}" for arm in study.arms), "What it is"]
    return table_of(heads, rows, caption="Means over the markets of each arm")
