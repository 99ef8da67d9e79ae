"""An intent makes the first offer for what fits best, within its constraints or not at all."""

from typing import Any

import pytest

from tests.a2a.people import USD, Bazaar, Json, data_in, standing_in


def intent(what: str, budget: int, /, held: Json | None = None, **parameters: Any) -> Json:
    constraints = {"max_budget_microcredits": budget, **(held or {})}
    return {"data": {"intent": what, "parameters": parameters, "constraints": constraints}}


def price_in(told: Json) -> int:
    legs = standing_in(told["task"])["legs"]
    units: int = legs[1]["amount"]["units"]  # what sending costs comes after it
    return units


def listing_in(told: Json) -> str:
    found: str = standing_in(told["task"])["legs"][0]["listing"]
    return found


def test_an_intent_opens_a_negotiation_for_the_cheapest_that_fits(market: Bazaar) -> None:
    market.sell("Oak chair", 40)
    cheap = market.sell("Pine chair", 30)
    market.sell("Garden chair", 30)
    told = market.say("bea", intent("purchase", 35 * USD, text="chair"))
    assert listing_in(told) == cheap
    assert price_in(told) == 30 * USD
    assert told["task"]["status"]["state"] == "TASK_STATE_WORKING"


def test_the_intents_own_words_are_looked_for_where_no_parameter_says_more(market: Bazaar) -> None:
    assert listing_in(market.say("bea", intent("buy_brass_lamp", 900 * USD))) == market.lamp


def test_attributes_must_be_as_asked(market: Bazaar) -> None:
    market.sell("Chair", 10, attributes={"colour": "blue"})
    red = market.sell("Chair", 20, attributes={"colour": "red", "new": True})
    told = market.say("bea", intent("chair", 50 * USD, colour="red", new=True))
    assert listing_in(told) == red


def test_latency_counts_only_where_a_listing_says_it(market: Bazaar) -> None:
    market.sell("Translation", 1)
    market.sell("Translation", 2, attributes={"latency_ms": 9_000})
    quick = market.sell("Translation", 3, attributes={"latency_ms": 400})
    held = {"max_latency_ms": 500}
    assert listing_in(market.say("bea", intent("translation", 5 * USD, held))) == quick
    told = market.say("bea", intent("translation", 5 * USD, {"max_latency_ms": 300}))
    assert data_in(told["message"])["quotes"] == []


def test_reputation_is_earned_and_newcomers_have_none(market: Bazaar) -> None:
    held = {"minimum_reputation_score": 0.9}
    told = market.say("eve", intent("brass lamp", 900 * USD, held))
    assert "reputation" in data_in(told["message"])["why"]
    done = market.agree()
    contract = done["artifacts"][0]["artifactId"]
    market.do("sol", "submit_delivery", contract=contract)
    market.do("bea", "accept_delivery", contract=contract)
    kettle = market.sell("Kettle", 20)
    assert listing_in(market.say("eve", intent("kettle", 20 * USD, held))) == kettle
    assert "task" in market.say("eve", intent("kettle", 20 * USD, {"minimum_reputation_score": 95}))


def test_what_does_not_fit_is_not_offered_for(market: Bazaar) -> None:
    for part in (
        intent("brass lamp", 899 * USD),  # a dollar less than it takes
        intent("brass lamp", 900 * USD, quantity=2),
        intent("unicorn", 900 * USD),
        intent("lamp", 900 * USD, category="food"),
        intent("lamp", 900 * USD, material="brass"),  # an attribute it does not have
    ):
        told = market.say("bea", part)
        assert data_in(told["message"])["quotes"] == [], part
    assert market.rpc("bea", "ListTasks", {})["result"]["tasks"] == []
    assert market.ask("bea", "/v1/listings?side=want")["listings"] == []


@pytest.mark.parametrize(
    "constraints",
    [
        {},
        {"max_budget_microcredits": 10, "must_be_carbon_neutral": True},
        {"max_budget_microcredits": "10"},
        {"max_budget_microcredits": -1},
        {"max_budget_microcredits": 10, "minimum_reputation_score": 101},
        {"max_budget_microcredits": 10, "max_latency_ms": 1.5},
    ],
)
def test_a_constraint_that_cannot_be_checked_stops_everything(
    shared: Bazaar, constraints: Json
) -> None:
    data = {"intent": "brass lamp", "parameters": {}, "constraints": constraints}
    assert shared.say("bea", {"data": data})["error"]["code"] == -32602


def test_shipping_counts_towards_the_budget(market: Bazaar) -> None:
    market.sell("Vase", 10, delivery="ship", shipping_units=5 * USD)
    told = market.say("bea", intent("vase", 14 * USD))
    assert data_in(told["message"])["quotes"] == []
    assert price_in(market.say("bea", intent("vase", 15 * USD))) == 10 * USD


def test_an_intent_to_one_agent_looks_at_its_listings_alone(market: Bazaar) -> None:
    other = market.sell("Brass lamp", 10, who="eve")
    told = market.say("bea", intent("brass lamp", 900 * USD), tenant=market.ids["sol"])
    assert listing_in(told) == market.lamp != other


def test_nobody_offers_for_what_is_their_own(market: Bazaar) -> None:
    told = market.say("sol", intent("brass lamp", 900 * USD))
    assert data_in(told["message"])["quotes"] == []


def test_an_intent_needs_a_key(shared: Bazaar) -> None:
    answer = shared.rest("", "POST", "/message:send", shared.sent(intent("brass lamp", 900 * USD)))
    assert answer.status_code == 401
