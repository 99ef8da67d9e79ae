"""Every command by every role in every state: what is not listed as legal changes nothing."""

import random
from functools import cache
from typing import Any

import pytest

from souq.core import contract as c
from souq.core import funds, market
from souq.core.annotation import Annotate
from souq.core.ledger import Batch
from souq.core.listing import (
    EditListing,
    PauseListing,
    PostListing,
    ResumeListing,
    WithdrawListing,
)
from souq.core.mandate import GrantMandate, Limits, RevokeMandate, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.mechanisms.swap import ProposeSwap, SwapLeg
from souq.core.message import PostMessage, SendMessage
from souq.core.money import USD, Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.core.state import State
from souq.journal.memory import MemoryStore
from souq.lab.simulation import Simulation

SALT = b"s" * 16
TERMS = "terms"  # stands for the digest of whatever is on the table
TEN = USD.parse("10")

# Who asks: buyer A1 of P1, seller A2 of P2, third member A3 of P3, a stranger with everything.
ROLES = ("A1", "A2", "A3", "P1", "P2", "P3", "A4", "P4", OPERATOR, "nobody")


def commands() -> dict[str, Any]:
    """One of each command, about listing L1, negotiation N1, contract C1 and agent A1."""
    limits = SecretLimits(Limits()).sealed(SALT)
    text, private = PublicText("t").sealed(SALT), PartyText("t").sealed(SALT)
    found = [
        OpenMarket(),
        RegisterPrincipal(text),
        RegisterAgent("P1", text),
        funds.ReportDeposit("P1", TEN),
        funds.ReportPayout("P1", Money(1, "USD")),
        funds.OpenAccount("meter"),
        funds.TransferMany(Batch(("t",), ("wallet:P1/USD",), ("wallet:P2/USD",), (1,))),
        GrantMandate("A1", limits),
        RevokeMandate("A1"),
        PostListing(text, "home"),
        EditListing("L1", TEN),
        PauseListing("L1"),
        ResumeListing("L1"),
        WithdrawListing("L1"),
        PostMessage(text),
        SendMessage("N1", private),
        Annotate("note", OperatorText("t").sealed(SALT)),
        c.Approve("C1"),
        c.Decline("C1"),
        c.SubmitDelivery("C1"),
        c.AcceptDelivery("C1"),
        c.CancelContract("C1"),
        c.OpenDispute("C1", "other", private),
        c.Rule("C1", 5_000),
        TakePrice("L1", TEN),
        MakeOffer((Item("L1"),), TEN),
        Counter("N1", TEN),
        Accept("N1", TERMS),
        Reject("N1"),
        Withdraw("N1"),
        ProposeSwap((SwapLeg("L2", "A1"), SwapLeg("L3", "A2"))),
    ]
    return {type(command).__name__: command for command in found}


@cache
def state(name: str) -> State:
    """Bring a market into a state. L1 is the seller's, L2 the seller's and L3 the buyer's book."""
    s = Simulation(MemoryStore(), random.Random(1))
    s.open(Rules(), b"")
    approval = 1 if name == "held" else None
    for person, limits in (
        ("bea", Limits(approval_above_units=approval)),
        ("sol", Limits()),
        ("cem", Limits()),
        ("eve", Limits()),
    ):
        s.join(person, limits, USD.parse("100"))
    book: dict[str, Any] = {"delivery": "title", "mechanisms": ("swap",)}
    both = ("alternating_offers", "posted_price")
    for agent, price, more in (
        ("A2", TEN, {"mechanisms": both}),
        ("A2", None, book),
        ("A1", None, book),
        ("A3", None, book),
    ):
        s.submit(agent, PostListing(PublicText("x"), "home", price, **more)).need()
    offer, take = MakeOffer((Item("L1"),), TEN), TakePrice("L1", TEN)
    script: dict[str, list[tuple[str, Any]]] = {
        "open": [],
        "paused": [("A2", PauseListing("L1"))],
        "withdrawn": [("A2", WithdrawListing("L1"))],
        "revoked": [("P1", RevokeMandate("A1"))],
        "offered": [("A1", offer)],
        "countered": [("A1", offer), ("A2", Counter("N1", TEN))],
        "rejected": [("A1", offer), ("A2", Reject("N1"))],
        "swap proposed": [
            ("A1", ProposeSwap((SwapLeg("L3", "A2"), SwapLeg("L2", "A3"), SwapLeg("L4", "A1"))))
        ],
        "held": [("A1", take)],
        "formed": [("A1", take)],
        "withdrawn but reserved": [("A1", take), ("A2", WithdrawListing("L1"))],
        "delivered": [("A1", take), ("A2", c.SubmitDelivery("C1"))],
        "disputed": [
            ("A1", take),
            ("A2", c.SubmitDelivery("C1")),
            ("A1", c.OpenDispute("C1", "other")),
        ],
        "fulfilled": [
            ("A1", take),
            ("A2", c.SubmitDelivery("C1")),
            ("A1", c.AcceptDelivery("C1")),
        ],
    }
    for actor, command in script[name]:
        s.submit(actor, command).need()
    return s.engine.state


STATES = (
    *("open", "paused", "withdrawn", "revoked", "offered", "countered", "rejected"),
    *("swap proposed", "held", "formed", "withdrawn but reserved", "delivered", "disputed"),
    "fulfilled",
)
AGENTS = {"A1", "A2", "A3", "A4"}
# Who may always ask it, whatever the state.
ALWAYS: dict[str, set[str]] = {
    "RegisterPrincipal": {OPERATOR},
    "RegisterAgent": {OPERATOR, "P1"},
    "ReportDeposit": {OPERATOR},
    "ReportPayout": {OPERATOR},
    "OpenAccount": {OPERATOR},
    "TransferMany": {OPERATOR},
    "GrantMandate": {OPERATOR, "P1"},
    "RevokeMandate": {OPERATOR, "P1"},
    "PostListing": AGENTS,
    "PostMessage": AGENTS,
    "Annotate": {OPERATOR},
    "EditListing": {"A2"},
    "PauseListing": {"A2"},
    "WithdrawListing": {"A2"},
    "TakePrice": {"A1", "A3", "A4"},
    "MakeOffer": {"A1", "A3", "A4"},
    "ProposeSwap": {"A1", "A2"},
}
SOLD_OUT = {"TakePrice": set[str](), "MakeOffer": set[str]()}
GONE = SOLD_OUT | {key: set[str]() for key in ("EditListing", "PauseListing", "WithdrawListing")}
TALK = {"SendMessage": {"A1", "A2"}}
SELLERS_TURN = TALK | {"Accept": {"A2"}, "Reject": {"A2"}, "Counter": {"A2"}, "Withdraw": {"A1"}}
BUYERS_TURN = TALK | {"Accept": {"A1"}, "Reject": {"A1"}, "Counter": {"A1"}, "Withdraw": {"A2"}}
DELIVERED = {"AcceptDelivery": {"A1", "P1"}, "OpenDispute": {"A1", "P1"}}
FORMED = {"SubmitDelivery": {"A2", "P2"}, "CancelContract": {"A2", "P2"}}
# What differs from ALWAYS in a state.
IN_STATE: dict[str, dict[str, set[str]]] = {
    "open": {},
    "paused": SOLD_OUT | {"PauseListing": set(), "ResumeListing": {"A2"}},
    "withdrawn": GONE,
    "revoked": {
        "RevokeMandate": set(),
        "PostListing": AGENTS - {"A1"},
        "TakePrice": {"A3", "A4"},
        "MakeOffer": {"A3", "A4"},
        "ProposeSwap": {"A2"},
    },
    "offered": SELLERS_TURN,
    "countered": BUYERS_TURN,
    "rejected": {},
    "swap proposed": {
        "SendMessage": {"A1", "A2", "A3"},
        "Accept": {"A2", "A3"},
        "Reject": {"A2", "A3"},
        "Withdraw": {"A1"},
    },
    "held": SOLD_OUT | {"Approve": {"P1"}, "Decline": {"P1"}},
    "formed": SOLD_OUT | FORMED,
    "withdrawn but reserved": GONE | FORMED,
    "delivered": SOLD_OUT | DELIVERED,
    "disputed": SOLD_OUT | {"Rule": {OPERATOR}},
    "fulfilled": GONE,
}


def terms_of(found: State) -> str:
    for table, rows in found.tables.items():
        if table.name in ("alternating_offers", "swap") and "N1" in rows:
            return str(rows["N1"].terms)
    return "none"


def test_the_sweep_has_every_command_and_state() -> None:
    assert set(commands()) == {kind.__name__ for kind in market.COMMANDS}
    assert set(IN_STATE) == set(STATES)


@pytest.mark.parametrize("name", STATES)
def test_legal_moves_are_legal_and_all_others_change_nothing(name: str) -> None:
    before = state(name)
    digest = market.state_hash(before)
    legal = ALWAYS | IN_STATE[name]
    wrong = []
    for word, command in commands().items():
        if word == "Accept":
            command = Accept("N1", terms_of(before))
        for actor in ROLES:
            trial = before.fork()
            try:
                market.decide(trial, at=before.at + 1, actor=actor, command=command)
                is_legal = True
            except Refused:
                is_legal = False
                assert market.state_hash(trial) == digest
            if is_legal != (actor in legal.get(word, set())):
                wrong.append(f"{actor} {word}: {'accepted' if is_legal else 'refused'}")
    assert wrong == []
    assert market.state_hash(before) == digest
