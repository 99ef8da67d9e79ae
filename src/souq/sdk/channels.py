"""Both ends of a channel, without any transport: a payer that makes payments, a payee that checks.

    payer = SigningPayer()                                    # or ChainPayer(unit=1, length=10_000)
    opened = client.open_channel(payee="A2", deposit=usd, means=payer.means)
    payer.enter(client.get_channel("X1"))
    proof = payer.pay(25)                                     # to the payee, by any way there is

    payee = Payee(client.get_channel("X1"))                   # on the other side
    payee.take(proof)                                         # 25; no market is asked
    client.submit(payee.close())

A payer that restarts needs its `secret` and what it had paid; a payee needs `best` alone.
"""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.channel import CloseChannel, PresentVoucher
from souq.core.channel_batch import Claim
from souq.core.voucher import (
    LENGTH_MAX,
    BadProof,
    HashChain,
    Means,
    Payword,
    Proof,
    Scope,
    SignedVouchers,
    Voucher,
    check_means,
    check_proof,
    signed_bytes,
    units_of,
)
from souq.operations.channel_queries import Channel

_SECRET_BYTES = _WORD_BYTES = 32


class Spent(Exception):
    """The deposit, or the chain, is used up: top the channel up, or open another."""


class NotSafe(ValueError):
    """A payee should not deliver on this channel; the message says why."""


class Payer(Protocol):
    """Whoever pays: signing, or along a chain."""

    @property
    def means(self) -> Means: ...
    @property
    def paid(self) -> int: ...
    @property
    def proof(self) -> Proof: ...
    def enter(self, channel: Channel) -> None: ...
    def pay(self, units: int) -> Proof: ...


class SigningPayer:
    """Pays any amounts, each by a voucher signed with a key that this channel alone has."""

    def __init__(self, secret: str = "", *, paid: int = 0) -> None:
        """Take the secret of a payer before, or make a new one."""
        self.secret = secret or secrets.token_hex(_SECRET_BYTES)
        self.paid = paid
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.secret))
        self._scope: Scope | None = None
        self._deposit = 0

    @property
    def means(self) -> SignedVouchers:
        """Give what the channel is opened with."""
        return SignedVouchers(self._key.public_key().public_bytes_raw().hex())

    @property
    def proof(self) -> Voucher:
        """Give the proof of all that was paid."""
        if self._scope is None:
            raise ValueError("enter a channel first")
        signature = self._key.sign(signed_bytes(self._scope, self.paid)).hex()
        return Voucher(self.paid, signature)

    def enter(self, channel: Channel) -> None:
        """Pay on this channel; again after it was topped up."""
        self._scope, self._deposit = _entered(channel, self.means), channel.deposit.units

    def pay(self, units: int) -> Voucher:
        """Pay so much more. Raises Spent beyond the deposit."""
        paid = self.paid + units
        if units < 0:
            raise ValueError("a payment is not taken back")
        if paid > self._deposit:
            raise Spent(f"{paid} units are more than the deposit of {self._deposit}")
        self.paid = paid
        return self.proof


class ChainPayer:
    """Pays `unit` by each word of a hash chain: a payment costs neither side more than a hash."""

    def __init__(
        self, secret: str = "", *, unit: int = 1, length: int = LENGTH_MAX, paid: int = 0
    ) -> None:
        """Make a chain, or the one again that a payer before made of its secret."""
        self.secret = secret or secrets.token_hex(_SECRET_BYTES)
        words = [bytes.fromhex(self.secret)]
        for _ in range(length):
            words.append(hashlib.sha256(words[-1]).digest())
        self._words = words[::-1]  # by payment: the anchor first, the secret last
        self._unit = unit
        self._index = paid // unit
        self._most = 0

    @property
    def means(self) -> HashChain:
        """Give what the channel is opened with."""
        return HashChain(self._words[0].hex(), self._unit, len(self._words) - 1)

    @property
    def paid(self) -> int:
        """Give what has been paid in all."""
        return self._index * self._unit

    @property
    def proof(self) -> Payword:
        """Give the proof of all that was paid."""
        return Payword(self._index, self._words[self._index].hex())

    def enter(self, channel: Channel) -> None:
        """Pay on this channel; again after it was topped up."""
        _entered(channel, self.means)
        self._most = min(channel.deposit.units // self._unit, len(self._words) - 1)

    def pay(self, units: int) -> Payword:
        """Pay so much more, in whole words. Raises Spent beyond the chain or the deposit."""
        self._step(units)
        return self.proof

    def pay_word(self) -> bytes:
        """Pay one word more, in bytes: the quickest way."""
        return self._step(self._unit)

    def _step(self, units: int) -> bytes:
        steps, rest = divmod(units, self._unit)
        if rest or steps < 0:
            raise ValueError(f"a word of this chain pays {self._unit}")
        if self._index + steps > self._most:
            raise Spent(f"{self._most} words are all that can be paid")
        self._index += steps
        return self._words[self._index]


class Payee:
    """Checks payments on one channel and keeps the best, without asking the market."""

    def __init__(self, channel: Channel, best: Proof | None = None) -> None:
        """Begin on a channel as the market tells of it, or go on from the best proof so far.

        Raises BadProof for one that proves nothing.
        """
        self.id = channel.id
        self.units = 0
        self.best: Proof | None = None
        self._channel = channel
        self._means = channel.means
        self._scope = scope_of(channel)
        if best is not None:
            self.units, self.best = check_proof(self._means, self._scope, best), best

    @property
    def deposit(self) -> int:
        """Give what there is to be paid from."""
        return self._channel.deposit.units

    def check(self, payee: str, now: int, *, left_us: int = 0, window_us: int = 0) -> None:
        """Raise NotSafe unless the channel pays this payee, and long enough to settle in time."""
        one = self._channel
        try:
            check_means(one.means)
        except ValueError as error:
            raise NotSafe(str(error)) from None
        if one.payee != payee:
            raise NotSafe(f"{one.id} pays {one.payee}")
        if one.state != "open" or one.due_at is None:
            raise NotSafe(f"{one.id} is {one.state}")
        if one.due_at - now < left_us:
            raise NotSafe(f"{one.id} ends too soon")
        if one.window_us < window_us:
            raise NotSafe(f"{one.id} leaves too little time to answer when its payer closes it")

    def top_up(self, channel: Channel) -> None:
        """Take note of a larger deposit."""
        if (scope_of(channel), channel.means) != (self._scope, self._means):
            raise NotSafe(f"that is another channel than {self.id}")
        self._channel = channel

    def take(self, proof: Proof) -> int:
        """Give how many units more are paid by this proof. Raises BadProof, and changes nothing."""
        units = units_of(self._means, proof)
        if units <= self.units:
            raise BadProof(f"{self.units} units were paid before")
        if units > self.deposit:
            raise BadProof("it is above the deposit")
        check_proof(self._means, self._scope, proof, self.best)
        more, self.units, self.best = units - self.units, units, proof
        return more

    def take_words(self, words: Iterable[bytes]) -> int:
        """Give how many of a chain's next words are good, each checked by itself.

        They are kept up to the first that is not.
        """
        if not isinstance(self._means, HashChain):
            raise BadProof("this channel is not paid by words")
        unit, length = self._means.unit, self._means.length
        before, end = 0, self._means.anchor
        if isinstance(self.best, Payword):
            before, end = self.best.index, self.best.word
        last = bytes.fromhex(end)
        sha256, count, most = hashlib.sha256, 0, min(length, self.deposit // unit) - before
        for word in words:
            # A longer word at the chain's end could be made, and would be worth nothing.
            if count == most or sha256(word).digest() != last or len(word) != _WORD_BYTES:
                break
            last = word
            count += 1
        if count:
            self.best = Payword(before + count, last.hex())
            self.units = self.best.index * unit
        return count

    def close(self) -> CloseChannel:
        """Give the command that ends the channel and redeems what was paid."""
        return CloseChannel(self.id, self.best)

    def present(self) -> PresentVoucher:
        """Give the command that puts the best proof on record. Raises BadProof before any."""
        if self.best is None:
            raise BadProof("nothing was paid yet")
        return PresentVoucher(self.id, self.best)

    def claim(self) -> Claim:
        """Give the row by which it is settled with others."""
        return Claim(self.id, self.best)


def scope_of(channel: Channel) -> Scope:
    """Give what a channel's vouchers are bound to."""
    return Scope(channel.market, channel.id, channel.opened_at)


def _entered(channel: Channel, means: Means) -> Scope:
    if channel.means != means:
        raise ValueError(f"{channel.id} was opened with other means")
    return scope_of(channel)
