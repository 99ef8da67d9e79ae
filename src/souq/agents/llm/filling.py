"""A model fills in a form: a value of a type, from a text."""

from typing import Any, TypeVar

import msgspec

from souq.agents.llm.calls import Ask, Choice, Model, NoAnswer
from souq.agents.llm.recording import Recorded, paid
from souq.agents.llm.spending import Purse

T = TypeVar("T")
TRIES = 3
TEXT_MAX = 400  # of one field
LIST_MAX = 20


async def filled(model: Model | Recorded, prompt: str, kind: type[T], purse: Purse) -> T:
    """Have a struct filled in. Raises NoAnswer, OverBudget and NotReady."""
    schema = msgspec.json.schema(kind)
    whole = schema["$defs"][kind.__name__]
    fields = {name: _inlined(one, schema["$defs"]) for name, one in whole["properties"].items()}
    choice = Choice("fill", "Fill in the fields.", fields, tuple(whole.get("required", ())))
    ask = Ask("You fill in forms from what people say.", (prompt,), (choice,))
    for _ in range(TRIES):
        answer = await paid(model, ask, purse)
        try:
            return msgspec.json.decode(answer.text, type=kind, strict=False)
        except msgspec.MsgspecError as error:
            purse.repaired()
            again = f"That cannot be used: {error}. Fill in the fields again."
            ask = Ask(ask.system, (*ask.turns, answer.text or "(nothing)", again), ask.choices)
    raise NoAnswer(f"no form that could be read in {TRIES} tries")


def _inlined(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """Put definitions where they are referred to, and an end to every text and list."""
    if "$ref" in schema:
        return _inlined(named[schema["$ref"].rpartition("/")[2]], named)
    found = {name: value for name, value in schema.items() if name not in ("title", "default")}
    for name in ("anyOf", "prefixItems"):
        if name in found:
            found[name] = [_inlined(one, named) for one in found[name]]
    if isinstance(found.get("items"), dict):
        found["items"] = _inlined(found["items"], named)
        found.setdefault("maxItems", LIST_MAX)
    if "properties" in found:
        inner = found["properties"].items()
        found["properties"] = {name: _inlined(one, named) for name, one in inner}
        found["additionalProperties"] = False
    if found.get("type") == "string":
        found.setdefault("maxLength", TEXT_MAX)
    return found
