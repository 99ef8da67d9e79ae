"""Data Integrity proofs are those of the standard's own example, and any change breaks them."""

import copy
import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from souq.sdk import integrity
from souq.sdk.integrity import Unproven
from souq.sdk.signing import new_key

# The worked example for eddsa-jcs-2022 in the W3C Recommendation "Data Integrity EdDSA
# Cryptosuites v1.0", appendix A.
NAME = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
DID = f"did:key:{NAME}"
CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
EXAMPLE: dict[str, Any] = {
    "@context": CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"{DID}#{NAME}",
        "proofPurpose": "assertionMethod",
        "@context": CONTEXT,
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJ"
        "dcnTMuVor51aX",
    },
}
AT = datetime(2026, 5, 1, tzinfo=UTC)


def signed() -> tuple[dict[str, Any], str]:
    key = new_key("ed25519")
    did = integrity.did_key(key.material)
    document = {"@context": CONTEXT[:1], "issuer": did, "n": 5, "deep": {"a": ["b", None, True]}}
    return integrity.sign(document, key.secret, issuer=did, at=AT), did


def test_the_example_of_the_standard_is_proven() -> None:
    integrity.check(EXAMPLE, issuer=DID)


def test_what_is_signed_here_is_proven_also_after_a_trip_through_text() -> None:
    document, did = signed()
    integrity.check(integrity.read(json.dumps(document, indent=3).encode()), issuer=did)


def test_any_changed_sign_breaks_it() -> None:
    document, did = signed()
    text = json.dumps(document).encode()
    chance, broken = Random(1), 0
    for _ in range(400):
        place = chance.randrange(len(text))
        other = bytes([text[place] ^ (1 << chance.randrange(7))])
        if other == text[place : place + 1] or (text[place : place + 1].isspace()):
            continue
        with pytest.raises(Unproven):
            integrity.check(integrity.read(text[:place] + other + text[place + 1 :]), issuer=did)
        broken += 1
    assert broken > 300


@pytest.mark.parametrize(
    "change",
    [
        {"proof": None},
        {"proof": [EXAMPLE["proof"]]},
        {"proof": {**EXAMPLE["proof"], "cryptosuite": "eddsa-rdfc-2022"}},
        {"proof": {**EXAMPLE["proof"], "proofPurpose": "authentication"}},
        {"proof": {**EXAMPLE["proof"], "proofValue": "z1"}},
        {"proof": {**EXAMPLE["proof"], "proofValue": "u" + "A" * 80}},
        {"proof": {**EXAMPLE["proof"], "proofValue": "z" + "1" * 9_000}},
        {"proof": {**EXAMPLE["proof"], "created": "2024-02-24T23:36:38Z"}},
        {"proof": {**EXAMPLE["proof"], "@context": CONTEXT[:1]}},
        {"proof": {**EXAMPLE["proof"], "verificationMethod": "did:key:z6Mk#x"}},
        {"proof": {**EXAMPLE["proof"], "verificationMethod": f"{DID}#other"}},
        {"name": "Another"},
        {"more": 1},
        {"big": 2**60},
        {"half": "\ud800"},
    ],
)
def test_what_is_not_the_proven_document_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Unproven):
        integrity.check({**copy.deepcopy(EXAMPLE), **change}, issuer=DID)


def test_a_proof_by_another_key_than_the_issuers_is_refused() -> None:
    document, _ = signed()
    with pytest.raises(Unproven, match="not the issuer's"):
        integrity.check(document, issuer=DID)


def test_a_did_web_signs_with_the_keys_its_document_lists_and_no_other() -> None:
    key, other = new_key("ed25519"), new_key("ed25519")
    did = "did:web:market.example%3A8000:north"
    document = integrity.sign({"issuer": did}, key.secret, issuer=did, at=AT)
    integrity.check(
        document, issuer=did, resolve=lambda did: integrity.did_document(did, key.material)
    )
    for listed in (
        lambda did: integrity.did_document(did, other.material),
        lambda did: integrity.did_document("did:web:else.example", key.material),
        lambda did: {**integrity.did_document(did, key.material), "assertionMethod": []},
        lambda did: {},
        None,
    ):
        with pytest.raises(Unproven):
            integrity.check(document, issuer=did, resolve=listed)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b"[" * 100_000, b" " * 10**6],
)
def test_what_is_no_document_is_refused_in_one_line(text: bytes) -> None:
    with pytest.raises(Unproven) as refused:
        integrity.read(text)
    assert "\n" not in str(refused.value)


def test_base58_reads_what_it_wrote() -> None:
    chance = Random(2)
    for length in (0, 1, 2, 34, 64):
        raw = b"\0" * (length % 3) + chance.randbytes(length)
        assert integrity.unbase58(integrity.base58(raw)) == raw


def test_a_did_key_of_a_point_of_small_order_is_refused() -> None:
    zero = (1).to_bytes(32, "little").hex()
    with pytest.raises(Unproven):
        integrity.material_of(integrity.did_key(zero))
