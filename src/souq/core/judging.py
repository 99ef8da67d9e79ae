"""One rule judges every transfer: limits, two phases, linked chains, ids asked before."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from souq.core.account import ACCOUNTS, HOLDS, SEEN, Asked, Hold
from souq.core.money import UNITS_MAX
from souq.core.state import View
from souq.core.transfer import (
    CAPTURE,
    EXISTS_WITH_DIFFERENT,
    HOLD,
    MOVE,
    RELEASE,
    TRANSIENT,
    Batch,
    Outcome,
    Row,
)

ID_MAX = 64
INTERVAL_MAX_US = 366 * 86_400 * 1_000_000
BURNT = Asked(-1, "", "", 0, "", 0)
_BEGINS, _ENDS = (MOVE, HOLD), (CAPTURE, RELEASE)


class _Scratch:
    """What a batch has changed so far, while it is judged: each row must see the rows before it.

    Two sums per account say whether it stays within its limits: what may still be debited, and
    what has come or may come in. Both are kept as differences, which are as easily taken back.
    """

    __slots__ = (
        *("account_of", "asks_ids", "closed", "free", "held", "hold_of", "ids", "is_caller"),
        *("owed", "seen"),
    )

    def __init__(self, view: View) -> None:
        accounts, holds, seen = view.getter(ACCOUNTS), view.getter(HOLDS), view.getter(SEEN)
        self.account_of, self.hold_of, self.seen = accounts, holds, seen
        self.free: dict[str, int] = {}  # posted - held
        self.owed: dict[str, int] = {}  # posted + incoming
        self.ids: dict[str, Asked] = {}
        self.held: dict[str, Hold] = {}
        self.closed: set[str] = set()
        self.is_caller = False
        self.asks_ids = False

    def hold(self, id: str) -> Hold | None:
        """Give a hold that no row before has ended."""
        return None if id in self.closed else self.held.get(id) or self.hold_of(id)

    def add(self, account: str, free: int, owed: int) -> None:
        """Note that an account's sums moved."""
        self.free[account] = self.free.get(account, 0) + free
        self.owed[account] = self.owed.get(account, 0) + owed

    def end(self, hold: Hold, posted: int, sign: int) -> None:
        """Note that a hold ended with so much posted; with sign -1, that it did not after all."""
        self.add(hold.debit, sign * (hold.amount - posted), sign * -posted)
        self.add(hold.credit, sign * posted, sign * (posted - hold.amount))

    def undo(self, row: Row) -> None:
        """Take a row back that had succeeded."""
        id, kind, debit, credit, amount, hold_id, _ = row
        self.ids.pop(id, None)
        if kind in _ENDS:
            self.closed.discard(hold_id)
            hold = self.hold(hold_id)
            assert hold is not None, f"an undone end of no hold: {hold_id}"
            self.end(hold, 0 if kind == RELEASE else amount or hold.amount, -1)
        elif kind == HOLD:
            del self.held[id]
            self.add(debit, amount, 0)
            self.add(credit, 0, -amount)
        else:
            self.add(debit, amount, amount)
            self.add(credit, -amount, -amount)


def judge(view: View, batch: Batch, *, from_caller: bool = False) -> list[int]:
    """Give the outcome of each row, in order, without recording anything."""
    scratch = _Scratch(view)
    scratch.is_caller = from_caller
    # Most batches bring new ids only, which one look at all of them settles for every row.
    is_new = len(set(batch.id)) == len(batch.id) and not any(map(scratch.seen, batch.id))
    scratch.asks_ids = from_caller and not is_new
    if not batch.linked:
        return _judge_rows(scratch, batch.rows())
    outcomes: list[int] = []
    for run, is_chain in _runs(batch):
        if not is_chain:
            outcomes += _judge_rows(scratch, run)
            continue
        rows = list(run)
        found = _judge_rows(scratch, rows)
        is_open = len(outcomes) + len(rows) == len(batch.id) and batch.linked[-1]
        if is_open or any(found):
            for row, outcome in zip(reversed(rows), reversed(found), strict=True):
                if outcome == 0:
                    scratch.undo(row)
            failed = Outcome.CHAIN_LEFT_OPEN if is_open else Outcome.LINKED_TRANSFER_FAILED
            found = [outcome or int(failed) for outcome in found]
        outcomes += found
    return outcomes


def _runs(batch: Batch) -> Iterator[tuple[Iterable[Row], bool]]:
    """Part a batch into chains, which succeed or fail as one, and runs of single rows.

    A run must be gone through before the next is asked for: it is cut off one stream of rows.
    """
    rows, linked = batch.rows(), (*batch.linked, 1, 0)
    at, size = 0, len(batch.linked)
    while at < size:
        start = min(size, linked.index(1, at))
        if start > at:
            yield islice(rows, start - at), False
        at = min(size, linked.index(0, start) + 1)
        if start < size:
            yield islice(rows, at - start), True


def _judge_rows(scratch: _Scratch, rows: Iterable[Row]) -> list[int]:
    # The hot loop of the ledger: one pass, local names, no call for a plain transfer.
    account_of, seen_before = scratch.account_of, scratch.seen
    free, owed, ids = scratch.free, scratch.owed, scratch.ids
    is_caller, asks_ids = scratch.is_caller, scratch.asks_ids
    free_of = free.get
    outcomes: list[int] = []
    for row in rows:
        id, kind, debit, credit, amount, hold_id, interval_us = row
        outcome = 0
        if is_caller:
            if not id or len(id) > ID_MAX or id[0] == "#":
                outcomes.append(int(Outcome.ID_INVALID))
                continue
            seen = (ids.get(id) or seen_before(id)) if asks_ids else None
            if seen is None and kind == HOLD and (live := scratch.hold_of(id)) is not None:
                # Ids are forgotten after a day, but a hold may live longer, and two of one name
                # would leave the first one's money held for good.
                seen = Asked(HOLD, live.debit, live.credit, live.amount, hold_id, interval_us)
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
            payer, payee = account_of(debit), account_of(credit)
            if payer is None:
                outcome = int(Outcome.DEBIT_UNKNOWN)
            elif payee is None:
                outcome = int(Outcome.CREDIT_UNKNOWN)
            elif debit == credit:
                outcome = int(Outcome.SAME_ACCOUNT)
            elif payer.asset != payee.asset:
                outcome = int(Outcome.ASSETS_DIFFER)
            else:
                left = free_of(debit, 0) - amount
                if payer.no_overdraft and payer.posted - payer.held + left < 0:
                    outcome = int(Outcome.EXCEEDS_CREDITS)
                elif payee.no_surplus and (
                    payee.posted + payee.incoming + owed.get(credit, 0) + amount > 0
                ):
                    outcome = int(Outcome.EXCEEDS_DEBITS)
                else:
                    free[debit] = left
                    if kind == MOVE:
                        free[credit] = free_of(credit, 0) + amount
                    else:
                        scratch.held[id] = Hold(debit, credit, amount)
                    if payer.no_surplus or payee.no_surplus:
                        owed[credit] = owed.get(credit, 0) + amount
                        owed[debit] = owed.get(debit, 0) - (amount if kind == MOVE else 0)
        if asks_ids and (outcome == 0 or outcome in TRANSIENT):
            ids[id] = (
                Asked(kind, debit, credit, amount, hold_id, interval_us) if outcome == 0 else BURNT
            )
        outcomes.append(outcome)
    return outcomes


def _exists(seen: Asked, row: tuple[Any, ...]) -> int:
    if seen.kind < 0:
        return int(Outcome.ID_FAILED_BEFORE)
    was = (seen.kind, seen.debit, seen.credit, seen.amount, seen.hold, seen.interval_us)
    for before, now, outcome in zip(was, row[1:], EXISTS_WITH_DIFFERENT, strict=True):
        if before != now:
            return int(outcome)
    return int(Outcome.EXISTS)


def _judge_end(scratch: _Scratch, row: Row) -> int:
    id, kind, debit, credit, amount, hold_id, interval_us = row
    hold = scratch.hold(hold_id)
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
    scratch.closed.add(hold_id)
    scratch.end(hold, 0 if kind == RELEASE else amount or hold.amount, 1)
    return 0
