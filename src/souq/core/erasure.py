"""Erasing a principal: its words, name and contact go; what it owed and was paid stays on record.

Here stands when that may be done and what follows in the market; that its words can be read no more
is work for whoever keeps them, once the record is durable. A legal hold stops it, and so does
whatever is not finished yet: a running contract, a channel, a juror's case, an audit, money.
"""

from typing import Any

from msgspec import Struct

from souq.core import erased
from souq.core.account import ACCOUNTS
from souq.core.attestation import ATTESTATIONS, AttestationRevoked
from souq.core.audit import AUDITS
from souq.core.channel import CHANNELS
from souq.core.commitments import contracts_of
from souq.core.credential import KEYS_OF, KeyRevoked
from souq.core.jury import JURORS
from souq.core.listing import LISTINGS, ListingWithdrawn
from souq.core.mandate import MandateRevoked
from souq.core.party import AGENTS, need_principal, wallet
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_operator, rules
from souq.core.seal import OperatorText
from souq.core.state import Draft, Table, View
from souq.core.webhook import WEBHOOKS_OF, WebhookRemoved

LISTINGS_MAX = 50_000  # withdrawn in one record
WHY_MAX = 2_000


class SetLegalHold(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Keep everything of a principal, whatever its time, or let go of it again. Operator only."""

    principal: str
    is_held: bool
    why: OperatorText = OperatorText("")


class ErasePrincipal(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Erase a principal's words, name and contact for good, and end its authority. Operator only.

    Records of money stay. Refused while a contract or channel of it runs, it sits on a panel, an
    audit of its deals is open, money of it is here, or a legal hold stands.
    """

    principal: str


class LegalHoldSet(Struct, frozen=True, tag=True):
    principal: str
    is_held: bool
    why: str


class PrincipalErased(Struct, frozen=True, tag=True):
    principal: str


LEGAL_HOLDS: Table[str] = Table("legal holds", str)  # by principal: the digest of why
TABLES: tuple[Table[Any], ...] = (LEGAL_HOLDS, *erased.TABLES)


def _hold(draft: Draft, actor: str, command: SetLegalHold) -> None:
    need_operator(actor)
    need_principal(draft, command.principal)
    if len(command.why.value) > WHY_MAX:
        raise invalid("why", f"up to {WHY_MAX} characters")
    if command.is_held == (draft.get(LEGAL_HOLDS, command.principal) is not None):
        raise Refused(Reason.WRONG_STATE, state="Held" if command.is_held else "Free")
    draft.emit(LegalHoldSet(command.principal, command.is_held, command.why.digest))


def _erase(draft: Draft, actor: str, command: ErasePrincipal) -> None:
    need_operator(actor)
    principal = command.principal
    need_principal(draft, principal)
    found = draft.state  # nothing is changed yet: what stands in the tables is all there is
    agents = [one for one in found.rows(AGENTS).values() if one.principal == principal]
    unfinished = _unfinished(draft, principal, {one.id for one in agents})
    if unfinished:
        raise Refused(Reason.WRONG_STATE, state=unfinished)
    for listing in _listings(draft, principal):
        draft.emit(ListingWithdrawn(listing))
    for agent in agents:
        if agent.mandate:
            draft.emit(MandateRevoked(agent.mandate))
    for owner in (principal, *(agent.id for agent in agents)):
        for key in draft.get(KEYS_OF, owner) or ():
            draft.emit(KeyRevoked(key))
        for hook in draft.get(WEBHOOKS_OF, owner) or ():
            draft.emit(WebhookRemoved(hook))
    if draft.get(ATTESTATIONS, principal) is not None:
        draft.emit(AttestationRevoked(principal))
    draft.emit(PrincipalErased(principal))


def _unfinished(draft: Draft, principal: str, agents: set[str]) -> str:
    """Say what stands in the way, or give ""."""
    if erased.is_erased(draft, principal):
        return "Erased"
    if draft.get(LEGAL_HOLDS, principal) is not None:
        return "LegalHold"
    if contracts_of(draft, principal):
        return "ContractsRunning"
    sides = (one.terms for one in draft.state.rows(CHANNELS).values())
    if any(terms.payer in agents or terms.payee in agents for terms in sides):
        return "ChannelsOpen"
    juror = draft.get(JURORS, principal)
    if juror is not None and juror.cases:
        return "SittingOnPanel"  # what others lose may yet be paid to it
    if any(principal in one.sides for one in draft.state.rows(AUDITS).values()):
        return "AuditOpen"
    wallets = (draft.get(ACCOUNTS, wallet(principal, one.code)) for one in rules(draft).assets)
    if any(account is not None and (account.posted or account.held) for account in wallets):
        return "MoneyHere"
    return ""


def _listings(draft: Draft, principal: str) -> list[str]:
    found = [
        one.id
        for one in draft.state.rows(LISTINGS).values()
        if one.principal == principal and not one.is_withdrawn
    ]
    if len(found) > LISTINGS_MAX:
        raise Refused(Reason.WRONG_STATE, state="ListingsOpen")
    return sorted(found, key=lambda id: int(id[1:]))


def _held(view: View, event: LegalHoldSet) -> None:
    if event.is_held:
        view.put(LEGAL_HOLDS, event.principal, event.why)
    else:
        view.drop(LEGAL_HOLDS, event.principal)


def _erased(view: View, event: PrincipalErased) -> None:
    view.put(erased.ERASED, event.principal, view.at)


DECIDE: dict[type, Any] = {SetLegalHold: _hold, ErasePrincipal: _erase}
EVOLVE: dict[type, Any] = {LegalHoldSet: _held, PrincipalErased: _erased}
