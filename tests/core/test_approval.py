"""An approval is of one deal just as it was shown, good once, and signed where it must be."""

from typing import Any

import pytest

from souq.core.approval import Approve, Decline, digest_of, signed_bytes
from souq.core.credential import AddKey, RevokeKey
from souq.core.halt import SetHalt
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Reason
from souq.core.rules import DAY_US, OPERATOR, Rules
from souq.core.signature import thumbprint
from souq.core.stage import CONTRACTS
from souq.operations.approval_queries import ApprovalAsked
from souq.sdk.approvals import approval
from souq.sdk.signing import KeyFile, new_key, signature_of
from tests.core.stall import BEA, DAN, SOL, Stall, usd

SIGNED = Rules(signed_approvals=True)


def held(rules: Rules | None = None, **limits: Any) -> tuple[Stall, str, Any]:
    """A stall with one deal that waits, and the event that says so."""
    stall = Stall(rules or Rules())
    stall.grant(BEA, **({"approval_above_units": 100} | limits))
    events = stall.do(BEA, TakePrice(stall.list(SOL, quantity=9), usd(500))).events
    event = next(one for one in events if hasattr(one, "decide_by"))
    return stall, event.contract, event


def with_key(stall: Stall, owner: str = "P1", kind: Any = "ed25519") -> KeyFile:
    key = new_key(kind, owner)
    stall.do(OPERATOR, AddKey(owner, key.kind, key.material))
    return key


def asked(event: Any, **changed: Any) -> ApprovalAsked:
    given = {
        "market": "souq",
        "contract": event.contract,
        "digest": event.digest,
        "decide_by": event.decide_by,
        "agents": (BEA,),
        "parties": (BEA, SOL),
        "legs": (),
    }
    return ApprovalAsked(**(given | changed))


def reason(stall: Stall, actor: str, command: Any) -> str:
    refusal = stall.try_(actor, command).refusal
    return "" if refusal is None else refusal.reason


def test_the_record_says_what_waits_and_which_rule_holds_it() -> None:
    stall, deal, event = held()
    state: Any = stall.engine.state.get(CONTRACTS, deal)
    assert event.reasons == state.reasons == ("approval",)
    assert event.digest == digest_of(deal, state.agreement)
    assert event.waiting == ("P1",)


def test_another_digest_approves_nothing() -> None:
    stall, deal, event = held()
    assert reason(stall, "P1", Approve(deal, "0" * 64)) == Reason.TERMS_CHANGED
    other = stall.do(BEA, TakePrice("L1", usd(500), 2)).events
    another = next(one for one in other if hasattr(one, "decide_by"))
    assert another.digest != event.digest
    assert reason(stall, "P1", Approve(deal, another.digest)) == Reason.TERMS_CHANGED
    assert reason(stall, "P1", Approve(deal, event.digest)) == ""


def test_a_plain_approval_does_where_the_house_asks_for_no_more() -> None:
    stall, deal, event = held()
    assert reason(stall, "P1", Approve(deal)) == ""
    stall, deal, event = held(SIGNED)
    for plain in (Approve(deal), Approve(deal, event.digest)):
        assert reason(stall, "P1", plain) == Reason.INVALID
    assert reason(stall, "P1", Decline(deal)) == ""


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_a_signed_approval_is_good_once(kind: str) -> None:
    stall, _, event = held(SIGNED)
    signed = approval(asked(event), with_key(stall, kind=kind))
    told = stall.do("P1", signed).events[0]
    assert (told.key, told.signature) == (signed.key, signed.signature)
    assert reason(stall, "P1", signed) == Reason.WRONG_STATE


@pytest.mark.parametrize(
    "changed",
    [
        {"market": "another"},
        {"contract": "C2"},
        {"digest": "0" * 64},
        {"decide_by": 5},
    ],
)
def test_what_was_signed_for_another_deal_approves_nothing(changed: dict[str, Any]) -> None:
    stall, deal, event = held(SIGNED)
    key = with_key(stall)
    other = approval(asked(event, **changed), key)
    forged = Approve(deal, event.digest, other.key, other.signature)
    assert reason(stall, "P1", forged) == Reason.INVALID
    assert stall.engine.state.get(CONTRACTS, deal) is not None


def test_only_a_live_key_of_the_approvers_own_signs() -> None:
    stall, _, event = held(SIGNED)
    others = [with_key(stall, owner) for owner in (BEA, "P2", SOL, OPERATOR)]
    for key in (*others, new_key("ed25519", "P1")):
        assert reason(stall, "P1", approval(asked(event), key)) == Reason.INVALID, key
    mine = with_key(stall)
    stall.do("P1", RevokeKey(f"K{len(others) + 1}"))
    assert reason(stall, "P1", approval(asked(event), mine)) == Reason.INVALID


def test_no_other_person_sends_a_signed_approval() -> None:
    stall, _, event = held(SIGNED)
    signed = approval(asked(event), with_key(stall))
    for actor in (BEA, SOL, DAN, "P2", "P3", OPERATOR):
        assert reason(stall, actor, signed) == Reason.NOT_YOURS, actor


@pytest.mark.parametrize("signature", ["", "00" * 64, "AB" * 64, "x", "ab" * 63, "é" * 128])
def test_what_is_no_signature_is_refused_and_harms_nothing(signature: str) -> None:
    stall, deal, event = held()
    key = with_key(stall)
    name = thumbprint(key.kind, key.material)
    assert reason(stall, "P1", Approve(deal, event.digest, name, signature)) == Reason.INVALID
    assert reason(stall, "P1", Approve(deal)) == ""


def test_any_changed_byte_of_what_is_signed_is_noticed() -> None:
    stall, deal, event = held(SIGNED)
    key = with_key(stall)
    message = bytearray(signed_bytes("souq", deal, event.digest, event.decide_by))
    name = thumbprint(key.kind, key.material)
    for n in range(len(message)):
        message[n] ^= 1
        signature = signature_of(key, bytes(message)).hex()
        message[n] ^= 1
        forged = Approve(deal, event.digest, name, signature)
        assert reason(stall, "P1", forged) == Reason.INVALID, n


def test_silence_declines_a_deal_and_everything_returns() -> None:
    stall, deal, _ = held()
    stall.now += DAY_US
    stall.engine.tick()
    assert stall.engine.state.get(CONTRACTS, deal) is None
    assert reason(stall, "P1", Approve(deal)) == Reason.CLOSED


def test_a_deadline_that_was_put_off_wants_a_new_signature() -> None:
    stall, deal, event = held(SIGNED)
    key = with_key(stall)
    stall.do(OPERATOR, SetHalt("settlements"))
    stall.now += DAY_US
    stall.do(OPERATOR, SetHalt("open"))
    assert reason(stall, "P1", approval(asked(event), key)) == Reason.INVALID
    state: Any = stall.engine.state.get(CONTRACTS, deal)
    again = approval(asked(event, decide_by=state.decide_by), key)
    assert reason(stall, "P1", again) == ""
