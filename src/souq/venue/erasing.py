"""Makes an erased principal's words unreadable, once the record that says so is durable.

The key goes last: where it is still there, all of this is to be done again.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from souq.core.agent_facts import AGENT_FACTS
from souq.core.erased import ERASED
from souq.core.erasure import PrincipalErased
from souq.core.listing import EditListing, PostListing
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.seal import Secret
from souq.core.state import State
from souq.journal.replay import reader
from souq.journal.sealing import sealed_values
from souq.journal.store import Store
from souq.views.catalogue import Catalogue


class Words(NamedTuple):
    """Digests of somebody's words; those in listings are indexed besides."""

    listed: tuple[str, ...]
    others: tuple[str, ...]


def erased_by(events: Iterable[Any]) -> Iterator[str]:
    """Give the principals that events erase."""
    yield from (event.principal for event in events if isinstance(event, PrincipalErased))


def left_over(store: Store, state: State) -> list[str]:
    """List the principals on record as erased whose words can still be read."""
    return [one for one in state.rows(ERASED) if not store.is_shredded(one)]


def erase(store: Store, state: State, catalogue: Catalogue, principal: str) -> None:
    """Forget a principal's words: in the index of listings, in the store, and in every copy."""
    words = words_of(store, state, principal)
    for digest in words.listed:
        catalogue.forget(digest)
    if words.listed:
        catalogue.scrub()
    # What an earlier release wrote lies there unlocked; a key would not take it away.
    store.erase(*words.listed, *words.others)
    store.shred(principal)


def words_of(store: Store, state: State, principal: str) -> Words:
    """Find all that a principal and its agents said, and what they are called."""
    agents = [one for one in state.rows(AGENTS).values() if one.principal == principal]
    facts = (state.get(AGENT_FACTS, one.id) for one in agents)
    others = [state.rows(PRINCIPALS)[principal].name, *(one.name for one in agents)]
    others += [one.contact for one in facts if one is not None]
    listed: list[str] = []
    read = reader(store).whole
    for actor in (principal, *(one.id for one in agents)):
        for seq in store.by(actor):
            command = read(seq, next(iter(store.read(seq, seq))).body).command
            said = [one.digest for one in sealed_values(command) if not isinstance(one, Secret)]
            is_listed = isinstance(command, PostListing | EditListing)
            (listed if is_listed else others).extend(said)
    return Words(tuple(listed), tuple(digest for digest in others if digest))
