"""Who speaks: proved with each request, never mixed up, and never for longer than the key lives."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.shared.exceptions import MCPError

from souq.app.listening import GRACE_S
from souq.core.credential import AddKey, RevokeKey
from souq.sdk.signing import Signer, bearer_secret, load_key, new_key_file
from souq.surfaces.limits import Rates
from souq.surfaces.mcp.door import McpDoor
from tests.mcp.talking import Street, model, secret_of, street
from tests.serving import granted_by_the_hour

PEOPLE, ROUNDS = 12, 12
PATIENCE_S = 30.0
post = partial(httpx2.post, timeout=PATIENCE_S)
HEAD = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Tell when somebody has begun to wait at the door."""
    begun, pause = threading.Event(), McpDoor._pause

    async def told(self: McpDoor, seconds: float) -> bool:
        begun.set()
        return await pause(self, seconds)

    monkeypatch.setattr(McpDoor, "_pause", told)
    return begun


def old_call(tool: str, arguments: dict[str, Any] | None = None, id: int = 1) -> bytes:
    """Write a call as a client of an older revision does, without any session."""
    params = {"name": tool, "arguments": arguments or {}}
    return json.dumps(
        {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}
    ).encode()


def result_of(response: httpx2.Response) -> Any:
    """Read the answer to an old call."""
    return response.json()["result"]


def test_a_hundred_calls_at_once_each_speak_for_whoever_sent_them(market: Street) -> None:
    """All share one connection pool, so requests of many speakers cross on the same connections."""
    people = [market.join(f"p{n}", deposit=str(n + 1)) for n in range(PEOPLE)]

    async def run() -> None:
        chance = random.Random(7)
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:

            async def one(n: int, number: int) -> None:
                who = people[n]
                headers = HEAD | {"Authorization": f"Bearer {secret_of(who)}"}
                # All use the same JSON-RPC id, as clients that count from 1 do.
                tool = chance.choice(["balance", "mandate", "standing", "post_listing"])
                asked = {"title": f"of {who.id}", "category": "x"}
                body = old_call(tool, asked if tool == "post_listing" else {})
                response = await http.post(f"{market.url}/mcp", content=body, headers=headers)
                told = result_of(response)["structuredContent"]
                match tool:
                    case "balance":
                        assert told["principal"] == who.principal
                        assert told["wallets"][0]["available"] == f"{n + 1}.00 USD"
                    case "mandate" | "standing":
                        assert told["agent"] == who.id
                    case _:
                        posted = market.operator.get_listing(told["listing"])
                        assert (posted.agent, posted.title) == (who.id, f"of {who.id}")

            calls = [(n, number) for number in range(ROUNDS) for n in range(PEOPLE)]
            chance.shuffle(calls)
            await asyncio.gather(*(one(*call) for call in calls))

    asyncio.run(run())


def test_sessions_at_once_stay_apart_while_some_of_them_wait(market: Street) -> None:
    people = [market.join(f"q{n}", deposit=str(n + 1)) for n in range(6)]

    async def run() -> None:
        async def one(n: int) -> None:
            who = people[n]
            mode = "auto" if n % 2 else "legacy"
            async with model(market.url, secret_of(who), mode=mode) as here:
                waiting = asyncio.create_task(here.call("wait", seconds=3, since=10**6))
                for _ in range(8):
                    assert (await here.call("balance"))["principal"] == who.principal
                    assert (await here.call("standing"))["agent"] == who.id
                assert (await waiting)["your_move"] == []

        await asyncio.gather(*map(one, range(6)))

    asyncio.run(run())


def test_another_pair_s_deal_is_neither_shown_nor_moved(market: Street) -> None:
    async def run() -> None:
        async with (
            model(market.url, secret_of(market.bea)) as bea,
            model(market.url, secret_of(market.sol)) as sol,
            model(market.url, secret_of(market.eve)) as eve,
        ):
            posted = await sol.call("post_listing", title="Harp", category="music", price="90")
            opened = await bea.call("offer", listing=posted["listing"], price="60")
            await bea.call("message", to=opened["negotiation"], text="psst")
            talk = opened["negotiation"]
            for tool, arguments in (
                ("view", {"id": talk}),
                ("counter", {"negotiation": talk, "price": "1"}),
                ("accept", {"negotiation": talk, "price": "60", "terms": opened["terms"]}),
                ("reject", {"negotiation": talk}),
                ("withdraw", {"id": talk}),
                ("message", {"to": talk, "text": "hello"}),
                ("withdraw", {"id": posted["listing"]}),
            ):
                no = await eve.refused(tool, **arguments)
                assert no["refused"] == "not_yours", tool
                assert "psst" not in json.dumps(no)
            deal = await sol.call("accept", negotiation=talk, price="60", terms=opened["terms"])
            for tool in ("view", "deliver", "confirm", "withdraw"):
                named = "id" if tool in ("view", "withdraw") else "contract"
                no = await eve.refused(tool, **{named: deal["contract"]})
                assert no["refused"] == "not_yours", tool
            no = await eve.refused("dispute", contract=deal["contract"], ground="other")
            assert no["refused"] == "not_yours"
            heard = await eve.call("wait", since=opened["since"] - 1, seconds=1)
            assert heard["happened"] == []
            await sol.call("withdraw", id=deal["contract"])

    asyncio.run(run())


def test_a_revoked_key_stops_on_the_next_call_and_in_the_middle_of_a_wait(
    market: Street, waits: threading.Event
) -> None:
    who = market.join("gone")
    (key,) = market.operator.list_keys(who.id).keys

    async def run() -> None:
        async with model(market.url, secret_of(who)) as here:
            await here.call("balance")
            waiting = asyncio.create_task(here.refused("wait", seconds=20, since=10**6))
            assert await asyncio.to_thread(waits.wait, PATIENCE_S)
            began = asyncio.get_running_loop().time()
            await asyncio.to_thread(market.operator.submit, RevokeKey(key.id))
            assert (await waiting)["refused"] == "not_proven"
            assert asyncio.get_running_loop().time() - began < 15
            with pytest.raises(MCPError):
                await here.call("balance")
        headers = HEAD | {"Authorization": f"Bearer {secret_of(who)}"}
        answer = await asyncio.to_thread(
            post, f"{market.url}/mcp", content=old_call("balance"), headers=headers
        )
        assert answer.status_code == 401

    asyncio.run(run())


def test_a_wrong_key_is_told_how_to_prove_itself(market: Street) -> None:
    answer = post(
        f"{market.url}/mcp",
        content=old_call("balance"),
        headers=HEAD | {"Authorization": "Bearer souq_wrong"},
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"]
    assert answer.json()["detail"] == "the key is unknown, expired or revoked"


def test_a_signed_call_is_proved_over_its_body_and_good_once(
    market: Street, tmp_path: Path
) -> None:
    path = tmp_path / "bea.key"
    made = new_key_file(path, "ed25519", market.bea.id)
    market.operator.submit(AddKey(market.bea.id, made.kind, made.material))
    signer = Signer(load_key(path))
    url, body = f"{market.url}/mcp", old_call("standing")
    headers = HEAD | signer.headers_for("POST", url, body, "mine")
    told = result_of(post(url, content=body, headers=headers))
    assert told["structuredContent"]["agent"] == market.bea.id
    assert post(url, content=body, headers=headers).status_code == 401
    headers = HEAD | signer.headers_for("POST", url, body, "mine")
    assert post(url, content=old_call("mandate"), headers=headers).status_code == 401


def test_a_person_s_own_key_is_told_to_use_an_agent_s(market: Street) -> None:
    made = bearer_secret()
    market.operator.submit(AddKey(market.bea.principal, "bearer", made.material))

    async def run() -> None:
        async with model(market.url, made.secret) as person:
            no = await person.refused("offer", listing="L1", price="1")
            assert (no["refused"], no["facts"]) == ("not_an_agent", {"you_are": "principal"})

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({}, 200),
    ],
)
def test_a_page_of_another_site_cannot_speak_to_the_market(
    market: Street, headers: dict[str, str], status: int
) -> None:
    answer = post(f"{market.url}/mcp", content=old_call("search"), headers=HEAD | headers)
    assert answer.status_code == status
    own = {"Origin": market.url}
    assert post(f"{market.url}/mcp", content=old_call("search"), headers=HEAD | own).is_success


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_stream_to_open_and_no_session_to_end(market: Street, method: str) -> None:
    answer = httpx2.request(method, f"{market.url}/mcp", headers=HEAD, timeout=PATIENCE_S)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert post(f"{market.url}/mcp/else", content=b"{}", headers=HEAD).status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"jsonrpc":"2.0"}', b"\xff\xfe", b'{"id":1e999}'],
)
@pytest.mark.parametrize("version", ["", "2025-06-18", "2026-07-28", "1999-01-01"])
def test_what_is_no_message_is_refused_and_shows_nothing_of_the_inside(
    market: Street, body: bytes, version: str
) -> None:
    headers = HEAD | ({"MCP-Protocol-Version": version} if version else {})
    answer = post(f"{market.url}/mcp", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text
    assert "site-packages" not in answer.text


def test_a_body_has_a_limit(market: Street) -> None:
    body = old_call("message", {"to": "floor", "text": "x" * 300_000})
    assert post(f"{market.url}/mcp", content=body, headers=HEAD).status_code == 413


def test_whoever_calls_too_fast_waits(tmp_path: Path) -> None:
    few = Rates(commands_per_s=1, queries_per_s=1, burst=12, anonymous_per_s=1, anonymous_burst=5)
    with granted_by_the_hour(), street(tmp_path / "m", limits=few) as market:
        key = {"Authorization": f"Bearer {secret_of(market.bea)}"}
        told = [
            post(f"{market.url}/mcp", content=old_call("balance"), headers=HEAD | key)
            for _ in range(20)
        ]
        assert told[0].status_code == 200
        assert told[-1].status_code == 429
        assert told[-1].headers["retry-after"]
        anonymous = [
            post(f"{market.url}/mcp", content=old_call("view", {"id": "market"}), headers=HEAD)
            for _ in range(20)
        ]
        assert 429 in {one.status_code for one in anonymous}


def test_a_server_that_stops_does_not_wait_for_those_who_wait(
    tmp_path: Path, waits: threading.Event
) -> None:
    with street(tmp_path / "m") as market:
        headers = HEAD | {"Authorization": f"Bearer {secret_of(market.bea)}"}
        body = old_call("wait", {"seconds": 25, "since": 10**6})
        with ThreadPoolExecutor() as pool:
            url = f"{market.url}/mcp"
            waiting = pool.submit(post, url, content=body, headers=headers)
            assert waits.wait(PATIENCE_S)
            began = time.monotonic()
            assert market.served.stop() == 0
            assert result_of(waiting.result())["structuredContent"]["happened"] == []
            assert time.monotonic() - began < GRACE_S
