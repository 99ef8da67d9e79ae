"""How commands reach a running market: which address, and by which key."""

from pathlib import Path
from typing import Annotated, Any

import typer

from souq.cli.output import Mistake
from souq.core.refusal import invalid
from souq.operations.queries import Observe
from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from souq.sdk.errors import BadRequest
from souq.sdk.signing import KeyFile, load_key
from souq.views.observation import Observation

URL = "http://127.0.0.1:8000"
Server = Annotated[
    str, typer.Option("--server", envvar="SOUQ_URL", metavar="URL", help="where the market is")
]
Key = Annotated[
    str,
    typer.Option(
        "--key", envvar="SOUQ_KEY", metavar="FILE|SECRET", help="a key file, or a bearer secret"
    ),
]


def key_of(key: str) -> KeyFile | str:
    """Give a key file's content, or the secret itself. Raises Mistake."""
    if not key or key.startswith("souq_"):
        return key
    path = Path(key)
    if not path.is_file():
        raise Mistake(f"there is no key file {key}; make one with: souq keys new {key}")
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if text.startswith("souq_"):
        return text
    try:
        return load_key(path)
    except ValueError as error:
        raise Mistake(str(error)) from None


def connect(server: str, key: str, *, patience_s: float = 10.0) -> Client:
    """Give a client for a command that a person waits for. Raises Mistake."""
    if not server.startswith(("http://", "https://")):
        raise Mistake(f"{server} is no address of a market, such as {URL}")
    return Client(server, key=key_of(key), patience_s=patience_s)


class ClientLink:
    """A client, as a runner wants it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def observe(self) -> Observation:
        """Look."""
        seen: Observation = await self._client.ask(Observe())
        return seen

    async def submit(self, command: Any) -> Any:
        """Act. What the market cannot even read is refused like the rest."""
        try:
            return await self._client.submit(command)
        except BadRequest as error:
            raise invalid(type(command).__name__, error.why) from None
