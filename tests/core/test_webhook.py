"""Webhooks in the core: which addresses are taken, what is kept secret, how one goes back."""

from typing import Any

import msgspec
import pytest

from souq.core.refusal import Reason
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText
from souq.core.webhook import (
    URL_MAX,
    WEBHOOKS,
    WEBHOOKS_MAX,
    WEBHOOKS_OF,
    AddWebhook,
    Disabled,
    DisableWebhook,
    EnableWebhook,
    Live,
    RemoveWebhook,
    ReplayWebhook,
)
from souq.journal.admission import Malformed, admit
from tests.core.stall import BEA, SOL, Stall

SECRET = "https://agent.example:8443/in/T0P-S3CRET?a=1&b=%20"
GOOD = (
    SECRET,
    "http://localhost:9000",
    "http://127.0.0.1/x",
    "https://[::1]:8443/in",
    "https://xn--mnchen-3ya.example/",
    "https://a.example?x=1",
    "https://a.example/" + "x" * (URL_MAX - 18),
)
BAD = (
    "",
    "https://",
    "https:///in",
    "agent.example/in",
    "//agent.example/in",
    "ftp://agent.example/",
    "HTTPS://agent.example/",
    "javascript:alert(1)",
    "https://user@agent.example/",
    "https://user:secret@agent.example/",
    "https://good.example:443@evil.example/",
    "https://good.example\\@evil.example/",
    "https://agent.example/#part",
    "https://agent.example:0/",
    "https://agent.example:65536/",
    "https://agent.example:/",
    "https://agent.example:80x/",
    "https://-agent.example/",
    "https://agent.example-/",
    "https://münchen.example/",
    "https://agent.example/ü",
    "https://agent.example/a b",
    "https://agent.example/\r\nHost: evil.example",
    "https://agent.example/\n",
    "https://agent.example/\x00",
    " https://agent.example/",
    "https://agent.example/<script>",
    "https://[::1/",
    "https://[fe80::1%25eth0]/",
    "https://a.example/" + "x" * (URL_MAX - 17),
)


def add(url: str = SECRET, types: tuple[str, ...] = ()) -> AddWebhook:
    return AddWebhook(OperatorText(url), types)


@pytest.fixture
def stall() -> Stall:
    return Stall()


@pytest.mark.parametrize("url", GOOD)
def test_an_address_of_the_web_is_taken(stall: Stall, url: str) -> None:
    (event,) = stall.do(BEA, add(url)).events
    assert (event.webhook, event.owner) == ("H1", BEA)


@pytest.mark.parametrize("url", BAD)
def test_anything_else_is_no_address(stall: Stall, url: str) -> None:
    refusal = stall.try_(BEA, add(url)).refusal
    assert refusal is not None
    assert (refusal.reason, refusal.facts["field"]) == (Reason.INVALID, "url")
    assert not stall.engine.state.rows(WEBHOOKS)


@pytest.mark.parametrize(
    "types",
    [("",), ("Offer Made",), ("a" * 65,), ("OfferMade", "OfferMade"), ("Öffer",), ("x1",)],
)
def test_types_are_names_of_events_each_once(stall: Stall, types: tuple[str, ...]) -> None:
    refusal = stall.try_(BEA, add(types=types)).refusal
    assert refusal is not None
    assert refusal.facts["field"] == "types"


def test_many_types_are_too_many(stall: Stall) -> None:
    names = tuple("a" * n for n in range(1, 65))
    stall.do(BEA, add(types=names))
    assert stall.try_(BEA, add(types=(*names, "b"))).refusal is not None


def test_the_address_stands_in_no_record_and_is_for_the_operator(stall: Stall) -> None:
    stall.do(BEA, add())
    store = stall.engine.store
    assert not any(b"S3CRET" in entry.body for entry in store.read())
    assert "S3CRET" not in repr(stall.engine.state.rows(WEBHOOKS))
    (event,) = stall.try_(BEA, add()).need().events
    payload = store.payload(event.url)
    assert payload is not None
    assert payload.audience == "operator"
    assert msgspec.json.decode(payload.content) == SECRET


def test_an_address_for_everybody_is_no_address() -> None:
    wrong: Any = "https://agent.example/"
    with pytest.raises(Malformed):
        admit(AddWebhook(wrong), 1_000)


def test_a_place_comes_free_when_one_is_removed(stall: Stall) -> None:
    for _ in range(WEBHOOKS_MAX):
        stall.do(BEA, add())
    assert stall.try_(BEA, add()).refusal is not None
    stall.do(SOL, add())
    stall.do(BEA, RemoveWebhook("H3"))
    assert stall.do(BEA, add()).events[0].webhook == f"H{WEBHOOKS_MAX + 2}"
    for id in list(stall.engine.state.rows(WEBHOOKS)):
        stall.do(OPERATOR, RemoveWebhook(id))
    assert not stall.engine.state.rows(WEBHOOKS_OF)


def test_enabling_begins_anew_and_keeps_what_was_wished(stall: Stall) -> None:
    stall.do(BEA, add(types=("OfferMade",)))
    before = stall.engine.state.get(WEBHOOKS, "H1")
    assert isinstance(before, Live)
    assert before.since == before.wish.added_at
    stall.do(OPERATOR, DisableWebhook("H1"))
    assert stall.engine.state.get(WEBHOOKS, "H1") == Disabled(before.wish, "failing")
    at = stall.do(BEA, EnableWebhook("H1")).at
    assert stall.engine.state.get(WEBHOOKS, "H1") == Live(before.wish, at)


def test_every_replay_is_counted(stall: Stall) -> None:
    stall.do(BEA, add())
    for n, after in enumerate((7, 0), 1):
        stall.do(BEA, ReplayWebhook("H1", after))
        webhook = stall.engine.state.get(WEBHOOKS, "H1")
        assert webhook is not None
        assert (webhook.wish.replays, webhook.wish.after) == (n, after)
    assert stall.try_(BEA, ReplayWebhook("H1", -1)).refusal is not None


def test_what_the_operator_forbids_stays_forbidden(stall: Stall) -> None:
    stall.do(BEA, add())
    stall.do(OPERATOR, DisableWebhook("H1", "failing"))
    stall.do(OPERATOR, DisableWebhook("H1", "forbidden"))
    for command in (DisableWebhook("H1", "failing"), DisableWebhook("H1", "forbidden")):
        assert stall.try_(OPERATOR, command).refusal is not None
    assert stall.try_(BEA, EnableWebhook("H1")).refusal is not None
    stall.do(OPERATOR, EnableWebhook("H1"))
