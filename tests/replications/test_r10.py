"""R10: what theory says holds, alike on the kernel and in the market, and its controls fail."""

from souq.replications import r10_races
from souq.replications.replication import Scale, digest


def test_races_and_batches_come_out_as_theory_says() -> None:
    findings = list(r10_races.run(Scale(is_quick=True)))
    assert [one.claim for one in findings if not one.is_as_it_should_be] == []
    assert any(one.is_control for one in findings)
    by_kernel, by_market = r10_races.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r10_races.TAPE
