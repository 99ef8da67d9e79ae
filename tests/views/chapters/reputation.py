"""What is said of a deal is its sayer's until it is shown to all; trust is the operator's."""

from typing import Any

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.credential import AddKey
from souq.core.feedback import GiveFeedback
from souq.core.imported import ImportReputation
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.core.trust import SetTrust
from tests.journal.day import Day, usd

KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def play(day: Day) -> None:
    day.do(OPERATOR, SetTrust(("P1", "P2"), (9_000, 100), (0, 1))).need()
    day.do("P2", AddKey("P2", "ed25519", KEY)).need()
    brought = ("P2", "did:key:z6", "north", KEY, "ab" * 32, "cd" * 32, 0, 9, 2**52, 5_000, 0)
    day.do(OPERATOR, ImportReputation(*brought)).need()
    for principal, agent in (("P1", "A1"), ("P2", "A2")):
        day.do(principal, GrantMandate(agent, SecretLimits(Limits()))).need()
    for words in ("all well", ""):
        lot = day.do("A1", PostListing(PublicText("a jar"), "home", price=usd(1))).need()
        deal = day.opened(day.do("A2", TakePrice(lot.events[0].listing.id, usd(1))))
        day.do("A1", SubmitDelivery(deal)).need()
        day.do("A2", AcceptDelivery(deal)).need()
        day.do("A2", GiveFeedback(deal, True, True, False, 4, PublicText(words))).need()
        if words:
            day.do("P1", GiveFeedback(deal, True, False, True, 1, PublicText("so-so"))).need()


def _operator(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return viewer == OPERATOR


def _bearer(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return viewer == event["principal"] or viewer in raw.officers


def _sayer(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.is_of(viewer, event["by"]))


def _sides(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.owns(viewer, event["contract"]))


def _everybody(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return True


SEEN = {
    "TrustSet": _operator,
    "ReputationImported": _bearer,
    "FeedbackGiven": _sayer,
    "FeedbackReleased": _sides,
    "FeedbackShown": _everybody,
}
