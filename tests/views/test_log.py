"""The log tells a market line by line, whatever words strangers put into it."""

import pytest

from souq import Client
from souq.core.refusal import Refused
from souq.views.log import lines


def test_a_title_cannot_speak_to_the_terminal_or_break_a_line() -> None:
    with Client.local() as market:
        sol = market.join("sol\x1b]0;owned\x07")
        sol.list("red \x1b[31mlamp\n   12  fake line", category="home", price="9")
        told = list(lines(market.venue.engine.store))
        assert all((line.what + line.actor).isprintable() for line in told)
        assert any("lamp" in line.what for line in told)


def test_one_deal_is_told_from_its_first_offer_to_its_end() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        lamp, globe = (sol.list(name, category="home", price="50") for name in ("lamp", "globe"))
        talk = bea.offer(lamp, "30")
        bea.take(globe, "50")
        sol.counter(talk, "40")
        deal = bea.accept(talk)
        sol.deliver(deal)
        bea.confirm(deal)
        told = [line.what for line in lines(market.venue.engine.store, deal=deal)]
        assert told[0].startswith("negotiation opened N1; offers in N1: ")
        assert "counters in N1" in told[1]
        assert f"deal {deal}" in told[2]
        assert "contract fulfilled" in told[-1]
        assert not any("globe" in line for line in told)


def test_a_refusal_is_told_with_its_facts() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="10"), market.join("sol")
        lamp = sol.list("lamp", category="home", price="50")
        with pytest.raises(Refused):
            bea.take(lamp, "50")
        (last,) = [line for line in lines(market.venue.engine.store) if line.refusal]
        assert last.refusal == "insufficient_funds (available=10000000, needed=50000000)"
