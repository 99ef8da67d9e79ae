"""Tidy tables: what they say adds up to the ledger, and what strangers said stays harmless."""

import csv
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from souq.core.account import ACCOUNTS
from souq.core.message import PostMessage
from souq.core.party import RegisterAgent
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.record import Entry
from souq.journal.replay import replay
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.views.columns import TABLES, Type
from souq.views.history import read
from souq.views.table_files import Format, Taken, export, harmless, iso
from souq.views.tables import rows
from tests.journal.day import Day, play
from tests.journal.stores import furnish

Table = list[dict[str, Any]]


@pytest.fixture(scope="module")
def day() -> Day:
    return play(MemoryStore())


@pytest.fixture(scope="module")
def tables(day: Day) -> dict[str, Table]:
    return gathered(day.engine.store)


def gathered(store: Store, until: int | None = None) -> dict[str, Table]:
    found: dict[str, Table] = {name: [] for name in TABLES}
    for name, row in rows(store, until):
        assert len(row) == len(TABLES[name])
        found[name].append(dict(zip((column.name for column in TABLES[name]), row, strict=True)))
    return found


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_column_has_values_of_its_type(tables: dict[str, Table]) -> None:
    whole = (Type.NUMBER, Type.TIME)
    for name, table in tables.items():
        for column in TABLES[name]:
            values = [row[column.name] for row in table if row[column.name] is not None]
            assert all(type(value) is (int if column.type in whole else str) for value in values)
            assert values, f"{name}.{column.name} is never filled on this day"


def test_balances_are_what_the_ledger_says(day: Day, tables: dict[str, Table]) -> None:
    accounts = day.engine.state.rows(ACCOUNTS)
    assert [row["account"] for row in tables["balances"]] == sorted(accounts)
    for row in tables["balances"]:
        account = accounts[row["account"]]
        assert row["posted_units"] == account.posted
        assert row["posted_units"] == row["credits_units"] - row["debits_units"]
        assert row["held_units"] == account.held
        assert row["asset"] == account.asset


def test_transfers_add_up_to_every_balance_and_to_zero(day: Day, tables: dict[str, Table]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in tables["transfers"]:
        sums[row["debit"]] -= row["posted_units"]
        sums[row["credit"]] += row["posted_units"]
        assert row["posted_units"] == 0 or row["kind"] in ("move", "capture")
    accounts = day.engine.state.rows(ACCOUNTS)
    assert {id: sums[id] for id in accounts} == {id: one.posted for id, one in accounts.items()}
    assert sum(sums.values()) == 0
    assert {row["kind"] for row in tables["transfers"]} == {
        *("move", "hold", "capture", "release", "expire"),
    }


def test_at_any_record_the_balances_are_those_of_that_moment(day: Day) -> None:
    store = day.engine.store
    for until in range(1, store.head()[0], 9):
        accounts = replay(store, until=until).state.rows(ACCOUNTS)
        for row in gathered(store, until)["balances"]:
            account = accounts[row["account"]]
            assert (row["posted_units"], row["held_units"]) == (account.posted, account.held)
            assert row["seq"] == until


def test_deals_are_those_of_the_history_and_cost_what_was_paid(
    day: Day, tables: dict[str, Table]
) -> None:
    history = read(day.engine.store)
    assert {row["contract"] for row in tables["deals"]} == set(history.deals)
    paid: dict[str, int] = defaultdict(int)
    for row in tables["transfers"]:
        if row["kind"] == "capture" and row["hold"].startswith("#C"):
            paid[row["hold"][1:].partition(".")[0]] += row["posted_units"]
    for row in tables["deals"]:
        deal = history.deals[row["contract"]]
        assert (row["stage"], row["negotiation"]) == (deal.stage, deal.negotiation)
        assert (row["price_units"] or 0) == deal.units
        assert row["ended_seq"] is None or row["agreed_seq"] <= row["ended_seq"]
        if row["stage"] == "fulfilled":
            assert paid[row["contract"]] == deal.units
        elif row["stage"] == "ruled":
            back = deal.units * row["payer_bps"] // 10_000
            assert abs(paid[row["contract"]] - (deal.units - back)) <= 1
        else:
            assert paid[row["contract"]] == 0
    assert {row["mechanism"] for row in tables["deals"]} == {
        *("alternating_offers", "posted_price", "swap"),
    }


def test_a_deal_that_is_not_over_stands_at_the_end(day: Day) -> None:
    agreed = next(row["agreed_seq"] for row in gathered(day.engine.store)["deals"])
    open_ = gathered(day.engine.store, agreed)["deals"]
    assert [(row["contract"], row["stage"], row["ended_seq"]) for row in open_] == [
        ("C1", "formed", None)
    ]


def test_every_negotiation_is_opened_once_and_closed_once(tables: dict[str, Table]) -> None:
    moves = Counter((row["negotiation"], row["move"]) for row in tables["offers"])
    negotiations = {id for id, _ in moves}
    assert len(negotiations) == 11
    for id in negotiations:
        opened = sum(moves[id, move] for move in ("offered", "price_taken", "swap_proposed"))
        assert (opened, moves[id, "closed"]) == (1, 1)
    assert {row["why"] for row in tables["offers"]} >= {"agreed", "rejected", "withdrawn", None}


def test_records_tell_who_asked_what_and_what_came_of_it(
    day: Day, tables: dict[str, Table]
) -> None:
    assert [row["seq"] for row in tables["records"]] == list(range(1, day.engine.head[0] + 1))
    refused = Counter(row["refusal"] for row in tables["records"] if row["refusal"])
    assert refused == read(day.engine.store).refusals
    for row in tables["records"]:
        assert row["events"] == len(row["event_types"].split())
        assert (row["events"] == 0) == (row["refusal"] is not None)


def test_csv_and_parquet_say_the_same(day: Day, tables: dict[str, Table], tmp_path: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    counts = export(day.engine.store, tmp_path / "csv", "csv")
    assert export(day.engine.store, tmp_path / "parquet", "parquet") == counts
    for name, columns in TABLES.items():
        lines = read_csv(tmp_path / "csv" / f"{name}.csv")
        table = parquet.read_table(tmp_path / "parquet" / f"{name}.parquet")
        assert table.column_names == [column.name for column in columns]
        cells = table.to_pylist()
        assert len(lines) == len(cells) == counts[name] == len(tables[name])
        for line, cell, row in zip(lines, cells, tables[name], strict=True):
            for column in columns:
                value = row[column.name]
                if column.type is Type.TIME and value is not None:
                    at = datetime.fromisoformat(line[column.name])
                    assert at == cell[column.name]
                    assert (at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 10**6 == (
                        pytest.approx(value, abs=1)
                    )
                else:
                    assert cell[column.name] == value
                    text = "" if value is None else str(value)
                    assert line[column.name].removeprefix("'") == text.removeprefix("'")


def test_dollars_are_the_units_to_the_last_place(tables: dict[str, Table]) -> None:
    pairs = (("offers", "price"), ("deals", "price"), ("transfers", "posted"))
    for name, what in (*pairs, ("balances", "posted"), ("listings", "price")):
        for row in tables[name]:
            units, usd = row[f"{what}_units"], row[f"{what}_usd"]
            if units is None or row["asset"] != "USD":
                assert usd is None
            else:
                assert Decimal(usd) * 10**6 == units


def test_a_time_is_written_to_the_microsecond() -> None:
    assert iso(1_750_000_000_000_001) == "2025-06-15T15:06:40.000001Z"
    assert iso(0) == "1970-01-01T00:00:00.000000Z"


FORMULAS = (
    *("=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1"),
    *("\uff0b1", "\uff0d1", "\uff20x", "'=1", "\u00a0=1"),
)


def test_words_are_never_a_formula_and_can_be_had_back(tmp_path: Path) -> None:
    with Engine(MemoryStore()) as engine:
        furnish(engine)
        for n, words in enumerate((*FORMULAS, 'plain, "quoted"\nwords', "'", "")):
            engine.submit(OPERATOR, f"a{n}", RegisterAgent("P1", PublicText(words)))
            # Ids are chosen by callers, too.
            engine.submit("A1", f"=1+{n}", PostMessage(PublicText("hello"))).need()
        export(engine.store, tmp_path / "out", "csv")
        exact = gathered(engine.store)
    names = [row["name"] for row in read_csv(tmp_path / "out" / "agents.csv")]
    assert len(names) > len(FORMULAS)
    for written, said in zip(names, (row["name"] for row in exact["agents"]), strict=True):
        assert written.lstrip(" \u00a0")[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
        assert written.removeprefix("'") == said or written == said
        assert (written != said) == (harmless(said) != said)
    for row in read_csv(tmp_path / "out" / "records.csv"):
        assert not row["command_id"].startswith("=")
    for row in read_csv(tmp_path / "out" / "balances.csv"):
        assert int(row["posted_units"]) == int(Decimal(row["posted_usd"]) * 10**6)


def test_a_negative_balance_stays_a_number(day: Day, tmp_path: Path) -> None:
    export(day.engine.store, tmp_path / "out", "csv")
    found = [row["posted_usd"] for row in read_csv(tmp_path / "out" / "balances.csv")]
    assert "-8.00" in found


def test_erased_words_are_in_no_table(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "market")
    day = play(store)
    first = next(row for row in gathered(store)["listings"] if row["title"])
    digest = next(
        payload.digest for payload in store.payloads() if first["title"].encode() in payload.content
    )
    store.erase(digest)
    again = next(row for row in gathered(store)["listings"] if row["title"])
    assert again["title"] == "(erased)"
    day.engine.close()


def test_what_only_the_parties_may_read_is_in_no_table(day: Day, tables: dict[str, Table]) -> None:
    told = str(tables)
    hidden = [one for one in day.engine.store.payloads() if one.audience != "public"]
    assert len(hidden) > 5
    for payload in hidden:
        text = payload.content.decode()
        assert len(text) < 4 or text.strip('"') not in told


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_are_never_written_over_and_never_half_there(
    day: Day, tmp_path: Path, to: Format
) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(Taken):
        export(day.engine.store, tmp_path / "there", to)
    with pytest.raises(TypeError):
        export(Torn(day.engine.store), tmp_path / "torn", to)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


class Torn(MemoryStore):
    """A store whose reading breaks off."""

    def __init__(self, sound: Store) -> None:
        super().__init__()
        self.append(list(sound.read()))

    def read(self, start: int = 1, until: int | None = None) -> Iterator[Entry]:
        yield from super().read(start, 40)
        raise TypeError("broken off")


def test_memory_does_not_grow_with_the_journal(tmp_path: Path) -> None:
    peaks = []
    for count in (8_000, 24_000):
        folder = tmp_path / str(count)
        with Engine(SqliteStore(folder / "market")) as engine:
            furnish(engine)
            said = PostMessage(PublicText("x"))
            for start in range(0, count, 4_000):  # more at once, and a slow disk turns some away
                numbers = range(start, start + 4_000)
                engine.submit_many([("A1", f"m{n}", said) for n in numbers])
        with closing(SqliteStore(folder / "market", read_only=True)) as store:
            export(store, folder / "warm", "csv", until=10)
            tracemalloc.start()
            counts = sum(1 for _ in rows(store))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert counts > count
    assert peaks[1] < 1.3 * peaks[0]


def test_csv_needs_nothing_but_the_standard_library() -> None:
    program = "import sys, souq.views.table_files; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
