"""Puts words into every place of every command that takes them, as strangers do: over the API.

Which places those are is found by trying: every place that holds text is given words, and takes
them or does not. So a field that is added tomorrow is tried tomorrow.
"""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from souq.operations import BY_NAME, OPERATIONS
from tests.console.browser.reach import ALL_READY, ALONE, PROBE, ready, why_not
from tests.console.browser.slots import Slot, slots
from tests.http.market import Fields, Town
from tests.http.ready import READY

AT_ONCE = 100
KEPT = 6  # open at a time; somebody may have few payouts that are
REFUSED_MAX = 3  # packs; they are too long, then
PACK_MAX = 900  # characters: what nearly every field of words holds
LENGTHS = (32, 128)
ROUNDS = 4  # of each length: commands with words in all of their places, other words each time
# With a number behind it, it fits nearly everywhere.
TAG = "<b{} onclick=hit()>souq-hit"
TURN = "\u202e"  # turns a line around; some places take words, but no sign that cannot be seen
# What a place is given beside its tag where many go: so many words, so long; fewer if refused.
CROWDS = ((700, 128), (30, 40), (0, 0))
_IDS = re.compile(r'"([ACLNP]\d+)"')
_PLACES = {
    "A": ("agents",),
    "C": ("deals", "disputes"),
    "L": ("listings",),
    "N": ("negotiations",),
    "P": ("principals",),
}


class Shown(NamedTuple):
    """A command that stands with a tag in each of some places: by whom, and where to look."""

    role: str
    tags: dict[str, Slot]
    crowd: tuple[str, ...]  # words beside the tags
    pages: list[str]


class Planted(NamedTuple):
    """What stands where."""

    slots: list[Slot]  # that took words
    refused: dict[Slot, str]  # what the market said of the others
    words: dict[str, set[str]]  # by operation, what its own fields took
    shown: list[Shown]


def asked() -> list[str]:
    """Name every command that a test can give."""
    return [one.name for one in OPERATIONS if one.is_command and one.name in ALL_READY]


def plant(town: Town, words: Sequence[str]) -> Planted:
    """Put all words into all places that take words, as far as they fit there."""
    planted = Planted([], {}, {}, [])
    tries = {operation: _try(town, operation) for operation in asked()}
    for operation, (took, refused) in tries.items():
        planted.refused.update(refused)
        flat = [one for one in took if not one.is_deep]
        if flat and operation in READY:
            planted.words[operation] = _plant(town, operation, flat, words)
            _calm(town)
        if any(not one.is_words for one in took):
            _scatter(town, operation, took, words)
        planted.shown.extend(_show(town, operation, took, words, len(planted.slots)))
        planted.slots.extend(took)
    return planted


def _try(town: Town, operation: str) -> tuple[list[Slot], dict[Slot, str]]:
    """Give the places that take words, and what the market says of the others."""
    took: list[Slot] = []
    refused: dict[Slot, str] = {}
    role, fields = ready(town, operation)
    assert _send(town, role, operation, [fields]) == [""], f"{operation} is not ready"
    _calm(town)
    found = slots(BY_NAME[operation])
    together = [one for one in found if one.path not in ALONE]
    for left in (*([one] for one in found if one.path in ALONE), together):
        while left:
            role, fields = ready(town, operation, left[0].path, PROBE)
            told = _send(town, role, operation, [one.fill(fields, PROBE) for one in left])
            _calm(town)
            # Only the first found all as it was made ready: others are asked again where what
            # they were told may be due to those before them.
            took += [one for one, said in zip(left, told, strict=True) if not said]
            refused |= {
                one: said
                for one, said in zip(left, told, strict=True)
                if said and (one is left[0] or why_not(said))
            }
            left = [one for one in left if one not in took and one not in refused]
    return took, refused


def _plant(town: Town, operation: str, open_slots: list[Slot], words: Sequence[str]) -> set[str]:
    role, fields = ready(town, operation)
    stood, left = set(), []
    for start in range(0, len(words), AT_ONCE):
        some = words[start : start + AT_ONCE]
        asked = [_filled(fields, dict.fromkeys(open_slots, (one,))) for one in some]
        for one, said in zip(some, _send(town, role, operation, asked), strict=True):
            if said:
                left.append(one)
            else:
                stood.add(one)
    # Either they are too long for one of the fields, or it takes a fresh object each time.
    for slot in open_slots:
        refused = 0
        for pack in _packs(left):
            if refused == REFUSED_MAX:
                break
            role, fields = ready(town, operation)
            if town.call(role, operation, slot.fill(fields, "\n".join(pack))).is_success:
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


def _scatter(town: Town, operation: str, open_slots: list[Slot], words: Sequence[str]) -> None:
    """Put some words of each length into all places at once, others into each."""
    role, fields = ready(town, operation)
    for length_max in LENGTHS:
        fitting = [one for one in words if len(one) <= length_max]
        asked = [
            _filled(
                fields,
                {
                    slot: (fitting[(number * 31 + n * 7) % len(fitting)],)
                    for n, slot in enumerate(open_slots)
                },
            )
            for number in range(ROUNDS)
        ]
        _send(town, role, operation, asked)
    _calm(town)


def _show(
    town: Town, operation: str, open_slots: list[Slot], words: Sequence[str], first: int
) -> Iterator[Shown]:
    """Give commands that, between them, have a tag in each place, and a crowd where many go."""
    left = {TAG.format(TURN) + f"{first + n}.": slot for n, slot in enumerate(open_slots)}
    while left:
        found = None
        for most, length_max in CROWDS:
            crowd = tuple(one for one in words if len(one) <= length_max)
            found = found or _stand(town, operation, left, crowd, most)
        if found is None:  # not all together
            tag, slot = next(iter(left.items()))
            found = _stand(town, operation, {tag: slot})
            found = found or _stand(town, operation, {tag.replace(TURN, ""): slot})
            assert found is not None, f"{slot.path} takes no words any more"
        yield found
        left = {tag: slot for tag, slot in left.items() if slot not in found.tags.values()}


def _stand(
    town: Town, operation: str, tags: dict[str, Slot], crowd: Sequence[str] = (), most: int = 0
) -> Shown | None:
    """Give a command with all these tags, or None where it is refused.

    A crowd is shared out among the places where many go, so many to each at most.
    """
    first, slot = next(iter(tags.items()))
    role, fields = ready(town, operation, slot.path, first)
    many = [slot for slot in tags.values() if slot.takes_many]
    crowds = {slot: crowd[n :: len(many)][:most] for n, slot in enumerate(many)}
    for tag, slot in tags.items():
        fields = slot.fill(fields, tag, *crowds.get(slot, ()))
    answer = town.call(role, operation, fields)
    if not answer.is_success:
        _calm(town)
        return None
    # Where two alternatives exclude each other, one of their tags stands there.
    stands = json.dumps(fields, ensure_ascii=False)
    ids = dict.fromkeys(_IDS.findall(answer.text + stands))
    pages = [f"/{place}/{id}" for id in ids for place in _PLACES[id[0]]]
    return Shown(
        role,
        {tag: slot for tag, slot in tags.items() if tag in stands},
        tuple(one for some in crowds.values() for one in some),
        [f"/audit/{answer.json()['seq']}", *pages],
    )


def _filled(fields: Fields, words: dict[Slot, tuple[str, ...]]) -> Fields:
    for slot, some in words.items():
        fields = slot.fill(fields, *some)
    return fields


def _send(town: Town, role: str, operation: str, asked: list[Fields]) -> list[str]:
    """Give many commands; give what was said against each, or ""."""
    kind = BY_NAME[operation].asks.__name__
    items = [{"id": secrets.token_hex(8), "command": {"type": kind, **one}} for one in asked]
    answer = town.http.post(
        f"{town.url}/v1/commands:batch", json={"commands": items}, headers=town.headers(role)
    )
    assert answer.status_code == 200, answer.text
    return ["" if "events" in one else str(one["detail"]) for one in answer.json()["answers"]]


def _calm(town: Town) -> None:
    """Let the market go on, whatever was just done to it."""
    if town.ask("operator", "get_market")["halt"] != "open":
        town.do("operator", "set_halt", level="open")
    town.adopt()
    for one in town.ask("buyer_person", "list_payouts", principal=town.ids["buyer_person"])[
        "payouts"
    ][KEPT:]:
        town.call("buyer_person", "cancel_payout", {"payout": one["id"]})
