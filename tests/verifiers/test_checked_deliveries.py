"""A hundred deliveries, fifty good and fifty bad in ten ways: each judged right, and paid so."""

import json
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from souq.core.acceptance import Contest
from souq.core.conditions import Conditions
from souq.core.contract import SubmitDelivery
from souq.core.criteria import Content, Encrypted, Probe, Rows, Suite, of_code
from souq.core.funds import ReportDeposit
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.performance import CommitDelivery, GrantRefund
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, OPERATOR, SECOND_US, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.journal.memory import MemoryStore
from souq.operations import queries as ask
from souq.operations.delivery_queries import GetDelivery
from souq.venue import Venue
from souq.verifiers import suites, tabular
from souq.verifiers.digests import encrypt, new_key, sample, sha256
from souq.verifiers.sandbox import strength
from souq.verifiers.suites import Case, Exam
from souq.verifiers.verifier import Arbiter, Means, Shelf, Verifier
from tests.verifiers.payloads import ARCHIVES, zipped

PRICE = 100
BUYER, SELLER, VERIFIER = "A1", "A2", "A3"
SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["city", "population"],
        "properties": {
            "city": {"type": "string", "pattern": "^[A-Z]"},
            "population": {"type": "integer", "minimum": 0},
        },
        "additionalProperties": False,
    }
).encode()
DOUBLES = Exam((Case(stdin="21", stdout="42"),))
needs_namespaces = pytest.mark.skipif(
    strength() != "namespaces", reason="this machine allows no namespaces"
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(0.5)
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *told: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Town:
    """A market with a buyer, a seller, a verifier, and a shelf that they all reach."""

    def __init__(self, folder: Path, service: str) -> None:
        self.now = 1_750_000_000_000_000
        self.count = 0
        self.service = service
        self.shelf = Shelf(folder)
        self.folder = folder
        self.urls: dict[str, str] = {}
        self.venue = Venue(MemoryStore(), clock=lambda: self.now, salts=lambda: os.urandom(16))
        self.do(OPERATOR, OpenMarket(Rules(arbiter="P3")))
        for n in (1, 2, 3):
            self.do(OPERATOR, RegisterPrincipal(PublicText(f"person {n}")))
            self.do(f"P{n}", RegisterAgent(f"P{n}", PublicText(f"agent {n}")))
            self.do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits())))
        self.do(OPERATOR, ReportDeposit("P1", Money(1_000_000, "USD")))
        means = Means(urls=self.urls, checks={"a real city": lambda row: row["city"] != "Nowhere"})
        self.verifier = Verifier(self.venue, VERIFIER, self.shelf, means)
        self.arbiter = Arbiter(self.venue, "P3", self.shelf, means)

    def do(self, actor: str, command: Any) -> Any:
        self.now += SECOND_US
        self.count += 1
        return self.venue.submit(actor, f"c{self.count}", command).need()

    def deal(self, **asked: Any) -> str:
        price = Money(PRICE, "USD")
        conditions = Conditions(verifier=VERIFIER, **asked)
        ad = PostListing(PublicText("work"), "home", price, subject="data", conditions=conditions)
        listing = self.do(SELLER, ad).events[0].listing.id
        events = self.do(BUYER, TakePrice(listing, price)).events
        return next(one.contract for one in events if hasattr(one, "contract"))

    def paid(self, principal: str = "P2") -> int:
        found = self.venue.engine.state.get(ACCOUNTS, f"wallet:{principal}/USD")
        assert found is not None
        return found.posted

    def deliver(self, contract: str, content: bytes, **more: Any) -> None:
        self.do(SELLER, SubmitDelivery(contract, self.shelf.put(content), **more))


class Script(NamedTuple):
    """One way to deliver; `n` tells it from its like."""

    is_good: bool
    play: Callable[[Town, int], str]


def rows(count: int, city: str = "Cairo", people: object = 5) -> bytes:
    return b"\n".join(
        json.dumps({"city": city, "population": people}).encode() for _ in range(count)
    )


def content(town: Town, n: int) -> str:
    body = b"a picture %d" % n
    deal = town.deal(criteria=(Content(sha256(body)),))
    town.deliver(deal, body)
    return deal


def absent(town: Town, n: int) -> str:
    deal = town.deal(criteria=(Content(),))
    town.do(SELLER, CommitDelivery(deal, sha256(b"never made %d" % n)))
    town.do(SELLER, SubmitDelivery(deal, sha256(b"never made %d" % n)))
    return deal


def exchanged(town: Town, n: int) -> str:
    body = b"a picture to be exchanged %d" % n
    deal = town.deal(criteria=(Content(sha256(body)),))
    town.deliver(deal, body)
    (town.folder / sha256(body)).write_bytes(b"another")
    return deal


def encrypted(town: Town, n: int, *, is_key: bool = True, is_it: bool = True) -> str:
    body, key, other = b"the formula %d" % n, new_key(), new_key()
    sealed = encrypt(body if is_it else b"a poem", key if is_key else other)
    deal = town.deal(criteria=(Encrypted(sha256(body)),))
    town.do(SELLER, CommitDelivery(deal, sha256(sealed), of_code(deal, key)))
    town.deliver(deal, sealed, key=key)
    return deal


def table(town: Town, n: int, body: bytes | None = None) -> str:
    asked = Rows(town.shelf.put(SCHEMA), rows_min=10, sampled=3)
    deal = town.deal(criteria=(asked,))
    town.deliver(deal, rows(10 + n) if body is None else body)
    return deal


def program(town: Town, n: int, body: bytes | None = None) -> str:
    suite, digest = suites.written(DOUBLES)
    town.shelf.put(suite)
    deal = town.deal(criteria=(Suite(digest, seconds=30, memory_mib=128),))
    right = b"print(2 * int(input()))  # %d" % n
    town.deliver(deal, (zipped(("main.py", right)) if n % 2 else right) if body is None else body)
    return deal


def probed(town: Town, n: int, path: str = "/") -> str:
    deal = town.deal(criteria=(Probe(within_ms=300, calls=3, share_bps=3_333),))
    town.urls[deal] = town.service + path
    town.do(SELLER, SubmitDelivery(deal))
    return deal


HOSTILE = (
    b"import os; print(42); os._exit(0)  # and what if it is right, but kills?",
    b"import os\nwhile True: os.fork()",
    ARCHIVES["a bomb"](),
    ARCHIVES["a link"](),
    b"print(open('/etc/shadow').read())",
)
SCRIPTS = {
    "content": Script(True, content),
    "encrypted": Script(True, encrypted),
    "a table": Script(True, table),
    "a program": Script(True, program),
    "a service": Script(True, probed),
    "absent": Script(False, absent),
    "exchanged": Script(False, exchanged),
    "a key that opens nothing": Script(False, lambda town, n: encrypted(town, n, is_key=False)),
    "a key to something else": Script(False, lambda town, n: encrypted(town, n, is_it=False)),
    "rows that break the schema": Script(
        False, lambda town, n: table(town, n, rows(12) + b"\n" + rows(1, people=f"{n}"))
    ),
    "too few rows": Script(False, lambda town, n: table(town, n, rows(n))),
    "rows that a sample finds out": Script(
        False, lambda town, n: table(town, n, rows(20 + n, "Nowhere"))
    ),
    "a program that is wrong": Script(False, lambda town, n: program(town, n, b"print(%d)" % n)),
    "a program that is hostile": Script(
        False, lambda town, n: program(town, n, HOSTILE[n] if n else b"import os; os._exit(0)")
    ),
    "a service that is slow or broken": Script(
        False, lambda town, n: probed(town, n, "/slow" if n % 2 else "/broken")
    ),
}


@needs_namespaces
def test_a_hundred_deliveries_are_judged_right_and_paid_so(tmp_path: Path, service: str) -> None:
    town = Town(tmp_path / "shelf", service)
    is_good: dict[str, bool] = {}
    for script in SCRIPTS.values():
        for n in range(10 if script.is_good else 5):
            is_good[script.play(town, n)] = script.is_good
    assert (len(is_good), sum(is_good.values())) == (100, 50)
    assert town.verifier.work() == 100
    found = {report.contract: report.passed for report in town.verifier.reports.values()}
    assert found == is_good
    assert town.paid() == 50 * PRICE, "a pass releases at once"
    town.now += 2 * DAY_US
    town.venue.engine.tick()
    assert town.paid() == 50 * PRICE
    assert town.paid("P1") == 1_000_000 - 50 * PRICE, "a fail refunds"
    assert not town.venue.engine.state.rows(HOLDS)
    assert town.verifier.work() == 0


def test_an_arbiter_rules_by_the_criteria_when_a_report_is_contested(
    tmp_path: Path, service: str
) -> None:
    town = Town(tmp_path / "shelf", service)
    bad, good = table(town, 0, rows(1)), table(town, 0, rows(11) + b"\n")
    town.verifier.work()
    town.do(SELLER, Contest(bad))
    report = town.arbiter.rule(bad)
    assert report is not None
    assert not report.passed
    assert town.paid() == PRICE
    assert town.arbiter.rule(bad) is None, "it is over"
    assert town.arbiter.rule(good) is None


def test_what_the_verifier_itself_lacks_is_nobodys_fault(tmp_path: Path, service: str) -> None:
    town = Town(tmp_path / "shelf", service)
    deals = [
        town.deal(criteria=(Rows("ab" * 32),)),
        town.deal(criteria=(Suite("cd" * 32),)),
        town.deal(criteria=(Probe(50),)),
        town.deal(
            criteria=(
                Rows(
                    town.shelf.put(b"{no schema"),
                ),
            )
        ),
        town.deal(criteria=(Rows(town.shelf.put(SCHEMA), seed="ef" * 32),)),
    ]
    for deal in deals:
        town.deliver(deal, rows(5))
    assert town.verifier.work() == 0
    assert set(town.verifier.lacking) == set(deals)
    town.urls[deals[2]] = service
    town.do(SELLER, GrantRefund(deals[2], 1_000))
    assert town.verifier.work() == 1, "what it has by now, it checks"
    town.now += 2 * DAY_US
    town.venue.engine.tick()
    assert town.paid() == len(deals) * PRICE - PRICE // 10, "the takers' inspection has passed"


def test_a_verifier_sees_what_it_checks_and_nothing_else(tmp_path: Path, service: str) -> None:
    town = Town(tmp_path / "shelf", service)
    ours = table(town, 0)
    price = Money(PRICE, "USD")
    ad = PostListing(PublicText("a lamp"), "home", price)
    listing = town.do(SELLER, ad).events[0].listing.id
    town.do(BUYER, TakePrice(listing, price))
    for query in (GetDelivery, ask.GetContract):
        assert town.venue.ask(VERIFIER, query(ours))
        for theirs in ("C2", "C99"):
            with pytest.raises(Refused):
                town.venue.ask(VERIFIER, query(theirs))
    told = town.venue.ask(VERIFIER, ask.ListEvents(types=("AgreementReached", "TransfersMade")))
    assert not told.records
    assert town.venue.engine.state.get(CONTRACTS, "C2") is not None


def test_a_sample_is_the_same_for_everybody_and_changes_with_what_is_delivered() -> None:
    one = sample("seed", "C1", "ab", 1_000, 20)
    assert one == sample("seed", "C1", "ab", 1_000, 20)
    assert len(set(one)) == 20
    assert one != sample("seed", "C1", "cd", 1_000, 20)
    assert one != sample("other", "C1", "ab", 1_000, 20)
    assert sample("seed", "C1", "ab", 3, 20) == (0, 1, 2)


def test_a_tenth_of_bad_rows_is_found_as_often_as_a_sample_says() -> None:
    found = 0
    for n in range(300):
        drawn = sample("seed", f"C{n}", "ab", 200, 10)
        found += any(row < 20 for row in drawn)
    assert 0.57 < found / 300 < 0.75  # 1 - 0.9**10 is 0.651; sampled without return, 0.660


@pytest.mark.parametrize(
    "row",
    [
        b"{",
        b"[" * 50_000,
        b'{"city":"Cairo","population":NaN}',
        b'{"city":"Cairo","population":1e999}',
        b'{"city":"Cairo","population":-1}',
        b'{"city":"cairo","population":1}',
        b'{"city":"Cairo","population":1,"more":1}',
        b"\xff\xfe",
        b"null",
        zlib.compress(b"x"),
    ],
)
def test_no_row_gets_by_a_schema_that_it_breaks(row: bytes) -> None:
    found = tabular.judge(rows(3) + b"\n" + row, SCHEMA, Rows("ab" * 32))
    assert not found.passed


@pytest.mark.parametrize(
    "schema",
    [b"", b"7", b"{", b'{"type":"nonsense"}', b'{"$ref":"http://127.0.0.1:1/x"}', b"[" * 50_000],
)
def test_a_schema_that_cannot_be_read_is_the_verifiers_lack(schema: bytes) -> None:
    with pytest.raises(tabular.Unable):
        tabular.judge(rows(3), schema, Rows("ab" * 32))


def test_a_table_too_large_to_read_is_not_read() -> None:
    with pytest.raises(tabular.Unable, match="more than"):
        tabular.judge(b"1\n" * 1_000_001, b"{}", Rows("ab" * 32))


def test_a_pattern_cannot_be_made_to_run_for_ever() -> None:
    schema = json.dumps({"type": "string", "pattern": "^(a+)+$"}).encode()
    row = json.dumps("a" * 5_000 + "!").encode()
    assert not tabular.judge(row, schema, Rows("ab" * 32)).passed
