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

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from souq.core.money import UNITS_MAX
from souq.core.refusal import Reason, Refused
from souq.core.state import COUNTERS, DEADLINES, Draft, State, Table, View
from souq.core.transfer import (
    CAPTURE,
    EXISTS_WITH_DIFFERENT,
    EXPIRE,
    HOLD,
    MOVE,
    RELEASE,
    TRANSIENT,
    Batch,
    Kind,
    Outcome,
    Row,
    check_shape,
    pick,
)

__all__ = ["Account", "Balance", "Batch", "Kind", "Outcome", "State", "transfer_many"]

Terms = tuple[int, str, str, int, str, int]  # a row without its id
ID_MAX = 64
ACCOUNT_ID_MAX = 64
IDS_KEPT_US = 86_400 * 1_000_000  # a caller may retry an id for a day and be told what became of it
INTERVAL_MAX_US = 366 * 86_400 * 1_000_000


class Account(Struct, frozen=True, gc=False, omit_defaults=True):
    """A place money can be; its flags are the only limits."""

    asset: str
    no_overdraft: bool = False  # debits, held ones included, must not exceed credits
    no_surplus: bool = False  # credits must not exceed debits: the world only ever owes us


class Balance(Struct, frozen=True, gc=False, array_like=True):
    """Sums over an account's entries: credits less debits, and what is held each way."""

    posted: int = 0
    held: int = 0
    incoming: int = 0

    @property
    def available(self) -> int:
        """Give what may still be debited. Held money counts as gone."""
        return self.posted - self.held


class Hold(Struct, frozen=True, gc=False, array_like=True):
    """A pending transfer. Escrow is one of these."""

    debit: str
    credit: str
    amount: int


class AccountOpened(Struct, frozen=True, tag=True):
    account: str
    terms: Account


class TransfersMade(Struct, frozen=True, tag=True, omit_defaults=True):
    """Transfers happened. `from_caller`: their ids are remembered, also those that failed."""

    batch: Batch
    from_caller: bool = False
    outcomes: tuple[int, ...] = ()  # a caller's batch, row by row; empty when all succeeded
    burnt: tuple[str, ...] = ()


class IdsKept(Struct, frozen=True, array_like=True):
    """One batch's ids, to be forgotten together."""

    at: int
    ids: tuple[str, ...]


ACCOUNTS: Table[Account] = Table("accounts", Account)
BALANCES: Table[Balance] = Table("balances", Balance)
HOLDS: Table[Hold] = Table("holds", Hold)
SEEN: Table[Terms] = Table("transfer_ids", Terms)
SEEN_BATCHES: Table[IdsKept] = Table("transfer_id_batches", IdsKept)
TABLES: tuple[Table[Any], ...] = (
    ACCOUNTS,
    BALANCES,
    HOLDS,
    SEEN,
    SEEN_BATCHES,
    DEADLINES,
    COUNTERS,
)

_BEGINS, _ENDS = (MOVE, HOLD), (CAPTURE, RELEASE)
_NOTHING = Balance()
_BURNT = (-1, "", "", 0, "", 0)


def open_account(
    draft: Draft, account: str, asset: str, *, no_overdraft: bool = False, no_surplus: bool = False
) -> None:
    """Open an account. Raises Refused(already_exists)."""
    if draft.get(ACCOUNTS, account) is not None:
        raise Refused(Reason.ALREADY_EXISTS, account=account)
    terms = Account(asset, no_overdraft=no_overdraft, no_surplus=no_surplus)
    draft.emit(AccountOpened(account, terms))


def balance(view: View, account: str) -> Balance:
    """Give an account's sums; one that never moved has zeros."""
    return view.get(BALANCES, account) or _NOTHING


def move(draft: Draft, batch: Batch) -> None:
    """Make the market's own transfers. The rules have made sure that they fit: failing is a bug."""
    outcomes = judge(draft, batch)
    assert not any(outcomes), f"the market's own transfers failed: {outcomes}"
    draft.emit(TransfersMade(batch))


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


class _Scratch:
    """Running sums while a batch is judged: each row must see the rows before it."""

    __slots__ = ("accounts", "ended", "ids", "sums", "view")

    def __init__(self, view: View) -> None:
        self.view = view
        self.sums: dict[str, Balance] = {}
        self.ids: dict[str, Terms] = {}
        self.ended: dict[str, Hold | None] = {}

    def fork(self) -> "_Scratch":
        other = _Scratch(self.view)
        other.sums, other.ids, other.ended = dict(self.sums), dict(self.ids), dict(self.ended)
        return other


def judge(view: View, batch: Batch, *, from_caller: bool = False) -> list[int]:
    """Give the outcome of each row, in order, without recording anything."""
    if not batch.linked:
        return _judge_rows(_Scratch(view), batch.rows(), from_caller)
    scratch, outcomes = _Scratch(view), list[int]()
    for chain, is_open in _chains(batch):
        trial = scratch.fork() if len(chain) > 1 else scratch
        found = [int(Outcome.CHAIN_LEFT_OPEN)] * len(chain) if is_open else None
        if found is None:
            found = _judge_rows(trial, chain, from_caller)
        if len(chain) > 1 and any(found):
            found = [outcome or int(Outcome.LINKED_TRANSFER_FAILED) for outcome in found]
        else:
            scratch = trial
        outcomes += found
    return outcomes


def _chains(batch: Batch) -> Iterator[tuple[list[Row], bool]]:
    chain: list[Row] = []
    for row, link in zip(batch.rows(), batch.linked, strict=True):
        chain.append(row)
        if not link:
            yield chain, False
            chain = []
    if chain:
        yield chain, True


def _judge_rows(
    scratch: _Scratch,
    rows: Iterable[Row],
    from_caller: bool,
) -> list[int]:
    # The hot loop of the ledger: one pass, local names, no call for a plain transfer.
    view, sums, ids, ended = scratch.view, scratch.sums, scratch.ids, scratch.ended
    get, outcomes = view.get, list[int]()
    for row in rows:
        id, kind, debit, credit, amount, hold_id, interval_us = row
        outcome = 0
        if from_caller:
            if not id or len(id) > ID_MAX or id[0] == "#":
                outcomes.append(int(Outcome.ID_INVALID))
                continue
            seen = ids.get(id) or get(SEEN, id)
            if seen is not None:
                outcomes.append(_exists(seen, row))
                continue
        if kind in _ENDS:
            outcome = _judge_end(scratch, row)
        elif kind not in _BEGINS:
            outcome = int(Outcome.KIND_INVALID)
        elif not 0 < amount <= UNITS_MAX:
            outcome = int(Outcome.AMOUNT_INVALID)
        elif hold_id or (interval_us and (kind == MOVE or not 0 < interval_us <= INTERVAL_MAX_US)):
            outcome = int(Outcome.HOLD_DIFFERS if hold_id else Outcome.INTERVAL_INVALID)
        else:
            payer, payee = get(ACCOUNTS, debit), get(ACCOUNTS, credit)
            if payer is None:
                outcome = int(Outcome.DEBIT_UNKNOWN)
            elif payee is None:
                outcome = int(Outcome.CREDIT_UNKNOWN)
            elif debit == credit:
                outcome = int(Outcome.SAME_ACCOUNT)
            elif payer.asset != payee.asset:
                outcome = int(Outcome.ASSETS_DIFFER)
            else:
                out = sums.get(debit) or get(BALANCES, debit) or _NOTHING
                into = sums.get(credit) or get(BALANCES, credit) or _NOTHING
                if payer.no_overdraft and out.posted - out.held < amount:
                    outcome = int(Outcome.EXCEEDS_CREDITS)
                elif payee.no_surplus and into.posted + into.incoming + amount > 0:
                    outcome = int(Outcome.EXCEEDS_DEBITS)
                elif kind == MOVE:
                    sums[debit] = Balance(out.posted - amount, out.held, out.incoming)
                    sums[credit] = Balance(into.posted + amount, into.held, into.incoming)
                else:
                    sums[debit] = Balance(out.posted, out.held + amount, out.incoming)
                    sums[credit] = Balance(into.posted, into.held, into.incoming + amount)
                    ended[id] = Hold(debit, credit, amount)
        if outcome == 0:
            if from_caller:
                ids[id] = row[1:]
        elif from_caller and outcome in TRANSIENT:
            ids[id] = _BURNT
        outcomes.append(outcome)
    return outcomes


def _exists(seen: Terms, row: tuple[Any, ...]) -> int:
    if seen[0] < 0:
        return int(Outcome.ID_FAILED_BEFORE)
    for was, asked, outcome in zip(seen, row[1:], EXISTS_WITH_DIFFERENT, strict=True):
        if was != asked:
            return int(outcome)
    return int(Outcome.EXISTS)


def _judge_end(scratch: _Scratch, row: Row) -> int:
    id, kind, debit, credit, amount, hold_id, interval_us = row
    hold = scratch.ended.get(hold_id)
    if hold is None and hold_id not in scratch.ended:
        hold = scratch.view.get(HOLDS, hold_id)
    # A caller's capture must not reach the market's own holds: those are somebody's escrow.
    if hold is None or (hold_id[:1] == "#" and id[:1] != "#"):
        return int(Outcome.HOLD_UNKNOWN)
    if interval_us:
        return int(Outcome.INTERVAL_INVALID)
    if (debit and debit != hold.debit) or (credit and credit != hold.credit):
        return int(Outcome.HOLD_DIFFERS)
    if amount < 0 or (kind == RELEASE and amount):
        return int(Outcome.AMOUNT_INVALID)
    if amount > hold.amount:
        return int(Outcome.EXCEEDS_HOLD)
    scratch.ended[hold_id] = None
    posted = 0 if kind == RELEASE else amount or hold.amount
    end_hold(scratch.view, scratch.sums, hold, posted)
    return 0


def end_hold(view: View, sums: dict[str, Balance], hold: Hold, posted: int) -> None:
    """Give back what a hold reserved on both sides, less what is posted."""
    out = sums.get(hold.debit) or balance(view, hold.debit)
    sums[hold.debit] = Balance(out.posted - posted, out.held - hold.amount, out.incoming)
    into = sums.get(hold.credit) or balance(view, hold.credit)
    sums[hold.credit] = Balance(into.posted + posted, into.held, into.incoming - hold.amount)


def _opened(view: View, event: AccountOpened) -> None:
    view.put(ACCOUNTS, event.account, event.terms)


def _made(view: View, event: TransfersMade) -> None:
    batch, get = event.batch, view.get
    sums: dict[str, Balance] = {}
    held: dict[str, Hold | None] = {}
    for id, kind, debit, credit, amount, hold_id, interval_us in batch.rows():
        if kind == MOVE:
            out = sums.get(debit) or get(BALANCES, debit) or _NOTHING
            sums[debit] = Balance(out.posted - amount, out.held, out.incoming)
            into = sums.get(credit) or get(BALANCES, credit) or _NOTHING
            sums[credit] = Balance(into.posted + amount, into.held, into.incoming)
        elif kind == HOLD:
            out = sums.get(debit) or get(BALANCES, debit) or _NOTHING
            sums[debit] = Balance(out.posted, out.held + amount, out.incoming)
            into = sums.get(credit) or get(BALANCES, credit) or _NOTHING
            sums[credit] = Balance(into.posted, into.held, into.incoming + amount)
            held[id] = Hold(debit, credit, amount)
            if interval_us:
                view.put(DEADLINES, "hold:" + id, view.at + interval_us)
        else:
            hold = held.get(hold_id) or get(HOLDS, hold_id)
            assert hold is not None, f"a hold ended that was not there: {hold_id}"
            end_hold(view, sums, hold, (amount or hold.amount) if kind == CAPTURE else 0)
            held[hold_id] = None
            view.drop(DEADLINES, "hold:" + hold_id)
    view.put_many(BALANCES, sums)
    for hold_id, row in held.items():
        if row is None:
            view.drop(HOLDS, hold_id)
        else:
            view.put(HOLDS, hold_id, row)
    if event.from_caller:
        _remember(view, event)


def _remember(view: View, event: TransfersMade) -> None:
    batch = event.batch
    view.put_many(SEEN, {row[0]: row[1:] for row in batch.rows()})
    if event.burnt:
        view.put_many(SEEN, dict.fromkeys(event.burnt, _BURNT))
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
