"""Channels for the tests of the core: a stall with one open, payers whose keys anybody knows."""

import hashlib
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.channel import CHANNELS, OpenChannel
from souq.core.ledger import ACCOUNTS
from souq.core.rules import Rules
from souq.core.voucher import (
    HashChain,
    Means,
    Payword,
    Scope,
    SignedVouchers,
    Voucher,
    hashed,
    signed_bytes,
)
from tests.core.stall import BEA, SOL, Stall, usd

DEPOSIT = 1_000
LENGTH = 50
UNIT = 20


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@cache
def key(name: str = "bea") -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret(name))


def signed(name: str = "bea") -> SignedVouchers:
    return SignedVouchers(key(name).public_key().public_bytes_raw().hex())


def chain(name: str = "bea", *, unit: int = UNIT, length: int = LENGTH) -> HashChain:
    return HashChain(hashed(secret(name), length).hex(), unit, length)


def word(index: int, name: str = "bea", *, length: int = LENGTH) -> Payword:
    return Payword(index, hashed(secret(name), length - index).hex())


class Till:
    """A stall on which bea pays sol by a channel; X1 unless said otherwise."""

    def __init__(self, means: Means | None = None, *, fee_bps: int = 333, **more: Any) -> None:
        self.stall = Stall(Rules(fee_bps=fee_bps))
        self.stall.do(BEA, OpenChannel(SOL, usd(DEPOSIT), means or signed(), **more))

    @property
    def state(self) -> Any:
        return self.stall.engine.state

    def do(self, actor: str, command: Any) -> tuple[Any, ...]:
        return self.stall.do(actor, command).events

    def refusal(self, actor: str, command: Any) -> str:
        """Send a command that must be refused; give the refusal in words."""
        found = self.stall.try_(actor, command).refusal
        assert found is not None, "it was accepted"
        facts = ", ".join(f"{name}={value}" for name, value in found.facts.items())
        return f"{found.reason} {facts}".strip()

    def channel(self, id: str = "X1") -> Any:
        return self.state.get(CHANNELS, id)

    def voucher(self, units: int, name: str = "bea", **scope: Any) -> Voucher:
        """Sign for a channel; `scope` says what of it is meant otherwise."""
        found = self.channel(scope.get("channel", "X1"))
        opened_at = found.terms.opened_at if found else 0
        meant = Scope(**{"market": "souq", "channel": "X1", "opened_at": opened_at, **scope})
        return Voucher(units, key(name).sign(signed_bytes(meant, units)).hex())

    def wallet(self, principal: str) -> tuple[int, int]:
        """Give what is free in a wallet, and what is held."""
        found = self.state.get(ACCOUNTS, f"wallet:{principal}/USD")
        return found.available, found.held
