"""A record's proof holds for a checker with SHA-256 alone, and opens what its asker may see."""

import hashlib
import json
from typing import Any

import msgspec
import pytest

from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR
from souq.core.seal import canonical
from souq.engine import Engine
from souq.operations.evidence_queries import GetRecordProof
from souq.operations.queries import ListEvents, WhoAmI
from souq.venue import Venue, records
from souq.views import opening
from souq.views.evidence import TreeHead
from souq.views.opening import Side
from souq.views.receipt_check import check_head
from tests.laws.walk import walk

VIEWERS = ("", "A1", "A4", "P1", "P2", "O1")
HEADER, CALLER, COMMAND, CHAIN = range(4)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return walk(21, 300).engine


@pytest.fixture(scope="module")
def venue(engine: Engine) -> Venue:
    return Venue(engine.store)


def sha(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join(pieces)).digest()


def reached(leaf: bytes, index: int, size: int, path: list[str]) -> bytes:
    """Walk from a leaf to the root, by the steps of RFC 9162, 2.1.3.2."""
    last, found = size - 1, leaf
    for step in map(bytes.fromhex, path):
        assert last, "a path that is too long"
        if index & 1 or index == last:
            found = sha(b"\x01", step, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = sha(b"\x01", found, step)
        index, last = index >> 1, last >> 1
    assert last == 0, "a path that is too short"
    return found


def proven(text: str) -> Json:
    """Check a file as a stranger would; give what its opened parts say, by number."""
    file = json.loads(text)
    assert file["type"] == "souq-record-proof/1"
    roots, parts = set(), {}
    for one in file["opened"]:
        leaf = sha(b"\x00", bytes.fromhex(one["blinding"]), one["text"].encode())
        roots.add(reached(leaf, one["number"], file["parts"], one["path"]))
        parts[one["number"]] = json.loads(one["text"])
    (root,) = roots
    head = file["head"]
    found = reached(sha(b"\x00", root), file["seq"] - 1, head["size"], file["path"])
    assert found.hex() == head["root"]
    check_head(msgspec.convert(head, TreeHead))
    assert parts[HEADER]["header"] == {"seq": file["seq"], "at": file["at"]}
    if "body" in file:
        assert sha(bytes.fromhex(file["prev"]), file["body"].encode()).hex() == file["hash"]
        assert parts[CHAIN]["chain"] == file["hash"]
    return {"file": file, "parts": parts}


def test_the_operator_reads_all_of_every_record_and_its_place_in_the_chain(venue: Venue) -> None:
    before = bytes(32).hex()
    entries = list(venue.engine.store.read())
    for entry in entries:
        found = proven(venue.ask(OPERATOR, GetRecordProof(entry.seq)).file)
        file, parts = found["file"], found["parts"]
        assert (file["prev"], file["hash"]) == (before, entry.hash.hex())
        assert file["body"].encode() == entry.body
        assert sorted(parts) == list(range(file["parts"]))
        body = json.loads(entry.body)
        assert parts[COMMAND]["command"] == body["command"]
        told = [one["event"] for one in parts.values() if "event" in one]
        assert len(told) == len(body.get("events", ()))
        before = file["hash"]


def opened_events(parts: Json) -> list[Json]:
    return [one["event"] for one in parts.values() if "event" in one]


@pytest.mark.parametrize("viewer", VIEWERS)
def test_others_open_what_the_feed_shows_them_whole_and_nothing_else(
    venue: Venue, viewer: str
) -> None:
    own = {viewer, *venue.ask(viewer, WhoAmI()).agents}
    count = 0
    for record in pages(venue, viewer):
        found = proven(venue.ask(viewer, GetRecordProof(record.seq)).file)
        assert not {"prev", "hash", "body"} & found["file"].keys()
        shown = [json.loads(canonical.encode(event)) for event in record.events]
        for event in shown:
            _without_withheld(event)
        for event in opened_events(found["parts"]):
            assert event in shown
            count += 1
        assert CHAIN not in found["parts"]
        caller = found["parts"].get(CALLER)
        assert (caller is not None) == bool(record.command_id or _is_own_tick(record, viewer))
        if caller is not None:
            assert caller["caller"]["actor"] in own
        refused = [one for one in found["parts"].values() if "refusal" in one]
        assert bool(refused) == (record.refusal is not None)
    assert count > 30


def _is_own_tick(record: Any, viewer: str) -> bool:
    return bool(viewer) and record.actor == viewer and not record.command_id


def _without_withheld(event: Json) -> None:
    if event["type"] in ("AgentRegistered", "PrincipalRegistered"):
        event.pop("key", None)
    if event["type"] == "ListingPosted":
        event["listing"].pop("ref", None)


def pages(venue: Venue, viewer: str) -> list[Any]:
    found: list[Any] = []
    after, head = 0, venue.engine.head[0]
    while after < head:
        page = venue.ask(viewer, ListEvents(after, limit=200))
        found += page.records
        after = page.last
    return found


@pytest.mark.parametrize("viewer", VIEWERS)
def test_of_what_one_sees_nothing_of_there_is_no_proof(venue: Venue, viewer: str) -> None:
    seen = {one.seq for one in pages(venue, viewer)}
    hidden = [seq for seq in range(1, venue.engine.head[0] + 1) if seq not in seen]
    assert hidden
    for seq in hidden:
        with pytest.raises(Refused) as refused:
            venue.ask(viewer, GetRecordProof(seq))
        assert refused.value.reason is Reason.NOT_YOURS


def test_a_kept_head_proves_a_record_as_well(venue: Venue) -> None:
    for size in (5, 6, 100, venue.engine.head[0]):
        assert proven(venue.ask(OPERATOR, GetRecordProof(5, size)).file)["file"]["seq"] == 5


@pytest.mark.parametrize("query", [(0,), (-1,), (10**6,), (5, 4), (1, 10**6), (1, -1)])
def test_a_record_that_is_not_in_the_tree_is_not_found(
    venue: Venue, query: tuple[int, ...]
) -> None:
    with pytest.raises(Refused) as refused:
        venue.ask(OPERATOR, GetRecordProof(*query))
    assert refused.value.reason is Reason.NOT_FOUND


def test_a_changed_byte_proves_nothing(venue: Venue) -> None:
    file = json.loads(venue.ask(OPERATOR, GetRecordProof(7)).file)
    for change in ("body", "prev", "path", "part"):
        spoilt = json.loads(json.dumps(file))
        if change == "path":
            spoilt["path"][0] = bytes(32).hex()
        elif change == "part":
            spoilt["opened"][COMMAND]["text"] += " "
        else:
            spoilt[change] = ("00" + spoilt[change][2:]) if change == "prev" else "{}"
        with pytest.raises((AssertionError, ValueError)):
            proven(json.dumps(spoilt))


def test_a_side_that_opens_everything_is_noticed(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: every event is opened to whoever sees one of them, and every command to a guest."""
    for name in ("may_open", "speaks_for"):
        with monkeypatch.context() as planted:
            planted.setattr(Side, name, lambda *_: True)
            with pytest.raises(AssertionError):
                test_others_open_what_the_feed_shows_them_whole_and_nothing_else(venue, "")
    assert records.Side is opening.Side
