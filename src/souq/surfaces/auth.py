"""Who speaks: a bearer key, a signature, or nobody in particular.

Every request is asked once, here; what the speaker may do is for the core to say. A request that
brings no proof speaks as "", for what everybody may ask.
"""

import hashlib
from collections.abc import Callable, Collection
from typing import NamedTuple

from souq.core.credential import BEARER, KEYS, Key, has_expired, holder
from souq.core.state import State
from souq.journal.store import Store
from souq.surfaces.signatures import REALM, Request, SignatureCheck, Unauthenticated

__all__ = ["CHALLENGE", "Authenticator", "Speaker", "Unauthenticated"]

TOKEN_MAX = 256
CHALLENGE = REALM  # for a 401 where a request brought no proof, and needs one


class Speaker(NamedTuple):
    """Who speaks (or "" for anybody), by which key, and the nonce to record with a command."""

    actor: str
    key: str = ""
    nonce: str = ""


ANYBODY = Speaker("")


class Authenticator:
    """Proves who speaks, from the market's state as it is at that moment."""

    def __init__(
        self,
        state: Callable[[], State],
        clock: Callable[[], int],
        authorities: Collection[str],
    ) -> None:
        """Take where the state is found, a clock of microseconds, and this market's own hosts.

        `authorities` are what clients write after `https://`, such as "127.0.0.1:8000" or
        "market.example": a request signed for another host is refused.
        """
        self._state = state
        self._clock = clock
        self.authorities = frozenset(one.lower() for one in authorities)
        self._signatures = SignatureCheck(state, clock)

    def recall(self, store: Store) -> int:
        """Read the nonces of the last minute again, once at start or after a takeover."""
        return self._signatures.nonces.recall(store, self._clock())

    def speaker(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
    ) -> Speaker:
        """Tell who sent a request, and spend its nonce. Raises Unauthenticated.

        `path` is the raw path, percent-encoding and all; header names are in small letters.
        """
        authorization = host = None
        is_signed = False
        for name, value in headers:
            if name == b"authorization":
                if authorization is not None:
                    raise Unauthenticated("two headers Authorization")
                authorization = value
            elif name == b"signature-input" or name == b"signature":
                is_signed = True
            elif name == b"host":
                if host is not None:
                    raise Unauthenticated("two headers Host")
                host = value
        if authorization is not None:
            if is_signed:
                raise Unauthenticated("a request is signed or brings a bearer key, not both")
            return self._bearer(authorization)
        if not is_signed:
            return ANYBODY
        authority = self._authority((host or b"").decode("latin-1"))
        request = Request(method, authority, path, query, headers, body)
        signed = self._signatures.check(request)
        return Speaker(signed.key.owner, signed.key.id, signed.nonce)

    def is_live(self, speaker: Speaker) -> bool:
        """Tell whether the key that somebody spoke with still lets them speak."""
        return self.key(speaker) is not None

    def key(self, speaker: Speaker) -> Key | None:
        """Give the key that somebody spoke with, while it lets them speak."""
        key = self._state().get(KEYS, speaker.key)
        return None if key is None or has_expired(key, self._clock()) else key

    def key_of(self, owner: str, fingerprint: str) -> Key | None:
        """Give somebody's live key, for what was signed with it beside a request."""
        key = holder(self._state(), fingerprint, self._clock())
        return key if key is not None and key.owner == owner else None

    def _bearer(self, authorization: bytes) -> Speaker:
        token = authorization[7:].strip()
        if authorization[:7].lower() != b"bearer " or not 0 < len(token) <= TOKEN_MAX:
            raise Unauthenticated("Authorization is `Bearer` and a key")
        # Found by its digest, so that how long the search takes tells nothing about the secret.
        fingerprint = hashlib.sha256(token).hexdigest()
        key = holder(self._state(), fingerprint, self._clock())
        if key is None or key.kind != BEARER:
            raise Unauthenticated("the key is unknown, expired or revoked")
        return Speaker(key.owner, key.id)

    def _authority(self, host: str) -> str:
        """Give the host as RFC 9421, 2.2.3 has it: small letters, no port that is the scheme's."""
        name = host.lower()
        for known in (name, name.removesuffix(":80"), name.removesuffix(":443")):
            if known in self.authorities:
                return known
        raise Unauthenticated(f"this market does not answer to the host {host[:64]!r}")
