"""Keys on the client's side: make one, keep it in a file, and prove with it who sends a request.

    made = new_key_file(Path("bea.key"), "ed25519", owner="A1")
    ... AddKey("A1", made.kind, made.material) ...      # by A1's principal, or the operator
    Signer(load_key(Path("bea.key"))).headers_for("POST", url, body, "some-id")

The market is told a key's `material`, which proves nothing by itself; `secret` never leaves.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
    algorithms,
)
from msgspec import Struct

from souq.core import base64url
from souq.core.credential import BEARER, Kind
from souq.core.signature import TAG, WINDOW_S, components, thumbprint

BEARER_PREFIX = "souq_"  # lets scanners for leaked secrets find ours
_NONCE_BYTES = 18

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


class BearerSecret(NamedTuple):
    """A new secret, and the digest that the market is told."""

    secret: str
    material: str


class KeyFile(Struct, frozen=True):
    """What stands in a key file. `secret` is the bearer secret, or the private key in hex."""

    kind: Kind
    secret: str
    material: str
    owner: str = ""

    def __repr__(self) -> str:
        return f"KeyFile({self.kind}, owner={self.owner!r})"  # a repr ends up in logs


def bearer_secret() -> BearerSecret:
    """Make 256 random bits into a secret that is easy to copy and to find."""
    secret = BEARER_PREFIX + base64url.encoded(secrets.token_bytes(32))
    return BearerSecret(secret, digest_of_secret(secret))


def digest_of_secret(secret: str) -> str:
    """Give what the market is told of a bearer secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key(kind: Kind, owner: str = "") -> KeyFile:
    """Make a key."""
    if kind == BEARER:
        made = bearer_secret()
        return KeyFile(kind, made.secret, made.material, owner)
    if kind == "ed25519":
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        return KeyFile(kind, private.private_bytes_raw().hex(), public.hex(), owner)
    number = generate_private_key(SECP256R1())
    point = number.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    secret = number.private_numbers().private_value.to_bytes(32).hex()
    return KeyFile(kind, secret, point.hex(), owner)


def new_key_file(path: Path, kind: Kind, owner: str = "") -> KeyFile:
    """Make a key and keep it where only its owner reads. Raises FileExistsError."""
    made = new_key(kind, owner)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def load_key(path: Path) -> KeyFile:
    """Read a key file. Raises OSError, and ValueError for one that holds no key."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is no key file: {error}") from error


def signature_of(key: KeyFile, message: bytes) -> bytes:
    """Sign a message as JWS does, in 64 bytes. Raises ValueError for a bearer secret."""
    if key.kind == BEARER:
        raise ValueError("a bearer secret cannot sign; make a key with: souq keys new me.key")
    if key.kind == "ed25519":
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.secret)).sign(message)
    private = derive_private_key(int(key.secret, 16), SECP256R1())
    r, s = decode_dss_signature(private.sign(message, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


class Signer:
    """Proves who sends a request, by whichever kind of key it was given."""

    def __init__(self, key: KeyFile, clock: Callable[[], float] = time.time) -> None:
        """Take a key, and a clock of seconds."""
        self.key = key
        self._clock = clock
        if key.kind == BEARER:
            return
        private: PrivateKey
        algorithm: type[HTTPSignatureAlgorithm]
        if key.kind == "ed25519":
            algorithm = algorithms.ED25519
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.secret))
        else:
            algorithm = algorithms.ECDSA_P256_SHA256
            private = derive_private_key(int(key.secret, 16), SECP256R1())
        self.fingerprint = thumbprint(key.kind, key.material)
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithm,
            key_resolver=MappingKeyResolver(
                public_keys={}, private_keys={self.fingerprint: private}
            ),
        )

    def headers_for(
        self, method: str, url: str, body: bytes = b"", idempotency_key: str = ""
    ) -> dict[str, str]:
        """Give the headers that prove who sends a request, with its Idempotency-Key if it has one.

        `url` and `body` are what goes over the wire, to the byte. Ask anew for every attempt: a
        signature is good once.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        if self.key.kind == BEARER:
            return {**headers, "Authorization": f"Bearer {self.key.secret}"}
        created = int(self._clock())
        self._signer.sign(
            _Message(method, url, headers),
            key_id=self.fingerprint,
            created=datetime.fromtimestamp(created, UTC),
            expires=datetime.fromtimestamp(created + WINDOW_S, UTC),
            nonce=secrets.token_urlsafe(_NONCE_BYTES),
            label=TAG,
            tag=TAG,
            include_alg=False,  # the key says which; a second word could only differ
            covered_component_ids=components(method, has_body=bool(body)),
            body=body or None,
        )
        return headers


class _Message(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]
