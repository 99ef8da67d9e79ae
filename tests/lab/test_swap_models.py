"""A model on the barter floor: what it is shown, what it may do, and that a script can play it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from souq.agents import Turn
from souq.agents.llm.barter import Barterer
from souq.agents.llm.calls import Answer, Ask, Estimate
from souq.agents.llm.spending import OverBudget, Purse
from souq.agents.swapper import SwapBrief
from souq.core.agreement import GoodsLeg
from souq.core.listing import PostListing
from souq.core.mechanisms.moves import Accept, Reject
from souq.core.mechanisms.swap import ProposeSwap
from souq.journal.memory import MemoryStore
from souq.lab.swap import FloorSettings, Intake, read_played, run_floor, tables_of
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

RANKING = ("Ben's", "Cleo's", "Ada's", "Dan's")
BRIEF = SwapBrief("Ada", "Ada's", RANKING, True, 0.5, 0, 3_600_000_000, style="ruthless")
Say = Callable[[dict[str, Any], Ask], dict[str, Any]]


class Scripted:
    """A model played by a function of the state that it is shown."""

    name = "script:one"

    def __init__(self, say: Say) -> None:
        self._say = say
        self.asks: list[Ask] = []

    def estimate(self, ask: Ask) -> Estimate:
        return Estimate(10, 0)

    async def answer(self, ask: Ask) -> Answer:
        self.asks.append(ask)
        await asyncio.sleep(0)  # lets others think meanwhile
        state = json.loads(ask.turns[0])
        return Answer(json.dumps(self._say(state, ask)), 1, 1, 0)


def seen(*proposals: NegotiationSeen) -> Observation:
    owners = {"L1": "A1", "L2": "A2", "L3": "A3", "L4": "A4"}
    titles = ("Ada's", "Ben's", "Cleo's", "Dan's")
    listings = tuple(
        ListingSeen(id, agent, "sell", "goods", "books", title, None, 1)
        for (id, agent), title in zip(owners.items(), titles, strict=True)
    )
    return Observation(1, "A1", 0, None, listings, proposals, (), ())


def asked(answer: dict[str, Any], *proposals: NegotiationSeen) -> tuple[Turn, Ask]:
    model = Scripted(lambda state, ask: answer)
    agent = Barterer(BRIEF, model)
    assert isinstance(asyncio.run(agent.wake(seen(), "")).operation, PostListing)
    turn = asyncio.run(agent.wake(seen(*proposals), "a note"))
    return turn, model.asks[0]


UP = NegotiationSeen(
    id="N1",
    mechanism="swap",
    parties=("A2", "A1"),
    legs=(GoodsLeg("A2", "A1", "L2", 1), GoodsLeg("A1", "A2", "L1", 1)),
    terms="t",
    is_my_turn=True,
    mine=(),
    theirs=(),
    expires_at=9_999,
)


def test_a_model_is_told_whom_it_represents_and_sees_strangers_words_as_data() -> None:
    _, ask = asked({"act": "pass"}, UP)
    assert "You represent Ada; you are not Ada" in " ".join(ask.system.split())
    assert "1. Ben's\n2. Cleo's\n3. Ada's\n4. Dan's" in ask.system
    assert "HOW TO BE: get the best for Ada" in ask.system
    state = json.loads(ask.turns[0])
    assert state["memory"]["note"] == "a note"
    assert state["floor"]["trust"] == "untrusted"
    assert state["floor"]["proposals"][0]["you_get"] == ["Ben's"]
    assert [one["title"] for one in state["floor"]["books"]] == ["Ben's", "Cleo's", "Dan's"]


def test_what_a_model_chooses_becomes_one_command() -> None:
    turn, _ = asked({"act": "accept", "proposal": "N1", "say": "gladly", "note": "done"}, UP)
    assert (turn.operation, turn.message, turn.note) == (Accept("N1", "t"), "gladly", "done")
    assert asked({"act": "reject", "proposal": "N1"}, UP)[0].operation == Reject("N1")
    swap = asked({"act": "swap", "agent": "A2"})[0].operation
    assert isinstance(swap, ProposeSwap)
    assert {(leg.listing, leg.to) for leg in swap.legs} == {("L2", "A1"), ("L1", "A2")}
    rotation = asked({"act": "rotate", "members": ["A2", "A3"]})[0].operation
    assert isinstance(rotation, ProposeSwap)
    expected = {("L2", "A1"), ("L3", "A2"), ("L1", "A3")}
    assert {(leg.listing, leg.to) for leg in rotation.legs} == expected
    assert asked({"act": "pass"})[0] == Turn()


@pytest.mark.parametrize(
    "answer",
    [
        {"act": "swap", "agent": "A1"},
        {"act": "swap", "agent": "A99"},
        {"act": "rotate", "members": ["A2", "A2"]},
        {"act": "rotate", "members": ["A2", "A3", "A4", "A5"]},
        {"act": "accept", "proposal": "N7"},
        {"act": "say"},
        {"act": "burn it down"},
    ],
)
def test_what_makes_no_sense_is_asked_again_and_then_passed_over(answer: dict[str, Any]) -> None:
    model = Scripted(lambda state, ask: answer)
    agent = Barterer(BRIEF, model)
    asyncio.run(agent.wake(seen(), ""))
    assert asyncio.run(agent.wake(seen(), "")) == Turn()
    assert len(model.asks) == 3
    assert agent.purse.spent.repaired == 3


def grasping(state: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Accept what is better than what one holds, reject the rest; else ask for better."""
    place = state["you"]["its_place"]
    for one in state["floor"]["proposals"]:
        if one["waits_for_you"]:
            act = "accept" if one["your_place_of_it"][0] < place else "reject"
            return {"act": act, "proposal": one["id"]}
    better = [one for one in state["floor"]["books"] if one["your_place"] < place]
    if not better or len(state["floor"]["proposals"]) > 1:
        return {"act": "pass"}
    pick = better[state["you"]["minutes_left"] % len(better)]
    return {"act": "swap", "agent": pick["with"], "say": f"I would like “{pick['title']}”."}


def test_models_and_scripts_trade_on_one_floor() -> None:
    pytest.importorskip("scipy", reason="a floor's figures need the extra lab")
    settings = FloorSettings(people=12, intake=Intake(), kinds={"strong": 1, "script:one": 1})
    model = Scripted(grasping)
    store = MemoryStore()
    simulation = run_floor(
        settings, store, seed=4, minds={"script:one": lambda brief: Barterer(brief, model)}
    )
    rows: Any = tables_of(simulation.history, simulation.engine.state, "a", 0)["readers"]
    by_model = [row for row in rows if row.kind == "script:one"]
    assert 0 < len(by_model) < 12
    assert sum(row.swaps for row in by_model)
    assert all(row.score_understood >= row.start_understood for row in rows)
    declared = simulation.history.models
    assert sorted(declared) == sorted(row.agent for row in by_model)
    assert {names[-1] for names in declared.values()} == {"script:one"}
    again = MemoryStore()
    run_floor(settings, again, seed=4, minds={"script:one": lambda brief: Barterer(brief, model)})
    assert again.head() == store.head()


def test_an_agent_whose_move_was_refused_is_told_so() -> None:
    refusals: list[str] = []

    class Clumsy:
        def wake(self, seen: Observation, note: str) -> Turn:
            refusals.append(seen.refusal)
            return Turn(Reject("N99"))

    settings = FloorSettings(people=2, kinds={"clumsy": 1}, closing_minutes=3)
    run_floor(settings, MemoryStore(), seed=1, minds={"clumsy": lambda brief: Clumsy()})
    assert refusals[0] == ""
    assert "not_found" in refusals[-1]


def test_a_floor_whose_budget_of_calls_is_spent_closes_in_order() -> None:
    whole = Purse(tokens=100)
    settings = FloorSettings(people=6, kinds={"script:one": 1})
    simulation = run_floor(
        settings,
        MemoryStore(),
        seed=1,
        minds={
            "script:one": lambda brief: Barterer(
                brief, Scripted(grasping), purse=Purse(within=whole)
            )
        },
    )
    floor = json.loads(simulation.history.words(simulation.history.notes["floor"]))
    assert "too little for another call" in floor["stop"]
    assert read_played(simulation.history) is not None


def test_who_has_spent_its_own_budget_rests_and_the_floor_goes_on() -> None:
    class Spent:
        async def wake(self, seen: Observation, note: str) -> Turn:
            raise OverBudget("spent", is_whole_run=False)

    settings = FloorSettings(people=6, kinds={"strong": 1, "poor": 1})
    simulation = run_floor(settings, MemoryStore(), seed=1, minds={"poor": lambda brief: Spent()})
    assert json.loads(simulation.history.words(simulation.history.notes["floor"]))["stop"] in (
        "no_deal_action",
        "closing_time",
    )
    assert 0 < len(simulation.history.listings) < 6
