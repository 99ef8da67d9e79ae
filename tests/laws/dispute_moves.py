"""What the two sides of a dispute, its arbiter and its jurors may do on a random walk."""

from typing import Any

from souq.core import dispute
from souq.core.case import Committing, Decided, Pleading, Revealing
from souq.core.dispute.counting import VOTES, of_vote
from souq.core.dispute.sides import respondents
from souq.core.seal import PartyText
from souq.core.stage import Disputed

NONCE = "ab" * 16
Move = tuple[str, Any] | None


def quarrel(walk: Any, id: str, state: Disputed) -> Move:
    """Take a dispute a step on."""
    chance = walk.chance
    sides = (state.claimant, *respondents(state.agreement, state.claimant))
    level = 0 if state.case.first is None else 1
    match state.case.phase:
        case Pleading(proposal=proposal):
            kind = chance.randrange(9)
            if kind < 2:
                words = PartyText("it was fine")
                return sides[-1], dispute.AnswerDispute(id, kind == 0, words, ("d1",) * kind)
            if kind == 2:
                return chance.choice(sides), dispute.AddEvidence(id, ("d2",))
            if kind == 3:
                return chance.choice(sides), dispute.ProposeSplit(id, chance.choice((0, 3_333)))
            if kind == 4 and proposal is not None:
                return chance.choice(sides), dispute.AcceptSplit(id, proposal.payer_bps)
            return "P4", _ruling(walk, id)
        case Committing() as phase:
            juror = chance.choice(phase.jurors)
            digest = of_vote(id, level, juror, chance.choice(VOTES), NONCE)
            return juror, dispute.CommitVote(id, digest)
        case Revealing() as phase:
            juror = chance.choice(list(phase.commitments))
            vote = next(
                one
                for one in VOTES
                if of_vote(id, level, juror, one, NONCE) == phase.commitments[juror]
            )
            return juror, dispute.RevealVote(id, vote, NONCE)
        case Decided() if chance.randrange(3):
            return chance.choice(sides), dispute.AppealVerdict(id)
        case _:
            return "P4", _ruling(walk, id)


def _ruling(walk: Any, id: str) -> dispute.Rule:
    bps = walk.chance.choice((0, 1, 3_333, 5_000, 10_000))
    if walk.chance.randrange(6) == 0:
        return dispute.Rule(id, bps, redo=True)
    return dispute.Rule(id, bps)
