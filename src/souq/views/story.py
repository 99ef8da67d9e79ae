"""The story of one negotiation or one contract, folded from the records that mention it."""

from collections.abc import Iterable

from souq.core.negotiation import AgreementReached
from souq.journal.record import Record
from souq.views.history import Deal, Find, History, NegotiationStory


def talk_story(records: Iterable[Record], id: str, find: Find) -> NegotiationStory | None:
    """Fold a negotiation, or give None where no record tells of it."""
    history = History(find)
    for record in records:
        events = tuple(one for one in record.events if getattr(one, "negotiation", "") == id)
        history.take(record.at, events)
    return history.negotiations.get(id)


def deal_story(records: Iterable[Record], id: str, find: Find) -> Deal | None:
    """Fold a contract from its agreement on, or give None where no record tells of it."""
    history = History(find)
    for record in records:
        for event in record.events:
            if getattr(event, "contract", "") != id:
                continue
            if isinstance(event, AgreementReached):
                history.deals[id] = Deal(id, event.negotiation, record.at, event.agreement)
            else:
                history.take(record.at, (event,))
    return history.deals.get(id)
