"""Agents: software that sees what a party may see, and asks for one thing at a time.

To add a strategy of price, write a tactic and list it in `strategies`.
"""

from collections.abc import Awaitable
from typing import Any, Protocol

from msgspec import Struct

from souq.core.message import PostMessage, SendMessage
from souq.core.seal import PartyText, PublicText
from souq.views.observation import Observation


class Turn(Struct, frozen=True):
    """What an agent does with one wake: at most one operation and one message.

    `note` replaces its private memory; None leaves it as it is. The message is for the parties of
    the negotiation `about`, or for the whole floor.
    """

    operation: Any = None
    message: str = ""
    note: str | None = None
    about: str = ""

    @property
    def words(self) -> PostMessage | SendMessage | None:
        """Give the command that says the message, if there is one."""
        if not self.message:
            return None
        if self.about:
            return SendMessage(self.about, PartyText(self.message))
        return PostMessage(PublicText(self.message))


class Agent(Protocol):
    """Whatever trades. It keeps no link to the market: a wake is a call, a turn its answer."""

    def wake(self, seen: Observation, note: str) -> Turn | Awaitable[Turn]: ...


async def turn_of(agent: Agent, seen: Observation, note: str) -> Turn:
    """Wake an agent, and wait for one that takes its time."""
    turn = agent.wake(seen, note)
    return turn if isinstance(turn, Turn) else await turn
