"""What a payee once agreed to is no way round the voucher that it has put on record since."""

from souq.core.channel import AgreeClose, PresentVoucher
from tests.core.channels import Till
from tests.core.stall import BEA, SOL


def test_a_payer_cannot_end_a_channel_at_an_amount_agreed_to_before_it_paid_more() -> None:
    till = Till(fee_bps=0)
    till.do(SOL, AgreeClose("X1", 5))
    till.do(SOL, PresentVoucher("X1", till.voucher(500)))
    till.do(BEA, AgreeClose("X1", 5))
    assert till.channel() is not None
    till.do(BEA, AgreeClose("X1", 500))
    till.do(SOL, AgreeClose("X1", 500))
    assert till.channel() is None
