"""Puts words into every field of every command that takes them, as strangers do: over the API.

Which fields those are is found by trying: every field that holds text is given words, and takes
them or does not. So a field that is added tomorrow is tried tomorrow.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args

import msgspec

from souq.core.seal import Text
from souq.operations import BY_NAME, OPERATIONS, Operation
from tests.http.market import Fields, Town
from tests.http.ready import READY

PROBE = "<i>probe"
AT_ONCE = 100
KEPT = 6  # open at a time; somebody may have few payouts that are
REFUSED_MAX = 3  # packs; they are too long, then
PACK_MAX = 900  # characters: what nearly every field of words holds


class Slot(NamedTuple):
    """A field of a command that may hold text."""

    operation: str
    field: str
    shape: str  # text, list, keys or values
    is_words: bool  # free text by its type, and not a code that happens to be open

    def fill(self, words: str) -> Any:
        """Give the field's value that holds the words."""
        shaped: dict[str, Any] = {
            "text": words,
            "list": [words],
            "keys": {words[:60]: 1},
            "values": {"kind": words},
        }
        return shaped[self.shape]


class Planted(NamedTuple):
    """What stands where."""

    slots: list[Slot]  # that took words
    words: dict[str, set[str]]  # by operation, what it took


def slots() -> list[Slot]:
    """Give every field of every command that a test can give and that may hold text."""
    return [
        slot
        for one in OPERATIONS
        if one.is_command and one.name in READY
        for field in msgspec.structs.fields(one.asks)
        for slot in _slots(one, field.name, field.type)
    ]


def _slots(operation: Operation, field: str, kind: Any) -> Iterator[Slot]:
    kinds = (kind, *get_args(kind))
    is_words = any(isinstance(one, type) and issubclass(one, Text) for one in kinds)
    name = str(kind)
    if (
        is_words
        or kind is str
        or (str in get_args(kind) and "tuple" not in name and "dict" not in name)
    ):
        yield Slot(operation.name, field, "text", is_words)
    elif name.startswith("tuple[str"):
        yield Slot(operation.name, field, "list", False)
    elif "dict[str" in name and "Struct" not in name:
        yield Slot(operation.name, field, "keys", False)
        if "str |" in name.partition(",")[2] or "| str" in name:
            yield Slot(operation.name, field, "values", False)


def plant(town: Town, words: Sequence[str]) -> Planted:
    """Put all words into all fields that take words, as far as they fit there."""
    took: dict[str, list[Slot]] = {}
    for slot in slots():
        if _takes(town, slot):
            took.setdefault(slot.operation, []).append(slot)
    planted = Planted([one for some in took.values() for one in some], {})
    for operation, open_slots in took.items():
        planted.words[operation] = _plant(town, operation, open_slots, words)
        _calm(town)
    return planted


def _takes(town: Town, slot: Slot) -> bool:
    role, ready = READY[slot.operation]
    answer = town.call(role, slot.operation, ready(town) | {slot.field: slot.fill(PROBE)})
    _calm(town)
    return answer.status_code == 200


def _plant(town: Town, operation: str, open_slots: list[Slot], words: Sequence[str]) -> set[str]:
    role, ready = READY[operation]
    fields, stood, left = ready(town), set(), []
    for start in range(0, len(words), AT_ONCE):
        some = words[start : start + AT_ONCE]
        asked = [fields | {slot.field: slot.fill(one) for slot in open_slots} for one in some]
        for one, is_done in zip(some, _send(town, role, operation, asked), strict=True):
            if is_done:
                stood.add(one)
            else:
                left.append(one)
    # Either they are too long for one of the fields, or it takes a fresh object each time.
    for slot in open_slots:
        refused = 0
        for pack in _packs(left):
            if refused == REFUSED_MAX:
                break
            text = "\n".join(pack)
            if town.call(role, operation, ready(town) | {slot.field: slot.fill(text)}).is_success:
                stood.update(pack)
            else:
                refused += 1
            _calm(town)
    return stood


def _packs(words: list[str]) -> Iterator[list[str]]:
    pack: list[str] = []
    for one in words:
        if pack and sum(len(other) + 1 for other in pack) + len(one) > PACK_MAX:
            yield pack
            pack = []
        pack.append(one)
    if pack:
        yield pack


def _send(town: Town, role: str, operation: str, asked: list[Fields]) -> list[bool]:
    kind = BY_NAME[operation].asks.__name__
    items = [{"id": secrets.token_hex(8), "command": {"type": kind, **one}} for one in asked]
    answer = town.http.post(
        f"{town.url}/v1/commands:batch", json={"commands": items}, headers=town.headers(role)
    )
    assert answer.status_code == 200, answer.text
    return ["events" in one for one in answer.json()["answers"]]


def _calm(town: Town) -> None:
    """Let the market go on, whatever was just done to it."""
    if town.ask("operator", "get_market")["halt"] != "open":
        town.do("operator", "set_halt", level="open")
    town.adopt()
    for one in town.ask("buyer_person", "list_payouts", principal=town.ids["buyer_person"])[
        "payouts"
    ][KEPT:]:
        town.call("buyer_person", "cancel_payout", {"payout": one["id"]})
