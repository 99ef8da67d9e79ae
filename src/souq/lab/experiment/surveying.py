"""Takes the survey of an experiment's people, when all arms of a repetition are over."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from souq.agents.llm.connecting import connect
from souq.agents.llm.recording import Recording
from souq.core.money import USD
from souq.lab import survey, tables
from souq.lab.experiment import deal_mode, folder
from souq.lab.experiment.cells import Cell, seed_of
from souq.lab.experiment.schema import Design
from souq.lab.population import generator
from souq.lab.survey import Bundle, Piece
from souq.lab.tables import ItemRow, PersonRow, SurveyRow

FILE = "survey.parquet"
CALLS = "survey-calls.jsonl"
SCRIPT = "script"


def take(design: Design, out: Path, beside: Path, cells: Sequence[Cell]) -> None:
    """Write what everybody says of each repetition. Raises NotReady of models."""
    asked = design.base.survey
    if asked is None:
        return
    by_repetition: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_repetition[cell.repetition].append(cell)
    found: list[SurveyRow] = []
    for repetition, theirs in by_repetition.items():
        people = {
            name: survey.shuffled(bundles, _rng(design, "labels", repetition, name))
            for name, bundles in _bundles(design, out, beside, theirs).items()
        }
        if asked.by == SCRIPT:
            units = asked.noise * USD.parse("1").units
            said: dict[str, survey.Said | None] = {
                name: survey.scripted(one, units, _rng(design, "survey", repetition, name))
                for name, one in people.items()
            }
        else:
            said = _asked(design, out, people, asked.by)
        for name, answer in said.items():
            if answer is not None:  # as among people, some do not answer
                found += survey.rows(people[name], answer, name, repetition)
    tables.write(out / FILE, SurveyRow, found)


def _asked(
    design: Design, out: Path, people: dict[str, dict[str, Bundle]], name: str
) -> dict[str, survey.Said | None]:
    models = design.base.models
    recording = Recording(out / CALLS)
    try:
        model = connect(name, models.timeout_s, models.at_once)
        by_person = {person: recording.of(model, name, person) for person in people}
        purse = models.purse()
        return survey.answer_all(people, by_person, purse)
    finally:
        recording.close()


def _bundles(
    design: Design, out: Path, beside: Path, cells: Sequence[Cell]
) -> dict[str, list[Bundle]]:
    """Give what each market brought each person, by person."""
    arms = {arm.name: arm.experiment for arm in design.arms}
    found: dict[str, list[Bundle]] = defaultdict(list)
    for cell in cells:
        setup, _ = deal_mode.prepared(arms[cell.arm], cell, beside)
        titles = {thing.ref: thing.title for one in setup.population.people for thing in one.things}
        pieces: dict[str, list[Piece]] = defaultdict(list)
        at = folder.whole(out, cell)
        for row in tables.read(at / "items.parquet", ItemRow):
            title, units = titles.get(row.item, row.item), row.price_units
            pieces[row.buyer].append(Piece(title, True, units, row.worth_units - units))
            pieces[row.seller].append(Piece(title, False, units, units - row.floor_units))
        for person in tables.read(at / "persons.parquet", PersonRow):
            mine = tuple(pieces[person.person])
            found[person.person].append(Bundle(cell.arm, person.kind, mine))
    return found


def _rng(design: Design, *names: object) -> random.Random:
    return generator(seed_of(design.base.seed, *names), "survey")
