"""Whatever a caller hands in, the journal can be read afterwards and the market goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from souq.core import market
from souq.core.annotation import Annotate
from souq.core.dispute import Rule
from souq.core.funds import ReportDeposit, TransferMany
from souq.core.listing import LISTINGS, EditListing, PostListing
from souq.core.mandate import GoodsLimit, GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.message import PostMessage, SendMessage
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Reason
from souq.core.rules import OPERATOR, SYSTEM, OpenMarket, Rules
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.core.transfer import Batch
from souq.engine import Answer, Engine
from souq.journal.admission import SIZE_MAX, Malformed, admit
from souq.journal.replay import replay
from souq.journal.sqlite import SqliteStore
from souq.journal.verify import verify
from tests.journal.stores import furnish

LAMP, USD5 = PublicText("lamp"), Money(5, "USD")
NAN, INFINITE = float("nan"), float("inf")
HALF = "\ud83e"  # half of a fox
Any_: Any = object()

WRONG_TYPES: tuple[Any, ...] = (
    ReportDeposit("P1", Money(5.5, "USD")),  # type: ignore[arg-type]
    ReportDeposit("P1", Money(5.0, "USD")),  # type: ignore[arg-type]
    ReportDeposit("P1", Money(True, "USD")),
    ReportDeposit("P1", Money("5", "USD")),  # type: ignore[arg-type]
    ReportDeposit("P1", Money(NAN, "USD")),  # type: ignore[arg-type]
    ReportDeposit("P1", None),  # type: ignore[arg-type]
    ReportDeposit(None, USD5),  # type: ignore[arg-type]
    ReportDeposit(b"P1", Money(5, 6)),  # type: ignore[arg-type]
    MakeOffer((Item("L1", 1.0),), USD5),  # type: ignore[arg-type]
    MakeOffer((Item("L1"), "L2"), USD5),  # type: ignore[arg-type]
    MakeOffer(Item("L1"), USD5),  # type: ignore[arg-type]
    MakeOffer((Item("L1"),), USD5, valid_us=1e6),  # type: ignore[arg-type]
    MakeOffer((Item("L1"),), USD5, valid_us=NAN),  # type: ignore[arg-type]
    Counter("N1", USD5, valid_us=INFINITE),  # type: ignore[arg-type]
    Rule("C1", 0.5),  # type: ignore[arg-type]
    PostListing(LAMP, "home", side="steal"),  # type: ignore[arg-type]
    PostListing(LAMP, "home", delivery="drone"),  # type: ignore[arg-type]
    PostListing(LAMP, "home", attributes={"watts": 1.5}),  # type: ignore[dict-item]
    PostListing(LAMP, "home", attributes={"watts": None}),  # type: ignore[dict-item]
    PostListing(LAMP, "home", attributes={"watts": [1]}),  # type: ignore[dict-item]
    PostListing(LAMP, "home", attributes={"watts": Any_}),
    PostListing(LAMP, "home", mechanisms=("swap", 7)),  # type: ignore[arg-type]
    PostListing("lamp", "home"),  # type: ignore[arg-type]
    PostListing(None, "home"),  # type: ignore[arg-type]
    PostMessage(PublicText(7)),
    PostMessage(PublicText(None)),
    PostMessage(PublicText(None, "s1:" + "0" * 64)),
    PostMessage(OperatorText("for the operator alone")),  # type: ignore[arg-type]
    SendMessage("N1", PublicText("for everybody")),  # type: ignore[arg-type]
    GrantMandate("A1", Limits()),  # type: ignore[arg-type]
    GrantMandate("A1", SecretLimits(None)),
    GrantMandate("A1", SecretLimits({"per_deal": 5})),
    GrantMandate("A1", SecretLimits(Limits(per_deal_units=5.5))),  # type: ignore[arg-type]
    GrantMandate("A1", SecretLimits(Limits(window_units=NAN))),  # type: ignore[arg-type]
    GrantMandate("A1", SecretLimits(Limits(goods={"x": GoodsLimit(INFINITE)}))),  # type: ignore[arg-type]
    OpenMarket(Rules(fee_bps=2.5)),  # type: ignore[arg-type]
    TransferMany(Batch(("t",), ("a",), ("b",), (1.0,))),  # type: ignore[arg-type]
    TransferMany(Batch(("t",), ("a",), ("b",), (True,))),
    TransferMany(Batch(("t",), ("a",), ("b",), ("1",))),  # type: ignore[arg-type]
    TransferMany(Batch(("t",), (7,), ("b",), (1,))),  # type: ignore[arg-type]
    TransferMany(Batch("t", "a", "b", (1,))),  # type: ignore[arg-type]
    TransferMany(Batch(("t",), ("a",), ("b",), 1)),  # type: ignore[arg-type]
    TransferMany(Batch(["t"], ["a"], ["b"], [1])),  # type: ignore[arg-type]
    TransferMany(Batch(("t",), ("a",), ("b",), (1,), kind=(None,))),  # type: ignore[arg-type]
    TransferMany({"id": ["t"]}),  # type: ignore[arg-type]
)
TOO_LARGE: tuple[Any, ...] = (
    ReportDeposit("P1", Money(2**70, "USD")),
    ReportDeposit("P1", Money(-(2**70), "USD")),
    ReportDeposit("P1", Money(2**53, "USD")),
    ReportDeposit("P1", Money(10**5_000, "USD")),
    MakeOffer((Item("L1", 2**64),), USD5),
    TakePrice("L1", USD5, quantity=2**63),
    PostListing(LAMP, "home", quantity=2**64),
    PostListing(LAMP, "home", attributes={"watts": 2**60}),
    Rule("C1", 2**65),
    GrantMandate("A1", SecretLimits(Limits(lifetime_units=2**62))),
    TransferMany(Batch(("t",), ("a",), ("b",), (2**80,))),
)
NO_UNICODE: tuple[Any, ...] = (
    PostMessage(PublicText(f"a {HALF} fox")),
    RegisterPrincipal(PublicText(HALF)),
    Annotate("note", OperatorText(HALF)),
    Annotate(HALF, OperatorText("note")),
    Accept(HALF, "0"),
    ReportDeposit("P1", Money(5, HALF)),
    PostListing(LAMP, HALF, attributes={HALF: 1}),
    GrantMandate("A1", SecretLimits(Limits(asset=HALF))),
    TransferMany(Batch((HALF,), ("a",), ("b",), (1,))),
)
LOUD: tuple[Any, ...] = (
    PostMessage(PublicText("m" * (SIZE_MAX + 1))),
    Accept("N" * (SIZE_MAX + 1), "0"),
    PostListing(LAMP, "home", attributes={"x": "y" * SIZE_MAX}),
    TransferMany(Batch(("",) * SIZE_MAX, (), (), ())),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A market on a disk; whatever a test did to it, its journal is sound in the end."""
    with Engine(SqliteStore(tmp_path)) as made:
        furnish(made)
        yield made
        made.submit(OPERATOR, "it goes on", ReportDeposit("P1", USD5)).need()
        assert market.state_hash(replay(made.store).state) == market.state_hash(made.state)
        verify(made.store)


def need_invalid(engine: Engine, answer: Answer) -> None:
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.INVALID
    assert (answer.seq, engine.head[0]) == (0, 6)


@pytest.mark.parametrize("command", WRONG_TYPES, ids=lambda one: type(one).__name__)
def test_a_field_of_the_wrong_type_is_refused_and_not_recorded(
    engine: Engine, command: Any
) -> None:
    for n, actor in enumerate((OPERATOR, "P1", "A1")):
        need_invalid(engine, engine.submit(actor, f"c{n}", command))


@pytest.mark.parametrize("command", TOO_LARGE, ids=lambda one: type(one).__name__)
def test_a_number_beyond_2_to_the_53_is_refused_and_not_recorded(
    engine: Engine, command: Any
) -> None:
    for n, actor in enumerate((OPERATOR, "P1", "A1")):
        need_invalid(engine, engine.submit(actor, f"c{n}", command))


@pytest.mark.parametrize("command", NO_UNICODE, ids=lambda one: type(one).__name__)
def test_half_a_surrogate_pair_is_refused_and_not_recorded(engine: Engine, command: Any) -> None:
    for n, actor in enumerate((OPERATOR, "P1", "A1")):
        need_invalid(engine, engine.submit(actor, f"c{n}", command))


@pytest.mark.parametrize("command", LOUD, ids=lambda one: type(one).__name__)
def test_a_strangers_megabyte_is_not_recorded(engine: Engine, command: Any) -> None:
    for actor in ("P1", "A1", "nobody"):
        need_invalid(engine, engine.submit(actor, "c", command))


@pytest.mark.parametrize(
    "id", ["", "x" * 129, "a\0b", "\0", "a\nb", HALF, "\u202eevil", 7, None, b"bytes"]
)
def test_an_id_is_1_to_128_printable_characters(engine: Engine, id: Any) -> None:
    need_invalid(engine, engine.submit(id, "c", PostMessage(LAMP)))
    need_invalid(engine, engine.submit("A1", id, PostMessage(LAMP)))


@pytest.mark.parametrize("actor", ["nobody", "A99", "' OR 1=1 --", "ä 🦊", "operator "])
def test_an_unknown_actor_is_refused_on_the_record(engine: Engine, actor: str) -> None:
    answer = engine.submit(actor, "c", ReportDeposit("P1", USD5))
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.NOT_YOURS
    assert answer.seq == 7
    assert engine.submit(actor, "c", ReportDeposit("P1", USD5)).is_replay


def test_nobody_speaks_as_the_engine(engine: Engine) -> None:
    answer = engine.submit(SYSTEM, "c", PostMessage(LAMP))
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.NOT_YOURS
    assert answer.seq == 0
    with pytest.raises(TypeError, match="not a command: Tick"):
        engine.submit(SYSTEM, "c", market.Tick("N1"))


@pytest.mark.parametrize("thing", [None, 7, "PostMessage", {}, market.Tick("N1"), PostMessage])
def test_what_is_no_command_at_all_raises(engine: Engine, thing: Any) -> None:
    with pytest.raises(TypeError, match="not a command"):
        engine.submit(OPERATOR, "c", thing)


@pytest.mark.parametrize(
    "words",
    ["🦊" * 4_000, "\0", "\x1b[31m", "\u2028\u202e", "é", "1" * 4_000, '"null"', "NaN", " "],
)
def test_any_unicode_is_carried_as_it_is(engine: Engine, words: str) -> None:
    answer = engine.submit("A1", "m", PostMessage(PublicText(words))).need()
    digest = answer.events[0].text
    payload = engine.store.payload(digest)
    assert payload is not None
    assert PublicText(words).content() == payload.content


@pytest.mark.parametrize("words", ["", "m" * 4_001])
def test_words_of_the_wrong_length_are_refused_on_the_record(engine: Engine, words: str) -> None:
    answer = engine.submit("A1", "m", PostMessage(PublicText(words)))
    assert answer.refusal is not None
    assert answer.refusal.reason == Reason.INVALID
    assert answer.seq == 7


@pytest.mark.parametrize(
    "command",
    [
        SendMessage("", PartyText("to nobody")),
        SendMessage("\0", PartyText("")),
        EditListing("", description=PublicText("")),
        RegisterPrincipal(PublicText("")),
        RegisterAgent("", PublicText("")),
        GrantMandate("", SecretLimits(Limits())),
        Accept("", ""),
        MakeOffer((), Money(0, "")),
        TransferMany(Batch((), (), (), ())),
    ],
    ids=lambda one: type(one).__name__,
)
def test_empty_fields_get_an_answer_that_can_be_read_back(engine: Engine, command: Any) -> None:
    for actor in ("A1", "P1", OPERATOR):
        first = engine.submit(actor, "c", command)
        again = engine.submit(actor, "c", command)
        assert (again.seq, again.refusal, again.events) == (first.seq, first.refusal, first.events)


def test_what_the_caller_changes_afterwards_is_not_the_markets(engine: Engine) -> None:
    engine.submit(OPERATOR, "g", GrantMandate("A1", SecretLimits(Limits()))).need()
    attributes: dict[str, Any] = {"watts": 60}
    engine.submit("A1", "l", PostListing(LAMP, "home", attributes=attributes)).need()
    attributes["watts"] = 5.5
    attributes["more"] = object()
    listing = engine.state.get(LISTINGS, "L1")
    assert listing is not None
    assert listing.attributes == {"watts": 60}


def test_the_operator_may_bring_sixteen_megabytes_of_evidence(engine: Engine) -> None:
    note = Annotate("evidence", OperatorText("e" * (16 << 20)))
    assert engine.submit(OPERATOR, "n", note).refusal is None
    need = engine.submit("A1", "n", note).refusal
    assert need is not None
    assert need.reason == Reason.INVALID


def test_what_json_can_say_is_read_as_what_it_says() -> None:
    made: Any = MakeOffer([{"listing": "L1"}], (5, "USD"))  # type: ignore[arg-type]
    assert admit(made, SIZE_MAX) == MakeOffer((Item("L1"),), USD5)
    assert type(admit(made, SIZE_MAX).items[0]) is Item


def test_a_sound_command_is_admitted_as_an_equal_copy() -> None:
    command = PostListing(
        LAMP,
        "home",
        Money(2**53 - 1, "USD"),
        description=PublicText("null 12345678901234567890"),
        attributes={"a": 1, "b": "9" * 20, "c": True},
    )
    copy = admit(command, SIZE_MAX)
    assert copy == command
    assert copy is not command
    with pytest.raises(Malformed, match=r"Expected `int`, got `float` - at `\$.price\[0\]`"):
        admit(TakePrice("L1", Money(1.0, "USD")), SIZE_MAX)  # type: ignore[arg-type]
