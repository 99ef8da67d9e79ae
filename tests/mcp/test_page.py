"""The page on MCP tells the truth, and what it says to paste works."""

import asyncio
import json
import os
from pathlib import Path

import httpx2
import pytest
from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from typer.testing import CliRunner

from souq.app import doors
from souq.cli import app
from souq.cli.output import Mistake
from souq.core.credential import AddKey
from souq.sdk.signing import new_key_file
from souq.surfaces.mcp.page import table, written
from souq.surfaces.mcp.telling import RESULT_MAX
from souq.surfaces.mcp.tools import TOOLS
from tests.mcp.talking import Model, secret_of, street
from tests.serving import serving

PAGE = Path(__file__).parents[2] / "docs" / "mcp.md"


def test_the_page_lists_the_tools_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run: python -m souq.surfaces.mcp.page docs/mcp.md"
    assert f"{len(TOOLS)} tools" in page
    assert f"{RESULT_MAX:,} signs" in page
    assert len(table().splitlines()) == len(TOOLS) + 2


def test_every_block_on_the_page_is_json() -> None:
    blocks = PAGE.read_text(encoding="utf-8").split("```json\n")[1:]
    assert len(blocks) == 5
    for block in blocks:
        assert json.loads(block.partition("```")[0])


@pytest.mark.parametrize("client", ["desktop", "cursor", "vscode"])
@pytest.mark.parametrize("kind", ["file", "secret"])
def test_what_is_printed_to_paste_starts_a_door(tmp_path: Path, client: str, kind: str) -> None:
    with street(tmp_path / "m") as market:
        key = secret_of(market.bea)
        if kind == "file":
            path = tmp_path / "bea.key"
            made = new_key_file(path, "ed25519", market.bea.id)
            market.operator.submit(AddKey(market.bea.id, made.kind, made.material))
            key = str(path)
        words = ["mcp", "--server", market.url, "--key", key, "--print-config", client]
        printed = json.loads(CliRunner().invoke(app, words).stdout)
        entry = printed["servers" if client == "vscode" else "mcpServers"]["souq"]
        entry.pop("type", None)
        if kind == "secret":
            assert key not in str(entry["args"])
        # Clients give a server little of their environment; here souq may be found by it.
        entry["env"] = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")} | entry.get("env", {})

        async def run() -> None:
            async with McpClient(stdio_client(StdioServerParameters(**entry))) as session:
                assert (await Model(session).call("standing"))["agent"] == market.bea.id

        asyncio.run(run())


def test_a_mistake_is_told_before_anything_starts() -> None:
    for words in (["--server", "nowhere"], ["--key", "missing.key"], ["--print-config", "emacs"]):
        done = CliRunner().invoke(app, ["mcp", *words])
        assert done.exit_code == 1
        assert isinstance(done.exception, Mistake)


def test_a_server_without_the_extra_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package is there in every test environment, so its absence has to be pretended.
    monkeypatch.setattr(doors, "_is_installed", lambda package: False)
    with serving(tmp_path / "m") as served:
        for path in ("/mcp", "/mcp/x"):
            answer = httpx2.post(f"{served.url}{path}", json={})
            assert answer.status_code == 404
            assert "souq[mcp]" in answer.json()["detail"]
        assert httpx2.get(f"{served.url}/v1/market").status_code == 200
