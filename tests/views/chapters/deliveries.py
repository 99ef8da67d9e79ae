"""How a delivery is checked is its two sides' affair; a verifier is asked, and knows its report."""

from typing import Any

from souq.core.acceptance import ReportVerification, SendBack
from souq.core.conditions import Conditions
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.criteria import Content, of_code
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.performance import ClaimNonDelivery, CommitCode, CommitDelivery, GrantRefund
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from tests.journal.day import Day

CODE, DIGEST = "a7" * 10, "ab" * 32


def hire(day: Day) -> str:
    """Register a principal with money and an agent; give the agent."""
    who = day.do(OPERATOR, RegisterPrincipal(PublicText("Kim"))).need().events[0].principal
    agent = day.do(who, RegisterAgent(who, PublicText("kim's"))).need().events[0].agent
    day.do(who, GrantMandate(agent, SecretLimits(Limits()))).need()
    day.do(OPERATOR, ReportDeposit(who, Money(10_000, "USD"))).need()
    return str(agent)


def sell(day: Day, seller: str, buyer: str, **asked: Any) -> str:
    """Have one agent sell to another under such conditions; give the contract."""
    price, conditions = Money(500, "USD"), Conditions(**asked)
    ad = PostListing(PublicText("Data"), "home", price, conditions=conditions)
    listing = day.do(seller, ad).need().events[0].listing.id
    return day.opened(day.do(buyer, TakePrice(listing, price)))


def play(day: Day) -> None:
    seller, buyer, verifier = (hire(day) for _ in range(3))
    checked = {"criteria": (Content(),), "verifier": verifier, "returns_us": DAY_US}
    for passed in (True, False):
        deal = sell(day, seller, buyer, **checked)
        day.do(seller, CommitDelivery(deal, DIGEST)).need()
        day.do(seller, SubmitDelivery(deal, DIGEST)).need()
        day.do(verifier, ReportVerification(deal, passed, DIGEST)).need()
        if passed:
            day.do(buyer, SendBack(deal)).need()
    met = sell(day, seller, buyer, hand_over="code")
    day.do(buyer, CommitCode(met, of_code(met, CODE))).need()
    for code in (CODE[::-1], CODE):
        day.do(seller, SubmitDelivery(met, code=code)).need()
    day.do(seller, GrantRefund(met, 1_000)).need()
    late = sell(day, seller, buyer, late_us=2 * DAY_US, late_day_bps=100, late_max_bps=300)
    day.clock.now += DAY_US
    day.do(buyer, ClaimNonDelivery(late)).need()
    day.do(seller, SubmitDelivery(late)).need()
    day.do(buyer, AcceptDelivery(late)).need()
    day.clock.now += 9 * DAY_US
    day.engine.tick()


def _sides(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.owns(viewer, event["contract"]))


def _asked(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(_sides(raw, viewer, event) or raw.is_of(viewer, event["verifier"]))


def _reporter(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(_sides(raw, viewer, event) or raw.is_of(viewer, event["by"]))


def _giver(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.is_of(viewer, event["giver"]))


def _audit(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    is_told = event["type"] == "AuditEnded" or event["report_by"] > 0
    return _sides(raw, viewer, event) or (is_told and viewer == raw.auditor)


def _payer(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.is_of(viewer, event["agent"]))


SEEN = {
    **dict.fromkeys(
        (
            *("DeliveryCommitted", "CodeCommitted", "CodeMissed", "ArtefactShown"),
            *("LatenessCounted", "RefundGranted", "NonDeliveryClaimed", "ReturnsBegan"),
            "SentBack",
        ),
        _sides,
    ),
    "VerificationAsked": _asked,
    "VerificationReported": _reporter,
    "BudgetReturned": _payer,
    "AuditAwaited": _giver,
    "AuditDrawn": _audit,
    "AuditEnded": _audit,
}
