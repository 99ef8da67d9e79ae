"""The conditions that a contract runs by: how long each step may take, and who bears what.

A listing says in which points its deals differ from the house's rules; nobody can change it
afterwards, so whoever names a listing has agreed to its conditions. Several listings in one deal
may each say something, but no two of them something different.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import liability
from souq.core import procedure as procedures
from souq.core.liability import template_of
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.procedure import Procedure
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DURATION_MAX_US, OPERATOR, rules
from souq.core.state import Table, View

ARBITER_MAX = 20


class Conditions(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """None or "": as the house's rules say. Durations are in microseconds.

    `deliver_us` until all must be handed over; `inspect_us` until silence accepts it. `arbiter`
    is an agent, a principal or an officer. `template` says who bears which loss: standard, as_is,
    consumer or forgiving. Within `undo_us`, and before anything is delivered, either side's
    principal may undo the deal.
    """

    deliver_us: int | None = None
    inspect_us: int | None = None
    arbiter: str = ""
    procedure: Procedure | None = None
    template: str = ""
    undo_us: int | None = None


USUAL = Conditions()


def check(conditions: Conditions) -> None:
    """Raise Refused(invalid) for conditions that no deal can run by."""
    for name in ("deliver_us", "inspect_us"):
        value = getattr(conditions, name)
        if value is not None and not 0 < value <= DURATION_MAX_US:
            raise invalid(f"conditions.{name}", f"must be above 0 and at most {DURATION_MAX_US}")
    if conditions.undo_us is not None and not 0 <= conditions.undo_us <= DURATION_MAX_US:
        raise invalid("conditions.undo_us", f"stands between 0 and {DURATION_MAX_US}")
    if len(conditions.arbiter) > ARBITER_MAX:
        raise invalid("conditions.arbiter", f"an id, of at most {ARBITER_MAX} characters")
    if conditions.procedure is not None:
        procedures.check(conditions.procedure, "conditions.procedure")
    liability.check(conditions.template)


def need_fair(view: View, conditions: Conditions) -> None:
    """Raise Refused for an arbiter that nobody is, or a procedure that leaves no time to be heard.

    Whoever takes a thing may not read its conditions to the end.
    """
    named, procedure = conditions.arbiter, conditions.procedure
    known: tuple[Table[Any], ...] = (AGENTS, PRINCIPALS, OFFICERS)
    is_known = named in ("", OPERATOR) or any(view.get(one, named) is not None for one in known)
    if not is_known:
        raise Refused(Reason.NOT_FOUND, id=named)
    if procedure is not None:
        procedures.check_fair(procedure, rules(view).procedure)


def joined(all: tuple[Conditions, ...]) -> Conditions:
    """Give the conditions of a deal in things listed under these. Raises Refused(invalid)."""
    said: dict[str, Any] = {}
    for conditions in all:
        for field in msgspec.structs.fields(Conditions):
            value = getattr(conditions, field.name)
            if value == field.default:
                continue
            if said.setdefault(field.name, value) != value:
                raise _differ(field.name)
    return Conditions(**said) if said else USUAL


def deliver_us(view: View, conditions: Conditions) -> int:
    """Give how long the givers have to deliver."""
    said = conditions.deliver_us
    return rules(view).delivery_us if said is None else said


def inspect_us(view: View, conditions: Conditions) -> int:
    """Give how long the takers have to inspect."""
    said = conditions.inspect_us
    return rules(view).inspection_us if said is None else said


def procedure_of(view: View, conditions: Conditions) -> Procedure | None:
    """Give how a dispute over a deal proceeds; None: plainly."""
    said = conditions.procedure
    return rules(view).procedure if said is None else said


def undo_us(conditions: Conditions) -> int:
    """Give how long after it was formed a deal may be undone."""
    said = conditions.undo_us
    return template_of(conditions.template).undo_us if said is None else said


def _differ(name: str) -> Refused:
    return invalid("listings", f"their conditions differ in {name}; make a deal of each")
