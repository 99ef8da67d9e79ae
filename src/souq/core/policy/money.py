"""Rules about how much: a deal's cost, budgets over time, approval, time to think it over."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.money import BPS
from souq.core.policy.deal import Deal, Finding, Past
from souq.core.policy.period import Offsets, Period, began

ALWAYS = -1  # before all that is remembered


class PerDeal(Struct, frozen=True, tag="per_deal", omit_defaults=True, forbid_unknown_fields=True):
    """A deal costs at most so much, sending included."""

    cap_units: int
    asset: str = "USD"


class RollingBudget(
    Struct, frozen=True, tag="rolling_budget", omit_defaults=True, forbid_unknown_fields=True
):
    """All that is committed within a window that moves with the clock comes to at most so much."""

    cap_units: int
    window_us: int
    asset: str = "USD"
    refund_credit: bool = True


class CalendarBudget(
    Struct, frozen=True, tag="calendar_budget", omit_defaults=True, forbid_unknown_fields=True
):
    """All that is committed in a day, week, month or year of a zone comes to at most so much."""

    cap_units: int
    period: Period
    zone: str = "UTC"
    offsets: Offsets = ()
    asset: str = "USD"
    refund_credit: bool = True


class LifetimeBudget(
    Struct, frozen=True, tag="lifetime_budget", omit_defaults=True, forbid_unknown_fields=True
):
    """All that is ever committed comes to at most so much."""

    cap_units: int
    asset: str = "USD"
    refund_credit: bool = True


class Approval(Struct, frozen=True, tag="approval", omit_defaults=True, forbid_unknown_fields=True):
    """A deal that costs more waits until it is approved."""

    above_units: int
    asset: str = "USD"


class CoolingOff(
    Struct, frozen=True, tag="cooling_off", omit_defaults=True, forbid_unknown_fields=True
):
    """A deal that costs more must be one that can be revoked for so long."""

    above_units: int
    cooling_us: int
    asset: str = "USD"


class Bidding(Struct, frozen=True, tag="bidding", omit_defaults=True, forbid_unknown_fields=True):
    """Nobody is carried further than this above their own first offer or bid."""

    rise_bps: int
    asset: str = "USD"


def _per_deal(rule: PerDeal, deal: Deal, past: Past) -> Finding | None:
    outlay = deal.outlay(rule.asset)
    return Finding(rule.cap_units, outlay, rule.asset) if outlay > rule.cap_units else None


def _rolling(rule: RollingBudget, deal: Deal, past: Past) -> Finding | None:
    return _budget(rule, deal, past, deal.at - rule.window_us)


def _calendar(rule: CalendarBudget, deal: Deal, past: Past) -> Finding | None:
    start = began(deal.at, rule.period, rule.offsets)
    if start is None:
        return Finding("offsets", "unknown") if deal.binds(rule.asset) else None
    return _budget(rule, deal, past, start - 1)


def _lifetime(rule: LifetimeBudget, deal: Deal, past: Past) -> Finding | None:
    return _budget(rule, deal, past, ALWAYS)


def _budget(rule: Any, deal: Deal, past: Past, after: int) -> Finding | None:
    binds = deal.binds(rule.asset)
    if not binds:
        return None
    whole = past.spent(rule.asset, after, net=rule.refund_credit) + binds
    return Finding(rule.cap_units, whole, rule.asset) if whole > rule.cap_units else None


def _approval(rule: Approval, deal: Deal, past: Past) -> Finding | None:
    outlay = deal.outlay(rule.asset)
    if outlay <= rule.above_units:
        return None
    return Finding(rule.above_units, outlay, rule.asset, is_hold=True)


def _cooling_off(rule: CoolingOff, deal: Deal, past: Past) -> Finding | None:
    if deal.outlay(rule.asset) <= rule.above_units or deal.cooling_off_us >= rule.cooling_us:
        return None
    return Finding(rule.cooling_us, deal.cooling_off_us)


def _bidding(rule: Bidding, deal: Deal, past: Past) -> Finding | None:
    first, binds = deal.first_units, deal.binds(rule.asset)
    if first is None or not binds:
        return None
    if rule.asset != deal.asset:
        return Finding(rule.asset, deal.asset)
    if binds * BPS <= first * (BPS + rule.rise_bps):
        return None
    return Finding(first * (BPS + rule.rise_bps) // BPS, binds, rule.asset)


RULES: Mapping[type, Any] = {
    PerDeal: _per_deal,
    RollingBudget: _rolling,
    CalendarBudget: _calendar,
    LifetimeBudget: _lifetime,
    Approval: _approval,
    CoolingOff: _cooling_off,
    Bidding: _bidding,
}
