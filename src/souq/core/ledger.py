"""The ledger moves money by double entry, in batches, and one rule judges every transfer.

A transfer is immediate, or held first and captured or released later. Semantics follow
TigerBeetle's two-phase transfers: caller ids, linked chains, limits as flags on the account,
deadlines as intervals from the ledger's own clock.

    book = State(ledger.TABLES)
    draft = Draft(book, at, ledger.evolve)
    ledger.open_account(draft, "bea", "USD", no_overdraft=True)
    outcomes = ledger.transfer_many(draft, Batch(...))
    draft.merge()
"""

from functools import partial
from typing import Any

from msgspec import Struct

from souq.core.account import (
    ACCOUNTS,
    HOLDS,
    SEEN,
    SEEN_BATCHES,
    TABLES,
    Account,
    Asked,
    Hold,
    IdsKept,
)
from souq.core.judging import BURNT, judge
from souq.core.refusal import Reason, Refused
from souq.core.state import COUNTERS, DEADLINES, Draft, State, View
from souq.core.transfer import (
    CAPTURE,
    EXPIRE,
    HOLD,
    MOVE,
    TRANSIENT,
    Batch,
    Kind,
    Movement,
    Outcome,
    check_shape,
    pick,
)

__all__ = ["ACCOUNTS", "HOLDS", "TABLES", "Account", "Batch", "Kind", "Outcome", "State"]

ACCOUNT_ID_MAX = 64
IDS_KEPT_US = 86_400 * 1_000_000  # a caller may retry an id for a day and be told what became of it


class AccountOpened(Struct, frozen=True, tag=True):
    account: str
    terms: Account


class TransfersMade(Struct, frozen=True, tag=True, omit_defaults=True):
    """Transfers happened. `from_caller`: their ids are remembered, also those that failed."""

    batch: Batch
    from_caller: bool = False
    outcomes: tuple[int, ...] = ()  # a caller's batch, row by row; empty when all succeeded
    burnt: tuple[str, ...] = ()


def open_account(
    draft: Draft, account: str, asset: str, *, no_overdraft: bool = False, no_surplus: bool = False
) -> None:
    """Open an account. Raises Refused(already_exists)."""
    if draft.get(ACCOUNTS, account) is not None:
        raise Refused(Reason.ALREADY_EXISTS, account=account)
    terms = Account(asset, no_overdraft=no_overdraft, no_surplus=no_surplus)
    draft.emit(AccountOpened(account, terms))


def need_account(view: View, account: str) -> Account:
    """Give an account of the market's own making; that it is there is an invariant."""
    found = view.get(ACCOUNTS, account)
    assert found is not None, f"no such account: {account}"
    return found


def move(draft: Draft, batch: Batch) -> None:
    """Make the market's own transfers. The rules have made sure that they fit: failing is a bug."""
    outcomes = judge(draft, batch)
    assert not any(outcomes), f"the market's own transfers failed: {outcomes}"
    draft.emit(TransfersMade(batch))


def move_rows(draft: Draft, rows: list[Movement]) -> None:
    """Make the market's own transfers, told row by row, where there are any."""
    if rows:
        ids, debits, credits, amounts, kinds, holds = zip(*rows, strict=True)
        move(draft, Batch(ids, debits, credits, amounts, kinds, holds))


def transfer_many(draft: Draft, batch: Batch) -> list[int]:
    """Judge a caller's batch, record what succeeds, and give each row's Outcome.

    Raises Refused(invalid) where the columns do not fit together; then nothing is recorded.
    """
    check_shape(batch)
    outcomes = judge(draft, batch, from_caller=True)
    if not any(outcomes):
        draft.emit(TransfersMade(batch, from_caller=True))
        return outcomes
    burnt = tuple(
        id for id, outcome in zip(batch.id, outcomes, strict=True) if outcome in TRANSIENT
    )
    kept = [n for n, outcome in enumerate(outcomes) if outcome == 0]
    draft.emit(TransfersMade(pick(batch, kept), True, tuple(outcomes), burnt))
    return outcomes


def expire(draft: Draft, hold_id: str) -> None:
    """Release a hold whose interval ran out."""
    hold = draft.get(HOLDS, hold_id)
    assert hold is not None, f"deadline without a hold: {hold_id}"
    batch = Batch((hold_id,), (hold.debit,), (hold.credit,), (hold.amount,), (EXPIRE,), (hold_id,))
    draft.emit(TransfersMade(batch))


def _opened(view: View, event: AccountOpened) -> None:
    view.put(ACCOUNTS, event.account, event.terms)


def _made(view: View, event: TransfersMade) -> None:
    hold_of = view.getter(HOLDS)
    due_of = partial(view.get, DEADLINES)
    posted: dict[str, int] = {}
    held: dict[str, int] = {}
    incoming: dict[str, int] = {}
    holds: dict[str, Hold | None] = {}
    posted_of, held_of, incoming_of = posted.get, held.get, incoming.get
    for id, kind, debit, credit, amount, hold_id, interval_us in event.batch.rows():
        if kind == MOVE:
            posted[debit] = posted_of(debit, 0) - amount
            posted[credit] = posted_of(credit, 0) + amount
        elif kind == HOLD:
            held[debit] = held_of(debit, 0) + amount
            incoming[credit] = incoming_of(credit, 0) + amount
            holds[id] = Hold(debit, credit, amount)
            if interval_us:
                view.put(DEADLINES, "hold:" + id, view.at + interval_us)
        else:
            hold = holds.get(hold_id) or hold_of(hold_id)
            assert hold is not None, f"a hold ended that was not there: {hold_id}"
            held[hold.debit] = held.get(hold.debit, 0) - hold.amount
            incoming[hold.credit] = incoming.get(hold.credit, 0) - hold.amount
            if kind == CAPTURE:
                amount = amount or hold.amount
                posted[hold.debit] = posted.get(hold.debit, 0) - amount
                posted[hold.credit] = posted.get(hold.credit, 0) + amount
            holds[hold_id] = None
            if due_of("hold:" + hold_id) is not None:
                view.drop(DEADLINES, "hold:" + hold_id)
    _add_up(view, posted, held, incoming)
    view.put_many(HOLDS, {hold_id: row for hold_id, row in holds.items() if row is not None})
    for hold_id, row in holds.items():
        if row is None:
            view.drop(HOLDS, hold_id)
    if event.from_caller:
        _remember(view, event)


def _add_up(
    view: View, posted: dict[str, int], held: dict[str, int], incoming: dict[str, int]
) -> None:
    account_of = view.getter(ACCOUNTS)
    changed: dict[str, Account] = {}
    for id in {**posted, **held, **incoming}:
        account = account_of(id)
        assert account is not None, f"a transfer without its account: {id}"
        changed[id] = Account(
            account.asset,
            account.no_overdraft,
            account.no_surplus,
            account.posted + posted.get(id, 0),
            account.held + held.get(id, 0),
            account.incoming + incoming.get(id, 0),
        )
    view.put_many(ACCOUNTS, changed)


def _remember(view: View, event: TransfersMade) -> None:
    batch = event.batch
    view.put_many(
        SEEN,
        {
            id: Asked(kind, debit, credit, amount, hold, interval_us)
            for id, kind, debit, credit, amount, hold, interval_us in batch.rows()
        },
    )
    if event.burnt:
        view.put_many(SEEN, dict.fromkeys(event.burnt, BURNT))
    newest = (view.get(COUNTERS, "seen_newest") or 0) + 1
    view.put(COUNTERS, "seen_newest", newest)
    view.put(SEEN_BATCHES, f"{newest}", IdsKept(view.at, batch.id + event.burnt))
    # Two old batches go for each new one, so that the day's end is caught up with in small steps.
    oldest = view.get(COUNTERS, "seen_oldest") or 1
    for number in (oldest, oldest + 1):
        kept = view.get(SEEN_BATCHES, f"{number}")
        if kept is None or kept.at > view.at - IDS_KEPT_US:
            break
        for id in kept.ids:
            view.drop(SEEN, id)
        view.drop(SEEN_BATCHES, f"{number}")
        view.put(COUNTERS, "seen_oldest", number + 1)


EVOLVE: dict[type, Any] = {AccountOpened: _opened, TransfersMade: _made}


def evolve(view: View, event: Any) -> None:
    """Fold one ledger event; for a ledger used by itself."""
    EVOLVE[type(event)](view, event)
