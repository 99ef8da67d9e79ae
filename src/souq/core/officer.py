"""Officers handle money for the operator, and nobody settles alone what two people must see.

An officer may report, confirm and reject what happens on rail `manual`, and nothing else. The
operator counts as one person; on every other rail it speaks for the rail itself.
"""

from typing import Any

from msgspec import Struct

from souq.core.refusal import Reason, Refused
from souq.core.rules import MANUAL, OPERATOR, need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View, next_id, take_id


class RegisterOfficer(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Register a person who may report and confirm money on rail `manual`. Operator only."""

    name: PublicText


class OfficerRegistered(Struct, frozen=True, tag=True):
    officer: str
    name: str


class Officer(Struct, frozen=True):
    name: str


OFFICERS: Table[Officer] = Table("officers", Officer)
TABLES: tuple[Table[Any], ...] = (OFFICERS,)


def need_cashier(view: View, actor: str, rail: str) -> None:
    """Raise Refused(not_yours) unless the actor may say what happened on a rail."""
    if actor == OPERATOR or (rail == MANUAL and view.get(OFFICERS, actor) is not None):
        return
    raise Refused(Reason.NOT_YOURS)


def needs_two(view: View, rail: str, units: int) -> bool:
    """Tell whether one person's word is not enough for an amount on a rail."""
    return rail == MANUAL and units > rules(view).four_eyes_units


def need_second(view: View, rail: str, units: int, *, first: str, actor: str) -> None:
    """Raise Refused(not_yours) where the actor would be both of two people."""
    if needs_two(view, rail, units) and actor == first:
        raise Refused(Reason.NOT_YOURS, why="another person must confirm what you began")


def _register(draft: Draft, actor: str, command: RegisterOfficer) -> None:
    need_operator(actor)
    rules(draft)
    draft.emit(OfficerRegistered(next_id(draft, "O"), command.name.digest))


def _registered(view: View, event: OfficerRegistered) -> None:
    take_id(view, event.officer)
    view.put(OFFICERS, event.officer, Officer(event.name))


DECIDE: dict[type, Any] = {RegisterOfficer: _register}
EVOLVE: dict[type, Any] = {OfficerRegistered: _registered}
