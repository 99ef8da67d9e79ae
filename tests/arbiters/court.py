"""A market with buyers, sellers, an arbiter and jurors, on a clock that a test moves."""

from typing import Any

from souq.arbiters.watcher import Opinion, Watcher
from souq.core.bond import PostBond
from souq.core.contract import SubmitDelivery
from souq.core.dispute import AnswerDispute, OpenDispute
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.jury import JoinJury
from souq.core.ledger import ACCOUNTS
from souq.core.money import Money
from souq.core.procedure import Procedure
from souq.core.rules import HOUR_US, SECOND_US, Rules
from souq.core.seal import PartyText
from souq.sdk.client import Client

PRICE = 10_000
SEAT = 1_000


class Court:
    """P1 judges alone, P2 buys, P3 sells; jurors come after them."""

    def __init__(self, procedure: Procedure | None, *, jurors: int = 0) -> None:
        self.now = 1_750_000_000_000_000
        rules = Rules(procedure=procedure, arbiter="P1")
        self.operator = Client.local(rules=rules, clock=lambda: self.now)
        self.ari, self.bea, self.sol = (
            self.operator.join(name, deposit="10") for name in ("ari", "bea", "sol")
        )
        self.jurors = [self.operator.join(f"juror {n}", deposit="10") for n in range(jurors)]
        for juror in self.jurors:
            owner = self.operator.speaking_as(juror.principal)
            owner.submit(PostBond(Money(1_000_000, "USD")))
            owner.submit(JoinJury(juror.id))
        self.epoch = 1
        self.operator.submit(CommitEpoch(of_secret(self._secret())))

    def watchers(self, opinion: Opinion) -> list[Watcher]:
        """Let every juror judge by an opinion."""
        return [
            Watcher(self.operator.speaking_as(one.id), opinion, one.id.encode())
            for one in self.jurors
        ]

    def disputed(self, *, claim: str = "", answer: str | None = None, **more: Any) -> str:
        """Have a delivery disputed, and the claim answered."""
        listing = self.sol.list("a thing", category="home", price="0.01")
        contract = self.bea.take(listing, "0.01")
        self.as_(self.sol.id, SubmitDelivery(contract))
        opening = OpenDispute(contract, "not_as_described", PartyText(claim), **more)
        self.as_(self.bea.id, opening)
        if answer is not None:
            self.as_(self.sol.id, AnswerDispute(contract, False, PartyText(answer)))
        return contract

    def close_evidence(self) -> None:
        """Let evidence close, and the panel be drawn."""
        self.pass_(HOUR_US + SECOND_US)
        before = self._secret()
        self.epoch += 1
        self.operator.submit(CommitEpoch(of_secret(self._secret())))
        self.operator.submit(RevealEpoch(f"E{self.epoch - 1}", before))
        self.pass_(SECOND_US)

    def as_(self, actor: str, command: Any) -> Any:
        """Give a command in somebody's name."""
        return self.operator.speaking_as(actor).submit(command)

    def pass_(self, us: int) -> None:
        """Let time pass."""
        self.now += us
        self.operator.venue.engine.tick()

    def money(self, principal: str) -> int:
        """Give what a wallet comes to, bonds included."""
        account = self.operator.venue.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
        assert account is not None
        return account.posted

    def _secret(self) -> str:
        return f"{self.epoch:032x}"
