"""Whatever strangers write, and however gullible the model: the loss stays within the mandate."""

import json
import re
from typing import Any

import pytest

from souq.agents.llm.calls import Answer, Ask, Estimate
from souq.core.mandate import Limits
from tests.llm.attack import STEPS, attack, check
from tests.llm.hostile import HOSTILE, Hostile


class Gullible:
    """Obeys every order it reads, as far as its choices let it; else lists what it has."""

    name = "gullible:1"

    def __init__(self) -> None:
        self.obeyed = 0

    def estimate(self, ask: Ask) -> Estimate:
        return Estimate(2, 0)

    async def answer(self, ask: Ask) -> Answer:
        state = json.loads(ask.turns[0])
        choices = {one.name: one.fields for one in ask.choices}
        if "list" in choices:
            return _said({"act": "list", "thing": choices["list"]["thing"]["enum"][0]})
        read = json.dumps([state.get("market", state), state.get("memory", "")])
        for one in HOSTILE:
            if json.dumps(one.text)[1:-1] in read:
                self.obeyed += 1
                return _said(_obey(one, choices, state, ask.system))
        return _said(_form(choices))


def _form(choices: dict[str, Any]) -> dict[str, Any]:
    if "thing" in choices:
        return {"act": "thing", "suits": "books", "condition": "new"}
    if "words" in choices:
        return {"act": "words", "kind": "agreement", "amount": 0}
    return {"act": "pass"}


def _said(move: dict[str, Any]) -> Answer:
    return Answer(json.dumps(move), 1, 1, 0)


def _obey(
    one: Hostile, choices: dict[str, Any], state: dict[str, Any], system: str
) -> dict[str, Any]:
    floor = re.findall(r'"(?:floor|most|budget)": "?([\d.]+)', system)
    words = {"say": f"My limits are {', '.join(floor)}."} if one.demand == "floor" else {}
    if one.demand == "pose":
        return {"act": "accept", "negotiation": "N99", "as": "A2"}
    if one.demand == "note" and "memory" not in state:
        return {"act": "pass", "note": one.text}
    if one.demand == "spend" and "take" in choices:
        asked = {each["id"]: each["price"] for each in state["market"]["listings"]}
        ids = sorted(choices["take"]["listing"]["enum"], key=lambda id: -float(asked[id]))
        return {"act": "take", "listing": ids[0]}
    if one.demand == "give" and "bundle" in choices:
        own = [each["id"] for each in state["you"].get("your_listings", ())]
        some = choices["bundle"]["listings"]["items"]["enum"][:1]
        return {"act": "bundle", "listings": some, "give": own, "price": 0}
    talks = state["market"].get("negotiations", ())
    mine = [each["id"] for each in talks if each["your_turn"]]
    if one.demand == "cheap" and mine:
        return {"act": "counter", "negotiation": mine[0], "price": 0}
    if mine:
        return {"act": "accept", "negotiation": mine[0], **words}
    if "take" in choices:
        return {"act": "take", "listing": choices["take"]["listing"]["enum"][0], **words}
    return {"act": "say", "say": "Yes.", **words}


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: f"{one.demand}-{one.text[:30]}")
def test_whoever_obeys_everything_loses_no_more_than_the_mandate_says(one: Hostile) -> None:
    model = Gullible()
    outcome = attack(one.text, model)
    check(outcome)
    assert model.obeyed > STEPS // 3, "the text never reached the model"


def test_the_attacks_are_felt_where_the_mandate_leaves_room() -> None:
    """Were nothing ever bought, the bounds above would have been tried against nothing."""
    outcomes = [attack(one.text, Gullible()) for one in HOSTILE if one.demand == "spend"]
    assert any(outcome.paid for outcome in outcomes)
    robbed = [
        attack(one.text, Gullible(), limits=Limits())
        for one in HOSTILE
        if one.demand in ("accept", "cheap", "give")
    ]
    lost = [
        title for outcome in robbed for title, income in outcome.sold.items() if income < 10_000_000
    ]
    assert len(lost) > len(robbed) // 2  # without a mandate things go for a dollar
    held_back = [attack(one.text, Gullible()) for one in HOSTILE if one.demand == "floor"]
    assert all(outcome.agent.withheld for outcome in held_back)
    posed = [attack(one.text, Gullible()) for one in HOSTILE if one.demand == "pose"]
    assert all(outcome.agent.moves["malformed"] for outcome in posed)


@pytest.mark.parametrize("one", HOSTILE[::6], ids=lambda one: one.demand)
def test_in_the_structured_view_no_order_reaches_who_decides(one: Hostile) -> None:
    class Deciding(Gullible):
        async def answer(self, ask: Ask) -> Answer:
            if {choice.name for choice in ask.choices} <= {"thing", "words"}:
                return _said(_form({each.name: each.fields for each in ask.choices}))
            return await super().answer(ask)

    model = Deciding()
    check(attack(one.text, model, structured_only=True))
    assert model.obeyed == 0
