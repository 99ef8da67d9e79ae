"""All that is about one principal, as it may see it: its records, words, authority and money."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from souq.core.account import ACCOUNTS
from souq.core.agent_facts import AGENT_FACTS, AgentDescribed
from souq.core.attestation import Attestation, attested
from souq.core.mandate import MANDATES, Limits
from souq.core.party import AGENTS, PRINCIPALS, wallet
from souq.core.rules import rules
from souq.core.state import State
from souq.core.terms import ADOPTED
from souq.journal.replay import records, replay
from souq.journal.store import Store
from souq.views.feed import Feed, RecordSeen
from souq.views.history import ERASED
from souq.views.mentions import Mentions
from souq.views.statements import Receipt, Statements, Total

_PAGE = 200


class AgentKept(Struct, frozen=True):
    """One of its agents, with the limits it was lent."""

    id: str
    name: str
    model: str
    said: AgentDescribed | None
    limits: Limits | None


class Dossier(Struct, frozen=True):
    """Everything kept about a principal but the records; `wallets` are units by asset."""

    principal: str
    name: str
    attestation: Attestation | None
    terms_adopted: str
    agents: tuple[AgentKept, ...]
    wallets: dict[str, int]
    totals: tuple[Total, ...]
    receipts: tuple[Receipt, ...]


def dossier(store: Store, principal: str) -> tuple[Dossier, Iterator[RecordSeen]]:
    """Give a principal's dossier, and every record as it may see it. Raises KeyError."""
    state = replay(store).state
    if state.get(PRINCIPALS, principal) is None:
        raise KeyError(f"there is no principal {principal} in this journal")
    statements = Statements()
    for record in records(store):
        statements.take(record.at, record.events)
    found = Dossier(
        principal=principal,
        name=_words(store, state.rows(PRINCIPALS)[principal].name),
        attestation=attested(state, principal),
        terms_adopted=state.get(ADOPTED, principal) or "",
        agents=tuple(_agents(store, state, principal)),
        wallets=_wallets(state, principal),
        totals=statements.totals(principal),
        receipts=statements.receipts(principal),
    )
    return found, _records(store, state, principal)


def _agents(store: Store, state: State, principal: str) -> Iterator[AgentKept]:
    for one in state.rows(AGENTS).values():
        if one.principal == principal:
            mandate = state.get(MANDATES, one.mandate)
            limits: Any = None if mandate is None else mandate.limits.value
            said = state.get(AGENT_FACTS, one.id)
            yield AgentKept(one.id, _words(store, one.name), one.model, said, limits)


def _wallets(state: State, principal: str) -> dict[str, int]:
    found = {}
    for asset in rules(state).assets:
        account = state.get(ACCOUNTS, wallet(principal, asset.code))
        found[asset.code] = 0 if account is None else account.posted
    return found


def _words(store: Store, digest: str) -> str:
    payload = store.payload(digest)
    return ERASED if payload is None else msgspec.json.decode(payload.content, type=str)


def _records(store: Store, state: State, principal: str) -> Iterator[RecordSeen]:
    mentions = Mentions(None, lambda: state)
    try:
        mentions.catch_up(store)
        feed = Feed(store, mentions, lambda: state)
        after = 0
        while True:
            page = feed.page(principal, after, _PAGE)
            yield from page.records
            if page.last == after:
                return
            after = page.last
    finally:
        mentions.close()
