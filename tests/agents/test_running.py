"""A runner keeps its agent to its budget and its money, and tells each deal once."""

import asyncio
import random
from typing import Any

import pytest

from souq import Client
from souq.agents import Turn
from souq.agents.concern import Concerns
from souq.agents.running import Runner, plain
from souq.agents.strategies import STRATEGIES
from souq.agents.trader import Errand, Thing, Trader
from souq.core.funds import ReportDeposit
from souq.core.mandate import Limits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Asset, Money
from souq.core.rules import Rules
from souq.engine import Answer
from souq.sdk.trader import Trader as Party
from souq.views.observation import Observation

SHELLS = Asset("SHELLS", 0)


class Link:
    """A real market in this process."""

    def __init__(self, who: Party) -> None:
        self._client = who.client

    async def observe(self) -> Observation:
        seen: Observation = self._client.observe()
        return seen

    async def submit(self, command: Any) -> Answer:
        return self._client.submit(command)


class Script:
    """An agent that does what it is told, in order, whatever it sees."""

    def __init__(self, *operations: Any) -> None:
        self._operations = list(operations)

    def wake(self, seen: Observation, note: str) -> Turn:
        return Turn(self._operations.pop(0) if self._operations else None)


def trader(things: tuple[Thing, ...] = (), wants: dict[str, int] | None = None) -> Trader:
    chance = random.Random(1)
    errand = Errand("somebody", things, wants or {}, lambda listing: 50_000_000)
    return Trader(errand, STRATEGIES["conceder"](chance), chance)


LAMP = Thing("g1", "Lamp", "", "home", "goods", ask_units=40_000_000, floor_units=20_000_000)


def steps(runner: Runner, count: int) -> None:
    async def go() -> None:
        for _ in range(count):
            await runner.step()

    asyncio.run(go())


@pytest.mark.parametrize(("budget", "spent"), [(10_000_000, 6_000_000), (None, 18_000_000)])
def test_a_reckless_agent_takes_no_more_than_its_budget(budget: int | None, spent: int) -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        cups = [sol.list(f"Cup {n}", category="home", price="6") for n in range(3)]
        reckless = Script(*(TakePrice(cup, Money(6_000_000, "USD")) for cup in cups))
        runner = Runner(reckless, Link(bea), USD, budget_units=budget)
        steps(runner, 4)
        assert bea.client.get_balance().wallets[0].held == spent
        assert runner.paid_units == spent


def test_open_offers_count_as_spent_until_they_end() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        cups = [sol.list(f"Cup {n}", category="home", price="9") for n in range(2)]
        offers = [MakeOffer((Item(cup),), Money(6_000_000, "USD")) for cup in cups]
        runner = Runner(Script(*offers), Link(bea), USD, budget_units=10_000_000)
        steps(runner, 2)
        assert len(bea.client.observe().negotiations) == 1
        assert runner.refused["own_budget"] == 1


def test_an_acceptance_beyond_the_budget_becomes_a_rejection() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        talk = bea.offer(sol.list("Lamp", category="home", price="40"), "5")
        sol.counter(talk, "30")
        terms = bea.client.observe().negotiations[0].terms
        runner = Runner(Script(Accept(talk, terms)), Link(bea), USD, budget_units=10_000_000)
        steps(runner, 1)
        assert bea.client.observe().negotiations == ()
        assert bea.client.get_balance().wallets[0].held == 0


def test_other_money_does_not_pass_for_ones_own() -> None:
    with Client.local(rules=Rules(assets=(USD, SHELLS))) as market:
        sol, eve = market.join("sol"), market.join("eve", limits=Limits(asset="SHELLS"))
        market.submit(ReportDeposit(eve.principal, Money(90_000_000, "SHELLS")))
        agent = trader((LAMP,))
        runner = Runner(agent, Link(sol), USD)
        steps(runner, 1)
        (lamp,) = market.search().listings
        eve.submit(MakeOffer((Item(lamp.id),), Money(40_000_000, "SHELLS")))
        # The trader by itself sees 40 million units and is content.
        assert isinstance(agent.wake(sol.client.observe(), "").operation, Accept)
        steps(runner, 1)
        assert sol.client.observe().negotiations == ()
        assert sol.client.list_contracts().contracts == ()


def test_an_offer_without_money_behind_it_does_not_freeze_an_agent() -> None:
    with Client.local() as market:
        sol, eve, bea = market.join("sol"), market.join("eve"), market.join("bea", deposit="100")
        runner = Runner(trader((LAMP,)), Link(sol), USD)
        steps(runner, 1)
        (lamp,) = market.search().listings
        eve.offer(lamp.id, "40")
        bea.offer(lamp.id, "40")
        steps(runner, 3)
        assert [one.state for one in bea.client.list_contracts().contracts] == ["delivered"]
        assert runner.refused["counterparty_unable"] == 1


def test_a_deal_that_the_other_side_closes_is_told_once_without_escape_codes() -> None:
    told: list[str] = []
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol")
        lamp = sol.list("Lamp \x1b[31m\u202e", category="home", price="40")
        offer = MakeOffer((Item(lamp),), Money(30_000_000, "USD"))
        runner = Runner(Script(offer), Link(bea), USD, tell=told.append)
        steps(runner, 1)
        (talk,) = sol.client.observe().negotiations
        sol.accept(talk.id)
        for record in market.list_events(after=0).records:
            runner.hear(record)
        steps(runner, 2)
        sol.deliver("C1")
        steps(runner, 2)
    deals = [line for line in told if line.startswith("deal")]
    assert deals == [f"deal C1: gets {lamp} “Lamp  [31m ”, pays 30.00 USD"]
    assert (runner.bought, runner.sold) == (1, 0)
    assert not any("\x1b" in line or "\u202e" in line for line in told)


def test_who_is_concerned_is_who_must_do_something_next() -> None:
    with Client.local() as market:
        bea, sol, eve = (market.join(name, deposit="100") for name in ("bea", "sol", "eve"))
        talk = bea.offer(sol.list("Lamp", category="home", price="40"), "30")
        sol.accept(talk)
        sol.deliver("C1")
        bea.confirm("C1")
        concerns = Concerns()
        found = {
            type(event).__name__: concerned
            for record in market.list_events(after=0, limit=100).records
            for concerned in [concerns.of(record)]
            for event in record.events
        }
    assert found["OfferMade"] == {sol.id}
    assert found["AgreementReached"] == {bea.id}
    assert found["DeliverySubmitted"] == {bea.id}
    assert found["DeliveryAccepted"] == {sol.id}
    assert found["ListingPosted"] == set(), "a timer finds what is new on the floor"
    assert eve.id not in set().union(*found.values()) - found["AgentRegistered"]


def test_what_is_not_printable_is_blanked() -> None:
    assert plain("a\x1b]0;x\x07b\nc\u2066d") == "a ]0;x b c d"
