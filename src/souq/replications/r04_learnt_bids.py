"""R4. The format of an auction decides whether programs that only try bids learn to bid low.

Two Q-learners bid for the same thing, worth the same to both, a million times. By first price they
learn to bid far below it; by second price they do not; nor by first price where, after each round,
they are told what would have been enough. souq publishes that after every sealed auction.
"""

from collections.abc import Iterator

from souq.lab.economics import LabExtraMissing
from souq.lab.kernel import Trade
from souq.replications.replication import Finding, Scale

ID = "R4"
TITLE = "Learnt collusion in auctions, by format"
SOURCE = "Banchio & Skrzypacz 2022"
TAPE = "c4ac26cf51493bb2"


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim. Raises LabExtraMissing."""
    try:
        # Imported where it is used: the other replications run without the extra.
        from souq.replications.learning import bidding_findings
    except ImportError:
        raise LabExtraMissing("R4 needs numpy: pip install 'souq[lab]'") from None
    return bidding_findings.findings(scale)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some rounds, by the kernel and by the whole market."""
    try:
        from souq.replications.learning import bidding_room
    except ImportError:
        raise LabExtraMissing("R4 needs numpy: pip install 'souq[lab]'") from None
    return bidding_room.tapes(seed)
