"""Requests signed by hand, from the words of RFC 9421, so that no library agrees with itself."""

import hashlib
from base64 import b64encode
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from souq.core.credential import AddKey, Kind
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.core.signature import thumbprint
from souq.core.state import State
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.sdk.signing import KeyFile, new_key
from souq.surfaces.auth import Authenticator, Speaker

HOST = "market.example"
START_S = 1_800_000_000
PATH = "/v1/commands"
BODY = b'{"type":"RevokeKey","key":"K9"}'
NONCE = "0123456789abcdef"
POST = ("@method", "@authority", "@path", "@query", "content-digest", "idempotency-key")
GET = ("@method", "@authority", "@path", "@query")
KINDS: tuple[Kind, ...] = ("bearer", "ed25519", "es256")
SIGNED: tuple[Kind, ...] = ("ed25519", "es256")


class Sent(NamedTuple):
    """A request as a door gets it."""

    headers: list[tuple[bytes, bytes]]
    method: str = "POST"
    path: str = PATH
    query: bytes = b""
    body: bytes = BODY

    def header(self, name: str) -> str:
        return next(value.decode("latin-1") for one, value in self.headers if one.decode() == name)

    def without(self, name: str) -> "Sent":
        return self._replace(headers=[one for one in self.headers if one[0].decode() != name])

    def plus(self, name: str, value: str) -> "Sent":
        line = (name.encode(), value.encode("latin-1"))
        return self._replace(headers=[*self.headers, line])

    def altered(self, name: str, value: str) -> "Sent":
        return self.without(name).plus(name, value)


class Door:
    """An open market whose agent A1 holds a key of each kind, under a clock that a test moves."""

    def __init__(self) -> None:
        self.now = START_S * 1_000_000
        self.store = MemoryStore()
        self.engine = Engine(self.store, clock=lambda: self.now)
        self._asked = 0
        self.do(OPERATOR, OpenMarket())
        self.do(OPERATOR, RegisterPrincipal(PublicText("Ann")))
        self.do("P1", RegisterAgent("P1", PublicText("Bea")))
        self.keys = {kind: new_key(kind, "A1") for kind in KINDS}
        self.ids = {kind: self.add(key) for kind, key in self.keys.items()}
        self.authenticator = self.open()

    def open(self) -> Authenticator:
        """Open another door to the same market, as a restart does."""
        return Authenticator(self.state, lambda: self.now, [HOST, "127.0.0.1:8000"])

    def state(self) -> State:
        return self.engine.state

    @property
    def now_s(self) -> int:
        return self.now // 1_000_000

    def pass_s(self, seconds: int) -> None:
        self.now += seconds * 1_000_000

    def do(self, actor: str, command: Any, nonce: str = "") -> Any:
        self._asked += 1
        return self.engine.submit(actor, f"c{self._asked}", command, nonce).need()

    def add(self, key: KeyFile, **more: Any) -> str:
        added = self.do(OPERATOR, AddKey(key.owner, key.kind, key.material, **more)).events[-1]
        id: str = added.key
        return id

    def ask(self, sent: Sent, at: Authenticator | None = None) -> Speaker:
        return (at or self.authenticator).speaker(
            sent.method, sent.path, sent.query, sent.headers, sent.body
        )

    def signed(self, kind: Kind = "ed25519", **more: Any) -> Sent:
        """Give a good request, or one that is wrong in just what `more` says."""
        return sign(self.keys[kind], self.now_s, **more)


def bare(method: str = "POST", body: bytes = BODY, **more: Any) -> Sent:
    """Give a request before it is signed."""
    headers = [(b"host", HOST.encode()), (b"accept", b"*/*")]
    if method == "POST":
        headers.append((b"idempotency-key", b"i-1"))
    if body:
        digest = b64encode(hashlib.sha256(body).digest())
        headers.append((b"content-digest", b"sha-256=:" + digest + b":"))
    return Sent(headers, method, body=body, **more)


def sign(
    key: KeyFile,
    now_s: int,
    sent: Sent | None = None,
    covered: tuple[str, ...] = POST,
    label: str = "souq",
    **parameters: Any,
) -> Sent:
    """Sign a request as RFC 9421, 2.5 says.

    Parameters that are given come first, and those given as None are left out.
    """
    sent = sent or bare()
    usual: dict[str, Any] = {
        "created": now_s,
        "expires": now_s + 60,
        "nonce": NONCE,
        "keyid": key.material if key.kind == "bearer" else thumbprint(key.kind, key.material),
        "tag": "souq",
    }
    given = {**parameters, **{name: one for name, one in usual.items() if name not in parameters}}
    told = "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in given.items()
        if value is not None
    )
    names = " ".join(f'"{one}"' for one in covered)
    inner = f"({names}){told}"
    lines = [f'"{one}": {_value(sent, one)}' for one in covered]
    lines.append(f'"@signature-params": {inner}')
    proof = b64encode(_proof(key, "\n".join(lines).encode())).decode()
    return sent.plus("signature-input", f"{label}={inner}").plus("signature", f"{label}=:{proof}:")


def _value(sent: Sent, component: str) -> str:
    derived = {
        "@method": sent.method,
        "@authority": HOST,
        "@path": sent.path,
        "@query": "?" + sent.query.decode(),
    }
    return derived[component] if component in derived else sent.header(component)


def _proof(key: KeyFile, base: bytes) -> bytes:
    if key.kind == "es256":
        private = derive_private_key(int(key.secret, 16), SECP256R1())
        r, s = decode_dss_signature(private.sign(base, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    seed = key.secret if key.kind == "ed25519" else key.material  # a bearer key signs nothing
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).sign(base)
