"""A market where software agents buy, sell and bargain for the people they stand for."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from souq.sdk.async_client import AsyncClient as AsyncClient
    from souq.sdk.client import Client as Client

__version__ = "0.1.0"
_HOMES = {"AsyncClient": "souq.sdk.async_client", "Client": "souq.sdk.client"}


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that the core and the ledger can be used without a client.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
