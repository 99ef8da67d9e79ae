"""Project Swap's published figures beside ours, from the rows that floors left.

Every figure of ours is a ratio of sums over people, so that large offices weigh more, as they do in
the published means. What happens on one floor hangs together: intervals resample whole floors, and
floors of one office and repetition together, since they may share their people. What a person was
understood to like does not depend on the floor: there, intervals resample people.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from souq.lab.economics import LabExtraMissing
from souq.lab.effects import Effect
from souq.lab.swap.outcome import shortfall
from souq.lab.swap.sums import (
    ReaderRows,
    Sums,
    differences,
    doubled_words,
    floors_of,
    means,
    ratios,
    worst_tenths,
)

RESAMPLES = 1_999
CLUSTERS_MIN = 3  # below, resampling them tells nothing
METHOD = "percentile bootstrap of whole clusters"


class Line(Struct, frozen=True):
    """One figure as published, a range as two, and ours: an Effect where an interval is sensible.

    `ours` is None where no floor can tell.
    """

    name: str
    published: tuple[float, ...]
    ours: Effect | float | None
    note: str = ""


def offices(readers: ReaderRows) -> dict[int, list[Any]]:
    """Part rows by how many people were on their floor, the largest first."""
    found: dict[int, list[Any]] = defaultdict(list)
    for floor in floors_of(readers).values():
        found[len(floor)] += floor
    return dict(sorted(found.items(), reverse=True))


def lines(
    readers: ReaderRows,
    *,
    strong: str = "strong",
    middling: str = "middling",
    weak: str = "weak",
    seed: int = 7,
) -> list[Line]:
    """Set the published figures beside ours. Raises LabExtraMissing.

    The kinds named stand for Opus, Sonnet and Haiku. Outcomes are of floors where all are strong
    and told nothing of style, as far as there are such.
    """
    plain = _floors_with(readers, styles={"neutral"})
    strong_rows = _floors_with(plain, kinds={strong})
    middling_rows = _floors_with(plain, kinds={middling})
    weak_rows = _floors_with(plain, kinds={weak})
    mixed = _floors_with(plain, kinds={strong, weak})
    told = [row for row in readers if row.wordiness]
    drawn = _Drawn(seed)
    return [
        *_understanding(told, drawn),
        *_on_own_lists(strong_rows or plain, drawn),
        *_on_agents_lists(strong_rows, weak_rows, drawn),
        Line(
            "on agents' rankings: strong floors above middling ones",
            (0.08,),
            drawn.effect(
                "strong above middling",
                differences([*strong_rows, *middling_rows], "kind", strong, middling),
            ),
            "Opus and Sonnet there; scripted stand-ins here",
        ),
        Line(
            "the strong half ahead of the weak half, mixed floors",
            (0.14,),
            drawn.effect("strong ahead", differences(mixed, "kind", strong, weak), "score"),
        ),
        Line(
            "ruthless over prosocial",
            (0.02,),
            drawn.effect("ruthless ahead", differences(readers, "style", "ruthless", "prosocial")),
            "on the agents' rankings",
        ),
        *_disclosure(plain, drawn),
    ]


def _understanding(told: ReaderRows, drawn: "_Drawn") -> list[Line]:
    slope = doubled_words(told)
    return [
        Line(
            "agent's ranking agrees with the person's, pairwise",
            (0.61,),
            drawn.effect("agreement", means(told, "agreement", by_person=True), "share of pairs"),
            "there, ten books were ranked; here, every book but one's own",
        ),
        Line(
            "popularity agrees with the person's ranking",
            (0.53,),
            drawn.effect(
                "popularity", means(told, "agreement_popularity", by_person=True), "share of pairs"
            ),
            "set by the population's popularity_percent: an input",
        ),
        Line(
            "twice the words typed add",
            (0.041,),
            drawn.effect("twice the words", slope, "share of pairs"),
            "within floors; the manner of a scripted reader sets how many books it names",
        ),
    ]


def _on_own_lists(rows: ReaderRows, drawn: "_Drawn") -> list[Line]:
    told = (
        ("achieved", 0.55, "score_true"),
        ("best possible on the agents' rankings", 0.60, "best_understood_true"),
        ("top trading cycles on the agents' rankings", 0.60, "ttc_understood_true"),
        ("best possible on true rankings", 0.89, "best_true"),
    )
    found = [
        Line(f"on people's own lists: {name}", (value,), drawn.effect(name, means(rows, field)))
        for name, value, field in told
    ]
    published = shortfall(best_true=0.89, best_understood_true=0.60, achieved=0.55)
    gaps = (
        ("understanding", published.understanding, "best_true", "best_understood_true"),
        ("trading", published.trading, "best_understood_true", "score_true"),
    )
    for name, part, above, below in gaps:
        shares = ratios(rows, _gap(above, below), _gap("best_true", "score_true"))
        published_share = round(part / published.total, 2)
        ours = drawn.effect(f"share of {name}", shares, "share of the shortfall")
        found.append(Line(f"share of the shortfall due to {name}", (published_share,), ours))
    return found


def _gap(above: str, below: str) -> Callable[[Any], float]:
    """Give how far one field of a row lies above another."""
    return lambda row: getattr(row, above) - getattr(row, below)


def _on_agents_lists(strong: ReaderRows, weak: ReaderRows, drawn: "_Drawn") -> list[Line]:
    both = [*strong, *weak]
    kinds = (strong[0].kind, weak[0].kind) if strong and weak else ("", "")
    note = "Opus and Haiku there; scripted stand-ins here"
    return [
        Line(
            "on agents' rankings: the optimum",
            (0.95,),
            drawn.effect("optimum", means(strong or weak, "best_understood")),
        ),
        Line(
            "on agents' rankings: strong floors",
            (0.88,),
            drawn.effect("strong floors", means(strong, "score_understood")),
            note,
        ),
        Line(
            "on agents' rankings: weak floors",
            (0.75,),
            drawn.effect("weak floors", means(weak, "score_understood")),
            note,
        ),
        Line(
            "on agents' rankings: strong floors above weak ones",
            (0.13,),
            drawn.effect("strong above weak", differences(both, "kind", *kinds)),
            note,
        ),
        Line(
            "the worst-off tenth, strong floors",
            (0.38,),
            drawn.effect("worst tenth, strong", worst_tenths(strong)),
            "on agents' rankings",
        ),
        Line(
            "the worst-off tenth, weak floors",
            (0.05,),
            drawn.effect("worst tenth, weak", worst_tenths(weak)),
            "on agents' rankings",
        ),
    ]


def _disclosure(rows: ReaderRows, drawn: "_Drawn") -> list[Line]:
    def share(of: Callable[[Any], bool | None]) -> Sums:
        return ratios(
            rows, lambda row: float(bool(of(row))), lambda row: float(of(row) is not None)
        )

    return [
        Line(
            "agents that named their top pick",
            (0.78, 0.96),
            drawn.effect("named the top", share(lambda row: row.named_top), "share of agents"),
            "set by disclosure_percent and how many wishes a style names: an input",
        ),
        Line(
            "of those who claimed a top pick, named a false one",
            (0.01,),
            drawn.effect("false top", share(lambda row: row.named_false_top), "share of agents"),
            "scripted agents do not lie",
        ),
        Line(
            "agents that gave three or more positions",
            (0.10,),
            drawn.effect("positions", share(lambda row: row.positions >= 3), "share of agents"),
            "scripted agents name up to three at a time",
        ),
    ]


def _floors_with(
    readers: ReaderRows, *, kinds: set[str] | None = None, styles: set[str] | None = None
) -> list[Any]:
    """Give the rows of floors on which just these kinds, or styles, are found."""
    found = []
    for floor in floors_of(readers).values():
        is_kind = kinds is None or {row.kind for row in floor} == kinds
        if is_kind and (styles is None or {row.style for row in floor} == styles):
            found += floor
    return found


class _Drawn:
    """Estimates from sums by cluster, with intervals from one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def effect(self, name: str, sums: Sums, unit: str = "score") -> Effect | float | None:
        """Estimate; without an interval where there are too few clusters to resample."""
        try:
            import numpy
            from scipy.stats import DegenerateDataWarning, bootstrap
        except ImportError:
            raise LabExtraMissing("intervals need scipy: pip install 'souq[lab]'") from None
        columns = [numpy.array(column) for column in zip(*sums.by_cluster, strict=True)]
        if not columns or any(not column.sum() for column in columns[1::2]):
            return None
        estimate = float(_estimate(*columns))
        if len(sums.by_cluster) < CLUSTERS_MIN:
            return estimate
        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            # Where all clusters say the same, so do all resamples: the interval is a point.
            warnings.simplefilter("ignore", DegenerateDataWarning)
            found = bootstrap(
                columns,
                _estimate,
                paired=True,
                vectorized=True,
                n_resamples=RESAMPLES,
                batch=200,  # many people would fill the memory
                method="percentile",
                rng=numpy.random.default_rng(self._seed),
            ).confidence_interval
        if not numpy.isfinite([found.low, found.high]).all():
            return estimate  # some resamples have nothing to divide by
        return Effect(
            name=name,
            estimate=estimate,
            low=float(found.low),
            high=float(found.high),
            p=None,
            n=sums.n,
            clusters=len(sums.by_cluster),
            unit=unit,
            method=METHOD,
        )


def _estimate(*columns: Any, axis: int = -1) -> Any:
    """Give a ratio of sums, or the first of two less the second."""
    totals = [column.sum(axis=axis) for column in columns]
    ratio = totals[0] / totals[1]
    return ratio if len(totals) == 2 else ratio - totals[2] / totals[3]
