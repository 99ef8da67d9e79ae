"""HTTP message signatures (RFC 9421) at the door: what was signed, by which key, and never twice.

A signature counts when it covers all that `core.signature` asks for, stands alone in its request,
was made within the window, and, where the method changes something, brings a nonce that its key
has not used. What the door has forgotten is too old, so forgetting never lets a replay through.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    MappingKeyResolver,
    algorithms,
)
from msgspec import Struct

from souq.core.credential import Key, holder
from souq.core.signature import (
    AHEAD_S,
    NONCE_LENGTH,
    SAFE_METHODS,
    TAG,
    WEBHOOK_TAG,
    WINDOW_S,
    PublicKey,
    components,
    jwk,
    public_key,
    thumbprint,
)
from souq.core.state import State
from souq.journal.store import Store

SECOND_US = 1_000_000
INPUT_MAX = 2_048  # characters of Signature-Input, and of Signature
NONCES_MAX = 1_000_000  # that a door remembers; a minute's worth at sixteen thousand a second
_RECALL_CHUNK = 2_000
_KEYID = re.compile(';[ ]*keyid="([^"]*)"')
_ALGORITHMS = {"ed25519": algorithms.ED25519, "es256": algorithms.ECDSA_P256_SHA256}

# What a client may be told to sign with (RFC 9421, 5.1), for the header of that name.
ACCEPT_SIGNATURE = (
    'souq=("@method" "@authority" "@path" "@query" "content-digest" "idempotency-key")'
    f';created;expires;nonce;keyid;tag="{TAG}"'
)
REALM = 'Bearer realm="souq"'


class Unauthenticated(Exception):
    """Who speaks could not be proven. `challenge` is for the header WWW-Authenticate."""

    def __init__(self, why: str, challenge: str = f'{REALM}, error="invalid_token"') -> None:
        super().__init__(why)
        self.why = why
        self.challenge = challenge


class Request(NamedTuple):
    """A request as it came over the wire, of which nothing is decoded or made neat."""

    method: str
    authority: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Signed(NamedTuple):
    """What a good signature proves."""

    key: Key
    nonce: str


class SignatureCheck:
    """Judges the signatures of requests against the keys in the market's state."""

    def __init__(self, state: Callable[[], State], clock: Callable[[], int]) -> None:
        """Take where the state is found, and a clock of microseconds UTC."""
        self._state = state
        self._clock = clock
        self.nonces = Nonces(clock() // SECOND_US)
        self._verifiers = {
            kind: _Verifier(algorithm, _Keys(kind, self._key), self._now)
            for kind, algorithm in _ALGORITHMS.items()
        }

    def check(self, request: Request) -> Signed:
        """Give the key that signed a request, and spend its nonce. Raises Unauthenticated."""
        headers = _Headers(request.headers)
        hint = headers.only("signature-input")
        if max(len(hint), len(headers.only("signature"))) > INPUT_MAX:
            raise Unauthenticated(f"a signature's header is longer than {INPUT_MAX} characters")
        is_safe = request.method in SAFE_METHODS
        if not is_safe:
            headers.only("idempotency-key")
        # Which algorithm to try is read from the bare text. A wrong guess cannot pass: the key is
        # looked up again by what the verifier parsed, and must be of this verifier's kind.
        named = _KEYID.search(hint)
        fingerprint = named[1] if named else ""
        key = self._key(fingerprint)
        if key is None or key.kind not in self._verifiers:
            raise Unauthenticated("the key is unknown, expired or revoked")
        message = _Message(request.method, _url(request), headers.named_in(hint))
        try:
            found = self._verifiers[key.kind].verify(message, max_age=None)[0]
            digest = found.covered_components.get('"content-digest"')
            # Not by the library's own `body=`, which parses every component again to find it.
            if digest is not None:
                ContentDigest.verify(digest, request.body)
        except HTTPMessageSignaturesException as error:
            raise Unauthenticated(f"the signature does not hold: {error}") from error
        if found.parameters["keyid"] != fingerprint:
            raise Unauthenticated("the signature names two keys")
        for name in components(request.method, has_body=bool(request.body)):
            if f'"{name}"' not in found.covered_components:
                raise Unauthenticated(f'the signature does not cover "{name}"')
        if is_safe:
            return Signed(key, "")
        shortest, longest = NONCE_LENGTH
        if found.nonce is None or not shortest <= len(found.nonce) <= longest:
            raise Unauthenticated(f"a nonce has {shortest} to {longest} characters")
        nonce = f"{key.id}:{found.nonce}"
        self.nonces.spend(nonce, int(found.parameters["created"]), self._now())
        return Signed(key, nonce)

    def _key(self, fingerprint: str) -> Key | None:
        return holder(self._state(), fingerprint, self._clock())

    def _now(self) -> int:
        return self._clock() // SECOND_US


class Nonces:
    """The nonces of a window's signatures, each good once."""

    def __init__(self, now_s: int, most: int = NONCES_MAX) -> None:
        """Take the time, and how many to remember at the most."""
        self.most = most
        self._spent: set[str] = set()
        self._by_age: list[tuple[int, str]] = []
        # Signatures made up to this second cannot be told from replays, whatever the clock says
        # later: their nonces were forgotten, or were spent before this door opened.
        self._forgotten = _too_old(now_s)

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, nonce: str, created_s: int, now_s: int) -> None:
        """Use up a nonce. Raises Unauthenticated where that was done before."""
        while self._by_age and self._by_age[0][0] < now_s - WINDOW_S:
            age, old = heappop(self._by_age)
            self._spent.discard(old)
            self._forgotten = max(self._forgotten, age)
        if created_s <= self._forgotten:
            raise Unauthenticated("the signature is too old")
        if nonce in self._spent:
            raise Unauthenticated("the nonce was used before")
        if len(self._spent) >= self.most:
            raise Unauthenticated("too many signed requests at once; try again in a minute")
        self._spent.add(nonce)
        heappush(self._by_age, (created_s, nonce))

    def recall(self, store: Store, now_us: int) -> int:
        """Read the nonces again that a window's last records carry; give their number.

        A record is stamped when its signature was at most `WINDOW_S` old and at most `AHEAD_S`
        ahead, so nothing that could pass again stands before the limit, even where a clock that
        goes wrong has stamped it: stamps never go back.
        """
        # What was made longer ago is not read, though another door may have let it in meanwhile.
        self._forgotten = max(self._forgotten, _too_old(now_us // SECOND_US))
        limit = now_us - (WINDOW_S + 2 * AHEAD_S) * SECOND_US
        until, _ = store.head()
        while until > 0:
            start = max(1, until - _RECALL_CHUNK + 1)
            oldest = 0
            for entry in store.read(start, until):
                mark = _read_mark(entry.body)
                oldest = oldest or mark.at
                if mark.nonce and mark.at >= limit and mark.nonce not in self._spent:
                    self._spent.add(mark.nonce)
                    # The second it was signed is not recorded: the latest possible is kept.
                    self._by_age.append((mark.at // SECOND_US + AHEAD_S, mark.nonce))
            if oldest < limit:
                break
            until = start - 1
        heapify(self._by_age)
        return len(self._spent)


def _too_old(now_s: int) -> int:
    """Give the last second whose signatures are no longer good."""
    return now_s - WINDOW_S - 1


class MarketKey:
    """The market's own key: it signs what the market sends, and anybody may check it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._material = private.public_key().public_bytes_raw().hex()
        self.fingerprint = thumbprint("ed25519", self._material)
        self._private = private
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519,
            key_resolver=MappingKeyResolver(
                public_keys={}, private_keys={self.fingerprint: private}
            ),
        )

    @classmethod
    def load_or_make(cls, path: Path) -> "MarketKey":
        """Read the key, or make it where there is none, readable by its owner alone."""
        if not path.exists():
            _write_new(path, Ed25519PrivateKey.generate())
        private = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError(f"{path} holds another kind of key than Ed25519")
        return cls(private)

    @property
    def jwk(self) -> dict[str, str]:
        """Give the public key as a JSON web key."""
        members = jwk("ed25519", self._material)
        return {**members, "kid": self.fingerprint, "use": "sig", "alg": "EdDSA"}

    def sign(self, message: bytes) -> bytes:
        """Sign what the market says of itself, such as a card."""
        return self._private.sign(message)

    def secret_for(self, label: bytes) -> bytes:
        """Derive a secret for one use, the same wherever and whenever this key serves."""
        secret = self._private.private_bytes_raw()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret)

    def sign_headers(
        self, method: str, url: str, body: bytes, idempotency_key: str, created_s: int
    ) -> dict[str, str]:
        """Give the headers that prove a request to be the market's, as its clients prove theirs.

        `idempotency_key` stays the same when a delivery is tried again, so that its receiver can
        tell; the nonce does not.
        """
        headers = {"Idempotency-Key": idempotency_key}
        self._signer.sign(
            _Outgoing(method, url, headers),
            key_id=self.fingerprint,
            created=datetime.fromtimestamp(created_s, UTC),
            expires=datetime.fromtimestamp(created_s + WINDOW_S, UTC),
            nonce=secrets.token_urlsafe(18),
            label=TAG,
            tag=WEBHOOK_TAG,
            include_alg=False,
            covered_component_ids=components(method, has_body=bool(body)),
            body=body or None,
        )
        return headers


def jwks(*keys: MarketKey) -> dict[str, list[dict[str, str]]]:
    """Give the market's public keys as a JSON web key set (RFC 7517, 5)."""
    return {"keys": [key.jwk for key in keys]}


def _write_new(path: Path, private: Ed25519PrivateKey) -> None:
    """Write a key whole or not at all; where another start was quicker, its key stands."""
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    half = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(half, path)
    half.unlink()


class _Outgoing(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]


class _Mark(Struct):
    at: int
    nonce: str = ""


_read_mark = msgspec.json.Decoder(_Mark).decode


class _Headers:
    """All header lines, as the library wants them."""

    def __init__(self, lines: list[tuple[bytes, bytes]]) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]

    def items(self) -> list[tuple[str, str]]:
        return self._lines

    def named_in(self, hint: str) -> "_Headers":
        """Leave out what a signature does not speak of: the library reads all it gets, and thrice.

        All lines of a header stay or go together, so this can make a signature fail, never hold.
        """
        kept = _Headers([])
        kept._lines = [
            line
            for line in self._lines
            if line[0] in ("signature", "signature-input") or f'"{line[0]}"' in hint
        ]
        return kept

    def only(self, name: str) -> str:
        """Give the one line of a header. Raises Unauthenticated for none or several."""
        found = [value for one, value in self._lines if one == name]
        if len(found) != 1:
            count = "no" if not found else "more than one"
            raise Unauthenticated(f"a signed request carries {count} header {name.title()}")
        return found[0]


class _Message(NamedTuple):
    """A request, as the library wants it."""

    method: str
    url: str
    headers: _Headers


def _url(request: Request) -> str:
    """Write down where a request went; what it covers is read from there."""
    target = f"{request.path}?{request.query.decode('latin-1')}"
    if not target.startswith("/") or "#" in target:
        # The library would cut off what follows, and the signature would not cover it.
        raise Unauthenticated("a signed request has a plain path and query")
    return f"http://{request.authority}{target}"


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, kind: str, find: Callable[[str], Key | None]) -> None:
        self._kind = kind
        self._find = find

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        key = self._find(key_id)
        return public_key(key.kind, key.material) if key and key.kind == self._kind else None


class _Verifier(HTTPMessageVerifier):
    """The library's verifier under our clock and our rules for the parameters."""

    def __init__(self, algorithm: Any, keys: _Keys, now: Callable[[], int]) -> None:
        super().__init__(signature_algorithm=algorithm, key_resolver=keys)
        self._now_s = now

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Judge the parameters before any cryptography is spent on them."""
        given = sig_input.params
        created, expires = given.get("created"), given.get("expires")
        now = self._now_s()
        if type(created) is not int or type(expires) is not int:
            raise Unauthenticated("a signature says when it was created and when it expires")
        if not 0 < expires - created <= WINDOW_S:
            raise Unauthenticated(f"a signature is good for at most {WINDOW_S} seconds")
        if created > now + AHEAD_S:
            raise Unauthenticated("the signature was created in the future; check the clock")
        if expires < now:  # so created, too, is at most a window ago
            raise Unauthenticated("the signature is too old")
        if given.get("tag") != TAG:
            raise Unauthenticated(
                f'the signature was not made for this use: its tag is not "{TAG}"'
            )
