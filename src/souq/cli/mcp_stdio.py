"""`souq mcp` lets a desktop client's model trade at a market elsewhere: MCP on stdin and stdout."""

import asyncio
import importlib.util
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from souq.cli.commands import app
from souq.cli.connecting import URL, Key, Server, key_of
from souq.cli.output import Mistake, write_json
from souq.core.refusal import Reason
from souq.engine import Answer
from souq.sdk.async_client import AsyncClient
from souq.sdk.errors import BadRequest, NotProven, Unreachable
from souq.surfaces.mcp.advice import (
    BAD_ARGUMENTS,
    NO_KEY,
    NOT_PROVEN,
    UNREACHABLE,
    Unanswered,
)

_PLACES = {"desktop": "mcpServers", "cursor": "mcpServers", "vscode": "servers"}
PATIENCE_S = 8.0  # a model's client gives up on a call after a minute or less


@app.command()
def mcp(
    server: Server = URL,
    key: Key = "",
    patience_s: Annotated[
        float, typer.Option(min=0, help="how long one call is tried again")
    ] = PATIENCE_S,
    print_config: Annotated[
        str, typer.Option(metavar="CLIENT", help="print what to paste: desktop, cursor or vscode")
    ] = "",
) -> None:
    """Serve the market's tools to an MCP client on stdin and stdout, for desktop applications.

    Example: souq mcp --server http://127.0.0.1:8000 --key bea.key --print-config desktop
    """
    if importlib.util.find_spec("mcp") is None:
        raise Mistake("the MCP door is not installed: pip install 'souq[mcp]'")
    if not server.startswith(("http://", "https://")):
        raise Mistake(f"{server} is no address of a market, such as {URL}")
    if print_config:
        write_json(config_for(print_config, server, key))
        return
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    asyncio.run(_serve(AsyncClient(server, key=key_of(key), patience_s=patience_s), bool(key)))


def config_for(client: str, server: str, key: str) -> dict[str, Any]:
    """Give what a client's configuration needs to start this very program. Raises Mistake."""
    if client not in _PLACES:
        raise Mistake(f"a client is one of {', '.join(_PLACES)}, not {client}")
    words = ["-m", "souq.cli", "mcp", "--server", server]
    entry: dict[str, Any] = {"command": sys.executable, "args": words}
    if key.startswith("souq_"):
        entry["env"] = {"SOUQ_KEY": key}  # not where every process of the machine can read it
    elif key:
        words += ["--key", str(Path(key).resolve())]
    if client == "vscode":
        entry = {"type": "stdio"} | entry
    return {_PLACES[client]: {"souq": entry}}


async def _serve(client: AsyncClient, has_key: bool) -> None:
    from mcp.server.stdio import stdio_server

    from souq.surfaces.mcp.server import Speech, build

    async def pause(seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return True

    speech = Speech("stdio", ToolLink(client, has_key=has_key), pause)
    served = build(lambda context: speech)
    async with client, stdio_server() as (incoming, outgoing):
        await served.run(incoming, outgoing, served.create_initialization_options())


class ToolLink:
    """A client, as tools want it: what goes wrong on the way is told, not raised at the model."""

    def __init__(self, client: AsyncClient, *, has_key: bool) -> None:
        self._client = client
        self._has_key = has_key

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command. Raises Refused, Unanswered."""
        try:
            return await self._client.submit(command, command_id=command_id)
        except (BadRequest, NotProven, Unreachable) as error:
            raise self._unanswered(error) from None

    async def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused, Unanswered."""
        try:
            return await self._client.ask(query)
        except Unreachable as error:
            # Asking again is always safe, so there is no act to name.
            raise Unanswered(Reason.STOPPED.value, why=str(error)[:200]) from None
        except (BadRequest, NotProven) as error:
            raise self._unanswered(error) from None

    def _unanswered(self, error: BadRequest | NotProven | Unreachable) -> Unanswered:
        why = str(error)[:200]
        match error:
            case NotProven():
                return Unanswered(NOT_PROVEN, why=why) if self._has_key else Unanswered(NO_KEY)
            case Unreachable():
                return Unanswered(UNREACHABLE, why=why)
            case BadRequest():
                return Unanswered(BAD_ARGUMENTS, why=why)
