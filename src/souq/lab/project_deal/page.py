"""The analysis as Markdown: what was published, what we have, and what to beware of."""

from collections.abc import Iterable, Sequence

from souq.lab.effects import Effect
from souq.lab.project_deal.analysis import Analysis, Line, PairingLine, RunLine

NONE = "–"
P_MIN = 0.001


def page_of(analysis: Analysis) -> str:
    """Write the tables, each published figure beside ours."""
    parts = [
        f"{analysis.people:,} people, {analysis.switchers:,} of whom had both kinds of agent.",
        _lines("Strong against weak agents", analysis.kinds),
        _lines("Aggressive instructions", analysis.instructions),
        _lines("Prices", analysis.prices),
        _pairings(analysis.pairings),
        _runs(analysis.runs),
    ]
    return "\n\n".join(parts) + "\n"


def told(effect: Effect | None) -> str:
    """Write an effect as people write them: estimate, 95 % interval, p, rows and clusters."""
    if effect is None:
        return NONE
    sign = "" if effect.p is None or effect.unit == "share" else "+"
    unit = "" if effect.unit == "$" else f" {effect.unit}"
    estimate, low, high = (
        _number(value, effect.unit, sign) for value in (effect.estimate, effect.low, effect.high)
    )
    p = "" if effect.p is None else f", {_p(effect.p)}"
    among = f", {effect.clusters:,} clusters" if effect.clusters else ""
    return f"{estimate}{unit} [{low}, {high}]{p} (n = {effect.n:,}{among})"


def _lines(title: str, lines: Sequence[Line]) -> str:
    rows = [
        (
            line.name,
            f"{line.published.told} ({line.published.grade})" if line.published else NONE,
            told(line.effect),
            _p(line.effect.p_corrected) if line.effect and line.effect.p_corrected else NONE,
            line.note or NONE,
        )
        for line in lines
    ]
    return _table(title, ("", "published (grade)", "here", "corrected (Holm)", "note"), rows)


def _pairings(lines: Sequence[PairingLine]) -> str:
    rows = [
        (line.seller, line.buyer, line.published.told, told(line.mean_price), line.note or NONE)
        for line in lines
    ]
    return _table(
        "Mean price by who sold to whom, mixed markets",
        ("seller", "buyer", "published (S+)", "here", "note"),
        rows,
    )


def _runs(lines: Sequence[RunLine]) -> str:
    rows = []
    for line in lines:
        name = line.arm if line.repetition is None else f"{line.arm}, {line.repetition}"
        rows.append(("here", name, *_run(line)))
    published = {line.arm: line.published for line in lines if line.published}
    for arm, run in published.items():
        rows.append(
            (
                *("published (S+)", arm, f"{run.offered:,}", f"{run.sold:,}"),
                *(f"{run.share_sold:.1%}", f"${run.mean_price:.2f}", f"${run.value:,.0f}"),
            )
        )
    return _table(
        "Markets", ("", "market", "offered", "sold", "share", "mean price", "value"), rows
    )


def _run(line: RunLine) -> tuple[str, ...]:
    return (
        f"{line.offered:,}",
        f"{line.sold:,}",
        f"{line.share_sold:.1%}",
        NONE if line.mean_price is None else f"${line.mean_price:.2f}",
        f"${line.value:,.0f}",
    )


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float, unit: str, sign: str) -> str:
    minus = "-" if value < 0 else sign
    return f"{minus}{'$' if unit == '$' else ''}{abs(value):,.2f}"


def _p(p: float) -> str:
    return f"p < {P_MIN}" if p < P_MIN else f"p = {p:.3f}"
