"""A record goes from one real market to another, and nothing that was tampered with comes in."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import MISTAKES
from souq.core.bond import PostBond
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.credential import AddKey
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.operations.reputation_queries import GetReputation
from souq.sdk.signing import new_key_file
from tests.serving import ADMIN, Served, serving

DOLLAR = 1_000_000


def ok(*words: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def refused(*words: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in words])
    assert isinstance(done.exception, MISTAKES), (done.output, done.exception)
    assert str(done.exception).count("\n") == 0
    return str(done.exception)


class Market:
    """A served market of two people, bea who pays and sol who sells with a key of its own."""

    def __init__(self, folder: Path, served: Served, material: str) -> None:
        self.folder = folder
        self.url = served.url
        self._served = served
        self._ids = count(1)
        for n, name in enumerate(("bea", "sol"), 1):
            self.do(OPERATOR, RegisterPrincipal(PublicText(name)))
            self.do(OPERATOR, RegisterAgent(f"P{n}", PublicText(name)))
            self.do(OPERATOR, ReportDeposit(f"P{n}", Money(900 * DOLLAR, "USD")))
            self.do(f"P{n}", GrantMandate(f"A{n}", SecretLimits(Limits())))
        self.do("P2", AddKey("P2", "ed25519", material))

    def do(self, actor: str, command: Any) -> Any:
        id, venue = f"t{next(self._ids)}", self._served.venue
        return self._served.call(lambda: venue.submit(actor, id, command).need())

    def deal(self) -> None:
        price = Money(40 * DOLLAR, "USD")
        lot = self.do("A2", PostListing(PublicText("a lamp"), "home", price))
        events = self.do("A1", TakePrice(lot.events[0].listing.id, price)).events
        deal = next(one.contract for one in events if hasattr(one, "contract"))
        self.do("A2", SubmitDelivery(deal))
        self.do("A1", AcceptDelivery(deal))

    def sol(self) -> Any:
        venue = self._served.venue
        return self._served.call(lambda: venue.ask("P2", GetReputation("P2")))


class Two(NamedTuple):
    north: Market
    south: Market
    home: Path
    issuer: str


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    home = tmp_path_factory.mktemp("two")
    material = new_key_file(home / "sol.key", "ed25519", "P2").material
    new_key_file(home / "north.key", "ed25519")
    issuer = ok("reputation", "did", "--key", home / "north.key").strip()
    with serving(home / "north") as one, serving(home / "south") as other:
        north = Market(home / "north", one, material)
        south = Market(home / "south", other, material)
        for _ in range(3):
            north.deal()
        yield Two(north, south, home, issuer)


def export(two: Two, name: str, *more: str) -> Path:
    out = two.home / name
    key = two.home / "north.key"
    ok("reputation", "export", two.north.folder, "P2", "--key", key, "--out", out, *more)
    return out


def bring(two: Two, file: Path, principal: str = "P2") -> tuple[Any, ...]:
    words = ("reputation", "import", file, "--principal", principal, "--issuer", two.issuer)
    return (*words, "--server", two.south.url, "--key", ADMIN)


def test_a_record_goes_from_one_server_to_another_and_counts_once(two: Two) -> None:
    shown, before = two.north.sol(), two.south.sol()
    assert abs(shown.evidence_milli - 6_000) <= 1, "three deals of four times the price of weight 1"
    file = export(two, "sol.json")
    told = json.loads(ok("reputation", "verify", file, "--issuer", two.issuer, "--json"))
    assert abs(told["good_milli"] - 6_000) <= 1
    ok(*bring(two, file))
    after = two.south.sol()
    assert abs(after.imported_milli - 6_000) <= 1
    assert before.quantile_bps < after.quantile_bps <= shown.quantile_bps
    assert after.is_newcomer
    assert "already_exists" in refused(*bring(two, file))
    again = export(two, "again.json")
    assert "already_exists" in refused(*bring(two, again)), "the same deals, signed anew"
    by_web = export(two, "web.json", "--issuer", "did:web:north.example")
    (two.home / "did.json").write_text(
        ok("reputation", "did", "--key", two.home / "north.key", "--web", "did:web:north.example")
    )
    words = list(bring(two, by_web))
    words[words.index(two.issuer)] = "did:web:north.example"
    told_off = refused(*words, "--did-document", two.home / "did.json")
    assert "already_exists" in told_off, "the same deals through another issuer"


def test_an_issuer_is_told_to_the_letter(two: Two) -> None:
    key = two.home / "north.key"
    out = two.home / "told.json"
    said = ok("reputation", "export", two.north.folder, "P2", "--key", key, "--out", out)
    assert two.issuer in "".join(said.split()), "`:key:` is no picture of a key"


def test_only_what_is_new_comes_in_later(two: Two) -> None:
    two.south.do(OPERATOR, RegisterPrincipal(PublicText("dan")))
    last = json.loads(ok("verify", two.north.folder, "--json"))["records"]
    two.north.deal()
    file = export(two, "later.json", "--since", str(last))
    document = json.loads(file.read_text())
    record = document["credentialSubject"]["tradingRecord"]
    assert record["outcomes"]["fulfilled"] == 1
    assert abs(record["goodMilli"] - 2_000) <= 2


def test_a_forged_an_unknown_and_a_revoked_one_stay_out(two: Two) -> None:
    file = export(two, "mine.json", "--status-list", "https://north.example/list")
    document = json.loads(file.read_text())
    document["credentialSubject"]["tradingRecord"]["goodMilli"] = 90_000
    forged = two.home / "forged.json"
    forged.write_text(json.dumps(document))
    assert "forged" in refused(*bring(two, forged))
    assert "may have been revoked" in refused(*bring(two, file))
    index = document["credentialStatus"]["statusListIndex"]
    key, status = two.home / "north.key", two.home / "list.json"
    ok(
        *("reputation", "revoke", "https://north.example/list", index),
        *("--key", key, "--out", status),
    )
    assert "was revoked" in refused(*bring(two, file), "--status", status)
    words = list(bring(two, file))
    words[words.index(two.issuer)] = "did:key:z6MkOther"
    assert "none that is believed" in refused(*words)


def test_anothers_record_is_not_ones_own(two: Two) -> None:
    file = export(two, "stolen.json", "--subject", "11" * 32)
    assert refused(*bring(two, file, "P1"))
    fresh = two.home / "empty.json"
    fresh.write_text("{")
    assert "not a JSON document" in refused(*bring(two, fresh))
    assert refused(*bring(two, two.home / "missing.json"))


def test_trust_is_worked_out_and_told_to_the_market(two: Two) -> None:
    two.north.do("P1", PostBond(Money(100 * DOLLAR, "USD")))
    told = ok("trust", two.north.folder, "--server", two.north.url, "--key", ADMIN, "--json")
    assert json.loads(told)["bps"] == {"P1": 10_000, "P2": 8_500}
    assert two.north.sol().trust_bps == 8_500


def test_trust_is_told_to_no_market_that_was_not_named(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUQ_URL", "http://127.0.0.1:9")
    ok("trust", two.north.folder)
