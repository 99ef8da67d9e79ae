"""What happened in one's own affairs, an event a line."""

import re
from typing import Any

from souq.core import approval, dispute, ending, mandate, message, negotiation
from souq.core import contract as contracts
from souq.core.dispute import records
from souq.core.mechanisms import alternating_offers, posted_price, swap
from souq.surfaces.mcp.telling import Teller, envelope
from souq.views.feed import RecordSeen

# Each is told only to whom it concerns, so whatever is public is left out here.
_KINDS: tuple[type, ...] = (
    alternating_offers.OfferMade,
    swap.SwapProposed,
    swap.SwapAccepted,
    posted_price.PriceTaken,
    negotiation.NegotiationClosed,
    negotiation.AgreementReached,
    approval.ContractHeld,
    contracts.ContractFormed,
    contracts.DeliverySubmitted,
    contracts.InspectionBegan,
    contracts.DeliveryAccepted,
    dispute.DisputeOpened,
    records.DisputeAnswered,
    records.EvidenceAdded,
    records.SplitProposed,
    records.ArbiterCalled,
    records.PanelAwaited,
    records.VerdictReached,
    records.RedoOrdered,
    ending.ContractFulfilled,
    ending.ContractCancelled,
    ending.RulingMade,
    message.MessageSent,
    mandate.MandateGranted,
    mandate.MandateRevoked,
)
HEARD_MAX = 240  # the rest is seen with `view`
TYPES = tuple(kind.__name__ for kind in _KINDS)
_PLAIN = ("negotiation", "contract", "terms", "by", "why", "ground")


def happenings(record: RecordSeen, teller: Teller, me: str) -> list[dict[str, Any]]:
    """Tell the events of a record."""
    return [_told(event, record, teller, me) for event in record.events]


def _told(event: Any, record: RecordSeen, teller: Teller, me: str) -> dict[str, Any]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    row: dict[str, Any] = {"what": name}
    row |= {field: value for field in _PLAIN if (value := getattr(event, field, ""))}
    match event:
        case alternating_offers.OfferMade() | swap.SwapProposed():
            return row | teller.terms(event.legs)
        case message.MessageSent(agent=by, text=digest):
            text = record.words.get(digest, "")
        case dispute.DisputeOpened(by=by, claim=digest):
            text = record.words.get(digest, "")
        case records.DisputeAnswered(by=by, answer=digest):
            text = record.words.get(digest, "")
        case records.SplitProposed() | records.VerdictReached():
            return row | {"payer_bps": event.payer_bps}
        case _:
            return row
    return row | {"words": envelope(text, by, me, HEARD_MAX)}
