"""Models as these tests play them: official clients with a key each, and a market with people."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from souq.core.mandate import Limits
from souq.sdk.client import Client
from souq.sdk.trader import Trader
from tests.serving import ADMIN, Served, serving

Told = dict[str, Any]


class Model:
    """One client and its session."""

    def __init__(self, session: McpClient) -> None:
        self.session = session

    async def call(self, tool: str, **arguments: Any) -> Told:
        """Call a tool that must succeed."""
        result = await self.session.call_tool(tool, arguments)
        assert not result.is_error, f"{tool}: {result.content}"
        return told(result)

    async def refused(self, tool: str, **arguments: Any) -> Told:
        """Call a tool that must be refused."""
        result = await self.session.call_tool(tool, arguments)
        assert result.is_error, f"{tool} was not refused: {result.content}"
        return told(result)


def told(result: Any) -> Told:
    """Give what a result says, the same in both its forms."""
    (block,) = result.content
    read: Told = json.loads(block.text)
    assert read == result.structured_content
    return read


@asynccontextmanager
async def model(
    url: str, secret: str = "", *, mode: str = "auto", **more: Any
) -> AsyncIterator[Model]:
    """Connect as somebody, by a bearer key, or as anybody."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=40, trust_env=False) as http,
        McpClient(
            streamable_http_client(f"{url}/mcp", http_client=http), mode=mode, **more
        ) as session,
    ):
        yield Model(session)


class Street:
    """A served market with a buyer, a seller and somebody else."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.url = served.url
        self.operator = Client(served.url, key=ADMIN)
        self.bea = self.join("bea", deposit="1000")
        self.sol = self.join("sol", deposit="100")
        self.eve = self.join("eve", deposit="50")

    def join(self, name: str, *, deposit: str = "0", limits: Limits | None = None) -> Trader:
        """Register a person with an agent and a key."""
        return self.operator.join(name, deposit=deposit, limits=limits)


def secret_of(trader: Trader) -> str:
    """Give the bearer key of an agent that joined."""
    signer = trader.client._wire._signer
    assert signer is not None
    return signer.key.secret


@contextmanager
def street(folder: Path, **more: Any) -> Iterator[Street]:
    """Serve a market with people in it."""
    with serving(folder, **more) as served:
        found = Street(served)
        try:
            yield found
        finally:
            found.operator.close()
