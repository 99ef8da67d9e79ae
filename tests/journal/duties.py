"""The part of the day that is about the house's duties: every such command, and every event."""

import hashlib
from typing import Any

from souq.core.agent_facts import DescribeAgent
from souq.core.attestation import AttestPrincipal, RevokeAttestation
from souq.core.deny_list import LoadDenyList, name_key
from souq.core.erasure import ErasePrincipal, SetLegalHold
from souq.core.listing import PostListing
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterPrincipal
from souq.core.review import AnswerReview, AskReview
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.core.stage import CONTRACTS
from souq.core.summary import ConfirmSummary, digest_of, sentences
from souq.core.terms import AdoptTerms, PublishTerms


def do_duties(day: Any) -> None:
    """Attest, describe, screen, bind by terms, confirm, hear, hold and erase."""
    until = day.clock.now + 30 * DAY_US
    day.do(OPERATOR, AttestPrincipal("P1", 2, until, "DE-BE", "business", "sha256:00ff"))
    day.do("P1", AttestPrincipal("P1", 3, until))  # refused: the operator's
    day.do(OPERATOR, RevokeAttestation("P1"))
    contact = PublicText("büro@ada.example")
    day.do("A1", DescribeAgent("A1", "ada.example", "1.2", ("buying", "selling"), contact))
    day.do(OPERATOR, LoadDenyList("2026-11", (name_key("Ann Smith"),), ("P9",)))
    day.do(OPERATOR, RegisterPrincipal(PublicText("Dora")))
    text = "Be fair. 公平に。"
    day.do(OPERATOR, PublishTerms(PublicText(text)))
    hash = hashlib.sha256(text.encode()).hexdigest()
    lamp = PostListing(PublicText("A last lamp"), "home", Money(10, "USD"))
    listing = day.do("A2", lamp).need().events[0].listing.id
    day.do("A1", TakePrice(listing, Money(10, "USD")))  # refused: the terms are not adopted
    for principal in ("P1", "P2", "P3"):
        day.do(principal, AdoptTerms(hash))
    deal = day.opened(day.do("A1", TakePrice(listing, Money(10, "USD"))))
    agreement = day.engine.state.rows(CONTRACTS)[deal].agreement
    said = digest_of(sentences(day.engine.state, deal, agreement))
    day.do("P1", ConfirmSummary(deal, said))
    asked = day.do("A1", AskReview("terms_not_adopted", OperatorText("Why?"))).need().events[0]
    day.do(OPERATOR, AnswerReview(asked.review, "upheld", PartyText("Read them.")))
    day.do(OPERATOR, SetLegalHold("P4", is_held=True, why=OperatorText("a court asks")))
    day.do(OPERATOR, ErasePrincipal("P4"))  # refused: held
    day.do(OPERATOR, SetLegalHold("P4", is_held=False))
    day.do(OPERATOR, ErasePrincipal("P4"))
