"""Vouchers: payments that a payer hands to a payee off the market, and what they prove.

Two kinds, and a channel is of one. *Signed vouchers* each name the sum of all payments so far, so
that the last one alone counts; what is signed binds the market, the channel, the instant it opened
and the units, so that no other channel can be asked to pay for it. *A hash chain* (PayWord: Rivest
and Shamir 1996) pays so many units by each word: payment n is the word whose SHA-256, taken n
times, is the anchor, and nobody can find the next word from the last. Whoever reuses a chain gives
its words away, so a market takes each anchor once.

Payer, payee and market check by this one module.
"""

import hashlib
import re
from typing import NamedTuple

from msgspec import Struct

from souq.core.money import UNITS_MAX
from souq.core.seal import canonical
from souq.core.signature import check_public, is_signed

# Closing may have to hash the whole chain again: as long as this takes about as long as fifty
# checks of a signature, so that no command is slow by it.
LENGTH_MAX = 16_384
OTHER_MEANS = "this channel is paid by other means"
_PURPOSE = b"souq voucher 1\n"  # what is signed for another purpose begins otherwise
_WORD = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


class SignedVouchers(Struct, frozen=True, tag="signed", forbid_unknown_fields=True):
    """Pay by vouchers that this Ed25519 public key signs; a key of the channel's own."""

    key: str


class HashChain(Struct, frozen=True, tag="chain", forbid_unknown_fields=True):
    """Pay `unit` by each word of a chain of so many, which ends in `anchor`."""

    anchor: str
    unit: int
    length: int


class Voucher(Struct, frozen=True, tag="signed", forbid_unknown_fields=True):
    """The payer's word that so many units are due in all."""

    units: int
    signature: str


class Payword(Struct, frozen=True, tag="chain", forbid_unknown_fields=True):
    """Payment number `index` of a hash chain, and all before it."""

    index: int
    word: str


Means = SignedVouchers | HashChain
Proof = Voucher | Payword


class Scope(NamedTuple):
    """What a signed voucher is good for: one channel of one market."""

    market: str
    channel: str
    opened_at: int


class BadProof(ValueError):
    """This proves no such payment; the message says why."""


def check_means(means: Means) -> None:
    """Raise ValueError where nobody could pay so."""
    match means:
        case SignedVouchers(key):
            check_public("ed25519", key)
        case HashChain(anchor, unit, length):
            if not _WORD.fullmatch(anchor):
                raise ValueError("an anchor is 64 lower-case hex digits")
            if not 0 < length <= LENGTH_MAX:
                raise ValueError(f"a chain has 1 to {LENGTH_MAX} words")
            if not 0 < unit <= UNITS_MAX // length:
                raise ValueError("a word pays 1 unit or more, and a chain below 2**53")


def units_of(means: Means, proof: Proof | None) -> int:
    """Give what a proof claims in all. Raises BadProof for one of another kind or out of range."""
    match means, proof:
        case _, None:
            return 0
        case SignedVouchers(), Voucher(units):
            if not 0 <= units <= UNITS_MAX:
                raise BadProof("units stand between 0 and 2**53")
            return units
        case HashChain(unit=unit, length=length), Payword(index):
            if not 0 <= index <= length:
                raise BadProof(f"this chain has {length} words")
            return index * unit
        case _:
            raise BadProof(OTHER_MEANS)


def check_proof(means: Means, scope: Scope, proof: Proof, known: Proof | None = None) -> int:
    """Give what a proof is worth in all. Raises BadProof for one that the payer never gave.

    `known` is one that was checked before; of a chain only what follows it is hashed.
    """
    units = units_of(means, proof)
    match means, proof:
        case SignedVouchers(key), Voucher(_, signature):
            if not _SIGNATURE.fullmatch(signature):
                raise BadProof("a signature is 128 lower-case hex digits")
            message = signed_bytes(scope, units)
            if not is_signed("ed25519", key, bytes.fromhex(signature), message):
                raise BadProof("the channel's key did not sign this for this channel")
        case HashChain(anchor), Payword(index, word):
            if not _WORD.fullmatch(word):
                raise BadProof("a word is 64 lower-case hex digits")
            end, below = anchor, 0
            if isinstance(known, Payword) and known.index <= index:
                end, below = known.word, known.index
            if hashed(bytes.fromhex(word), index - below).hex() != end:
                raise BadProof(f"this is not word {index} of the channel's chain")
        case _:
            raise BadProof(OTHER_MEANS)
    return units


def signed_bytes(scope: Scope, units: int) -> bytes:
    """Give the bytes that a voucher's signature is over."""
    return _PURPOSE + canonical.encode([*scope, units])


def hashed(word: bytes, times: int) -> bytes:
    """Take SHA-256 so many times."""
    sha256 = hashlib.sha256
    for _ in range(times):
        word = sha256(word).digest()
    return word
