"""A verdict, the appeal against it, and what the last one does."""

from typing import Any

import msgspec

from souq.core import conditions, epoch, halt, jury, liability
from souq.core.agreement import CashLeg
from souq.core.case import PANEL, PARTIES, REDO, Case, Decided, Drawing, Verdict
from souq.core.dispute import costs, sides
from souq.core.dispute.records import (
    AppealVerdict,
    DisputeDecided,
    PanelAwaited,
    RedoOrdered,
    VerdictReached,
)
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.money import BPS
from souq.core.performance import kept_bps, owed_bps
from souq.core.procedure import JURY_MAX
from souq.core.refusal import Reason, Refused
from souq.core.rules import SYSTEM, rules
from souq.core.stage import Disputed, Formed, enter, need_contract, principals, stage_of
from souq.core.state import DEADLINES, Draft, Table, View

# Contracts that were done again once; a second time there is money instead.
REDONE: Table[bool] = Table("redone", bool)
TABLES: tuple[Table[Any], ...] = (REDONE,)
APPEAL_FROM_ONE = 3  # the smallest panel that may judge again what an arbiter judged alone


def conclude(draft: Draft, id: str, state: Disputed, verdict: Verdict) -> None:
    """Follow a verdict: it stands open to appeal, or it is the last one."""
    case = state.case
    is_last = case.procedure is None or not case.procedure.appeal_us or case.first is not None
    if is_last or verdict.by in (PARTIES, SYSTEM):
        finish(draft, id, state, verdict)
        return
    assert case.procedure is not None
    until = draft.at + case.procedure.appeal_us
    draft.emit(
        VerdictReached(
            id, verdict.by, verdict.payer_bps, until, verdict.cause, verdict.forfeit_units
        )
    )


def silent(draft: Draft, id: str, state: Disputed) -> None:
    """Follow the silence of everybody who could judge: what was judged before stands, or the
    house's rules say."""
    if state.case.first is not None:
        finish(draft, id, state, state.case.first)
        return
    # Whoever admits to have missed a promise owes its penalty, whatever else is in doubt.
    owed = owed_bps(draft, id, state)
    share = max(rules(draft).silent_ruling_bps, owed)
    finish(draft, id, state, Verdict(share, SYSTEM))


def finish(draft: Draft, id: str, state: Disputed, verdict: Verdict) -> None:
    """Carry the last verdict out, and settle what the dispute cost."""
    case = state.case
    is_judged_again = verdict is not case.first
    if verdict.payer_bps == REDO and draft.get(REDONE, id):
        verdict = msgspec.structs.replace(verdict, payer_bps=BPS)
    claimant = sides.owner(draft, state.claimant)
    others = sides.respondents(state.agreement, state.claimant)
    other = sides.owner(draft, others[0])
    is_upheld = sides.is_upheld(case.asked_bps, verdict.payer_bps)
    is_judged = verdict.by not in (PARTIES, SYSTEM)
    _end_appeal(draft, id, state, verdict, is_judged_again=is_judged_again)
    if is_upheld or not is_judged:
        costs.give_back(draft, id, costs.FILING, state.agreement)
    else:
        costs.take(
            draft, id, costs.FILING, state.agreement, sides.owners(draft, case.agreeing) or (other,)
        )
    if verdict.forfeit_units:
        loser, winner = (other, claimant) if is_upheld else (claimant, other)
        _, asset = sides.stake(draft, state.agreement)
        costs.forfeit(
            draft, loser, asset=asset, units=verdict.forfeit_units, to=(winner,), thing=id
        )
    if case.procedure is not None and is_judged:
        draft.emit(DisputeDecided(id, claimant, other, is_upheld))
    if verdict.payer_bps == REDO:
        until = draft.at + conditions.deliver_us(rules(draft), state.agreement.conditions)
        draft.emit(RedoOrdered(id, verdict.by, until))
    else:
        _rule(draft, id, state, verdict)


def panel_size(draft: Draft, state: Disputed, wanted: int) -> int:
    """Give how many can be drawn for a panel: as many as wanted, or 0."""
    assert state.case.procedure is not None
    if not wanted or not epoch.open_epoch(draft):
        return 0
    return wanted if len(pool(draft, state)) >= wanted else 0


def pool(view: View, state: Disputed) -> list[tuple[str, int]]:
    """List who may be drawn for a case, with their stakes."""
    assert state.case.procedure is not None
    _, asset = sides.stake(view, state.agreement)
    parties = principals(view, state.agreement)
    judge = sides.judge_owner(view, sides.arbiter_of(view, state.agreement))
    return jury.eligible(
        view,
        parties,
        asset=asset,
        seat_units=state.case.procedure.seat_units,
        but=(*sides.owners(view, state.case.first_panel), judge),
    )


def _end_appeal(
    draft: Draft, id: str, state: Disputed, verdict: Verdict, *, is_judged_again: bool
) -> None:
    """Give the appellant its fee back on success, or where nobody judged again."""
    case = state.case
    if case.first is None:
        return
    before, after = case.first.payer_bps, verdict.payer_bps
    won = sides.gains(state.agreement, case.appellant, before=before, after=after)
    if not won and is_judged_again:
        others = sides.respondents(state.agreement, state.claimant)
        rival = others[0] if case.appellant == state.claimant else state.claimant
        to = sides.owners(draft, case.agreeing or (rival,))
        costs.take(draft, id, costs.APPEAL, state.agreement, to)
        return
    costs.give_back(draft, id, costs.APPEAL, state.agreement)
    if won and case.first.by != PANEL:
        assert case.procedure is not None
        judge = sides.judge_owner(draft, case.first.by)
        _, asset = sides.stake(draft, state.agreement)
        loss = case.procedure.seat_units * case.procedure.loss_bps // BPS
        harmed = (sides.owner(draft, case.appellant),)
        costs.forfeit(draft, judge, asset=asset, units=loss, to=harmed, thing=id)


def _rule(draft: Draft, id: str, state: Disputed, verdict: Verdict) -> None:
    agreement, share = state.agreement, verdict.payer_bps
    template = agreement.conditions.template
    cause: Any = verdict.cause
    if verdict.by == PANEL and share and template:
        cause = liability.CAUSE_OF.get(state.case.ground, "misdescription")
    clause = liability.clause(template, cause) if cause else ""
    kept = kept_bps(draft, id)
    if cause and liability.bearer(template, cause) == "reserve":
        owed = [
            (
                sides.owner(draft, leg.giver),
                leg.amount.asset,
                leg.amount.units * kept.get(leg.taker, BPS) * share // BPS**2,
            )
            for leg in agreement.legs
            if isinstance(leg, CashLeg)
        ]
        made_good = costs.make_good(draft, id, owed)
        draft.emit(RulingMade(id, agreement, verdict.by, 0, clause, made_good, kept))
        return
    draft.emit(RulingMade(id, agreement, verdict.by, share, clause, kept_bps=kept))


def _appeal(draft: Draft, actor: str, command: AppealVerdict) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    if not isinstance(state, Disputed):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    side = sides.side_of(draft, actor, state)
    case = state.case
    if not isinstance(case.phase, Decided):
        raise Refused(Reason.WRONG_STATE, state=type(case.phase).__name__)
    assert case.procedure is not None
    judged = len(case.first_panel)
    wanted = (2 * judged + 1, judged + 2) if judged else (APPEAL_FROM_ONE,)
    sizes = [size for one in wanted if (size := panel_size(draft, state, min(one, JURY_MAX)))]
    if not sizes:
        raise Refused(Reason.WRONG_STATE, state="Decided", why="too few jurors for another panel")
    price, asset = sides.stake(draft, state.agreement)
    fee = case.procedure.appeal_fee(price, sizes[0])
    costs.hold_fee(draft, id, costs.APPEAL, actor, side, asset=asset, units=fee)
    due = draft.at + epoch.SHOWN_WITHIN_US
    draft.emit(PanelAwaited(id, sizes[0], epoch.open_epoch(draft), due, side))


def _reached(view: View, event: VerdictReached) -> None:
    verdict = Verdict(event.payer_bps, event.by, event.cause, event.forfeit_units)
    put_phase(view, event.contract, event.appeal_by, phase=Decided(verdict))


def _awaited(view: View, event: PanelAwaited) -> None:
    phase = Drawing(event.size, event.epoch)
    before = stage_of(view, event.contract).case.phase
    if isinstance(before, Decided):
        put_phase(
            view,
            event.contract,
            event.due,
            phase=phase,
            first=before.verdict,
            appellant=event.appellant,
            agreeing=(),
        )
    else:
        put_phase(view, event.contract, event.due, phase=phase)
    view.drop(DEADLINES, event.contract)  # its draw has one instead
    epoch.wait(view, waiting_id(event.contract), event.epoch, event.due)


def _redone(view: View, event: RedoOrdered) -> None:
    state = stage_of(view, event.contract)
    wait_no_more(view, event.contract)
    view.put(REDONE, event.contract, True)
    enter(view, event.contract, Formed(state.agreement, event.deliver_by), event.deliver_by)


def wait_no_more(view: View, id: str) -> None:
    """Fold that no panel is awaited any longer, whether it was drawn or could not be."""
    waiting = waiting_id(id)
    if view.get(epoch.WAITING, waiting) is not None:
        epoch.drawn(view, waiting)
    if view.get(DEADLINES, waiting) is not None:
        view.drop(DEADLINES, waiting)


def waiting_id(contract: str) -> str:
    """Name what waits for an epoch: the dispute over C9 is D9."""
    return f"D{contract[1:]}"


def _ruled(view: View, event: RulingMade) -> None:
    wait_no_more(view, event.contract)
    _over(view, event)


def _over(view: View, event: Any) -> None:
    if view.get(REDONE, event.contract) is not None:
        view.drop(REDONE, event.contract)


def put_phase(view: View, id: str, due: int, **changes: Any) -> None:
    """Fold a dispute's step to a phase, and its deadline."""
    state = stage_of(view, id)
    case: Case = msgspec.structs.replace(state.case, **changes)
    enter(view, id, msgspec.structs.replace(state, rule_by=due, case=case), due)


DECIDE: dict[type, Any] = {AppealVerdict: _appeal}
EVOLVE: dict[type, Any] = {
    VerdictReached: _reached,
    PanelAwaited: _awaited,
    RedoOrdered: _redone,
    ContractFulfilled: _over,
    ContractCancelled: _over,
    RulingMade: _ruled,
}
