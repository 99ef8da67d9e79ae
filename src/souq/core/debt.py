"""What is owed when the outside takes a deposit back, and how every unit of it is paid.

A chargeback makes two entries. The person owes the house: a debt of the wallet. And the house owes
the rail: a claim of the rail on the reserve. Then one rule moves all money there is:

    wallet ──what is free, up to its debt──▶ reserve ──up to the claim, and to the room──▶ world

It runs at the chargeback and whenever money moves to where something is owed. So a wallet in debt
never has anything free, and a claim stands open only while the reserve is empty or while more
would leave by the rail than came in by it. Nothing goes below zero and nothing is forgotten; at
any moment the rail's own balance is what `world` owes, less its open claim.
"""

from typing import Any

from msgspec import Struct

from souq.core import ledger
from souq.core.account import HOLDS
from souq.core.ledger import Batch, TransfersMade
from souq.core.party import WALLET, wallet
from souq.core.refusal import Reason, Refused
from souq.core.rules import rules
from souq.core.state import COUNTERS, Draft, Table, View


class DebtIncurred(Struct, frozen=True, tag=True):
    """A wallet owes the reserve what the outside took back."""

    account: str
    units: int


class ClaimRaised(Struct, frozen=True, tag=True):
    """The reserve owes a rail, named by its account of the world."""

    account: str
    units: int


class DebtsRepaid(Struct, frozen=True, tag=True):
    """Wallets paid the reserve, in columns; the transfers are recorded with it."""

    accounts: tuple[str, ...]
    units: tuple[int, ...]


class ClaimsPaid(Struct, frozen=True, tag=True):
    """The reserve paid rails, in columns; the transfers are recorded with it."""

    accounts: tuple[str, ...]
    units: tuple[int, ...]


DEBTS: Table[int] = Table("debts", int)  # by wallet
CLAIMS: Table[int] = Table("claims", int)  # by account of the world
TABLES: tuple[Table[Any], ...] = (DEBTS, CLAIMS)
_OPEN = "owed"  # how many rows both tables have, so that a market without debts loses no time


def reserve(asset: str) -> str:
    """Name the account that stands in for people who cannot pay."""
    return f"reserve/{asset}"


def world(rail: str, asset: str) -> str:
    """Name the account that stands for the outside of a rail; what came in, it owes."""
    return f"world:{rail}/{asset}"


def need_no_debt(view: View, principal: str) -> None:
    """Raise Refused(wrong_state) where a principal owes the house in any asset."""
    for asset in rules(view).assets:
        owed = view.get(DEBTS, wallet(principal, asset.code))
        if owed:
            raise Refused(Reason.WRONG_STATE, state="InDebt", owed=owed, asset=asset.code)


def charge_back(draft: Draft, *, account: str, outside: str, units: int) -> None:
    """Enter what the outside took back of an account, and pay what can be paid."""
    draft.emit(ClaimRaised(outside, units))
    if account.startswith(WALLET):  # a reserve owes itself nothing
        draft.emit(DebtIncurred(account, units))
    collect(draft, {account, outside, reserve(outside.rpartition("/")[2])})


def collect_after(draft: Draft, event: TransfersMade) -> None:
    """React to money that moved: what is owed there is paid before anybody can spend it."""
    if not draft.get(COUNTERS, _OPEN):
        return
    batch = event.batch
    touched = {*batch.debit, *batch.credit}
    for id in filter(None, batch.hold):
        # A caller who ends a hold need not name its accounts, and the hold itself is gone by now.
        hold = draft.state.get(HOLDS, id)
        if hold is not None:
            touched |= {hold.debit, hold.credit}
    collect(draft, touched)


def collect(draft: Draft, touched: set[str]) -> None:
    """Pay debts out of the wallets named, then claims out of the reserves named or filled."""
    filled = _repay(draft, sorted(of for of in touched if draft.get(DEBTS, of)))
    claimed = _claimed(draft, touched | filled)
    _pay_claims(draft, sorted(outside for outside in claimed if draft.get(CLAIMS, outside)))


def _repay(draft: Draft, wallets: list[str]) -> set[str]:
    rows = []
    for account in wallets:
        units = min(draft.get(DEBTS, account) or 0, _free(draft, account))
        if units > 0:
            rows.append((account, _reserve_of(account), units))
    if rows:
        debits, credits, amounts = zip(*rows, strict=True)
        draft.emit(DebtsRepaid(debits, amounts))
        ledger.move(draft, Batch(_ids(draft, "#D", len(rows)), debits, credits, amounts))
    return {filled for _, filled, _ in rows}


def _pay_claims(draft: Draft, outsides: list[str]) -> None:
    left = {of: _free(draft, of) for of in map(_reserve_of, outsides)}
    rows = []
    for account in outsides:
        of = _reserve_of(account)
        units = min(draft.get(CLAIMS, account) or 0, left[of], _room(draft, account))
        if units > 0:
            left[of] -= units
            rows.append((of, account, units))
    if rows:
        debits, credits, amounts = zip(*rows, strict=True)
        draft.emit(ClaimsPaid(credits, amounts))
        ledger.move(draft, Batch(_ids(draft, "#K", len(rows)), debits, credits, amounts))


def _ids(draft: Draft, kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}{draft.at}.{n}" for n in range(count))


def _claimed(draft: Draft, touched: set[str]) -> set[str]:
    """Name the accounts of the world whose claims could be paid now."""
    assets = [account.partition("/")[2] for account in touched if account.startswith("reserve/")]
    return {account for account in touched if account.startswith("world:")} | {
        world(rail, asset) for asset in assets for rail in rules(draft).rails
    }


def _reserve_of(account: str) -> str:
    return reserve(account.rpartition("/")[2])


def _free(draft: Draft, account: str) -> int:
    return ledger.need_account(draft, account).available


def _room(draft: Draft, account: str) -> int:
    owed = ledger.need_account(draft, account)
    return -(owed.posted + owed.incoming)


def _owe(view: View, table: Table[int], account: str, change: int) -> None:
    before = view.get(table, account) or 0
    after = before + change
    assert after >= 0, f"{account} paid more than it owed"
    if after:
        view.put(table, account, after)
    else:
        view.drop(table, account)
    rows = bool(after) - bool(before)
    if rows:
        view.put(COUNTERS, _OPEN, (view.get(COUNTERS, _OPEN) or 0) + rows)


def _incurred(view: View, event: DebtIncurred) -> None:
    _owe(view, DEBTS, event.account, event.units)


def _raised(view: View, event: ClaimRaised) -> None:
    _owe(view, CLAIMS, event.account, event.units)


def _repaid(view: View, event: DebtsRepaid) -> None:
    for account, units in zip(event.accounts, event.units, strict=True):
        _owe(view, DEBTS, account, -units)


def _paid(view: View, event: ClaimsPaid) -> None:
    for account, units in zip(event.accounts, event.units, strict=True):
        _owe(view, CLAIMS, account, -units)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    DebtIncurred: _incurred,
    ClaimRaised: _raised,
    DebtsRepaid: _repaid,
    ClaimsPaid: _paid,
}
