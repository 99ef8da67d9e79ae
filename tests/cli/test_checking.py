"""`souq check`: a verifier of its own checks a delivery at a market that is served."""

import hashlib
from pathlib import Path

from typer.testing import CliRunner

from souq.cli import app
from souq.core.conditions import Conditions
from souq.core.contract import SubmitDelivery
from souq.core.criteria import Content
from souq.core.listing import PostListing
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.sdk.client import Client
from tests.cli.test_metering import key_options
from tests.serving import ADMIN, serving


def test_a_verifier_checks_reports_and_is_believed(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    body = b"an essay"
    digest = hashlib.sha256(body).hexdigest()
    with serving(tmp_path / "market") as served, Client(served.url, key=ADMIN) as market:
        bea, sol, vera = (market.join(name, deposit="10") for name in ("bea", "sol", "vera"))
        price = Money(1_000_000, "USD")
        conditions = Conditions(criteria=(Content(digest),), verifier=vera.id)
        ad = PostListing(PublicText("essays"), "home", price, subject="data", conditions=conditions)
        listing = sol.client.submit(ad).events[0].listing.id
        for _ in range(2):
            bea.client.submit(TakePrice(listing, price))
        deals = [one.id for one in bea.client.list_contracts().contracts]
        words = ["check", "--shelf", str(shelf), "--once", *key_options(vera)]
        for deal in sorted(deals):
            sol.client.submit(SubmitDelivery(deal, digest))
            told = CliRunner().invoke(app, words)
            assert told.exit_code == 0, told.output
            assert deal in told.output
            (shelf / digest).write_bytes(body)
        states = [market.get_contract(deal).state for deal in sorted(deals)]
        assert states == ["failed", "fulfilled"]


def test_who_brings_no_agents_key_or_a_bad_address_is_told_in_a_line(tmp_path: Path) -> None:
    with serving(tmp_path / "market") as served:
        for more, told in (
            (["--key", ADMIN], "bring an agent's key"),
            (["--key", ADMIN, "--at", "C9"], "C9=http"),
        ):
            words = ["check", "--once", "--server", served.url, *more]
            found = CliRunner().invoke(app, words)
            assert found.exit_code == 1
            assert told in str(found.exception)
