"""Rows sold over real HTTP: whoever stops paying stops receiving; nobody is paid for nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from souq.cli.metering import Forger, Stingy, listening
from souq.core.channel import ChannelsEnded
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.core.voucher import Payword, Voucher
from souq.sdk.channels import ChainPayer, Payer, SigningPayer
from souq.sdk.client import Client
from souq.sdk.metering import BODY_MAX, Meter, NotServed, Reader, Ticket
from souq.sdk.trader import Trader

ROWS = tuple(f"row {n} “三百”" for n in range(1_000))
PRICE = Money(3, "USD")
WINDOW = 40
DEPOSIT = PRICE.units * len(ROWS)


class Bazaar:
    """A market, a meter of sol's that listens, and readers that come."""

    def __init__(self, **more: Any) -> None:
        self.market = Client.local()
        self.sol = self.market.join("sol")
        self.more = {"price": PRICE, "window_rows": WINDOW, "patience_s": 30.0, **more}
        self.meter = Meter(self.sol.client, ROWS, **self.more)
        self.url = ""

    def enter(self, payer: Payer, *, units: int = DEPOSIT, to: str = "") -> tuple[Trader, str]:
        """Let somebody open a channel; give them, and its id."""
        bea = self.market.join("bea", deposit="1")
        opened = bea.client.open_channel(to or self.sol.id, Money(units, "USD"), payer.means)
        id = opened.events[0].channel
        payer.enter(bea.client.get_channel(id))
        return bea, id

    def read(self, payer: Payer, **more: Any) -> Reader:
        """Read all that is given, and pay as this payer does."""
        _, id = self.enter(payer, **more)
        reader = Reader(self.url, payer, id)
        assert list(reader.rows()) == list(ROWS[: reader.received])
        return reader


@contextmanager
def open_bazaar(**more: Any) -> Iterator[Bazaar]:
    bazaar = Bazaar(**more)
    with listening(bazaar.meter) as bazaar.url:
        yield bazaar


@pytest.fixture
def bazaar() -> Iterator[Bazaar]:
    with open_bazaar() as found:
        yield found


@pytest.fixture
def hasty() -> Iterator[Bazaar]:
    """Give one whose seller soon stops waiting for those who do not pay."""
    with open_bazaar(patience_s=1.0) as found:
        yield found


def chain() -> ChainPayer:
    return ChainPayer(unit=PRICE.units, length=len(ROWS))


@pytest.mark.parametrize("make", [SigningPayer, chain])
def test_who_pays_receives_everything_and_pays_just_for_it(bazaar: Bazaar, make: Any) -> None:
    reader = bazaar.read(make())
    assert (reader.received, reader.end) == (len(ROWS), "all")
    assert bazaar.meter.settle() == DEPOSIT
    assert bazaar.sol.balance() == "0.003"


def test_who_stops_paying_receives_one_window_more(hasty: Bazaar) -> None:
    payer = Stingy(100 * PRICE.units)
    reader = hasty.read(payer)
    assert reader.end == "unpaid"
    assert reader.received * PRICE.units - payer.paid == WINDOW * PRICE.units
    assert hasty.meter.settle() == payer.paid


def test_coming_back_with_the_same_proof_gives_no_other_window(hasty: Bazaar) -> None:
    payer = Stingy(100 * PRICE.units)
    reader = hasty.read(payer)
    ticket = msgspec.json.encode(Ticket(reader.channel, payer.proof, 0))
    for _ in range(3):
        again = httpx2.post(f"{hasty.url}/read", content=ticket)
        assert again.status_code == 402
        assert f"{WINDOW} rows were sent and are not paid" in again.json()["why"]


def test_a_forger_is_found_out_at_its_first_forged_voucher(bazaar: Bazaar) -> None:
    payer = Forger()
    _, id = bazaar.enter(payer)
    reader = Reader(bazaar.url, payer, id)
    with pytest.raises(NotServed, match="did not sign"):
        list(reader.rows())
    assert bazaar.meter.sent[id] <= 1 + WINDOW
    assert bazaar.meter.due[id] == PRICE.units


def test_when_the_deposit_is_spent_rows_end_and_a_top_up_brings_more(bazaar: Bazaar) -> None:
    payer = SigningPayer()
    bea, id = bazaar.enter(payer, units=100 * PRICE.units)
    reader = Reader(bazaar.url, payer, id)
    assert len(list(reader.rows())) == 100
    assert reader.end == "spent"
    bea.client.top_up_channel(id, Money(50 * PRICE.units, "USD"))
    payer.enter(bea.client.get_channel(id))
    assert list(reader.rows(after=100)) == list(ROWS[100:150])
    assert bazaar.meter.settle() == 150 * PRICE.units


def test_a_ticket_that_proves_nothing_opens_nothing(bazaar: Bazaar) -> None:
    payer = SigningPayer()
    _, id = bazaar.enter(payer)
    good = payer.pay(PRICE.units)
    other, elsewhere = SigningPayer(), SigningPayer()
    _, second = bazaar.enter(other)
    _, abroad = bazaar.enter(elsewhere, to=bazaar.market.join("eve").id)
    for channel, proof, why in (
        (id, Voucher(PRICE.units, "0" * 128), "did not sign"),
        (id, Voucher(0, good.signature), "paid before"),
        (id, Voucher(DEPOSIT + 1, good.signature), "above"),
        (id, Payword(1, "ab" * 32), "other means"),
        (second, good, "did not sign"),
        (abroad, elsewhere.pay(PRICE.units), "the market says not_yours"),
        ("X99", good, "not_found"),
        ("L1" * 500, good, "not_found"),
    ):
        ticket = msgspec.json.encode(Ticket(channel, proof))
        answer = httpx2.post(f"{bazaar.url}/read", content=ticket)
        assert answer.status_code == 402
        assert why in answer.json()["why"]
    assert sum(bazaar.meter.sent.values()) == 0


def test_whatever_is_sent_a_meter_answers(bazaar: Bazaar) -> None:
    for body in (b"", b"{", b"[]", b'{"channel": 5}', b"\xff" * 9, b"x" * 5_000):
        for path in ("read", "pay"):
            answer = httpx2.post(f"{bazaar.url}/{path}", content=body)
            assert answer.status_code == 402
            assert ("bytes" in answer.json()["why"]) == (len(body) > BODY_MAX)


def test_a_payment_for_what_nobody_reads_is_not_taken(bazaar: Bazaar) -> None:
    payer = SigningPayer()
    _, id = bazaar.enter(payer)
    ticket = msgspec.json.encode(Ticket(id, payer.pay(3)))
    assert "nothing was read" in httpx2.post(f"{bazaar.url}/pay", content=ticket).json()["why"]


def test_many_readers_are_settled_in_one_record(bazaar: Bazaar) -> None:
    readers = [bazaar.read(make()) for make in (SigningPayer, chain, SigningPayer)]
    before = bazaar.market.venue.engine.head[0]
    assert bazaar.meter.settle() == 3 * DEPOSIT
    assert bazaar.market.venue.engine.head[0] == before + 1
    assert bazaar.meter.settle() == 0
    assert {one.end for one in readers} == {"all"}


def test_a_payer_that_closes_is_answered_in_time(bazaar: Bazaar) -> None:
    payer = SigningPayer()
    bea, id = bazaar.enter(payer)
    reader = Reader(bazaar.url, payer, id)
    rows = reader.rows()
    assert len(list(islice(rows, 60))) == 60
    del rows
    assert bazaar.meter.settle_due() == 0
    bea.client.close_channel(id)  # owning up to nothing
    due = bazaar.meter.due[id]
    assert due >= 20 * PRICE.units
    assert bazaar.meter.settle_due() == due
    assert bea.client.get_channel(id).paid_units == due


def test_a_meter_that_was_killed_knows_what_it_was_paid(tmp_path: Path) -> None:
    keep = tmp_path / "paid.jsonl"
    payer = SigningPayer()
    with open_bazaar(keep=keep) as bazaar:
        _, id = bazaar.enter(payer)
        first = Reader(bazaar.url, payer, id)
        rows = first.rows()
        assert len(list(islice(rows, 100))) == 100
        del rows
    with keep.open("ab") as file:
        file.write(b'{"channel": "X1", "pro')  # cut off
    again = Meter(bazaar.sol.client, ROWS, **bazaar.more)
    with listening(again) as url:
        first.close()
        second = Reader(url, payer, id)
        second.received = 100
        assert list(second.rows(after=100)) == list(ROWS[100:])
    third = Meter(bazaar.sol.client, ROWS, **bazaar.more)  # the second was killed, too
    assert third.settle() == DEPOSIT


def test_the_payment_after_a_line_that_was_cut_off_is_kept(tmp_path: Path) -> None:
    keep = tmp_path / "paid.jsonl"
    keep.write_bytes(b'{"channel": "X1", "pro')
    payer = SigningPayer()
    with open_bazaar(keep=keep, patience_s=0.2) as bazaar:
        _, id = bazaar.enter(payer)
        ticket = msgspec.json.encode(Ticket(id, payer.pay(PRICE.units)))
        assert httpx2.post(f"{bazaar.url}/read", content=ticket).status_code == 200
    again = Meter(bazaar.sol.client, ROWS, **bazaar.more)
    assert again.settle() == PRICE.units


def test_kept_payments_are_settled_though_nobody_comes_back(tmp_path: Path) -> None:
    keep = tmp_path / "paid.jsonl"
    with open_bazaar(keep=keep) as bazaar:
        reader = bazaar.read(SigningPayer())
    again = Meter(bazaar.sol.client, ROWS, **bazaar.more)
    assert again.settle([reader.channel]) == DEPOSIT


def test_a_seller_that_claims_more_is_refused_by_the_market(hasty: Bazaar) -> None:
    payer = Stingy(100 * PRICE.units)
    reader = hasty.read(payer)
    best = payer.proof
    with pytest.raises(Refused, match="did not sign"):
        hasty.sol.client.close_channel(reader.channel, Voucher(best.units + 1, best.signature))
    ended = hasty.sol.client.close_channel(reader.channel, best).events[0]
    assert isinstance(ended, ChannelsEnded)
    assert ended.paid_units == (payer.paid,)


@pytest.mark.parametrize("lines", [b"", b'{"end":"all"}\n', b'{"data":"one"}\n{"end":"all"}\n'])
def test_a_seller_that_sends_nothing_gets_a_row_s_price_at_most(lines: bytes) -> None:
    bazaar = Bazaar()
    offer = msgspec.json.encode(
        {"payee": bazaar.sol.id, "price": PRICE, "window_rows": WINDOW, "rows": 9}
    )
    bazaar.meter.app = Starlette(
        routes=[
            Route("/", lambda request: Response(offer)),
            Route("/read", lambda request: Response(lines), methods=["POST"]),
        ]
    )
    payer = SigningPayer()
    with listening(bazaar.meter) as url:
        _, id = bazaar.enter(payer)
        list(Reader(url, payer, id).rows())
    assert payer.paid == PRICE.units


def test_readers_at_the_same_time_each_receive_their_own(bazaar: Bazaar) -> None:
    found: list[Reader] = []
    threads = [
        threading.Thread(target=lambda make=make: found.append(bazaar.read(make())))
        for make in (SigningPayer, chain) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [one.received for one in found] == [len(ROWS)] * 6
    assert bazaar.meter.settle() == 6 * DEPOSIT
