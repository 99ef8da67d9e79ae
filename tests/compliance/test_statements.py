"""Yearly totals come to what the ledger says, unit by unit, computed here from raw transfers."""

import csv
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from souq.cli import main
from souq.core.bond import PostBond
from souq.core.contract import SubmitDelivery
from souq.core.dispute import OpenDispute, Rule
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PartyText, PublicText
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.operations import compliance_queries as trust
from souq.venue import Venue
from souq.views.statements import Statements, Total
from tests.compliance.house import House, usd
from tests.laws.walk import walk

IN = ("income_units", "forfeits_in_units", "deposits_units", "other_in_units")
OUT = ("fees_units", "paid_units", "forfeits_out_units", "payouts_units", "other_out_units")
Key = tuple[str, str, int]


def raw(store: Store) -> tuple[dict[Key, int], dict[tuple[str, int], int]]:
    """Sum what wallets gained, and what they paid in fees, from the bytes of records alone."""
    gained: dict[Key, int] = defaultdict(int)
    fees: dict[tuple[str, int], int] = defaultdict(int)
    held: dict[str, tuple[str, str, int]] = {}
    for entry in store.read():
        record = json.loads(entry.body)
        year = datetime.fromtimestamp(record["at"] / 1e6, UTC).year
        for event in record.get("events", []):
            if event["type"] != "TransfersMade":
                continue
            batch = event["batch"]
            size = len(batch["id"])
            kinds = batch.get("kind") or [0] * size
            ends = batch.get("hold") or [""] * size
            for n in range(size):
                row = batch["debit"][n], batch["credit"][n], batch["amount"][n]
                if kinds[n] == 1:
                    held[batch["id"][n]] = row
                    continue
                if kinds[n] in (2, 3, 4):
                    debit, credit, units = held.pop(ends[n])
                    row = (debit, credit, row[2] or units) if kinds[n] == 2 else ("", "", 0)
                for account, change in ((row[0], -row[2]), (row[1], row[2])):
                    name, _, asset = account.partition("/")
                    if name.startswith("wallet:") and change:
                        gained[name[7:], asset, year] += change
                    elif name == "fees" and change > 0 and row[0].startswith("wallet:"):
                        fees[asset, year] += change
    return gained, fees


def check(store: Store, totals: tuple[Total, ...]) -> None:
    gained, fees = raw(store)
    told = {(one.principal, one.asset, one.year): one for one in totals}
    assert {key for key, units in gained.items() if units} <= set(told)
    for key, one in told.items():
        assert one.net_units == gained.get(key, 0), key
        parts = sum(getattr(one, name) for name in IN) - sum(getattr(one, name) for name in OUT)
        assert one.net_units == parts, key
        assert min(getattr(one, name) for name in IN + OUT) >= 0
    for (asset, year), units in fees.items():
        paid = sum(one.fees_units for one in totals if (one.asset, one.year) == (asset, year))
        assert paid == units, (asset, year)


def folded(store: Store) -> Statements:
    found = Statements()
    for record in records(store):
        found.take(record.at, record.events)
    return found


@pytest.fixture
def house() -> Iterator[House]:
    made = House(MemoryStore())
    made.furnish()
    yield made
    made.close()


def test_totals_equal_the_ledger_to_the_unit(house: House) -> None:
    house.empty()
    house.pass_days(400)
    house.sell("A2", "L1")
    check(house.store, folded(house.store).totals())


def test_what_a_sale_comes_to_is_what_the_parties_know(house: House) -> None:
    (zen,) = folded(house.store).totals("P1")
    fee = 40_001 * 250 // 10_000
    assert (zen.sales, zen.income_units, zen.fees_units) == (1, 40_001, fee)
    # Of 100 for the chair she got three tenths back, of price and fee alike, rounded for the payee.
    assert (zen.purchases, zen.paid_units, zen.refunds_in_units) == (1, 71, 29)
    (other,) = folded(house.store).totals("P2")
    assert (other.sales, other.refunds_out_units) == (1, 29)


def test_receipts_add_up_to_the_totals(house: House) -> None:
    found = folded(house.store)
    for total in found.totals():
        mine = found.receipts(total.principal)
        paid = [one for one in mine if one.payee == total.principal]
        assert sum(one.gross_units for one in paid) == total.income_units
        assert sum(one.fee_units for one in paid) == total.fees_units
        assert all(one.gross_units == one.fee_units + one.net_units for one in mine)
        assert len(paid) == total.sales


def test_a_deal_that_came_to_nothing_is_on_no_statement(house: House) -> None:
    before = folded(house.store).totals()
    house.do("A2", TakePrice("L1", usd(40_001)))
    house.pass_days(30)
    assert folded(house.store).totals() == before


def test_a_principal_asks_for_its_own_and_for_nobody_elses(house: House) -> None:
    own = house.venue.ask("A1", trust.GetStatement())
    assert own.totals == folded(house.store).totals("P1")
    assert house.venue.ask("P1", trust.GetStatement(year=1999)).totals == ()
    for actor, whose in (("P2", "P1"), ("A2", "P1"), ("", ""), ("O1", "P1")):
        with pytest.raises(Refused):
            house.venue.ask(actor, trust.GetStatement(whose))


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_totals_equal_the_ledger_after_any_walk(seed: int) -> None:
    found = walk(seed, 1_500)
    check(found.engine.store, folded(found.engine.store).totals())


def test_penalties_are_told_beside(house: House) -> None:
    events = house.do("A2", PostListing(PublicText("x"), "home", price=usd(1_000))).events
    taken = house.do("A1", TakePrice(events[0].listing.id, usd(1_000))).events
    deal = next(one.contract for one in taken if hasattr(one, "contract"))
    house.do("A2", SubmitDelivery(deal))
    house.pass_days(2)
    check(house.store, folded(house.store).totals())


def souq(*words: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from souq.cli import main; main()"]
    return subprocess.run([*program, *map(str, words)], capture_output=True, text=True, check=False)


def test_the_command_line_writes_what_the_fold_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "market"
    house = House(SqliteStore(folder), data=folder)
    house.furnish()
    totals = folded(house.store).totals()
    house.close()
    done = souq("export", "tax", folder, "--out", tmp_path / "tax")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "tax" / "tax.csv").open(newline="") as lines:
        table: list[dict[str, Any]] = list(csv.DictReader(lines))
    assert [int(row["net_units"]) for row in table] == [one.net_units for one in totals]
    written = json.loads((tmp_path / "tax" / "tax.json").read_text())
    assert [one["income_units"] for one in written] == [one.income_units for one in totals]
    done = souq("export", "receipts", folder, "--principal", "P1", "--out", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    done = souq("export", "principal", "P1", folder, "--out", tmp_path / "p1")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "p1" / "dossier.json").read_text())["principal"] == "P1"
    for words, why in (
        (("export", "tax", folder, "--out", tmp_path / "tax"), "exists already"),
        (("export", "tax", "--out", tmp_path / "no"), "name a folder"),
        (("export", "principal", "P9", folder, "--out", tmp_path / "no"), "no principal P9"),
        (("erase", "principal", "P1", tmp_path / "none"), "holds no journal"),
        (("erase", "principal", "P1", folder), "wrong_state"),
        (("keep", "expire", tmp_path / "none"), "holds no journal"),
        (("deny", "digest", tmp_path / "none"), "No such file"),
    ):
        monkeypatch.setattr(sys, "argv", ["souq", *map(str, words)])
        with pytest.raises(SystemExit, match="1"):
            main()  # here, since starting seven programs takes as many seconds
        told = capsys.readouterr().err
        assert why in told
        assert told.count("\n") == 1, told


def test_a_statement_is_given_to_whoever_meets_a_hold_of_others() -> None:
    venue = Venue(MemoryStore())
    number = count(1)

    def do(actor: str, command: Any) -> Any:
        return venue.submit(actor, f"c{next(number)}", command).need()

    do(OPERATOR, OpenMarket(Rules(arbiter="P4")))
    for n in range(1, 5):
        do(OPERATOR, RegisterPrincipal(PublicText("a person")))
        do(OPERATOR, RegisterAgent(f"P{n}", PublicText("an agent")))
        do(OPERATOR, ReportDeposit(f"P{n}", usd(1_000)))
        do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits())))
    do("P2", PostBond(usd(100)))
    listing = do("A2", PostListing(PublicText("a lamp"), "home", usd(50))).events[0].listing
    do("A1", TakePrice(listing.id, usd(50)))
    do("A2", SubmitDelivery("C1"))
    do("A1", OpenDispute("C1", "damaged", PartyText("broken")))
    do("P4", Rule("C1", 10_000, forfeit_units=50))  # of a bond that was locked before they met
    (total,) = venue.ask("P1", trust.GetStatement()).totals
    assert total.net_units == 1_050
    (total,) = venue.ask("P2", trust.GetStatement()).totals
    assert total.net_units == 950
