"""A hall for batches: one host, and what tests want to know of it."""

from typing import Any

from souq.core.halt import SetHalt
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mandate import RevokeMandate
from souq.core.party import AGENTS
from souq.core.rules import OPERATOR
from souq.lab.hall import Hall
from souq.views.feed import Feed
from souq.views.mentions import Mentions


def revoke(hall: Hall, agent: str) -> None:
    """Take an agent's authority away, as its principal may at any time."""
    found = hall.simulation.engine.state.get(AGENTS, agent)
    assert found is not None
    hall.simulation.submit(found.principal, RevokeMandate(agent)).need()


def halt(hall: Hall, level: Any) -> None:
    """Halt the market, or open it again."""
    hall.simulation.submit(OPERATOR, SetHalt(level)).need()


def happened(hall: Hall, *kinds: type) -> list[Any]:
    """List the events of these kinds, in order."""
    store = hall.simulation.engine.store
    feed = _feed(hall)
    last = hall.simulation.engine.head[0]
    found = [event for seq in range(1, last + 1) for event in feed.record(seq).events]
    assert store is not None
    return [event for event in found if type(event) in kinds]


def seen_by(hall: Hall, viewer: str) -> list[Any]:
    """List the events that a viewer is shown."""
    page = _feed(hall).page(viewer, 0, 10_000)
    return [event for record in page.records for event in record.events]


def held(hall: Hall) -> dict[str, int]:
    """Give what is held on the ledger, by hold."""
    rows = hall.simulation.engine.state.rows(HOLDS)
    return {id: hold.amount for id, hold in rows.items()}


def wealth(hall: Hall) -> int:
    """Sum all wallets and fees: money only moves."""
    rows = hall.simulation.engine.state.rows(ACCOUNTS)
    return sum(row.posted for name, row in rows.items() if name.startswith(("wallet:", "fees/")))


def _feed(hall: Hall) -> Feed:
    engine = hall.simulation.engine
    index = Mentions(None, lambda: engine.state)
    index.catch_up(engine.store)
    return Feed(engine.store, index, lambda: engine.state)
