"""A form is filled in by a model, in types; whatever is none is asked for again."""

import asyncio
import json
from typing import Any

import pytest

from souq.agents.intake.gleaning import Gleaned, glean
from souq.agents.llm.calls import NoAnswer
from souq.agents.llm.filling import filled
from souq.agents.llm.spending import Purse
from souq.cli.models import structured_by
from tests.llm.endpoint import answering
from tests.llm.puppets import Puppet

FORM = {"act": "fill", "name": "Ann", "things": [{"title": "Brass lamp", "ask": 90, "floor": 60}]}
SAID = "I am Ann and sell a brass lamp, 90, not below 60."


def wheres(schema: Any, word: str) -> list[Any]:
    if isinstance(schema, dict):
        own = [schema] if schema.get("type") == word else []
        return own + [one for value in schema.values() for one in wheres(value, word)]
    if isinstance(schema, list):
        return [one for value in schema for one in wheres(value, word)]
    return []


def test_a_form_is_one_closed_schema_with_an_end_to_every_text_and_list() -> None:
    puppet = Puppet(lambda *_: FORM)
    found = asyncio.run(filled(puppet, json.dumps({"said": SAID}), Gleaned, Purse()))
    assert (found.name, found.things[0].title, found.things[0].ask) == ("Ann", "Brass lamp", 90)
    (choice,) = puppet.asked[0].choices
    assert "$ref" not in json.dumps(choice.schema)
    assert all("maxLength" in one for one in wheres(choice.schema, "string"))
    assert all("maxItems" in one for one in wheres(choice.schema, "array"))
    assert all(one["additionalProperties"] is False for one in wheres(choice.schema, "object"))


def test_what_is_no_form_is_asked_for_three_times_and_then_given_up() -> None:
    puppet = Puppet(lambda *_: {"act": "fill", "things": "a lamp"})
    with pytest.raises(NoAnswer, match="3 tries"):
        asyncio.run(filled(puppet, '{"said": ""}', Gleaned, Purse()))
    assert len(puppet.asked) == 3


def test_the_intake_reads_a_persons_own_words_through_a_model() -> None:
    invented = {**FORM, "budget": 5_000, "wants": [{"what": "a yacht", "most": 900}]}
    with answering(lambda n: invented) as endpoint:
        start = glean(SAID, structured_by(f"vllm:any@{endpoint.url}/v1"))
    (thing, want) = start.items
    assert (thing.told["title"], str(thing.told["ask"]), str(thing.told["floor"])) == (
        "Brass lamp",
        "90",
        "60",
    )
    assert "most" not in want.told  # a price that nobody said is asked for
    assert start.brief.budget is None
