"""A trader answers whatever is put before it."""

import random

import msgspec

from souq import Client
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Trader
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import Money


def test_a_talk_so_new_that_it_has_no_story_is_answered() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        lamp = sol.list("Lamp", category="home", price="40")
        sol.submit(MakeOffer((Item(lamp),), Money(30_000_000, "USD"), to=bea.id))
        seen = bea.client.observe()
        (talk,) = seen.negotiations
        unread = msgspec.structs.replace(talk, mine=(), theirs=())
        chance = random.Random(1)
        errand = Errand("bea", (), {"home": 1}, lambda listing: 50_000_000)
        trader = Trader(errand, STRATEGIES["conceder"](chance), chance)
        turn = trader.wake(msgspec.structs.replace(seen, negotiations=(unread,)), "")
        assert isinstance(turn.operation, Counter | Accept)
