"""A commitment fixes now what is shown later: a digest that only what went into it opens.

Each names its purpose, who made it and for what, so that nobody can use another's as their own.
Whoever commits draws a nonce that nobody can guess and keeps it; without one, a price could be
found by trying them all.
"""

import hashlib
import re
from typing import Any

from msgspec import Struct

from souq.core.money import Money
from souq.core.refusal import invalid
from souq.core.seal import canonical

_NONCE = re.compile(r"[0-9a-f]{32,64}")


class RevealReserve(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Show the reserve that was committed to when the run was opened, once bidding is over."""

    negotiation: str
    reserve: Money
    nonce: str


def of_bid(negotiation: str, agent: str, price: Money, nonce: str) -> str:
    """Give the digest that commits an agent to a bid in one run: SHA-256 over canonical JSON."""
    return _digest(["souq.bid.v1", negotiation, agent, price, nonce])


def of_reserve(agent: str, listing: str, reserve: Money, nonce: str) -> str:
    """Give the digest that commits a seller to a reserve, and to the nonce as the lot's seed."""
    return _digest(["souq.reserve.v1", agent, listing, reserve, nonce])


def draw_lot(negotiation: str, seed: str, nonces: tuple[tuple[str, str], ...]) -> str:
    """Mix a seed with the nonces of all (agent, nonce); "" stands for a seed never shown."""
    return _digest(["souq.lot.v1", negotiation, seed, nonces])


def place(lot: str, agent: str) -> str:
    """Give an agent's place among equals: the smallest comes first."""
    return _digest(["souq.place.v1", lot, agent])


def check_opens(field: str, nonce: str, found: str, committed: str) -> None:
    """Raise Refused(invalid) unless what is shown is what was committed to."""
    if _NONCE.fullmatch(nonce) is None:
        raise invalid("nonce", "32 to 64 small hexadecimal digits")
    if found != committed:
        raise invalid(field, "not what was committed to")


def _digest(body: list[Any]) -> str:
    return hashlib.sha256(canonical.encode(body)).hexdigest()
