"""A policy is a list of rules that its owner's agents cannot deal past, whatever they are told.

Each family of rules is a module: the structs of its rules, and for each a function that looks at
one deal and at what is remembered. Rules are total, change nothing, and know nothing but those two.
What a rule means to the last unit stands in docs/policy.md.

Here stand no guards and no commands: `judging` asks the rules, `setting` lets them be set, and
`remembering` keeps what they ask for. To add a rule, write it and list its family here.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Protocol

from msgspec import Struct

from souq.core.policy import goods, loss, money, pace, people, prices, scope
from souq.core.policy.deal import Deal, Finding, Past

Judge = Callable[[Any, Deal, Past], Finding | None]


class Family(Protocol):
    """By rule, what judges it: None allows, and a finding holds or denies."""

    RULES: Mapping[type, Judge]


FAMILIES: tuple[Family, ...] = (money, loss, goods, prices, people, pace, scope)
JUDGES: dict[type, Judge] = {kind: judge for one in FAMILIES for kind, judge in one.RULES.items()}
Rule: Any = reduce(or_, JUDGES)


class Policy(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Rules that all apply. An empty policy forbids nothing."""

    rules: tuple[Rule, ...] = ()


def type_of(rule: Any) -> str:
    """Give the word that a rule's type is written with."""
    return str(type(rule).__struct_config__.tag)
