"""Who bears a loss, by what caused it: the clauses of a contract's template.

A template is data: a deal names one in its conditions, its claims must fit it, and a ruling cites
the clause it follows. What an agent does outside its mandate cannot happen, so no clause speaks of
it.
"""

from typing import Literal

from msgspec import Struct

from souq.core.refusal import Refused, invalid
from souq.core.rules import DAY_US, HOUR_US

Cause = Literal["misdescription", "non_delivery", "unwise", "rule_off", "platform_fault"]
Bearer = Literal["giver", "payer", "reserve"]


class Template(Struct, frozen=True):
    """`bears` says who bears what each cause cost; `undo_us` how long a deal may be undone.

    `grounds` are those on which a delivery can be disputed.
    """

    bears: dict[Cause, Bearer]
    grounds: tuple[str, ...]
    undo_us: int


_USUAL: dict[Cause, Bearer] = {
    "misdescription": "giver",
    "non_delivery": "giver",
    "unwise": "payer",
    "rule_off": "payer",  # an error that a rule would have caught, which its principal switched off
    "platform_fault": "reserve",
}
ALL_GROUNDS = ("not_as_described", "not_received", "incomplete", "damaged", "other")
TEMPLATES: dict[str, Template] = {
    "standard": Template(_USUAL, ALL_GROUNDS, undo_us=0),
    "as_is": Template(_USUAL, ("not_as_described", "not_received"), undo_us=0),
    "consumer": Template({**_USUAL, "unwise": "giver"}, ALL_GROUNDS, undo_us=DAY_US),
    "forgiving": Template(_USUAL, ALL_GROUNDS, undo_us=HOUR_US),
}
CAUSE_OF: dict[str, Cause] = {"not_received": "non_delivery"}  # any other ground: misdescription


def template_of(name: str) -> Template:
    """Give the template of a name; "" is the standard one."""
    return TEMPLATES[name or "standard"]


def check(name: str) -> None:
    """Raise Refused(invalid) for a template that there is not."""
    if name and name not in TEMPLATES:
        raise invalid("conditions.template", f"one of {', '.join(TEMPLATES)}")


def need_ground(name: str, ground: str) -> None:
    """Raise Refused(invalid) for a ground that the template leaves to the taker."""
    if ground not in template_of(name).grounds:
        raise _not_in(name, ground)


def clause(name: str, cause: str) -> str:
    """Name the clause that a ruling cites, such as standard/misdescription."""
    return f"{name or 'standard'}/{cause}"


def bearer(name: str, cause: Cause) -> Bearer:
    """Give who bears a loss."""
    return template_of(name).bears[cause]


def _not_in(name: str, ground: str) -> Refused:
    return invalid("ground", f"a deal by template {name} cannot be disputed for {ground}")
