"""When a slowed principal was bound last: what counts as a commitment, whatever brought it about.

An offer counts, a deal, and whatever sets its money or goods aside in a run that is open to all.
Taking such a thing back counts as well: it is always possible, and puts off the next one.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from souq.core.budget import BudgetReserved
from souq.core.channel import ChannelOpened
from souq.core.mechanisms.alternating_offers import OfferMade
from souq.core.mechanisms.swap import SwapAccepted, SwapProposed
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS
from souq.core.pledge import GoodsPledged
from souq.core.restriction import RESTRICTIONS
from souq.core.state import Table, View


def _note(view: View, agent: str) -> None:
    speaker = view.get(AGENTS, agent)
    if speaker is None:
        return
    found = view.get(RESTRICTIONS, speaker.principal)
    if found is not None and found.level == "slow" and found.paced_at != view.at:
        paced = replace(found, paced_at=view.at, paced_before=found.paced_at)
        view.put(RESTRICTIONS, speaker.principal, paced)


def _of(field: str) -> Callable[[View, Any], None]:
    def note(view: View, event: Any) -> None:
        if view.may_have(RESTRICTIONS):
            _note(view, getattr(event, field))

    return note


def _agreed(view: View, event: AgreementReached) -> None:
    if view.may_have(RESTRICTIONS):
        for agent in event.agreement.parties:
            _note(view, agent)


TABLES: tuple[Table[Any], ...] = ()
DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    OfferMade: _of("by"),
    SwapProposed: _of("by"),
    SwapAccepted: _of("by"),
    GoodsPledged: _of("agent"),
    BudgetReserved: _of("agent"),
    ChannelOpened: _of("payer"),
    AgreementReached: _agreed,
}
