"""Before a run: what an experiment of this size could find, from its file and a guess or a pilot.

Arms are compared over markets, kinds of agents over people; each is a design of its own.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.lab.experiment.schema import Design as Asked
from souq.lab.experiment.schema import Experiment
from souq.lab.statistics import Design, PowerOf, Spread, Unanswerable, power_of, spread_of
from souq.lab.study import answers
from souq.lab.study.opening import Study, open_study

MARKETS_MIN = 3


class Planned(Struct, frozen=True):
    """The power of one comparison. Without one, `note` says why; `assumed` says what of."""

    question: str
    unit: str
    assumed: str
    power: PowerOf | None = None
    note: str = ""


def plan(
    asked: Asked,
    *,
    pilot: Path | None = None,
    sd: float | None = None,
    correlation: float | None = None,
    effects: Sequence[float] | None = None,
) -> list[Planned]:
    """Compute the power of every comparison that a file's design makes.

    The spread is the pilot's; without one it is `sd` and `correlation`; without those effects are
    told in standard deviations, and nothing is taken to stay with people. Raises BadFolder, and
    ValueError for numbers that cannot be.
    """
    study = open_study(pilot) if pilot is not None else None
    found = []
    if len(asked.arms) > 1:
        found.append(_arms(asked, study, sd, correlation, effects))
    drawn = _kinds(asked.base) if asked.base.mode == "deal" else 0
    markets = sum(_kinds(arm.experiment) == drawn for arm in asked.arms)
    if drawn > 1:
        found.append(_of_kinds(asked, drawn, markets, study, sd, correlation, effects))
    return found or [Planned("nothing is compared", "", "", note="one arm, and one kind of agent")]


def _arms(
    asked: Asked,
    study: Study | None,
    sd: float | None,
    correlation: float | None,
    effects: Sequence[float] | None,
) -> Planned:
    base, count = asked.base, len(asked.arms)
    question = f"{base.outcome}, {count} arms, over {base.repetitions} markets of each"
    unit = answers.unit_of(base.outcome)
    if base.repetitions < MARKETS_MIN:
        note = f"with fewer than {MARKETS_MIN} repetitions no interval over markets is worth having"
        return Planned(question, unit, "", note=note)
    design = Design(
        people=max(2, base.population.people),
        markets=1,
        kinds=count,
        assignment="market",
        repetitions=base.repetitions,
    )

    def measured(pilot: Study) -> Spread:
        rows = pilot.frame("metrics")
        rows = rows[(rows["metric"] == base.outcome) & rows["value"].notna()]
        # Markets of one repetition have the same people, as rows of one person do elsewhere.
        return spread_of(rows["value"], rows["repetition"], kinds=rows["arm"])

    return _planned(question, unit, design, study, measured, sd, correlation, effects)


def _of_kinds(
    asked: Asked,
    count: int,
    markets: int,
    study: Study | None,
    sd: float | None,
    correlation: float | None,
    effects: Sequence[float] | None,
) -> Planned:
    base = asked.base
    people = base.population.people
    method = base.assignment.method
    fresh = base.population.fresh == "each_repetition" and not base.population.file
    repetitions = base.repetitions if fresh else 1
    markets = markets if fresh else markets * base.repetitions
    question = f"a person’s surplus, {count} kinds of agents, {people} people in each market"
    try:
        design = Design(
            people=people,
            markets=markets,
            kinds=count,
            assignment=method,
            repetitions=repetitions,
        )
    except ValueError as error:
        return Planned(question, "$", "", note=str(error))

    def measured(pilot: Study) -> Spread:
        rows = pilot.frame("persons")
        if rows.empty:
            raise Unanswerable("the pilot has no table of persons")
        column = answers.PERSONAL["surplus_per_person"]
        values = rows[column.name] / column.scale
        person = answers.person_of(pilot, rows)
        if len(set(person)) == len(rows):  # nobody twice: all that varies, varies between people
            found = values - values.groupby(rows["kind"]).transform("mean")
            return Spread(sd=float(found.std(ddof=rows["kind"].nunique())), correlation=0.0)
        return spread_of(values, person, kinds=rows["kind"])

    return _planned(question, "$", design, study, measured, sd, correlation, effects)


def _planned(
    question: str,
    unit: str,
    design: Design,
    study: Study | None,
    measured: object,
    sd: float | None,
    correlation: float | None,
    effects: Sequence[float] | None,
) -> Planned:
    if study is not None:
        assert callable(measured)
        try:
            spread: Spread = measured(study)
        except Unanswerable as error:
            return Planned(question, unit, "", note=f"the pilot does not tell: {error}")
        assumed = f"the pilot’s {len(study.cells)} markets"
    elif sd is not None:
        spread, assumed = Spread(sd, correlation or 0.0), "as given"
    else:
        spread, unit = Spread(1.0, correlation or 0.0), "sd"
        assumed = "nothing known: effects are in standard deviations"
    told = Planned(question, unit, assumed)
    try:
        return msgspec.structs.replace(told, power=power_of(design, spread, effects=effects))
    except ValueError as error:
        return msgspec.structs.replace(told, note=str(error))


def _kinds(asked: Experiment) -> int:
    return sum(kind.share > 0 for kind in asked.agents.values())
