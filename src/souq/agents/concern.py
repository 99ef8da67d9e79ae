"""Whom a record concerns, so that an agent is woken for its own affairs and not for every noise."""

from typing import Any

from souq.core.mechanisms.alternating_offers import OfferMade
from souq.core.negotiation import AgreementReached, NegotiationClosed
from souq.views.feed import RecordSeen

KEPT_MAX = 100_000  # talks and deals remembered; whose is older looks by itself
_NAMED = ("agent", "by", "opener", "responder")


class Concerns:
    """Follows a stream of records, and remembers who is in which talk and which deal."""

    def __init__(self) -> None:
        self._parties: dict[str, tuple[str, ...]] = {}  # by negotiation and by contract

    def of(self, record: RecordSeen) -> set[str]:
        """Give the agents that a record concerns, except whoever caused it: that one knows."""
        found: set[str] = set()
        for event in record.events:
            found.update(self._of(event))
        return found - {record.actor}

    def _of(self, event: Any) -> tuple[str, ...]:
        if isinstance(event, OfferMade):
            return self._remember(event.negotiation, (event.opener, event.responder))
        if isinstance(event, AgreementReached):
            return self._remember(event.contract, event.agreement.parties)
        if isinstance(event, NegotiationClosed):
            self._parties.pop(event.negotiation, None)
            return event.parties
        named = tuple(name for field in _NAMED if (name := getattr(event, field, "")))
        about = getattr(event, "contract", "") or getattr(event, "negotiation", "")
        return (*named, *self._parties.get(about, ()))

    def _remember(self, id: str, parties: tuple[str, ...]) -> tuple[str, ...]:
        self._parties[id] = parties
        while len(self._parties) > KEPT_MAX:
            del self._parties[next(iter(self._parties))]
        return parties
