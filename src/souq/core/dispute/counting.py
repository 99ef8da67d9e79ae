"""How a panel's votes become its verdict, and whose votes were far from it.

A vote is a share of each payment back to its payer, in quarters, or REDO. More than half for REDO
is REDO; otherwise the median of the shares decides, between two middle ones their mean. Whoever is
a quarter or less away from that agrees with it.
"""

import hashlib
from collections.abc import Mapping

from souq.core.case import REDO
from souq.core.money import BPS
from souq.core.seal import canonical

QUARTER = BPS // 4
VOTES = (REDO, 0, QUARTER, 2 * QUARTER, 3 * QUARTER, BPS)


def of_vote(contract: str, level: int, juror: str, vote: int, nonce: str) -> str:
    """Give the digest that commits a juror to a vote: SHA-256 over canonical JSON.

    `level` is 0, and 1 on appeal; `juror` is the agent that votes.
    """
    body = canonical.encode(["souq.vote.v1", contract, level, juror, vote, nonce])
    return hashlib.sha256(body).hexdigest()


def verdict_of(votes: Mapping[str, int]) -> int:
    """Give what a panel says: a share in basis points, or REDO. There must be a vote."""
    shares = sorted(vote for vote in votes.values() if vote != REDO)
    if 2 * len(shares) < len(votes):
        return REDO
    middle = len(shares) // 2
    if len(shares) % 2:
        return shares[middle]
    return (shares[middle - 1] + shares[middle]) // 2


def agreeing(votes: Mapping[str, int], verdict: int) -> tuple[str, ...]:
    """List whose votes agree with a verdict."""
    return tuple(juror for juror, vote in votes.items() if agrees(vote, verdict))


def agrees(vote: int, verdict: int) -> bool:
    """Tell whether a vote is close enough to a verdict."""
    if REDO in (vote, verdict):
        return vote == verdict
    return abs(vote - verdict) <= QUARTER
