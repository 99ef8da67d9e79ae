"""Whose money a channel may bind, how budgets get back what was not redeemed, and batches."""

from typing import Any

import pytest

from souq.core.budget import COMMITMENTS
from souq.core.channel import ChannelsEnded, CloseChannel, OpenChannel, TopUpChannel
from souq.core.channel_batch import CLAIMS_MAX, HASHES_MAX, Claim, ClaimsFailed, SettleChannels
from souq.core.ledger import HOLDS
from souq.core.mandate import MANDATES, RevokeMandate
from souq.core.party import AGENTS, RegisterAgent
from souq.core.seal import PublicText
from souq.core.voucher import Payword
from tests.core import stall as stalls
from tests.core.channels import DEPOSIT, LENGTH, Till, chain, signed, word
from tests.core.stall import BEA, DAN, SOL, check_books, usd

FREE = stalls.DEPOSIT


def test_nobody_pays_themselves_or_strangers_or_with_others_money() -> None:
    till = Till()
    till.do("P1", RegisterAgent("P1", PublicText("another")))
    assert till.refusal(BEA, OpenChannel("A5", usd(5), signed())) == "same_principal"
    assert till.refusal(BEA, OpenChannel("A9", usd(5), signed())) == "not_found id=A9"
    assert till.refusal("P1", OpenChannel(SOL, usd(5), signed())) == "not_yours"
    told = till.refusal(BEA, OpenChannel(SOL, usd(FREE), signed()))
    assert told == f"insufficient_funds available={FREE - DEPOSIT}, needed={FREE}"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"per_deal_units": 99}, "outside_mandate rule=per_deal, cap=99"),
        ({"lifetime_units": 99}, "budget_exceeded rule=lifetime, available=99, needed=100"),
        ({"window_units": 99}, "budget_exceeded rule=window, available=99, needed=100"),
        ({"counterparties": ("P3",)}, "outside_mandate rule=counterparties"),
        ({"counterparties_denied": ("P2",)}, "outside_mandate rule=counterparties"),
        ({"approval_above_units": 99}, "outside_mandate rule=approval"),
        ({"approval_always": True}, "outside_mandate rule=approval"),
        ({"ceilings": {"home": 1_000}}, "outside_mandate rule=ceilings"),
        ({"expires_at": 1}, "no_mandate"),
    ],
)
def test_a_mandate_bounds_the_deposit(limits: dict[str, Any], told: str) -> None:
    till = Till()
    till.stall.grant(BEA, **limits)
    assert till.refusal(BEA, OpenChannel(SOL, usd(100), signed())) == told


@pytest.mark.parametrize(
    "limits",
    [
        {"counterparties": ("P3",)},
        {"counterparties_denied": ("P1",)},
        {"approval_always": True},
        {"asset": "USD", "expires_at": 1},
    ],
)
def test_a_payee_that_may_not_take_it_is_unable_and_nobody_learns_why(
    limits: dict[str, Any],
) -> None:
    till = Till()
    till.stall.grant(SOL, **limits)
    assert till.refusal(BEA, OpenChannel(SOL, usd(100), signed())) == "counterparty_unable"
    assert till.refusal(BEA, TopUpChannel("X1", usd(100))) == "counterparty_unable"
    till.do(SOL, CloseChannel("X1", till.voucher(30)))  # what was promised before stands


@pytest.mark.parametrize("limit", ["per_deal_units", "approval_above_units", "lifetime_units"])
def test_topping_up_goes_round_no_limit(limit: str) -> None:
    till = Till()
    till.stall.grant(BEA, **{limit: 150})
    till.do(BEA, OpenChannel(SOL, usd(100), signed()))
    assert "=" in till.refusal(BEA, TopUpChannel("X2", usd(51)))
    till.do(BEA, TopUpChannel("X2", usd(50)))


def test_what_was_not_redeemed_may_be_spent_again() -> None:
    till = Till()
    till.stall.grant(BEA, lifetime_units=100, window_units=100)
    opening = OpenChannel(SOL, usd(100), signed())
    till.do(BEA, opening)
    assert till.refusal(BEA, OpenChannel(SOL, usd(1), signed())).startswith("budget_exceeded")
    till.do(SOL, CloseChannel("X2", till.voucher(30, channel="X2")))
    told = till.refusal(BEA, opening)
    assert told == "budget_exceeded rule=lifetime, available=70, needed=100, also=window"
    till.do(BEA, OpenChannel(SOL, usd(70), signed()))


def test_what_returns_goes_to_the_mandate_it_came_from_the_latest_first() -> None:
    till = Till()
    old = till.state.get(AGENTS, BEA).mandate
    till.do(BEA, TopUpChannel("X1", usd(10)))
    till.stall.grant(BEA, lifetime_units=500)
    till.do(BEA, TopUpChannel("X1", usd(200)))
    till.do(SOL, CloseChannel("X1", till.voucher(1_150)))
    left = till.state.get(MANDATES, till.state.get(AGENTS, BEA).mandate)
    assert left.lifetime_units == 140  # 1,000 and 10 were the old one's
    assert till.state.get(MANDATES, old) is None
    assert not till.state.rows(COMMITMENTS)


def test_a_revoked_mandate_stops_new_money_and_nothing_else() -> None:
    till = Till()
    till.do("P1", RevokeMandate(BEA))
    assert till.refusal(BEA, TopUpChannel("X1", usd(1))) == "no_mandate"
    till.do("P1", CloseChannel("X1"))
    till.do(SOL, CloseChannel("X1", till.voucher(10)))
    assert till.wallet("P1") == (FREE - 10, 0)


def test_many_channels_end_by_themselves_and_their_money_moves_together() -> None:
    till = Till()
    for n in range(2, 7):
        till.do(BEA, OpenChannel(SOL if n < 6 else DAN, usd(100), signed()))
    till.do(BEA, OpenChannel(SOL, usd(100), chain(unit=1)))
    claims = (
        Claim("X1", till.voucher(700)),
        Claim("X2", till.voucher(50)),  # signed for X1
        Claim("X3", till.voucher(50, channel="X3")),
        Claim("X3", till.voucher(60, channel="X3")),
        Claim("X4"),
        Claim("X6", till.voucher(50, channel="X6")),
        Claim("X7", word(9)),
        Claim("X99"),
    )
    ended, moved, settled, failed = till.do(SOL, SettleChannels(claims))
    assert isinstance(ended, ChannelsEnded)
    assert isinstance(failed, ClaimsFailed)
    assert ended.channels == ("X1", "X3", "X4", "X7")
    assert ended.paid_units == (700, 50, 0, 9)
    assert failed.channels == ("X2", "X3", "X6", "X99")
    assert failed.reasons == ("invalid", "closed", "not_yours", "not_found")
    assert len(moved.batch.id) == 8  # price and fee of each
    assert settled.returned_units == (300, 50, 100, 91)
    assert till.wallet("P1") == (FREE - 759 - 300, 300)  # X2, X5 and X6 go on
    check_books(till.state)


def test_a_thousand_channels_settle_in_one_record() -> None:
    till = Till()
    opening = OpenChannel(SOL, usd(10), signed())
    for _ in range(CLAIMS_MAX - 1):
        till.do(BEA, opening)
    ids = [f"X{n}" for n in range(1, CLAIMS_MAX + 1)]
    rows = tuple(Claim(id, till.voucher(3, channel=id)) for id in ids)
    assert len(till.do(SOL, SettleChannels(rows))) == 3
    assert till.wallet("P1") == (FREE - 3 * CLAIMS_MAX, 0)
    assert not till.state.rows(HOLDS)


def test_a_batch_has_a_size_and_a_number_of_hashes() -> None:
    till = Till(chain())
    for claims in ((), (Claim("X1"),) * (CLAIMS_MAX + 1)):
        assert till.refusal(SOL, SettleChannels(claims)).startswith("invalid field=claims")
    many = (Claim("X1", word(LENGTH)), Claim("X1", Payword(HASHES_MAX, "ab" * 32)))
    assert "hashes" in till.refusal(SOL, SettleChannels(many))
    less = Claim("X1", Payword(-HASHES_MAX, "ab" * 32))
    assert "hashes" in till.refusal(SOL, SettleChannels((*many, less)))
