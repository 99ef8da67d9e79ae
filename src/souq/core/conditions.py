"""The conditions that a contract runs by: how long each step may take, and who bears what.

A listing says in which points its deals differ from the house's rules; nobody can change it
afterwards, so whoever names a listing has agreed to its conditions. Several listings in one deal
may each say something, but no two of them something different.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.refusal import Refused, invalid
from souq.core.rules import DURATION_MAX_US, rules
from souq.core.state import View


class Conditions(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """None: as the house's rules say. Durations are in microseconds.

    `deliver_us` until all must be handed over; `inspect_us` until silence accepts it;
    `cooling_off_us` in which a taker's principal may take the deal back, see `cooling_off`.
    """

    deliver_us: int | None = None
    inspect_us: int | None = None
    cooling_off_us: int | None = None


USUAL = Conditions()


def check(conditions: Conditions) -> None:
    """Raise Refused(invalid) for conditions that no deal can run by."""
    for name in ("deliver_us", "inspect_us", "cooling_off_us"):
        value = getattr(conditions, name)
        if value is not None and not 0 < value <= DURATION_MAX_US:
            raise invalid(f"conditions.{name}", f"must be above 0 and at most {DURATION_MAX_US}")


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


def _differ(name: str) -> Refused:
    return invalid("listings", f"their conditions differ in {name}; make a deal of each")
