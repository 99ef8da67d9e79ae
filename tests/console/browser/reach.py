"""How far words reach: what some places need before they are looked at, and why others take none.

A place that is refused for a reason that is not written here is one that nobody has looked at.
"""

import re
from collections.abc import Callable
from typing import Any

from souq.core.criteria import of_code
from souq.sdk.signing import new_key
from tests.http.market import FEW, Fields, Town
from tests.http.ready import READY
from tests.http.ready_deliveries import CODE, DIGEST
from tests.http.ready_runs import RUNS, drawn

PROBE = "<i>probe"
ALL_READY = READY | RUNS
AS = {"post_listing": "stranger"}  # whose mandate says nothing about what it gives away
# Their only text beside ids are digests and nonces; a vote takes days to come to.
VOTES = {"commit_vote", "reveal_vote", "appeal_verdict"}
_SEEN = re.escape(PROBE)
# By what the market says, why no free text can stand there.
REASONS: dict[str, str] = {
    rf"not found \(id: {_SEEN}\)": "it names something of this market",
    rf"this market does not (know|use) '{_SEEN}'": "it names an asset or a rail of this market",
    r"in [A-Z]+\)|\d USD\)|better where the best price": "the run says in which asset one pays",
    r"(units: \d+, asset: USD)": "a price is taken as it stands",
    r"hex(adecimal)? digits": "a digest, or a nonce",
    r"these listings are another agent's|one of the two agents pays": "it names one of two agents",
    r"terms changed": "it repeats a digest that the market gave",
    r"not what was committed to": "it opens a commitment, whatever that was to",
    r"stands from the opening on": "open_market alone can say it",
    r"http or https": "an address in ASCII",
    r"letters": "letters, digits and a few signs",
    r"up to 16 names": "names as of programs",
    r"ISO 3166": "the code of a country",
    r"one of standard": "one of a few templates",
    r"name lots of this auction": "it names what is sold there",
    r"only what was promised": "a promise is made in a few attributes that the market knows",
    r"an id, a record's number": "an id, a number or a reason",
    r"subject_key": "a key that its owner has",
    r"no agent of this market": "it names an agent",
    r"fingerprint of a live": "it names a key",
    r"not a signature|does not fit|signature": "a signature",
    r"small letters and digits": "a name of small letters and digits",
    r"ed25519": "a key",
    r"^not yours$": "it names somebody, or a rail, that is one's own to speak for",
    r"\(state: None\)": "it names an asset that a bond is in",
}


def ready(town: Town, operation: str, path: str = "", words: str = "") -> tuple[str, Fields]:
    """Give who can succeed with a command, and its fields; made anew, for a place and its words."""
    role, usual = ALL_READY[operation]
    if path in COMMITTED:
        return role, COMMITTED[path](town, words)
    given = INSTEAD.get(path) or INSTEAD.get(operation) or usual
    return AS.get(operation, role), given(town)


def why_not(told: str) -> str:
    """Say why a place takes no words, from how the market refused them; "" where that is new."""
    return next((why for said, why in REASONS.items() if re.search(said, told)), "")


def operations_left() -> set[str]:
    """Name the commands that are reached in no other way than here."""
    return {"open_market", *VOTES}


def _sold(town: Town, **conditions: Any) -> Fields:
    listing = town.listing("seller", conditions=conditions)
    taken = town.made("buyer", "take_price", "contract", listing=listing, price=[FEW, "USD"])
    return {"contract": taken}


def _coded(town: Town) -> Fields:
    deal = _sold(town, hand_over="code")
    town.do("buyer", "commit_code", **deal, code=of_code(deal["contract"], CODE))
    return deal


def _encrypted(town: Town) -> Fields:
    return _sold(town, criteria=[{"type": "encrypted"}])


def _keyed(town: Town) -> Fields:
    deal = _encrypted(town)
    key = of_code(deal["contract"], CODE)
    town.do("seller", "commit_delivery", **deal, content=DIGEST, key=key)
    return deal


def _verified(town: Town) -> Fields:
    fields = READY["post_listing"][1](town)
    return fields | {"conditions": {"criteria": [{"type": "suite", "suite": DIGEST}]}}


def _wishing(town: Town) -> Fields:
    fields = RUNS["enter_barter"][1](town)
    return fields | {"wishes": [{"goods": [{"listing": town.listing("buyer")}]}]}


def _signed(town: Town) -> str:
    means = {"type": "signed", "key": new_key("ed25519").material}
    opening = {"payee": town.ids["seller"], "deposit": [FEW, "USD"], "means": means}
    return town.made("stranger", "open_channel", "channel", **opening)


def _voucher(town: Town) -> Fields:
    proof = {"type": "signed", "units": 5, "signature": "x"}
    return {"channel": _signed(town), "proof": proof}


def _approving(town: Town) -> Fields:
    fields = READY["approve"][1](town)
    waits = town.ask("buyer_person", "list_approvals")["approvals"]
    digest = next(one["digest"] for one in waits if one["contract"] == fields["contract"])
    return fields | {"digest": digest, "key": "0", "signature": "0"}


def _lent(town: Town) -> Fields:
    # Of a new mandate each time: there are only so many parts of one.
    return READY["delegate_mandate"][1](town) | {"of": town.spare()}


# By command or place, what it needs beyond what is ready for its command.
INSTEAD: dict[str, Callable[[Town], Fields]] = {
    "delegate_mandate": _lent,
    "submit_delivery.code": _coded,
    "submit_delivery.key": _keyed,
    "commit_delivery.key": lambda town: _encrypted(town) | {"content": DIGEST},
    "post_listing.conditions.verifier": _verified,
    "enter_barter.wishes[].goods[].listing": _wishing,
    "present_voucher.proof.signed.signature": _voucher,
    "close_channel.proof.signed.signature": _voucher,
    "settle_channels.claims[].proof.signed.signature": lambda town: {"claims": [_voucher(town)]},
    "approve.key": _approving,
    "approve.signature": _approving,
}
# Places that take what was committed to, and nothing else: so these words are.
COMMITTED: dict[str, Callable[[Town, str], Fields]] = {"reveal_batch_seed.seed": drawn}
ALONE = {*INSTEAD, *COMMITTED}
