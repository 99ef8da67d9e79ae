"""Markets full of deals, for receipts to be made of: scenarios, plays of mechanisms, walks."""

import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from souq.core.mechanisms import BY_NAME
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.rules import OPERATOR
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.journal.store import Store
from souq.lab.hall import Hall
from souq.operations.evidence_queries import GetReceipt
from souq.venue.desk import Desk
from souq.venue.onlooker import Onlooker
from souq.venue.receipts import get_receipt
from souq.views.evidence_key import EvidenceKey
from tests.laws.walk import walk
from tests.mechanisms.plays import PLAYS
from tests.mechanisms.walks import walk_through
from tests.test_scenarios import FILES, told

KEY = EvidenceKey(bytes(range(32)), bytes(range(32, 64)))
SCRIPT = Path(__file__).parents[2] / "tools" / "verify_receipt.py"


class Bundle(NamedTuple):
    """One receipt: of which market, whose, and of which deal."""

    desk: Desk
    actor: str
    contract: str
    text: bytes


def script() -> Any:
    """Give the stand-alone script as a module."""
    found = sys.modules.get("verify_receipt")
    if found is None:
        spec = importlib.util.spec_from_file_location("verify_receipt", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        found = sys.modules["verify_receipt"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    return found


@cache
def of_plays() -> tuple[Desk, ...]:
    """Give the markets of every mechanism's plays."""
    desks = []
    for name, plays in PLAYS.items():
        for play in plays:
            hall = Hall(BY_NAME[name])
            play(hall)
            desks.append(desk_on(hall.simulation.engine.store))
    return tuple(desks)


@cache
def of_scenarios() -> tuple[Desk, ...]:
    """Give the markets of every scenario."""
    return tuple(desk_on(told(path, MemoryStore()).store) for path in FILES)


@cache
def of_walks() -> tuple[Desk, ...]:
    """Give the markets of some random walks."""
    stores = (walk(77, 600).store, walk(78, 600).store, walk_through(79, plays=8).store)
    return tuple(desk_on(store) for store in stores)


def desk_on(store: Store) -> Desk:
    """Give a desk over a journal that is only read."""
    return Onlooker(lambda: store, KEY).desk


def contracts(desk: Desk) -> list[AgreementReached]:
    """List what was agreed in a market."""
    return [
        event
        for record in records(desk.store)
        for event in record.events
        if isinstance(event, AgreementReached)
    ]


def askers(desk: Desk, agreed: AgreementReached) -> list[str]:
    """List who may have a receipt whatever became of the deal."""
    agents = [desk.state.get(AGENTS, one) for one in agreed.agreement.parties]
    owners = [agent.principal for agent in agents if agent is not None]
    return [*dict.fromkeys((*agreed.agreement.parties, *owners)), OPERATOR]


def bundles(desk: Desk, *, contracts_max: int = 6) -> Iterator[Bundle]:
    """Give the receipts of a market's first and last deals, for everybody who may have them."""
    found = contracts(desk)
    half = contracts_max // 2
    for agreed in found if len(found) <= contracts_max else found[:half] + found[-half:]:
        for actor in askers(desk, agreed):
            yield bundle(desk, actor, agreed.contract)


def bundle(desk: Desk, actor: str, contract: str) -> Bundle:
    """Give one receipt."""
    text = get_receipt(desk, actor, GetReceipt(contract)).file.encode()
    return Bundle(desk, actor, contract, text)
