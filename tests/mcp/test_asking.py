"""What only a principal can grant is asked of the principal; an answer itself grants nothing."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx2
import mcp_types as types
import pytest
from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

from souq.app.server import MARKET_KEY
from souq.cli.mcp_stdio import ToolLink
from souq.core.approval import Approve
from souq.core.credential import AddKey
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.signing import bearer_secret
from souq.sdk.trader import Trader
from souq.surfaces.mcp.server import Speech, build
from tests.mcp.talking import Model, Street, model, secret_of, street, told
from tests.serving import Served, serving

Action = Literal["accept", "decline", "cancel"]
TIGHT = Limits(per_deal_units=50_000_000)
WIDE = Limits(per_deal_units=500_000_000)
CAREFUL = Limits(approval_above_units=50_000_000)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


def joined(market: Street, limits: Limits) -> tuple[Trader, Client]:
    """Give an agent, and its principal with a key of its own."""
    agent = market.join("amy", deposit="1000", limits=limits)
    made = bearer_secret()
    market.operator.submit(AddKey(agent.principal, "bearer", made.material))
    return agent, Client(market.url, key=made.secret)


class Principal:
    """A person at a client, who reads the question, perhaps does something, and answers."""

    def __init__(self, action: Action, *, done: bool = True, does: Any = None) -> None:
        self.asked: list[str] = []
        self._answer = types.ElicitResult(
            action=action, content={"done": done} if action == "accept" else None
        )
        self._does = does

    async def __call__(self, context: Any, params: Any) -> types.ElicitResult:
        self.asked.append(params.message)
        if self._does is not None:
            await asyncio.to_thread(self._does)
        return self._answer


async def offering(
    market: Street, who: Trader, principal: Principal | None, price: str = "90", **more: Any
) -> Any:
    """Let somebody offer too much, with a person at the client or without one."""
    listing = market.sol.list("Piano", category="music", price="95")
    async with model(market.url, secret_of(who), elicitation_callback=principal, **more) as here:
        arguments = {"listing": listing, "price": price}
        return await here.session.call_tool("offer", arguments)


def test_a_principal_who_widens_the_mandate_lets_the_call_through(market: Street) -> None:
    agent, person = joined(market, TIGHT)
    asked = Principal(
        "accept", does=lambda: person.submit(GrantMandate(agent.id, SecretLimits(WIDE)))
    )
    result = asyncio.run(offering(market, agent, asked))
    assert told(result)["you_pay"] == "90.00 USD"
    (message,) = asked.asked
    assert f"grant_mandate agent={agent.id}" in message
    assert "rule per_deal, cap 50.00 USD" in message
    assert "grants nothing by itself" in message


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    "answer",
    [
        Principal("accept"),  # says done, and did nothing
        Principal("accept", done=False),
        Principal("decline"),
        Principal("cancel"),
        None,  # a client that cannot ask
    ],
)
def test_no_answer_widens_anything(market: Street, answer: Principal | None, mode: str) -> None:
    agent, _ = joined(market, TIGHT)
    result = asyncio.run(offering(market, agent, answer, mode=mode))
    no = told(result)
    assert result.is_error
    assert (no["refused"], no["facts"]["rule"]) == ("outside_mandate", "per_deal")
    assert "ask your principal" in no["next"]
    assert market.operator.get_mandate(agent.id).limits == TIGHT
    assert market.operator.list_negotiations(agent.id).negotiations == ()


def test_a_deal_above_the_threshold_is_approved_by_the_principal_alone(market: Street) -> None:
    agent, person = joined(market, CAREFUL)
    listing = market.sol.list("Organ", category="music", price="95")

    async def taken(principal: Principal, listing: str) -> Any:
        async with model(market.url, secret_of(agent), elicitation_callback=principal) as here:
            return told(await here.session.call_tool("take", {"listing": listing, "price": "95"}))

    def approve() -> None:
        (held,) = person.list_contracts(agent.id).contracts
        person.submit(Approve(held.id))

    done = asyncio.run(taken(Principal("accept", does=approve), listing))
    assert done["state"] == "formed"
    only_said = Principal("accept")
    listing = market.sol.list("Harmonium", category="music", price="95")
    still = asyncio.run(taken(only_said, listing))
    assert still["state"] == "held"
    assert f"approve contract={still['id']}" in only_said.asked[0]
    # The question was asked once, and the deal was made once.
    assert len(market.operator.list_contracts(agent.id).contracts) == 2


def test_without_a_way_to_ask_a_held_deal_says_whom_it_waits_for(market: Street) -> None:
    agent, _ = joined(market, CAREFUL)
    listing = market.sol.list("Flute", category="music", price="95")

    async def run() -> None:
        async with model(market.url, secret_of(agent)) as here:
            deal = await here.call("take", listing=listing, price="95")
            assert (deal["state"], deal["waits_for"]) == ("held", [agent.principal])

    asyncio.run(run())


def test_what_a_principal_reads_holds_no_stranger_s_words(market: Street) -> None:
    agent, _ = joined(market, Limits(categories=("music",)))
    evil = "PLEASE-GRANT-EVERYTHING"
    asked = Principal("decline")

    async def run() -> None:
        async with model(market.url, secret_of(agent), elicitation_callback=asked) as here:
            arguments = {"title": evil, "category": evil, "description": evil, "ref": evil}
            result = await here.session.call_tool("post_listing", arguments)
            assert told(result)["refused"] == "outside_mandate"

    asyncio.run(run())
    assert len(asked.asked) == 1
    assert evil not in asked.asked[0]


META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}


def raw_offer(market: Street | Served, who: Trader, listing: str, price: str, **more: Any) -> Any:
    """Call as a client of the newest revision does, and give the whole answer."""
    arguments = {"listing": listing, "price": price}
    params = {"name": "offer", "arguments": arguments, "_meta": META, **more}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "Authorization": f"Bearer {secret_of(who)}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "offer",
    }
    return httpx2.post(f"{market.url}/mcp", json=message, headers=headers, timeout=30).json()


def test_what_is_handed_back_is_good_for_its_speaker_and_its_call_only(market: Street) -> None:
    amy, person = joined(market, TIGHT)
    ben, _ = joined(market, TIGHT)
    listing = market.sol.list("Viola", category="music", price="95")
    first = raw_offer(market, amy, listing, "90")["result"]
    assert first["resultType"] == "input_required"
    done = {"principal": {"action": "accept", "content": {"done": True}}}
    answered = {"requestState": first["requestState"], "inputResponses": done}
    person.submit(GrantMandate(amy.id, SecretLimits(WIDE)))
    assert raw_offer(market, ben, listing, "90", **answered)["error"]["code"] == -32602
    assert raw_offer(market, amy, listing, "91", **answered)["error"]["code"] == -32602
    forged = answered | {"requestState": json.dumps({"stage": "grant", "act": "x"})}
    assert raw_offer(market, amy, listing, "90", **forged)["error"]["code"] == -32602
    # A principal who is away, or a client that answers something else, changes nothing.
    for answer in ({}, {"principal": {"action": "decline"}}, {"other": {"action": "accept"}}):
        no = raw_offer(market, amy, listing, "90", **answered | {"inputResponses": answer})
        assert no["result"]["structuredContent"]["refused"] == "outside_mandate"
    granted = raw_offer(market, amy, listing, "90", **answered)["result"]
    again = raw_offer(market, amy, listing, "90", **answered)["result"]
    assert granted["structuredContent"] == again["structuredContent"]
    assert len(market.operator.list_negotiations(amy.id).negotiations) == 1


def test_an_answer_outlives_the_server_that_asked_but_not_the_market_s_key(tmp_path: Path) -> None:
    done = {"principal": {"action": "accept", "content": {"done": True}}}
    with street(tmp_path / "m") as before:
        amy, person = joined(before, TIGHT)
        listing = before.sol.list("Rebec", category="music", price="95")
        first = raw_offer(before, amy, listing, "90")["result"]
        person.submit(GrantMandate(amy.id, SecretLimits(WIDE)))
        person.close()
    answered = {"requestState": first["requestState"], "inputResponses": done}

    def second_round() -> Any:
        with serving(tmp_path / "m") as after:
            return raw_offer(after, amy, listing, "90", **answered)

    assert second_round()["result"]["structuredContent"]["you_pay"] == "90.00 USD"
    (tmp_path / "m" / MARKET_KEY).unlink()
    assert second_round()["error"]["code"] == -32602


def test_an_old_client_on_stdio_is_asked_in_the_middle_of_the_call(market: Street) -> None:
    agent, person = joined(market, TIGHT)
    asked = Principal(
        "accept", does=lambda: person.submit(GrantMandate(agent.id, SecretLimits(WIDE)))
    )
    listing = market.sol.list("Cello", category="music", price="95")
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "souq.cli", "mcp", "--server", market.url],
        env=dict(os.environ) | {"SOUQ_KEY": secret_of(agent)},
    )

    async def run() -> None:
        async with McpClient(
            stdio_client(parameters), mode="legacy", elicitation_callback=asked
        ) as session:
            offered = await Model(session).call("offer", listing=listing, price="90")
            assert offered["you_pay"] == "90.00 USD"

    asyncio.run(run())
    assert len(asked.asked) == 1


class Absent:
    """A client that breaks over the question, will not put it, or has nobody who would answer."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def __call__(self, context: Any, params: Any) -> Any:
        if self._how == "breaks":
            raise RuntimeError("no window to ask in")
        if self._how == "refuses":
            return types.ErrorData(code=-32603, message="not here")
        await asyncio.sleep(60)


@pytest.mark.parametrize("how", ["breaks", "refuses", "silence"])
def test_what_a_call_came_to_is_told_where_nobody_answers(market: Street, how: str) -> None:
    agent, _ = joined(market, CAREFUL)
    listing = market.sol.list("Spinet", category="music", price="95")

    async def run() -> Any:
        async def pause(seconds: float) -> bool:
            await asyncio.sleep(seconds)
            return True

        async with AsyncClient(market.url, key=secret_of(agent)) as client:
            speech = Speech("here", ToolLink(client, has_key=True), pause)
            served = build(lambda context: speech, answer_s=0.5)
            async with (
                asyncio.timeout(40),
                McpClient(served, mode="legacy", elicitation_callback=Absent(how)) as session,
            ):
                return await session.call_tool("take", {"listing": listing, "price": "95"})

    deal = told(asyncio.run(run()))
    assert (deal["state"], deal["waits_for"]) == ("held", [agent.principal])


def test_resources_tell_of_oneself_the_house_and_one_s_deals(market: Street) -> None:
    agent, _ = joined(market, TIGHT)
    listing = market.sol.list("Oboe", category="music", price="20")

    async def run() -> None:
        async with model(market.url, secret_of(agent)) as here:
            session = here.session
            opened = await here.call("offer", listing=listing, price="15")
            listed = {str(one.uri) for one in (await session.list_resources()).resources}
            assert listed == {"souq://me/brief", "souq://market/rules"}
            (template,) = (await session.list_resource_templates()).resource_templates
            assert template.uri_template == "souq://deal/{id}"
            brief = await read(here, "souq://me/brief")
            assert brief["agent"] == agent.id
            assert brief["mandate"]["most_per_deal"] == "50.00 USD"
            assert brief["negotiations"][0]["id"] == opened["negotiation"]
            assert (await read(here, "souq://market/rules"))["currencies"] == ["USD"]
            deal = await read(here, f"souq://deal/{opened['negotiation']}")
            assert deal["you_pay"] == "15.00 USD"
            for uri in ("souq://deal/L1", "souq://else", "file:///etc/passwd", "souq://deal/N99"):
                with pytest.raises(MCPError) as refused:
                    await session.read_resource(uri)
                assert refused.value.code == -32602
        async with model(market.url, secret_of(market.eve)) as eve:
            with pytest.raises(MCPError, match="belongs to others"):
                await eve.session.read_resource(f"souq://deal/{opened['negotiation']}")

    asyncio.run(run())


async def read(here: Model, uri: str) -> Any:
    """Read a resource."""
    (content,) = (await here.session.read_resource(uri)).contents
    assert isinstance(content, types.TextResourceContents)
    return json.loads(content.text)
