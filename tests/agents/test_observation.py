"""An agent sees the floor and its own affairs; nobody else's limits, money or talks."""

import msgspec

from souq import Client
from souq.core.listing import (
    EditListing,
    PauseListing,
    PostListing,
    ResumeListing,
    WithdrawListing,
)
from souq.core.mandate import GoodsLimit, Limits
from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.rules import Rules
from souq.core.seal import PublicText
from souq.lab.hall import Hall
from souq.views.observation import HistorySource


def test_a_stranger_sees_the_listing_and_nothing_of_the_talks_or_limits() -> None:
    with Client.local() as market:
        limits = Limits(goods={"lamp": GoodsLimit(floor_units=412_345_678)})
        sol = market.join("sol", limits=limits)
        bea = market.join("bea", deposit="777.777777", limits=Limits(per_deal_units=654_321_987))
        eve = market.join("eve", deposit="5")
        lamp = sol.list("Lamp", category="home", price="900", ref="lamp")
        talk = bea.offer(lamp, "600")
        seen = market.observe(eve.id)
        assert [one.id for one in seen.listings] == [lamp]
        assert seen.negotiations == ()
        text = msgspec.json.encode(seen).decode()
        for secret in ("412345678", "654321987", "777777777", "600000000", talk):
            assert secret not in text
        # The parties see the talk, and each its own limits alone.
        assert [one.id for one in market.observe(sol.id).negotiations] == [talk]
        assert b"654321987" not in msgspec.json.encode(market.observe(sol.id))
        assert b"412345678" not in msgspec.json.encode(market.observe(bea.id))


def test_whose_turn_it_is_and_what_was_named_is_seen_by_both_sides() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        talk = bea.offer(sol.list("Lamp", category="home", price="900"), "600")
        sol.counter(talk, "800")
        (at_bea,) = market.observe(bea.id).negotiations
        (at_sol,) = market.observe(sol.id).negotiations
        assert at_bea.is_my_turn
        assert not at_sol.is_my_turn
        assert at_bea.mine == at_sol.theirs == (600_000_000,)
        assert at_bea.theirs == at_sol.mine == (800_000_000,)


def test_a_contract_says_who_must_act() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="10"), market.join("sol")
        deal = bea.take(sol.list("Lamp", category="home", price="9"), "9")
        assert market.observe(sol.id).contracts[0].must_deliver
        assert not market.observe(bea.id).contracts[0].must_accept
        sol.deliver(deal)
        assert market.observe(bea.id).contracts[0].must_accept
        bea.confirm(deal)
        assert market.observe(bea.id).contracts == ()


def test_what_was_shown_once_is_shown_as_it_is_now() -> None:
    hall = Hall(alternating_offers, Rules(rounds_max=5))
    sol, bea = hall.join(2)
    lived_in, history = hall.simulation.engine.state, hall.simulation.history
    long_running = HistorySource(lived_in, history)
    shown = []

    def look(*commands: tuple[str, object]) -> None:
        for actor, command in commands:
            hall.simulation.submit(actor, command).need()
        shown.append(long_running.listings(bea))
        assert shown[-1] == HistorySource(lived_in, history).listings(bea)

    look()
    look((sol, PostListing(PublicText("lamp"), "home", price=Money(9, "USD"), quantity=3)))
    look((sol, PostListing(PublicText("desk"), "home")))
    look((sol, EditListing("L1", price=Money(8, "USD"))))
    look((sol, EditListing("L1", title=PublicText("good lamp"))))
    look((sol, EditListing("L1", available=2)))
    look((sol, PauseListing("L2")))
    look((sol, ResumeListing("L2")))
    look((bea, TakePrice("L1", Money(8, "USD"))))
    look((sol, WithdrawListing("L2")))
    assert len(set(shown)) > 7, "nearly every command changed what is on the floor"
    assert long_running.listings(bea) is long_running.listings(sol)
