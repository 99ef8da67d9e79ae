"""Answers about records: what happened, forwards, backwards, or to one thing; and its proof."""

import re
from typing import Any

from souq.core.money import UNITS_MAX
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, rules
from souq.core.state import View, was_issued
from souq.operations import evidence_queries
from souq.operations import queries as ask
from souq.venue.desk import Desk, check_after, check_limit
from souq.views import record_proof
from souq.views.feed import FeedPage
from souq.views.opening import Side
from souq.views.showing import viewer_of

_ID = re.compile(r"[A-Z][1-9][0-9]*")


def list_events(desk: Desk, actor: str, query: ask.ListEvents) -> FeedPage:
    check_limit(query.limit)
    check_after(query.after)
    if query.about:
        _check_about(desk.state, query.about)
    types = frozenset(query.types)
    if query.order == "oldest":
        if query.before:
            raise invalid("before", "goes with the order newest; the oldest come `after` a record")
        return desk.feed.page(actor, query.after, query.limit, types, query.about)
    if query.after:
        raise invalid("after", "goes with the order oldest; the newest come `before` a record")
    if not 0 <= query.before <= UNITS_MAX:
        raise invalid("before", "the number of a record, or 0 for the end")
    before = query.before or UNITS_MAX
    return desk.feed.page_back(actor, before, query.limit, types, query.about)


def _check_about(view: View, about: str) -> None:
    """Raise Refused for what is no id that was handed out; the index holds other words as well."""
    if not _ID.fullmatch(about):
        raise invalid("about", "an id, such as L42, N17, C9 or A3")
    if not was_issued(view, about):
        raise Refused(Reason.NOT_FOUND, id=about[:64])


def get_record_proof(
    desk: Desk, actor: str, query: evidence_queries.GetRecordProof
) -> evidence_queries.RecordProof:
    head = desk.evidence.head(rules(desk.state).name, query.size)
    if not 0 < query.seq <= head.size:
        raise Refused(Reason.NOT_FOUND, seq=query.seq)
    record = desk.feed.record(query.seq)
    if desk.feed.see(record, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    file = record_proof.write(
        record,
        Side((viewer_of(desk.state, actor),)),
        is_whole=actor == OPERATOR,
        evidence=desk.evidence,
        head=head,
        known=desk.mentions,
    )
    return evidence_queries.RecordProof(query.seq, file.decode())


ANSWERS: dict[type, Any] = {
    ask.ListEvents: list_events,
    evidence_queries.GetRecordProof: get_record_proof,
}
