"""Agent cards: found where they are looked for, signed by the market, cached, and plain JSON."""

import asyncio
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jwt
import pytest
from a2a.client import A2ACardResolver
from a2a.types import AgentCard
from a2a.utils.signing import SignatureVerificationError, create_signature_verifier
from google.protobuf.json_format import ParseDict
from joserfc import jws
from joserfc.jwk import OKPKey

from souq.surfaces.a2a.signing import canonical
from souq.surfaces.a2a.vocabulary import NEGOTIATION
from tests.a2a.people import VERSION, Bazaar, Json

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
WELL_KNOWN = "/.well-known/agent-card.json"


def card(market: Bazaar, path: str = WELL_KNOWN) -> Json:
    answer = market.http.get(market.url + path)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def verifier(market: Bazaar) -> Any:
    keys = market.http.get(f"{market.url}/.well-known/jwks.json").json()["keys"]
    by_id = {key["kid"]: jwt.PyJWK(key) for key in keys}
    return create_signature_verifier(lambda kid, jku: by_id[kid or ""], ["EdDSA"])


def test_the_sdk_finds_the_markets_card_and_verifies_it(shared: Bazaar) -> None:
    async def found() -> AgentCard:
        async with httpx.AsyncClient(trust_env=False) as http:
            resolver = A2ACardResolver(http, shared.url)
            return await resolver.get_agent_card(signature_verifier=verifier(shared))

    market = asyncio.run(found())
    assert market.name == "souq"
    bindings = {one.protocol_binding for one in market.supported_interfaces}
    assert bindings == {"JSONRPC", "HTTP+JSON"}
    assert {one.protocol_version for one in market.supported_interfaces} == {"1.0"}


def test_each_agent_has_a_card_that_the_markets_card_leads_to(shared: Bazaar) -> None:
    params = card(shared)["capabilities"]["extensions"][0]["params"]
    where = params["agents"].replace("{agent}", shared.ids["sol"]).removeprefix(shared.url)
    seller = card(shared, where)
    assert seller["name"] == "sol"
    assert {one["tenant"] for one in seller["supportedInterfaces"]} == {shared.ids["sol"]}
    assert "home" in seller["skills"][0]["tags"]
    verifier(shared)(ParseDict(seller, AgentCard()))
    told = shared.say("", {"text": "brass lamp"})
    (quote,) = told["message"]["parts"][1]["data"]["quotes"]
    assert quote["agent_card"] == shared.url + where


def test_a_tampered_card_does_not_verify(shared: Bazaar) -> None:
    check = verifier(shared)
    for change in (
        lambda of: of.update(name="souk"),
        lambda of: of["supportedInterfaces"][0].update(url="http://evil.example/a2a"),
        lambda of: of["skills"].pop(),
    ):
        found = card(shared)
        change(found)
        with pytest.raises(SignatureVerificationError):
            check(ParseDict(found, AgentCard()))


def test_a_cards_signature_is_a_plain_jws_over_its_canonical_bytes(shared: Bazaar) -> None:
    found = card(shared)
    (signature,) = found.pop("signatures")
    (key,) = shared.http.get(f"{shared.url}/.well-known/jwks.json").json()["keys"]
    compact = f"{signature['protected']}.{encoded(canonical(found))}.{signature['signature']}"
    read = jws.deserialize_compact(compact, OKPKey.import_key(key), algorithms=["EdDSA"])
    assert read.headers()["kid"] == key["kid"]
    assert read.headers()["typ"] == "JOSE"


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_no_field_of_a_card_is_empty(shared: Bazaar) -> None:
    nameless = shared.do("operator", "register_agent", principal="P1", name=" \n")[0]["agent"]
    for path in (
        WELL_KNOWN,
        f"/a2a/{shared.ids['sol']}{WELL_KNOWN}",
        f"/a2a/{nameless}{WELL_KNOWN}",
    ):
        found = card(shared, path)
        assert list(empty_in(found)) == []
        verifier(shared)(ParseDict(found, AgentCard()))


def empty_in(value: Any, path: str = "") -> Any:
    if value in ("", [], {}):
        yield path
    if isinstance(value, dict):
        for name, one in value.items():
            yield from empty_in(one, f"{path}.{name}")
    if isinstance(value, list):
        for one in value:
            yield from empty_in(one, f"{path}[]")


def test_no_extension_is_required_of_anybody(shared: Bazaar) -> None:
    extensions = card(shared)["capabilities"]["extensions"]
    assert NEGOTIATION in {one["uri"] for one in extensions}
    assert not any(one.get("required") for one in extensions)


def test_a_card_may_be_cached_and_is_not_sent_twice(shared: Bazaar) -> None:
    first = shared.http.get(shared.url + WELL_KNOWN)
    assert "max-age=" in first.headers["cache-control"]
    assert first.headers["last-modified"].endswith("GMT")
    tag = {"If-None-Match": first.headers["etag"]}
    again = shared.http.get(shared.url + WELL_KNOWN, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    other = shared.http.get(f"{shared.url}/a2a/{shared.ids['eve']}{WELL_KNOWN}", headers=tag)
    assert other.status_code == 200


def test_a_card_changes_its_tag_when_what_it_tells_does(market: Bazaar) -> None:
    where = f"{market.url}/a2a/{market.ids['eve']}{WELL_KNOWN}"
    before = market.http.get(where).headers["etag"]
    assert market.http.get(where).headers["etag"] == before
    market.sell("Kettle", 20, who="eve", category="kitchen")
    assert market.http.get(where).headers["etag"] != before


def test_a_card_tells_the_model_an_agent_declares_and_that_nobody_checked_it(
    market: Bazaar,
) -> None:
    sol = market.ids["sol"]
    where = f"/a2a/{sol}{WELL_KNOWN}"
    before = card(market, where)
    assert "self-declared" not in before["description"]
    assert "selfDeclaredModel" not in before["capabilities"]["extensions"][0]["params"]
    model = "anthropic:claude-opus-5"
    market.do("sol", "declare_model", agent=sol, model=model)
    after = card(market, where)
    said = f"It says that it runs on {model}: self-declared, nobody checked it."
    assert after["description"].endswith(said)
    assert after["capabilities"]["extensions"][0]["params"]["selfDeclaredModel"] == model
    assert list(empty_in(after)) == []
    verifier(market)(ParseDict(after, AgentCard()))
    market.do("sol", "declare_model", agent=sol, model="")
    assert card(market, where)["description"] == before["description"]


def test_nobody_has_a_card_who_is_not_there(shared: Bazaar) -> None:
    for tenant in ("A999", "P1", "..", "%00", "nobody"):
        answer = shared.http.get(f"{shared.url}/a2a/{tenant}{WELL_KNOWN}")
        assert answer.status_code == 404 or tenant == "..", answer.text


def test_the_extended_card_is_for_whom_the_market_knows(shared: Bazaar) -> None:
    answer = shared.http.get(f"{shared.url}/a2a/extendedAgentCard", headers=VERSION)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    told = shared.rest("bea", "GET", "/extendedAgentCard").json()
    assert told["capabilities"]["extensions"][0]["params"]["speakingAs"] == shared.ids["bea"]
    by_rpc = shared.rpc("bea", "GetExtendedAgentCard", {"tenant": shared.ids["sol"]})["result"]
    assert by_rpc["name"] == "sol"
    verifier(shared)(ParseDict(told, AgentCard()))
