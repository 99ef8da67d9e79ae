"""Who may do and ask what, and that no answer tells anybody what is not theirs.

The tables say by hand, for every operation about somebody's own things, what each role hears. They
were written from the words of the operations and share nothing with the code that decides. Every
byte of every answer is searched for values that were planted for others.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from souq.operations import BY_NAME, OPERATIONS
from souq.venue import deals, people
from tests.http.market import (
    AGENTS,
    FEW,
    FLOOR,
    PERSON_OF,
    REF,
    ROLES,
    Fields,
    Town,
)
from tests.http.ready import QUERIES, READY
from tests.mechanisms.plays import OPEN_COMMANDS

PERSONS = ("stranger_person", "buyer_person", "seller_person", "arbiter")
OFFICERS = ("officer", "second_officer")
BUYERS, SELLERS = ("buyer", "buyer_person"), ("seller", "seller_person")
STRANGERS = ("stranger", "stranger_person")
_OTHER_PERSONS = tuple(person for person in PERSONS if person != "buyer_person")
PROVEN = tuple(role for role in ROLES if role not in ("anybody", "revoked"))

# By command, what a role hears; whoever is not named hears not_yours. What they do it to is the
# buyer's, or the seller's where only a seller could.
Row = dict[str, tuple[str, ...]]
COMMANDS: dict[str, Row] = {
    "open_market": {"already_exists": ("operator",)},
    "amend_rules": {"ok": ("operator",)},
    "set_halt": {"ok": ("operator",)},
    "add_webhook": {"ok": (*AGENTS, *PERSONS, "operator")},
    "remove_webhook": {"ok": (*BUYERS, "operator")},
    "enable_webhook": {"ok": ("buyer", "operator")},
    "disable_webhook": {"ok": ("operator",)},
    "replay_webhook": {"ok": ("buyer",)},
    "annotate": {"ok": ("operator",)},
    "register_principal": {"ok": ("operator",)},
    "register_agent": {"ok": ("buyer_person", "operator")},
    "declare_model": {"ok": (*BUYERS, "operator")},
    "register_officer": {"ok": ("operator",)},
    "set_restriction": {"ok": (*OFFICERS, "operator")},
    "appeal_restriction": {"ok": ("stranger_person",)},
    "add_key": {"ok": ("stranger_person", "operator")},  # a key for the stranger
    "revoke_key": {"ok": (*BUYERS, "operator")},
    "grant_mandate": {"ok": ("buyer_person", "operator")},
    "revoke_mandate": {"ok": ("buyer_person", "operator")},
    "set_policy": {"ok": ("buyer_person", "operator")},
    "set_organisation": {"ok": ("operator",)},
    "set_destination": {"ok": BUYERS},
    "revoke_contract": {"ok": ("buyer_person",)},
    "open_account": {"ok": ("operator",)},
    "transfer_many": {"ok": ("operator",)},
    "report_deposit": {"ok": (*OFFICERS, "operator")},
    "report_payout": {"ok": (*OFFICERS, "operator")},
    "report_chargeback": {"ok": (*OFFICERS, "operator")},
    "confirm_report": {"ok": ("second_officer", "operator")},  # not who reported it
    "reject_report": {"ok": (*OFFICERS, "operator")},
    "request_payout": {"ok": PERSONS},
    "cancel_payout": {"ok": ("buyer_person",)},
    "send_payout": {"ok": (*OFFICERS, "operator")},
    "confirm_payout": {"ok": ("second_officer", "operator")},  # not who sent it
    "fail_payout": {"ok": ("second_officer", "operator")},
    "post_listing": {"ok": AGENTS},
    "edit_listing": {"ok": ("seller",)},
    "pause_listing": {"ok": ("seller",)},
    "resume_listing": {"ok": ("seller",)},
    "withdraw_listing": {"ok": ("seller",)},
    "take_price": {"ok": ("stranger", "buyer", "sibling"), "same_principal": ("seller",)},
    "make_offer": {"ok": ("stranger", "buyer", "sibling"), "invalid": ("seller",)},
    "counter": {"ok": ("seller",), "not_your_turn": ("buyer",)},
    "propose_swap": {"ok": ("buyer", "seller"), "invalid": ("stranger", "sibling")},
    "accept": {"ok": ("seller",), "not_your_turn": ("buyer",)},
    "reject": {"ok": ("seller",), "not_your_turn": ("buyer",)},
    "withdraw": {"ok": ("buyer",), "not_your_turn": ("seller",)},
    "send_message": {"ok": ("buyer", "seller")},
    "post_message": {"ok": AGENTS},
    "approve": {"ok": ("buyer_person",)},
    "decline": {"ok": ("buyer_person",)},
    "submit_delivery": {"ok": SELLERS, "wrong_state": BUYERS},
    "accept_delivery": {"ok": BUYERS, "wrong_state": SELLERS},
    "cancel_contract": {"ok": SELLERS, "wrong_state": BUYERS},
    "open_dispute": {"ok": BUYERS, "wrong_state": SELLERS},
    "rule": {"ok": ("arbiter",)},
    "answer_dispute": {"ok": SELLERS, "not_yours": BUYERS},
    "add_evidence": {"ok": (*BUYERS, *SELLERS)},
    "propose_split": {"ok": (*BUYERS, *SELLERS)},
    "accept_split": {"ok": BUYERS, "not_your_turn": SELLERS},
    "undo_contract": {"ok": ("buyer_person", "seller_person")},
    "open_channel": {
        "ok": ("stranger", "sibling"),
        "outside_mandate": ("buyer",),  # it may buy what its ceilings name, and no more
        "same_principal": ("seller",),
    },
    "top_up_channel": {"ok": ("stranger",)},
    "present_voucher": {"ok": SELLERS},
    "close_channel": {"ok": (*STRANGERS, *SELLERS)},
    "agree_close": {"ok": (*STRANGERS, *SELLERS)},
    "settle_channels": {"ok": SELLERS},
    "commit_epoch": {"ok": ("operator",)},
    "reveal_epoch": {"ok": ("operator",)},
    "post_bond": {"ok": PERSONS, "not_found": (*AGENTS, *OFFICERS, "operator")},
    "withdraw_bond": {"ok": PERSONS, "not_found": (*AGENTS, *OFFICERS, "operator")},
    "commit_delivery": {"ok": SELLERS, "wrong_state": BUYERS},
    "commit_code": {"ok": BUYERS, "wrong_state": SELLERS},
    "grant_refund": {"ok": SELLERS, "invalid": BUYERS},
    "claim_non_delivery": {"ok": BUYERS, "wrong_state": SELLERS},
    "report_verification": {"ok": STRANGERS},  # the verifier is the stranger
    "send_back": {"ok": BUYERS, "wrong_state": SELLERS},
    "confirm_return": {"ok": SELLERS, "wrong_state": BUYERS},
    "contest": {"ok": SELLERS, "wrong_state": BUYERS},
    "report_audit": {"ok": ("operator",)},
}
# Only after days of a dispute; tests/core/test_sweep.py says who may, and views/test_audience.py
# who is told.
ELSEWHERE = {"commit_vote", "reveal_vote", "appeal_verdict", "join_jury", "leave_jury"}
COMMANDS |= {
    "delegate_mandate": {"ok": ("buyer", "buyer_person", "operator")},
    "set_trust": {"ok": ("operator",)},
    "import_reputation": {"ok": (*OFFICERS, "operator")},
    "give_feedback": {"ok": (*BUYERS, *SELLERS)},
    "attest_principal": {"ok": ("operator",)},
    "revoke_attestation": {"ok": ("operator",)},
    "describe_agent": {"ok": (*BUYERS, "operator")},
    "load_deny_list": {"ok": (*OFFICERS, "operator")},
    "publish_terms": {"ok": ("operator",)},
    "adopt_terms": {"ok": ("buyer_person",), "wrong_state": ("arbiter", *_OTHER_PERSONS)},
    "confirm_summary": {"ok": (*BUYERS, *SELLERS)},
    "set_legal_hold": {"ok": ("operator",)},
    "erase_principal": {"ok": ("operator",)},
    "ask_review": {"ok": (*AGENTS, *PERSONS, "arbiter")},
    "answer_review": {"ok": ("operator",)},
}
_EVERYBODY = ("anybody", *PROVEN)
_OWN: Row = {"ok": (*BUYERS, "operator")}
_MONEY: Row = {"ok": (*BUYERS, "sibling", "operator")}
ASKED: dict[str, Row] = {
    "get_market": {"ok": _EVERYBODY},
    "get_floor": {"ok": PROVEN},  # guests too, where the house says so
    "who_am_i": {"ok": _EVERYBODY},
    "get_agent": {"ok": _EVERYBODY},
    "list_principals": {"ok": (*AGENTS, *PERSONS, *OFFICERS, "operator")},  # each sees its own
    "list_approvals": {"ok": (*AGENTS, *PERSONS, "operator")},  # each sees its own
    "get_reputation": {"ok": _EVERYBODY},
    "search": {"ok": _EVERYBODY},
    "get_listing": {"ok": _EVERYBODY},
    "get_agent_card": {"ok": _EVERYBODY},
    "get_terms": {"ok": _EVERYBODY},
    "list_reasons": {"ok": _EVERYBODY},
    "get_summary": {"ok": (*BUYERS, *SELLERS, "operator")},
    "get_statement": {"ok": (*BUYERS, "sibling", "operator")},
    "list_reviews": {"ok": (*AGENTS, *PERSONS, "arbiter", "operator")},
    "list_events": {"ok": _EVERYBODY},  # each sees what is theirs
    "list_matches": _OWN,
    "observe": _OWN,
    "get_negotiation": {"ok": (*BUYERS, *SELLERS, "operator")},
    "list_negotiations": _OWN,
    "list_runs": {"ok": _EVERYBODY},
    "get_contract": {"ok": (*BUYERS, *SELLERS, "arbiter", "operator")},  # it is disputed
    "list_contracts": _OWN,
    "get_dispute": {"ok": (*BUYERS, *SELLERS, "arbiter", "operator")},
    "list_disputes": {"ok": _EVERYBODY},  # each sees what is theirs
    "list_moves": {"ok": _EVERYBODY},  # each reads what is theirs to do
    "get_delivery": {"ok": (*BUYERS, *SELLERS, *STRANGERS, "operator")},  # a stranger verifies
    "list_audits": {"ok": ("operator",)},
    "list_epochs": {"ok": _EVERYBODY},
    "get_channel": {"ok": (*STRANGERS, *SELLERS, "operator")},
    "list_channels": {"ok": (*STRANGERS, "operator")},
    "get_tree_head": {"ok": _EVERYBODY},
    "get_inclusion": {"ok": _EVERYBODY},
    "get_consistency": {"ok": _EVERYBODY},
    "get_record_proof": {"ok": _EVERYBODY},  # of what began the market
    "get_receipt": {"ok": (*BUYERS, *SELLERS, "arbiter", "operator")},  # it is disputed
    "get_balance": _MONEY,
    "list_entries": _MONEY,
    "get_trial_balance": {"ok": (*OFFICERS, "operator")},
    "get_mandate": _OWN,
    "get_policy": {"ok": ("buyer_person", "operator")},
    "explain_command": _OWN,
    "list_messages": {"ok": (*BUYERS, *SELLERS, "operator")},
    "list_payouts": {"ok": (*BUYERS, "sibling", *OFFICERS, "operator")},
    "list_reports": {"ok": (*OFFICERS, "operator")},
    "list_keys": _OWN,
    "list_webhooks": _OWN,
    "list_alarms": {"ok": (*OFFICERS, "operator")},
    "list_restrictions": {"ok": _EVERYBODY},  # each sees what is theirs
    "list_halts": {"ok": _EVERYBODY},  # each sees what is theirs
}


def _granted(town: Town, role: str) -> int:
    page = town.ask("operator", "list_events", types="MandateGranted", limit=200)
    return next(
        int(one["seq"])
        for one in page["records"]
        if any(event["agent"] == town.ids[role] for event in one["events"])
    )


# The same queries about other things that stand in the market.
OTHER_THINGS: dict[str, tuple[str, Callable[[Town], Fields], Row]] = {
    "a contract that waits": (
        "get_contract",
        lambda town: {"contract": town.held},
        {"ok": ("sibling", "buyer_person", *SELLERS, "operator")},
    ),
    "the seller's mandate": (
        "get_mandate",
        lambda town: {"agent": town.ids["seller"]},
        {"ok": (*SELLERS, "operator")},
    ),
    "the seller's affairs": (
        "observe",
        lambda town: {"agent": town.ids["seller"]},
        {"ok": (*SELLERS, "operator")},
    ),
    "the seller's money": (
        "get_balance",
        lambda town: {"principal": town.ids["seller_person"]},
        {"ok": (*SELLERS, "operator")},
    ),
    "the buyer's principal and its agents": (
        "list_principals",
        lambda town: {"principal": town.ids["buyer_person"]},
        {"ok": (*BUYERS, "sibling", *OFFICERS, "operator")},
    ),
    "the record that granted the buyer its mandate": (
        "get_record_proof",
        lambda town: {"seq": _granted(town, "buyer")},
        _OWN,
    ),
    "one's own bargains": (
        "list_negotiations",
        lambda town: {},
        {"ok": (*AGENTS, *PERSONS, "operator")},
    ),
    "one's own contracts, ended": (
        "list_contracts",
        lambda town: {"is_open": "false"},
        {"ok": (*AGENTS, *PERSONS, "operator")},
    ),
    "the principal's keys": (
        "list_keys",
        lambda town: {"owner": town.ids["buyer_person"]},
        {"ok": ("buyer_person", "operator")},
    ),
    "the operator's keys": ("list_keys", lambda town: {"owner": "operator"}, {"ok": ("operator",)}),
    "an officer's keys": (
        "list_keys",
        lambda town: {"owner": town.ids["officer"]},
        {"ok": ("officer", "operator")},
    ),
}


def heard(row: Row, role: str, *, is_command: bool) -> str:
    """Give what a role hears by the table."""
    if role == "revoked" or (role == "anybody" and is_command):
        return "not proven"
    return next((reason for reason, roles in row.items() if role in roles), "not_yours")


def said(answer: Any) -> str:
    """Give what a response says, in the table's words."""
    if answer.status_code == 200:
        return "ok"
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    if answer.status_code == 401:
        return "not proven"
    return str(problem["reason"])


@pytest.fixture(autouse=True)
def _goes_on(town: Town) -> Iterator[None]:
    yield
    if town.ask("anybody", "get_market")["halt"] != "open":
        town.do("operator", "set_halt", level="open")


def told(town: Town, role: str, name: str, fields: Fields) -> tuple[str, list[str]]:
    """Do or ask something; give what is heard, and what leaked."""
    answer = town.call(role, name, fields)
    bytes_said = answer.content + str(answer.headers).encode()
    return said(answer), [f"{role} hears {one}" for one in town.leaks(role, bytes_said)]


def test_every_operation_has_its_row() -> None:
    bargains = [one for one in OPERATIONS if one.is_command and one.asks not in OPEN_COMMANDS]
    assert {one.name for one in bargains} == set(COMMANDS) | ELSEWHERE
    assert {one.name for one in OPERATIONS if not one.is_command} == set(ASKED)


def test_every_secret_is_found_by_who_may_know_it(town: Town) -> None:
    """A search that finds nothing would prove nothing: each value is there to be found."""
    found: set[str] = set()
    for role in PROVEN:
        heard_all = b"".join(_everything(town, role))
        for name, (value, knowing) in town.secrets.items():
            if role in knowing and value.encode() in heard_all:
                found.add(name)
    assert found == {name for name, (_, knowing) in town.secrets.items() if knowing}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_for_whom_the_table_says(name: str, town: Town) -> None:
    row = COMMANDS[name]
    _, ready = READY.get(name, ("", lambda town: {}))
    fields = ready(town)
    wrong, leaked = [], []
    # Whoever is turned away leaves everything as it was, so one object serves all of them.
    for role in sorted(ROLES, key=lambda role: heard(row, role, is_command=True) == "ok"):
        expected = heard(row, role, is_command=True)
        if expected == "ok":
            fields = ready(town)
        reason, leaks = told(town, role, name, fields)
        if reason != expected:
            wrong.append(f"{role}: {reason}, not {expected}")
        leaked += leaks
        if reason == "ok" and name == "set_halt":
            town.do("operator", "set_halt", level="open")
        if reason == "ok" and name == "publish_terms":
            town.adopt()
    assert (wrong, leaked) == ([], [])


@pytest.mark.parametrize("name", ASKED)
def test_a_question_is_answered_for_whom_the_table_says(name: str, town: Town) -> None:
    assert _asked_by_all(town, name, QUERIES[name][1](town), ASKED[name]) == ([], [])


@pytest.mark.parametrize("what", OTHER_THINGS)
def test_other_things_are_answered_for_whom_the_table_says(what: str, town: Town) -> None:
    name, fields, row = OTHER_THINGS[what]
    assert _asked_by_all(town, name, fields(town), row) == ([], [])


def _asked_by_all(town: Town, name: str, fields: Fields, row: Row) -> tuple[list[str], list[str]]:
    wrong, leaked = [], []
    for role in ROLES:
        reason, leaks = told(town, role, name, fields)
        if reason != (expected := heard(row, role, is_command=False)):
            wrong.append(f"{role}: {reason}, not {expected}")
        leaked += leaks
    return wrong, leaked


def test_nobody_finds_what_is_not_theirs_in_anything_they_can_read(town: Town) -> None:
    leaked = {
        role: found
        for role in ROLES
        if (found := town.leaks(role, b"".join(_everything(town, role))))
    }
    assert leaked == {}


def _everything(town: Town, role: str) -> Iterator[bytes]:
    """Give all that a role can read: own things, named things, all records, the stream, pages."""
    for one in OPERATIONS:
        if not one.is_command:
            yield town.call(role, one.name, QUERIES[one.name][1](town)).content
            if not one.fields:
                yield town.call(role, one.name, {}).content
    for party in town.ids.values():
        for name, field in (
            ("observe", "agent"),
            ("get_mandate", "agent"),
            ("list_contracts", "agent"),
            ("list_negotiations", "agent"),
            ("get_balance", "principal"),
            ("list_entries", "principal"),
            ("list_payouts", "principal"),
            ("list_keys", "owner"),
            ("list_webhooks", "owner"),
        ):
            yield town.call(role, name, {field: party}).content
    for text in ("planted", "ref", "psst"):
        yield town.call(role, "search", {"text": text}).content
    last = -1
    after = 0
    while role != "revoked" and after != last:
        last = after
        answer = town.call(role, "list_events", {"after": after, "limit": 200})
        yield answer.content
        after = answer.json()["last"]
    yield _stream(town, role)
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json", "/docs", "/v1/none"):
        yield town.http.get(town.url + path, headers=town.headers(role)).content


def _stream(town: Town, role: str) -> bytes:
    """Read the whole event stream up to the newest record."""
    end = town.ask("operator", "get_market")["seq"]
    headers = town.headers(role) | {"Last-Event-ID": "0"}
    heard_so_far = b""
    with town.http.stream("GET", f"{town.url}/v1/events", headers=headers) as response:
        for part in response.iter_bytes():
            heard_so_far += part
            if b"id: %d\n\n" % end in heard_so_far or response.status_code != 200:
                break
    return heard_so_far


def test_a_check_that_is_left_out_is_noticed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted bugs: each takes one check away, and the matrix above must see it."""
    bugs: list[tuple[Any, str, str, str]] = [
        (deals, "need_party", "get_negotiation", "offer"),
        (deals, "need_party", "list_messages", "message"),
        (people, "speaks_for", "list_webhooks", "hook"),
    ]
    for module, check, query, secret in bugs:
        with monkeypatch.context() as planted:
            planted.setattr(module, check, lambda *_: True)
            wrong, leaked = _asked_by_all(town, query, QUERIES[query][1](town), ASKED[query])
        assert any(one.startswith("stranger: ok") for one in wrong), query
        assert f"stranger hears {secret}" in leaked, query


def test_an_answer_that_tells_of_the_other_side_is_noticed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: an answer goes out whole, with the other side's budget in it."""
    fields = READY["accept"][1](town)
    kinds = {one["type"] for one in town.do("seller", "accept", **fields)}
    assert "AgreementReached" in kinds
    assert not {kind for kind in kinds if kind.startswith("Budget")}
    monkeypatch.setattr(type(town.served.venue), "shown", lambda self, actor, answer: answer)
    fields = READY["accept"][1](town)
    kinds = {one["type"] for one in town.do("seller", "accept", **fields)}
    assert "BudgetCommitted" in kinds


@pytest.mark.parametrize("name", READY)
def test_an_answer_tells_nothing_of_others_in_a_batch_and_again(name: str, town: Town) -> None:
    """By its type, in a batch, as a replay: an answer is cut to its caller every time."""
    by, ready = READY[name]
    command = {"type": BY_NAME[name].asks.__name__, **ready(town)}
    id = town.new()
    url, headers = f"{town.url}/v1/commands", town.headers(by)
    batch = {"commands": [{"id": id, "command": command}] * 2}
    in_batch = town.http.post(f"{url}:batch", json=batch, headers=headers)
    again = town.http.post(url, json=command, headers=headers | {"Idempotency-Key": id})
    if name == "publish_terms":
        town.adopt()
    first, second = in_batch.json()["answers"]
    assert again.json() == first
    assert second == first | {"is_replay": True}
    assert town.leaks(by, in_batch.content + again.content) == []
    others = {town.ids[role] for role in AGENTS if role != by and PERSON_OF[role] != by}
    for event in first["events"]:
        is_private = event["type"].startswith(("Budget", "Mandate", "Key", "Webhook"))
        assert not (is_private and by in AGENTS and event.get("agent") in others)


def test_a_floor_is_told_by_no_refusal(town: Town) -> None:
    """The seller's agent asks for less than it may take: who takes it hears no amount."""
    cheap = town.listing("seller", ref=REF, price=FEW)
    for role in ("stranger", "buyer"):
        answer = town.call(role, "take_price", {"listing": cheap, "price": [FEW, "USD"]})
        assert (answer.status_code, said(answer)) == (409, "counterparty_unable")
        assert town.leaks(role, answer.content) == []
    offer = {"items": [{"listing": cheap}], "price": [FLOOR - 1, "USD"]}
    talk = town.made("stranger", "make_offer", "negotiation", **offer)
    terms = town.terms(talk)
    answer = town.call("seller", "accept", {"negotiation": talk, "terms": terms})
    assert said(answer) == "outside_mandate"
    seen = town.call("stranger", "get_negotiation", {"negotiation": talk})
    assert town.leaks("stranger", seen.content) == []


def test_ids_that_never_were_tell_everybody_the_same(town: Town) -> None:
    """Whether somebody else's thing exists is told by no difference in what a stranger may see."""
    for name, fields in (
        ("get_negotiation", {"negotiation": "N99999"}),
        ("get_contract", {"contract": "C99999"}),
        ("get_listing", {"listing": "L99999"}),
    ):
        for role in PROVEN:
            answer = town.call(role, name, fields)
            assert (answer.status_code, said(answer)) == (404, "not_found"), (role, name)


def test_a_path_of_the_test_folder_is_never_told(town: Town, tmp_path: Path) -> None:
    for role in ROLES:
        assert str(tmp_path.parent).encode() not in b"".join(_everything(town, role)), role
