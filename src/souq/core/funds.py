"""Money enters and leaves through accounts of the world; what it brought in, the world owes."""

from typing import Any

from msgspec import Struct

from souq.core import ledger
from souq.core.ledger import ACCOUNTS, Batch
from souq.core.money import UNITS_MAX, Money
from souq.core.party import need_principal, wallet
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_asset, need_operator
from souq.core.state import Draft


class ReportDeposit(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report money that a rail brought in for a principal. Operator only."""

    principal: str
    amount: Money
    rail: str = "credits"


class ReportPayout(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Report money that a rail paid out to a principal. Operator only."""

    principal: str
    amount: Money
    rail: str = "credits"


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


def _world(draft: Draft, rail: str, asset: str) -> str:
    if not (rail.isascii() and rail.isalnum() and len(rail) <= 32):
        raise invalid("rail", "a rail's name has up to 32 letters and digits")
    account = f"world:{rail}/{asset}"
    if draft.get(ACCOUNTS, account) is None:
        ledger.open_account(draft, account, asset, no_surplus=True)
    return account


def _move(draft: Draft, debit: str, credit: str, units: int) -> None:
    # Stamps never repeat, so they tell one movement from the next.
    ledger.move(draft, Batch((f"#W{draft.at}",), (debit,), (credit,), (units,)))


def _check(draft: Draft, actor: str, command: ReportDeposit | ReportPayout) -> tuple[str, str]:
    need_operator(actor)
    need_principal(draft, command.principal)
    need_asset(draft, command.amount.asset)
    if not 0 < command.amount.units <= UNITS_MAX:
        raise invalid("amount", "must be above 0 and below 2**53")
    asset = command.amount.asset
    return _world(draft, command.rail, asset), wallet(command.principal, asset)


def _report_deposit(draft: Draft, actor: str, command: ReportDeposit) -> None:
    world, account = _check(draft, actor, command)
    if ledger.need_account(draft, account).posted + command.amount.units > UNITS_MAX:
        raise invalid("amount", "the wallet would pass 2**53 units")
    _move(draft, world, account, command.amount.units)


def _report_payout(draft: Draft, actor: str, command: ReportPayout) -> None:
    world, account = _check(draft, actor, command)
    available = ledger.need_account(draft, account).available
    if available < command.amount.units:
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=command.amount.units)
    owed = ledger.need_account(draft, world)
    if owed.posted + owed.incoming + command.amount.units > 0:
        raise invalid("rail", "more would leave by this rail than came in by it")
    _move(draft, account, world, command.amount.units)


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
    ledger.transfer_many(draft, command.batch)


DECIDE: dict[type, Any] = {
    ReportDeposit: _report_deposit,
    ReportPayout: _report_payout,
    OpenAccount: _open_account,
    TransferMany: _transfer_many,
}
EVOLVE: dict[type, Any] = {}
