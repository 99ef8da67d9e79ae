"""Answers about evidence: tree heads, proofs, and the receipt of a deal.

A receipt is gathered from the records that mention the deal, its negotiation, listings, parties and
mandates. Of a run that anybody may join, and of a listing's changes, the latest before the deal are
looked at: a book has a million steps.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from souq.core import act
from souq.core.agreement import Agreement, goods
from souq.core.credential import KEY_IDS
from souq.core.dispute import DisputeOpened
from souq.core.listing import ListingEdited
from souq.core.mandate import MandateGranted
from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.negotiation import AgreementReached, NegotiationOpened
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, rules
from souq.core.state import State, was_issued
from souq.journal.record import Record
from souq.operations import evidence_queries as ask
from souq.venue.access import need_party, speaks_for
from souq.venue.desk import Desk
from souq.views import receipt
from souq.views.evidence import TreeHead
from souq.views.opening import Side, in_hex
from souq.views.showing import viewer_of

STEPS_MAX = 2_000  # of a negotiation between few, and of a contract
RUN_STEPS_MAX = 200  # of a run that anybody may join
EDITS_LOOKED_AT = 100
_FIRST = 1  # the record that opened the market


def get_tree_head(desk: Desk, actor: str, query: ask.GetTreeHead) -> TreeHead:
    return desk.evidence.head(_market(desk), query.size)


def get_inclusion(desk: Desk, actor: str, query: ask.GetInclusion) -> ask.Inclusion:
    evidence = desk.evidence
    head = evidence.head(_market(desk), query.size)
    path = in_hex(evidence.inclusion(query.seq, head.size))
    return ask.Inclusion(query.seq, evidence.leaf(query.seq).hex(), path, head)


def get_consistency(desk: Desk, actor: str, query: ask.GetConsistency) -> ask.Consistency:
    evidence, market = desk.evidence, _market(desk)
    if query.first < 1:
        raise Refused(Reason.NOT_FOUND, seq=query.first)  # 0 is no tree here, nor the whole one
    second = evidence.head(market, query.second)
    path = evidence.consistency(query.first, second.size)
    return ask.Consistency(evidence.head(market, query.first), second, in_hex(path))


def get_receipt(desk: Desk, actor: str, query: ask.GetReceipt) -> ask.Receipt:
    id, state = query.contract, desk.state
    if id[:1] != "C" or not was_issued(state, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    # What is proven is in the tree; later records wait for the next receipt.
    told = [one for one in _stories(desk, id) if one.seq <= desk.evidence.seq]
    agreed = next(_agreements(told, id), None)
    if agreed is None:  # so new that no view has read its record yet
        raise Refused(Reason.NOT_FOUND, id=id)
    side = _side(state, actor, agreed.event.agreement, told, id)
    records = _gathered(desk, agreed, told, side)
    house = rules(state)
    file = receipt.write(
        records,
        _affair(desk, agreed.event, records, side),
        side,
        market=house.name,
        assets={asset.code: asset.exponent for asset in house.assets},
        evidence=desk.evidence,
        known=desk.mentions,
        store=desk.store,
    )
    return ask.Receipt(id, file.decode())


def _market(desk: Desk) -> str:
    return rules(desk.state).name


def _stories(desk: Desk, id: str) -> list[Record]:
    seqs = desk.mentions.seqs((id,), 0, STEPS_MAX)
    return [desk.feed.record(seq) for seq in seqs]


class _Agreed(NamedTuple):
    seq: int
    event: AgreementReached


def _agreements(records: Iterable[Record], id: str) -> Iterator[_Agreed]:
    for record in records:
        for event in record.events:
            if isinstance(event, AgreementReached) and event.contract == id:
                yield _Agreed(record.seq, event)


def _side(state: State, actor: str, agreement: Agreement, told: list[Record], id: str) -> Side:
    """Give as whom an asker looks. Raises Refused(not_yours)."""
    everybody = _everybody(state, agreement)
    if actor == OPERATOR:
        return Side(tuple(viewer_of(state, one) for one in everybody))
    try:
        need_party(state, actor, agreement.parties, id)
    except Refused:
        is_disputed = any(
            isinstance(event, DisputeOpened) and event.contract == id
            for record in told
            for event in record.events
        )
        if not (is_disputed and speaks_for(state, actor, rules(state).arbiter)):
            raise
        return Side(tuple(viewer_of(state, one) for one in everybody), needs_all=True)
    return Side((viewer_of(state, actor),))


def _everybody(state: State, agreement: Agreement) -> tuple[str, ...]:
    """List the parties and whom they speak for."""
    owners = [agent.principal for one in agreement.parties if (agent := state.get(AGENTS, one))]
    return tuple(dict.fromkeys((*agreement.parties, *owners)))


def _gathered(desk: Desk, agreed: _Agreed, told: list[Record], side: Side) -> list[Record]:
    """Give every record that may tell of a deal, in order."""
    event, agreed_at = agreed.event, agreed.seq
    found = {record.seq: record for record in told}
    mentions, agreement = desk.mentions, event.agreement
    run = mentions.seqs((event.negotiation,), 0, 1)
    if run and _is_open_to_all(desk.feed.record(run[0])):
        run += mentions.before((event.negotiation,), agreed_at + 1, RUN_STEPS_MAX)
    else:
        run = mentions.seqs((event.negotiation,), 0, STEPS_MAX)
    firsts = [_FIRST, *filter(None, map(mentions.first, _everybody(desk.state, agreement)))]
    for seq in (*run, *firsts):
        found.setdefault(seq, desk.feed.record(seq))
    for id in _listings(agreement):
        posted = mentions.first(id)
        edits = mentions.before((id,), agreed_at, EDITS_LOOKED_AT)
        for seq in (*([posted] if posted else ()), *edits):
            record = desk.feed.record(seq)
            if seq == posted or any(isinstance(one, ListingEdited) for one in record.events):
                found.setdefault(seq, record)
    keys = _keys(desk, agreement, found.values(), side)
    for id in (*_mandates(desk, agreement, found.values()), *keys):
        began = mentions.first(id)
        if began is not None and (id[0] == "K" or began <= agreed_at):
            found.setdefault(began, desk.feed.record(began))
    last = desk.evidence.seq
    return [found[seq] for seq in sorted(found) if seq <= last]


def _is_open_to_all(record: Record) -> bool:
    return any(
        isinstance(event, NegotiationOpened) and event.mechanism in OPEN_TO_ALL
        for event in record.events
    )


def _listings(agreement: Agreement) -> list[str]:
    return list(dict.fromkeys(leg.listing for leg in goods(agreement.legs)))


def _mandates(desk: Desk, agreement: Agreement, records: Iterable[Record]) -> list[str]:
    """List the mandates that the deal drew on, and those its parties hold still."""
    parties = set(agreement.parties)
    drawn = {
        event.mandate: None
        for record in records
        for event in record.events
        if getattr(event, "mandate", "") and getattr(event, "agent", "") in parties
    }
    held = [agent.mandate for one in agreement.parties if (agent := desk.state.get(AGENTS, one))]
    return list(dict.fromkeys((*drawn, *filter(None, held))))


def _keys(desk: Desk, agreement: Agreement, records: Iterable[Record], side: Side) -> list[str]:
    """List the keys of the signed commands among these records that somebody may know."""
    parties = frozenset(_everybody(desk.state, agreement))
    prints = [
        act.fingerprint(record.act)
        for record in records
        if record.act and receipt.is_told(record, parties, side, desk.mentions)
    ]
    ids = (desk.state.get(KEY_IDS, one) for one in dict.fromkeys(prints))
    return [id for id in ids if id is not None]


def _affair(
    desk: Desk, agreed: AgreementReached, records: list[Record], side: Side
) -> receipt.Affair:
    granted = {
        event.mandate
        for record in records
        for event in record.events
        if isinstance(event, MandateGranted)
    }
    return receipt.Affair(
        contract=agreed.contract,
        negotiation=agreed.negotiation,
        parties=frozenset(_everybody(desk.state, agreed.agreement)),
        listings=frozenset(_listings(agreed.agreement)),
        mandates=frozenset(granted & set(_mandates(desk, agreed.agreement, records))),
        keys=frozenset(_keys(desk, agreed.agreement, records, side)),
    )


ANSWERS: dict[type, Any] = {
    ask.GetTreeHead: get_tree_head,
    ask.GetInclusion: get_inclusion,
    ask.GetConsistency: get_consistency,
    ask.GetReceipt: get_receipt,
}
