"""Some contracts are audited after their end, drawn by lot: what nobody noticed is found there.

A contract that has paid for goods waits in the open epoch. When the epoch's secret is shown, a lot
over the secret and the contract's id says whether it is audited; nobody knows it before, nobody can
change it after, and it does not depend on any other contract. The auditor reports by a deadline,
and its silence passes. Whoever fails loses of its bond up to nine times what it was paid: its payer
gets the money back, and the house's reserve the rest.

    waiting ──lot──▶ spared, forgotten
        └──▶ open ──report, or silence──▶ ended

How likely an audit is follows from what cheating gains and what it would lose: with a gain g, a
stake s that is forfeited, and a chance d that the payer notices anyway, cheating does not pay once
q >= g/(g + s) - d. The rate is half as much again, at least a hundredth, and twice as high for each
audit that its principal has lately failed.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import bond, epoch, halt, reputation
from souq.core.agreement import CashLeg, givers
from souq.core.digest import check_digest
from souq.core.ending import ContractFulfilled
from souq.core.money import BPS, Money
from souq.core.party import AGENTS, need_other_agent, wallet
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, SYSTEM, Rules, rules
from souq.core.state import DEADLINES, Draft, Table, View, need_live

PPM = 1_000_000
FLOOR_PPM = PPM // 100
STAKE_TIMES = 9  # of what was paid, a bond is at stake in one contract at most
MARGIN_TENTHS = 15  # half as much again
RAISED_MAX = 4  # a rate is doubled so often at most
DRAWN_WITHIN_US = 8 * DAY_US  # with an epoch's secret where it is shown by then, else without
LOT_DIGITS = 13  # of 64: 52 bits


class ReportAudit(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report what an audit of a contract found. By the auditor only.

    `report` is the SHA-256 of the findings. Whoever failed loses of its bond, first to its payer.
    """

    contract: str
    passed: bool
    report: str


class AuditAwaited(Struct, frozen=True, tag=True, omit_defaults=True):
    """A contract waits for an epoch's lot; of a million such, `ppm` are audited.

    `outcome_bps` is what its giver was credited with.
    """

    contract: str
    epoch: str
    giver: str
    payer: str
    asset: str
    units: int
    ppm: int
    outcome_bps: int = BPS


class AuditDrawn(Struct, frozen=True, tag=True):
    """The lot has fallen; `report_by` is 0 where the contract is spared."""

    contract: str
    lot: str
    report_by: int


class AuditEnded(Struct, frozen=True, tag=True, omit_defaults=True):
    """`by` is the auditor, or "system" where it stayed silent; `forfeited_units` of a bond went."""

    contract: str
    giver: str
    principal: str
    by: str
    passed: bool
    report: str = ""
    forfeited_units: int = 0


class Audit(Struct, frozen=True, omit_defaults=True):
    """`epoch` is what it waits for, "" once its lot has fallen on it. `sides` are principals."""

    epoch: str
    giver: str
    payer: str
    asset: str
    units: int
    ppm: int
    sides: tuple[str, ...]
    outcome_bps: int = BPS


AUDITS: Table[Audit] = Table("audits", Audit)
FAILURES: Table[int] = Table("failed_audits", int)  # by principal: how often its rate is doubled
TABLES: tuple[Table[Any], ...] = (AUDITS, FAILURES)


def rate_ppm(*, gain_units: int, stake_units: int, detection_bps: int, failures: int = 0) -> int:
    """Give how many of a million such contracts are audited."""
    whole = gain_units + stake_units
    pays = -(-gain_units * PPM // whole) if whole else 0
    needed = -(-MARGIN_TENTHS * (pays - detection_bps * (PPM // BPS)) // 10)
    return min(PPM, max(FLOOR_PPM, needed) << min(failures, RAISED_MAX))


def is_drawn(lot: str, ppm: int) -> bool:
    """Tell whether a lot falls on a contract of this rate."""
    return int(lot[:LOT_DIGITS], 16) * PPM < ppm << (4 * LOT_DIGITS)


def lot_of(secret: str, contract: str) -> str:
    """Give a contract's lot; whoever knows the secret can work it out again."""
    return epoch.lot(secret, "audit", contract)


def is_auditor(view: View, actor: str) -> bool:
    """Tell whether somebody audits for this market: the auditor its rules name."""
    return bool(rules(view).auditor) and actor == rules(view).auditor


def may_audit(view: View, actor: str, contract: str) -> bool:
    """Tell whether somebody is to audit a contract that the lot has fallen on."""
    found = view.get(AUDITS, contract)
    return found is not None and not found.epoch and is_auditor(view, actor)


def consider(draft: Draft, event: ContractFulfilled) -> None:
    """React to a contract's end: where the house audits, it waits for the next lot."""
    house = rules(draft)
    now = epoch.open_epoch(draft) if house.auditor else ""
    if not now:
        return
    legs = event.agreement.legs
    paid = [leg for leg in legs if isinstance(leg, CashLeg) and leg.amount.units]
    if not paid or givers(legs) != (paid[0].taker,):
        return
    giver, payer, asset = paid[0].taker, paid[0].giver, paid[0].amount.asset
    whole = sum(leg.amount.units for leg in paid if leg.amount.asset == asset)
    units = whole * event.kept_bps.get(giver, BPS) // BPS
    if not units:
        return
    ppm = _rate(draft, house, giver, asset, units)
    outcome = BPS - event.penalty_bps
    draft.emit(AuditAwaited(event.contract, now, giver, payer, asset, units, ppm, outcome))


def _rate(view: View, house: Rules, giver: str, asset: str, units: int) -> int:
    principal = need_other_agent(view, giver).principal
    ppm = rate_ppm(
        gain_units=units,
        stake_units=min(bond.standing_units(view, principal, asset), STAKE_TIMES * units),
        detection_bps=house.audit_detection_bps,
        failures=view.get(FAILURES, principal) or 0,
    )
    return min(ppm, house.audit_max_bps * (PPM // BPS))


def lapse(draft: Draft, due: str) -> None:
    """Draw a contract's lot, or take its auditor's silence as a pass. It cannot be refused."""
    id = f"C{due[1:]}"
    found = draft.get(AUDITS, id)
    assert found is not None, f"a deadline without an audit: {due}"
    if not found.epoch:
        _end(draft, id, found, by=SYSTEM, passed=True)
        return
    secret = epoch.secret_of(draft, found.epoch)
    # Without a secret, what decides is when the draw happens to be made: still nobody's choice.
    lot = lot_of(secret, id) if secret else epoch.lot("", "audit", id, str(draft.at))
    is_chosen = is_drawn(lot, found.ppm)
    draft.emit(AuditDrawn(id, lot, draft.at + rules(draft).audit_us if is_chosen else 0))


def _report(draft: Draft, actor: str, command: ReportAudit) -> None:
    halt.need(draft, "settlements")
    if not is_auditor(draft, actor):
        raise Refused(Reason.NOT_YOURS)
    found = need_live(draft, AUDITS, command.contract, "C")
    if found.epoch:
        raise Refused(Reason.WRONG_STATE, state="Waiting")
    agent = draft.get(AGENTS, actor)
    if (agent.principal if agent else actor) in found.sides:
        raise Refused(Reason.NOT_YOURS, why="nobody audits what is their own principal's")
    check_digest("report", command.report)
    _end(draft, command.contract, found, by=actor, passed=command.passed, report=command.report)


def _end(draft: Draft, id: str, found: Audit, *, by: str, passed: bool, report: str = "") -> None:
    principal = need_other_agent(draft, found.giver).principal
    forfeited = 0
    if not passed:
        payer = wallet(need_other_agent(draft, found.payer).principal, found.asset)
        for units, to in (
            (found.units, payer),
            ((STAKE_TIMES - 1) * found.units, f"reserve/{found.asset}"),
        ):
            forfeited += bond.forfeit(
                draft, principal, asset=found.asset, units=units, to=to, thing=id
            )
    draft.emit(AuditEnded(id, found.giver, principal, by, passed, report, forfeited))


def _awaited(view: View, event: AuditAwaited) -> None:
    id = event.contract
    sides = tuple(need_other_agent(view, one).principal for one in (event.giver, event.payer))
    row = Audit(
        event.epoch,
        event.giver,
        event.payer,
        event.asset,
        event.units,
        event.ppm,
        sides,
        event.outcome_bps,
    )
    view.put(AUDITS, id, row)
    epoch.wait(view, due_id(id), event.epoch, view.at + DRAWN_WITHIN_US)


def _drawn(view: View, event: AuditDrawn) -> None:
    id = event.contract
    epoch.drawn(view, due_id(id))
    if event.report_by:
        found = view.get(AUDITS, id)
        assert found is not None, f"drawn without waiting: {id}"
        view.put(AUDITS, id, msgspec.structs.replace(found, epoch=""))
        view.put(DEADLINES, due_id(id), event.report_by)
    else:
        _forget(view, id)


def _ended(view: View, event: AuditEnded) -> None:
    found = view.get(AUDITS, event.contract)
    _forget(view, event.contract)
    before = view.get(FAILURES, event.principal) or 0
    after = max(0, before - 1) if event.passed else min(RAISED_MAX, before + 1)
    if after:
        view.put(FAILURES, event.principal, after)
    elif before:
        view.drop(FAILURES, event.principal)
    if not event.passed:
        assert found is not None, f"an audit of nothing: {event.contract}"
        amount = Money(found.units, found.asset)
        reputation.overrule(
            view,
            supplier=found.giver,
            payer=found.payer,
            amount=amount,
            before_bps=found.outcome_bps,
            after_bps=0,
        )


def _forget(view: View, id: str) -> None:
    view.drop(AUDITS, id)
    view.drop(DEADLINES, due_id(id))


def due_id(contract: str) -> str:
    """Name a contract's audit among deadlines, where its contract's own name is taken."""
    return f"U{contract[1:]}"


DECIDE: dict[type, Any] = {ReportAudit: _report}
EVOLVE: dict[type, Any] = {
    AuditAwaited: _awaited,
    AuditDrawn: _drawn,
    AuditEnded: _ended,
}
