"""Words are locked with a key of the principal they are of; without that key nobody reads them.

Where a key is destroyed, all that it locked is gone at once, in every copy and every backup of the
payloads: the keys lie apart and are never copied with them. Salts are locked too, or a short text
could be guessed and the guess proven by its digest. Secrets that replay needs, such as limits, are
no free text and stay as they are; so do the house's own words, and what older releases wrote.

Keys and nonces come from the system's randomness. A simulation, whose people are made up, has them
worked out from its seed instead, so that the seed repeats a journal byte for byte; whoever knows
the seed can read it.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from souq.core.seal import SALT_BYTES
from souq.journal.record import Payload

KEY_BYTES = 32
NONCE_BYTES = 12
_NONCES_PAGE = 256
DESTROYED = b""  # what stands where a key was
_LOCKED = b"\0"  # no JSON begins so, thus older payloads are told apart

Row = tuple[str, bytes, str, bytes]  # digest, salt or nonce, audience, content
Keys = Callable[[str], bytes | None]


class Keyring:
    """Keys by owner, read from where a store keeps them, and remembered."""

    def __init__(
        self,
        read: Keys,
        write: Callable[[Sequence[tuple[str, bytes]]], None],
        has_any: Callable[[], bool],
        seed: bytes = b"",
    ) -> None:
        """`read` gives a stored key or None, `write` stores several durably, over what was.

        `seed` is a simulation's, and b"" in every other market.
        """
        self._read = read
        self._write = write
        self._has_any = has_any
        self._seed = seed
        self._known: dict[str, AESGCM | None] = {}
        self._nonces: list[bytes] = []

    def make_for(self, payloads: Iterable[Payload]) -> None:
        """Make the keys that are missing, durably, before anything is locked with them."""
        owners = {one.owner for one in payloads if one.owner and one.owner not in self._known}
        made = []
        for owner in sorted(owners):
            if self._find(owner) is None and owner not in self._known:
                made.append((owner, self._new_key(owner)))
        if made:
            self._write(made)
            self._known |= {owner: AESGCM(key) for owner, key in made}

    def locked(self, payload: Payload) -> Row | None:
        """Give what is stored of a payload; None where its owner's key was destroyed."""
        if not payload.owner:
            return payload[:4]
        key = self._find(payload.owner)
        if key is None:
            return None
        nonce = self._nonce_for(payload)
        sealed = key.encrypt(nonce, payload.salt + payload.content, _bound(payload))
        owner = payload.owner.encode()
        return payload.digest, nonce, payload.audience, _LOCKED + owner + _LOCKED + sealed

    def unlocked(self, row: Row) -> Payload | None:
        """Give a stored payload, or None where no key here opens it."""
        digest, nonce, audience, content = row
        if not _is_locked(content):
            return Payload(digest, nonce, audience, content)
        owner, sealed = _parted(content)
        key = self._find(owner)
        if key is None:
            return None
        try:
            opened = key.decrypt(
                nonce, sealed, _bound(Payload(digest, nonce, audience, b"", owner))
            )
        except (InvalidTag, ValueError, TypeError):
            return None
        return Payload(digest, opened[:SALT_BYTES], audience, opened[SALT_BYTES:], owner)

    def is_gone(self, row: Row) -> bool:
        """Tell a payload whose key was destroyed, or lies elsewhere, from one that is damaged."""
        if not _is_locked(row[3]):
            return False
        owner, _ = _parted(row[3])
        return self.is_destroyed(owner) or not self._has_any()

    def is_destroyed(self, owner: str) -> bool:
        """Tell whether an owner's key was destroyed."""
        return self._find(owner) is None and owner in self._known

    def destroy(self, owner: str) -> None:
        """Destroy an owner's key for good; nothing of its is ever locked, or kept, again."""
        if self.is_destroyed(owner):
            return
        self._write([(owner, DESTROYED)])
        self._known[owner] = None

    def _new_key(self, owner: str) -> bytes:
        return self._worked_out("key", owner) or secrets.token_bytes(KEY_BYTES)

    def _nonce_for(self, payload: Payload) -> bytes:
        """Give a nonce for a payload; its digest is no other's, nor is what is worked out of it."""
        return self._worked_out("nonce", payload.digest)[:NONCE_BYTES] or self._random_nonce()

    def _worked_out(self, what: str, name: str) -> bytes:
        """Give a simulation's bytes for such a name, whatever else it locks and when; else b""."""
        if not self._seed:
            return b""
        place = f"souq.locking.{what}\0{name}".encode()
        return hashlib.blake2b(place, key=self._seed, digest_size=KEY_BYTES).digest()

    def _random_nonce(self) -> bytes:
        """Give random bytes; each asking of the system lets go of the interpreter's lock."""
        if not self._nonces:
            page = secrets.token_bytes(_NONCES_PAGE * NONCE_BYTES)
            self._nonces = [page[n : n + NONCE_BYTES] for n in range(0, len(page), NONCE_BYTES)]
        return self._nonces.pop()

    def _find(self, owner: str) -> AESGCM | None:
        if owner in self._known:
            return self._known[owner]
        stored = self._read(owner)
        if stored is None:
            return None  # not remembered: somebody else may be writing this market
        found = None if stored == DESTROYED else AESGCM(stored)
        self._known[owner] = found
        return found


def _is_locked(content: object) -> bool:
    return type(content) is bytes and content[:1] == _LOCKED


def _parted(content: bytes) -> tuple[str, bytes]:
    """Give whose key opens what."""
    name, _, sealed = content[1:].partition(_LOCKED)
    return name.decode("utf-8", "replace"), sealed


def _bound(payload: Payload) -> bytes:
    """Give what a locked payload cannot be moved away from: its digest, audience and owner."""
    return "\0".join((payload.digest, payload.audience, payload.owner)).encode()
