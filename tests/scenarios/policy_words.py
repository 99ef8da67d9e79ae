"""The words of the little language for policies.

W sets [agent|members'|market] rules TYPE field=value …; TYPE …
   (amounts in USD: `per_deal cap=500; velocity window=24h deals_max=3; floor floors=lamp:400`)
W drops [agent|members'|market] rules
W makes W a member | W has goods sent to PLACE
W puts up T for 5 USD in home [x3] [cooling off for 2 days] [sent for 1 USD]
W takes the deal back [in C1]
deal C1 goes to PLACE | policies let C1 be|hold C1 for W
"""

from typing import Any

from souq.core.conditions import Conditions
from souq.core.cooling_off import RevokeContract
from souq.core.listing import PostListing
from souq.core.policy import Policy
from souq.core.policy.remembering import DestinationBound, PolicyApplied
from souq.core.policy.setting import (
    SecretPolicy,
    SetDestination,
    SetOrganisation,
    SetPolicy,
)
from souq.core.seal import PublicText
from souq.journal.replay import records
from souq.sdk.policy_files import policy_of
from tests.scenarios.words import CASH, claim, interval, money, step

MONEY = {"cap", "above", "loss_max", "least", "most"}
SHARES = {"within", "rise"}
LISTS = {"allowed", "denied"}
WHOSE = r"(?:(agent|members'|market) )?"


@step(rf"sets {WHOSE}rules (.+)", "principal")
def _sets(play: Any, who: str, said: Any) -> Any:
    rules = [_rule(play, one) for one in said[2].split("; ")]
    return SetPolicy(_scope(play, who, said[1]), SecretPolicy(policy_of({"rules": rules})))


@step(rf"drops {WHOSE}rules", "principal")
def _drops(play: Any, who: str, said: Any) -> Any:
    return SetPolicy(_scope(play, who, said[1]), SecretPolicy(Policy()))


def _scope(play: Any, who: str, whose: str | None) -> str:
    if whose == "market":
        return "market"
    if whose == "agent":
        return str(play.agent(who))
    principal = str(play.principal(who))
    return f"organisation/{principal}" if whose else principal


def _rule(play: Any, text: str) -> dict[str, Any]:
    kind, *fields = text.split()
    rule: dict[str, Any] = {"type": kind}
    for field in fields:
        name, _, value = field.partition("=")
        rule[name] = _value(play, kind, name, value)
    return rule


def _value(play: Any, kind: str, name: str, value: str) -> Any:
    if name in MONEY:
        return f"{value} USD"
    if name in SHARES:
        return f"{value} %"
    if name in LISTS:
        names = value.split(",")
        return [play.principal(one) for one in names] if kind == "counterparties" else names
    if ":" in value:
        pairs = (one.split(":") for one in value.split(","))
        if name == "floors":
            return {key: f"{units} USD" for key, units in pairs}
        return {play.things.get(key, key): int(count) for key, count in pairs}
    return int(value) if value.isdigit() else value


@step(r"makes (\w+) a member", "operator")
def _joins(play: Any, who: str, said: Any) -> Any:
    return SetOrganisation(play.principal(said[1]), play.principal(who))


@step(r"has goods sent to (\S+)")
def _sends_to(play: Any, who: str, said: Any) -> Any:
    return SetDestination(play.agent(who), said[1])


@step(
    rf"puts up (?P<thing>\w+) for (?P<price>{CASH}) in (?P<category>[\w/]+)(?: x(?P<count>\d+))?"
    rf"(?: cooling off for (?P<cooling>\d+ \w+))?(?: sent for (?P<shipping>{CASH}))?"
)
def _puts_up(play: Any, who: str, said: Any) -> Any:
    cooling_us = interval(said["cooling"]) if said["cooling"] else None
    return PostListing(
        PublicText(said["thing"]),
        said["category"],
        price=money(said["price"]),
        quantity=int(said["count"] or 1),
        delivery="ship" if said["shipping"] else "meet",
        shipping_units=money(said["shipping"]).units if said["shipping"] else 0,
        ref=said["thing"],
        conditions=Conditions(cooling_off_us=cooling_us),
    )


@step(r"takes the deal back", "principal")
def _takes_back(play: Any, who: str, said: Any) -> Any:
    return RevokeContract(play.deal(who))


@claim(r"deal (C\d+) goes to (\S+)")
def _goes_to(play: Any, said: Any) -> Any:
    found = [one.destination for one in _told(play, DestinationBound) if one.contract == said[1]]
    return found[-1] if found else "nowhere", said[2]


@claim(r"policies (let|hold) (C\d+)(?: be)? for (\w+)")
def _applied(play: Any, said: Any) -> Any:
    agent = play.agent(said[3])
    found = [
        one.result
        for one in _told(play, PolicyApplied)
        if one.contract == said[2] and one.agent == agent
    ]
    return found, ["hold" if said[1] == "hold" else "allow"]


def _told(play: Any, kind: type) -> list[Any]:
    return [
        event
        for record in records(play.store)
        for event in record.events
        if isinstance(event, kind)
    ]
