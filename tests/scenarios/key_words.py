"""The words of the little language for keys: who adds them, who ends them, whom they let speak.

A key's name in a story is all there is to it: the same name is the same key, everywhere.
"""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.credential import KEY_IDS, AddKey, RevokeKey, holder
from souq.core.signature import thumbprint
from tests.scenarios.words import claim, interval, step


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _public(name: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(_digest(name)).public_key().public_bytes_raw().hex()


def _id(play: Any, name: str) -> str:
    state = play.engine.state
    fingerprints = (_digest(name).hex(), thumbprint("ed25519", _public(name)))
    found = (state.get(KEY_IDS, one) for one in fingerprints)
    return next((id for id in found if id), "K0")


def _party(play: Any, name: str, voice: str | None) -> str:
    return str(play.actor(name, "agent" if voice else "principal"))


@step(
    r"adds (signing )?key (\w+) for (\w+)('s agent)?(?: for (\d+ \w+))?(?: in place of (\w+))?",
    "principal",
)
def _adds(play: Any, who: str, said: Any) -> Any:
    is_public, name, owner, voice, length, old = said.groups()
    return AddKey(
        _party(play, owner, voice),
        "ed25519" if is_public else "bearer",
        _public(name) if is_public else _digest(name).hex(),
        play.now + interval(length) if length else None,
        _id(play, old) if old else "",
    )


@step(r"ends key (\w+)", "principal")
def _ends(play: Any, who: str, said: Any) -> Any:
    return RevokeKey(_id(play, said[1]))


@claim(r"key (\w+) lets (\w+)('s agent)? speak")
def _lets(play: Any, said: Any) -> Any:
    found = _holder(play, said[1])
    return found and found.owner, _party(play, said[2], said[3])


@claim(r"key (\w+) opens nothing")
def _opens_nothing(play: Any, said: Any) -> Any:
    found = _holder(play, said[1])
    return found and found.owner, None


def _holder(play: Any, name: str) -> Any:
    fingerprints = (_digest(name).hex(), thumbprint("ed25519", _public(name)))
    found = (holder(play.engine.state, one, play.now) for one in fingerprints)
    return next((key for key in found if key), None)
