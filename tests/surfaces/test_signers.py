"""Who signed a request, and for what: one live key of the right kind, for this market."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest

from souq.core.credential import Kind, RevokeKey
from souq.core.signature import WEBHOOK_TAG, thumbprint
from souq.sdk.signing import new_key
from souq.surfaces.auth import Unauthenticated
from souq.surfaces.signatures import INPUT_MAX
from tests.surfaces.requests import (
    NONCE,
    SIGNED,
    Door,
    Sent,
    bare,
    sign,
)


@pytest.fixture
def door() -> Door:
    return Door()


def unproven(door: Door, sent: Sent, why: str | None = None) -> None:
    with pytest.raises(Unauthenticated, match=why):
        door.ask(sent)


def both(test: Any) -> Any:
    return pytest.mark.parametrize("kind", SIGNED)(test)


@both
def test_two_signatures_are_refused(door: Door, kind: Kind) -> None:
    one, other = door.signed(kind), door.signed(kind, label="b", nonce="n" * 16)
    sent = one
    for name in ("signature-input", "signature"):
        sent = sent.altered(name, f"{one.header(name)}, {other.header(name)}")
    unproven(door, sent)
    twice = one.plus("signature-input", other.header("signature-input"))
    unproven(door, twice.plus("signature", other.header("signature")), "more than one")


def test_a_request_that_names_two_keys_is_refused(door: Door) -> None:
    other = thumbprint("es256", door.keys["es256"].material)
    sent = door.signed()
    # Of two, the standard counts the last; a door that read the first must not let it through.
    told = sent.header("signature-input").replace(";keyid=", f';keyid="{other}";keyid=')
    unproven(door, sent.altered("signature-input", told))
    unproven(door, door.signed(nonce=';keyid="' + "n" * 16))
    stranger = new_key("ed25519")
    known = thumbprint("ed25519", door.keys["ed25519"].material)
    hidden = sign(stranger, door.now_s, tag="souq", nonce=f"n{NONCE}")
    told = hidden.header("signature-input").replace(";nonce=", f';keyid="{known}";nonce=')
    unproven(door, hidden.altered("signature-input", told))


def test_nobody_signs_by_his_own_key_in_the_name_of_another(door: Door) -> None:
    thief = new_key("ed25519", "P1")
    door.add(thief)
    own = thumbprint("ed25519", thief.material)
    victim = thumbprint("ed25519", door.keys["ed25519"].material)
    # Of two the last counts, at the first one's place: signed it is as if only that stood there.
    sent = sign(thief, door.now_s, keyid=own)
    assert door.ask(sent, door.open()).actor == "P1"
    named = sent.header("signature-input").replace(own, victim) + f';keyid="{own}"'
    unproven(door, sent.altered("signature-input", named), "two keys")


def test_two_idempotency_keys_are_refused_even_where_both_are_signed(door: Door) -> None:
    sent = door.signed(sent=bare().altered("idempotency-key", "i-1, i-2"))
    assert door.ask(sent, door.open()).actor == "A1"
    split = sent.altered("idempotency-key", "i-1").plus("idempotency-key", "i-2")
    unproven(door, split, "more than one header Idempotency-Key")


def test_a_digest_of_nothing_is_judged_too(door: Door) -> None:
    digests = [b64encode(hashlib.sha256(body).digest()).decode() for body in (b"", b"x")]
    empty, other = (bare(body=b"").plus("content-digest", f"sha-256=:{one}:") for one in digests)
    assert door.ask(door.signed(sent=empty)).actor == "A1"
    unproven(door, door.signed(sent=other, nonce="n" * 16), "does not match")


def test_two_keys_of_one_kind_are_refused_even_where_the_last_one_signed(door: Door) -> None:
    second = new_key("ed25519", "A1")
    door.add(second)
    first = thumbprint("ed25519", door.keys["ed25519"].material)
    sent = sign(second, door.now_s)
    told = sent.header("signature-input").replace("souq=(", f'souq=("x";keyid="{first}" ')
    unproven(door, sent.altered("signature-input", told))


@both
def test_another_key_s_signature_is_refused(door: Door, kind: Kind) -> None:
    known = thumbprint(kind, door.keys[kind].material)
    unproven(door, sign(new_key(kind), door.now_s, keyid=known), "does not hold")


@both
def test_an_unknown_expired_or_revoked_key_is_refused(door: Door, kind: Kind) -> None:
    unproven(door, sign(new_key(kind), door.now_s), "unknown")
    brief = new_key(kind, "A1")
    door.add(brief, expires_at=door.now + 1_000_000)
    sent = sign(brief, door.now_s)
    door.now += 1_000_000
    unproven(door, sent, "unknown, expired")
    gone = door.signed(kind)
    door.do("A1", RevokeKey(door.ids[kind]))
    unproven(door, gone, "revoked")


def test_a_signature_of_one_kind_is_none_of_the_other(door: Door) -> None:
    for kind, other in (SIGNED, tuple(reversed(SIGNED))):
        named = thumbprint(kind, door.keys[kind].material)
        unproven(door, sign(door.keys[other], door.now_s, keyid=named), "does not hold")


def test_a_bearer_key_signs_nothing(door: Door) -> None:
    unproven(door, door.signed("bearer"), "unknown")


@pytest.mark.parametrize("tag", [None, "", "Souq", WEBHOOK_TAG, "other"])
def test_a_signature_made_for_another_use_is_refused(door: Door, tag: str | None) -> None:
    unproven(door, door.signed(tag=tag), "tag")


@pytest.mark.parametrize("name", ["created", "expires", "nonce", "keyid"])
@pytest.mark.parametrize("value", [None, "", 1, -1, "1"], ids=repr)
def test_each_parameter_must_be_there_and_of_its_kind(door: Door, name: str, value: Any) -> None:
    unproven(door, door.signed(**{name: value}))


def test_a_parameter_nobody_knows_is_refused(door: Door) -> None:
    unproven(door, door.signed(color="red"), "metadata")


def test_the_two_headers_have_a_longest_length(door: Door) -> None:
    sent = door.signed()
    for name in ("signature-input", "signature"):
        padded = sent.header(name) + " " * INPUT_MAX
        unproven(door, sent.altered(name, padded), "longer")
