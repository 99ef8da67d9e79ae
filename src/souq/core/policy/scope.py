"""Rules about when, and in what money."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.policy.deal import Deal, Finding, Past


class Assets(Struct, frozen=True, tag="assets", omit_defaults=True, forbid_unknown_fields=True):
    """Payments in these assets alone."""

    allowed: tuple[str, ...]


class Validity(Struct, frozen=True, tag="validity", omit_defaults=True, forbid_unknown_fields=True):
    """From an instant on, and before another; by the market's clock."""

    from_at: int = 0
    until_at: int | None = None


def _assets(rule: Assets, deal: Deal, past: Past) -> Finding | None:
    for asset in (*deal.pays, *deal.receives):
        if asset not in rule.allowed:
            return Finding(observed=asset)
    return None


def _validity(rule: Validity, deal: Deal, past: Past) -> Finding | None:
    if deal.at < rule.from_at:
        return Finding(rule.from_at, deal.at)
    if rule.until_at is not None and deal.at >= rule.until_at:
        return Finding(rule.until_at, deal.at)
    return None


RULES: Mapping[type, Any] = {Assets: _assets, Validity: _validity}
