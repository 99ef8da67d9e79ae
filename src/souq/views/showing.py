"""What one viewer is shown of a record: the events it may see, cut to what concerns it.

An agent sees what is public and its own; a principal its own and all of its agents'; an officer
what is reported by hand; the operator everything. Who gave a command stays untold to whoever could
not know it from the events shown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import (
    agent_facts,
    dispute,
    erasure,
    feedback,
    halt,
    listing,
    market,
    message,
    officer,
    party,
    payout,
    restriction,
    review,
    terms,
    webhook,
)
from souq.core.annotation import Annotated
from souq.core.dispute.records import DisputeAnswered
from souq.core.officer import OFFICERS as OFFICER_ROWS
from souq.core.party import AGENTS, PRINCIPALS, wallet
from souq.core.rules import OPERATOR, RULES
from souq.core.state import View
from souq.journal.record import Record, Refusal
from souq.views.audience import AUDIENCES, audience
from souq.views.cutting import cut, without_secrets
from souq.views.history import ERASED, Find
from souq.views.mentions import objects_in
from souq.views.whose import OFFICERS, PUBLIC, Known, Rows

_strings = msgspec.json.Decoder(str)


class RecordSeen(Struct, frozen=True, omit_defaults=True):
    """A record as one viewer sees it; `words` gives the texts behind the digests in its events.

    `actor` and `command_id` are empty where they are not the viewer's to know.
    """

    seq: int
    at: int
    actor: str = ""
    command_id: str = ""
    events: tuple[market.Event, ...] = ()
    refusal: Refusal | None = None
    words: dict[str, str] = {}


class Viewer(Struct, frozen=True):
    """Whoever looks, and the subjects it may look as; None is everything."""

    id: str
    faces: frozenset[str] | None

    def sees(self, found: set[str] | Rows) -> bool:
        """Tell whether an event of this audience is for this viewer."""
        return self.faces is None or not self.faces.isdisjoint(found)


def viewer_of(view: View, actor: str) -> Viewer:
    """Give what an actor may look as; who is nobody here sees what everybody sees."""
    if actor == OPERATOR:
        return Viewer(actor, None)
    agent = view.get(AGENTS, actor)
    if agent is not None:
        return Viewer(actor, frozenset((PUBLIC, actor, *_wallets(view, agent.principal))))
    if view.get(PRINCIPALS, actor) is not None:
        return Viewer(actor, frozenset((PUBLIC, actor, *_wallets(view, actor))))
    if view.get(OFFICER_ROWS, actor) is not None:
        return Viewer(actor, frozenset((PUBLIC, actor, OFFICERS)))
    return Viewer("", frozenset((PUBLIC,)))


def _wallets(view: View, principal: str) -> Iterator[str]:
    house = view.get(RULES, "market")
    for asset in house.assets if house is not None else ():
        yield wallet(principal, asset.code)


def audiences(record: Record, known: Known) -> tuple[set[str] | Rows, ...]:
    """Give the audience of every event of a record."""
    known.learn(record)
    return tuple([audience(event, known) for event in record.events])


def shown(
    record: Record,
    viewer: Viewer,
    known: Known,
    find: Find,
    found: Sequence[set[str] | Rows] | None = None,
    types: frozenset[str] = frozenset(),
) -> RecordSeen | None:
    """Give what a viewer sees of a record, or None where it sees nothing of it.

    With `types` only events of these names are shown, and nothing where there are none. `found`
    saves working the audiences out again where many look at one record.
    """
    if found is None:
        found = audiences(record, known)
    events = _events_shown(record.events, viewer, found, types)
    is_own = viewer.faces is None or _speaks(record.actor, viewer, known)
    if not (events or (is_own and not types)):
        return None
    return RecordSeen(
        seq=record.seq,
        at=record.at,
        actor=record.actor if is_own or record.actor in _named(events) else "",
        command_id=record.command_id if is_own else "",
        events=events,
        refusal=record.refusal if is_own else None,
        words=_words(events, find, is_private=viewer.faces is None or viewer.id == record.actor),
    )


def tells_of(
    about: str, record: Record, viewer: Viewer, known: Known, found: Sequence[set[str] | Rows]
) -> bool:
    """Tell whether a viewer may know that a record is about a thing, or about somebody.

    The index of mentions knows it of what the viewer is not shown, too: whose the contract is that
    a public listing was set aside for, who sits on a panel.
    """
    is_ours = viewer.faces is None or _speaks(about, viewer, known)
    if is_ours and about in (record.actor, known.principal(record.actor)):
        return True
    for event, seen_by in zip(record.events, found, strict=True):
        if not viewer.sees(seen_by):
            continue
        seen = _cut(event, seen_by, viewer)
        is_named = about in objects_in(seen) or about in _named((seen,))
        if is_named or (is_ours and about in seen_by):
            return True
    return False


def answer_shown(events: tuple[Any, ...], viewer: Viewer, known: Known) -> tuple[Any, ...]:
    """Give the events of an answer as whoever asked may see them.

    An acceptance also moves the other side's budget, which is no business of who accepted. The
    answer may be given before the views have read its record.
    """
    known.learn_owners(events)
    faces = viewer.faces
    seen = []
    for event in events:
        found = AUDIENCES[type(event)](event, known)
        if faces is None or not faces.isdisjoint(found):
            seen.append(without_secrets(_cut(event, found, viewer), faces))
    return tuple(seen)


def _events_shown(
    events: tuple[Any, ...],
    viewer: Viewer,
    found: Sequence[set[str] | Rows],
    types: frozenset[str],
) -> tuple[Any, ...]:
    return tuple(
        [
            without_secrets(_cut(event, seen_by, viewer), viewer.faces)
            for event, seen_by in zip(events, found, strict=True)
            if viewer.sees(seen_by) and (not types or type(event).__name__ in types)
        ]
    )


def _speaks(actor: str, viewer: Viewer, known: Known) -> bool:
    """Tell whether the viewer gave a command, or stands behind the agent that did."""
    return bool(viewer.id) and viewer.id in (actor, known.principal(actor))


def _cut(event: Any, found: Iterable[str] | Rows, viewer: Viewer) -> Any:
    if viewer.faces is None or not isinstance(found, dict):
        return event
    return cut(event, sorted({n for face in viewer.faces for n in found.get(face, ())}))


_NAMES = ("by", "juror", "agent", "principal", "owner", "opener", "responder", "payer", "payee")


def _named(events: tuple[Any, ...]) -> set[str]:
    """List who is named in events."""
    names: set[str] = set()
    for event in events:
        for field in _NAMES:
            if name := getattr(event, field, ""):
                names.add(name)
        names.update(getattr(event, "parties", ()))
        if agreement := getattr(event, "agreement", None):
            names.update(agreement.parties)
        if isinstance(event, listing.ListingPosted):
            names.add(event.listing.agent)
    return names


# Which digests are of texts, and whether they are for the operator and their writer alone. Whoever
# may see an event may read the other texts in it.
PRIVATE = True
_Field = Callable[[Any], str | None]
TEXTS: dict[type, tuple[tuple[_Field, bool], ...]] = {
    party.PrincipalRegistered: ((lambda of: of.name, False),),
    party.AgentRegistered: ((lambda of: of.name, False),),
    officer.OfficerRegistered: ((lambda of: of.name, False),),
    halt.HaltSet: ((lambda of: of.why, False),),
    listing.ListingPosted: (
        (lambda of: of.listing.title, False),
        (lambda of: of.listing.description, False),
    ),
    listing.ListingEdited: ((lambda of: of.title, False), (lambda of: of.description, False)),
    message.MessagePosted: ((lambda of: of.text, False),),
    message.MessageSent: ((lambda of: of.text, False),),
    dispute.DisputeOpened: ((lambda of: of.claim, False),),
    DisputeAnswered: ((lambda of: of.answer, False),),
    feedback.FeedbackGiven: ((lambda of: of.said.text, False),),
    feedback.FeedbackShown: ((lambda of: of.text, False),),
    payout.PayoutRequested: ((lambda of: of.destination, PRIVATE),),
    webhook.WebhookAdded: ((lambda of: of.url, PRIVATE),),
    restriction.RestrictionSet: ((lambda of: of.words, False),),
    restriction.RestrictionAppealed: ((lambda of: of.text, False),),
    Annotated: ((lambda of: of.note, PRIVATE),),
    agent_facts.AgentDescribed: ((lambda of: of.contact, False),),
    terms.TermsPublished: ((lambda of: of.text, False),),
    erasure.LegalHoldSet: ((lambda of: of.why, PRIVATE),),
    review.ReviewAsked: ((lambda of: of.words, PRIVATE),),
    review.ReviewAnswered: ((lambda of: of.words, False),),
}


def _words(events: tuple[Any, ...], find: Find, *, is_private: bool) -> dict[str, str]:
    """Give the texts in events; an erased one reads as such."""
    words = {}
    for event in events:
        for digest_in, is_for_writer in TEXTS.get(type(event), ()):
            digest = digest_in(event)
            if digest and (is_private or not is_for_writer):
                payload = find(digest)
                words[digest] = ERASED if payload is None else _strings.decode(payload.content)
    return words
