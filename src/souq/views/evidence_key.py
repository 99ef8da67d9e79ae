"""The key that the market signs its evidence with, and the secret that hides parts of records.

Both are made once and stand in one private file beside the market's data. With another secret the
same journal gives another tree, which fits none of the heads that people kept: so the file is
copied to wherever the market is served from, and is never made anew.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from souq.core.seal import canonical
from souq.core.signature import jwk, thumbprint
from souq.journal.parts import BLINDING_BYTES

FILE = "evidence-key.json"
_HEX_LENGTH = 2 * BLINDING_BYTES


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    private: str
    blinding: str


class EvidenceKey:
    """Signs tree heads and receipts; anybody may check it by `material`, in hex."""

    def __init__(self, private: bytes, blinding: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self.material = self._private.public_key().public_bytes_raw().hex()
        self.blinding = blinding

    def __repr__(self) -> str:
        return f"EvidenceKey({self.material})"

    @classmethod
    def new(cls) -> "EvidenceKey":
        """Make a key that ends with the process."""
        return cls(secrets.token_bytes(32), secrets.token_bytes(BLINDING_BYTES))

    @classmethod
    def load_or_make(cls, folder: Path) -> "EvidenceKey":
        """Read a folder's key, or make it where there is none, readable by its owner alone.

        Raises ValueError for a file that holds no such key.
        """
        found = cls.find(folder)
        if found is None:
            made = _Kept(secrets.token_hex(32), secrets.token_hex(BLINDING_BYTES))
            _write_new(folder / FILE, msgspec.json.encode(made))
            found = cls.find(folder)
            assert found is not None, "it was written just now"
        return found

    @classmethod
    def find(cls, folder: Path) -> "EvidenceKey | None":
        """Read a folder's key, or give None where there is none. Raises ValueError as above."""
        path = folder / FILE
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            kept = msgspec.json.decode(text, type=_Kept)
            if len(kept.private) != _HEX_LENGTH or len(kept.blinding) != _HEX_LENGTH:
                raise ValueError
            return cls(bytes.fromhex(kept.private), bytes.fromhex(kept.blinding))
        except ValueError:
            raise ValueError(
                f"{path} holds no evidence key; bring it back from a copy, for a new one fits"
                " nothing that this market has signed"
            ) from None

    @property
    def jwk(self) -> dict[str, str]:
        """Give the public key as a JSON web key."""
        kid = thumbprint("ed25519", self.material)
        return {**jwk("ed25519", self.material), "kid": kid, "use": "sig", "alg": "EdDSA"}

    def sign(self, content: dict[str, Any]) -> str:
        """Give the signature over the canonical bytes of what its `type` says it is."""
        assert "type" in content, "what is signed says what it is"
        return self._private.sign(canonical.encode(content)).hex()


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; whoever was quicker keeps theirs."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
    except FileExistsError:
        return
    finally:
        partial.unlink(missing_ok=True)
