"""Who stands behind an agent, as far as somebody has checked: a level, a place, a kind of party.

A level is worth what its evidence is worth: 0 nobody looked, 1 reachable, 2 documents seen, 3 an
institution vouches. Nothing a principal says about itself raises it. The house may bound what each
level can do; the guard here says no, and everybody sees a level before dealing with it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from souq.core.agreement import CashLeg, cash_given
from souq.core.commitments import contracts_of, today
from souq.core.objection import Binding, Objection
from souq.core.party import need_principal
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, Rules, need_operator
from souq.core.state import Draft, Table, View

LEVEL_MAX = 3
EVIDENCE_MAX = 128
VALID_MAX_US = 5 * 366 * DAY_US
PartyType = Literal["", "consumer", "business"]
_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class AttestPrincipal(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Say what was checked of a principal, in place of what was said before. Operator only.

    `level` is 0 to 3, `jurisdiction` an ISO 3166 code such as "DE" or "US-CA", `until` when it
    must be checked again, `evidence` a digest of what was seen.
    """

    principal: str
    level: int
    until: int
    jurisdiction: str = ""
    party_type: PartyType = ""
    evidence: str = ""


class RevokeAttestation(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take back what was said of a principal, from the next command on. Operator only."""

    principal: str


class PrincipalAttested(Struct, frozen=True, tag=True, omit_defaults=True):
    principal: str
    level: int
    until: int
    jurisdiction: str = ""
    party_type: PartyType = ""
    evidence: str = ""


class AttestationRevoked(Struct, frozen=True, tag=True):
    principal: str


class Attestation(Struct, frozen=True, omit_defaults=True):
    level: int
    until: int
    jurisdiction: str = ""
    party_type: PartyType = ""
    evidence: str = ""


ATTESTATIONS: Table[Attestation] = Table("attestations", Attestation)  # by principal
TABLES: tuple[Table[Any], ...] = (ATTESTATIONS,)


def attested(view: View, principal: str) -> Attestation | None:
    """Give what was checked of a principal, while it holds."""
    found = view.get(ATTESTATIONS, principal)
    return None if found is None or view.at >= found.until else found


def level_of(view: View, principal: str) -> int:
    """Give a principal's verification level; 0 where nothing holds."""
    found = attested(view, principal)
    return 0 if found is None else found.level


def jurisdiction_of(view: View, principal: str) -> str:
    """Give where a principal was found to be, or ""."""
    found = attested(view, principal)
    return "" if found is None else found.jurisdiction


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give what the house rules object to for a principal of this level."""
    if not house.levels:
        return ()
    return _objections(view, house, binding)


def _objections(view: View, house: Rules, binding: Binding) -> Iterator[Objection]:
    principal = binding.agent.principal
    level = level_of(view, principal)
    bounds = house.levels[min(level, len(house.levels) - 1)]
    pays = max(cash_given(binding.legs, binding.agent.id), binding.part_of)
    if bounds.per_deal_units is not None and pays > bounds.per_deal_units:
        yield _objection("level_per_deal", level, cap=bounds.per_deal_units)
    if bounds.per_day_units is not None and pays:
        for asset in sorted({leg.amount.asset for leg in _cash(binding)}):
            if today(view, principal, asset) + pays > bounds.per_day_units:
                yield _objection("level_per_day", level, cap=bounds.per_day_units)
    if bounds.contracts_max is not None and contracts_of(view, principal) >= bounds.contracts_max:
        yield _objection("level_contracts", level, most=bounds.contracts_max)


def _objection(rule: str, level: int, **bound: int) -> Objection:
    facts = {"level": level, **bound}
    return Objection(rule, "platform", reason=Reason.LEVEL_TOO_LOW, facts=facts)


def _cash(binding: Binding) -> list[CashLeg]:
    me = binding.agent.id
    return [leg for leg in binding.legs if isinstance(leg, CashLeg) and leg.giver == me]


def _attest(draft: Draft, actor: str, command: AttestPrincipal) -> None:
    need_operator(actor)
    need_principal(draft, command.principal)
    if not 0 <= command.level <= LEVEL_MAX:
        raise invalid("level", f"stands between 0 and {LEVEL_MAX}")
    if not draft.at < command.until <= draft.at + VALID_MAX_US:
        raise invalid("until", "must lie ahead, by five years at most")
    if command.jurisdiction and not _JURISDICTION.fullmatch(command.jurisdiction):
        raise invalid("jurisdiction", "an ISO 3166 code in capitals, such as DE or US-CA")
    if len(command.evidence) > EVIDENCE_MAX:
        raise invalid("evidence", f"a digest has at most {EVIDENCE_MAX} characters")
    if command.level > 1 and not command.evidence:
        raise invalid("evidence", "from level 2 on, a digest of what was seen")
    draft.emit(
        PrincipalAttested(
            command.principal,
            command.level,
            command.until,
            command.jurisdiction,
            command.party_type,
            command.evidence,
        )
    )


def _revoke(draft: Draft, actor: str, command: RevokeAttestation) -> None:
    need_operator(actor)
    need_principal(draft, command.principal)
    if draft.get(ATTESTATIONS, command.principal) is None:
        raise Refused(Reason.WRONG_STATE, state="Unattested")
    draft.emit(AttestationRevoked(command.principal))


def _attested(view: View, event: PrincipalAttested) -> None:
    found = Attestation(
        event.level, event.until, event.jurisdiction, event.party_type, event.evidence
    )
    view.put(ATTESTATIONS, event.principal, found)


def _revoked(view: View, event: AttestationRevoked) -> None:
    view.drop(ATTESTATIONS, event.principal)


DECIDE: dict[type, Any] = {AttestPrincipal: _attest, RevokeAttestation: _revoke}
EVOLVE: dict[type, Any] = {PrincipalAttested: _attested, AttestationRevoked: _revoked}
