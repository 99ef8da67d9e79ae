"""A populated market for the tests at the door: people, their keys, their secrets, their objects.

Everything in it came in over HTTP. `Town.secrets` are recognisable values, each with the roles that
may ever read it.
"""

import itertools
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from souq.core.rules import Rules
from souq.operations import BY_NAME
from souq.sdk.signing import bearer_secret
from tests.serving import ADMIN, Served, open_folder, serving

Fields = dict[str, Any]
ROLES = (
    "anybody",
    "revoked",
    "stranger",
    "stranger_person",
    "buyer",
    "buyer_person",
    "sibling",  # another agent of the buyer's principal
    "seller",
    "seller_person",
    "officer",
    "second_officer",
    "arbiter",
    "operator",
)
AGENTS = ("stranger", "buyer", "sibling", "seller")
PERSONS = {"stranger_person": "dan", "buyer_person": "bea", "seller_person": "sol"}
PERSON_OF = {
    "stranger": "stranger_person",
    "buyer": "buyer_person",
    "sibling": "buyer_person",
    "seller": "seller_person",
}
FEW = 1_000_000  # units of an everyday price
FLOOR, BUDGET, CEILING, APPROVAL = 437_190_001, 8_713_300_071, 6_912_770_003, 500_000_103
OFFER, HELD, BALANCE = 633_110_019, 711_220_017, 51_234_571_003
PAYOUT, REPORT = 61_770_013, 91_990_017
REF, MESSAGE, CLAIM, NOTE = "ref-planted-7f3a", "psst-planted-11", "claim-planted-42", "note-pl-9"
DESTINATION, HOOK = "IBAN ZZ00 planted 77", "http://planted.example/hook-5150"
EVIDENCE, REFERENCE = "photo-planted-08", "wire-planted-31"
# In what is random an amount would now and then stand by chance; none is as long.
_RANDOM = re.compile(rb"[0-9a-f]{16,}")

_BUYERS = {"buyer", "buyer_person", "operator"}
_HOUSE = {"buyer", "buyer_person", "sibling", "operator"}  # a wallet is open to all its agents
_SELLERS = {"seller", "seller_person", "operator"}
_BOTH = _BUYERS | _SELLERS
_OFFICERS = {"officer", "second_officer", "operator"}


class Town:
    """The people of a served market, by role, and what stands in it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.url = served.url
        self.http = httpx2.Client(timeout=20, trust_env=False)
        self.keys: dict[str, str] = {"operator": ADMIN}
        self.ids: dict[str, str] = {"operator": "operator"}
        self.secrets: dict[str, tuple[str, set[str]]] = {}
        self._numbers = itertools.count(1)
        self._populate()
        self._plant()

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def call(self, role: str, name: str, fields: Fields, **more: Any) -> httpx2.Response:
        """Do or ask by the operation's own route, and give what came back."""
        one = BY_NAME[name]
        path = one.path.format(**{field: fields[field] for field in one.fields})
        rest = {field: value for field, value in fields.items() if field not in one.fields}
        headers = self.headers(role) | more.pop("headers", {})
        if not one.is_command:
            return self.http.get(self.url + path, params=rest, headers=headers)
        headers = {"Idempotency-Key": secrets.token_hex(8)} | headers
        return self.http.post(self.url + path, json=rest, headers=headers)

    def headers(self, role: str) -> dict[str, str]:
        """Give what proves who speaks."""
        return {"Authorization": f"Bearer {self.keys[role]}"} if role in self.keys else {}

    def do(self, role: str, operation: str, /, **fields: Any) -> list[dict[str, Any]]:
        """Do something that must succeed; give its events."""
        answer = self.call(role, operation, fields)
        assert answer.status_code == 200, f"{role} cannot {operation}: {answer.text}"
        events: list[dict[str, Any]] = answer.json()["events"]
        return events

    def ask(self, role: str, name: str, /, **fields: Any) -> Any:
        """Ask something that must be answered."""
        answer = self.call(role, name, fields)
        assert answer.status_code == 200, f"{role} cannot {name}: {answer.text}"
        return answer.json()

    def made(self, role: str, operation: str, field: str, /, **fields: Any) -> str:
        """Do something, and give an id from its events."""
        for event in self.do(role, operation, **fields):
            if field in event:
                found: str = event[field]
                return found
        raise AssertionError(f"{operation} told of no {field}")

    def new(self) -> str:
        """Give a name that nothing has yet."""
        return f"n{next(self._numbers)}"

    def give_key(self, role: str, owner: str) -> str:
        """Let a role speak with a new bearer key; give the key's id."""
        made = bearer_secret()
        self.keys[role] = made.secret
        return self.made(
            "operator", "add_key", "key", owner=owner, kind="bearer", material=made.material
        )

    def _populate(self) -> None:
        for role, name in {"arbiter": "rui", **PERSONS}.items():
            self.ids[role] = self.made("operator", "register_principal", "principal", name=name)
        for role, person in PERSON_OF.items():
            owner = self.ids[person]
            self.ids[role] = self.made(
                "operator", "register_agent", "agent", principal=owner, name=role
            )
        for role in ("officer", "second_officer"):
            self.ids[role] = self.made("operator", "register_officer", "officer", name=role)
        key_ids = {
            role: self.give_key(role, self.ids[role])
            for role in ROLES
            if role not in ("anybody", "revoked", "operator")
        }
        self.key_ids = key_ids
        self.do("operator", "revoke_key", key=self.give_key("revoked", self.ids["buyer"]))
        limits: dict[str, Fields] = {
            "stranger": {},
            "buyer": {"per_deal_units": BUDGET, "ceilings": {"home": CEILING, "odd": CEILING}},
            "sibling": {"approval_above_units": APPROVAL},
            "seller": {"goods": {REF: {"floor_units": FLOOR}, "plain": {"may_barter": True}}},
        }
        for role, limit in limits.items():
            self.do(PERSON_OF[role], "grant_mandate", agent=self.ids[role], limits=limit)
        for role in ("arbiter", *PERSONS):
            # No round number: in the sum of all wallets the planted one would stand to be read.
            units = BALANCE if role == "buyer_person" else 777_123_456_789_011
            for rail in ("credits", "manual"):
                self.bring(role, units if rail == "credits" else FEW * 1_000, rail)

    def bring(self, role: str, units: int, rail: str = "credits", reference: str = "") -> None:
        """Bring somebody money."""
        amount = [units, "USD"]
        told = {"reference": reference or self.new()} if rail == "manual" else {}
        who = "operator" if rail == "credits" else "officer"
        owner = self.ids[role]
        events = self.do(who, "report_deposit", principal=owner, amount=amount, rail=rail, **told)
        if rail == "manual":
            report = next(one["report"] for one in events if "report" in one)
            self.do("second_officer", "confirm_report", report=report)

    def _plant(self) -> None:
        """Put secrets where only some may find them, and note who may."""
        ids = self.ids
        lamp = self.listing("seller", ref=REF, price=None)
        self.listing_of_seller = lamp
        self.talk = self.made("buyer", "make_offer", "negotiation", **offer(lamp, OFFER))
        self.do("buyer", "send_message", negotiation=self.talk, text=MESSAGE)
        self.deal = self.taken("buyer", OFFER)
        self.do("seller", "submit_delivery", contract=self.deal, evidence=EVIDENCE)
        self.do("buyer", "open_dispute", contract=self.deal, ground="not_as_described", claim=CLAIM)
        self.held = self.taken("sibling", HELD)
        self.hook = self.made("buyer", "add_webhook", "webhook", url=HOOK)
        self.payout = self.made(
            "buyer_person",
            "request_payout",
            "payout",
            amount=[PAYOUT, "USD"],
            rail="manual",
            destination=DESTINATION,
        )
        self.report = self.reported(REPORT, REFERENCE)
        self.do("operator", "annotate", topic="t", note=NOTE)
        fingerprint = bearer_secret()
        self.do(
            "buyer_person",
            "add_key",
            owner=ids["buyer"],
            kind="bearer",
            material=fingerprint.material,
        )
        self.secrets = {
            "floor": (str(FLOOR), _SELLERS),
            "ref": (REF, _SELLERS),
            "budget": (str(BUDGET), _BUYERS),
            "ceiling": (str(CEILING), _BUYERS),
            "approval": (str(APPROVAL), _HOUSE - {"buyer"}),
            "offer": (str(OFFER), _BOTH | {"sibling", "arbiter"}),
            "message": (MESSAGE, _BOTH),
            "evidence": (EVIDENCE, {*_BOTH, "arbiter"}),  # of a deal that is disputed
            "claim": (CLAIM, _BOTH | {"arbiter"}),
            "held": (str(HELD), _BOTH | {"sibling"}),
            "balance": (str(BALANCE), _HOUSE),
            "hook": (HOOK, _BUYERS),
            "payout": (str(PAYOUT), _HOUSE | _OFFICERS),
            "destination": (DESTINATION, {"buyer_person", "operator"}),
            "report": (str(REPORT), _OFFICERS),
            "reference": (REFERENCE, _OFFICERS),
            "note": (NOTE, {"operator"}),
            "fingerprint": (fingerprint.material, _BUYERS),
        }
        for role, key in self.keys.items():
            self.secrets[f"key of {role}"] = (key, set())

    def leaks(self, role: str, said: bytes) -> list[str]:
        """List the secrets in what a role was told that are not for it."""
        plain = _RANDOM.sub(b"#", said)
        return [
            name
            for name, (value, knowing) in self.secrets.items()
            if role not in knowing and value.encode() in (plain if value.isdigit() else said)
        ]

    # What each command needs before it can succeed.

    def listing(
        self, role: str, *, ref: str = "plain", price: int | None = FEW, **more: Any
    ) -> str:
        """Post a listing, and give its id."""
        amount = {} if price is None else {"price": [price, "USD"]}
        fields = {"title": self.new(), "category": "home", "ref": ref, "quantity": 50}
        events = self.do(role, "post_listing", **(fields | amount | more))
        found: str = events[0]["listing"]["id"]
        return found

    def talking(self, role: str = "buyer", units: int = FEW) -> str:
        """Make an offer to the seller, and give the negotiation's id."""
        asked = offer(self.listing("seller"), units)
        return self.made(role, "make_offer", "negotiation", **asked)

    def terms(self, talk: str) -> str:
        """Give the digest of what lies on the table."""
        found: str = self.ask("operator", "get_negotiation", negotiation=talk)["terms"]
        return found

    def taken(self, role: str = "buyer", units: int = FEW) -> str:
        """Have a role and the seller agree, and give the contract's id."""
        talk = self.talking(role, units)
        terms = self.terms(talk)
        return self.made("seller", "accept", "contract", negotiation=talk, terms=terms)

    def delivered(self) -> str:
        """Give a contract whose goods are handed over."""
        deal = self.taken()
        self.do("seller", "submit_delivery", contract=deal)
        return deal

    def disputed(self) -> str:
        """Give a contract that waits for a ruling."""
        deal = self.delivered()
        self.do("buyer", "open_dispute", contract=deal, ground="not_as_described")
        return deal

    def undoable(self) -> str:
        """Give a contract that either principal may still undo."""
        thing = self.listing("seller", conditions={"undo_us": 3_600_000_000})
        price = [FEW, "USD"]
        return self.made("buyer", "take_price", "contract", listing=thing, price=price)

    def hooked(self) -> str:
        """Give a webhook of the buyer's; they may have few at a time."""
        for one in self.ask("buyer", "list_webhooks")["webhooks"]:
            if one["url"] != HOOK:
                self.do("buyer", "remove_webhook", webhook=one["id"])
        url = f"http://planted.example/{self.new()}"
        return self.made("buyer", "add_webhook", "webhook", url=url)

    def disabled(self) -> str:
        """Give a webhook of the buyer's that failed too long."""
        hook = self.hooked()
        self.do("operator", "disable_webhook", webhook=hook, why="failing")
        return hook

    def asked_payout(self) -> str:
        """Give a payout that is not sent yet."""
        amount = [FEW, "USD"]
        return self.made("buyer_person", "request_payout", "payout", amount=amount, rail="manual")

    def sent_payout(self) -> str:
        """Give a payout that an officer has sent."""
        payout = self.asked_payout()
        self.do("officer", "send_payout", payout=payout)
        return payout

    def reported(self, units: int = FEW, reference: str = "") -> str:
        """Give a deposit that an officer reported and nobody confirmed."""
        return self.made(
            "officer",
            "report_deposit",
            "report",
            principal=self.ids["seller_person"],
            amount=[units, "USD"],
            rail="manual",
            reference=reference or self.new(),
        )

    def adopt(self) -> None:
        """Let everybody adopt the terms that stand, so that deals go on."""
        for role in ("arbiter", *PERSONS):
            found = self.ask(role, "get_terms")
            if not found["is_adopted"]:
                self.do(role, "adopt_terms", terms=found["terms"])

    def asked_to_adopt(self) -> str:
        """Publish terms that the buyer's principal alone has not adopted; give their hash."""
        self.do("operator", "publish_terms", text=self.new())
        for role in ("arbiter", *PERSONS):
            if role != "buyer_person":
                self.do(role, "adopt_terms", terms=self.ask(role, "get_terms")["terms"])
        return str(self.ask("operator", "get_terms")["terms"])

    def idle(self) -> str:
        """Give a principal without money or deals."""
        return self.made("operator", "register_principal", "principal", name=self.new())

    def attested(self) -> str:
        """Give a principal that somebody vouched for."""
        principal = self.idle()
        until = self.ask("operator", "get_market")["at"] + 10**12
        self.do("operator", "attest_principal", principal=principal, level=1, until=until)
        return principal

    def review(self) -> str:
        """Give a request to look again; those before it are answered, since few may be open."""
        for one in self.ask("operator", "list_reviews")["reviews"]:
            self.do("operator", "answer_review", review=one["id"], outcome="upheld")
        return self.made("buyer", "ask_review", "review", about="halted")

    def spare(self) -> str:
        """Give a fresh agent of the buyer's principal, with a mandate."""
        owner = self.ids["buyer_person"]
        agent = self.made("operator", "register_agent", "agent", principal=owner, name=self.new())
        self.do("buyer_person", "grant_mandate", agent=agent, limits={})
        return agent

    def spare_key(self) -> str:
        """Give a key of the buyer's to revoke; one may hold few at a time."""
        held = self.ask("operator", "list_keys", owner=self.ids["buyer"])["keys"]
        for key in held[2:-8]:  # behind the one it speaks with and the planted one
            self.do("operator", "revoke_key", key=key["id"])
        material = bearer_secret().material
        owner = self.ids["buyer"]
        return self.made(
            "operator", "add_key", "key", owner=owner, kind="bearer", material=material
        )


def offer(listing: str, units: int = FEW) -> Fields:
    """Give the fields of an offer for one listing."""
    return {"items": [{"listing": listing}], "price": [units, "USD"]}


@contextmanager
def populated(folder: Path, *, house: Fields | None = None, **more: Any) -> Iterator[Town]:
    """Serve a market with people and secrets in it; `house` has rules beside the usual ones."""
    usual: Fields = {"arbiter": "P1", "fee_bps": 100, "auditor": "operator"}
    open_folder(folder, Rules(rails=("credits", "manual"), **(usual | (house or {}))))
    with serving(folder, **more) as served:
        town = Town(served)
        try:
            yield town
        finally:
            town.close()
