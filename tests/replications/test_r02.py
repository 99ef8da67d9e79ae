"""ZIP and ZI-C traders, run quick."""

from souq.replications import r02_convergence
from souq.replications.replication import Scale, digest


def test_every_claim_holds_and_no_control_does() -> None:
    findings = list(r02_convergence.run(Scale(is_quick=True)))
    assert any(one.is_control for one in findings)
    assert [one for one in findings if not one.is_as_it_should_be] == []


def test_kernel_and_market_trade_alike_and_as_ever() -> None:
    kernel, market = r02_convergence.tapes(1)
    assert kernel == market
    assert digest(kernel) == r02_convergence.TAPE
