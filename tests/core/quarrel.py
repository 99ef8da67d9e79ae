"""A disputed deal with everybody who may have a word in it, and all that each of them may do."""

from collections.abc import Iterator
from typing import Any

import msgspec

from souq.core import contract as c
from souq.core import dispute, jury, market, undo
from souq.core.bond import BONDS, PostBond, WithdrawBond
from souq.core.case import REDO, Committing, Revealing
from souq.core.conditions import Conditions
from souq.core.dispute.counting import of_vote
from souq.core.dispute.verdict import REDONE
from souq.core.epoch import EPOCHS, WAITING, CommitEpoch, RevealEpoch, of_secret
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mandate import MANDATES, RevokeMandate
from souq.core.money import BPS
from souq.core.procedure import Procedure
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US, OPERATOR, SYSTEM, Rules
from souq.core.seal import PartyText, canonical
from souq.core.stage import CONTRACTS, Delivered, Disputed, Formed
from souq.core.state import COUNTERS, DEADLINES, State
from souq.core.undo import UNDO_UNTIL
from tests.core.stall import BEA, DAN, SOL, Stall, usd

NONCE = "ab" * 16
PRICE, SEAT = 10_000, 100
WORDS = PartyText("broken").sealed(b"")
NO_TIME = ("rule_by", "deliver_by", "accept_by")
PROCEDURE = Procedure(
    jury=1,
    filing_bps=1_000,
    seat_units=SEAT,
    loss_bps=5_000,
    rounds_max=1,
    negotiate_us=3_600_000_000,
)


def secret(n: int) -> str:
    return f"{n:032x}"


def quarrel(
    procedure: Procedure | None = PROCEDURE,
    *,
    jurors: int = 4,
    epochs: bool = True,
    arbiter: str = "P3",
) -> Stall:
    """Bring a market to a delivered deal of bea and sol's; dan's principal is the arbiter."""
    stall = Stall(Rules(arbiter=arbiter, procedure=procedure, fee_bps=333))
    for n in range(5, 5 + jurors):
        stall.join(n)
        stall.do(f"P{n}", PostBond(usd(1_000)))
        stall.do(f"P{n}", jury.JoinJury(f"A{n}"))
    stall.do("P2", PostBond(usd(500)))
    if epochs:
        stall.do(OPERATOR, CommitEpoch(of_secret(secret(1))))
    thing = stall.list(SOL, price=PRICE, conditions=Conditions(undo_us=HOUR_US))
    assert stall.deal(BEA, SOL, (thing,), PRICE) == "C1"
    stall.do(SOL, c.SubmitDelivery("C1"))
    return stall


def moves(state: State, around: str = "") -> Iterator[tuple[str, Any]]:
    """List what anybody might do; most of it is refused."""
    live = state.get(CONTRACTS, "C1")
    if isinstance(live, Formed):
        yield SOL, c.SubmitDelivery("C1")
        yield SOL, c.CancelContract("C1")
        yield "P1", undo.UndoContract("C1")
    if isinstance(live, Delivered):
        yield BEA, c.AcceptDelivery("C1")
        yield BEA, dispute.OpenDispute("C1", "damaged", WORDS, ("d1",))
        yield BEA, dispute.OpenDispute("C1", "damaged", WORDS, remedy="redo")
    if isinstance(live, Disputed):
        yield from _in_dispute(live, is_redone="C1" in state.rows(REDONE))
    yield from _around(state, around)


def _in_dispute(live: Disputed, *, is_redone: bool) -> Iterator[tuple[str, Any]]:
    phase = live.case.phase
    yield SOL, dispute.AnswerDispute("C1", False, WORDS)
    yield SOL, dispute.AnswerDispute("C1", True, WORDS)
    yield SOL, dispute.ProposeSplit("C1", 4_000)
    yield BEA, dispute.AcceptSplit("C1", 4_000)
    for share, redo in ((0, False), (BPS, False), (0, True)):
        yield "P3", dispute.Rule("C1", share, redo, forfeit_units=50 if share else 0)
    if not is_redone:  # or everything would come up twice
        yield BEA, dispute.AppealVerdict("C1")
        yield SOL, dispute.AppealVerdict("C1")
    level = 0 if live.case.first is None else 1
    # Jurors are alike, so let them vote in order, and the last of a larger panel one way alone.
    if isinstance(phase, Committing):
        behind = max((phase.jurors.index(one) + 1 for one in phase.commitments), default=0)
        for n, juror in list(enumerate(phase.jurors))[behind:]:
            for vote in (0, BPS, REDO) if not level else (0, BPS) if n < 2 else (BPS,):
                yield juror, dispute.CommitVote("C1", of_vote("C1", level, juror, vote, NONCE))
    if isinstance(phase, Revealing):
        for juror in [one for one in phase.commitments if one not in phase.votes][:1]:
            for vote in (0, BPS, REDO):
                yield juror, dispute.RevealVote("C1", vote, NONCE)


def _around(state: State, around: str) -> Iterator[tuple[str, Any]]:
    """List what happens beside the dispute: one kind of thing at a time, or there is no end."""
    if state.get(CONTRACTS, "C1") is None:
        return
    for waiting in state.rows(WAITING).values():
        count = state.get(COUNTERS, "E") or 0
        if waiting.epoch == f"E{count}":
            yield OPERATOR, CommitEpoch(of_secret(secret(count + 1)))
        else:
            yield OPERATOR, RevealEpoch(waiting.epoch, secret(int(waiting.epoch[1:])))
    if around == "bonds":
        for principal in ("P2", "P5"):
            bond = state.get(BONDS, f"{principal}/USD")
            if bond is not None and not bond.free_at:
                yield principal, WithdrawBond()
    if around == "mandates":
        yield "P1", RevokeMandate(BEA)
    if around == "jurors":
        yield "P5", jury.LeaveJury()


def step(state: State, actor: str, command: Any, at: int) -> tuple[State, tuple[Any, ...]] | None:
    """Give the state after a command and its events, or None where it was refused."""
    after = state.fork()
    try:
        draft = market.decide(after, at=at, actor=actor, command=command)
    except Refused:
        return None
    draft.merge()
    return after, tuple(draft.events)


def tick(state: State) -> tuple[State, tuple[Any, ...]] | None:
    """Give the state after the next deadline, or None where nothing is due."""
    due = state.next_due()
    if due is None:
        return None
    found = step(state, SYSTEM, market.Tick(due[1]), max(due[0], state.at + 1))
    assert found is not None, f"a tick was refused: {due}"
    return found


def signature(state: State) -> bytes:
    """Name a state by all that matters but when it is."""
    live = state.get(CONTRACTS, "C1")
    if isinstance(live, Disputed):
        case = msgspec.structs.replace(live.case, opened_at=0)
        live = msgspec.structs.replace(live, case=case)
    if live is not None:
        times = {name: 0 for name in NO_TIME if hasattr(live, name)}
        live = msgspec.structs.replace(live, **times)
    rows = [
        live,
        sorted(state.rows(HOLDS).items()),
        sorted((name, one.posted) for name, one in state.rows(ACCOUNTS).items()),
        sorted((name, one.units, bool(one.free_at)) for name, one in state.rows(BONDS).items()),
        sorted(state.rows(EPOCHS).items()),
        sorted(state.rows(WAITING)),
        [id for id, _ in sorted(state.rows(DEADLINES).items(), key=lambda one: one[1])],
        sorted(state.rows(jury.JURORS).items()),
        sorted(state.rows(REDONE)),
        sorted(state.rows(UNDO_UNTIL)),
        sorted(state.rows(MANDATES)),
    ]
    return canonical.encode(rows)


__all__ = ["BEA", "DAN", "SOL", "moves", "quarrel", "signature", "step", "tick"]
