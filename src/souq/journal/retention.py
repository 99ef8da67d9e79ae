"""How long words are kept, by what they are for; what has had its time is erased, hashes stay.

Money is in the records themselves and never expires, nor do the secrets that replay needs. Nothing
expires that is in use, or of a principal under a legal hold.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from souq.core.agent_facts import AGENT_FACTS, DescribeAgent
from souq.core.erasure import LEGAL_HOLDS
from souq.core.listing import LISTINGS
from souq.core.message import PostMessage, SendMessage
from souq.core.party import (
    AGENTS,
    PRINCIPALS,
    PrincipalRegistered,
    RegisterAgent,
    RegisterPrincipal,
)
from souq.core.payout import PAYOUTS
from souq.core.review import REVIEWS
from souq.core.rules import DAY_US
from souq.core.seal import Secret
from souq.core.state import State
from souq.core.terms import TERMS
from souq.core.webhook import WEBHOOKS, AddWebhook
from souq.journal.record import Record
from souq.journal.replay import records, replay
from souq.journal.sealing import sealed_values
from souq.journal.store import Store

YEAR_DAYS = 366
DAYS = {"messages": YEAR_DAYS, "technical": YEAR_DAYS, "identity": 5 * YEAR_DAYS}
MONEY, MONEY_DAYS = "money", 7 * YEAR_DAYS  # what belongs to no other class is kept longest
SECRETS = "secrets"  # never: replay needs them

_CLASS: dict[type, str] = {
    PostMessage: "messages",
    SendMessage: "messages",
    AddWebhook: "technical",
    RegisterPrincipal: "identity",
    RegisterAgent: "identity",
    DescribeAgent: "identity",
}


class Expired(NamedTuple):
    """One text that has had its time."""

    seq: int
    digest: str
    kept_as: str


def class_of(command: type) -> str:
    """Name the retention class of the words that a kind of command carries."""
    return _CLASS.get(command, MONEY)


def expired(store: Store, now: int) -> Iterator[Expired]:
    """Iterate over texts that are still there and have had their time. Raises Damaged."""
    state = replay(store).state
    in_use, held = _in_use(state), set(state.rows(LEGAL_HOLDS))
    last_seen = _last_seen(store, state)
    for record in records(store):
        kept_as = class_of(type(record.command))
        owner = _owner(state, record)
        since = record.at if kept_as != "identity" else last_seen.get(owner, record.at)
        if owner in held or now - since < DAYS.get(kept_as, MONEY_DAYS) * DAY_US:
            continue
        for value in sealed_values(record.command):
            is_free = not isinstance(value, Secret) and value.digest not in in_use
            if is_free and store.payload(value.digest) is not None:
                yield Expired(record.seq, value.digest, kept_as)


def _owner(state: State, record: Record) -> str:
    """Give whose words a command carries, or "" where they are the house's."""
    command = record.command
    for party in (record.actor, getattr(command, "principal", ""), getattr(command, "agent", "")):
        agent = state.get(AGENTS, party)
        if agent is not None:
            return agent.principal
        if state.get(PRINCIPALS, party) is not None:
            return str(party)
    events = (event for event in record.events if isinstance(event, PrincipalRegistered))
    return next((event.principal for event in events), "")


def _last_seen(store: Store, state: State) -> dict[str, int]:
    found: dict[str, int] = {}
    for record in records(store):
        owner = _owner(state, record)
        if owner:
            found[owner] = record.at
    return found


def _in_use(state: State) -> set[str]:
    """List the digests of words that something live shows or needs."""
    found: list[Iterable[str]] = [
        *((one.title, one.description) for one in state.rows(LISTINGS).values()),
        *((one.wish.url,) for one in state.rows(WEBHOOKS).values()),
        *((one.order.destination,) for one in state.rows(PAYOUTS).values()),
        *((one.text,) for one in state.rows(TERMS).values()),
        *((one.words,) for one in state.rows(REVIEWS).values()),
        *((one.contact,) for one in state.rows(AGENT_FACTS).values()),
    ]
    return {digest for each in found for digest in each if digest}
