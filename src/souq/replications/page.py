"""The page on replications, made from the results of a run.

`python -m souq.replications.page docs/replications.md [replications.json]` writes them into a page,
between its marks; without the second, the file of that name beside the page counts. A test fails
when the page says something else than its results, or claims something else than the code.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from souq.replications.results import FILE, Measured, Report, Result, Tapes, number

BEGIN, END = "<!-- results -->", "<!-- /results -->"


def results(report: Report) -> str:
    """Give a run's results as Markdown."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    scale = "quick" if report.is_quick else "full"
    commit = f", commit {report.commit}" if report.commit else ""
    yield (
        f"A {scale} run on {report.date} with seed {report.seed}: souq {report.souq}{commit}, "
        f"Python {report.python}, {report.machine}, {report.seconds:.0f} s."
    )
    yield ""
    yield "| | what | source | claims that hold | controls that fail | kernel and market | s |"
    yield "|---|---|---|---:|---:|---|---:|"
    for result in report.results:
        yield _row(
            f"[{result.id}](#{result.id.lower()})",
            result.title,
            result.source,
            _share(result, is_control=False),
            _share(result, is_control=True),
            result.tapes.verdict if result.tapes else "not run",
            f"{result.seconds:.1f}",
        )
    for result in report.results:
        yield from _section(result)


def _share(result: Result, *, is_control: bool) -> str:
    of = [one for one in result.findings if one.is_control is is_control]
    return f"{sum(one.is_as_it_should_be for one in of)} of {len(of)}"


def _section(result: Result) -> Iterator[str]:
    yield ""
    yield f'<a id="{result.id.lower()}"></a>'
    yield ""
    yield f"### {result.id}. {result.title}"
    yield ""
    yield f"{result.source}."
    if result.fault:
        yield f"It broke: {result.fault}"
    if result.absent:
        yield f"Not measured, for the data were not here: {', '.join(result.absent)}."
    yield ""
    yield "| claim | published | expected | band | measured | 95 % interval | draws | verdict |"
    yield "|---|---:|---:|---:|---:|---:|---:|---|"
    for one in result.findings:
        yield _finding(one)
    if result.tapes:
        yield ""
        yield _told(result.tapes)


def _finding(one: Measured) -> str:
    low, high = one.interval
    return _row(
        f"*Control:* {one.claim}" if one.is_control else one.claim,
        one.published,
        number(one.expected),
        f"{number(one.low)} … {number(one.high)}" if one.low != one.high else "exact",
        number(one.measured),
        f"{number(low)} … {number(high)}" if one.error else "",
        f"{one.draws:,}",
        one.verdict,
    )


def _told(tapes: Tapes) -> str:
    if not tapes.is_as_it_should_be:
        return f"Trades by the kernel and by the whole market: {tapes.verdict}."
    return (
        f"On seed {tapes.seed} the kernel and the whole market make the same {tapes.trades:,} "
        f"trades; on seed 1 their digest is `{tapes.first}`."
    )


def _row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def written(page: str, report: Report) -> str:
    """Give a page with the results as they are. Raises ValueError where it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{results(report)}\n{END}{after}"


def read(path: Path) -> Report:
    """Read what a run wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    source = Path(sys.argv[2]) if len(sys.argv) > 2 else page.parent / FILE
    page.write_text(written(page.read_text(encoding="utf-8"), read(source)), encoding="utf-8")
