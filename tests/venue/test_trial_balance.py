"""The trial balance agrees with books kept from the raw records, and shows where it would not."""

import json
from collections import Counter
from typing import Any, NamedTuple

import msgspec
import pytest

from souq.core.account import ACCOUNTS, HOLDS
from souq.core.bond import PostBond
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.journal.store import Store
from souq.operations.ledger_queries import AccountLine, AssetSum, GetTrialBalance, TrialBalance
from souq.venue import Venue
from tests.core.stall import BEA, SOL, Stall, usd
from tests.laws.audit_money import CAPTURE, HOLD, MOVE
from tests.laws.walk import walk


class Books(NamedTuple):
    """What a bookkeeper has who reads raw records only."""

    asset: dict[str, str]
    posted: Counter[str]
    held: Counter[str]
    incoming: Counter[str]
    holds: dict[str, tuple[str, str, int]]


def books_of(store: Store) -> Books:
    books = Books({}, Counter(), Counter(), Counter(), {})
    for entry in store.read():
        for event in json.loads(entry.body).get("events", ()):
            if event["type"] == "AccountOpened":
                books.asset[event["account"]] = event["terms"]["asset"]
            elif event["type"] == "TransfersMade":
                _book(books, event["batch"])
    return books


def _book(books: Books, batch: dict[str, Any]) -> None:
    count = len(batch["id"])
    kinds, ended = batch.get("kind") or [MOVE] * count, batch.get("hold") or [""] * count
    for id, debit, credit, amount, kind, hold in zip(
        batch["id"], batch["debit"], batch["credit"], batch["amount"], kinds, ended, strict=True
    ):
        if kind == HOLD:
            books.holds[id] = debit, credit, amount
            books.held[debit] += amount
            books.incoming[credit] += amount
            continue
        units = amount
        if kind != MOVE:
            debit, credit, whole = books.holds.pop(hold)
            books.held[debit] -= whole
            books.incoming[credit] -= whole
            units = (amount or whole) if kind == CAPTURE else 0
        books.posted[debit] -= units
        books.posted[credit] += units


@pytest.fixture(scope="module", params=[4, 10])  # walks that end with much set aside
def venue(request: pytest.FixtureRequest) -> Venue:
    return Venue(walk(request.param, 450).engine.store)


def pages(venue: Venue, limit: int) -> tuple[TrialBalance, list[AccountLine]]:
    found: list[AccountLine] = []
    query = GetTrialBalance(limit)
    while True:
        page: TrialBalance = venue.ask(OPERATOR, query)
        assert len(page.accounts) <= limit
        found += page.accounts
        if not page.cursor:
            return page, found
        query = GetTrialBalance(limit, page.cursor)


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_every_account_is_listed_as_the_raw_records_tell(venue: Venue, limit: int) -> None:
    books, (_, found) = books_of(venue.engine.store), pages(venue, limit)
    assert [one.account for one in found] == sorted(books.asset)
    for one in found:
        assert (one.asset, one.posted, one.held, one.incoming) == (
            books.asset[one.account],
            books.posted[one.account],
            books.held[one.account],
            books.incoming[one.account],
        )
        assert one.available == one.posted - one.held


def test_each_kind_adds_up_to_what_the_raw_records_tell(venue: Venue) -> None:
    books, (answer, _) = books_of(venue.engine.store), pages(venue, 50)
    assert answer.seq == venue.engine.head[0]
    assert {one.asset for one in answer.assets} == set(books.asset.values())
    seen: set[str] = set()
    for one in answer.assets:
        assert one.posted == 0
        for kind in one.kinds:
            begins = kind.kind + (":" if kind.kind == "wallet" else "/")
            ours = [
                name
                for name, asset in books.asset.items()
                if asset == one.asset
                and (name.startswith(begins) or (kind.kind == "own" and not {":", "/"} & {*name}))
            ]
            assert kind.accounts == len(ours)
            assert kind.posted == sum(books.posted[name] for name in ours)
            assert kind.held == sum(books.held[name] for name in ours)
            assert kind.incoming == sum(books.incoming[name] for name in ours)
            seen.add(kind.kind)
        held = sum(
            units for debit, _, units in books.holds.values() if books.asset[debit] == one.asset
        )
        assert one.held == one.incoming == sum(kind.units for kind in one.holds) == held
        assert sum(kind.accounts for kind in one.kinds) == [*books.asset.values()].count(one.asset)
    assert {"wallet", "fees", "reserve", "world:manual"} <= seen


def test_what_is_pending_is_told_by_what_it_is_for(venue: Venue) -> None:
    books, (answer, _) = books_of(venue.engine.store), pages(venue, 50)
    signs = {"#C": "contract", "#N": "negotiation", "#W": "payout", "#X": "channel", "#b": "bond"}
    ours = Counter(signs.get(id[:2], "own") for id in books.holds)
    told: Counter[str] = Counter()
    for asset in answer.assets:
        for one in asset.holds:
            told[one.kind] += one.holds
    assert told == ours
    assert len(told) > 2


def test_a_stake_is_told_apart_from_escrow() -> None:
    stall = Stall()
    stall.do("P1", PostBond(usd(70)))
    stall.do(BEA, TakePrice(stall.list(SOL, 500), usd(500)))
    venue = Venue(stall.engine.store, clock=lambda: stall.now)
    (dollars,) = venue.ask(OPERATOR, GetTrialBalance()).assets
    assert [(one.kind, one.holds, one.units) for one in dollars.holds] == [
        ("bond", 1, 70),
        ("contract", 1, 500),
    ]


@pytest.mark.parametrize("actor", ["", "P1", "A1", "nobody"])
def test_nobody_but_the_house_sees_the_whole_ledger(venue: Venue, actor: str) -> None:
    with pytest.raises(Refused, match="not_yours"):
        venue.ask(actor, GetTrialBalance())


def test_an_officer_sees_the_sums_and_nobodys_account(venue: Venue) -> None:
    whole, sums = venue.ask(OPERATOR, GetTrialBalance()), venue.ask("O1", GetTrialBalance())
    assert whole.accounts
    assert sums.assets == whole.assets
    assert (sums.accounts, sums.cursor) == ((), "")


def test_a_page_of_an_impossible_size_is_refused(venue: Venue) -> None:
    for query, field in ((GetTrialBalance(0), "limit"), (GetTrialBalance(cursor="x"), "cursor")):
        with pytest.raises(Refused) as refused:
            venue.ask(OPERATOR, query)
        assert (refused.value.reason, refused.value.facts["field"]) == (Reason.INVALID, field)


def test_a_unit_that_came_from_nowhere_shows() -> None:
    """Planted: one wallet has a unit more than was brought to it, and one hold is forgotten."""
    venue = Venue(walk(10, 450).engine.store)
    state, _ = venue.engine.live
    rows = state.tables[ACCOUNTS]
    rows["wallet:P1/USD"] = msgspec.structs.replace(
        rows["wallet:P1/USD"], posted=rows["wallet:P1/USD"].posted + 1
    )
    held = state.tables[HOLDS]
    forgotten = held.pop(next(id for id, hold in held.items() if hold.debit.endswith("/USD")))
    dollars: AssetSum = next(
        one for one in venue.ask(OPERATOR, GetTrialBalance()).assets if one.asset == "USD"
    )
    assert dollars.posted == 1
    assert dollars.held - sum(one.units for one in dollars.holds) == forgotten.amount
