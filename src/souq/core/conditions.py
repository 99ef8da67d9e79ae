"""The conditions that a contract runs by: how long each step may take, and who bears what.

A listing says in which points its deals differ from the house's rules; nobody can change it
afterwards, so whoever names a listing has agreed to its conditions. Several listings in one deal
may each say something, but no two of them something different.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core import criteria, liability
from souq.core import procedure as procedures
from souq.core.criteria import Criterion
from souq.core.liability import template_of
from souq.core.money import BPS
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.procedure import Procedure
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, DURATION_MAX_US, OPERATOR, Rules, rules
from souq.core.state import Table, View

ARBITER_MAX = 20

HandOver = Literal["", "both", "code"]


class Conditions(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """None or "": as the house's rules say. Durations are in microseconds.

    `deliver_us` until all must be handed over; `inspect_us` until silence accepts it. In
    `cooling_off_us` a taker's principal may take the deal back, see `cooling_off`. The last
    `late_us` of the time to deliver are late: each day of it begun gives `late_day_bps` of the
    price back, at most `late_max_bps`. `hand_over` "both": silence does not say that something
    came; "code": a code that its taker tells in person does. For `returns_us` after acceptance it
    may be sent back. `criteria` say how the delivery is checked; `verifier` is the agent whose
    report on that counts.

    `arbiter` is an agent, a principal or an officer. `template` says who bears which loss:
    standard, as_is, consumer or forgiving. Within `undo_us`, and before anything is delivered,
    either side's principal may undo the deal.
    """

    deliver_us: int | None = None
    inspect_us: int | None = None
    cooling_off_us: int | None = None
    late_us: int = 0
    late_day_bps: int = 0
    late_max_bps: int = 0
    hand_over: HandOver = ""
    returns_us: int = 0
    criteria: tuple[Criterion, ...] = ()
    verifier: str = ""
    arbiter: str = ""
    procedure: Procedure | None = None
    template: str = ""
    undo_us: int | None = None


USUAL = Conditions()
_FIELDS = msgspec.structs.fields(Conditions)


def check(conditions: Conditions) -> None:
    """Raise Refused(invalid) for conditions that no deal can run by."""
    for name in ("deliver_us", "inspect_us", "cooling_off_us"):
        value = getattr(conditions, name)
        if value is not None and not 0 < value <= DURATION_MAX_US:
            raise invalid(f"conditions.{name}", f"must be above 0 and at most {DURATION_MAX_US}")
    for name in ("late_us", "returns_us"):
        if not 0 <= getattr(conditions, name) <= DURATION_MAX_US:
            raise invalid(f"conditions.{name}", f"must be 0 or up to {DURATION_MAX_US}")
    for name in ("late_day_bps", "late_max_bps"):
        if not 0 <= getattr(conditions, name) <= BPS:
            raise invalid(f"conditions.{name}", f"stands between 0 and {BPS}")
    if bool(conditions.late_us) != bool(conditions.late_day_bps and conditions.late_max_bps):
        raise invalid("conditions.late_us", "needs late_day_bps and late_max_bps, and they it")
    criteria.check(conditions.criteria)
    if conditions.verifier and not conditions.criteria:
        raise invalid("conditions.verifier", "name criteria that it can verify")
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
        if conditions is USUAL or conditions == USUAL:
            continue
        for field in _FIELDS:
            value = getattr(conditions, field.name)
            if value == field.default:
                continue
            if said.setdefault(field.name, value) != value:
                raise _differ(field.name)
    return Conditions(**said) if said else USUAL


def deliver_us(house: Rules, conditions: Conditions) -> int:
    """Give how long the givers have to deliver."""
    said = conditions.deliver_us
    return house.delivery_us if said is None else said


def inspect_us(house: Rules, conditions: Conditions) -> int:
    """Give how long the takers have to inspect."""
    said = conditions.inspect_us
    return house.inspection_us if said is None else said


def late_bps(conditions: Conditions, *, at: int, deliver_by: int) -> int:
    """Give what a delivery at this instant costs for being late, in basis points of the price."""
    late = at - (deliver_by - conditions.late_us)
    if not conditions.late_us or late <= 0:
        return 0
    days = -(-late // DAY_US)
    return min(days * conditions.late_day_bps, conditions.late_max_bps)


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
