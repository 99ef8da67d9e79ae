"""A signed act: a command that its actor put a signature of its own to, for anybody to check later.

It is a detached JWS (RFC 7515, appendix F) by Ed25519 or ES256, over the RFC 8785 bytes of what was
asked, by whom, of which market and under which id. Words are signed as their salted digests, as
they stand in the record: so a receipt is enough to check an act, and erasing a text breaks none.
"""

import json
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.core import base64url
from souq.core.credential import holder
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import RULES, rules
from souq.core.seal import canonical
from souq.core.signature import is_signed
from souq.core.state import View

TYPE = "souq-act"  # what was signed as something else never passes for an act
ALGORITHMS = {"EdDSA": "ed25519", "Ed25519": "ed25519", "ES256": "es256"}
SALT = re.compile(r"[0-9a-f]{32}")
_JWS = re.compile(r"[A-Za-z0-9_-]{1,512}\.\.[A-Za-z0-9_-]{86}")


class Act(NamedTuple):
    """What came with a command: the id it was sent under, and the detached JWS."""

    command_id: str
    jws: str


class Header(Struct, frozen=True, forbid_unknown_fields=True):
    """A protected header: `kid` is the JWK thumbprint of one of the actor's keys."""

    alg: str
    kid: str
    typ: str


def is_jws(text: str) -> bool:
    """Tell whether a text has the form of a detached JWS; only such are recorded."""
    return _JWS.fullmatch(text) is not None


def header_of(jws: str) -> Header:
    """Read the protected header. Raises ValueError."""
    return msgspec.json.decode(base64url.decoded(jws.partition("..")[0]), type=Header)


def fingerprint(jws: str) -> str:
    """Give the thumbprint of the key that an act says it is signed with, or ""."""
    try:
        return header_of(jws).kid
    except ValueError:
        return ""


def signing_input(protected: str, *, market: str, actor: str, id: str, command: Any) -> bytes:
    """Give the bytes that are signed; the command is sealed already."""
    asked = json.loads(canonical.encode(command))
    said = {"actor": actor, "command": asked, "command_id": id, "market": market}
    return f"{protected}.{base64url.encoded(jcs(said))}".encode("ascii")


def check(view: View, actor: str, command: Any, act: Act) -> None:
    """Raise Refused(invalid) unless an act was signed with a live key of its actor's."""
    protected, _, signature = act.jws.partition("..")
    try:
        header, raw = header_of(act.jws), base64url.decoded(signature)
    except ValueError:
        raise invalid("act", "no detached JWS with alg, kid and typ in its header") from None
    if header.typ != TYPE:
        raise invalid("act", f'typ in its header is not "{TYPE}"')
    key = holder(view, header.kid, view.at)
    if key is None or key.owner != actor or ALGORITHMS.get(header.alg) != key.kind:
        raise invalid("act", "signed with a key that is not its actor's")
    market = rules(view).name
    message = signing_input(
        protected, market=market, actor=actor, id=act.command_id, command=command
    )
    if not is_signed(key.kind, key.material, raw, message):
        raise invalid("act", "the signature is not over this command, or not with this salt")


def need(view: View) -> None:
    """Raise Refused(signature_required) where this market takes what binds only signed."""
    house = view.get(RULES, "market")
    if house is not None and house.signed_acts:
        raise Refused(Reason.SIGNATURE_REQUIRED)


def jcs(value: Any) -> bytes:
    """Give the RFC 8785 bytes of what has no fractions: keys in the order of their UTF-16 units."""
    return json.dumps(_ordered(value), separators=(",", ":"), ensure_ascii=False).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        return {key: _ordered(value[key]) for key in keys}
    return [_ordered(one) for one in value] if isinstance(value, list) else value
