"""A dispute says that what was delivered is not what was promised; a ruling ends it."""

from typing import Any, Literal

from msgspec import Struct

from souq.core import halt
from souq.core.agreement import Agreement, takers
from souq.core.ending import RulingMade
from souq.core.money import BPS
from souq.core.performance import owed_bps
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import SYSTEM, rules
from souq.core.seal import PartyText
from souq.core.stage import (
    Delivered,
    Disputed,
    enter,
    need_contract,
    principals,
    speaks_for,
    stage_of,
)
from souq.core.state import Draft, View

CLAIM_MAX = 4_000
Ground = Literal["not_as_described", "not_received", "incomplete", "damaged", "other"]


class OpenDispute(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say that what was delivered is not what was promised."""

    contract: str
    ground: Ground
    claim: PartyText = PartyText("")


class Rule(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Decide a dispute: so many basis points of each payment go back to its payer. Arbiter only."""

    contract: str
    payer_bps: int


class DisputeOpened(Struct, frozen=True, tag=True):
    contract: str
    by: str
    ground: str
    claim: str
    rule_by: int


def begin(draft: Draft, id: str, by: str, ground: Ground, claim: str = "") -> None:
    """Open a dispute, by a party, or by the market itself where nobody's silence decides."""
    draft.emit(DisputeOpened(id, by, ground, claim, draft.at + rules(draft).ruling_us))


def lapse(draft: Draft, id: str, state: Disputed) -> None:
    """Handle an arbiter's silence. It cannot be refused."""
    # Whoever admits to have missed a promise owes its penalty, whatever else is in doubt.
    owed = owed_bps(draft, id, state)
    share = max(rules(draft).silent_ruling_bps, owed)
    draft.emit(RulingMade(id, state.agreement, SYSTEM, share))


def _open(draft: Draft, actor: str, command: OpenDispute) -> None:
    state = need_contract(draft, command.contract)
    halt.need(draft, "settlements")
    agent = speaks_for(draft, actor, state.agreement)
    is_taker = agent in takers(state.agreement.legs)
    if not (isinstance(state, Delivered) and is_taker and agent not in state.accepted):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    if len(command.claim.value) > CLAIM_MAX:
        raise invalid("claim", f"at most {CLAIM_MAX} characters")
    begin(draft, command.contract, agent, command.ground, command.claim.digest)


def _rule(draft: Draft, actor: str, command: Rule) -> None:
    state = need_contract(draft, command.contract)
    halt.need(draft, "settlements")
    if not _is_arbiter(draft, actor, state.agreement):
        raise Refused(Reason.NOT_YOURS)
    if not isinstance(state, Disputed):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    if not 0 <= command.payer_bps <= BPS:
        raise invalid("payer_bps", f"stands between 0 and {BPS}")
    draft.emit(RulingMade(command.contract, state.agreement, actor, command.payer_bps))


def _is_arbiter(view: View, actor: str, agreement: Agreement) -> bool:
    # Nobody judges their own case; such a dispute ends by the silent ruling.
    return actor == rules(view).arbiter and actor not in principals(view, agreement)


def _opened(view: View, event: DisputeOpened) -> None:
    before = stage_of(view, event.contract)
    state = Disputed(before.agreement, event.by, event.rule_by, before.measured)
    enter(view, event.contract, state, event.rule_by)


DECIDE: dict[type, Any] = {OpenDispute: _open, Rule: _rule}
EVOLVE: dict[type, Any] = {DisputeOpened: _opened}
