"""Rails carry money in and out of the ledger's world. To add one, write it and list it here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from souq.rails import credits, manual, sandbox
from souq.rails.order import News, Order, Outcome


class Rail(Protocol):
    """What the outbox asks of a rail. Either call may raise NoAnswer, and be made again."""

    is_automatic: bool  # it answers for itself; else people say what happened

    async def pay(self, order: Order) -> Outcome:
        """Pay once, however often one id is asked for."""

    async def notices(self, after: str) -> News:
        """Give what happened since a cursor; "" is the beginning."""

    async def close(self) -> None:
        """Let go of connections."""


RAILS: dict[str, Callable[[Mapping[str, str]], Rail]] = {
    "credits": credits.connect,
    "manual": manual.connect,
    "sandbox": sandbox.connect,
}


def connect(
    names: Iterable[str], settings: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Rail]:
    """Connect the rails that the house rules name. Raises ValueError for what is missing."""
    found = {}
    for name in names:
        if name not in RAILS:
            raise ValueError(f"there is no rail {name!r}, only {', '.join(RAILS)}")
        found[name] = RAILS[name]((settings or {}).get(name, {}))
    return found
