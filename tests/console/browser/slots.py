"""Every place in every command that may hold text, at any depth, found from the types themselves.

So a field that is added tomorrow, or a struct in a list in a struct, is tried tomorrow. A kind of
field that nobody here knows is a TypeError, and no silence.
"""

import types
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from msgspec import Struct, UnsetType
from msgspec.structs import fields

from souq.core.money import Money
from souq.core.policy.money import CalendarBudget
from souq.core.policy.pace import Velocity
from souq.core.seal import Sealed, Text
from souq.operations import Operation
from tests.http.market import FEW

HOUR_US = 3_600_000_000
DIGEST = "ab" * 32
# What a struct needs beside what its types say, so that the market takes it.
SAMPLES: dict[type, Any] = {
    Money: [FEW, "USD"],
    CalendarBudget: {"offsets": [[0, 0], [1, 0]]},
    Velocity: {"deals_max": 5},
}
_SILENT = (int, bool, float, bytes, type(None), UnsetType)  # hold no text


class Step(NamedTuple):
    """One step on the way to a text: into a field, an element, or a key or value of a dict."""

    kind: Literal["field", "item", "key", "value"]
    of: Any = None  # the struct that has the field; for a key, what stands under it
    name: str = ""


class Slot(NamedTuple):
    """A place in a command that may hold text."""

    operation: str
    steps: tuple[Step, ...]
    is_words: bool  # free text by its type, and not a code that happens to be open

    @property
    def field(self) -> str:
        """Name the command's own field that it is in."""
        return self.steps[0].name

    @property
    def path(self) -> str:
        """Write the way to it: "set_policy.policy.rules[].per_deal.asset"."""
        return self.operation + "".join(map(_written, self.steps))

    @property
    def is_deep(self) -> bool:
        """Tell whether it lies within something that the command holds."""
        return len([one for one in self.steps if one.kind != "item"]) > 1 and (
            len(self.steps) > 2 or self.steps[1].kind == "field"
        )

    @property
    def takes_many(self) -> bool:
        """Tell whether many texts stand there beside each other."""
        return self.steps[-1].kind in ("item", "key")

    def fill(self, given: Any, *words: str) -> Any:
        """Give a command's fields with these words there; the first where there is but one."""
        return _put(given, self.steps, words)


def slots(operation: Operation) -> list[Slot]:
    """Give every place of a command that may hold text."""
    return [Slot(operation.name, *found) for found in _ways(operation.asks, ())]


def sample(kind: Any, name: str = "") -> Any:
    """Give a small value of a type, such as a market takes where nobody looks closely."""
    if get_origin(kind) in (Union, types.UnionType):
        return sample(next(one for one in get_args(kind) if one is not type(None)), name)
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) is dict:
        return {}
    if get_origin(kind) is tuple:
        return []
    if issubclass(kind, Struct):
        own = SAMPLES.get(kind, {})
        if kind.__struct_config__.array_like:
            return list(own)
        needed = {
            one.encode_name: sample(one.type, one.name) for one in fields(kind) if one.required
        }
        return _tag_of(kind) | needed | own
    if issubclass(kind, str):
        return "x"
    if issubclass(kind, bool):
        return False
    assert issubclass(kind, int), kind
    return HOUR_US if name.endswith("_us") else 50


def _ways(kind: Any, within: tuple[Any, ...]) -> Iterator[tuple[tuple[Step, ...], bool]]:
    origin, inner = get_origin(kind), get_args(kind)
    if kind in within or origin is Literal or kind in _SILENT:
        return
    if kind is str:
        yield (), False
    elif origin in (Union, types.UnionType):
        for one in inner:
            yield from _ways(one, within)
    elif origin is tuple and inner[1:] == (...,):
        yield from _beyond(Step("item"), inner[0], within)
    elif origin is tuple:
        if any(found for one in inner for found in _ways(one, within)):
            raise TypeError(f"a tuple with places of its own: {kind}")
    elif origin is dict:
        yield from _beyond(Step("key", inner[1]), inner[0], within)
        yield from _beyond(Step("value"), inner[1], within)
    elif isinstance(kind, type) and issubclass(kind, Text):
        yield (), True
    elif isinstance(kind, type) and issubclass(kind, Sealed):
        yield from _ways(kind.of, within)
    elif isinstance(kind, type) and issubclass(kind, Struct):
        for one in fields(kind):
            yield from _beyond(Step("field", kind, one.encode_name), one.type, (*within, kind))
    else:
        raise TypeError(f"nobody knows how words could stand in {kind}")


def _beyond(
    step: Step, kind: Any, within: tuple[Any, ...]
) -> Iterator[tuple[tuple[Step, ...], bool]]:
    for steps, is_words in _ways(kind, within):
        yield (step, *steps), is_words


def _put(held: Any, steps: Sequence[Step], words: Sequence[str]) -> Any:
    if not steps:
        return words[0]
    step, rest = steps[0], steps[1:]
    if step.kind == "item" and not rest:
        return list(words)
    if step.kind == "item":
        all = list(held or ())
        near = next((n for n, one in enumerate(all) if _fits(one, rest[0])), len(all))
        return [*all[:near], _put(dict(enumerate(all)).get(near), rest, words), *all[near + 1 :]]
    if step.kind == "key":
        under = next(iter((held or {}).values()), sample(step.of))
        return dict.fromkeys(words, under)
    if step.kind == "value":
        key = next(iter(held or ()), "kind")
        return {**(held or {}), key: _put((held or {}).get(key), rest, words)}
    whole = held if held is not None and _fits(held, step) else sample(step.of)
    if step.of.__struct_config__.array_like:
        place = [one.encode_name for one in fields(step.of)].index(step.name)
        return [*whole[:place], _put(whole[place], rest, words), *whole[place + 1 :]]
    return {**whole, step.name: _put(whole.get(step.name), rest, words)}


def _fits(held: Any, step: Step) -> bool:
    """Tell whether what stands there is of the struct that the step goes into."""
    if step.kind != "field" or not isinstance(held, dict):
        return True
    return all(held.get(name, tag) == tag for name, tag in _tag_of(step.of).items())


def _tag_of(kind: type[Struct]) -> dict[str, Any]:
    config = kind.__struct_config__
    return {} if config.tag is None else {str(config.tag_field): config.tag}


def _written(step: Step) -> str:
    tag = step.of.__struct_config__.tag if step.kind == "field" else None
    own = f".{tag}" if isinstance(tag, str) and tag.islower() else ""
    return {"field": f"{own}.{step.name}", "item": "[]", "key": "{}", "value": "{}="}[step.kind]
