"""Batches of transfers: what each row may come to, and what a caller can never do."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core import ledger
from souq.core.account import SEEN, SEEN_BATCHES
from souq.core.funds import OpenAccount, TransferMany
from souq.core.judging import INTERVAL_MAX_US
from souq.core.ledger import ACCOUNTS, HOLDS, TABLES
from souq.core.money import UNITS_MAX
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, SECOND_US
from souq.core.state import Draft, State
from souq.core.transfer import BATCH_MAX, CAPTURE, EXPIRE, HOLD, MOVE, RELEASE, Batch, Outcome
from tests.core.stall import BEA, SOL, Stall, check_books

NONE = ("", "")


def row(
    id: str,
    ends: tuple[str, str],
    amount: int,
    kind: int = MOVE,
    *,
    hold: str = "",
    wait: int = 0,
    link: int = 0,
) -> tuple[Any, ...]:
    """Give one transfer: id, (debit, credit), amount."""
    return id, *ends, amount, kind, hold, wait, link


def batch(*rows: tuple[Any, ...]) -> Batch:
    return Batch(*zip(*rows, strict=True))


class Book:
    """A ledger by itself: bea has 100, sol and tea nothing; rich may overdraw, `world` only owe."""

    def __init__(self) -> None:
        self.state = State(TABLES)
        self.at = 1_000
        draft = self.draft()
        for account in ("bea", "sol", "tea"):
            ledger.open_account(draft, account, "USD", no_overdraft=True)
        ledger.open_account(draft, "world", "USD", no_surplus=True)
        ledger.open_account(draft, "rich", "USD")
        ledger.open_account(draft, "euro", "EUR")
        draft.merge()
        assert self.give(row("seed", ("world", "bea"), 100)) == ["OK"]

    def draft(self) -> Draft:
        self.at += 1
        return Draft(self.state, self.at, ledger.evolve)

    def give(self, *rows: tuple[Any, ...]) -> list[str]:
        """Send a caller's batch and give the names of the outcomes."""
        draft = self.draft()
        outcomes = ledger.transfer_many(draft, batch(*rows))
        draft.merge()
        check_books(self.state_without_world())
        return [Outcome(one).name for one in outcomes]

    def state_without_world(self) -> State:
        """Name the world as the market would, for the check that wallets stay above zero."""
        copy = self.state.fork()
        copy.tables[ACCOUNTS]["world:x/USD"] = copy.tables[ACCOUNTS].pop("world")
        holds = copy.tables[HOLDS]
        assert all("world" not in (hold.debit, hold.credit) for hold in holds.values())
        return copy

    def posted(self, account: str) -> int:
        found = self.state.get(ACCOUNTS, account)
        assert found is not None
        return found.posted

    def available(self, account: str) -> int:
        found = self.state.get(ACCOUNTS, account)
        assert found is not None
        return found.available


TO_SOL = ("bea", "sol")

# Each outcome, by what was sent before and the row that comes to it.
HELD = row("h", TO_SOL, 40, HOLD, wait=HOUR_US)
CASES: dict[str, tuple[list[tuple[Any, ...]], tuple[Any, ...]]] = {
    "OK": ([], row("a", TO_SOL, 100)),
    "EXISTS": ([HELD], HELD),
    "EXISTS_WITH_DIFFERENT_KIND": ([HELD], row("h", TO_SOL, 40)),
    "EXISTS_WITH_DIFFERENT_DEBIT": ([HELD], row("h", ("tea", "sol"), 40, HOLD, wait=HOUR_US)),
    "EXISTS_WITH_DIFFERENT_CREDIT": ([HELD], row("h", ("bea", "tea"), 40, HOLD, wait=HOUR_US)),
    "EXISTS_WITH_DIFFERENT_AMOUNT": ([HELD], row("h", TO_SOL, 41, HOLD, wait=HOUR_US)),
    "EXISTS_WITH_DIFFERENT_REFERENCE": (
        [HELD, row("e", NONE, 0, RELEASE, hold="h")],
        row("e", NONE, 0, RELEASE, hold="g"),
    ),
    "EXISTS_WITH_DIFFERENT_INTERVAL": ([HELD], row("h", TO_SOL, 40, HOLD, wait=DAY_US)),
    "ID_FAILED_BEFORE": ([row("a", TO_SOL, 101)], row("a", TO_SOL, 1)),
    "CHAIN_LEFT_OPEN": ([], row("a", TO_SOL, 1, link=1)),
    "ID_INVALID": ([], row("#C1.0.price", TO_SOL, 1)),
    "KIND_INVALID": ([], row("a", TO_SOL, 1, EXPIRE)),
    "AMOUNT_INVALID": ([], row("a", TO_SOL, 0)),
    "INTERVAL_INVALID": ([], row("a", TO_SOL, 1, HOLD, wait=INTERVAL_MAX_US + 1)),
    "DEBIT_UNKNOWN": ([], row("a", ("zoe", "sol"), 1)),
    "CREDIT_UNKNOWN": ([], row("a", ("bea", "zoe"), 1)),
    "SAME_ACCOUNT": ([], row("a", ("bea", "bea"), 1)),
    "ASSETS_DIFFER": ([], row("a", ("bea", "euro"), 1)),
    "HOLD_UNKNOWN": ([], row("a", NONE, 0, CAPTURE, hold="h")),
    "HOLD_DIFFERS": ([HELD], row("a", ("bea", "tea"), 0, CAPTURE, hold="h")),
    "EXCEEDS_HOLD": ([HELD], row("a", NONE, 41, CAPTURE, hold="h")),
    "EXCEEDS_CREDITS": ([HELD], row("a", TO_SOL, 61)),
    "EXCEEDS_DEBITS": ([], row("a", ("rich", "world"), 101)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_row_comes_to_what_is_wrong_with_it(name: str) -> None:
    before, asked = CASES[name]
    book = Book()
    for one in before:
        book.give(one)
    accounts = dict(book.state.rows(ACCOUNTS))
    assert book.give(asked) == [name]
    if name != "OK":
        assert book.state.rows(ACCOUNTS) == accounts


def test_every_outcome_is_reached() -> None:
    assert {*CASES, "LINKED_TRANSFER_FAILED"} == {outcome.name for outcome in Outcome}


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        (row("", TO_SOL, 1), "ID_INVALID"),
        (row("x" * 65, TO_SOL, 1), "ID_INVALID"),
        (row("a", TO_SOL, -1), "AMOUNT_INVALID"),
        (row("a", TO_SOL, UNITS_MAX + 1), "AMOUNT_INVALID"),
        (row("a", TO_SOL, 1, wait=5), "INTERVAL_INVALID"),
        (row("a", TO_SOL, 1, HOLD, wait=-1), "INTERVAL_INVALID"),
        (row("a", NONE, 0, RELEASE, hold="h", wait=1), "INTERVAL_INVALID"),
        (row("a", TO_SOL, 1, hold="h"), "HOLD_DIFFERS"),
        (row("a", TO_SOL, 1, HOLD, hold="h"), "HOLD_DIFFERS"),
        (row("a", ("tea", ""), 0, RELEASE, hold="h"), "HOLD_DIFFERS"),
        (row("a", NONE, 1, RELEASE, hold="h"), "AMOUNT_INVALID"),
        (row("a", NONE, -1, CAPTURE, hold="h"), "AMOUNT_INVALID"),
        (row("a", TO_SOL, 1, 9), "KIND_INVALID"),
    ],
)
def test_a_malformed_row_moves_nothing(asked: tuple[Any, ...], outcome: str) -> None:
    book = Book()
    book.give(HELD)
    assert book.give(asked) == [outcome]
    assert (book.posted("bea"), book.available("bea")) == (100, 60)


def test_a_row_sees_the_rows_before_it() -> None:
    book = Book()
    found = book.give(
        row("a", TO_SOL, 70),
        row("b", TO_SOL, 31),
        row("c", ("sol", "bea"), 20),
        row("d", TO_SOL, 50),
        row("a", TO_SOL, 70),
        row("a", TO_SOL, 71),
    )
    assert found == ["OK", "EXCEEDS_CREDITS", "OK", "OK", "EXISTS", "EXISTS_WITH_DIFFERENT_AMOUNT"]
    assert (book.posted("bea"), book.posted("sol")) == (0, 100)


def test_a_chain_succeeds_or_fails_as_one() -> None:
    book = Book()
    found = book.give(
        row("single", TO_SOL, 10),
        row("a", TO_SOL, 50, link=1),
        row("b", TO_SOL, 50, link=1),
        row("c", TO_SOL, 1),
        row("d", TO_SOL, 30, link=1),
        row("e", TO_SOL, 30),
    )
    linked = "LINKED_TRANSFER_FAILED"
    assert found == ["OK", linked, "EXCEEDS_CREDITS", linked, "OK", "OK"]
    assert (book.posted("bea"), book.posted("sol")) == (30, 70)
    # What only shared the chain's fate may be asked again; what failed by itself may not.
    assert book.give(row("a", TO_SOL, 5), row("b", TO_SOL, 5)) == ["OK", "ID_FAILED_BEFORE"]


def test_a_failed_chain_gives_back_what_its_holds_and_captures_did() -> None:
    book = Book()
    book.give(HELD)
    found = book.give(
        row("a", NONE, 15, CAPTURE, hold="h", link=1),
        row("b", TO_SOL, 20, HOLD, link=1),
        row("c", NONE, 0, RELEASE, hold="b", link=1),
        row("d", TO_SOL, 1_000),
        row("e", NONE, 30, CAPTURE, hold="h"),
        row("f", TO_SOL, 70),
    )
    assert found[:4] == ["LINKED_TRANSFER_FAILED"] * 3 + ["EXCEEDS_CREDITS"]
    assert found[4:] == ["OK", "OK"]
    assert (book.posted("bea"), book.posted("sol")) == (0, 100)
    assert book.state.rows(HOLDS) == {}


def test_a_chain_left_open_fails_whole() -> None:
    book = Book()
    found = book.give(row("a", TO_SOL, 1), row("b", TO_SOL, 1, link=1), row("c", TO_SOL, 1, link=1))
    assert found == ["OK", "CHAIN_LEFT_OPEN", "CHAIN_LEFT_OPEN"]
    assert book.posted("sol") == 1
    assert book.give(row("b", TO_SOL, 1)) == ["OK"]


def test_a_partial_capture_returns_the_rest() -> None:
    book = Book()
    book.give(HELD)
    assert (book.posted("bea"), book.available("bea")) == (100, 60)
    assert book.give(row("c", NONE, 15, CAPTURE, hold="h")) == ["OK"]
    assert (book.available("bea"), book.posted("sol")) == (85, 15)


@pytest.mark.parametrize(("kind", "left"), [(CAPTURE, 60), (RELEASE, 100)])
def test_a_hold_ends_once(kind: int, left: int) -> None:
    book = Book()
    book.give(HELD)
    first, second = (row(id, NONE, 0, kind, hold="h") for id in "xy")
    assert book.give(first, second) == ["OK", "HOLD_UNKNOWN"]
    assert book.give(row("z", NONE, 0, RELEASE, hold="h")) == ["HOLD_UNKNOWN"]
    assert book.available("bea") == left


def test_a_transient_failure_burns_its_id_for_good() -> None:
    book = Book()
    assert book.give(row("a", ("sol", "bea"), 5)) == ["EXCEEDS_CREDITS"]
    assert book.give(row("pay", TO_SOL, 50)) == ["OK"]
    assert book.give(row("a", ("sol", "bea"), 5)) == ["ID_FAILED_BEFORE"]
    # What was malformed may be sent again once mended.
    assert book.give(row("b", ("zoe", "bea"), 5)) == ["DEBIT_UNKNOWN"]
    assert book.give(row("b", TO_SOL, 5)) == ["OK"]


def test_an_id_is_kept_for_a_day_and_forgotten_after() -> None:
    book = Book()
    book.give(row("a", TO_SOL, 1))
    made_at = book.at
    book.at = made_at + DAY_US - 2
    assert book.give(row("b", TO_SOL, 1)) == ["OK"]
    assert book.state.get(SEEN, "a") is not None
    assert book.give(row("a", TO_SOL, 1)) == ["EXISTS"]  # the day is full with this very stamp
    assert book.at == made_at + DAY_US
    assert book.state.get(SEEN, "a") is None
    assert book.state.get(SEEN, "b") is not None
    assert book.give(row("a", TO_SOL, 1)) == ["OK"]
    kept = {id for one in book.state.rows(SEEN_BATCHES).values() for id in one.ids}
    assert kept == set(book.state.rows(SEEN))


def test_a_hold_older_than_its_id_is_not_doubled() -> None:
    book = Book()
    book.give(row("h", TO_SOL, 40, HOLD))
    book.at += 2 * DAY_US
    for n in range(4):
        book.give(row(f"c{n}", TO_SOL, 1))
    assert book.state.get(SEEN, "h") is None
    assert book.give(row("h", TO_SOL, 40, HOLD)) == ["EXISTS"]
    assert book.give(row("h", TO_SOL, 41, HOLD)) == ["EXISTS_WITH_DIFFERENT_AMOUNT"]
    assert book.give(row("e", NONE, 0, CAPTURE, hold="h")) == ["OK"]
    assert book.posted("sol") == 44


def test_a_batch_holds_8000_rows_and_no_more() -> None:
    book = Book()
    rows = [row(f"r{n}", ("world", "bea"), 1) for n in range(BATCH_MAX)]
    assert BATCH_MAX == 8_000
    assert set(book.give(*rows)) == {"OK"}
    for wrong in (batch(*rows, row("more", TO_SOL, 1)), Batch((), (), (), ())):
        with pytest.raises(Refused) as refused:
            ledger.transfer_many(book.draft(), wrong)
        assert refused.value.reason == Reason.INVALID


@pytest.mark.parametrize("name", ["debit", "credit", "amount", "kind", "hold", "linked"])
def test_columns_of_different_lengths_are_refused(name: str) -> None:
    fields: dict[str, Any] = {
        "id": ("a", "b"),
        "debit": ("x",) * 2,
        "credit": ("y",) * 2,
        "amount": (1, 1),
    }
    fields[name] = (0,) * 3
    with pytest.raises(Refused, match=name):
        ledger.transfer_many(Book().draft(), Batch(**fields))


def _orders() -> st.SearchStrategy[list[tuple[Any, ...]]]:
    accounts = st.sampled_from(["bea", "sol", "tea"])
    names = st.sampled_from([f"i{n}" for n in range(12)])
    begun = st.tuples(names, accounts, accounts, st.integers(1, 60), st.sampled_from([MOVE, HOLD]))
    ended = st.tuples(names, names, st.sampled_from([(CAPTURE, 0), (CAPTURE, 7), (RELEASE, 0)]))
    rows = st.one_of(
        begun.map(lambda one: row(one[0], (one[1], one[2]), one[3], one[4])),
        ended.map(lambda one: row(one[0], NONE, one[2][1], one[2][0], hold=one[1])),
    )
    linked = st.tuples(rows, st.sampled_from([0, 0, 1])).map(lambda two: (*two[0][:-1], two[1]))
    return st.lists(linked, min_size=1, max_size=12)


@given(st.lists(_orders(), min_size=1, max_size=4))
def test_whatever_is_asked_money_adds_up_and_chains_are_whole(
    batches: list[list[tuple[Any, ...]]],
) -> None:
    book = Book()
    for rows in batches:
        outcomes = book.give(*rows)
        for chain in _chains(rows, outcomes):
            assert len(chain) == 1 or all(chain) or not any(chain)
    assert sum(book.posted(one) for one in ("bea", "sol", "tea")) == 100
    held = book.state.rows(HOLDS).values()
    for name in ("bea", "sol", "tea"):
        here = sum(hold.amount for hold in held if hold.debit == name)
        assert book.available(name) == book.posted(name) - here >= 0


def _chains(rows: list[tuple[Any, ...]], outcomes: list[str]) -> Iterator[list[bool]]:
    chain: list[bool] = []
    for one, outcome in zip(rows, outcomes, strict=True):
        chain.append(outcome == "OK")
        if not one[-1]:
            yield chain
            chain = []
    if chain:
        yield chain


def paid(stall: Stall, *rows: tuple[Any, ...]) -> list[str]:
    """Send a batch through the market and give the outcomes."""
    event = stall.do(OPERATOR, TransferMany(batch(*rows))).events[0]
    return [Outcome(one).name for one in event.outcomes or [0] * len(rows)]


def test_a_caller_cannot_reach_a_contracts_escrow() -> None:
    stall = Stall()
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
    escrow = f"#{deal}.0.price"
    assert escrow in stall.engine.state.rows(HOLDS)
    for kind in (CAPTURE, RELEASE):
        assert paid(stall, row(f"k{kind}", NONE, 0, kind, hold=escrow)) == ["HOLD_UNKNOWN"]
        assert paid(stall, row(f"#{kind}", NONE, 0, kind, hold=escrow)) == ["ID_INVALID"]
    assert paid(stall, row(escrow, ("wallet:P1/USD", "wallet:P2/USD"), 1)) == ["ID_INVALID"]
    assert escrow in stall.engine.state.rows(HOLDS)
    check_books(stall.engine.state)


def test_a_hold_with_an_interval_releases_itself_when_it_runs_out() -> None:
    stall = Stall()
    for name in ("meter", "other"):
        stall.do(OPERATOR, OpenAccount(name))
    ends = ("wallet:P1/USD", "meter")
    assert (
        paid(stall, row("h", ends, 40, HOLD, wait=HOUR_US), row("g", ends, 2, HOLD)) == ["OK"] * 2
    )
    assert paid(stall, row("i", ends, 5, HOLD, wait=HOUR_US)) == ["OK"]
    assert paid(stall, row("c", NONE, 3, CAPTURE, hold="i")) == ["OK"]  # ended: nothing is due
    wallet = stall.engine.state.rows(ACCOUNTS)["wallet:P1/USD"]
    assert (wallet.held, wallet.posted) == (42, 100_000 - 3)
    stall.now += HOUR_US - 3 * SECOND_US
    assert stall.engine.tick() == 0
    assert "h" in stall.engine.state.rows(HOLDS)
    stall.now += SECOND_US
    assert stall.engine.tick() == 1
    assert set(stall.engine.state.rows(HOLDS)) == {"g"}
    assert paid(stall, row("late", NONE, 0, CAPTURE, hold="h")) == ["HOLD_UNKNOWN"]
    check_books(stall.engine.state)
