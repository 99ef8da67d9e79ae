"""The doors beside `/v1/`, each there where its extra is installed."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from souq.surfaces.answering import Answering
from souq.surfaces.auth import Authenticator
from souq.surfaces.limits import Limits
from souq.surfaces.missing import Missing
from souq.surfaces.signatures import MarketKey

AGENT_CARD = ".well-known/agent-card.json"


def doors(
    answering: Answering,
    authenticator: Authenticator,
    limits: Limits,
    *,
    market_key: MarketKey,
    url: str,
    body_bytes_max: int,
    a2a_conformance: bool = False,
) -> Mapping[str, Any]:
    """Give ASGI applications by the paths they answer to: a first part, or a whole one."""
    found: dict[str, Any] = {}
    if all(map(_is_here, ("a2a", "rfc8785"))):
        # Imported only here, since it loads what the base install does not bring.
        from souq.surfaces.a2a.door import door

        found["a2a"] = found[AGENT_CARD] = door(
            answering,
            authenticator,
            limits,
            market_key=market_key,
            url=url,
            body_bytes_max=body_bytes_max,
            is_conformance=a2a_conformance,
        )
    else:
        found["a2a"] = found[AGENT_CARD] = Missing("souq[a2a]")
    return found


def _is_here(package: str) -> bool:
    return find_spec(package) is not None
