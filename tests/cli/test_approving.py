"""`souq approve`: a person sees what waits for them, and gives their word, signed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.core.credential import AddKey
from souq.core.listing import PostListing
from souq.core.mandate import Limits
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.core.rules import Rules
from souq.core.seal import PublicText
from souq.operations.approval_queries import ListApprovals
from souq.sdk.client import Client
from souq.sdk.signing import new_key_file
from tests.serving import ADMIN, Served, open_folder, serving

PRICE = Money(300_000_000, "USD")


class Waiting:
    """A server with two deals that wait for bea, and a key file of hers."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.url = served.url
        self.key = str(folder / "bea.key")
        with Client(served.url, key=ADMIN) as market:
            bea = market.join("bea", deposit="1000", limits=Limits(approval_above_units=1))
            sol = market.join("sol")
            thing = sol.client.submit(PostListing(PublicText("lamp"), "home", PRICE, quantity=9))
            for _ in range(2):
                bea.client.submit(TakePrice(thing.events[0].listing.id, PRICE))
            made = new_key_file(Path(self.key), "ed25519", bea.principal)
            market.submit(AddKey(bea.principal, made.kind, made.material))
            self.strangers = new_key_file(folder / "sol.key", "ed25519", sol.principal)
            market.submit(AddKey(sol.principal, self.strangers.kind, self.strangers.material))
            self.agents_client = bea.client

    def run(self, *words: str, key: str = "") -> Any:
        said = ["approve", *words, "--server", self.url, "--key", key or self.key]
        return CliRunner().invoke(app, said)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    open_folder(tmp_path / "m", Rules(signed_approvals=True))
    with serving(tmp_path / "m") as served:
        yield Waiting(served, tmp_path)


def test_a_person_sees_what_waits_and_approves_or_declines_it(waiting: Waiting) -> None:
    told = waiting.run()
    assert told.exit_code == 0, told.output
    assert "C1" in told.stdout
    assert "C2" in told.stdout
    assert "approval" in told.stdout
    shown = json.loads(waiting.run("--json").stdout)
    assert [one["pays"] for one in shown] == [{"USD": PRICE.units}] * 2
    done = waiting.run("C1")
    assert done.exit_code == 0, done.output
    assert "C1 is approved" in done.stdout
    assert "300.00 USD" in " ".join(done.stdout.split())
    assert json.loads(waiting.run("C2", "--decline", "--json").stdout)["approved"] is False
    assert "Nothing waits" in waiting.run().stdout
    with Client(waiting.url, key=ADMIN) as market:
        states = [market.get_contract(contract=id).state for id in ("C1", "C2")]
    assert states == ["formed", "declined"]


def test_nobody_else_sees_what_waits(waiting: Waiting, tmp_path: Path) -> None:
    others = waiting.run(key=str(tmp_path / "sol.key"))
    assert "Nothing waits" in others.stdout
    with Client(waiting.url, key=waiting.strangers) as sol, pytest.raises(Refused):
        sol.ask(ListApprovals(principal="P1"))
    done = waiting.run("C1", key=str(tmp_path / "sol.key"))
    assert "does not wait for you" in str(done.exception)


def test_pages_of_what_waits_follow_each_other(waiting: Waiting) -> None:
    first = waiting.agents_client.ask(ListApprovals(limit=1))  # an agent may look at its own
    second = waiting.agents_client.ask(ListApprovals(limit=1, cursor=first.cursor))
    assert [one.approvals[0].contract for one in (first, second)] == ["C1", "C2"]
    assert second.cursor == ""
    assert first.must_sign


def test_mistakes_are_one_line(waiting: Waiting, tmp_path: Path) -> None:
    for words in (["C9"], ["--decline"]):
        done = waiting.run(*words)
        assert type(done.exception).__name__ == "Mistake", words
    done = waiting.run("C1", key=str(tmp_path / "none.key"))
    assert type(done.exception).__name__ == "Mistake"
