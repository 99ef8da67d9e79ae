"""The ledger, alone: whatever it is asked, it answers and stands as a naive one does."""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souq.core import ledger
from souq.core.ledger import ACCOUNTS, HOLDS, Batch
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, SECOND_US
from souq.core.seal import canonical
from souq.core.state import Draft, State
from souq.core.transfer import Outcome
from tests.laws.naive_ledger import NaiveLedger, Row

FULL = os.environ.get("SOUQ_FULL") == "1"
ACCOUNTS_OPENED = {  # name: asset, limit
    "bea": ("USD", "debit"),
    "sol": ("USD", "debit"),
    "tip": ("USD", "neither"),
    "world": ("USD", "credit"),
    "bank": ("USD", "credit"),
    "euro": ("EUR", "debit"),
}


class LedgerWalk:
    """One ledger, a naive one beside it, and a third that only folds what was recorded."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.book, self.folded = State(ledger.TABLES), State(ledger.TABLES)
        self.naive = NaiveLedger()
        self.at = 1
        self.rows: list[tuple[int, Row]] = []
        self.count = 0
        self.deadlines: dict[str, int] = {}
        self.reached: set[Outcome] = set()
        draft = self._draft()
        for account, (asset, limit) in ACCOUNTS_OPENED.items():
            is_debit, is_credit = limit == "debit", limit == "credit"
            ledger.open_account(draft, account, asset, no_overdraft=is_debit, no_surplus=is_credit)
            self.naive.assets[account] = asset
            self.naive.limits[account] = limit
            self.naive.sums[account] = [0, 0, 0]
        self._merge(draft)
        self._own_hold()

    def _draft(self) -> Draft:
        self.at += 1
        return Draft(self.book, self.at, ledger.evolve)

    def _merge(self, draft: Draft) -> None:
        draft.merge()
        self.folded.at = self.at
        for event in draft.events:
            ledger.evolve(self.folded, event)

    def _own_hold(self) -> None:
        """Hold money as a contract does; callers must not reach it."""
        draft = self._draft()
        ledger.move(draft, Batch(("#C1.0",), ("tip",), ("bea",), (5,), kind=(1,)))
        self._merge(draft)
        self.naive.begin("#C1.0", 1, "tip", "bea", 5, "", 0)

    def _row(self) -> Row:
        chance = self.chance
        recent = [row for at, row in self.rows[-40:] if at > self.at - 20 * HOUR_US]
        if recent and chance.randint(0, 7) == 0:
            old = list(chance.choice(recent))
            if chance.randint(0, 2):
                place = chance.randint(1, 6)
                old[place] = self._new()[place]
            return tuple(old)  # type: ignore[return-value]
        return self._new()

    def _new(self) -> Row:
        chance, rare = self.chance, self.chance.randint(0, 19) == 0
        self.count += 1
        is_bad = rare and chance.randint(0, 3) == 0
        id = chance.choice(("", "#mine", "x" * 65)) if is_bad else f"t{self.count}"
        kind = chance.choice((0, 0, 1, 1, 2, 2, 3, 4 if rare else 0))
        ends = (*ACCOUNTS_OPENED, "bea", "sol", "world", "nobody" if rare else "tip")
        debit, credit = chance.choice(ends), chance.choice(ends)
        amount = chance.choice((0, -1, 2**53)) if rare else chance.randint(1, 60)
        wait = HOUR_US if kind == 1 and chance.randint(0, 1) else 0
        if rare and chance.randint(0, 2) == 0:
            wait = chance.choice((-1, HOUR_US, 400 * DAY_US))
        hold = ""
        if kind in (2, 3):
            hold = chance.choice((*self.naive.holds, f"t{self.count - 1}", "none"))
            debit, credit = (debit, credit) if rare else ("", "")
            amount = 0 if kind == 3 and not rare else chance.choice((0, 1, amount))
        elif rare and chance.randint(0, 4) == 0:
            hold = "t1"
        return (id, kind, debit, credit, amount, hold, wait)

    def step(self) -> None:
        """Submit one batch to both, then let time pass."""
        rows = [self._row() for _ in range(self.chance.randint(1, 6))]
        is_linked = self.chance.randint(0, 1)
        links = [int(is_linked and self.chance.randint(0, 1)) for _ in rows]
        columns = [tuple(column) for column in zip(*rows, strict=True)]
        id, kind, debit, credit, amount, hold, wait = columns
        draft = self._draft()
        batch = Batch(id, debit, credit, amount, kind, hold, wait, tuple(links))
        found = [Outcome(outcome) for outcome in ledger.transfer_many(draft, batch)]
        expected = self.naive.batch(rows, links)
        assert found == expected, f"{rows} {links}"
        self._merge(draft)
        self.reached |= set(found)
        for row, outcome in zip(rows, found, strict=True):
            self.rows.append((self.at, row))
            if outcome == Outcome.OK and row[1] == 1 and row[6]:
                self.deadlines[row[0]] = self.at + row[6]
        self.check()
        self.pass_time()

    def pass_time(self) -> None:
        """Expire what is due, as the market's ticks do."""
        self.at += self.chance.choice((1, SECOND_US, HOUR_US // 3, HOUR_US * 2))
        while (due := self.book.next_due()) is not None and due[0] <= self.at:
            id = due[1].removeprefix("hold:")
            assert self.deadlines[id] == due[0]
            draft = self._draft()
            ledger.expire(draft, id)
            self._merge(draft)
            self.naive.release(id)
        assert not [id for id in self.naive.holds if self.deadlines.get(id, self.at + 1) <= self.at]
        self.check()

    def check(self) -> None:
        """Both ledgers stand alike, nothing is minted, and folding gives the same state."""
        totals: dict[str, int] = {}
        for account, ours in self.naive.sums.items():
            row: Any = self.book.get(ACCOUNTS, account)
            assert [row.posted, row.held, row.incoming] == ours
            asset, limit = ACCOUNTS_OPENED[account]
            totals[asset] = totals.get(asset, 0) + row.posted
            assert limit != "debit" or 0 <= row.held <= row.posted
            assert limit != "credit" or row.posted + row.incoming <= 0
        assert not any(totals.values())
        held = {id: (h.debit, h.credit, h.amount) for id, h in self.book.rows(HOLDS).items()}
        assert held == self.naive.holds

    def run(self, batches: int) -> "LedgerWalk":
        for _ in range(batches):
            self.step()
        encode = canonical.encode
        assert self.book.digest(encode) == self.folded.digest(encode)
        return self


@settings(
    max_examples=2_000 if FULL else 60,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_few_batches_end_as_in_a_naive_ledger(chance: Random, batches: int) -> None:
    LedgerWalk(chance).run(batches)


def test_a_long_walk_ends_as_in_a_naive_ledger_and_reaches_every_outcome() -> None:
    walk = LedgerWalk(Random(5)).run(10_000 if FULL else 1_000)
    assert walk.reached == set(Outcome)


def test_columns_that_do_not_fit_are_refused_and_change_nothing() -> None:
    walk = LedgerWalk(Random(1)).run(20)
    before = walk.book.digest(canonical.encode)
    for batch in (
        Batch((), (), (), ()),
        Batch(("a", "b"), ("tip",), ("bea",), (1,)),
        Batch(("a",), ("tip",), ("bea",), (1,), linked=(0, 0)),
        Batch(("a",) * 8_001, ("tip",) * 8_001, ("bea",) * 8_001, (1,) * 8_001),
    ):
        draft = walk._draft()
        with pytest.raises(Refused, match="invalid"):
            ledger.transfer_many(draft, batch)
        assert not draft.events
    assert walk.book.digest(canonical.encode) == before


def _book() -> State:
    book = State(ledger.TABLES)
    draft = Draft(book, 1, ledger.evolve)
    ledger.open_account(draft, "tip", "USD")
    ledger.open_account(draft, "bea", "USD")
    draft.merge()
    return book


def _submit(book: State, after_us: int, *rows: tuple[str, int]) -> list[int]:
    draft = Draft(book, book.at + after_us, ledger.evolve)
    ids, kinds = zip(*rows, strict=True)
    many = len(rows)
    batch = Batch(ids, ("tip",) * many, ("bea",) * many, (7,) * many, kinds)
    outcomes = ledger.transfer_many(draft, batch)
    draft.merge()
    return outcomes


def test_an_id_is_known_for_a_day_and_then_forgotten() -> None:
    book = _book()
    assert _submit(book, 1, ("a", 0)) == [Outcome.OK]
    assert _submit(book, DAY_US - 1, ("b", 0), ("a", 0)) == [Outcome.OK, Outcome.EXISTS]
    assert _submit(book, 1, ("c", 0)) == [Outcome.OK]
    assert _submit(book, 1, ("a", 0)) == [Outcome.OK]


def test_a_holds_id_cannot_be_used_again_while_it_is_held() -> None:
    book = _book()
    assert _submit(book, 1, ("hold", 1)) == [Outcome.OK]
    for n in range(3):
        _submit(book, DAY_US, (f"other {n}", 0))
    assert _submit(book, 1, ("hold", 1)) != [Outcome.OK]
