"""The walker's moves with keys: added, rotated, ended, and planted by whoever should not."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from souq.core.credential import KEYS, AddKey, RevokeKey
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.rules import HOUR_US, OPERATOR


def material(kind: str, number: int) -> str:
    """Give the same key for the same number."""
    seed = hashlib.sha256(str(number).encode()).digest()
    if kind == "bearer":
        return seed.hex()
    if kind == "ed25519":
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    public = derive_private_key(int.from_bytes(seed) >> 1, SECP256R1()).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()


def principal_of(walk: Any, owner: str) -> str:
    agent = walk.state.get(AGENTS, owner)
    return agent.principal if agent else owner


def add_key(walk: Any) -> Any:
    chance = walk.chance
    owners = [*walk.state.rows(AGENTS), *walk.state.rows(PRINCIPALS), "O1", OPERATOR]
    owner = chance.choice((chance.choice(owners), "A1", "P1"))
    who = chance.choice((OPERATOR, principal_of(walk, owner), principal_of(walk, owner)))
    if chance.randint(0, 11) == 0:
        who = owner  # which an agent may not
    kind = chance.choice(("bearer", "bearer", "ed25519", "es256"))
    number = chance.randint(1, walk.number + 9)
    own = [key.id for key in walk.rows(KEYS) if key.owner == owner]
    replaces = chance.choice(own) if own and chance.randint(0, 1) else ""
    if chance.randint(0, 11) == 0 and walk.rows(KEYS):
        replaces = chance.choice(walk.rows(KEYS)).id
    ends = walk.now + HOUR_US if chance.randint(0, 2) == 0 else None
    return who, AddKey(owner, kind, material(kind, number), ends, replaces)


def end_key(walk: Any) -> Any:
    if not walk.rows(KEYS):
        return None
    key = walk.chance.choice(walk.rows(KEYS))
    who = walk.chance.choice((OPERATOR, key.owner, principal_of(walk, key.owner)))
    if walk.chance.randint(0, 11) == 0:
        who = walk.chance.choice(list(walk.state.rows(AGENTS)))
    return who, RevokeKey(key.id)
