"""What people have in a hall, what is still set aside for them, and what others are shown of it."""

import re
from itertools import product
from typing import Any

import msgspec
import pytest

from souq.core.budget import RESERVATIONS
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import LISTINGS
from souq.core.mandate import RevokeMandate
from souq.core.negotiation import NEGOTIATIONS
from souq.core.party import AGENTS
from souq.core.pledge import PLEDGED
from souq.core.refusal import Reason, Refused
from souq.core.seal import canonical
from souq.journal.replay import records
from souq.lab.hall import Hall
from souq.operations import OPERATIONS
from souq.venue import Venue

AGENTS_ASKED = ("A1", "A2", "A3", "A4")


def state_of(hall: Hall) -> Any:
    return hall.simulation.engine.state


def principal(hall: Hall, agent: str) -> str:
    return str(state_of(hall).rows(AGENTS)[agent].principal)


def available(hall: Hall, *agents: str) -> list[int]:
    """Give what each agent's principal has that is not held."""
    rows = state_of(hall).rows(ACCOUNTS)
    return [rows[f"wallet:{principal(hall, agent)}/USD"].available for agent in agents]


def owned(hall: Hall, *agents: str) -> list[int]:
    """Give what each agent's principal has, held or not."""
    rows = state_of(hall).rows(ACCOUNTS)
    return [rows[f"wallet:{principal(hall, agent)}/USD"].posted for agent in agents]


def held(hall: Hall) -> dict[str, int]:
    """Give what runs hold, by the holds' names."""
    return {id: hold.amount for id, hold in state_of(hall).rows(HOLDS).items() if id[1] == "N"}


def check_nothing_is_left(hall: Hall) -> None:
    """Assert that no run is open and none has left anything set aside, of money or goods."""
    state = state_of(hall)
    assert held(hall) == {}
    tables: tuple[Any, ...] = (NEGOTIATIONS, RESERVATIONS, PLEDGED, *hall.mechanism.TABLES)
    for table in tables:
        assert state.rows(table) == {}, table.name
    assert all(not listing.pledged for listing in state.rows(LISTINGS).values())


def revoke(hall: Hall, agent: str) -> None:
    """Have an agent's principal take its authority back."""
    hall.simulation.submit(principal(hall, agent), RevokeMandate(agent)).need()


def refused(path: Any, agent: str, command: Any) -> Refused:
    """Have a move refused, and give the refusal."""
    with pytest.raises(Refused) as caught:
        path.move(agent, command)
    return caught.value


def reason(path: Any, agent: str, command: Any) -> Reason:
    """Have a move refused, and give the reason."""
    return refused(path, agent, command).reason


def happened(hall: Hall, *names: str) -> list[Any]:
    """List the events of some kinds."""
    store = hall.simulation.engine.store
    return [
        event
        for record in records(store)
        for event in record.events
        if type(event).__name__ in names
    ]


def why(hall: Hall) -> list[str]:
    """List how runs have ended."""
    return [event.why for event in happened(hall, "NegotiationClosed")]


def shown(hall: Hall, viewer: str, run: str, listing: str = "L1") -> str:
    """Give everything that somebody can read through the venue while a run goes on."""
    simulation = hall.simulation
    venue = Venue(simulation.engine.store, clock=simulation.clock)
    asked: list[Any] = [venue.page(viewer, 0, 1_000)]
    for one in OPERATIONS:
        if one.is_command:
            continue
        for query in _queries(one.asks, run, listing):
            try:
                asked.append([one.name, venue.ask(viewer, query)])
            except Refused as refusal:
                asked.append([one.name, str(refusal)])
    return canonical.encode(msgspec.to_builtins(asked, enc_hook=str)).decode()


def _queries(kind: type, run: str, listing: str) -> list[Any]:
    """Ask with every id that stands in such a market; "?" stands for what it has none of."""
    fields = {field.name: field.required for field in msgspec.structs.fields(kind)}
    ids: dict[str, tuple[object, ...]] = {
        "negotiation": (run,),
        "listing": (listing,),
        "contract": ("C1",),
        "agent": AGENTS_ASKED,
        "seq": (1,),
        "first": (1,),
    }
    named = [name for name, needed in fields.items() if name in ids or needed]
    found = [
        kind(**dict(zip(named, chosen, strict=True)))
        for chosen in product(*(ids.get(name, ("?",)) for name in named))
    ]
    return found if any(fields.values()) else [kind(), *found]


def without_digests(text: str) -> str:
    """Blank commitments, which differ with every bid and tell nothing of it."""
    return re.sub(r"[0-9a-f]{64}", "…", text)
