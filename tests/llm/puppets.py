"""What plays the language model in tests: a function, behind pydantic-ai or at our own seam."""

import json
from collections.abc import Callable
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from souq.agents.llm.calls import Answer, Ask, Estimate
from souq.agents.llm.provider import Connected
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.mandate import Limits
from souq.core.money import Money
from souq.views.history import Said
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

UNITS = 1_000_000
Policy = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]  # state, choices -> move


class Puppet:
    """A model of ours that a policy plays; it keeps what it was asked."""

    def __init__(
        self, policy: Callable[..., Any], name: str = "puppet:1", cost_units: int | None = 100
    ) -> None:
        self.name = name
        self.asked: list[Ask] = []
        self._policy = policy
        self._cost_units = cost_units

    def estimate(self, ask: Ask) -> Estimate:
        return Estimate(15, self._cost_units)

    async def answer(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        state = json.loads(ask.turns[0])
        move: Any = self._policy(state, {one.name: one.schema["properties"] for one in ask.choices})
        text = move if isinstance(move, str) else json.dumps(move)
        return Answer(text, tokens_in=10, tokens_out=5, cost_units=self._cost_units)


def connected(policy: Policy, name: str = "function:1", **more: Any) -> Connected:
    """Give the same behind pydantic-ai's function model, by tool calls as a large model answers."""

    def play(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        first = messages[0]
        prompt = next(part for part in first.parts if isinstance(part, UserPromptPart))
        tools = {one.name: one.parameters_json_schema["properties"] for one in info.output_tools}
        move = policy(json.loads(str(prompt.content)), tools)
        name = move.pop("act")
        return ModelResponse(parts=[ToolCallPart(name, move)])

    return Connected(name, FunctionModel(play), is_free=True, **more)


def haggler(state: dict[str, Any], choices: dict[str, Any]) -> dict[str, Any]:
    """Answer, list, announce; then by turns everything else there is to do."""
    market = state["market"]
    for talk in market.get("negotiations", ()):
        if not talk["your_turn"]:
            continue
        theirs, number = float(talk["their_prices"][-1]), int(talk["id"][1:])
        if number % 4 == 0:
            return {"act": "reject", "negotiation": talk["id"], "say": "Not at that price."}
        if number % 4 == 1 or talk["your_prices"]:
            return {"act": "accept", "negotiation": talk["id"]}
        price = round(1.2 * theirs, 2)
        return {"act": "counter", "negotiation": talk["id"], "price": price, "say": "Nearly."}
    step = len(state.get("memory", {}).get("note", "x")) - 1
    note = "x" * ((step + 1) % 7 + 1)
    if "list" in choices:
        return {"act": "list", "thing": choices["list"]["thing"]["enum"][0]}
    if "want" in choices:
        return {"act": "want", "category": choices["want"]["category"]["enum"][0], "price": 5}
    if "offer" in choices and step in (0, 3):
        ids = choices["offer"]["listing"]["enum"]
        asked = {one["id"]: float(one["price"]) for one in market["listings"] if one["id"] in ids}
        id = sorted(asked, key=lambda one: (asked[one], one))[step % len(asked)]
        price = round(asked[id] * 0.6, 2)
        return {"act": "offer", "listing": id, "price": price, "note": note}
    if "bundle" in choices and step == 1:
        ids = choices["bundle"]["listings"]["items"]["enum"]
        sellers = {one["id"]: one["by"] for one in market["listings"]}
        same = [id for id in ids if sellers[id] == sellers[ids[0]]][:2]
        return {"act": "bundle", "listings": same, "give": [], "price": 9, "note": note}
    if "take" in choices and step == 2:
        id = choices["take"]["listing"]["enum"][-1]
        return {"act": "take", "listing": id, "note": note}
    if "withdraw" in choices and step == 4:
        id = choices["withdraw"]["negotiation"]["enum"][0]
        return {"act": "withdraw", "negotiation": id, "note": note}
    if "say" in choices and step == 5:
        return {"act": "say", "say": "I represent somebody.", "note": note}
    return {"act": "pass", "note": note}


def observed(**more: Any) -> Observation:
    """Give what A1 sees: its lamp L1, an atlas L2 of A2's, and A3's offer for the lamp in N1."""
    legs = (GoodsLeg("A1", "A3", "L1", 1), CashLeg("A3", "A1", Money(50 * UNITS, "USD")))
    talk = NegotiationSeen(
        "N1", "alternating_offers", ("A3", "A1"), legs, "terms", True, (), (50 * UNITS,), 9
    )
    fields: dict[str, Any] = {
        "at": 1,
        "agent": "A1",
        "available_units": 100 * UNITS,
        "limits": Limits(ceilings={"books": 30 * UNITS}),
        "listings": (
            ListingSeen("L1", "A1", "sell", "goods", "home", "Brass lamp", 90 * UNITS, 1),
            ListingSeen("L2", "A2", "sell", "goods", "books", "Atlas of 1911", 25 * UNITS, 1),
        ),
        "negotiations": (talk,),
        "contracts": (),
        "messages": (Said(1, "A3", "Hello, is the lamp still there?", "N1"),),
    }
    return Observation(**{**fields, **more})
