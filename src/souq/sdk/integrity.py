"""Data Integrity proofs with `eddsa-jcs-2022`: a JSON document signed so that anybody can check it.

The proof's options and the document are each canonicalised (RFC 8785) and hashed; the two hashes,
options first, are signed with Ed25519. Who signs is a DID: `did:key` holds its key in its name,
`did:web` points to a document that whoever checks must bring along.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.signature import check_public, is_signed

Json = dict[str, Any]
Resolve = Callable[[str], Json]

SUITE = "eddsa-jcs-2022"
DOCUMENT_MAX = 256 * 1024
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # the multicodec of an Ed25519 public key
_WEB = re.compile(r"did:web:[A-Za-z0-9.-]+(?:%3A[0-9]+)?(?::[A-Za-z0-9._-]+)*")
_TEXT_MAX = 512


class Unproven(ValueError):
    """A document is not what it says, or not by whom; the message says why."""


def base58(raw: bytes) -> str:
    """Write bytes as multibase base58btc, with its "z" in front."""
    number, found = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        found = _ALPHABET[digit] + found
    return "z" + "1" * (len(raw) - len(raw.lstrip(b"\0"))) + found


def unbase58(text: str) -> bytes:
    """Read what `base58` wrote. Raises Unproven."""
    if not text.startswith("z") or len(text) > _TEXT_MAX:
        raise Unproven("not a multibase base58btc text")
    number = 0
    for sign in text[1:]:
        digit = _ALPHABET.find(sign)
        if digit < 0:
            raise Unproven("not a multibase base58btc text")
        number = number * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def did_key(material: str) -> str:
    """Give the did:key of an Ed25519 public key in hex."""
    return f"did:key:{base58(_ED25519 + bytes.fromhex(material))}"


def material_of(did: str) -> str:
    """Give the Ed25519 public key, in hex, that a did:key is. Raises Unproven."""
    raw = unbase58(did.removeprefix("did:key:"))
    if not did.startswith("did:key:") or raw[:2] != _ED25519 or len(raw) != 34:
        raise Unproven("not a did:key of an Ed25519 key")
    material = raw[2:].hex()
    try:
        check_public("ed25519", material)
    except ValueError as error:
        raise Unproven(f"the did:key holds a bad key: {error}") from None
    return material


def did_document(did: str, material: str) -> Json:
    """Write the document that a did:web points to, for its owner to put there."""
    multibase = base58(_ED25519 + bytes.fromhex(material))
    method = {
        "id": f"{did}#{multibase}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": multibase,
    }
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [method],
        "assertionMethod": [method["id"]],
    }


def sign(document: Json, secret: str, *, issuer: str, at: datetime) -> Json:
    """Give a document with its proof. `secret` is an Ed25519 private key in hex."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    multibase = base58(_ED25519 + key.public_key().public_bytes_raw())
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": f"{issuer}#{multibase}",
        "proofPurpose": "assertionMethod",
    }
    if "@context" in document:
        options["@context"] = document["@context"]
    proof = {**options, "proofValue": base58(key.sign(_hashed(options, document)))}
    return {**document, "proof": proof}


def check(document: Json, *, issuer: str, resolve: Resolve | None = None) -> None:
    """Raise Unproven unless a document is signed by its issuer and unchanged since."""
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise Unproven("there is no proof, or more than one")
    needed = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "proofPurpose": "assertionMethod",
    }
    for name, value in needed.items():
        if proof.get(name) != value:
            raise Unproven(f"the proof's {name} is not {value}")
    method, told = proof.get("verificationMethod"), proof.get("proofValue")
    if not isinstance(method, str) or not isinstance(told, str):
        raise Unproven("the proof names no key, or no signature")
    if method.partition("#")[0] != issuer:
        raise Unproven("the proof is by a key that is not the issuer's")
    if "@context" in proof and proof["@context"] != document.get("@context"):
        raise Unproven("the proof was made for another @context")
    material = _material(issuer, method, resolve)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    rest = {name: value for name, value in document.items() if name != "proof"}
    if not is_signed("ed25519", material, unbase58(told), _hashed(options, rest)):
        raise Unproven("the signature does not fit: it was forged, or the document changed")


def read(text: bytes) -> Json:
    """Read a JSON document from a stranger. Raises Unproven."""
    if len(text) > DOCUMENT_MAX:
        raise Unproven(f"a document has at most {DOCUMENT_MAX} bytes")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Unproven):
            raise
        raise Unproven("not a JSON document") from None
    if not isinstance(found, dict):
        raise Unproven("not a JSON object")
    return found


def digest(document: Json) -> str:
    """Name a signed document: SHA-256 over what was signed, without its proof."""
    rest = {name: value for name, value in document.items() if name != "proof"}
    return hashlib.sha256(_canonical(rest)).hexdigest()


def _material(issuer: str, method: str, resolve: Resolve | None) -> str:
    if issuer.startswith("did:key:"):
        if method != f"{issuer}#{issuer.removeprefix('did:key:')}":
            raise Unproven("a did:key has one key, and the proof names another")
        return material_of(issuer)
    if not _WEB.fullmatch(issuer):
        raise Unproven("an issuer is a did:key or a did:web")
    if resolve is None:
        raise Unproven(f"the document of {issuer} is needed to check this")
    found = resolve(issuer)
    methods = found.get("verificationMethod")
    asserts = found.get("assertionMethod")
    if found.get("id") != issuer or not isinstance(methods, list) or not isinstance(asserts, list):
        raise Unproven(f"not the document of {issuer}")
    for one in methods:
        if isinstance(one, dict) and one.get("id") == method and one.get("controller") == issuer:
            multibase = one.get("publicKeyMultibase")
            if method in asserts and isinstance(multibase, str):
                return material_of(f"did:key:{multibase}")
    raise Unproven(f"{issuer} does not sign with the key that the proof names")


def _hashed(options: Json, document: Json) -> bytes:
    ours, theirs = hashlib.sha256(_canonical(options)), hashlib.sha256(_canonical(document))
    return ours.digest() + theirs.digest()


def _canonical(value: Json) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        raise Unproven("the document has no canonical form") from None


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unproven("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise Unproven(f"{name} is no JSON")
