"""R5: four auctions bring the same, as theory says, and the market trades as the kernel does."""

from souq.replications import r05_revenue
from souq.replications.replication import Scale, digest


def test_every_auction_brings_what_theory_says_and_no_control_does() -> None:
    found = list(r05_revenue.run(Scale(is_quick=True)))
    assert [one.claim for one in found if not one.is_as_it_should_be] == []
    assert sum(one.is_control for one in found) == 3


def test_kernel_and_market_sell_alike_and_as_ever() -> None:
    by_kernel, by_market = r05_revenue.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r05_revenue.TAPE
    assert r05_revenue.tapes(2)[0] != by_kernel
