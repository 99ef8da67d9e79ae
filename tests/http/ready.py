"""What every operation can be called with: `READY` for commands, `QUERIES` for questions.

Whatever a command needs is made anew each time it is asked for, so that it succeeds every time.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from souq.sdk.signing import bearer_secret, new_key
from tests.http import ready_deliveries
from tests.http.market import FEW, HELD, Fields, Town, offer


def _swap(town: Town) -> Fields:
    mine = town.listing("seller", mechanisms=["swap"], quantity=1, price=None)
    other = town.listing("buyer", mechanisms=["swap"], quantity=1, price=None)
    legs = [
        {"listing": mine, "to": town.ids["buyer"]},
        {"listing": other, "to": town.ids["seller"]},
    ]
    return {"legs": legs}


def _transfer(town: Town) -> Fields:
    first, second = town.new(), town.new()
    for name, no_overdraft in ((first, False), (second, True)):
        town.do("operator", "open_account", account=name, no_overdraft=no_overdraft)
    return {"batch": {"id": [town.new()], "debit": [first], "credit": [second], "amount": [5]}}


def _chargeback(town: Town) -> Fields:
    reference = town.new()
    town.bring("seller_person", FEW, "manual", reference)
    return {"amount": [FEW, "USD"], "rail": "manual", "reference": reference}


def _accepting(town: Town) -> Fields:
    talk = town.talking()
    return {"negotiation": talk, "terms": town.terms(talk)}


def _paused(town: Town) -> Fields:
    listing = town.listing("seller")
    town.do("seller", "pause_listing", listing=listing)
    return {"listing": listing}


def _bearer(town: Town) -> Fields:
    for key in town.ask("operator", "list_keys", owner=town.ids["stranger"])["keys"]:
        if key["id"] != town.key_ids["stranger"]:
            town.do("operator", "revoke_key", key=key["id"])
    return {
        "owner": town.ids["stranger"],
        "kind": "bearer",
        "material": bearer_secret().material,
    }


def _restriction(town: Town) -> Fields:
    principal = town.ids["stranger_person"]
    rows = town.ask("operator", "list_restrictions")["restrictions"]
    if any(one["principal"] == principal for one in rows):
        town.do("operator", "set_restriction", principal=principal, level="observe")
    until = town.ask("anybody", "get_market")["at"] + 3_600_000_000
    return {"principal": principal, "level": "warn", "until": until, "words": "a warning"}


def _restricted(town: Town) -> Fields:
    town.do("operator", "set_restriction", **_restriction(town))
    return {"principal": town.ids["stranger_person"], "text": "we object"}


def _chain(root: bytes) -> Fields:
    return {"type": "chain", "anchor": sha256(root).hexdigest(), "unit": FEW, "length": 1}


def _opening(town: Town, root: bytes) -> Fields:
    return {"payee": town.ids["seller"], "deposit": [FEW, "USD"], "means": _chain(root)}


def _channel(town: Town) -> Fields:
    return {"channel": town.made("stranger", "open_channel", "channel", **_opening(town, _root()))}


def _listing_channels(town: Town) -> Fields:
    _channel(town)
    return {"agent": town.ids["stranger"]}


def _paid_channel(town: Town) -> Fields:
    """Give a channel, and the proof that all of it is paid."""
    root = _root()
    id = town.made("stranger", "open_channel", "channel", **_opening(town, root))
    return {"channel": id, "proof": {"type": "chain", "index": 1, "word": root.hex()}}


def _proposed(town: Town) -> Fields:
    """Give a dispute in which the seller has proposed a split."""
    contract = town.disputed()
    town.do("seller", "propose_split", contract=contract, payer_bps=5_000)
    return {"contract": contract, "payer_bps": 5_000}


def _cooling(town: Town) -> Fields:
    """Bring a deal about that its buyer's principal may take back."""
    slow = {"cooling_off_us": 3_600_000_000}
    listed = {"title": town.new(), "category": "home", "ref": "plain", "price": [FEW, "USD"]}
    posted = town.do("seller", "post_listing", **listed, conditions=slow)[0]["listing"]["id"]
    events = town.do("buyer", "take_price", listing=posted, price=[FEW, "USD"])
    return {"contract": next(one["contract"] for one in events if "contract" in one)}


def _member(town: Town) -> Fields:
    member = town.made("operator", "register_principal", "principal", name=town.new())
    return {"principal": member, "organisation": town.ids["buyer_person"]}


def _root() -> bytes:
    return token_bytes(32)


def _over(town: Town) -> Fields:
    deal = town.delivered()
    town.do("buyer", "accept_delivery", contract=deal)
    return {"contract": deal, "delivered": True, "on_time": True, "as_described": False}


def _record(town: Town) -> Fields:
    key = new_key("ed25519").material
    bearer = {"name": town.new(), "key": key}
    return {
        "principal": town.made("operator", "register_principal", "principal", **bearer),
        "subject_key": key,
        "issuer": "did:key:z6Mk",
        "source": "north",
        "digest": token_bytes(32).hex(),
        "evidence_root": token_bytes(32).hex(),
        "from_at": 0,
        "until_at": 9,
        "valid_until": 2**52,
        "good_milli": 5_000,
        "bad_milli": 0,
    }


# By command: what it can be given with success, made anew at each call, and by whom.
def _lent(town: Town) -> Fields:
    """Have a principal lend on a part of its agent's mandate to a new one."""
    who = town.ids["buyer_person"]
    limits = {"per_deal_units": 1, "ceilings": {"home": 1}}
    agent = town.made("buyer_person", "register_agent", "agent", principal=who, name=town.new())
    return {"agent": agent, "limits": limits, "of": town.ids["buyer"]}


def _amended(town: Town) -> Fields:
    """Ask for the rules that there are, but for the fee: each time another one."""
    rules: Fields = town.ask("operator", "get_market")["rules"]
    return {**rules, "fee_bps": 101 if rules.get("fee_bps") == 100 else 100}


READY: dict[str, tuple[str, Callable[[Town], Fields]]] = {
    "amend_rules": ("operator", lambda town: {"rules": _amended(town)}),
    "set_halt": ("operator", lambda town: {"level": "commitments", "why": "smoke"}),
    "add_webhook": ("stranger", lambda town: {"url": f"http://planted.example/{town.new()}"}),
    "remove_webhook": ("buyer", lambda town: {"webhook": town.hooked()}),
    "enable_webhook": ("buyer", lambda town: {"webhook": town.disabled()}),
    "disable_webhook": ("operator", lambda town: {"webhook": town.hooked()}),
    "replay_webhook": ("buyer", lambda town: {"webhook": town.hooked(), "after": 3}),
    "annotate": ("operator", lambda town: {"topic": "t", "note": "words"}),
    "register_principal": ("operator", lambda town: {"name": town.new()}),
    "register_agent": (
        "buyer_person",
        lambda town: {"principal": town.ids["buyer_person"], "name": town.new()},
    ),
    "declare_model": (
        "buyer",
        lambda town: {"agent": town.ids["buyer"], "model": f"local:{town.new()}"},
    ),
    "register_officer": ("operator", lambda town: {"name": town.new()}),
    "set_restriction": ("officer", _restriction),
    "appeal_restriction": ("stranger_person", _restricted),
    "add_key": ("stranger_person", _bearer),
    "revoke_key": ("buyer", lambda town: {"key": town.spare_key()}),
    "grant_mandate": ("buyer_person", lambda town: {"agent": town.spare(), "limits": {}}),
    "revoke_mandate": ("buyer_person", lambda town: {"agent": town.spare()}),
    "set_policy": (
        "buyer_person",
        lambda town: {
            "scope": town.spare(),
            "policy": {"rules": [{"type": "per_deal", "cap_units": FEW}]},
        },
    ),
    "set_organisation": ("operator", _member),
    "set_destination": (
        "buyer",
        lambda town: {"agent": town.ids["buyer"], "destination": town.new()},
    ),
    "revoke_contract": ("buyer_person", _cooling),
    "open_account": ("operator", lambda town: {"account": town.new()}),
    "transfer_many": ("operator", _transfer),
    "report_deposit": (
        "officer",
        lambda town: {
            "principal": town.ids["seller_person"],
            "amount": [FEW, "USD"],
            "rail": "manual",
            "reference": town.new(),
        },
    ),
    "report_payout": (
        "officer",
        lambda town: {
            "principal": town.ids["seller_person"],
            "amount": [FEW, "USD"],
            "rail": "manual",
        },
    ),
    "report_chargeback": ("officer", _chargeback),
    "confirm_report": ("second_officer", lambda town: {"report": town.reported()}),
    "reject_report": ("officer", lambda town: {"report": town.reported()}),
    "request_payout": (
        "buyer_person",
        lambda town: {"amount": [FEW, "USD"], "rail": "manual", "destination": "an account"},
    ),
    "cancel_payout": ("buyer_person", lambda town: {"payout": town.asked_payout()}),
    "send_payout": ("officer", lambda town: {"payout": town.asked_payout()}),
    "confirm_payout": ("second_officer", lambda town: {"payout": town.sent_payout()}),
    "fail_payout": ("second_officer", lambda town: {"payout": town.sent_payout()}),
    "post_listing": (
        "seller",
        lambda town: {"title": town.new(), "category": "home", "ref": "plain"},
    ),
    "edit_listing": ("seller", lambda town: {"listing": town.listing("seller"), "available": 7}),
    "pause_listing": ("seller", lambda town: {"listing": town.listing("seller")}),
    "resume_listing": ("seller", _paused),
    "withdraw_listing": ("seller", lambda town: {"listing": town.listing("seller")}),
    "take_price": (
        "buyer",
        lambda town: {"listing": town.listing("seller"), "price": [FEW, "USD"]},
    ),
    "make_offer": ("buyer", lambda town: offer(town.listing("seller"))),
    "counter": ("seller", lambda town: {"negotiation": town.talking(), "price": [FEW + 5, "USD"]}),
    "propose_swap": ("seller", _swap),
    "accept": ("seller", _accepting),
    "reject": ("seller", lambda town: {"negotiation": town.talking()}),
    "withdraw": ("buyer", lambda town: {"negotiation": town.talking()}),
    "send_message": ("seller", lambda town: {"negotiation": town.talking(), "text": "well"}),
    "post_message": ("stranger", lambda town: {"text": "hear"}),
    "approve": ("buyer_person", lambda town: {"contract": town.taken("sibling", HELD)}),
    "decline": ("buyer_person", lambda town: {"contract": town.taken("sibling", HELD)}),
    "submit_delivery": ("seller", lambda town: {"contract": town.taken()}),
    "accept_delivery": ("buyer", lambda town: {"contract": town.delivered()}),
    "cancel_contract": ("seller", lambda town: {"contract": town.taken()}),
    "open_dispute": (
        "buyer",
        lambda town: {"contract": town.delivered(), "ground": "not_as_described"},
    ),
    "open_channel": ("stranger", lambda town: _opening(town, _root())),
    "top_up_channel": ("stranger", lambda town: {**_channel(town), "deposit": [FEW, "USD"]}),
    "present_voucher": ("seller", _paid_channel),
    "close_channel": ("seller", _paid_channel),
    "agree_close": ("stranger", lambda town: {**_channel(town), "units": 5}),
    "settle_channels": ("seller", lambda town: {"claims": [_paid_channel(town)]}),
    "answer_dispute": ("seller", lambda town: {"contract": town.disputed(), "evidence": ["d1"]}),
    "add_evidence": ("buyer", lambda town: {"contract": town.disputed(), "evidence": ["d1"]}),
    "propose_split": ("seller", lambda town: {"contract": town.disputed(), "payer_bps": 5_000}),
    "accept_split": ("buyer", _proposed),
    "undo_contract": ("buyer_person", lambda town: {"contract": town.undoable()}),
    "delegate_mandate": ("buyer_person", _lent),
    "set_trust": (
        "operator",
        lambda town: {"principals": [town.ids["seller_person"]], "bps": [5_000]},
    ),
    "import_reputation": ("officer", _record),
    "give_feedback": ("buyer", _over),
    "rule": ("arbiter", lambda town: {"contract": town.disputed(), "payer_bps": 5_000}),
}


def _attesting(town: Town) -> Fields:
    until = town.ask("operator", "get_market")["at"] + 10**12
    return {"principal": town.idle(), "level": 1, "until": until, "jurisdiction": "DE"}


def _summed_up(town: Town) -> Fields:
    deal = town.taken()
    return {"contract": deal, "summary": town.ask("buyer", "get_summary", contract=deal)["digest"]}


def _asking(town: Town) -> Fields:
    town.review()
    return {"about": "halted"}


READY |= {
    "attest_principal": ("operator", _attesting),
    "revoke_attestation": ("operator", lambda town: {"principal": town.attested()}),
    "describe_agent": ("buyer", lambda town: {"agent": town.ids["buyer"], "version": "2"}),
    "load_deny_list": ("operator", lambda town: {"version": town.new()}),
    "publish_terms": ("operator", lambda town: {"text": town.new()}),
    "adopt_terms": ("buyer_person", lambda town: {"terms": town.asked_to_adopt()}),
    "confirm_summary": ("buyer", _summed_up),
    "set_legal_hold": ("operator", lambda town: {"principal": town.idle(), "is_held": True}),
    "erase_principal": ("operator", lambda town: {"principal": town.idle()}),
    "ask_review": ("buyer", _asking),
    "answer_review": (
        "operator",
        lambda town: {"review": town.review(), "outcome": "upheld"},
    ),
}

# By query: what it can be asked of somebody's own, and by whom.
QUERIES: dict[str, tuple[str, Callable[[Town], Fields]]] = {
    "get_market": ("anybody", lambda town: {}),
    "who_am_i": ("buyer", lambda town: {}),
    "list_approvals": ("buyer_person", lambda town: {}),
    "list_principals": ("buyer_person", lambda town: {}),
    "get_agent": ("anybody", lambda town: {"agent": town.ids["seller"]}),
    "get_reputation": ("anybody", lambda town: {"of": town.ids["seller"]}),
    "search": ("anybody", lambda town: {"text": "n1", "category": "home"}),
    "get_listing": ("anybody", lambda town: {"listing": town.listing_of_seller}),
    "list_matches": ("buyer", lambda town: {"agent": town.ids["buyer"]}),
    "observe": ("buyer", lambda town: {"agent": town.ids["buyer"]}),
    "get_negotiation": ("buyer", lambda town: {"negotiation": town.talk}),
    "list_negotiations": ("buyer", lambda town: {"agent": town.ids["buyer"]}),
    "list_runs": ("buyer", lambda town: {}),
    "get_contract": ("buyer", lambda town: {"contract": town.deal}),
    "list_moves": ("buyer", lambda town: {"contract": town.deal}),
    "list_contracts": ("buyer", lambda town: {"agent": town.ids["buyer"]}),
    "get_dispute": ("buyer", lambda town: {"contract": town.deal}),
    "list_disputes": ("buyer", lambda town: {}),
    "get_channel": ("stranger", _channel),
    "list_channels": ("stranger", _listing_channels),
    "get_tree_head": ("anybody", lambda town: {}),
    "get_inclusion": ("anybody", lambda town: {"seq": 3}),
    "get_consistency": ("anybody", lambda town: {"first": 3}),
    "get_record_proof": ("anybody", lambda town: {"seq": 1}),
    "get_receipt": ("buyer", lambda town: {"contract": town.deal}),
    "get_balance": ("buyer", lambda town: {"principal": town.ids["buyer_person"]}),
    "list_entries": ("buyer", lambda town: {"principal": town.ids["buyer_person"]}),
    "get_trial_balance": ("officer", lambda town: {}),
    "get_mandate": ("buyer", lambda town: {"agent": town.ids["buyer"]}),
    "get_policy": ("buyer_person", lambda town: {"scope": town.ids["buyer"]}),
    "explain_command": (
        "buyer",
        lambda town: {
            "command": '{"type":"PostMessage","text":"hear"}',
            "agent": town.ids["buyer"],
        },
    ),
    "list_messages": ("buyer", lambda town: {"negotiation": town.talk}),
    "list_payouts": ("buyer", lambda town: {"principal": town.ids["buyer_person"]}),
    "list_reports": ("officer", lambda town: {}),
    "list_keys": ("buyer", lambda town: {"owner": town.ids["buyer"]}),
    "list_webhooks": ("buyer", lambda town: {"owner": town.ids["buyer"]}),
    "list_alarms": ("officer", lambda town: {}),
    "get_floor": ("stranger", lambda town: {}),
    "list_restrictions": ("officer", lambda town: {}),
    "list_halts": ("officer", lambda town: {}),
    "list_events": ("anybody", lambda town: {"after": 0, "limit": 200}),
    "get_agent_card": ("anybody", lambda town: {"agent": town.ids["seller"]}),
    "get_terms": ("anybody", lambda town: {}),
    "get_summary": ("buyer", lambda town: {"contract": town.deal}),
    "get_statement": ("buyer", lambda town: {"principal": town.ids["buyer_person"]}),
    "list_reviews": ("operator", lambda town: {}),
    "list_reasons": ("anybody", lambda town: {}),
}

READY |= ready_deliveries.READY
QUERIES |= ready_deliveries.QUERIES


def text_of(value: Any) -> str:
    """Write a value as a word of the command line: JSON, but for text."""
    return value if isinstance(value, str) else json.dumps(value)
