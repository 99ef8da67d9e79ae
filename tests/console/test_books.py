"""The ledger, the watch and the audit show each role its own, and what they show is so."""

import html
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.console.reading import GUESTS, Reader
from tests.http.market import FEW, HELD, REFERENCE, ROLES, Town, populated
from tests.venue.test_trial_balance import books_of

HOUSE = ("officer", "second_officer", "operator")
RING = ("stranger", "buyer", "seller")
STEP = 1 if os.environ.get("SOUQ_FULL") == "1" else 13  # of the records that are opened
ROUNDS = 8
MARKUP = "<script>alert(1)</script>"
ONE = 1_000_000  # units in a whole dollar


def text(reader: Reader, path: str) -> str:
    page = reader.see(path)
    assert page.status == 200, f"{path}: {page.status}"
    return page.html


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m") as found:
        for units in range(5 * FEW, 5 * FEW + ROUNDS):
            for n, seller in enumerate(RING):
                sell(found, seller, RING[n - 1], units)
        scope = found.ids["sibling"]
        found.do("buyer_person", "set_halt", level="commitments", scope=scope, why=MARKUP)
        yield found


@pytest.fixture(scope="module")
def readers(town: Town) -> dict[str, Reader]:
    return {role: Reader(town, role) for role in ROLES}


def sell(town: Town, seller: str, buyer: str, units: int) -> None:
    price = [units, "USD"]
    thing = town.listing(seller, price=units)
    deal = town.made(buyer, "take_price", "contract", listing=thing, price=price)
    town.do(seller, "submit_delivery", contract=deal)
    town.do(buyer, "accept_delivery", contract=deal)


def units_in(text: str) -> int:
    return int(Decimal(text) * ONE)


def dollars(units: int) -> str:
    whole, rest = divmod(units, ONE)
    return f"{whole}.{f'{rest:06}'.rstrip('0'):0<2}"


def test_each_role_sees_its_own_books_and_no_others(town: Town, readers: dict[str, Reader]) -> None:
    hers = f"/ledger?principal={town.ids['buyer_person']}"
    may_see_hers = {"buyer", "buyer_person", "sibling", "operator"}
    for role, reader in readers.items():
        assert reader.http.get("/ledger").status_code == (303 if role in GUESTS else 200), role
        assert reader.http.get("/watch").status_code == (
            303 if role in GUESTS else 200 if role in HOUSE else 403
        ), role
        no = 303 if role in GUESTS else 403
        assert reader.http.get(hers).status_code == (200 if role in may_see_hers else no), role
        assert reader.http.get("/audit").status_code == (303 if role in GUESTS else 200), role


def test_no_page_tells_a_secret_to_whom_it_is_not_for(
    town: Town, readers: dict[str, Reader]
) -> None:
    last = town.ask("operator", "get_tree_head")["size"]
    opened: Counter[str] = Counter()
    for role, reader in readers.items():
        paths = ["/ledger", "/watch", "/audit", f"/audit?about={town.ids['buyer']}"]
        paths += [f"/audit/{seq}{end}" for seq in range(1, last, STEP) for end in ("", "/proof")]
        for path in paths:
            answer = reader.http.get(path)
            text = html.unescape(answer.text)
            said = (text + text.replace(".", "")).encode()  # amounts are written in dollars
            leaks = town.leaks(role, said)
            assert not leaks, f"{path} tells {role} of {leaks}"
            opened[role] += answer.status_code == 200
    assert opened["operator"] > opened["buyer"] > opened["anybody"] == 0


def test_the_trial_balance_is_what_the_raw_entries_come_to(
    town: Town, readers: dict[str, Reader]
) -> None:
    books = town.served.call(lambda: books_of(town.served.venue.engine.store))
    kinds: Counter[str] = Counter()
    for account, units in books.posted.items():
        kinds["wallet" if account.startswith("wallet:") else account.rpartition("/")[0]] += units
    page = text(readers["officer"], "/ledger")
    rows = re.findall(
        r'<th scope="row">([^<]+)<td class="n">(\d+)<td class="n"><span class="money">([-\d.]+)',
        page,
    )
    # What is held for what comes behind it.
    accounts = [kind for kind, _, _ in rows].index("All") + 1
    shown = {kind: units_in(amount) for kind, _, amount in rows[:accounts]}
    assert shown.pop("All") == sum(kinds.values()) == 0
    assert {kind: units for kind, units in shown.items() if units} == {
        kind: units for kind, units in kinds.items() if units
    }
    assert "adds up to zero" in page
    held = sum(books.held.values())
    assert held == sum(units for _, _, units in books.holds.values()) > HELD
    assert f">{dollars(held)} <" in page
    wallet = dollars(books.posted[f"wallet:{town.ids['buyer_person']}/USD"])
    assert wallet not in page  # sums are officers' business
    assert wallet in text(readers["operator"], "/ledger")


def test_a_statement_to_its_last_page_comes_to_what_stands_in_the_wallet(
    town: Town, readers: dict[str, Reader]
) -> None:
    reader, path, moved, pages = readers["buyer_person"], "/ledger", 0, 0
    while path:
        page = text(reader, path)
        found = re.findall(r'<td class="n">([+−])<span class="money">([\d.]+)', page)
        moved += sum(units_in(amount) * (1 if sign == "+" else -1) for sign, amount in found)
        older = re.search(r'href="(\?[^"]*cursor=[^"]*)"', page)
        path = f"/ledger{html.unescape(older[1])}" if older else ""
        pages += 1
    (wallet,) = town.ask("buyer_person", "get_balance")["wallets"]
    assert moved == wallet["available"] + wallet["held"]
    assert pages > 1
    for seq in re.findall(r'href="/audit/(\d+)"', text(reader, "/ledger")):
        assert reader.http.get(f"/audit/{seq}").status_code == 200


def test_a_report_is_confirmed_by_another_person_than_its_reporter(
    town: Town, readers: dict[str, Reader]
) -> None:
    report = town.reported()
    assert "another confirms it" in text(readers["officer"], "/ledger")
    assert not readers["officer"].see("/ledger").all_forms("confirm_report", report=report)
    assert REFERENCE in text(readers["second_officer"], "/ledger")
    form = readers["second_officer"].see("/ledger").form("confirm_report", report=report)
    done = readers["second_officer"].send(form).html
    assert f"{report} is confirmed." in done


def test_a_payout_is_asked_for_and_taken_back_by_its_principal_alone(
    town: Town, readers: dict[str, Reader]
) -> None:
    asked = {"amount:amount": "2.50", "rail": "manual", "destination": secrets.token_hex(4)}
    form = readers["buyer_person"].see("/ledger").form("request_payout")
    done = readers["buyer_person"].send(form, **asked).html
    assert "The payout is asked for" in done
    payout = town.ask("buyer_person", "list_payouts")["payouts"][-1]
    assert payout["amount"] == [2_500_000, "USD"]
    assert "/do/request_payout" not in text(readers["buyer"], "/ledger")
    assert not readers["buyer"].see("/ledger").all_forms("cancel_payout", payout=payout["id"])
    form = readers["buyer_person"].see("/ledger").form("cancel_payout", payout=payout["id"])
    done = readers["buyer_person"].send(form).html
    assert f"{payout['id']} is taken back." in done


def test_an_alarm_is_drawn_with_the_ways_that_it_is_told_of(
    town: Town, readers: dict[str, Reader]
) -> None:
    (alarm,) = town.ask("operator", "list_alarms")["alarms"]
    page = text(readers["officer"], "/watch")
    assert alarm["detector"].replace("_", " ") in page
    drawn = re.findall(r"<title>(.*?)</title><path", page)
    assert drawn == [
        f"{one['giver']} to {one['taker']}: {one['units']} units, {one['count']} times"
        for one in alarm["edges"]
    ]
    for one in alarm["edges"]:
        assert f'<td class="n">{one["units"]:,}<td class="n">{one["count"]}' in page
    for seq in alarm["records"]:
        assert f'href="/audit/{seq}"' in page
    for contract in alarm["contracts"]:
        assert f'href="/deals/{contract}"' in page
    assert "Nothing looks like cheating" in text(readers["officer"], "/watch?detector=spoofing")


def test_words_of_strangers_are_shown_and_are_no_markup(readers: dict[str, Reader]) -> None:
    page = text(readers["operator"], "/watch")
    assert html.escape(MARKUP) in page
    assert MARKUP not in page


def test_the_proof_that_the_browser_checks_is_the_markets_to_the_byte(
    town: Town, readers: dict[str, Reader]
) -> None:
    last = town.ask("operator", "get_tree_head")["size"]
    checked = 0
    for role in ("operator", "buyer", "officer"):
        for seq in range(1, last + 1, 17):
            answer = readers[role].http.get(f"/audit/{seq}/proof")
            told = town.call(role, "get_record_proof", {"seq": seq})
            assert answer.status_code == told.status_code
            if told.status_code == 200:
                assert answer.content == told.json()["file"].encode()
                checked += 1
    assert checked > last // 17


def test_consistency_is_the_markets_answer(town: Town, readers: dict[str, Reader]) -> None:
    told = town.ask("buyer", "get_consistency", first=5, second=40)
    assert readers["buyer"].http.get("/audit/consistency?first=5&second=40").json() == told


def test_the_latest_records_lead_back_to_the_first(readers: dict[str, Reader]) -> None:
    path, seen = "/audit", []
    while path:
        page = text(readers["operator"], path)
        seen += [int(one) for one in re.findall(r'class="seq" href="/audit/(\d+)"', page)]
        older = re.search(r'href="(/audit\?before=\d+)"', page)
        path = older[1] if older else ""
    assert seen == list(range(seen[0], 0, -1))


def test_only_the_operator_reads_hashes_of_the_chain(readers: dict[str, Reader]) -> None:
    assert "In the chain" in text(readers["operator"], "/audit/1")
    page = text(readers["buyer"], "/audit/1")
    assert "In the chain" not in page
    assert "not yours to know" in page
    assert "hash" not in json.loads(readers["buyer"].http.get("/audit/1/proof").content)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/0", 404),
        ("/audit/99999999999999999999", 404),
        ("/audit/x", 404),
        ("/audit?before=-1", 422),
        ("/audit?before=99999999999999999", 422),
        ("/audit?about=zz", 422),
        ("/audit/consistency?first=9&second=8", 404),
        ("/audit/consistency?first=x", 422),
        ("/ledger?principal=P99", 404),
        ("/ledger?principal=%3Cb%3E", 404),
        ("/ledger?cursor=x", 422),
        ("/watch?detector=witchcraft", 422),
    ],
)
def test_what_makes_no_sense_is_answered_with_words(
    readers: dict[str, Reader], path: str, status: int
) -> None:
    answer = readers["operator"].http.get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text
