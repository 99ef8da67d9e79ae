"""Answers about deliveries, audits and the epochs that lots are drawn from."""

from typing import Any

from souq.core import audit, epoch
from souq.core.audit import AUDITS, due_id
from souq.core.performance import performance_of
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, rules
from souq.core.stage import CONTRACTS, Disputed
from souq.core.state import DEADLINES, was_issued
from souq.operations import delivery_queries as ask
from souq.venue.access import need_party, seers, speaks_for
from souq.venue.desk import Desk

EPOCHS_SEEN = 20
AUDITS_SEEN = 100


def get_delivery(desk: Desk, actor: str, query: ask.GetDelivery) -> ask.Delivery:
    state, id = desk.state, query.contract
    if id[:1] != "C" or not was_issued(state, id):
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    live = state.get(CONTRACTS, id)
    if live is None:
        raise Refused(Reason.CLOSED, id=id)
    is_arbiters = isinstance(live, Disputed) and speaks_for(state, actor, rules(state).arbiter)
    if not is_arbiters:
        need_party(state, actor, seers(live.agreement), id)
    known = performance_of(state, id)
    return ask.Delivery(
        contract=id,
        state=type(live).__name__.lower(),
        conditions=live.agreement.conditions,
        artefacts=known.artefacts,
        code=known.code,
        misses=known.misses,
        is_proven=known.is_proven,
        late_bps=known.late_bps,
    )


def list_audits(desk: Desk, actor: str, query: ask.ListAudits) -> ask.Audits:
    state = desk.state
    if actor != OPERATOR and not audit.is_auditor(state, actor):
        raise Refused(Reason.NOT_YOURS)
    drawn = [(id, one) for id, one in state.rows(AUDITS).items() if not one.epoch]
    drawn.sort(key=lambda found: int(found[0][1:]))
    return ask.Audits(
        tuple(
            ask.AuditOpen(
                contract=id,
                giver=one.giver,
                payer=one.payer,
                asset=one.asset,
                units=one.units,
                report_by=state.get(DEADLINES, due_id(id)) or 0,
            )
            for id, one in drawn[:AUDITS_SEEN]
        )
    )


def list_epochs(desk: Desk, actor: str, query: ask.ListEpochs) -> ask.Epochs:
    state = desk.state
    now = epoch.open_epoch(state)
    last = int(now[1:]) if now else 0
    found = []
    for number in range(last, max(0, last - EPOCHS_SEEN), -1):
        one = state.get(epoch.EPOCHS, f"E{number}")
        if one is not None:
            found.append(ask.EpochSeen(one.id, one.commitment, one.secret, one.id == now))
    return ask.Epochs(tuple(found))


ANSWERS: dict[type, Any] = {
    ask.GetDelivery: get_delivery,
    ask.ListAudits: list_audits,
    ask.ListEpochs: list_epochs,
}
