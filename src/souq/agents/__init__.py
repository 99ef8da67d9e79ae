"""Agents: software that sees what a party may see, and asks for one thing at a time.

To add a strategy of price, write a tactic and list it in `strategies`.
"""

from typing import Any, Protocol

from msgspec import Struct

from souq.views.observation import Observation


class Turn(Struct, frozen=True):
    """What an agent does with one wake: at most one operation and one message.

    `note` replaces its private memory; None leaves it as it is.
    """

    operation: Any = None
    message: str = ""
    note: str | None = None


class Agent(Protocol):
    """Whatever trades. It keeps no link to the market: a wake is a call, a turn its answer."""

    def wake(self, seen: Observation, note: str) -> Turn: ...
