"""A receipt proves a deal to a stranger, shows nothing of others, and bears no change."""

import json
import os
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core.negotiation import AgreementReached
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, rules
from souq.core.seal import canonical
from souq.journal import merkle
from souq.journal.parts import cut, without_withheld
from souq.journal.replay import records
from souq.operations.evidence_queries import GetReceipt
from souq.venue.desk import Desk
from souq.venue.receipts import get_receipt
from souq.views.receipt_check import NotProven, check
from tests.evidence.markets import (
    KEY,
    Bundle,
    askers,
    bundle,
    bundles,
    contracts,
    of_plays,
    of_scenarios,
    of_walks,
    script,
)

FULL = os.environ.get("SOUQ_FULL") == "1"
CHANGES = 40 if FULL else 4  # of random bytes of every receipt


@cache
def every() -> tuple[Bundle, ...]:
    desks = (*of_plays(), *of_scenarios(), *of_walks())
    return tuple(one for desk in desks for one in bundles(desk))


def script_says_no(text: bytes) -> bool:
    try:
        script().verify(text, "")
    except Exception:
        return True
    return False


def souq_says_no(text: bytes) -> bool:
    try:
        check(text)
    except NotProven:
        return True
    return False


def changed(text: bytes, place: int, chance: Random) -> bytes:
    other = chance.choice([one for one in range(256) if one != text[place]])
    return text[:place] + bytes([other]) + text[place + 1 :]


def test_every_receipt_is_verified_by_souq_and_by_the_script() -> None:
    count = 0
    for one in every():
        proven = check(one.text, KEY.material)
        head, said, *_ = script().verify(one.text, KEY.material)
        assert proven.contract == one.contract == said["contract"]
        assert proven.size == head["size"]
        count += 1
    assert count > 500


def test_no_byte_of_some_receipts_can_be_changed() -> None:
    chance = Random(1)
    smallest = min(every(), key=lambda one: len(one.text))
    for place in range(len(smallest.text)):
        text = changed(smallest.text, place, chance)
        assert souq_says_no(text), place
        assert script_says_no(text), place


def test_random_bytes_of_no_receipt_can_be_changed() -> None:
    chance = Random(2)
    for one in every():
        for _ in range(CHANGES):
            text = changed(one.text, chance.randrange(len(one.text)), chance)
            assert souq_says_no(text)
            assert script_says_no(text)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text[:-1], id="cut"),
        pytest.param(lambda text: text + b"\n", id="a line more"),
        pytest.param(lambda text: b" " + text, id="a space before"),
        pytest.param(lambda text: b"", id="nothing"),
        pytest.param(lambda text: b"[" * 100_000, id="nested"),
        pytest.param(lambda text: b"{}\n", id="an empty object"),
        pytest.param(lambda text: b"\xff\xfe", id="no text"),
        pytest.param(lambda text: json.dumps(json.loads(text)).encode(), id="written otherwise"),
        pytest.param(lambda text: text.replace(b'"type":"souq-receipt/1"', b'"type":5'), id="type"),
    ],
)
def test_what_is_no_receipt_is_told_so(spoil: Any) -> None:
    text = spoil(next(iter(bundles(of_plays()[0]))).text)
    assert souq_says_no(text)
    assert script_says_no(text)


# A liar who holds a key of his own signs whatever he has made; what he tells of must still follow.


def forged(text: bytes, lie: Any) -> bytes:
    said = json.loads(text)
    said.pop("signature")
    lie(said)
    head = {name: value for name, value in said["head"].items() if name != "signature"}
    said["head"] = {**head, "signature": KEY.sign(head)}
    return canonical.encode({**said, "signature": KEY.sign(said)}) + b"\n"


def _price(said: Any) -> None:
    for record in said["records"]:
        for one in record["opened"]:
            event = one["part"].get("event", {})
            if event.get("type") == "AgreementReached":
                event["contract"] = "C999"
                said["contract"] = "C999"


def _stamp(said: Any) -> None:
    said["records"][-1]["opened"][0]["part"]["header"]["at"] += 1


def _place(said: Any) -> None:
    said["records"][-1]["seq"] += 1


def _root(said: Any) -> None:
    said["head"]["root"] = "00" * 32


def _size(said: Any) -> None:
    said["head"]["size"] += 1


def _word(said: Any) -> None:
    said["words"][0]["text"] += "!"


def _foreign_word(said: Any) -> None:
    said["words"].append({"digest": "s1:" + "0" * 64, "salt": "00" * 16, "text": "anything"})


def _no_parents(said: Any) -> None:
    said["steps"][-1]["parents"] = ["00" * 32]


def _step_left_out(said: Any) -> None:
    said["steps"].pop()


def _step_twice(said: Any) -> None:
    said["steps"].append(said["steps"][-1])


@pytest.mark.parametrize(
    "lie",
    [
        _price,
        _stamp,
        _place,
        _root,
        _size,
        _word,
        _foreign_word,
        _no_parents,
        _step_left_out,
        _step_twice,
    ],
)
def test_a_signature_under_a_lie_does_not_make_it_true(lie: Any) -> None:
    found = next(one for one in every() if json.loads(one.text)["words"])
    text = forged(found.text, lie)
    assert souq_says_no(text)
    assert script_says_no(text)


def test_forging_nothing_is_no_lie() -> None:
    found = next(iter(bundles(of_plays()[0])))
    assert forged(found.text, lambda said: None) == found.text


def test_another_key_is_told_from_the_one_that_is_known() -> None:
    found = next(iter(bundles(of_plays()[0])))
    with pytest.raises(NotProven, match="another key"):
        check(found.text, "00" * 32)
    with pytest.raises(ValueError, match="another key"):
        script().verify(found.text, "00" * 32)


# What it shows.


def test_only_those_in_a_deal_may_have_its_receipt() -> None:
    asked = 0
    for desk in (*of_plays(), *of_scenarios()):
        for agreed in contracts(desk)[:3]:
            may = set(askers(desk, agreed))
            others = [f"A{n}" for n in range(1, 5)] + [f"P{n}" for n in range(1, 5)]
            for actor in ({"", "nobody", "system", *others} - may) - {rules(desk.state).arbiter}:
                with pytest.raises(Refused) as refused:
                    get_receipt(desk, actor, GetReceipt(agreed.contract))
                assert refused.value.reason is Reason.NOT_YOURS
                asked += 1
    assert asked > 200


@pytest.mark.parametrize("id", ["", "C", "C0", "C01", "C999", "c1", "N1", "C1 ", "C" + "9" * 300])
def test_a_deal_that_never_was_has_no_receipt(id: str) -> None:
    with pytest.raises(Refused) as refused:
        get_receipt(of_plays()[0], OPERATOR, GetReceipt(id))
    assert refused.value.reason is Reason.NOT_FOUND


def numbers_in(value: Any) -> set[int]:
    if isinstance(value, dict):
        return set().union(*map(numbers_in, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(numbers_in, value))
    return {value} if type(value) is int else set()


@cache
def seen_by(desk: Desk, actor: str) -> dict[int, list[bytes]]:
    """Give what the feed shows somebody, by record."""
    found: dict[int, list[bytes]] = {}
    after = 0
    while (page := desk.feed.page(actor, after, 500)).last > after:
        for record in page.records:
            events = [canonical.encode(one) for one in record.events]
            found[record.seq] = [without_withheld(one)[0] for one in events]
        after = page.last
    return found


def parts_of(text: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for record in json.loads(text)["records"]:
        for one in record["opened"]:
            yield record["seq"], one["part"]


def is_escrow(event: dict[str, Any], contract: str) -> bool:
    is_batch = event["type"] == "TransfersMade"
    return is_batch and all(id.startswith(f"#{contract}.") for id in event["batch"]["id"])


def test_a_receipt_shows_a_party_nothing_that_its_feed_would_not() -> None:
    shown = 0
    for one in every():
        if one.actor == OPERATOR:
            continue
        feed = seen_by(one.desk, one.actor)
        for seq, part in parts_of(one.text):
            event = part.get("event")
            if event is not None and not is_escrow(event, one.contract):
                assert canonical.encode(event) in feed.get(seq, []), (one.actor, seq, event)
                shown += 1
    assert shown > 5_000


def test_numbers_that_are_the_other_sides_own_stand_in_no_receipt() -> None:
    """What others bid unseen, reserved, or were limited to: by value, over all mechanisms."""
    hidden_total = 0
    for desk in (*of_plays(), *of_scenarios()):
        everything: set[int] = set()
        for record in records(desk.store):
            everything |= numbers_in(json.loads(canonical.encode(record.events)))
            everything |= numbers_in(json.loads(canonical.encode(record.command)))
        for payload in desk.store.payloads():
            if payload.audience.startswith("principal-of"):
                everything |= numbers_in(json.loads(payload.content))
        for one in bundles(desk, contracts_max=2):
            if one.actor == OPERATOR:
                continue
            own: set[int] = set()
            for found in seen_by(desk, one.actor).values():
                for event in found:
                    own |= numbers_in(json.loads(event))
            shown = set().union(*(numbers_in(part) for _, part in parts_of(one.text)))
            stamps = {record.at for record in records(desk.store)}
            seqs = set(range(1, desk.evidence.seq + 1))
            spoken = {
                n
                for record in records(desk.store)
                if one.actor in (record.actor, desk.mentions.principal(record.actor))
                for n in numbers_in(json.loads(canonical.encode(record.command)))
            }
            fees = {
                units
                for record in records(desk.store)
                for event in record.events
                if type(event).__name__ == "TransfersMade"
                and is_escrow(json.loads(canonical.encode(event)), one.contract)
                for units in event.batch.amount
            }
            hidden = everything - own - stamps - seqs - spoken - fees - set(range(10))
            hidden_total += len(hidden)
            assert not hidden & shown, (one.actor, one.contract, hidden & shown)
    assert hidden_total > 100


def test_no_private_text_nor_limit_is_opened() -> None:
    for desk in (*of_plays(), *of_scenarios()):
        private = [
            payload
            for payload in desk.store.payloads()
            if payload.audience.startswith(("principal-of", "operator"))
        ]
        for one in bundles(desk, contracts_max=2):
            for payload in private:
                assert payload.salt.hex().encode() not in one.text


def test_what_is_hidden_cannot_be_guessed_from_the_hashes_beside_it() -> None:
    for desk in of_plays():
        for one in bundles(desk, contracts_max=2):
            opened = {(seq, canonical.encode(part)) for seq, part in parts_of(one.text)}
            for seq in {seq for seq, _ in opened}:
                entry = desk.evidence.entry(seq)
                for part in cut(entry.body, entry.hash).parts:
                    if (seq, part) not in opened:
                        assert merkle.leaf_hash(part).hex().encode() not in one.text


def test_the_arbiter_of_a_dispute_sees_what_both_sides_see() -> None:
    count = 0
    for desk in of_scenarios():
        arbiter = rules(desk.state).arbiter
        for agreed in contracts(desk):
            if arbiter in askers(desk, agreed):
                continue
            try:
                text = bundle(desk, arbiter, agreed.contract).text
            except Refused:
                continue  # never disputed, see above
            count += 1
            check(text)
            both = [seen_by(desk, one) for one in agreed.agreement.parties]
            for seq, part in parts_of(text):
                event = part.get("event")
                if event is not None and not is_escrow(event, agreed.contract):
                    assert all(canonical.encode(event) in feed.get(seq, []) for feed in both)
    assert count


def test_a_receipt_names_every_step_of_its_deal() -> None:
    """Whatever tells of the contract, and may be seen by the asker, is there."""
    for desk in (*of_scenarios(), *of_plays()):
        for one in bundles(desk, contracts_max=3):
            if one.actor == OPERATOR:
                continue
            told = {
                (seq, canonical.encode(part["event"]))
                for seq, part in parts_of(one.text)
                if "event" in part
            }
            for seq, events in seen_by(desk, one.actor).items():
                for event in events:
                    if json.loads(event).get("contract") == one.contract:
                        assert (seq, event) in told


def test_steps_of_a_sale_follow_from_each_other() -> None:
    sale = next(
        one
        for desk in of_scenarios()
        for one in bundles(desk)
        if {"offer", "acceptance", "hold", "delivery", "settlement", "mandate", "listing"}
        <= {step["step"] for step in json.loads(one.text)["steps"]}
    )
    steps = json.loads(sale.text)["steps"]
    names = [step["step"] for step in steps]
    order = ["market", "mandate", "listing", "offer", "acceptance", "agreement", "hold", "delivery"]
    places = [names.index(name) for name in (*order, "settlement")]
    assert places == sorted(places)
    digests = [step["digest"] for step in steps]
    for step in steps:
        for parent in step["parents"]:
            assert digests.index(parent) < digests.index(step["digest"])


def test_one_sides_events_are_shown_without_the_others_of_the_same_record() -> None:
    """An auction's close holds many deals; a receipt opens one."""
    for desk in of_plays():
        found = contracts(desk)
        seqs: dict[int, list[AgreementReached]] = {}
        for record in records(desk.store):
            agreed = [one for one in record.events if isinstance(one, AgreementReached)]
            if len(agreed) > 1:
                seqs[record.seq] = agreed
        for agreed in seqs.values():
            for one in agreed:
                text = bundle(desk, OPERATOR, one.contract).text
                events = [part["event"] for _, part in parts_of(text) if "event" in part]
                names = [event.get("contract") for event in events]
                assert {name for name in names if name} == {one.contract}
        if seqs:
            assert found
            return
    raise AssertionError("no play agrees on two deals at once")


def test_msgspec_and_json_write_the_same_bytes() -> None:
    """The script writes with another library what the market hashes."""
    chance = Random(3)
    signs = [chr(one) for one in range(0x180)] + ["\u2028", "\ue000", "\uffff", "😀", "\ud7ff"]

    def anything(depth: int) -> Any:
        text = "".join(chance.choice(signs) for _ in range(chance.randint(0, 6)))
        kind = chance.randint(0, 3) if depth < 3 else 0
        if kind == 1:
            return chance.randint(-(2**53), 2**53)
        if kind == 2:
            return [anything(depth + 1) for _ in range(3)]
        if kind == 3:
            return {f"{text}{n}": anything(depth + 1) for n in range(3)}
        return text

    for _ in range(3_000):
        value = anything(0)
        ours = canonical.encode(value)
        assert script().dump(msgspec.json.decode(ours)) == ours


def test_a_signature_is_spelt_in_one_way_only() -> None:
    text = every()[0].text
    start = text.rindex(b'"signature":"') + len(b'"signature":"')
    letters = [n for n in range(start, start + 128) if text[n : n + 1].isalpha()]
    for n in letters[:8]:
        changed = text[:n] + text[n : n + 1].upper() + text[n + 1 :]
        assert souq_says_no(changed)
        assert script_says_no(changed)
