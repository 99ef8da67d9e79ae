"""What proves a payment on a channel, and what only looks like it."""

import hashlib
from typing import Any

import pytest

from souq.core.channel import CloseChannel, OpenChannel, PresentVoucher
from souq.core.channel_batch import Claim, SettleChannels
from souq.core.rules import DAY_US
from souq.core.voucher import (
    LENGTH_MAX,
    HashChain,
    Payword,
    Scope,
    SignedVouchers,
    Voucher,
    hashed,
    signed_bytes,
)
from tests.core import stall as stalls
from tests.core.channels import DEPOSIT, LENGTH, UNIT, Till, chain, signed, word
from tests.core.stall import BEA, DAN, SOL, usd

FREE = stalls.DEPOSIT


def forged(till: Till) -> dict[str, tuple[Any, str]]:
    """Give proofs that must not pass, and what is said of each."""
    good = till.voucher(50)
    spoilt = f"{int(good.signature[0], 16) ^ 1:x}{good.signature[1:]}"
    opened_at = till.channel().terms.opened_at
    return {
        "of another's key": (till.voucher(50, "eve"), "did not sign"),
        "of another amount": (Voucher(51, good.signature), "did not sign"),
        "of another channel": (till.voucher(50, channel="X2", opened_at=opened_at), "did not sign"),
        "of another market": (till.voucher(50, market="other"), "did not sign"),
        "of another day's X1": (till.voucher(50, opened_at=opened_at - 1), "did not sign"),
        "spoilt": (Voucher(50, spoilt), "did not sign"),
        "empty": (Voucher(50, ""), "128"),
        "in capitals": (Voucher(50, good.signature.upper()), "128"),
        "below nothing": (till.voucher(-1), "between"),
        "beyond the deposit": (till.voucher(DEPOSIT + 1), "above the deposit"),
        "beyond counting": (Voucher(2**53 - 1, good.signature), "above the deposit"),
        "a word": (word(1), "other means"),
    }


@pytest.mark.parametrize("name", forged(Till()))
def test_a_forged_or_replayed_voucher_pays_nothing(name: str) -> None:
    till = Till()
    till.do(BEA, OpenChannel(SOL, usd(DEPOSIT), signed()))  # X2, with the same key
    proof, why = forged(till)[name]
    assert why in till.refusal(SOL, CloseChannel("X1", proof))
    assert why in till.refusal(SOL, PresentVoucher("X1", proof))
    assert why in till.refusal(SOL, SettleChannels((Claim("X1", proof),)))
    assert till.wallet("P2") == (FREE, 0)


def test_what_is_signed_is_for_this_purpose_alone_and_names_everything() -> None:
    written = signed_bytes(Scope("souq", "X7", 1_750_000_000_000_001), 25)
    assert written == b'souq voucher 1\n["souq","X7",1750000000000001,25]'
    assert signed_bytes(Scope('a","X1",1', "X7", 2), 3) != signed_bytes(Scope("a", "X1", 1), 3)


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (word(1, "eve"), "not word 1"),
        (Payword(2, word(1).word), "not word 2"),
        (Payword(1, word(2).word), "not word 1"),
        (Payword(0, word(1).word), "not word 0"),
        (Payword(1, word(1).word.upper()), "64"),
        (Payword(1, ""), "64"),
        (Payword(-1, word(1).word), "has 50 words"),
        (Payword(LENGTH + 1, word(LENGTH).word), "has 50 words"),
        (Voucher(UNIT, "ab" * 64), "other means"),
    ],
)
def test_a_word_that_is_not_of_the_chain_pays_nothing(proof: Any, why: str) -> None:
    till = Till(chain())
    assert why in till.refusal(SOL, CloseChannel("X1", proof))
    assert till.wallet("P2") == (FREE, 0)


def test_after_a_word_on_record_only_what_follows_it_pays_more() -> None:
    till = Till(chain())
    till.do(SOL, PresentVoucher("X1", word(10)))
    for forged in (Payword(11, word(10).word), Payword(12, word(11).word), word(11, "eve")):
        assert "not word" in till.refusal(SOL, CloseChannel("X1", forged))
    till.do(SOL, CloseChannel("X1", word(11)))
    assert till.wallet("P1") == (FREE - 11 * UNIT, 0)


def test_words_of_a_used_chain_open_no_other_channel() -> None:
    till = Till(chain())
    till.do(SOL, CloseChannel("X1", word(LENGTH)))
    again = OpenChannel(SOL, usd(DEPOSIT), chain())
    assert till.refusal(BEA, again) == "already_exists"
    assert till.refusal(DAN, again) == "already_exists"


def test_a_chain_is_plain_sha256_from_the_last_word_to_the_anchor() -> None:
    words = [b"\x07" * 32]
    for _ in range(3):
        words.append(hashlib.sha256(words[-1]).digest())
    assert [hashed(words[0], n) for n in range(4)] == words


def test_the_longest_chain_there_may_be_is_paid_to_its_end() -> None:
    till = Till(chain(unit=1, length=LENGTH_MAX))
    best = word(DEPOSIT, length=LENGTH_MAX)
    assert "above" in till.refusal(SOL, CloseChannel("X1", word(LENGTH_MAX, length=LENGTH_MAX)))
    till.do(SOL, CloseChannel("X1", best))
    assert till.wallet("P1") == (FREE - DEPOSIT, 0)


def test_what_is_on_record_is_never_lowered_by_one_side() -> None:
    till = Till()
    till.do(SOL, PresentVoucher("X1", till.voucher(400)))
    less = till.voucher(399)
    assert "on record" in till.refusal(SOL, PresentVoucher("X1", less))
    assert "on record" in till.refusal(SOL, CloseChannel("X1", less))
    assert "on record" in till.refusal(BEA, CloseChannel("X1", less))
    assert "on record" in till.refusal(SOL, PresentVoucher("X1", till.voucher(400)))
    till.do(SOL, CloseChannel("X1", till.voucher(400)))
    assert till.wallet("P1") == (FREE - 400, 0)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("means", {"means": SignedVouchers("00" * 31)}),
        ("means", {"means": SignedVouchers("01" + "00" * 31)}),  # of small order: signs anything
        ("means", {"means": HashChain("00", 1, 5)}),
        ("means", {"means": HashChain("ab" * 32, 0, 5)}),
        ("means", {"means": HashChain("ab" * 32, 1, 0)}),
        ("means", {"means": HashChain("ab" * 32, 1, LENGTH_MAX + 1)}),
        ("means", {"means": HashChain("ab" * 32, 2**52, 2)}),
        ("window_us", {"window_us": 1}),
        ("window_us", {"window_us": 2 * DAY_US, "valid_us": DAY_US}),
        ("window_us", {"valid_us": 400 * DAY_US}),
        ("amount", {"deposit": usd(0)}),
        ("asset", {"deposit": stalls.Money(5, "XAU")}),
    ],
)
def test_a_channel_that_could_not_work_is_not_opened(field: str, changed: dict[str, Any]) -> None:
    till = Till()
    asked: dict[str, Any] = {"payee": SOL, "deposit": usd(5), "means": signed(), **changed}
    assert till.refusal(BEA, OpenChannel(**asked)).startswith(f"invalid field={field}")
