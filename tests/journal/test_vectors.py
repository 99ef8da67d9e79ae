"""The bytes of a record are fixed for good: a journal of last month must still fold."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from souq.core import market
from souq.core.listing import PostListing
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.money import Money
from souq.core.rules import Rules
from souq.core.seal import PublicText
from souq.journal.memory import MemoryStore
from souq.journal.record import GENESIS, Damaged, Entry, Payload, Reader, chained, encode
from souq.journal.replay import records, replay
from tests.journal.vectors import PLAYS, build, frozen
from tests.mechanisms.plays import OPEN_COMMANDS, OPEN_EVENTS


@pytest.fixture(scope="module", params=PLAYS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def vectors(name: str) -> dict[str, Any]:
    return frozen(name)


@pytest.fixture(scope="module")
def store(vectors: dict[str, Any]) -> MemoryStore:
    """A journal made of nothing but the frozen bytes."""
    return stored(vectors)


def stored(vectors: dict[str, Any]) -> MemoryStore:
    payloads = tuple(
        Payload(one["digest"], bytes.fromhex(one["salt"]), one["audience"], one["content"].encode())
        for one in vectors["payloads"]
    )
    made = MemoryStore()
    for one in vectors["records"]:
        body = one["body"].encode()
        head = json.loads(body)
        hash = bytes.fromhex(one["hash"])
        id = head["command_id"] or None
        made.append([Entry(one["seq"], hash, body, head["actor"], id, payloads)])
    return made


def test_the_same_commands_give_the_frozen_bytes(name: str, vectors: dict[str, Any]) -> None:
    made = build(name)
    for now, then in zip(made["records"], vectors["records"], strict=True):
        assert now == then
    assert made["payloads"] == vectors["payloads"]
    assert made["state_hash"] == vectors["state_hash"]


def test_the_frozen_bytes_fold_to_the_frozen_state(
    vectors: dict[str, Any], store: MemoryStore
) -> None:
    assert market.state_hash(replay(store).state) == vectors["state_hash"]


def test_decoding_and_encoding_gives_the_same_bytes(store: MemoryStore) -> None:
    for record, entry in zip(records(store), store.read(), strict=True):
        assert encode(record) == entry.body


def test_every_kind_of_command_and_event_has_a_frozen_record() -> None:
    commands, events = set(), set()
    for record in (one for name in PLAYS for one in records(stored(frozen(name)))):
        if record.refusal is None:
            commands.add(type(record.command))
        events |= {type(event) for event in record.events}
    assert commands == {*market.COMMANDS, market.Tick} - OPEN_COMMANDS
    assert events == set(market.EVENTS) - OPEN_EVENTS


def test_every_hash_is_over_the_hash_before_and_the_body(store: MemoryStore) -> None:
    hashes = [GENESIS] + [entry.hash for entry in store.read()]
    for (before, hash), entry in zip(pairwise(hashes), store.read(), strict=True):
        assert chained(before, entry.body) == hash


def test_bytes_have_sorted_keys_no_white_space_no_floats_and_no_null(store: MemoryStore) -> None:
    for entry in store.read():
        text = entry.body.decode()
        assert text == json.dumps(
            json.loads(text, parse_float=_never, parse_constant=_never),
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        assert all(value is not None for value in _values(json.loads(text)))
        assert all(abs(value) < 2**53 for value in _values(json.loads(text)) if type(value) is int)


def test_a_record_carries_digests_and_no_words(vectors: dict[str, Any]) -> None:
    bodies = "".join(one["body"] for one in vectors["records"])
    assert len(vectors["payloads"]) > 20
    for one in vectors["payloads"]:
        assert one["digest"] in bodies
        words = re.findall(r"[^\x00-\x7f]+|Ignore all|hardly used|per_deal_units", one["content"])
        assert not [word for word in words if word in bodies]


def test_what_holds_its_default_is_left_out() -> None:
    offer = MakeOffer((Item("L1"),), Money(5, "USD"))
    assert encode(offer) == b'{"items":[{"listing":"L1"}],"price":[5,"USD"],"type":"MakeOffer"}'
    assert encode(Rules()) == b"{}"
    posted = PostListing(PublicText("lamp").sealed(bytes(16)), "home")
    assert set(json.loads(encode(posted))) == {"type", "title", "category"}


def test_what_does_not_hold_its_default_stands_in_the_bytes() -> None:
    offer = MakeOffer((Item("L1", 2),), Money(5, "USD"), to="A2", valid_us=7)
    assert encode(offer) == (
        b'{"items":[{"listing":"L1","quantity":2}],"price":[5,"USD"],"to":"A2"'
        b',"type":"MakeOffer","valid_us":7}'
    )


def test_a_field_left_out_reads_as_its_default(store: MemoryStore) -> None:
    body = (
        b'{"actor":"A1","at":7,"command":{"items":[{"listing":"L1"}],"price":[5,"USD"]'
        b',"type":"MakeOffer"},"command_id":"c","events":[],"seq":3}'
    )
    record = Reader(lambda _: None).whole(3, body)
    assert record.command == MakeOffer((Item("L1", 1),), Money(5, "USD"), "", "", None)


def test_a_record_that_calls_itself_another_is_damaged() -> None:
    with pytest.raises(Damaged, match="calls itself 3"):
        Reader(lambda _: None).folded(4, b'{"seq":3,"at":1}')


def _never(text: str) -> None:
    raise AssertionError(f"no place for {text}")


def _values(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict | list):
        for one in tree.values() if isinstance(tree, dict) else tree:
            yield from _values(one)
    else:
        yield tree
