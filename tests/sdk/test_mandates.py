"""A signed mandate: what was signed comes back, and nothing else passes for it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.credential import Kind
from souq.core.mandate import GoodsLimit, Limits
from souq.core.seal import canonical
from souq.sdk.mandates import NotSigned, Paper, checked, digest_of, signed
from souq.sdk.signing import new_key

LIMITS = Limits(lifetime_units=9_000_000, goods={"g1": GoodsLimit(60_000_000)}, ceilings={"b": 5})
PAPER = Paper(LIMITS, digest_of(b"a brief"), 1_700_000_000, "A1")
KINDS: tuple[Kind, ...] = ("ed25519", "es256")


def part(text: str) -> Any:
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def sealed(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_signed_comes_back(kind: Kind) -> None:
    key = new_key(kind, "P1")
    text = signed(PAPER, key)
    assert checked(text, kind, key.material) == PAPER
    assert key.secret not in text
    payload = json.loads(text)["payload"]
    assert urlsafe_b64decode(payload + "==") == canonical.encode(PAPER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"lifetime_units": 9_000_001}},
        {"limits": {"goods": {"g1": {"floor_units": 59_999_999}}}},
        {"limits": {"approval_always": True}},
        {"agent": "A2"},
        {"brief": digest_of(b"another brief")},
        {"issued_at": 1_700_000_001},
    ],
)
def test_a_changed_mandate_does_not_pass(kind: Kind, change: dict[str, Any]) -> None:
    key = new_key(kind)
    whole = json.loads(signed(PAPER, key))
    payload = part(whole["payload"])
    payload |= {**change, "limits": payload["limits"] | change.get("limits", {})}
    with pytest.raises(NotSigned, match="does not fit"):
        checked(json.dumps(whole | {"payload": sealed(payload)}), kind, key.material)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_another_key_did_not_sign_it(kind: Kind, other: Kind) -> None:
    text, stranger = signed(PAPER, new_key(kind)), new_key(other)
    with pytest.raises(NotSigned):
        checked(text, other, stranger.material)


def test_a_forger_who_names_the_right_key_is_found_out() -> None:
    key, forger = new_key("ed25519"), new_key("ed25519")
    forged = json.loads(signed(PAPER, forger))
    forged["protected"] = json.loads(signed(PAPER, key))["protected"]
    with pytest.raises(NotSigned, match="does not fit"):
        checked(json.dumps(forged), "ed25519", key.material)


@pytest.mark.parametrize(
    ("header", "passes"), [({}, True), ({"typ": "JWT"}, False), ({"kid": "another"}, False)]
)
def test_what_the_key_signed_as_something_else_is_no_mandate(
    header: dict[str, str], passes: bool
) -> None:
    key = new_key("ed25519")
    whole = json.loads(signed(PAPER, key))
    whole["protected"] = sealed(part(whole["protected"]) | header)
    message = f"{whole['protected']}.{whole['payload']}".encode()
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.secret))
    whole["signature"] = urlsafe_b64encode(private.sign(message)).rstrip(b"=").decode()
    if passes:
        assert checked(json.dumps(whole), "ed25519", key.material) == PAPER
        return
    with pytest.raises(NotSigned):
        checked(json.dumps(whole), "ed25519", key.material)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"typ": "JWT"},
        {"jwk": {"kty": "OKP"}},
        {"crit": ["b64"]},
        {"kid": "somebody"},
    ],
)
def test_the_header_cannot_choose_how_it_is_checked(header: dict[str, Any]) -> None:
    key = new_key("ed25519")
    whole = json.loads(signed(PAPER, key))
    whole["protected"] = sealed(part(whole["protected"]) | header)
    with pytest.raises(NotSigned):
        checked(json.dumps(whole), "ed25519", key.material)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "\x00",
        '{"payload": "", "protected": "", "signature": ""}',
        '{"payload": "é", "protected": "!", "signature": "="}',
        '{"payload": "A", "protected": "A", "signature": "A"}',
        "[" * 100_000,
        "x" * 1_000_001,
    ],
)
def test_what_is_no_mandate_is_refused(text: str) -> None:
    with pytest.raises(NotSigned):
        checked(text, "ed25519", new_key("ed25519").material)


@pytest.mark.parametrize("material", ["", "zz", "00" * 32, "01" + "00" * 31])
def test_what_is_no_key_checks_nothing(material: str) -> None:
    with pytest.raises(NotSigned):
        checked(signed(PAPER, new_key("ed25519")), "ed25519", material)
    with pytest.raises(NotSigned):
        checked(signed(PAPER, new_key("ed25519")), "bearer", material)


def test_a_bearer_secret_cannot_sign() -> None:
    with pytest.raises(ValueError, match="cannot sign"):
        signed(PAPER, new_key("bearer"))


@pytest.mark.parametrize("how", ["padded", "spare bits"])
def test_the_same_bytes_spelled_otherwise_do_not_pass(how: str) -> None:
    key = new_key("ed25519")
    whole = json.loads(signed(PAPER, key))
    told = whole["signature"]
    after = chr(ord(told[-1]) + 1)  # the last sign carries four bits that say nothing
    other = told + "==" if how == "padded" else told[:-1] + after
    assert urlsafe_b64decode(told + "==") == urlsafe_b64decode(other[:86] + "==")
    with pytest.raises(NotSigned, match="base64url"):
        checked(json.dumps(whole | {"signature": other}), "ed25519", key.material)


@pytest.mark.parametrize("kind", KINDS)
def test_other_libraries_read_it(kind: Kind) -> None:
    jws, jwk = pytest.importorskip("joserfc.jws"), pytest.importorskip("joserfc.jwk")
    from souq.core.signature import jwk as public

    key = new_key(kind)
    found = jws.deserialize_json(
        json.loads(signed(PAPER, key)),
        jwk.import_key(public(kind, key.material)),
        algorithms=["Ed25519", "ES256"],
    )
    assert msgspec.json.decode(found.payload, type=Paper) == PAPER
