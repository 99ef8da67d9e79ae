"""Policies are their owner's own, but for the market's; where goods go is for the parties."""

from typing import Any

from souq.core.conditions import Conditions
from souq.core.cooling_off import RevokeContract
from souq.core.listing import PostListing
from souq.core.mandate import MANDATES
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import AGENTS, Agent
from souq.core.policy import Policy
from souq.core.policy.money import PerDeal
from souq.core.policy.setting import SecretPolicy, SetDestination, SetOrganisation, SetPolicy
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from tests.journal.day import Day

CAP = SecretPolicy(Policy((PerDeal(900_000),)))


def play(day: Day) -> None:
    day.do(OPERATOR, SetOrganisation("P1", "P2")).need()
    for scope in ("market", "organisation/P2", "P2", "A2", "P1"):
        day.do(OPERATOR, SetPolicy(scope, CAP)).need()
    card = PostListing(
        PublicText("a postcard"),
        "home",
        price=Money(5, "USD"),
        delivery="ship",
        conditions=Conditions(cooling_off_us=DAY_US),
    )
    seller, buyer = _sides(day)
    listed = day.do(seller.id, card).need().events[0].listing.id
    day.do(buyer.id, SetDestination(buyer.id, "home")).need()
    deal = day.opened(day.do(buyer.id, TakePrice(listed, Money(5, "USD"))))
    day.do(buyer.principal, RevokeContract(deal)).need()


def _sides(day: Day) -> tuple[Agent, Agent]:
    """Give two agents who may still deal with each other."""
    rows = day.engine.state.rows(AGENTS).values()
    free = [one for one in rows if day.engine.state.get(MANDATES, one.mandate) is not None]
    seller = free[-1]
    return seller, next(one for one in reversed(free) if one.principal != seller.principal)


def _owner(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    scope = event["scope"].removeprefix("organisation/")
    if scope == "market":
        return True
    return bool(viewer == (raw.principal.get(scope, scope)))


def _member(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(viewer) and viewer in (event["principal"], event["organisation"])


def _agent(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.is_of(viewer, event["agent"]))


SEEN = {
    "PolicySet": _owner,
    "OrganisationSet": _member,
    "DestinationSet": _agent,
    "PolicyApplied": _agent,
}
