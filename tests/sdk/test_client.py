"""A market from Python, in memory and in a folder."""

from pathlib import Path

import pytest

from souq import Client
from souq.core.mandate import Limits
from souq.core.mechanisms.moves import Accept
from souq.core.refusal import Reason, Refused


def test_two_agents_haggle_to_a_contract_and_the_money_moves() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        lamp = sol.list("Brass lamp", category="home", price="900")
        talk = bea.offer(lamp, "600")
        sol.counter(talk, "800")
        deal = bea.accept(talk)
        assert market.get_contract(deal).state == "formed"
        assert bea.balance() == "200.00"
        sol.deliver(deal)
        bea.confirm(deal)
        assert market.get_contract(deal).state == "fulfilled"
        assert (bea.balance(), sol.balance()) == ("200.00", "800.00")


def test_a_market_in_a_folder_is_there_again(tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        sol = market.join("sol", deposit="3.50")
        listing = sol.list("Globe", category="home", price="20")
        head = market.venue.engine.head
    with Client.local(tmp_path / "m") as market:
        assert market.venue.engine.head == head
        assert market.get_listing(listing).title == "Globe"


def test_a_refusal_is_raised_with_its_reason() -> None:
    with Client.local() as market:
        bea = market.join("bea", deposit="5")
        sol = market.join("sol", limits=Limits(categories=("books",)))
        with pytest.raises(Refused) as refused:
            sol.list("Lamp", category="home", price="9")
        assert refused.value.reason is Reason.OUTSIDE_MANDATE
        atlas = sol.list("Atlas", category="books", price="9")
        with pytest.raises(Refused) as refused:
            bea.take(atlas, "9")
        assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
        assert refused.value.facts == {"available": 5_000_000, "needed": 9_000_000}


def test_a_disputed_deal_is_split_by_the_ruling() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        deal = bea.take(sol.list("Lamp", category="home", price="100"), "100")
        sol.deliver(deal)
        bea.dispute(deal)
        market.rule(deal, payer_bps=3_000)
        assert (bea.balance(), sol.balance()) == ("30.00", "70.00")


def test_a_repeated_command_id_has_one_effect() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        talk = bea.offer(sol.list("Lamp", category="home"), "60")
        terms = market.observe(sol.id).negotiations[0].terms
        first = market.speaking_as(sol.id).submit(Accept(talk, terms), command_id="once")
        again = market.speaking_as(sol.id).submit(Accept(talk, terms), command_id="once")
        assert (again.seq, again.events, again.is_replay) == (first.seq, first.events, True)
        assert bea.balance() == "40.00"
