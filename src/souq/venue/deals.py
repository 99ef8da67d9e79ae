"""Answers about trading: listings, negotiations, contracts, messages, and all of it at a glance."""

from collections.abc import Iterable
from heapq import merge
from itertools import chain, islice
from typing import Any

from souq.core.agreement import givers, takers
from souq.core.audit import may_audit
from souq.core.case import Arbitration, Pleading
from souq.core.dispute.sides import arbiter_of, respondents
from souq.core.mechanisms import BY_NAME, OPEN_TO_ALL
from souq.core.mechanisms.parties import opener
from souq.core.message import MessagePosted, MessageSent
from souq.core.negotiation import (
    NEGOTIATIONS,
    Negotiation,
    NegotiationOpened,
    need_negotiation,
    parties_of,
    standing,
)
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.stage import (
    CONTRACTS,
    Delivered,
    Disputed,
    Failed,
    Formed,
    Held,
    Returnable,
    Returning,
    due_at,
)
from souq.core.state import State, View, was_issued
from souq.operations import queries as ask
from souq.venue import listed
from souq.venue.access import agent_asked, need_party, seers, speaks_for
from souq.venue.compliance import disclosed
from souq.venue.desk import Desk, check_after, check_limit, read_cursor, write_cursor
from souq.views.catalogue import Search
from souq.views.history import Deal, NegotiationStory, Said
from souq.views.observation import MESSAGES_SEEN, ListingSeen, Observation, Observer
from souq.views.story import deal_story, talk_story

LISTINGS_SEEN = 100
STEPS_SEEN = 100  # of a run open to anybody
FLOOR = "floor"
_SEQ_END = 1 << 53


def list_matches(desk: Desk, actor: str, query: ask.ListMatches) -> ask.Matches:
    check_limit(query.limit)
    check_after(query.after)
    agent = agent_asked(desk.state, actor, query.agent)
    return ask.Matches(desk.catalogue.matches(agent, query.after, query.limit))


def get_negotiation(desk: Desk, actor: str, query: ask.GetNegotiation) -> ask.Negotiation:
    return _negotiation(desk, actor, query.negotiation)


def list_negotiations(desk: Desk, actor: str, query: ask.ListNegotiations) -> ask.Negotiations:
    agents = listed.agents_asked(desk, actor, query.agent)
    ids, cursor = listed.page(desk, listed.TALKS, agents, query)
    return ask.Negotiations(tuple(_negotiation(desk, actor, id) for id in ids), cursor)


def list_runs(desk: Desk, actor: str, query: ask.ListRuns) -> ask.Runs:
    check_limit(query.limit)
    if query.mechanism and query.mechanism not in OPEN_TO_ALL:
        raise invalid("mechanism", f"one of {', '.join(sorted(OPEN_TO_ALL))}")
    after = read_cursor(query.cursor, int) if query.cursor else 0
    state = desk.state
    names = (query.mechanism,) if query.mechanism else sorted(OPEN_TO_ALL)
    each = [(run for _, run in state.walk(NEGOTIATIONS, name)) for name in names]
    runs: Iterable[Negotiation] = merge(*each, key=_number)
    if query.agent:
        own = set(desk.affairs.runs(agent_asked(state, actor, query.agent)))
        runs = (run for run in runs if run.id in own)
    found = list(islice((run for run in runs if _number(run) > after), query.limit + 1))
    page, more = found[: query.limit], len(found) > query.limit
    return ask.Runs(
        tuple(_run(state, run) for run in page), write_cursor(_number(page[-1])) if more else ""
    )


def _number(run: Negotiation) -> int:
    return int(run.id[1:])


def _run(state: State, run: Negotiation) -> ask.Run:
    on_table = BY_NAME[run.mechanism].standing(state, run.id)
    return ask.Run(
        id=run.id,
        mechanism=run.mechanism,
        opener=next(iter(opener(state, run.id)), ""),
        parties=run.joined,
        expires_at=on_table.expires_at,
        notice=on_table.notice,
    )


def get_contract(desk: Desk, actor: str, query: ask.GetContract) -> ask.Contract:
    return _contract(desk, actor, query.contract)


def list_contracts(desk: Desk, actor: str, query: ask.ListContracts) -> ask.Contracts:
    agents = listed.agents_asked(desk, actor, query.agent)
    ids, cursor = listed.page(desk, listed.DEALS, agents, query)
    return ask.Contracts(tuple(_contract(desk, actor, id) for id in ids), cursor)


def list_messages(desk: Desk, actor: str, query: ask.ListMessages) -> ask.Messages:
    check_limit(query.limit)
    subject = FLOOR
    if query.negotiation:
        _negotiation(desk, actor, query.negotiation)  # who may not see it is told so
        subject = query.negotiation
    before = read_cursor(query.cursor, int) if query.cursor else _SEQ_END
    said, last = _said(desk, subject, before, query.limit)
    is_more = bool(last and desk.mentions.before((subject,), last, 1))
    return ask.Messages(tuple(said), write_cursor(last) if is_more else "")


def observe(desk: Desk, actor: str, query: ask.Observe) -> Observation:
    agent = agent_asked(desk.state, actor, query.agent)
    asset = rules(desk.state).assets[0].code
    return Observer(desk.state, _Source(desk), asset).observe(agent)


class _Source:
    """What an observation shows, found on demand, as much as one agent can look at."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listings(self, agent: str) -> tuple[ListingSeen, ...]:
        catalogue = self._desk.catalogue
        cards = {
            card.id: card
            for side in ("sell", "want")
            for search in (
                Search(side=side, order="newest", limit=LISTINGS_SEEN),
                Search(side=side, order="newest", limit=LISTINGS_SEEN, agent=agent),
            )
            for card in catalogue.search(search).listings
        }
        return tuple(
            ListingSeen(
                id=card.id,
                agent=card.agent,
                side=card.side,
                subject=card.subject,
                category=card.category,
                title=card.title,
                price_units=card.price.units if card.price else None,
                available=card.available,
            )
            for card in sorted(cards.values(), key=lambda card: int(card.id[1:]))
        )

    def talks(self, agent: str) -> Iterable[NegotiationStory]:
        return [_story(self._desk, id) for id in self._desk.affairs.talks(agent)]

    def contracts(self, agent: str) -> Iterable[str]:
        return self._desk.affairs.contracts(agent)

    def messages(self, agent: str) -> tuple[Said, ...]:
        subjects = (FLOOR, *self._desk.affairs.talks(agent))
        said: list[ask.Message] = []
        for subject in subjects:
            said += _said(self._desk, subject, _SEQ_END, MESSAGES_SEEN)[0]
        said.sort(key=lambda one: one.seq)
        return tuple(
            Said(one.at, one.agent, one.text, one.negotiation) for one in said[-MESSAGES_SEEN:]
        )


def _said(desk: Desk, subject: str, before: int, limit: int) -> tuple[list[ask.Message], int]:
    """Give messages, newest first, and the last record that was looked at."""
    found: list[ask.Message] = []
    seq = 0
    while len(found) < limit:
        seqs = desk.mentions.before((subject,), seq or before, limit)
        for seq in seqs:
            record = desk.feed.record(seq)
            for event in record.events:
                is_here = isinstance(event, MessagePosted) and subject == FLOOR
                if is_here or (isinstance(event, MessageSent) and event.negotiation == subject):
                    talk = "" if subject == FLOOR else subject
                    text = desk.words(event.text)
                    found.append(ask.Message(seq, record.at, event.agent, text, talk))
            if len(found) >= limit:
                break
        if len(seqs) < limit:
            break
    return found, seq


def _story(desk: Desk, id: str) -> NegotiationStory:
    """Give a negotiation's story; one so new that no view has read it yet has no steps."""
    records = desk.story(id)
    began = list(islice(records, 1))
    is_public = any(
        isinstance(event, NegotiationOpened) and event.mechanism in OPEN_TO_ALL
        for record in began
        for event in record.events
    )
    if is_public:
        # A book has a million steps: of what anybody may join, the first and the latest are told.
        latest = desk.mentions.before((id,), _SEQ_END, STEPS_SEEN)
        records = (desk.feed.record(seq) for seq in sorted(latest) if seq != began[0].seq)
    found = talk_story(chain(began, records), id, desk.store.payload)
    if found is None:
        found = NegotiationStory(id, need_negotiation(desk.state, id).mechanism)
    return found


def _need_issued(view: View, id: str, letter: str) -> None:
    if id[:1] != letter or not was_issued(view, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])


def _negotiation(desk: Desk, actor: str, id: str) -> ask.Negotiation:
    state = desk.state
    _need_issued(state, id, "N")
    is_open = state.get(NEGOTIATIONS, id) is not None
    if is_open and not _is_public(state, id):
        need_party(state, actor, parties_of(state, id), id)
    story = _story(desk, id)
    if not is_open and story.mechanism not in OPEN_TO_ALL:
        need_party(state, actor, story.parties, id)
    on_table = standing(state, id) if is_open else None
    parties = _parties_shown(on_table.parties if on_table else story.parties, story)
    return ask.Negotiation(
        id=id,
        mechanism=story.mechanism,
        parties=parties,
        state="open" if on_table else story.why,
        legs=on_table.legs if on_table else story.legs,
        steps=tuple(ask.OfferStep(one.at, one.by, one.what, one.units) for one in story.moves),
        terms=on_table.terms if on_table else "",
        is_waiting_for=on_table.waiting_for if on_table else (),
        expires_at=on_table.expires_at if on_table else None,
        contract=story.contract,
        notice=on_table.notice if on_table else {},
        disclosed=disclosed(state, parties),
    )


def _parties_shown(parties: tuple[str, ...], story: NegotiationStory) -> tuple[str, ...]:
    """Who else bids is nobody's to know: of a run open to all, its opener is told."""
    return parties[:1] if story.mechanism in OPEN_TO_ALL else parties


def _is_public(view: View, id: str) -> bool:
    return need_negotiation(view, id).mechanism in OPEN_TO_ALL


def _contract(desk: Desk, actor: str, id: str) -> ask.Contract:
    state = desk.state
    _need_issued(state, id, "C")
    live = state.get(CONTRACTS, id)
    deal = deal_story(desk.story(id), id, desk.store.payload)
    agreement = live.agreement if live else deal.agreement if deal else None
    if agreement is None:
        raise Refused(Reason.NOT_FOUND, id=id)
    is_arbiters = _was_disputed(live, deal)
    is_arbiters = is_arbiters and speaks_for(state, actor, arbiter_of(state, agreement))
    if not (is_arbiters or may_audit(state, actor, id)):
        need_party(state, actor, seers(agreement), id)
    return ask.Contract(
        id=id,
        negotiation=deal.negotiation if deal else "",
        parties=agreement.parties,
        legs=agreement.legs,
        state=type(live).__name__.lower() if live else deal.stage if deal else "",
        agreed_at=deal.at if deal else state.at,
        due_at=due_at(live) if live else None,
        is_waiting_for=_waited_for(state, live) if live else (),
        payer_bps=deal.payer_bps if deal else 0,
        promises=agreement.promises,
        measured=deal.measured if deal else {},
        penalty_bps=deal.penalty_bps if deal else 0,
        under=agreement.under,
        conditions=agreement.conditions,
    )


def _was_disputed(live: Any, deal: Deal | None) -> bool:
    return isinstance(live, Disputed) or (deal is not None and deal.stage in ("disputed", "ruled"))


def _waited_for(view: View, live: Any) -> tuple[str, ...]:
    match live:
        case Held():
            return tuple(live.waiting)
        case Formed():
            return tuple(one for one in givers(live.agreement.legs) if one not in live.delivered)
        case Delivered():
            return tuple(one for one in takers(live.agreement.legs) if one not in live.accepted)
        case Failed() | Returning():
            return givers(live.agreement.legs)
        case Returnable():
            return takers(live.agreement.legs)
        case Disputed():
            return _judges(view, live)
        case _:
            return ()


def _judges(view: View, live: Disputed) -> tuple[str, ...]:
    """Say whose word a dispute waits for; who sits on a panel is told to nobody."""
    match live.case.phase:
        case Pleading() if live.case.procedure is not None:
            return (live.claimant, *respondents(live.agreement, live.claimant))
        case Pleading() | Arbitration():
            return (arbiter_of(view, live.agreement),)
        case _:
            return ()


ANSWERS: dict[type, Any] = {
    ask.ListMatches: list_matches,
    ask.Observe: observe,
    ask.GetNegotiation: get_negotiation,
    ask.ListNegotiations: list_negotiations,
    ask.ListRuns: list_runs,
    ask.GetContract: get_contract,
    ask.ListContracts: list_contracts,
    ask.ListMessages: list_messages,
}
