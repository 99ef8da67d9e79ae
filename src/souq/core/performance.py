"""How a contract is performed: what was committed to, shown, late, granted back, and claimed.

A plain delivery leaves nothing here. Where the conditions ask for more, this keeps it while the
contract runs: the giver's commitments to what it will deliver, the digest of the code that its
taker will tell in person, how often that was guessed wrong, the digests of what was delivered, and
what being late costs.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from souq.core import budget, conditions, criteria, escrow, halt, limits
from souq.core.agreement import Agreement, givers, takers
from souq.core.conditions import Conditions
from souq.core.criteria import check_code, of_code
from souq.core.digest import check_digest
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.money import BPS
from souq.core.party import need_other_agent
from souq.core.promise import penalty_bps
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.stage import Agreed, Formed, Held, need_contract, put_off, speaks_for, stage_of
from souq.core.state import DEADLINES, Draft, Table, View

MISSES_MAX = 5


class CommitDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Commit to what will be delivered, before delivering it. By its giver, once.

    `content` is the SHA-256 of what will be delivered, or of its ciphertext; `key` then commits
    to the key that opens it, as `criteria.of_code` does.
    """

    contract: str
    content: str
    key: str = ""


class CommitCode(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Commit to the code that one will tell when handed the goods. By their taker, once.

    `code` is the digest that `criteria.of_code` gives of the contract and the code.
    """

    contract: str
    code: str


class GrantRefund(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Give a share of what is still held for oneself back to its payer. The contract goes on."""

    contract: str
    bps: int


class ClaimNonDelivery(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that what is late has not come, and set its giver a last day.

    The deal is off unless it comes within the time to inspect. By its taker, where the conditions
    say from when on a delivery is late.
    """

    contract: str


class DeliveryCommitted(Struct, frozen=True, tag=True, omit_defaults=True):
    contract: str
    by: str
    content: str
    key: str = ""


class CodeCommitted(Struct, frozen=True, tag=True):
    contract: str
    by: str
    code: str


class CodeMissed(Struct, frozen=True, tag=True):
    """A wrong code was tried; so many tries are left."""

    contract: str
    by: str
    left: int


class ArtefactShown(Struct, frozen=True, tag=True, omit_defaults=True):
    """What can be checked was named, the code was right, or the key opens what it should."""

    contract: str
    by: str
    evidence: str = ""
    key: str = ""
    is_proven: bool = False


class LatenessCounted(Struct, frozen=True, tag=True):
    contract: str
    late_bps: int


class RefundGranted(Struct, frozen=True, tag=True):
    """`units` went back to whoever paid `by`."""

    contract: str
    by: str
    bps: int
    units: int


class NonDeliveryClaimed(Struct, frozen=True, tag=True):
    """A late delivery has until `deliver_by`, and no longer."""

    contract: str
    by: str
    deliver_by: int


class Artefact(Struct, frozen=True, omit_defaults=True):
    """What one giver committed to, and what it showed."""

    content: str = ""
    key_digest: str = ""
    evidence: str = ""
    key: str = ""


class Performance(Struct, frozen=True, omit_defaults=True):
    """`artefacts` are by giver; `code` is a digest, and `is_proven` tells that it was shown.

    By `cut_us` a claim of non-delivery made the time to deliver shorter. `kept_bps` are, by payee,
    what it has not given back of what it was to be paid.
    """

    artefacts: dict[str, Artefact] = {}
    code: str = ""
    misses: int = 0
    is_proven: bool = False
    late_bps: int = 0
    is_claimed: bool = False
    cut_us: int = 0
    kept_bps: dict[str, int] = {}


PERFORMANCES: Table[Performance] = Table("performances", Performance)
TABLES: tuple[Table[Any], ...] = (PERFORMANCES,)
NOTHING = Performance()


def performance_of(view: View, id: str) -> Performance:
    """Give what is known of how a contract is performed."""
    return view.get(PERFORMANCES, id) or NOTHING


def owed_bps(view: View, id: str, state: Any) -> int:
    """Give what missed promises and lateness cost, in basis points of what is held."""
    missed = penalty_bps(state.agreement.promises, state.measured)
    return min(BPS, missed + performance_of(view, id).late_bps)


def kept_bps(view: View, id: str) -> dict[str, int]:
    """Give, by payee, what it keeps where it has given some of its pay back."""
    return performance_of(view, id).kept_bps


def need_floor(
    view: View, actor: str, agent: str, id: str, agreement: Agreement, *, back_bps: int
) -> None:
    """Raise Refused where an agent would give back so much that its goods go below their floor.

    On its principal's own word they may. Raises Refused(no_mandate, outside_mandate).
    """
    if actor == agent:
        kept = kept_bps(view, id).get(agent, BPS) * (BPS - back_bps) // BPS
        limits.need_kept(view, need_other_agent(view, agent), agreement.legs, kept)


def is_between_two(agreement: Agreement) -> bool:
    """Tell whether one gives and one takes, so that what one did can be undone by the other."""
    return len(givers(agreement.legs)) == len(takers(agreement.legs)) == 1


def is_word_needed(view: View, id: str, agreement: Agreement) -> bool:
    """Tell whether the taker's silence says nothing: neither its word nor its code is there."""
    return bool(agreement.conditions.hand_over) and not performance_of(view, id).is_proven


def show(
    draft: Draft,
    id: str,
    agreement: Agreement,
    agent: str,
    *,
    evidence: str,
    code: str | UnsetType,
    key: str | UnsetType,
) -> bool:
    """Judge what a giver shows as it delivers; give False where the code it shows is wrong.

    Raises Refused(invalid).
    """
    asked = agreement.conditions
    known = performance_of(draft, id)
    if code is not UNSET and not _is_code(draft, id, asked, known, agent, code):
        return False
    artefact = known.artefacts.get(agent, Artefact())
    if criteria.needs_artefact(asked.criteria):
        check_digest("evidence", evidence)
        wanted = criteria.known_digest(asked.criteria) or artefact.content
        if criteria.needs_commitment(asked.criteria) and not artefact.content:
            raise invalid("evidence", "commit to what will be delivered first")
        if wanted not in ("", evidence):
            raise invalid("evidence", "not what was committed to")
    shown = _key(id, asked, artefact, key)
    is_checked = criteria.needs_artefact(asked.criteria)
    if is_checked or code is not UNSET:
        draft.emit(
            ArtefactShown(id, agent, evidence if is_checked else "", shown, code is not UNSET)
        )
    return True


def _is_code(
    draft: Draft, id: str, asked: Conditions, known: Performance, agent: str, code: str
) -> bool:
    if asked.hand_over != "code" or not known.code:
        raise invalid("code", "nobody has committed to one")
    check_code("code", code)
    if known.misses >= MISSES_MAX:
        raise invalid("code", "wrong too often; deliver without one, and have it confirmed")
    if of_code(id, code) == known.code:
        return True
    draft.emit(CodeMissed(id, agent, MISSES_MAX - known.misses - 1))
    return False


def _key(id: str, asked: Conditions, artefact: Artefact, key: str | UnsetType) -> str:
    if not criteria.needs_key(asked.criteria):
        if key is not UNSET:
            raise invalid("key", "nothing that it could open is asked for")
        return ""
    if key is UNSET:
        raise invalid("key", "show the key to what was committed to")
    check_code("key", key)
    if of_code(id, key) != artefact.key_digest:
        raise invalid("key", "not what was committed to")
    return key


def count_lateness(draft: Draft, id: str, state: Formed) -> None:
    """Count what a delivery that is whole now costs for being late."""
    deliver_by = state.deliver_by + performance_of(draft, id).cut_us
    late = conditions.late_bps(state.agreement.conditions, at=draft.at, deliver_by=deliver_by)
    if late:
        draft.emit(LatenessCounted(id, late))


def _commit_delivery(draft: Draft, actor: str, command: CommitDelivery) -> None:
    state, agent = _running(draft, actor, command.contract)
    asked = state.agreement.conditions.criteria
    is_due = agent in givers(state.agreement.legs) and criteria.needs_commitment(asked)
    before = performance_of(draft, command.contract).artefacts.get(agent)
    if not (isinstance(state, Formed) and is_due) or before or agent in state.delivered:
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    check_digest("content", command.content)
    if criteria.needs_key(asked):
        check_digest("key", command.key)
    elif command.key:
        raise invalid("key", "nothing that it could open is asked for")
    draft.emit(DeliveryCommitted(command.contract, agent, command.content, command.key))


def _commit_code(draft: Draft, actor: str, command: CommitCode) -> None:
    state, agent = _running(draft, actor, command.contract)
    agreement = state.agreement
    is_due = agreement.conditions.hand_over == "code" and is_between_two(agreement)
    is_taker = agent in takers(agreement.legs)
    known = performance_of(draft, command.contract)
    if not (isinstance(state, Formed) and is_due and is_taker) or known.code:
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    check_digest("code", command.code)
    draft.emit(CodeCommitted(command.contract, agent, command.code))


def _grant(draft: Draft, actor: str, command: GrantRefund) -> None:
    state, agent = _running(draft, actor, command.contract)
    if isinstance(state, Agreed | Held):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    if not 0 < command.bps <= BPS:
        raise invalid("bps", f"must be above 0 and at most {BPS}")
    id, agreement = command.contract, state.agreement
    need_floor(draft, actor, agent, id, agreement, back_bps=command.bps)
    returned = escrow.give_back(draft, id, agreement, payee=agent, bps=command.bps)
    if not returned:
        raise invalid("bps", "nothing is held for you that this would be a share of")
    for payer, units in returned.items():
        budget.give_back(draft, id, payer, units)
    draft.emit(RefundGranted(id, agent, command.bps, sum(returned.values())))


def _claim(draft: Draft, actor: str, command: ClaimNonDelivery) -> None:
    state, agent = _running(draft, actor, command.contract)
    asked = state.agreement.conditions
    is_late = (
        isinstance(state, Formed)
        and asked.late_us > 0
        and draft.at >= state.deliver_by - asked.late_us
    )
    is_taker = agent in takers(state.agreement.legs)
    is_claimed = performance_of(draft, command.contract).is_claimed
    if not (isinstance(state, Formed) and is_late and is_taker) or is_claimed:
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    due = min(state.deliver_by, draft.at + conditions.inspect_us(rules(draft), asked))
    draft.emit(NonDeliveryClaimed(command.contract, agent, due))


def _running(draft: Draft, actor: str, id: str) -> tuple[Any, str]:
    """Give a contract's state, and the party that somebody speaks for."""
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    return state, speaks_for(draft, actor, state.agreement)


def is_independent(view: View, actor: str, agreement: Agreement) -> bool:
    """Tell whether somebody who checks has no part in what is checked."""
    own = need_other_agent(view, actor).principal
    return all(need_other_agent(view, one).principal != own for one in agreement.parties)


def _change(view: View, id: str, **fields: Any) -> None:
    view.put(PERFORMANCES, id, msgspec.structs.replace(performance_of(view, id), **fields))


def _artefact(view: View, id: str, agent: str, **fields: Any) -> None:
    found = performance_of(view, id).artefacts
    changed = msgspec.structs.replace(found.get(agent, Artefact()), **fields)
    _change(view, id, artefacts={**found, agent: changed})


def _committed(view: View, event: DeliveryCommitted) -> None:
    _artefact(view, event.contract, event.by, content=event.content, key_digest=event.key)


def _shown(view: View, event: ArtefactShown) -> None:
    if event.evidence:
        _artefact(view, event.contract, event.by, evidence=event.evidence, key=event.key)
    if event.is_proven:
        _change(view, event.contract, is_proven=True)


def _missed(view: View, event: CodeMissed) -> None:
    _change(view, event.contract, misses=MISSES_MAX - event.left)


def _claimed(view: View, event: NonDeliveryClaimed) -> None:
    before = stage_of(view, event.contract).deliver_by
    _change(view, event.contract, is_claimed=True, cut_us=before - event.deliver_by)
    put_off(view, event.contract, event.deliver_by)
    view.put(DEADLINES, event.contract, event.deliver_by)


def _over(view: View, event: Any) -> None:
    if view.get(PERFORMANCES, event.contract) is not None:
        view.drop(PERFORMANCES, event.contract)


def _granted(view: View, event: RefundGranted) -> None:
    found = performance_of(view, event.contract).kept_bps
    kept = found.get(event.by, BPS) * (BPS - event.bps) // BPS
    _change(view, event.contract, kept_bps={**found, event.by: kept})


DECIDE: dict[type, Any] = {
    CommitDelivery: _commit_delivery,
    CommitCode: _commit_code,
    GrantRefund: _grant,
    ClaimNonDelivery: _claim,
}
EVOLVE: dict[type, Any] = {
    DeliveryCommitted: _committed,
    CodeCommitted: lambda view, event: _change(view, event.contract, code=event.code),
    CodeMissed: _missed,
    ArtefactShown: _shown,
    LatenessCounted: lambda view, event: _change(view, event.contract, late_bps=event.late_bps),
    RefundGranted: _granted,
    NonDeliveryClaimed: _claimed,
    ContractFulfilled: _over,
    ContractCancelled: _over,
    RulingMade: _over,
}
