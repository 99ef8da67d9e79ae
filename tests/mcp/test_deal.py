"""A whole deal by the official client: over HTTP with both protocol generations, and over stdio."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.mcp.talking import Model, Street, model, secret_of, street


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


async def haggled(bea: Model, sol: Model) -> None:
    """Haggle over a lamp, from the listing to the money."""
    had = (await sol.call("balance"))["wallets"][0]["available"]
    posted = await sol.call("post_listing", title="Brass lamp", category="home", price="900")
    found = await bea.call("search", text="lamp", max_price="1000")
    assert posted["listing"] in [one["id"] for one in found["listings"]]
    opened = await bea.call("offer", listing=posted["listing"], price="600")
    assert opened["you_pay"] == "600.00 USD"
    awaited = await sol.call("wait")
    assert opened["negotiation"] in [one["negotiation"] for one in awaited["your_move"]]
    countered = await sol.call("counter", negotiation=opened["negotiation"], price=650.5)
    happened = await bea.call("wait", since=opened["since"])
    assert [one["what"] for one in happened["happened"]] == ["offer_made"]
    assert happened["happened"][0]["price"] == "650.50 USD"
    agreed = await bea.call(
        "accept", negotiation=opened["negotiation"], price="650.50", terms=countered["terms"]
    )
    assert agreed["state"] == "agreed"
    await sol.call("deliver", contract=agreed["contract"])
    await bea.call("confirm", contract=agreed["contract"])
    assert (await bea.call("view", id=agreed["contract"]))["state"] == "fulfilled"
    has = (await sol.call("balance"))["wallets"][0]["available"]
    assert float(has.split()[0]) == float(had.split()[0]) + 650.5


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_deal_over_http(market: Street, mode: str) -> None:
    async def run() -> None:
        async with (
            model(market.url, secret_of(market.join("bea", deposit="700")), mode=mode) as bea,
            model(market.url, secret_of(market.sol), mode=mode) as sol,
        ):
            expected = "2026-07-28" if mode == "auto" else "2025-11-25"
            assert bea.session.protocol_version == expected
            await haggled(bea, sol)

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_deal_over_stdio(market: Street, mode: str) -> None:
    def by(secret: str) -> StdioServerParameters:
        words = ["-m", "souq.cli", "mcp", "--server", market.url]
        return StdioServerParameters(
            command=sys.executable, args=words, env=dict(os.environ) | {"SOUQ_KEY": secret}
        )

    async def run() -> None:
        buyer = secret_of(market.join("bea", deposit="700"))
        async with (
            McpClient(stdio_client(by(buyer)), mode=mode) as bea,
            McpClient(stdio_client(by(secret_of(market.sol))), mode=mode) as sol,
        ):
            await haggled(Model(bea), Model(sol))

    asyncio.run(run())


def test_a_market_that_is_away_gives_clear_errors_and_no_crash(tmp_path: Path) -> None:
    words = ["-m", "souq.cli", "mcp", "--server", "http://127.0.0.1:9", "--patience-s", "0.2"]
    parameters = StdioServerParameters(
        command=sys.executable, args=words, env=dict(os.environ) | {"SOUQ_KEY": "souq_" + "0" * 64}
    )

    async def run() -> None:
        async with McpClient(stdio_client(parameters)) as session:
            here = Model(session)
            assert len((await session.list_tools()).tools) == 21
            assert (await here.refused("search", text="lamp"))["refused"] == "stopped"
            no = await here.refused("deliver", contract="C1", once="mine")
            assert no["refused"] in ("stopped", "unreachable")
            assert no["facts"]["once"] == "mine"

    asyncio.run(run())


def test_nothing_but_protocol_goes_to_stdout(market: Street) -> None:
    def message(method: str, id: int | None = None, **params: Any) -> str:
        return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params})

    client = {"protocolVersion": "2025-06-18", "capabilities": {}}
    lines = [
        message("initialize", 1, **client, clientInfo={"name": "x", "version": "1"}),
        "this is no message",
        "[1, 2",
        message("tools/call", 2, name="view", arguments={"id": "market"}),
        message("tools/call", 3, name="no_such_tool", arguments={}),
        message("no/such/method", 4),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "souq.cli", "mcp", "--server", market.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as door:
        assert door.stdin is not None
        assert door.stdout is not None
        door.stdin.write("\n".join(lines) + "\n")
        door.stdin.flush()
        answers: list[Any] = []
        while not {one.get("id") for one in answers} >= {1, 2, 3, 4}:
            answers.append(json.loads(door.stdout.readline()))
        rest, _ = door.communicate(timeout=60)  # whoever hangs up ends it
        assert door.returncode == 0
    answers += [json.loads(line) for line in rest.splitlines()]
    assert all(one["jsonrpc"] == "2.0" for one in answers)
    assert "Traceback" not in str(answers)
