"""An act may be signed; then the signature holds, and lies in the record beside what was done."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from souq.core.signature import thumbprint
from souq.sdk.signing import KeyFile, new_key
from tests.a2a.people import USD, Bazaar, Json, act, data_in, offer, terms_in

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def private_of(key: KeyFile) -> Any:
    if key.kind == "ed25519":
        return OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.secret)))
    return ECKey.import_key(derive_private_key(int(key.secret, 16), SECP256R1()))


def signed(part: Json, key: KeyFile, **header: Any) -> Json:
    """Sign an act by another library than ours."""
    alg = "EdDSA" if key.kind == "ed25519" else "ES256"
    protected = {"alg": alg, "kid": thumbprint(key.kind, key.material), "typ": "negotiation-v1"}
    whole = jws.serialize_compact(
        protected | header, rfc8785.dumps(part["data"]), private_of(key), algorithms=[alg]
    )
    head, _, proof = whole.split(".")
    return {"data": {**part["data"], "signature": {"protected": head, "signature": proof}}}


def key_for(market: Bazaar, who: str, kind: Any = "ed25519") -> KeyFile:
    key = new_key(kind)
    market.do("operator", "add_key", owner=market.ids[who], kind=kind, material=key.material)
    return key


@pytest.mark.parametrize("kind", ["ed25519", "es256"])
def test_a_signed_act_is_done_and_its_proof_is_kept(market: Bazaar, kind: str) -> None:
    key = key_for(market, "bea", kind)
    task = market.say("bea", signed(offer(market.lamp, 600 * USD), key))["task"]
    (proof,) = market.ask("sol", f"/v1/messages?negotiation={task['id']}")["messages"]
    alg = "EdDSA" if kind == "ed25519" else "ES256"
    read = jws.deserialize_compact(proof["text"], private_of(key), algorithms=[alg])
    told = json.loads(read.payload)
    assert told["price"] == {"units": 600 * USD, "asset": "USD"}
    assert "signature" not in told


def test_a_wrong_signature_is_refused_and_nothing_is_done(market: Bazaar) -> None:
    mine, theirs = key_for(market, "bea"), key_for(market, "sol")
    stranger = new_key("ed25519")
    made = offer(market.lamp, 600 * USD)
    good = signed(made, mine)
    changed = json.loads(json.dumps(good))
    changed["data"]["price"]["units"] -= 1
    flipped = json.loads(json.dumps(good))
    raw = bytearray(urlsafe_b64decode(flipped["data"]["signature"]["signature"] + "=="))
    raw[5] ^= 1
    flipped["data"]["signature"]["signature"] = urlsafe_b64encode(raw).decode().rstrip("=")
    for wrong in (
        changed,
        flipped,
        signed(made, theirs),
        signed(made, stranger),
        signed(made, mine, typ="JOSE"),
        signed(made, mine, kid=thumbprint("ed25519", theirs.material)),
        {"data": {**made["data"], "signature": {"protected": "", "signature": ""}}},
        {"data": {**made["data"], "signature": {"protected": "e30", "signature": "AA"}}},
    ):
        error = market.say("bea", wrong)["error"]
        assert error["code"] == -32602, wrong
    assert market.rpc("bea", "ListTasks", {})["result"]["tasks"] == []


def test_a_revoked_key_signs_no_more_acts(market: Bazaar) -> None:
    key = key_for(market, "bea")
    (id,) = [one["id"] for one in market.ask("bea", "/v1/keys")["keys"] if one["kind"] == "ed25519"]
    market.do("operator", "revoke_key", key=id)
    assert "error" in market.say("bea", signed(offer(market.lamp, USD), key))


def test_a_signed_acceptance_keeps_its_proof_in_the_talk_it_ends(market: Bazaar) -> None:
    key = key_for(market, "sol")
    task = market.say("bea", offer(market.lamp, 600 * USD))["task"]
    accept = {"data": {"schema": data_in(task["status"]["message"])["schema"], "verb": "accept"}}
    accept["data"]["previous"] = terms_in(task)
    agreed = market.say("sol", signed(accept, key), taskId=task["id"])["task"]
    assert agreed["artifacts"]
    said = market.ask("bea", f"/v1/messages?negotiation={task['id']}")["messages"]
    assert [one["agent"] for one in said] == [market.ids["sol"]]


def test_a_signed_act_that_is_refused_leaves_no_proof(market: Bazaar) -> None:
    keys = {who: key_for(market, who) for who in ("bea", "sol")}
    task = market.say("bea", offer(market.lamp, 600 * USD))["task"]
    terms = terms_in(task)
    price = {"units": 700 * USD, "asset": "USD"}
    countered = market.say("sol", act("counter", previous=terms, price=price), taskId=task["id"])
    now = terms_in(countered["task"])
    for who, verb, previous, why in (
        ("bea", "accept", terms, "terms_changed"),
        ("bea", "reject", terms, "terms_changed"),
        ("bea", "withdraw", now, "not_your_turn"),
        ("sol", "withdraw", terms, "terms_changed"),
        ("sol", "accept", now, "not_your_turn"),
        ("sol", "reject", now, "not_your_turn"),
    ):
        part = signed(act(verb, previous=previous), keys[who])
        error = market.say(who, part, {"text": "agreed"}, taskId=task["id"])["error"]
        assert error["data"][0]["metadata"]["refusal"] == why, (who, verb)
    assert market.ask("bea", f"/v1/messages?negotiation={task['id']}")["messages"] == []


@pytest.mark.parametrize("number", [2**53 + 2, 10**20, -(2**60), 1e300])
def test_a_signed_act_with_a_number_beyond_all_canons_is_refused(
    market: Bazaar, number: float
) -> None:
    key = key_for(market, "bea")
    part = signed(offer(market.lamp, 600 * USD), key)
    part["data"]["valid_us"] = number
    answer = market.rest("bea", "POST", "/message:send", market.sent(part))
    assert answer.status_code == 400, answer.text
    assert market.rpc("bea", "ListTasks", {})["result"]["tasks"] == []


def test_the_market_signs_the_agreement(market: Bazaar) -> None:
    agreement = data_in(market.agree()["artifacts"][0])
    signature = agreement.pop("signature")
    (key,) = market.http.get(f"{market.url}/.well-known/jwks.json").json()["keys"]
    payload = urlsafe_b64encode(rfc8785.dumps(agreement)).decode().rstrip("=")
    compact = f"{signature['protected']}.{payload}.{signature['signature']}"
    read = jws.deserialize_compact(compact, OKPKey.import_key(key), algorithms=["EdDSA"])
    assert read.headers()["typ"] == "agreement-v1"
