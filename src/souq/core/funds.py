"""Money enters and leaves through accounts of the world; what it brought in, the world owes.

What a rail did comes as a report. On rail `manual` a report above the house's limit waits for
another person:

    report ──one person is enough──▶ carried out
       └──▶ proposed ──another confirms──▶ carried out
                └──anybody rejects──▶ dropped
"""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from souq.core import debt, deny_list, deposit, halt, ledger
from souq.core.debt import reserve, world
from souq.core.ledger import ACCOUNTS, Batch
from souq.core.money import UNITS_MAX, Money
from souq.core.officer import need_cashier, need_second, needs_two
from souq.core.party import need_principal, wallet
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import MANUAL, RULES, need_asset, need_operator, need_rail
from souq.core.state import Draft, Table, View, need_live, next_id, take_id

RESERVE = "reserve"  # stands where a principal would: the house pays in for itself


class ReportDeposit(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report money that a rail brought in for a principal, or for the `reserve`. Operator only.

    The rail's `reference` makes it safe to report twice. Officers may report on rail `manual`.
    """

    principal: str
    amount: Money
    rail: str = "credits"
    reference: str | UnsetType = UNSET  # left out, it leaves no trace in the bytes of old records


class ReportPayout(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report money that a rail paid out without being asked to by a payout. Operator only."""

    principal: str
    amount: Money
    rail: str = "credits"


class ReportChargeback(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report that the outside took a deposit back, whole or in part. Operator only.

    The wallet pays what it can, the reserve what it can; the rest stays owed.
    """

    amount: Money
    rail: str
    reference: str  # of the deposit


Report = ReportDeposit | ReportPayout | ReportChargeback


class ConfirmReport(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Confirm what another person reported on rail `manual`."""

    report: str


class RejectReport(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Drop what was reported on rail `manual` and is not confirmed yet, one's own included."""

    report: str


class OpenAccount(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Open a ledger account outside the wallets, for metering or pay-rolls. Operator only."""

    account: str
    asset: str = "USD"
    no_overdraft: bool = True


class TransferMany(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Make up to 8,000 transfers, each with its own outcome. Operator only.

    The answer's record lists the outcomes row by row; see `transfer.Outcome`.
    """

    batch: Batch


class ReportProposed(Struct, frozen=True, tag=True):
    report: str
    by: str
    what: Report


class ReportConfirmed(Struct, frozen=True, tag=True):
    report: str
    by: str


class ReportRejected(Struct, frozen=True, tag=True):
    report: str
    by: str


class Proposed(Struct, frozen=True):
    """A report that another person must confirm."""

    by: str
    what: Report


REPORTS: Table[Proposed] = Table("reports", Proposed)
TABLES: tuple[Table[Any], ...] = (REPORTS,)


def open_world(draft: Draft, rail: str, asset: str) -> str:
    """Give a rail's account of the world, opened at its first use."""
    account = world(rail, asset)
    if draft.get(ACCOUNTS, account) is None:
        ledger.open_account(draft, account, asset, no_surplus=True)
    return account


def need_amount(view: View, amount: Money) -> None:
    """Raise Refused(invalid) unless this is an amount that can move."""
    need_asset(view, amount.asset)
    if not 0 < amount.units <= UNITS_MAX:
        raise invalid("amount", "must be above 0 and below 2**53")


def need_leaving(view: View, rail: str, account: str, amount: Money) -> None:
    """Raise Refused unless an account has so much, and the rail brought in so much."""
    available = ledger.need_account(view, account).available
    if available < amount.units:
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=amount.units)
    owed = view.get(ACCOUNTS, world(rail, amount.asset))
    if owed is None or owed.posted + owed.incoming + amount.units > 0:
        raise invalid("rail", "more would leave by this rail than came in by it")


def _report(draft: Draft, actor: str, command: Report) -> None:
    need_cashier(draft, actor, command.rail)
    need_amount(draft, command.amount)
    need_rail(draft, command.rail)
    _check(draft, command)
    if needs_two(draft, command.rail, command.amount.units):
        draft.emit(ReportProposed(next_id(draft, "R"), actor, command))
    else:
        _carry_out(draft, command)


def _confirm(draft: Draft, actor: str, command: ConfirmReport) -> None:
    found = _need_report(draft, actor, command.report)
    what = found.what
    need_second(draft, what.rail, what.amount.units, first=found.by, actor=actor)
    _check(draft, what)  # the market has moved on since it was proposed
    draft.emit(ReportConfirmed(command.report, actor))
    _carry_out(draft, what)


def _reject(draft: Draft, actor: str, command: RejectReport) -> None:
    _need_report(draft, actor, command.report)
    draft.emit(ReportRejected(command.report, actor))


def _need_report(view: View, actor: str, id: str) -> Proposed:
    need_cashier(view, actor, MANUAL)
    return need_live(view, REPORTS, id, "R")


def _check(view: View, what: Report) -> None:
    """Raise Refused where a report cannot be carried out as things stand."""
    match what:
        case ReportDeposit():
            account = _account_of(view, what.principal, what.amount.asset)
            if ledger.need_account(view, account).posted + what.amount.units > UNITS_MAX:
                raise invalid("amount", "the account would pass 2**53 units")
            deposit.check_brought(view, _key(what), what.principal, what.amount)
        case ReportPayout():
            halt.need(view, "settlements")
            need_principal(view, what.principal)
            deny_list.need_clear(view, what.principal)
            account = wallet(what.principal, what.amount.asset)
            need_leaving(view, what.rail, account, what.amount)
        case ReportChargeback():
            deposit.check_taken_back(view, _key(what), what.amount)


def _carry_out(draft: Draft, what: Report) -> None:
    asset, units = what.amount.asset, what.amount.units
    outside = open_world(draft, what.rail, asset)
    match what:
        case ReportPayout():
            _move(draft, wallet(what.principal, asset), outside, units)
        case ReportDeposit():
            back = deposit.bring(draft, _key(what), what.principal, what.amount)
            account = _account_of(draft, what.principal, asset)
            _move(draft, outside, account, units)
            if back:
                debt.charge_back(draft, account=account, outside=outside, units=back)
        case ReportChargeback():
            principal = deposit.take_back(draft, _key(what), what.amount)
            if principal:
                account = _account_of(draft, principal, asset)
                debt.charge_back(draft, account=account, outside=outside, units=units)


def _account_of(view: View, principal: str, asset: str) -> str:
    if principal == RESERVE:
        return reserve(asset)
    need_principal(view, principal)
    return wallet(principal, asset)


def _key(what: ReportDeposit | ReportChargeback) -> deposit.Key:
    return deposit.Key(what.rail, what.reference or "")


def _move(draft: Draft, debit: str, credit: str, units: int) -> None:
    # Stamps never repeat, so they tell one movement from the next.
    ledger.move(draft, Batch((f"#W{draft.at}",), (debit,), (credit,), (units,)))


def _open_account(draft: Draft, actor: str, command: OpenAccount) -> None:
    need_operator(actor)
    need_asset(draft, command.asset)
    name = command.account
    # Wallets, the world, fees and reserve are the market's own names.
    if not 0 < len(name) <= ledger.ACCOUNT_ID_MAX or ":" in name or "/" in name:
        raise invalid("account", "up to 64 characters, none of them ':' or '/'")
    ledger.open_account(draft, name, command.asset, no_overdraft=command.no_overdraft)


def _transfer_many(draft: Draft, actor: str, command: TransferMany) -> None:
    need_operator(actor)
    halt.need(draft, "settlements")
    _check_outside(draft, command.batch)
    ledger.transfer_many(draft, command.batch)


def _check_outside(view: View, batch: Batch) -> None:
    """Raise Refused(invalid) for a batch by which one person would do what two must see."""
    market = view.get(RULES, "market")
    if market is None or MANUAL not in market.rails:
        return
    for asset in market.assets:
        outside = world(MANUAL, asset.code)
        if outside in batch.debit or outside in batch.credit:
            raise invalid("batch", "rail `manual` moves by reports and payouts alone")


def _proposed(view: View, event: ReportProposed) -> None:
    take_id(view, event.report)
    view.put(REPORTS, event.report, Proposed(event.by, event.what))


def _ended(view: View, event: ReportConfirmed | ReportRejected) -> None:
    view.drop(REPORTS, event.report)


DECIDE: dict[type, Any] = {
    ReportDeposit: _report,
    ReportPayout: _report,
    ReportChargeback: _report,
    ConfirmReport: _confirm,
    RejectReport: _reject,
    OpenAccount: _open_account,
    TransferMany: _transfer_many,
}
EVOLVE: dict[type, Any] = {
    ReportProposed: _proposed,
    ReportConfirmed: _ended,
    ReportRejected: _ended,
}
