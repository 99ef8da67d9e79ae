"""The check of a receipt, offline: all that it says must follow from one signed tree head.

A script of its own, `tools/verify_receipt.py`, checks the same and shares no code with this.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import base64url
from souq.core.act import ALGORITHMS, TYPE, header_of, signing_input
from souq.core.money import Asset
from souq.core.seal import SALT_BYTES, canonical, digest_of
from souq.core.signature import check_public, is_signed, thumbprint
from souq.journal import merkle
from souq.journal.parts import ACT, BLINDING_BYTES, CALLER, COMMAND, HEADER
from souq.views import receipt
from souq.views.evidence import HEAD_TYPE, TreeHead
from souq.views.opening import RecordProven

SIZE_MAX = 64 << 20
_US = 1_000_000


class NotProven(ValueError):
    """This is no receipt that its key signed; the message says why."""


class Told(Struct, frozen=True):
    """A step in plain words, and when it was recorded."""

    step: str
    seq: int
    at: int
    words: str


class Proven(Struct, frozen=True):
    """What a receipt proves. `key` is who signed it: compare it with what the market publishes."""

    contract: str
    market: str
    key: str
    size: int
    at: int
    records: int
    acts: int
    deal: tuple[str, ...]
    steps: tuple[Told, ...]


def check(text: bytes, key: str = "") -> Proven:
    """Tell what a receipt proves, by a key in hex, or by the one it names. Raises NotProven."""
    if len(text) > SIZE_MAX:
        raise NotProven("far too long for a receipt")
    try:
        whole = msgspec.json.decode(text, type=dict[str, Any])
        found = msgspec.json.decode(text, type=receipt.Receipt)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise NotProven(f"no receipt: {error}") from None
    _need(found.type == receipt.TYPE, "no receipt of a kind that this souq reads")
    _need(canonical.encode(whole) + b"\n" == text, "not written as the market writes receipts")
    _need(not key or key == found.head.key, "signed with another key than the one given")
    _check_signature(found.head.key, whole, "the receipt")
    check_head(found.head)
    parts = _Parts(found)
    _check_steps(found, parts)
    _check_words(found, parts)
    acts = sum(_check_act(record.seq, found.head.market, parts) for record in found.records)
    return Proven(
        contract=found.contract,
        market=found.head.market,
        key=found.head.key,
        size=found.head.size,
        at=found.head.at,
        records=len(found.records),
        acts=acts,
        deal=tuple(_deal(found, parts)),
        steps=tuple(
            Told(one.step, one.seq, parts.at(one.seq), _told(parts.events[one.seq, one.number]))
            for one in found.steps
        ),
    )


def check_head(head: TreeHead) -> None:
    """Raise NotProven unless a tree head is signed with the key it names."""
    _need(head.type == HEAD_TYPE, "no tree head of a kind that this souq reads")
    _check_signature(head.key, msgspec.to_builtins(head), "the tree head")


def check_later(before: TreeHead, after: TreeHead, path: Sequence[str]) -> None:
    """Raise NotProven unless one tree head's records begin those of a later one."""
    check_head(before)
    check_head(after)
    _need(before.key == after.key, "the two heads are signed with two keys")
    roots = _raw(before.root), _raw(after.root)
    hashes = [_raw(one) for one in path]
    is_same = merkle.is_consistent(before.size, roots[0], after.size, roots[1], hashes)
    _need(is_same, "the later head does not continue the earlier one")


class _Parts:
    """What a receipt opens, each part proven to stand in the tree of the head."""

    def __init__(self, found: receipt.Receipt) -> None:
        self.said: dict[tuple[int, int], Any] = {}
        self.hashes: dict[tuple[int, int], str] = {}
        self.events: dict[tuple[int, int], dict[str, Any]] = {}
        root = _raw(found.head.root)
        before = 0
        for record in found.records:
            _need(before < record.seq, "its records are not in order")
            before = record.seq
            leaf = merkle.leaf_hash(self._read(record))
            path = [_raw(one) for one in record.path]
            reached = merkle.included(leaf, record.seq - 1, found.head.size, path)
            _need(reached == root, f"record {record.seq} does not lead to the tree's root")

    def at(self, seq: int) -> int:
        """Give a record's stamp."""
        at: int = self.said[seq, HEADER]["header"]["at"]
        return at

    def _read(self, record: RecordProven) -> bytes:
        """Read a record's opened parts, and give the root that all of them lead to."""
        roots = set()
        before = -1
        for one in record.opened:
            _need(before < one.number, f"the parts of record {record.seq} are not in order")
            before = one.number
            hidden = _raw(one.blinding, BLINDING_BYTES)
            digest = merkle.leaf_hash(hidden + bytes(one.part))
            path = [_raw(hash) for hash in one.path]
            roots.add(merkle.included(digest, one.number, record.parts, path))
            place = record.seq, one.number
            self.hashes[place] = digest.hex()
            said = self.said[place] = msgspec.json.decode(one.part, type=dict[str, Any])
            if "event" in said:
                self.events[place] = said["event"]
        header = self.said.get((record.seq, HEADER), {}).get("header", {})
        is_here = header.get("seq") == record.seq and type(header.get("at")) is int
        _need(is_here, f"record {record.seq} does not say that it is")
        _need(len(roots) == 1 and None not in roots, f"record {record.seq} is not of one piece")
        found = roots.pop()
        assert found is not None, "it was just looked for"
        return found


def _check_steps(found: receipt.Receipt, parts: _Parts) -> None:
    places = [(one.seq, one.number) for one in found.steps]
    _need(sorted(places) == sorted(parts.events), "its steps are not the events that it opens")
    for one in found.steps:
        digest = parts.hashes[one.seq, one.number]
        _need(one.digest == digest, f"a step names another hash than that of record {one.seq}")
    plain = [msgspec.structs.replace(one, parents=()) for one in found.steps]
    plain.sort(key=lambda one: (one.seq, one.number))
    _need(receipt.chained(plain) == list(found.steps), "its steps do not follow from each other")
    agreed = [one for one in parts.events.values() if one.get("type") == "AgreementReached"]
    is_of_deal = len(agreed) == 1 and agreed[0].get("contract") == found.contract
    _need(is_of_deal, f"it does not show how {found.contract} was agreed on")


def _check_words(found: receipt.Receipt, parts: _Parts) -> None:
    told = "\n".join(json.dumps(event) for event in parts.events.values())
    for one in found.words:
        content = canonical.encode(one.text)
        fits = digest_of(_raw(one.salt, SALT_BYTES), content) == one.digest
        _need(fits and f'"{one.digest}"' in told, "it brings words that no record vouches for")


def _check_act(seq: int, market: str, parts: _Parts) -> bool:
    """Check a record's signed act; tell whether it has one."""
    jws = parts.said.get((seq, ACT), {}).get("act")
    if jws is None:
        return False
    why = f"the act in record {seq} is not signed by whom it names"
    try:
        caller, command = parts.said[seq, CALLER]["caller"], parts.said[seq, COMMAND]["command"]
        header = header_of(jws)
        protected, _, signature = jws.partition("..")
        message = signing_input(
            protected,
            market=market,
            actor=caller["actor"],
            id=caller["command_id"],
            command=command,
        )
        raw = base64url.decoded(signature)
        _need(header.typ == TYPE, why)
        key = next(
            event
            for event in parts.events.values()
            if event["type"] == "KeyAdded" and event["fingerprint"] == header.kid
        )
        kind, material = key["kind"], key["material"]
        is_own = key["owner"] == caller["actor"] and ALGORITHMS[header.alg] == kind
        _need(is_own and thumbprint(kind, material) == header.kid, why)
        _need(is_signed(kind, material, raw, message), why)
    except (KeyError, ValueError, TypeError, StopIteration):
        raise NotProven(why) from None
    return True


def _check_signature(key: str, said: dict[str, Any], what: str) -> None:
    signature = said.get("signature")
    rest = {name: value for name, value in said.items() if name != "signature"}
    try:
        check_public("ed25519", key)
    except ValueError:
        raise NotProven(f"{what} names no key that could have signed it") from None
    raw = _raw(signature if isinstance(signature, str) else "", 64)
    is_ours = is_signed("ed25519", key, raw, canonical.encode(rest))
    _need(is_ours, f"{what} is not what its key signed: it was changed, or another key signed it")


def _deal(found: receipt.Receipt, parts: _Parts) -> Iterator[str]:
    """Say who gives whom what."""
    titles = {
        event["listing"]["id"]: event["listing"]["title"]
        for event in parts.events.values()
        if event["type"] == "ListingPosted"
    }
    words = {one.digest: one.text for one in found.words}
    agreed = next(one for one in parts.events.values() if one["type"] == "AgreementReached")
    for leg in agreed["agreement"]["legs"]:
        if leg["type"] == "cash":
            units, code = leg["amount"]
            thing = f"{Asset(code, found.assets[code]).format(units)} {code}"
        else:
            title = words.get(titles.get(leg["listing"], ""), "")
            thing = f"{leg['quantity']} x {leg['listing']}" + (f" “{title}”" if title else "")
        yield f"{leg['giver']} gives {leg['taker']} {thing}"


def _told(event: dict[str, Any]) -> str:
    named = {name: event[name] for name in _TOLD if isinstance(event.get(name), str | int)}
    about = ", ".join(f"{name} {value}" for name, value in named.items())
    return f"{event['type']}: {about}" if about else str(event["type"])


_TOLD = (
    "by",
    "agent",
    "principal",
    "mandate",
    "listing",
    "negotiation",
    "contract",
    "version",
    "terms",
    "units",
    "evidence",
    "ground",
    "payer_bps",
    "penalty_bps",
    "why",
)


def stamp(at: int) -> str:
    """Write an instant as people read it."""
    return datetime.fromtimestamp(at // _US, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _raw(text: str, length: int = merkle.HASH_BYTES) -> bytes:
    is_hex = len(text) == 2 * length and not set(text) - set("0123456789abcdef")
    _need(is_hex, "a hash in it is not written in lower-case hex")
    return bytes.fromhex(text)


def _need(holds: bool, why: str) -> None:
    if not holds:
        raise NotProven(why)
