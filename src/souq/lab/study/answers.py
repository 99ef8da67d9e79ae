"""What an experiment answers: arms against the first one, and kinds of agents against each other.

Markets are what arms are drawn for, so an interval for an arm is over markets, paired by
repetition. With one repetition there is none over markets; persons' gains still give one over
people, which takes people of one market as independent of each other, and says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.lab.effects import Effect
from souq.lab.metrics import METRICS
from souq.lab.statistics import Unanswerable, corrected, difference, fixed_effects, paired
from souq.lab.study.opening import USD, Study

Basis = Literal["markets", "people"]
ONE_REPETITION = "one repetition: no interval over markets"


class Column(Struct, frozen=True):
    """A figure of persons: the column it stands in, what one of its unit is there, the unit."""

    name: str
    scale: int
    unit: str


# Metrics that are means over people, by the column of persons that they are means of.
PERSONAL = {
    "surplus_per_person": Column("surplus_units", USD, "$"),
    "score_true": Column("score_true", 1, ""),
}
_DEAL = {"surplus": PERSONAL["surplus_per_person"], "deals": Column("deals", 1, "deals")}
_FLOOR = {"score": PERSONAL["score_true"], "swaps": Column("swaps", 1, "swaps")}


class Comparison(Struct, frozen=True):
    """`name` less `against`, in one figure; `levels` are their means. A note says what lacks.

    `estimate` None: one of the two has no value at all.
    """

    name: str
    against: str
    figure: str
    unit: str
    basis: Basis
    estimate: float | None
    levels: tuple[float | None, float | None]
    effect: Effect | None = None
    note: str = ""


def arms(study: Study, metric: str) -> list[Comparison]:
    """Compare each arm with the first in one metric, over markets; one family of tests."""
    return allowed_for([_markets(study, arm, metric) for arm in study.arms[1:]])


def factors(study: Study, metric: str) -> dict[str, list[Comparison]]:
    """Compare each level of each crossed factor with its first; all are one family of tests.

    In each repetition both levels are averaged over the same combinations of the other factors.
    Nothing where fewer than two factors were crossed.
    """
    levels = {arm.name: arm.levels for arm in study.design.arms}
    crossed = [*next(iter(levels.values()), {})]
    if len(crossed) < 2:
        return {}
    values = {arm: values_of(study, arm, metric) for arm in study.arms}
    places: dict[str, list[Comparison]] = {}
    for factor in crossed:
        first, *others = dict.fromkeys(one[factor] for one in levels.values())
        places[factor] = [
            compared(
                level,
                first,
                metric,
                *_averaged(values, levels, factor, level, first),
                unit=unit_of(metric),
                basis="markets",
                are_pairs=True,
            )
            for level in others
        ]
    left = iter(allowed_for([one for found in places.values() for one in found]))
    return {factor: [next(left) for _ in found] for factor, found in places.items()}


def all_metrics(study: Study) -> dict[str, list[Comparison]]:
    """Compare each arm with the first in every metric; all of them are one family of tests."""
    names = metrics_of(study)
    found = allowed_for(
        [_markets(study, arm, metric) for metric in names for arm in study.arms[1:]]
    )
    return {metric: [one for one in found if one.figure == metric] for metric in names}


def figures_of(study: Study) -> dict[str, Column]:
    """Give what is compared between persons, the most telling first; nothing without a table."""
    rows = study.persons
    if rows.empty:
        return {}
    return _DEAL if "surplus_units" in rows.columns else _FLOOR


def people(study: Study, figure: str) -> list[Comparison]:
    """Compare each arm with the first in what a person has, over people; one family of tests.

    `figure` is one of `figures_of`, or a metric of `PERSONAL`.
    """
    column = (PERSONAL | figures_of(study)).get(figure)
    if column is None or column.name not in study.persons.columns or study.persons.empty:
        return []
    return allowed_for([_people(study, arm, figure, column) for arm in study.arms[1:]])


def kinds(study: Study, figure: str) -> list[Comparison]:
    """Compare kinds of agents with the first kind, within the markets where several were drawn.

    With effects of the market, and of the person where people had different kinds in turn;
    intervals allow for what one person's rows share. One family of tests.
    """
    rows = mixed(study)
    if rows.empty:
        return []
    named = [kind for kind in study.kinds if (rows["kind"] == kind).any()]
    named += sorted(set(rows["kind"]) - set(named))
    column = figures_of(study)[figure]
    values, unit = rows[column.name] / column.scale, column.unit
    means = {kind: float(values[rows["kind"] == kind].mean()) for kind in named}
    first, others = named[0], named[1:]
    dummies = {kind: rows["kind"] == kind for kind in others}
    person, market = person_of(study, rows), _market_of(rows)
    has_switched = rows.groupby(person)["kind"].nunique().max() > 1
    absorb = {"market": market, **({"person": person} if has_switched else {})}

    def estimate(absorbed: dict[str, Any]) -> dict[str, Effect]:
        return fixed_effects(values, dummies, absorb=absorbed, clusters=[person], unit=unit)

    note = ""
    try:
        found = estimate(absorb)
    except Unanswerable as error:
        try:
            found = estimate({"market": market})
        except Unanswerable:
            found, note = {}, str(error)
    return allowed_for(
        [
            Comparison(
                kind,
                first,
                figure,
                unit,
                "people",
                found[kind].estimate if kind in found else means[kind] - means[first],
                (means[kind], means[first]),
                found.get(kind),
                note,
            )
            for kind in others
        ]
    )


def mixed(study: Study) -> Any:
    """Give the rows of persons of markets in which several kinds of agents met."""
    rows = study.persons
    if rows.empty:
        return rows
    return rows[rows.groupby(["arm", "repetition"])["kind"].transform("nunique") > 1]


def person_of(study: Study, rows: Any) -> Any:
    """Name the person of each row, the same in all markets among the same people."""
    seeds = {(cell.arm, cell.repetition): cell.people_seed for cell in study.cells}
    keys = zip(rows["arm"], rows["repetition"], rows["person"], strict=True)
    return [f"{seeds.get((arm, n), n)}/{person}" for arm, n, person in keys]


def metrics_of(study: Study) -> list[str]:
    """List the metrics that some market defines, the outcome first, then as the registry has them.

    Many are about what one treatment does, and are not defined where it is not used.
    """
    rows = study.frame("metrics")
    there = dict.fromkeys(rows[rows["value"].notna()]["metric"])
    known = [name for name in METRICS if name in there]
    rest = [name for name in there if name not in METRICS]
    outcome = [study.base.outcome] if study.base.outcome in there else []
    return [*outcome, *(name for name in [*known, *rest] if name not in outcome)]


def undefined(study: Study) -> list[str]:
    """List the metrics that no market defines."""
    defined = {*metrics_of(study)}
    return [name for name in dict.fromkeys(study.frame("metrics")["metric"]) if name not in defined]


def unit_of(metric: str) -> str:
    """Give a metric's unit, "" for a plain number and for what this version does not know."""
    return METRICS[metric].unit if metric in METRICS else ""


def values_of(study: Study, arm: str, metric: str) -> dict[int, float]:
    """Give a metric of an arm's markets by repetition, where it is defined."""
    rows = study.frame("metrics")
    rows = rows[(rows["arm"] == arm) & (rows["metric"] == metric) & rows["value"].notna()]
    return dict(zip(map(int, rows["repetition"]), map(float, rows["value"]), strict=True))


def allowed_for(family: Sequence[Comparison]) -> list[Comparison]:
    """Fill `p_corrected` of one family of tests, by Holm's method."""
    effects = [one.effect for one in family if one.effect is not None]
    left = iter(corrected(effects))
    return [
        one if one.effect is None else msgspec.structs.replace(one, effect=next(left))
        for one in family
    ]


def compared(
    name: str,
    against: str,
    figure: str,
    one: dict[Any, float],
    other: dict[Any, float],
    *,
    unit: str,
    basis: Basis,
    are_pairs: bool,
    clusters: Mapping[Any, str] | None = None,
) -> Comparison:
    """Compare two sets of values by key: as pairs over the keys that both have, or as groups.

    `clusters` tell by key what is not independent of each other.
    """
    if are_pairs and one and other:
        both = [key for key in one if key in other]
        one = {key: one[key] for key in both}
        other = {key: other[key] for key in both}
    levels = _mean(one), _mean(other)
    told = Comparison(name, against, figure, unit, basis, None, levels)
    if levels[0] is None or levels[1] is None:
        return msgspec.structs.replace(told, note="not defined in one of the two")
    told = msgspec.structs.replace(told, estimate=levels[0] - levels[1])
    if basis == "markets" and max(len(one), len(other)) < 2:
        return msgspec.structs.replace(told, note=ONE_REPETITION)
    first, second = [*one.values()], [*other.values()]
    try:
        if are_pairs:
            own = [clusters[key] for key in one] if clusters else None
            effect = paired(first, second, clusters=own, unit=unit)
        else:
            flags = [True] * len(first) + [False] * len(second)
            own = [clusters[key] for key in (*one, *other)] if clusters else None
            effect = difference([*first, *second], flags, clusters=own, unit=unit)
    except Unanswerable as error:
        return msgspec.structs.replace(told, note=str(error))
    return msgspec.structs.replace(told, effect=effect)


def share_people(study: Study, arm: str, other: str) -> bool:
    """Tell whether two arms have the same people, repetition by repetition."""
    seeds = {
        name: {cell.repetition: cell.people_seed for cell in study.plan.cells if cell.arm == name}
        for name in (arm, other)
    }
    who = {
        one.name: (one.experiment.population, one.experiment.swap.people)
        for one in study.design.arms
    }
    return seeds[arm] == seeds[other] and who[arm] == who[other]


def _markets(study: Study, arm: str, metric: str) -> Comparison:
    first = study.arms[0]
    return compared(
        arm,
        first,
        metric,
        values_of(study, arm, metric),
        values_of(study, first, metric),
        unit=unit_of(metric),
        basis="markets",
        are_pairs=True,  # a repetition draws its people for all arms from one seed
    )


def _averaged(
    values: Mapping[str, Mapping[int, float]],
    levels: Mapping[str, Mapping[str, str]],
    factor: str,
    level: str,
    other: str,
) -> tuple[dict[int, float], dict[int, float]]:
    """Give two levels' means by repetition, over what both have of the other factors."""
    arm_of = {tuple(sorted(found.items())): arm for arm, found in levels.items()}
    sums: dict[int, list[tuple[float, float]]] = {}
    for arm, found in levels.items():
        if found[factor] != level:
            continue
        beside = arm_of.get(tuple(sorted({**found, factor: other}.items())), "")
        for repetition in values[arm].keys() & values.get(beside, {}).keys():
            pair = values[arm][repetition], values[beside][repetition]
            sums.setdefault(repetition, []).append(pair)
    means = [
        {n: sum(pair[side] for pair in sums[n]) / len(sums[n]) for n in sorted(sums)}
        for side in (0, 1)
    ]
    return means[0], means[1]


def _people(study: Study, arm: str, figure: str, column: Column) -> Comparison:
    first = study.arms[0]
    rows = study.persons
    rows = rows[rows["arm"].isin([arm, first])]
    who = person_of(study, rows)
    keys = [f"{n}/{one}" for n, one in zip(rows["repetition"], who, strict=True)]
    values: dict[str, dict[str, float]] = {arm: {}, first: {}}
    for name, key, value in zip(rows["arm"], keys, rows[column.name] / column.scale, strict=True):
        values[name][key] = float(value)
    come_back = len(set(who)) < len(set(keys))
    return compared(
        arm,
        first,
        figure,
        values[arm],
        values[first],
        unit=column.unit,
        basis="people",
        are_pairs=share_people(study, arm, first),
        clusters=dict(zip(keys, who, strict=True)) if come_back else None,
    )


def _market_of(rows: Any) -> list[str]:
    return [f"{n}/{arm}" for arm, n in zip(rows["arm"], rows["repetition"], strict=True)]


def _mean(values: dict[Any, float]) -> float | None:
    return sum(values.values()) / len(values) if values else None
