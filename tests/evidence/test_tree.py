"""The tree over records is that of RFC 9162, and no past can be rewritten under a kept head."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core.annotation import Annotate
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import OperatorText
from souq.journal import merkle
from souq.journal.memory import MemoryStore
from souq.journal.parts import cut, record_root
from souq.journal.record import GENESIS, Damaged, Entry, chained
from souq.operations.evidence_queries import GetConsistency, GetInclusion, GetTreeHead
from souq.sdk.client import Client
from souq.venue import Venue
from souq.views.derived import DerivedFile
from souq.views.evidence import Evidence, TreeHead
from souq.views.evidence_key import FILE, EvidenceKey
from souq.views.receipt_check import NotProven, check_head, check_later
from tests.evidence.markets import KEY
from tests.journal.stores import GatedStore
from tests.laws.walk import walk

LEAVES = 130


def slow_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    sides = slow_root(leaves[:split]), slow_root(leaves[split:])
    return hashlib.sha256(b"\x01" + sides[0] + sides[1]).digest()


ALL = [hashlib.sha256(b"\x00" + bytes([n])).digest() for n in range(LEAVES)]


def find(height: int, number: int) -> bytes:
    assert (number + 1) << height <= LEAVES, "a subtree that is not whole"
    return slow_root(ALL[number << height : (number + 1) << height])


def test_roots_and_proofs_are_those_of_the_rfc() -> None:
    for size in (*range(1, 35), 63, 64, 65, 127, 128, LEAVES):
        root = slow_root(ALL[:size])
        assert merkle.root(size, find) == merkle.root_of(ALL[:size]) == root
        paths = merkle.paths_of(ALL[:size], range(size))
        for index in range(size):
            path = merkle.inclusion(index, size, find)
            assert path == paths[index]
            assert merkle.included(ALL[index], index, size, path) == root
            assert len(path) <= (size - 1).bit_length()


def test_the_known_vectors_of_certificate_transparency_hold() -> None:
    """Eight leaves that every implementation is tried with."""
    contents = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    contents.append("606162636465666768696a6b6c6d6e6f")
    leaves = [merkle.leaf_hash(bytes.fromhex(one)) for one in contents]
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert merkle.root_of(leaves).hex() == root
    first = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root_of(leaves[:1]).hex() == first


def test_one_tree_is_consistent_with_another_exactly_where_it_begins_it() -> None:
    for second in (*range(1, 20), 64, 65, LEAVES):
        root = slow_root(ALL[:second])
        for first in range(1, second + 1):
            path = merkle.consistency(first, second, find)
            before = slow_root(ALL[:first])
            assert merkle.is_consistent(first, before, second, root, path)
            assert not merkle.is_consistent(first, GENESIS, second, root, path)
            assert not merkle.is_consistent(first, before, second, GENESIS, path)
            assert not merkle.is_consistent(first, before, second, root, [*path, GENESIS])
            if path:
                assert not merkle.is_consistent(first, before, second, root, path[:-1])
                assert not merkle.is_consistent(first, before, second, root, [GENESIS, *path[1:]])
            if first > 1:
                other = slow_root([GENESIS, *ALL[1:first]])
                assert not merkle.is_consistent(first, other, second, root, path)


@pytest.mark.parametrize("size", [0, -1])
def test_nothing_is_in_a_tree_without_leaves(size: int) -> None:
    assert merkle.included(ALL[0], 0, size, ()) is None


# The view.


def evidence_over(store: Any, key: EvidenceKey = KEY) -> Evidence:
    evidence = Evidence(None, key)
    evidence.catch_up(store)
    return evidence


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return walk(5, 400).store


def test_the_view_gives_the_root_over_every_record(store: MemoryStore) -> None:
    evidence = evidence_over(store)
    leaves = [
        merkle.leaf_hash(record_root(entry.body, entry.hash, KEY.blinding, entry.seq))
        for entry in store.read()
    ]
    chance = Random(1)
    for size in (1, 2, 3, len(leaves) - 1, len(leaves), *chance.sample(range(1, len(leaves)), 20)):
        assert evidence.root(size) == slow_root(leaves[:size])
        seq = chance.randint(1, size)
        path = evidence.inclusion(seq, size)
        assert merkle.included(evidence.leaf(seq), seq - 1, size, path) == evidence.root(size)


def test_records_taken_one_by_one_give_the_same_tree_as_the_journal(tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        bea.take(sol.list("lamp", category="home", price="9"), "9")
        live = market.ask(GetTreeHead())
        key = market.venue.evidence.key
        again = evidence_over(market.venue.engine.store, key).head("souq")
        assert again == live
    with Client.local(tmp_path / "m") as market:
        assert market.ask(GetTreeHead()) == live


def test_a_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    first = EvidenceKey.load_or_make(tmp_path)
    again = EvidenceKey.load_or_make(tmp_path)
    assert (first.material, first.blinding) == (again.material, again.blinding)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert first.blinding.hex() not in repr(first)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"private":"00","blinding":"00"}'])
def test_a_spoilt_key_is_not_made_anew(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match="no evidence key"):
        EvidenceKey.load_or_make(tmp_path)
    assert (tmp_path / FILE).read_text() == text


def test_only_what_is_durable_is_signed() -> None:
    store = GatedStore()
    with Client.over(Venue(store)) as market:
        market.submit(OpenMarket())
        venue = market.venue
        store.gate.clear()
        pending = venue.submit_soon(OPERATOR, "one", _note("waiting"))
        answer, _ = venue.ask_soon(OPERATOR, GetTreeHead())
        assert answer.size == 1
        store.gate.set()
        pending.result()
        assert market.ask(GetTreeHead()).size == 2


def _note(text: str) -> Any:
    return Annotate(topic="t", note=OperatorText(text))


def test_a_file_of_another_journal_or_secret_begins_again(tmp_path: Path) -> None:
    one, other = walk(6, 60).store, walk(7, 90).store
    path = tmp_path / "evidence.sqlite"
    for store, key in ((one, KEY), (other, KEY), (one, EvidenceKey.new()), (one, KEY)):
        evidence = Evidence(path, key)
        evidence.catch_up(store)
        assert evidence.head("souq") == evidence_over(store, key).head("souq")
        evidence.close()


def test_a_view_whose_file_fails_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client.local(tmp_path / "m") as market:
        market.join("bea")
        evidence = market.venue.evidence
        monkeypatch.setattr(evidence, "_file", _Failing(evidence._file))
        market.join("sol")
        head = market.ask(GetInclusion(1)).head
        assert head == evidence_over(market.venue.engine.store, evidence.key).head("souq")


@pytest.mark.parametrize("seq", [1, 4, 8, 9, 10])
def test_a_file_that_lost_a_bit_is_never_signed_for(seq: int, tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        market.join("bea")
        market.join("sol")
        market.join("eve")
        size = market.ask(GetTreeHead()).size
        asked = [GetTreeHead(), *map(GetTreeHead, range(1, size)), GetConsistency(3)]
        asked += map(GetInclusion, range(1, size + 1))
        right = [market.ask(one) for one in asked]
    for is_open in (True, False):
        with Client.local(tmp_path / "m") as market:
            if is_open:
                _lose_a_bit(tmp_path / "m", seq)
            assert [market.ask(one) for one in asked] == right
        if is_open:
            _lose_a_bit(tmp_path / "m", seq)


def _lose_a_bit(folder: Path, seq: int) -> None:
    db = sqlite3.connect(folder / "evidence.sqlite")
    [(hashes,)] = db.execute("SELECT hashes FROM subtrees WHERE seq = ?", (seq,)).fetchall()
    for n in range(0, len(hashes), merkle.HASH_BYTES):
        hashes = hashes[:n] + bytes([hashes[n] ^ 1]) + hashes[n + 1 :]
    db.execute("UPDATE subtrees SET hashes = ? WHERE seq = ?", (hashes, seq))
    db.commit()
    db.close()


class _Failing:
    """A file that fails at its next write, as a full disk does."""

    def __init__(self, file: DerivedFile) -> None:
        self._file = file
        self._has_failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write_many(self, statement: str, rows: Any) -> None:
        if not self._has_failed:
            self._has_failed = True
            rows = [(None, None)]  # a constraint fails
        self._file.write_many(statement, rows)


# Somebody kept a head.


def rewritten(
    store: MemoryStore, seq: int, change: Callable[[dict[str, Any]], None] | None
) -> MemoryStore:
    """Rewrite a journal's past with hashes that fit each other; without a change, cut it out."""
    other = MemoryStore()
    previous = GENESIS
    for entry in store.read():
        said = json.loads(entry.body)
        if entry.seq == seq:
            if change is None:
                continue
            change(said)
        if change is None and entry.seq > seq:
            said["seq"] -= 1
        body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        previous = chained(previous, body)
        other.append([Entry(said["seq"], previous, body, entry.actor, entry.command_id)])
    return other


def _later(said: dict[str, Any]) -> None:
    said["at"] += 1


def _other_id(said: dict[str, Any]) -> None:
    said["command_id"] = "another"


@pytest.mark.parametrize("change", [_later, _other_id, None])
def test_a_rewritten_past_does_not_continue_a_head_that_was_kept(
    change: Any, store: MemoryStore
) -> None:
    kept = evidence_over(store).head("souq", 40)
    for seq in (2, 20, 40):
        forged = evidence_over(rewritten(store, seq, change))
        now = forged.head("souq")
        check_head(now)
        path = [one.hex() for one in forged.consistency(40, now.size)]
        with pytest.raises(NotProven, match="does not continue"):
            check_later(kept, now, path)


def test_what_was_only_added_to_continues_every_head(store: MemoryStore) -> None:
    evidence = evidence_over(store)
    now = evidence.head("souq")
    for size in (1, 2, 40, now.size - 1, now.size):
        kept = evidence.head("souq", size)
        check_later(kept, now, [one.hex() for one in evidence.consistency(size)])


def test_a_change_after_a_head_leaves_that_head_true(store: MemoryStore) -> None:
    kept = evidence_over(store).head("souq", 40)
    forged = evidence_over(rewritten(store, 41, _later))
    check_later(kept, forged.head("souq"), [one.hex() for one in forged.consistency(40)])


def test_a_cut_off_end_leaves_the_market_without_an_answer(store: MemoryStore) -> None:
    shorter = MemoryStore()
    shorter.append(list(store.read(1, 30)))
    evidence = evidence_over(shorter)
    for ask in (lambda: evidence.head("souq", 40), lambda: evidence.consistency(40)):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.reason is Reason.NOT_FOUND


def test_every_flip_in_any_record_changes_the_root() -> None:
    small = walk(9, 30).store
    chance = Random(4)
    root = evidence_over(small).root(small.head()[0])
    for entry in small.read():
        place = chance.randrange(len(entry.body))
        body = bytearray(entry.body)
        body[place] ^= 1 << chance.randrange(7)
        try:
            found = record_root(bytes(body), entry.hash, KEY.blinding, entry.seq)
        except (msgspec.MsgspecError, UnicodeError):
            continue  # it cannot even be read
        assert found != record_root(entry.body, entry.hash, KEY.blinding, entry.seq)
    assert evidence_over(small).root(small.head()[0]) == root


def test_the_chain_is_bound_to_each_record(store: MemoryStore) -> None:
    entry = next(iter(store.read(9, 9)))
    ours = record_root(entry.body, entry.hash, KEY.blinding, 9)
    assert record_root(entry.body, GENESIS, KEY.blinding, 9) != ours
    assert record_root(entry.body, entry.hash, KEY.blinding, 10) != ours


def test_a_journal_whose_chain_is_broken_gives_no_tree(store: MemoryStore) -> None:
    broken = MemoryStore()
    entries = list(store.read())
    entries[10] = entries[10]._replace(body=entries[11].body)
    broken.append(entries)
    with pytest.raises(Damaged) as damaged:
        evidence_over(broken)
    assert damaged.value.seq == 11


@pytest.mark.parametrize("name", ["market", "size", "root", "at", "chain", "key", "type"])
def test_a_head_bears_no_change(name: str, store: MemoryStore) -> None:
    head = evidence_over(store).head("souq")
    check_head(head)
    was = getattr(head, name)
    now = was + 1 if isinstance(was, int) else was[:-1] + ("0" if was[-1] != "0" else "1")
    with pytest.raises(NotProven):
        check_head(msgspec.structs.replace(head, **{name: now}))


def test_a_head_does_not_give_the_chain_away(store: MemoryStore) -> None:
    """Who knew two hashes in a row could try all likely records between them."""
    head = evidence_over(store).head("souq")
    hash = store.head()[1]
    assert hash.hex() not in json.dumps(msgspec.to_builtins(head))
    parts = cut(next(iter(store.read(head.size, head.size))).body, hash).parts
    assert merkle.leaf_hash(parts[3]).hex() != head.chain


# The questions.


@pytest.mark.parametrize(
    "query",
    [
        GetTreeHead(-1),
        GetTreeHead(10**6),
        GetInclusion(0),
        GetInclusion(10**6),
        GetInclusion(5, 4),
        GetInclusion(1, 10**6),
        GetInclusion(-1),
        GetConsistency(0),
        GetConsistency(-1),
        GetConsistency(5, 4),
        GetConsistency(10**6),
    ],
)
def test_what_is_not_in_the_tree_is_not_found(query: Any) -> None:
    with Client.local() as market:
        market.join("bea")
        market.join("sol")
        with pytest.raises(Refused) as refused:
            market.ask(query)
        assert refused.value.reason is Reason.NOT_FOUND


def test_anybody_may_ask_for_heads_and_proofs(tmp_path: Path) -> None:
    with Client.local(tmp_path / "m") as market:
        market.join("bea")
        anybody = market.speaking_as("")
        head: TreeHead = anybody.ask(GetTreeHead())
        found = anybody.ask(GetInclusion(2))
        path = [bytes.fromhex(one) for one in found.path]
        root = merkle.included(bytes.fromhex(found.leaf), 1, head.size, path)
        assert root == bytes.fromhex(head.root)
        assert found.head == head
        grown = anybody.ask(GetConsistency(2))
        check_later(grown.first, grown.second, grown.path)


def test_before_it_is_open_a_market_has_no_head() -> None:
    with Client.over(Venue(MemoryStore())) as market, pytest.raises(Refused) as refused:
        market.ask(GetTreeHead())
    assert refused.value.reason is Reason.WRONG_STATE
