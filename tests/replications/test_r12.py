"""R12: the scoring auction does what theory says, alike on the kernel and in the market."""

from souq.replications import r12_scoring
from souq.replications.replication import Scale, digest


def test_the_scoring_auction_is_replicated() -> None:
    findings = list(r12_scoring.run(Scale(is_quick=True)))
    assert [one.claim for one in findings if not one.is_as_it_should_be] == []
    assert sum(one.is_control for one in findings) == 2
    by_kernel, by_market = r12_scoring.tapes(1)
    assert by_kernel == by_market
    assert digest(by_kernel) == r12_scoring.TAPE
