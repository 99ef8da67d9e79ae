"""Messages are carried and shown; nothing in them moves the market."""

from typing import Any

from msgspec import Struct

from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.negotiation import need_negotiation, parties_of
from souq.core.party import need_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.seal import PartyText, PublicText
from souq.core.state import Draft

LENGTH_MAX = 4_000


class PostMessage(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say something to the whole floor."""

    text: PublicText


class SendMessage(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say something to the other parties of a negotiation."""

    negotiation: str
    text: PartyText


class MessagePosted(Struct, frozen=True, tag=True):
    agent: str
    text: str


class MessageSent(Struct, frozen=True, tag=True):
    agent: str
    negotiation: str
    text: str


def _check(text: str) -> None:
    if not 0 < len(text) <= LENGTH_MAX:
        raise invalid("text", f"1 to {LENGTH_MAX} characters")


def _post(draft: Draft, actor: str, command: PostMessage) -> None:
    agent = need_agent(draft, actor)
    _check(command.text.value)
    draft.emit(MessagePosted(agent.id, command.text.digest))


def _send(draft: Draft, actor: str, command: SendMessage) -> None:
    agent = need_agent(draft, actor)
    mechanism = need_negotiation(draft, command.negotiation).mechanism
    if mechanism in OPEN_TO_ALL:  # rivals have no private channel; the floor is for everybody
        raise Refused(Reason.WRONG_MECHANISM, mechanism=mechanism)
    if agent.id not in parties_of(draft, command.negotiation):
        raise Refused(Reason.NOT_YOURS, id=command.negotiation)
    _check(command.text.value)
    draft.emit(MessageSent(agent.id, command.negotiation, command.text.digest))


DECIDE: dict[type, Any] = {PostMessage: _post, SendMessage: _send}
EVOLVE: dict[type, Any] = {
    MessagePosted: lambda view, event: None,
    MessageSent: lambda view, event: None,
}
