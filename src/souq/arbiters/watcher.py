"""A watcher looks for the cases that wait for its word, rules, votes, and shows its votes.

It keeps nothing: its nonces follow from a secret of its own, so that one that was stopped between
committing and showing finds its vote again.

    watcher = Watcher(client.speaking_as("A7"), scripted.opinion, secret)
    while True:
        watcher.turn()
        time.sleep(60)
"""

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from souq.core.case import REDO
from souq.core.dispute import CommitVote, RevealVote, Rule
from souq.core.dispute.counting import QUARTER, VOTES, of_vote
from souq.core.refusal import Reason, Refused
from souq.operations.dispute_queries import Dispute, ListDisputes
from souq.operations.queries import WhoAmI

Opinion = Callable[[Dispute], int]  # a share back to the payer in basis points, or REDO


class Bench(Protocol):
    """What a watcher needs of a client."""

    def ask(self, query: Any, /) -> Any: ...
    def submit(self, command: Any, /) -> Any: ...


class Watcher:
    """Judges by one opinion, as an arbiter and as a juror alike."""

    def __init__(self, bench: Bench, opinion: Opinion, secret: bytes) -> None:
        self._bench = bench
        self._opinion = opinion
        self._secret = secret
        self._me = str(bench.ask(WhoAmI()).actor)

    def turn(self) -> int:
        """Do all that waits; tell in how many cases something was done."""
        cases = self._bench.ask(ListDisputes(mine_to_judge=True)).disputes
        return sum(self._judge(case) for case in cases)

    def _judge(self, case: Dispute) -> bool:
        try:
            match case.phase:
                case "committing":
                    vote = nearest_vote(self._opinion(case))
                    self._bench.submit(CommitVote(case.contract, self._digest(case, vote)))
                case "revealing":
                    return self._show(case)
                case _:
                    share = self._opinion(case)
                    redo = share == REDO
                    self._bench.submit(Rule(case.contract, 0 if redo else share, redo))
        except Refused as refused:
            # Somebody else was quicker, or it is not time yet; the next turn looks again.
            if refused.reason not in (Reason.WRONG_STATE, Reason.CLOSED, Reason.HALTED):
                raise
            return False
        return True

    def _show(self, case: Dispute) -> bool:
        # What it would say now may differ from what it committed to, so it tries that first.
        likely = nearest_vote(self._opinion(case))
        for vote in (likely, *(one for one in VOTES if one != likely)):
            try:
                self._bench.submit(RevealVote(case.contract, vote, self._nonce(case)))
            except Refused as refused:
                if refused.reason is not Reason.INVALID:
                    raise
            else:
                return True
        return False

    def _digest(self, case: Dispute, vote: int) -> str:
        return of_vote(case.contract, case.level, self._me, vote, self._nonce(case))

    def _nonce(self, case: Dispute) -> str:
        said = f"{self._me} {case.contract} {case.level} {case.opened_at}".encode()
        return hashlib.sha256(self._secret + said).hexdigest()


def nearest_vote(share: int) -> int:
    """Round an opinion to what a juror can vote for."""
    return REDO if share == REDO else (share + QUARTER // 2) // QUARTER * QUARTER
