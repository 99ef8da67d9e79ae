"""A panel is drawn once evidence is closed; its jurors commit to their votes, then show them."""

from typing import Any

import msgspec

from souq.core import epoch, halt, jury
from souq.core.case import ARBITRATION, PANEL, Committing, Drawing, Revealing, Verdict
from souq.core.digest import check_digest
from souq.core.dispute import costs, sides, verdict
from souq.core.dispute.counting import VOTES, agreeing, of_vote, verdict_of
from souq.core.dispute.records import (
    ArbiterCalled,
    CommitVote,
    PanelAwaited,
    PanelDismissed,
    PanelDrawn,
    RevealVote,
    VoteCommitted,
    VotesCounted,
    VoteShown,
    VotingClosed,
)
from souq.core.dispute.verdict import put_phase, wait_no_more
from souq.core.mechanisms.commitment import check_opens
from souq.core.refusal import Reason, Refused, invalid
from souq.core.stage import Disputed, need_contract, stage_of
from souq.core.state import Draft, View, row_of


def judge(draft: Draft, id: str, state: Disputed) -> None:
    """Hand a case over whose evidence is closed: to a panel, to the arbiter, or to nobody."""
    procedure = state.case.procedure
    assert procedure is not None
    price, _ = sides.stake(draft, state.agreement)
    wanted = procedure.jury if price >= procedure.arbiter_below_units else 0
    size = verdict.panel_size(draft, state, wanted)
    if size:
        due = draft.at + epoch.SHOWN_WITHIN_US
        draft.emit(PanelAwaited(id, size, epoch.open_epoch(draft), due))
    else:
        to_arbiter(draft, id, state)


def to_arbiter(draft: Draft, id: str, state: Disputed) -> None:
    """Hand a case over to the arbiter; where there is none, silence decides at once."""
    arbiter = sides.arbiter_of(draft, state.agreement)
    procedure = state.case.procedure
    assert procedure is not None
    if not arbiter or state.case.first is not None:
        verdict.silent(draft, id, state)
        return
    draft.emit(ArbiterCalled(id, arbiter, draft.at + procedure.verdict_us))


def draw(draft: Draft, id: str, state: Disputed, phase: Drawing) -> None:
    """Draw a panel with the epoch's secret, or without it where it was never shown."""
    case = state.case
    assert case.procedure is not None
    found = verdict.pool(draft, state)
    if len(found) < phase.size:
        to_arbiter(draft, id, state)
        return
    secret = epoch.secret_of(draft, phase.epoch)
    brought = [digest for _, digest in case.evidence]
    names = (id, str(_level(state)), *brought)
    drawn = jury.draw(found, phase.size, secret, *names)
    jurors = tuple(row_of(draft, jury.JURORS, one).agent for one in drawn)
    draft.emit(PanelDrawn(id, jurors, draft.at + case.procedure.panel_us // 2))


def close(draft: Draft, id: str, state: Disputed, phase: Committing) -> None:
    """Let those show their votes who committed to one; where none did, the panel is silent."""
    if not phase.commitments:
        _count(draft, id, state, phase.jurors, {})
        return
    assert state.case.procedure is not None
    until = draft.at + state.case.procedure.panel_us - state.case.procedure.panel_us // 2
    draft.emit(VotingClosed(id, phase.jurors, until))


def count(draft: Draft, id: str, state: Disputed, phase: Revealing) -> None:
    """Count the votes that were shown."""
    _count(draft, id, state, phase.jurors, phase.votes)


def _count(
    draft: Draft, id: str, state: Disputed, jurors: tuple[str, ...], votes: dict[str, int]
) -> None:
    found = verdict_of(votes) if votes else None
    draft.emit(VotesCounted(id, tuple(sorted(votes.values())), found))
    right = () if found is None else agreeing(votes, found)
    assert state.case.procedure is not None
    _, asset = sides.stake(draft, state.agreement)
    # Where the votes stand so far apart that the verdict is nobody's, none of them was wrong.
    staked = jurors if right else tuple(one for one in jurors if one not in votes)
    costs.settle_stakes(
        draft,
        id,
        state.case.procedure,
        asset=asset,
        jurors=sides.owners(draft, staked),
        agreeing=sides.owners(draft, right),
    )
    draft.emit(PanelDismissed(id, jurors, right))
    after: Disputed = stage_of(draft, id)
    if found is None:
        to_arbiter(draft, id, after)
    else:
        verdict.conclude(draft, id, after, Verdict(found, PANEL))


def _vote(draft: Draft, actor: str, command: CommitVote | RevealVote) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    juror = jury.juror_of(draft, actor)
    phase = state.case.phase if isinstance(state, Disputed) else state
    if not (isinstance(phase, Committing | Revealing) and juror in phase.jurors):
        raise Refused(Reason.NOT_YOURS)
    assert isinstance(state, Disputed)
    match phase, command:
        case Committing(), CommitVote() if juror not in phase.commitments:
            check_digest("commitment", command.commitment)
            draft.emit(VoteCommitted(id, juror, command.commitment))
            if len(phase.commitments) + 1 == len(phase.jurors):
                after = stage_of(draft, id)
                close(draft, id, after, after.case.phase)
        case Revealing(), RevealVote() if juror in phase.commitments and juror not in phase.votes:
            if command.vote not in VOTES:
                raise invalid("vote", f"one of {', '.join(map(str, VOTES))}")
            opened = of_vote(id, _level(state), juror, command.vote, command.nonce)
            check_opens("vote", command.nonce, opened, phase.commitments[juror])
            draft.emit(VoteShown(id, juror, command.vote))
            if len(phase.votes) + 1 == len(phase.commitments):
                after = stage_of(draft, id)
                count(draft, id, after, after.case.phase)
        case _:
            raise Refused(Reason.WRONG_STATE, state=type(phase).__name__)


def _level(state: Disputed) -> int:
    return 0 if state.case.first is None else 1


def _drawn(view: View, event: PanelDrawn) -> None:
    wait_no_more(view, event.contract)
    put_phase(view, event.contract, event.commit_by, phase=Committing(event.jurors))
    jury.seat(view, event.jurors, event.contract)


def _committed(view: View, event: VoteCommitted) -> None:
    state = stage_of(view, event.contract)
    phase = state.case.phase
    commitments = {**phase.commitments, event.juror: event.commitment}
    changed = msgspec.structs.replace(phase, commitments=commitments)
    put_phase(view, event.contract, state.rule_by, phase=changed)


def _closed(view: View, event: VotingClosed) -> None:
    phase = stage_of(view, event.contract).case.phase
    revealing = Revealing(phase.jurors, phase.commitments)
    put_phase(view, event.contract, event.reveal_by, phase=revealing)


def _shown(view: View, event: VoteShown) -> None:
    state = stage_of(view, event.contract)
    phase = state.case.phase
    changed = msgspec.structs.replace(phase, votes={**phase.votes, event.juror: event.vote})
    put_phase(view, event.contract, state.rule_by, phase=changed)


def _counted(view: View, event: VotesCounted) -> None:
    """Its consequences have events of their own."""


def _dismissed(view: View, event: PanelDismissed) -> None:
    state = stage_of(view, event.contract)
    jury.release(view, event.jurors, event.contract)
    changes = {"agreeing": event.agreeing, "first_panel": event.jurors}
    put_phase(view, event.contract, state.rule_by, **changes)


def _arbiter_called(view: View, event: ArbiterCalled) -> None:
    wait_no_more(view, event.contract)
    put_phase(view, event.contract, event.rule_by, phase=ARBITRATION)


DECIDE: dict[type, Any] = dict.fromkeys((CommitVote, RevealVote), _vote)
EVOLVE: dict[type, Any] = {
    PanelDrawn: _drawn,
    VoteCommitted: _committed,
    VotingClosed: _closed,
    VoteShown: _shown,
    VotesCounted: _counted,
    PanelDismissed: _dismissed,
    ArbiterCalled: _arbiter_called,
}
