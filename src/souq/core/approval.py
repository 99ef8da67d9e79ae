"""Some deals wait for somebody's approval before they bind; silence declines them.

Money, goods and budget are set aside while a deal waits, so that nobody approves what is no longer
to be had. An approval is of one deal alone: it names the digest of that deal, and is good once. It
may be signed, by a key of the approver's, so that a stranger can tell later who approved what; a
house rule can ask for that.

Nothing binds until it is approved, so every party must still be free to be bound then: whose
mandate has ended or was replaced meanwhile, or who is halted, restricted or on the deny list, is
not. Such a deal waits on, to be declined, or to lapse.
"""

import hashlib
import re
from typing import Any

import msgspec
from msgspec import Struct

from souq.core import compliance, credential, halt, mandate, restriction, summary
from souq.core.agreement import Agreement
from souq.core.budget import COMMITMENTS
from souq.core.ending import ContractCancelled
from souq.core.objection import Binding
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.seal import canonical
from souq.core.signature import is_signed
from souq.core.stage import CONTRACTS, Held, State, enter, need_contract, principals, stage_of
from souq.core.state import Draft, View

_PURPOSE = b"souq approval 1\n"  # what is signed for another purpose begins otherwise
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


class Approve(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Approve a deal that waits for it. By the principal whose money it is.

    `digest` names the deal just as it was shown. `signature`, in hex, is by the approver's key of
    the fingerprint `key`; the house may ask for it.
    """

    contract: str
    digest: str = ""
    key: str = ""
    signature: str = ""


class Decline(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Refuse a deal above the mandate's threshold. By the principal whose money it is."""

    contract: str


class ContractHeld(Struct, frozen=True, tag=True, omit_defaults=True):
    """`digest` is what an approval names, `reasons` the rules that ask for one."""

    contract: str
    waiting: tuple[str, ...]
    decide_by: int
    digest: str = ""
    reasons: tuple[str, ...] = ()


class ContractApproved(Struct, frozen=True, tag=True, omit_defaults=True):
    """`key` and `signature` are those of a signed approval."""

    contract: str
    by: str
    key: str = ""
    signature: str = ""


def digest_of(id: str, agreement: Agreement) -> str:
    """Name a deal with everything in it: its parties, legs, promises and conditions."""
    return hashlib.sha256(canonical.encode([id, agreement])).hexdigest()


def signed_bytes(market: str, contract: str, digest: str, decide_by: int) -> bytes:
    """Give the bytes that an approval's signature is over."""
    return _PURPOSE + canonical.encode([market, contract, digest, decide_by])


def hold(draft: Draft, id: str, waiting: tuple[str, ...], reasons: tuple[str, ...]) -> None:
    """Let a contract wait until all of these have approved it."""
    digest = digest_of(id, stage_of(draft, id).agreement)
    decide_by = draft.at + rules(draft).approval_us
    draft.emit(ContractHeld(id, waiting, decide_by, digest, reasons))


def lapse(draft: Draft, id: str, state: Held) -> None:
    """Handle the silence of whoever should approve. It cannot be refused."""
    draft.emit(ContractCancelled(id, state.agreement, "not_approved"))


def _decide(draft: Draft, actor: str, command: Approve | Decline) -> None:
    id = command.contract
    state = need_contract(draft, id)
    # An approval makes a deal bind that did not yet.
    halt.need(draft, "commitments" if isinstance(command, Approve) else "settlements")
    match state, command:
        case Held(), Approve() if actor in state.waiting:
            _check_meant(draft, actor, command, state)
            for party in state.agreement.parties:
                _need_free(draft, actor, id, need_other_agent(draft, party), state.agreement)
            summary.need_confirmed(draft, id, actor, state.agreement)
            draft.emit(ContractApproved(id, actor, command.key, command.signature))
        case Held(), Decline() if actor in state.waiting:
            draft.emit(ContractCancelled(id, state.agreement, "declined"))
        case _ if actor in _asked(draft, state):
            raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
        case _:
            raise Refused(Reason.NOT_YOURS)


def _check_meant(view: View, actor: str, command: Approve, state: Held) -> None:
    """Raise Refused unless this very deal is approved, and signed for where it must be."""
    digest = digest_of(command.contract, state.agreement)
    if command.digest not in ("", digest):
        raise Refused(Reason.TERMS_CHANGED)
    is_signed_for = bool(command.key or command.signature)
    if not is_signed_for and not rules(view).signed_approvals:
        return
    if not (command.digest and is_signed_for):
        raise invalid("signature", "sign the deal's digest, and name it and the key")
    key = credential.holder(view, command.key, view.at)
    if key is None or key.owner != actor or key.kind == credential.BEARER:
        raise invalid("key", "not the fingerprint of a live signing key of yours")
    message = signed_bytes(rules(view).name, command.contract, digest, state.decide_by)
    if not _SIGNATURE.fullmatch(command.signature):
        raise invalid("signature", "128 lower-case hex digits")
    if not is_signed(key.kind, key.material, bytes.fromhex(command.signature), message):
        raise invalid("signature", "that key did not sign this deal as it waits now")


def _need_free(view: View, actor: str, id: str, agent: Agent, agreement: Agreement) -> None:
    """Raise Refused unless a party may still be bound; of the others no more than that is told."""
    try:
        halt.need(view, "commitments", agent)
        under = mandate.chain(view, agent)[0]
        claim = view.get(COMMITMENTS, f"{id}/{agent.id}")
        if claim is not None and claim.mandate != under.id:
            raise Refused(Reason.NO_MANDATE)
        # Whom the house keeps from binding itself, no deal binds that was struck a day before.
        binding = Binding(agent, agreement.legs, "", 0, 0, is_moving=False)
        for guard in (restriction.object_to, compliance.object_to):
            for one in guard(view, binding, rules(view)):
                if not one.approver:
                    raise one.refusal()
    except Refused:
        if agent.principal == actor:
            raise
        raise Refused(Reason.COUNTERPARTY_UNABLE) from None


def _asked(view: View, state: State) -> tuple[str, ...]:
    """List who might approve: while it is awaited, only those it is awaited from."""
    return state.waiting if isinstance(state, Held) else principals(view, state.agreement)


def _held(view: View, event: ContractHeld) -> None:
    agreement: Agreement = stage_of(view, event.contract).agreement
    state = Held(agreement, event.waiting, event.decide_by, event.reasons)
    enter(view, event.contract, state, event.decide_by)


def _approved(view: View, event: ContractApproved) -> None:
    state = stage_of(view, event.contract)
    waiting = tuple(principal for principal in state.waiting if principal != event.by)
    view.put(CONTRACTS, event.contract, msgspec.structs.replace(state, waiting=waiting))


DECIDE: dict[type, Any] = {Approve: _decide, Decline: _decide}
EVOLVE: dict[type, Any] = {ContractHeld: _held, ContractApproved: _approved}
