"""A passkey in software, as a browser and a phone would have it: ES256, no attestation."""

import hashlib
import secrets
from typing import Any

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from souq.core import base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
Fields = dict[str, Any]


class Authenticator:
    """One passkey; every part of what it says can be made to lie."""

    def __init__(self, origin: str, host: str) -> None:
        self.origin = origin
        self.host = host
        self.id = secrets.token_bytes(32)
        self.handle = b""
        self.count = 0
        self._key = generate_private_key(SECP256R1())

    def make(self, options: Fields, *, flags: int = PRESENT | VERIFIED, **lies: str) -> Fields:
        """Answer `navigator.credentials.create`."""
        self.handle = base64url.decoded(options["user"]["id"])
        public = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        about = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        told = self._told(flags | ATTESTED) + about
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        return self._credential(
            clientDataJSON=self._said("webauthn.create", options, lies),
            attestationObject=attestation,
        )

    def answer(self, options: Fields, *, flags: int = PRESENT | VERIFIED, **lies: str) -> Fields:
        """Answer `navigator.credentials.get`."""
        self.count += 1
        said, told = self._said("webauthn.get", options, lies), self._told(flags)
        signature = self._key.sign(told + hashlib.sha256(said).digest(), ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=said,
            authenticatorData=told,
            signature=signature,
            userHandle=self.handle,
        )

    def _said(self, kind: str, options: Fields, lies: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, **lies}
        return msgspec.json.encode(said)

    def _told(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _credential(self, **response: bytes) -> Fields:
        id = base64url.encoded(self.id)
        told = {name: base64url.encoded(value) for name, value in response.items()}
        return {"id": id, "rawId": id, "type": "public-key", "response": told}
