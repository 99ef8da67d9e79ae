"""A real model in this process: it bargains in well-formed moves, and the mandate bears the rest.

Needs the weights (`souq models fetch smollm2`); `make test-llm` gets them.
"""

import asyncio
import os
import random
from typing import Any

import msgspec
import pytest

from souq.agents.brief import Brief, ThingTold, WantTold, limits_of, things_of
from souq.agents.llm import provider, weights
from souq.agents.llm.calls import Ask, Choice, NotReady
from souq.agents.llm.manner import FRUGAL
from souq.agents.llm.mind import Representative
from souq.core.agreement import cash_given
from souq.core.money import USD, Money
from souq.core.rules import SECOND_US, Rules
from souq.journal.memory import MemoryStore
from souq.lab.simulation import Simulation
from souq.views.observation import observer_of
from tests.llm.attack import attack, check
from tests.llm.hostile import HOSTILE

FULL = os.environ.get("SOUQ_FULL") == "1"
NAME = os.environ.get("SOUQ_LOCAL_MODEL", "smollm2")
STEPS = 10
UNITS = 1_000_000


@pytest.fixture
def model() -> provider.Connected:
    """Give a connection of its own to each event loop; the weights are loaded once."""
    try:
        weights.need(NAME)
    except NotReady as why:
        if os.environ.get("SOUQ_LOCAL") == "required":
            raise
        pytest.skip(str(why))
    return provider.connect(f"local:{NAME}")


def test_the_same_question_gets_the_same_bytes(model: provider.Connected) -> None:
    number = {"type": "integer", "minimum": 1, "maximum": 100}
    choices = (
        Choice("counter", "Name another price.", {"price": number}, ("price",)),
        Choice("reject", "End it.", {}),
    )
    ask = Ask("You sell a lamp.", ("They offer 40 for the lamp you ask 90 for.",), choices)

    async def twice() -> list[str]:
        return [(await model.answer(ask)).text for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first == second


def test_two_of_them_bargain_over_a_lamp_and_neither_leaves_its_mandate(
    model: provider.Connected,
) -> None:
    market = Simulation(MemoryStore(), random.Random(1))
    market.open(Rules(name="deal"), b"")
    briefs = {
        "Sol": Brief(name="Sol", things=(ThingTold("Brass lamp", "home", 90, 70),)),
        "Bea": Brief(name="Bea", budget=100, wants=(WantTold("home", 80, 1, "a lamp"),)),
    }
    agents: dict[str, Representative] = {}
    for name, brief in briefs.items():
        id = market.join(name, limits_of(brief, USD), Money(100 * UNITS, "USD"))
        things = things_of(brief, USD)
        agents[id] = Representative(brief, model, USD, things=things, manner=FRUGAL)
    observer = observer_of(market.engine.state, market.history)

    refusals = dict.fromkeys(agents, "")

    async def play() -> None:
        for _ in range(STEPS):
            for id, agent in agents.items():
                market.advance(60 * SECOND_US)
                seen = msgspec.structs.replace(observer.observe(id), refusal=refusals[id])
                turn = await agent.wake(seen, "")
                refusals[id] = ""
                for command in (turn.words, turn.operation):
                    if command is not None and (no := market.submit(id, command).refusal):
                        refusals[id] = no.reason

    asyncio.run(play())
    chosen: dict[str, Any] = {id: dict(agent.moves) for id, agent in agents.items()}
    print("moves:", chosen, "deals:", [deal.units for deal in market.history.deals.values()])
    assert not any("malformed" in moves or "no_answer" in moves for moves in chosen.values())
    assert market.history.listings
    for deal in market.history.deals.values():
        assert 70 * UNITS <= deal.units <= 80 * UNITS
        assert cash_given(deal.agreement.legs, "A2") == deal.units


@pytest.mark.parametrize("one", HOSTILE if FULL else HOSTILE[::21], ids=lambda one: one.text[:40])
def test_whatever_it_reads_the_loss_stays_within_the_mandate(
    model: provider.Connected, one: Any
) -> None:
    outcome = attack(one.text, model, manner=FRUGAL, steps=5)
    check(outcome)
    assert sum(outcome.agent.moves.values())
