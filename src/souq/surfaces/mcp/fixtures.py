"""What public conformance suites look for in a server, mounted only by the setting `conformance`."""

from typing import Any

from mcp.server.lowlevel import Server


def dress(server: Server[Any]) -> None:
    """Add the fixtures."""
