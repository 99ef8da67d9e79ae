"""A signed act is its actor's own word: nobody makes one for another, or for another command."""

import asyncio
from base64 import urlsafe_b64encode
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from souq.core.act import is_jws, jcs, signing_input
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.credential import AddKey, RevokeKey
from souq.core.dispute import OpenDispute
from souq.core.listing import PostListing
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.message import PostMessage
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.core.seal import PartyText, PublicText, canonical
from souq.journal.memory import MemoryStore
from souq.journal.record import GENESIS, Damaged, chained
from souq.journal.replay import records
from souq.journal.sealing import salts_of, seal
from souq.journal.verify import verify
from souq.operations.evidence_queries import GetReceipt
from souq.sdk.acts import Acts
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.signing import KeyFile, new_key, signature_of
from souq.views.receipt_check import NotProven, check
from tests.evidence.markets import script
from tests.serving import ADMIN, open_folder, serving


class Street:
    """A market of three agents who hold keys that sign."""

    def __init__(self, market: Client) -> None:
        self.market = market
        self.keys: dict[str, KeyFile] = {}
        for name, kind in (("bea", "ed25519"), ("sol", "es256"), ("eve", "ed25519")):
            one = market.join(name, deposit="1000")
            key = self.keys[one.id] = new_key(kind, one.id)  # type: ignore[arg-type]
            market.submit(AddKey(one.id, key.kind, key.material))

    def signing(self, actor: str) -> Client:
        return self.market.speaking_as(actor, self.keys[actor], signs=True)

    def acts(self, actor: str, market: str = "souq") -> Acts:
        return Acts(self.keys[actor], market=market, actor=actor)

    def submit(self, actor: str, id: str, command: Any, act: str) -> Any:
        return self.market.venue.submit(actor, id, command, act=act)


def usd(units: int) -> Money:
    return Money(units, "USD")


LAMP = PostListing(PublicText("Brass lamp"), category="home", price=usd(900))
OFFER = MakeOffer((Item("L1"),), usd(600))


@pytest.fixture
def street() -> Any:
    with Client.local(rules=Rules(signed_acts=True)) as market:
        yield Street(market)


def deal(street: Street) -> str:
    bea, sol = street.signing("A1"), street.signing("A2")
    sol.submit(LAMP)
    made = bea.submit(OFFER).events
    talk = next(one.negotiation for one in made if type(one).__name__ == "OfferMade")
    countered = sol.submit(Counter(talk, usd(800))).events
    terms = next(one.terms for one in countered if type(one).__name__ == "OfferMade")
    agreed = bea.submit(Accept(talk, terms)).events
    contract = next(one.contract for one in agreed if type(one).__name__ == "AgreementReached")
    sol.submit(SubmitDelivery(contract))
    return str(contract)


def test_a_receipt_proves_what_both_sides_signed(street: Street) -> None:
    contract = deal(street)
    street.signing("A1").submit(AcceptDelivery(contract))
    for actor in ("A1", "A2", "P1", "P2", "operator"):
        text = street.market.speaking_as(actor).ask(GetReceipt(contract)).file.encode()
        assert check(text).acts >= 5
        assert script().verify(text, "")[-1] == check(text).acts
    verify(street.market.venue.engine.store)


def test_without_a_signature_nothing_binds(street: Street) -> None:
    street.market.speaking_as("A2").submit(LAMP)
    bea = street.market.speaking_as("A1")
    with pytest.raises(Refused) as refused:
        bea.submit(OFFER)
    assert refused.value.reason is Reason.SIGNATURE_REQUIRED
    assert not refused.value.facts
    bea.submit(PostMessage(PublicText("words bind nobody")))


def test_a_house_that_asks_for_none_takes_signatures_all_the_same() -> None:
    with Client.local() as market:
        street = Street(market)
        contract = deal(street)
        street.market.speaking_as("A1").submit(AcceptDelivery(contract))
        text = market.ask(GetReceipt(contract)).file.encode()
        assert check(text).acts == 6 - 1  # the acceptance of the delivery was not signed
        assert script().verify(text, "")[-1] == 5


def refused_as(answer: Any) -> tuple[str, str]:
    assert answer.refusal is not None
    facts = answer.refusal.facts
    return answer.refusal.reason, str(facts.get("why", ""))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(lambda s: s.acts("A3").sign(OFFER, "x"), "not its actor's", id="another"),
        pytest.param(lambda s: s.acts("A1").sign(OFFER, "y"), "not over this", id="another id"),
        pytest.param(
            lambda s: s.acts("A1", "other").sign(OFFER, "x"), "not over this", id="another market"
        ),
        pytest.param(
            lambda s: s.acts("A1").sign(MakeOffer((Item("L1"),), usd(601)), "x"),
            "not over this",
            id="another price",
        ),
        pytest.param(
            lambda s: Acts(s.keys["A1"], market="souq", actor="A3").sign(OFFER, "x"),
            "not over this",
            id="signed as another",
        ),
        pytest.param(
            lambda s: Acts(new_key("ed25519"), market="souq", actor="A1").sign(OFFER, "x"),
            "not its actor's",
            id="an unknown key",
        ),
    ],
)
def test_a_wrong_signature_is_refused_whatever_the_house_asks(spoil: Any, why: str) -> None:
    for signed_acts in (True, False):
        with Client.local(rules=Rules(signed_acts=signed_acts)) as market:
            street = Street(market)
            street.signing("A2").submit(LAMP)
            reason, told = refused_as(street.submit("A1", "x", OFFER, spoil(street)))
            assert reason == "invalid"
            assert why in told
            verify(market.venue.engine.store)


@pytest.mark.parametrize(
    "act",
    [
        "x",
        "..",
        "a..b",
        "é" * 90,
        f"{'A' * 513}..{'A' * 86}",
        f"e30..{'A' * 86};salt",
        f"e30..{'A' * 86};{'0' * 33}",
        f"e30.e30.{'A' * 86}",
    ],
)
def test_what_has_not_the_form_of_a_signature_is_not_recorded(act: str, street: Street) -> None:
    before = street.market.venue.engine.head
    reason, _ = refused_as(street.submit("A1", "x", OFFER, act))
    assert reason == "invalid"
    assert street.market.venue.engine.head == before


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[]",
        b"not json",
        b'{"alg":"none","kid":"K","typ":"souq-act"}',
        b'{"alg":"EdDSA","kid":"K","typ":"souq-act","crit":["b64"],"b64":false}',
        b"\xff",
        b"[" * 300,
    ],
)
def test_no_header_opens_a_way_around(header: bytes, street: Street) -> None:
    protected = urlsafe_b64encode(header).rstrip(b"=").decode()
    act = f"{protected}..{'A' * 86}"
    assert is_jws(act)
    assert refused_as(street.submit("A1", "x", OFFER, act))[0] == "invalid"
    verify(street.market.venue.engine.store)


def test_a_signature_made_as_something_else_is_no_act(street: Street) -> None:
    key = street.keys["A1"]
    acts = street.acts("A1")
    good = acts.sign(OFFER, "x")
    protected = good.partition("..")[0]
    other = protected.replace(protected[-4:], "AAAA")
    assert refused_as(street.submit("A1", "x", OFFER, good.replace(protected, other)))
    assert key.kind == "ed25519"


def test_a_key_that_was_ended_signs_nothing_more(street: Street) -> None:
    street.signing("A2").submit(LAMP)
    key = next(key for key in street.market.list_keys("A1").keys if key.kind == "ed25519")
    street.market.submit(RevokeKey(key.id))
    with pytest.raises(Refused) as refused:
        street.signing("A1").submit(OFFER)
    assert refused.value.reason is Reason.INVALID


def test_any_one_sign_of_an_act_changed_is_refused(street: Street) -> None:
    street.signing("A2").submit(LAMP)
    chance = Random(1)
    act = street.acts("A1").sign(OFFER, "x")
    for n in chance.sample(range(len(act)), 40):
        act = street.acts("A1").sign(OFFER, f"x{n}")
        other = chance.choice([one for one in "ABCabc019-_" if one != act[n]])
        answer = street.submit(
            "A1", "x" if n < 0 else f"x{n}", OFFER, act[:n] + other + act[n + 1 :]
        )
        assert answer.refusal is not None
    act = street.acts("A1").sign(OFFER, "x")
    assert street.submit("A1", "x", OFFER, act).refusal is None


def test_words_are_signed_as_digests_and_may_be_erased(street: Street) -> None:
    contract = deal(street)
    claim = OpenDispute(contract, "damaged", PartyText("the shade is torn"))
    street.signing("A1").submit(claim)
    store = street.market.venue.engine.store
    with_words = street.market.speaking_as("A1").ask(GetReceipt(contract)).file.encode()
    assert b"the shade is torn" in with_words
    acts = check(with_words).acts
    for payload in list(store.payloads()):
        store.erase(payload.digest)
    without = street.market.speaking_as("A1").ask(GetReceipt(contract)).file.encode()
    assert b"the shade is torn" not in without
    assert check(without).acts == acts == script().verify(without, "")[-1]
    assert check(with_words).acts == acts, "a receipt that was given stays good"


def test_words_without_a_salt_are_not_taken(street: Street) -> None:
    act = street.acts("A2").sign(LAMP, "x").partition(";")[0]
    reason, why = refused_as(street.submit("A2", "x", LAMP, act))
    assert (reason, "salt" in why) == ("invalid", True)


def test_the_same_salt_twice_seals_to_two_digests(street: Street) -> None:
    """Or one text's erasure would take another's with it."""
    chat = PostMessage(PublicText("hello"))
    digests = set()
    for id in ("x", "y"):
        street.submit("A1", id, chat, _with_salt(street, "A1", id, chat))
    for record in records(street.market.venue.engine.store):
        if isinstance(record.command, PostMessage):
            digests.add(record.command.text.digest)
    assert len(digests) == 2
    verify(street.market.venue.engine.store)


def _with_salt(street: Street, actor: str, id: str, command: Any) -> str:
    salt = "ab" * 16
    sealed, _ = seal(command, salts_of(salt, actor, id))
    protected = street.acts(actor)._protected
    message = signing_input(protected, market="souq", actor=actor, id=id, command=sealed)
    raw = urlsafe_b64encode(signature_of(street.keys[actor], message)).rstrip(b"=").decode()
    return f"{protected}..{raw};{salt}"


def test_a_repeated_command_is_answered_again_with_or_without_its_signature(
    street: Street,
) -> None:
    first = street.submit("A2", "x", LAMP, street.acts("A2").sign(LAMP, "x"))
    assert first.refusal is None
    for act in ("", street.acts("A2").sign(LAMP, "x")):
        again = street.submit("A2", "x", LAMP, act)
        assert again.is_replay
        assert again.seq == first.seq


def test_souq_verify_judges_every_signature_again(street: Street) -> None:
    deal(street)
    store = street.market.venue.engine.store
    entries = list(store.read())
    signed = [one for one in entries if b'"act":"' in one.body]
    assert len(signed) == 5
    for entry in signed:
        record = msgspec.json.decode(entry.body)
        protected, _, raw = record["act"].partition("..")
        record["act"] = f"{protected}..{'A' * len(raw)}"
        with pytest.raises(Damaged):
            verify(_rechained(entries, entry.seq, record, store))


def _rechained(entries: list[Any], seq: int, record: Any, store: Any) -> Any:
    other = MemoryStore()
    previous = GENESIS
    payloads = tuple(store.payloads())
    for entry in entries:
        body = canonical.encode(record) if entry.seq == seq else entry.body
        previous = chained(previous, body)
        brought = payloads if entry.seq == 1 else ()
        other.append([entry._replace(hash=previous, body=body, payloads=brought)])
    return other


def test_erased_words_do_not_keep_a_signature_from_being_checked(street: Street) -> None:
    street.signing("A2").submit(LAMP)
    store = street.market.venue.engine.store
    entries = list(store.read())
    entry = next(one for one in entries if b'"act":"' in one.body)
    for payload in list(store.payloads()):
        if payload.content == b'"Brass lamp"':
            store.erase(payload.digest)
    verify(store)
    record = msgspec.json.decode(entry.body)
    protected, _, raw = record["act"].partition("..")
    record["act"] = f"{protected}..{'A' * len(raw)}"
    with pytest.raises(Damaged, match="signature does not hold"):
        verify(_rechained(entries, entry.seq, record, store))


def test_a_bearer_secret_cannot_sign() -> None:
    with pytest.raises(ValueError, match="cannot sign"):
        Acts(new_key("bearer"), market="souq", actor="A1")


def test_what_is_signed_is_in_the_order_of_rfc_8785() -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    value = {"\ufb33": 1, "\U0001f600": 2, "a": [{"\u20ac": "\u2028\x7f\n"}], "": None, "1": True}
    assert jcs(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_a_client_signs_over_http(kind: str, tmp_path: Path) -> None:
    open_folder(tmp_path / "m", Rules(signed_acts=True))
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        for one in (bea, sol):
            made = new_key(kind, one.id)  # type: ignore[arg-type]
            market.submit(AddKey(one.id, made.kind, made.material))
            one.client = market.speaking_as(one.id, made, signs=True)
        lamp = sol.list("Brass lamp", category="home", price="900")
        talk = bea.offer(lamp, "600")
        contract = sol.accept(talk)
        sol.deliver(contract)
        [answer] = bea.client.submit_many([AcceptDelivery(contract)])
        assert answer.refusal is None
        text = bea.client.get_receipt(contract).file.encode()
        assert check(text).acts == 4
        with pytest.raises(NotProven):
            check(text.replace(b"600000000", b"500000000"))


async def _async_deal(url: str, bea: KeyFile, lamp: str) -> str:
    async with AsyncClient(url, key=bea, signs=True) as client:
        answer = await client.submit(MakeOffer((Item(lamp),), usd(5)))
        [other] = await client.submit_many([MakeOffer((Item(lamp),), usd(6))])
        assert other.refusal is None
        return str(answer.events[0].negotiation)


def test_an_async_client_signs_too(tmp_path: Path) -> None:
    open_folder(tmp_path / "m", Rules(signed_acts=True))
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        made = new_key("ed25519", bea.id)
        market.submit(AddKey(bea.id, made.kind, made.material))
        lamp = sol.list("Brass lamp", category="home", price="900")
        assert asyncio.run(_async_deal(served.url, made, lamp)) == "N1"
