"""Digests of what is delivered, samples drawn by lot, and content that a key opens.

sealed = encrypt(content, key)          # what the giver hands over before it is paid
CommitDelivery(contract, sha256(sealed), of_code(contract, key))
decrypt(sealed, key) == content         # what anybody can check once the key is shown
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from souq.core.epoch import lot

KEY_BYTES, NONCE_BYTES = 32, 12


def sha256(content: bytes) -> str:
    """Give the digest of some content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def new_key() -> str:
    """Make a key to encrypt one delivery with."""
    return secrets.token_hex(KEY_BYTES)


def encrypt(content: bytes, key: str) -> bytes:
    """Encrypt content under a key, with AES-256-GCM; the nonce comes first."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(bytes.fromhex(key)).encrypt(nonce, content, None)


def decrypt(sealed: bytes, key: str) -> bytes | None:
    """Open what was encrypted, or give None where this key does not open it."""
    try:
        cipher = AESGCM(bytes.fromhex(key))
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None


def sample(seed: str, contract: str, evidence: str, rows: int, count: int) -> tuple[int, ...]:
    """Draw which rows of a delivery to look at, by a seed that its giver did not know.

    Over the delivery's own digest, so that it cannot be made to fit the sample.
    """
    by_lot = sorted(range(rows), key=lambda row: lot(seed, "sample", contract, evidence, str(row)))
    return tuple(sorted(by_lot[:count]))
