"""Rules about whom to deal with, and how far to trust one of them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.policy.deal import Deal, Finding, Past


class Counterparties(
    Struct, frozen=True, tag="counterparties", omit_defaults=True, forbid_unknown_fields=True
):
    """Only with these principals, and never with those."""

    allowed: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()


class Verification(
    Struct, frozen=True, tag="verification", omit_defaults=True, forbid_unknown_fields=True
):
    """Only with principals who were verified so far."""

    level_min: int


class StandingMin(
    Struct, frozen=True, tag="reputation", omit_defaults=True, forbid_unknown_fields=True
):
    """Only with agents of such a standing."""

    standing_min: int


class Jurisdictions(
    Struct, frozen=True, tag="jurisdictions", omit_defaults=True, forbid_unknown_fields=True
):
    """Only with principals in these jurisdictions."""

    allowed: tuple[str, ...]


class Exposure(Struct, frozen=True, tag="exposure", omit_defaults=True, forbid_unknown_fields=True):
    """At most so much is out with one principal, in deals that have not ended."""

    cap_units: int
    asset: str = "USD"


def _counterparties(rule: Counterparties, deal: Deal, past: Past) -> Finding | None:
    for one in deal.others:
        if not one.principal or one.principal in rule.denied:
            return Finding(observed=one.principal or "unknown")
        if rule.allowed is not None and one.principal not in rule.allowed:
            return Finding(observed=one.principal)
    return None


def _verification(rule: Verification, deal: Deal, past: Past) -> Finding | None:
    for one in deal.others:
        if not one.principal or one.level is None:
            return Finding(rule.level_min, "unknown")
        if one.level < rule.level_min:
            return Finding(rule.level_min, one.level)
    return None


def _reputation(rule: StandingMin, deal: Deal, past: Past) -> Finding | None:
    for one in deal.others:
        if not one.principal:
            return Finding(rule.standing_min, "unknown")
        if one.standing < rule.standing_min:
            return Finding(rule.standing_min, one.standing)
    return None


def _jurisdictions(rule: Jurisdictions, deal: Deal, past: Past) -> Finding | None:
    for one in deal.others:
        if not one.principal or one.jurisdiction is None:
            return Finding(observed="unknown")
        if one.jurisdiction not in rule.allowed:
            return Finding(observed=one.jurisdiction)
    return None


def _exposure(rule: Exposure, deal: Deal, past: Past) -> Finding | None:
    paid: dict[str, int] = {}
    for one in deal.others:
        units = one.pays.get(rule.asset, 0)
        if units:
            paid[one.principal] = paid.get(one.principal, 0) + units
    for principal, units in paid.items():
        out = units + (past.exposure(principal, rule.asset) if principal else 0)
        if out > rule.cap_units:
            return Finding(rule.cap_units, out, rule.asset)
    return None


RULES: Mapping[type, Any] = {
    Counterparties: _counterparties,
    Verification: _verification,
    StandingMin: _reputation,
    Jurisdictions: _jurisdictions,
    Exposure: _exposure,
}
