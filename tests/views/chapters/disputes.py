"""A dispute is its two sides' and its arbiter's; who sits on a panel, and how, only its jurors'."""

from typing import Any

from souq.core import dispute, jury, undo
from souq.core.bond import PostBond
from souq.core.case import Committing, Revealing
from souq.core.conditions import Conditions
from souq.core.contract import SubmitDelivery
from souq.core.dispute.counting import of_vote
from souq.core.epoch import CommitEpoch, of_secret
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.procedure import Procedure
from souq.core.rules import DAY_US, HOUR_US, OPERATOR
from souq.core.seal import PartyText, PublicText
from souq.core.stage import CONTRACTS
from tests.journal.day import Day

NONCE = "ab" * 16
PANEL = Procedure(jury=1, seat_units=10, filing_bps=300)


def play(day: Day) -> None:
    day.do(OPERATOR, CommitEpoch(of_secret(NONCE))).need()
    people = [_come(day, name) for name in ("bo", "stu", "jo", "jay", "jill", "jen", "ari")]
    (_, buyer), (_, seller), *jurors, (ari, _) = people
    for principal, agent in jurors:
        day.do(principal, PostBond(Money(50, "USD"))).need()
        day.do(principal, jury.JoinJury(agent)).need()
    conditions = Conditions(arbiter=ari, procedure=PANEL, undo_us=HOUR_US)
    listing = PostListing(
        PublicText("a kettle"), "home", Money(100, "USD"), quantity=9, conditions=conditions
    )
    kettle = day.do(seller, listing).need().events[0].listing.id

    def deal(*, disputed: bool = True) -> str:
        made = day.opened(day.do(buyer, TakePrice(kettle, Money(100, "USD"))))
        if disputed:
            day.do(seller, SubmitDelivery(made)).need()
            claim = dispute.OpenDispute(made, "damaged", PartyText("It leaks."), ("photo",))
            day.do(buyer, claim).need()
        return made

    undone = deal(disputed=False)
    day.do(people[0][0], undo.UndoContract(undone)).need()

    settled = deal()
    day.do(seller, dispute.AnswerDispute(settled, False, PartyText("It did not."))).need()
    day.do(seller, dispute.AddEvidence(settled, ("video",))).need()
    day.do(seller, dispute.ProposeSplit(settled, 5_000)).need()
    day.do(buyer, dispute.AcceptSplit(settled, 5_000)).need()

    judged = deal()
    _pass(day, HOUR_US)  # evidence closes
    _pass(day, DAY_US)  # the panel is drawn
    _vote(day, judged, 10_000)
    day.do(seller, dispute.AppealVerdict(judged)).need()
    _pass(day, DAY_US)
    _vote(day, judged, 0)

    again = deal()
    _pass(day, HOUR_US)
    _pass(day, DAY_US)
    _pass(day, HOUR_US)  # the juror is silent, so the arbiter is called
    day.do(ari, dispute.Rule(again, 0, redo=True)).need()
    _pass(day, DAY_US)
    day.do(jurors[0][0], jury.LeaveJury()).need()


def _come(day: Day, name: str) -> tuple[str, str]:
    registered = day.do(OPERATOR, RegisterPrincipal(PublicText(name))).need()
    principal = registered.events[0].principal
    text = PublicText(f"{name}'s agent")
    agent = day.do(principal, RegisterAgent(principal, text)).need().events[0].agent
    day.do(principal, GrantMandate(agent, SecretLimits(Limits()))).need()
    day.do(OPERATOR, ReportDeposit(principal, Money(1_000, "USD"))).need()
    return principal, agent


def _pass(day: Day, us: int) -> None:
    day.clock.now += us + 1
    day.engine.tick()


def _vote(day: Day, id: str, vote: int) -> None:
    def now() -> Any:
        state: Any = day.engine.state.get(CONTRACTS, id)
        return state.case

    level = 0 if now().first is None else 1
    assert isinstance(now().phase, Committing)
    for one in now().phase.jurors:
        day.do(one, dispute.CommitVote(id, of_vote(id, level, one, vote, NONCE))).need()
    assert isinstance(now().phase, Revealing)
    for one in now().phase.jurors:
        day.do(one, dispute.RevealVote(id, vote, NONCE)).need()


def _arbiter(raw: Any, id: str) -> str:
    """Give who judges a contract alone, worked out from its agreement."""
    for record in raw.records:
        for event in record.get("events", ()):
            if event["type"] == "AgreementReached" and event["contract"] == id:
                named = event["agreement"].get("conditions", {}).get("arbiter")
                return str(named or raw.arbiter)
    raise AssertionError(f"no such contract: {id}")


def _sides(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.owns(viewer, event["contract"]))


def _sides_and_arbiter(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    judges = raw.is_of(viewer, _arbiter(raw, event["contract"]))
    is_disputed = event["contract"] in raw.disputed
    return _sides(raw, viewer, event) or bool(judges and is_disputed)


def _jurors(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return any(raw.is_of(viewer, one) for one in event["jurors"])


def _juror(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return bool(raw.is_of(viewer, event["juror"]))


def _joined(raw: Any, viewer: str, event: dict[str, Any]) -> bool:
    return viewer in (event["principal"], event.get("agent"))


SEEN = {
    **dict.fromkeys(
        (
            "DisputeOpened",
            "DisputeAnswered",
            "EvidenceAdded",
            "ArbiterCalled",
            "VerdictReached",
            "RedoOrdered",
            "RulingMade",
        ),
        _sides_and_arbiter,
    ),
    **dict.fromkeys(
        ("SplitProposed", "PanelAwaited", "VotesCounted", "DisputeDecided", "ContractUndone"),
        _sides,
    ),
    **dict.fromkeys(("PanelDrawn", "VotingClosed", "PanelDismissed"), _jurors),
    **dict.fromkeys(("VoteCommitted", "VoteShown"), _juror),
    **dict.fromkeys(("JurorJoined", "JurorLeft"), _joined),
}
