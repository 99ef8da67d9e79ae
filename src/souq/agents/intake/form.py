"""The interview as a form: one TOML file with a brief, and what was chosen. Nobody is asked.

name = "Bea"
choices = ["a", "b", ""]           # the test's pairs in order; "" cannot say
choices_for = "0123456789abcdef"   # which pairs those are; `--choices` prints it

[[things]]
title = "Brass lamp"
category = "home"
ask = 90
floor = 60

A form's words pass the same readers as a person's answers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from souq.agents import brief as briefs
from souq.agents.brief import BadBrief, Brief
from souq.agents.intake import recap, words
from souq.agents.intake.choices import Choice, choices_of, digest_of, measured
from souq.agents.intake.questions import (
    ENTRIES_MAX,
    FIELDS,
    LINE_MAX,
    LISTS,
    PEOPLE_ANSWER,
    TOPIC,
    Kind,
    built,
    check_item,
    items_of,
)
from souq.agents.intake.steps import Terms
from souq.agents.intake.words import NotUnderstood

_USUAL = Terms()
_NOUN: dict[Kind, str] = {"thing": "things", "want": "wants"}


class Form(Brief, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A brief with the sides picked in the test: "a", "b", or "" for neither.

    `choices_for` names the pairs they were picked from: other words, prices or another seed draw
    others, and a side of those means something else.
    """

    choices: tuple[str, ...] = ()
    choices_for: str = ""


def read(path: Path) -> Form:
    """Read a form. Raises BadBrief."""
    return briefs.read_as(path, Form)


def choices_in(form: Form, terms: Terms = _USUAL) -> tuple[Choice, ...]:
    """Give the pairs that belong to a form. Raises BadBrief."""
    return choices_of(tidied(form, terms), terms.asset, terms.seed)


def filled(form: Form, terms: Terms = _USUAL, where: str = "") -> Brief:
    """Give the brief that a form comes to, its test measured. Raises BadBrief.

    Pairs that were not answered did not agree: who skips the test approves every deal.
    """
    brief = tidied(form, terms, where)
    choices = choices_of(brief, terms.asset, terms.seed)
    picks = _picks(form, choices, where)
    understanding = measured(choices, picks, terms.least)
    return msgspec.structs.replace(brief, understanding=understanding)


def _picks(form: Form, choices: Sequence[Choice], where: str) -> Sequence[str]:
    told = form.choices
    if told and len(told) != len(choices):
        raise BadBrief(
            f"{where}choices: {len(told)} picked of {len(choices)}; see them with --choices"
        )
    for n, one in enumerate(told, 1):
        if one not in ("a", "b", ""):
            raise BadBrief(f'{where}choice {n} is "a", "b" or "", not {words.echo(one)}')
    if told and form.choices_for != digest_of(choices):
        why = (
            "choices were picked from other pairs than this form and --seed draw now"
            if form.choices_for
            else "choices do not say from which pairs they are"
        )
        raise BadBrief(
            f"{where}{why}: list the pairs with --choices, pick anew, and copy choices_for"
        )
    return told


def tidied(form: Brief, terms: Terms = _USUAL, where: str = "") -> Brief:
    """Read every value of a brief as if it were typed. Raises BadBrief."""
    told: dict[str, Any] = {}
    for name in PEOPLE_ANSWER:
        value = getattr(form, name)
        if value not in (None, ""):
            told[name] = _read(TOPIC[name].read, value, terms, f"{where}{name}")
    line = words.text_up_to(LINE_MAX)
    for name in LISTS:
        entries = getattr(form, name)
        if len(entries) > ENTRIES_MAX:
            raise BadBrief(f"{where}{name}: {ENTRIES_MAX} are enough")
        told[name] = tuple(_read(line, one, terms, f"{where}{name}") for one in entries)
    brief = Brief(**told)
    for kind, plural in _NOUN.items():
        for n, one in enumerate(items_of(form, kind), 1):
            item = _item(brief, kind, one, terms, f"{where}{kind} {n}")
            items = [*items_of(brief, kind), item]
            brief = msgspec.structs.replace(brief, **{plural: tuple(items)})
    try:
        recap.check_whole(brief, terms.asset)
    except NotUnderstood as error:
        raise BadBrief(f"{where}{error}") from None
    return brief


def _item(brief: Brief, kind: Kind, one: Any, terms: Terms, where: str) -> Any:
    told = {}
    for field in FIELDS[kind]:
        value = getattr(one, field.name)
        if value == field.default or (value == "" and field.read is not words.amount):
            continue
        if isinstance(value, bool):
            told[field.name] = value
        else:
            told[field.name] = _read(field.read, value, terms, f"{where}, {field.name}")
    for name in ("title", "category"):
        if name in {field.name for field in FIELDS[kind]} and name not in told:
            raise BadBrief(f"{where}: it has no {name}")
    try:
        check_item(kind, told, brief, terms.asset)
    except NotUnderstood as error:
        raise BadBrief(f"{where}: {error}") from None
    return built(kind, {"what": "", **told} if kind == "want" else told)


def _read(read: Any, value: Any, terms: Terms, where: str) -> Any:
    try:
        return read(str(value), terms.asset)
    except NotUnderstood as error:
        raise BadBrief(f"{where}: {error}") from None
