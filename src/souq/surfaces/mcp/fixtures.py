"""What public conformance suites look for, mounted only where the setting `conformance` says so."""

from typing import Any

from mcp.server.lowlevel import Server


def dress(server: Server[Any]) -> None:
    """Add the fixtures."""
