"""What principals and agents have shown as suppliers: earned by settled deals, and by nothing else.

One piece of evidence is one ended contract between two principals for which the house took its fee.
It weighs the square root of what was paid, up to a bound; it halves with every half-life; it counts
as far as the payer is trusted (`trust`), and not at all between agents of one principal or within a
ring. All deals with one counterparty reach a bound together, beyond which the newest push out the
oldest. How it went is a number from 0 to 1: fulfilled is 1 less the penalties, a ruling the share
that was not given back, a delivery that never came is 0; a deal called off in time is nothing.

A record is thus a Beta distribution over the next deal: what was good and bad, on top of a prior
worth two deals that stands where the category does. Ranking uses its 5 % quantile, which few deals
cannot lift. Reputation belongs to the principal: a new agent has its principal's, so that leaving a
bad record behind takes a new principal.

Amounts are fixed-point, in millionths of a deal of weight 1, and kept as of an instant (`decay`).
"""

from collections.abc import Iterator, Mapping
from math import isqrt
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from souq.core import beta, imported, trust
from souq.core.agreement import Agreement, CashLeg, givers, goods
from souq.core.case import PARTIES
from souq.core.decay import NONE, Tally, as_of
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.index import Rank
from souq.core.listing import LISTINGS
from souq.core.money import BPS, Money
from souq.core.party import AGENTS
from souq.core.rules import Rules, rules
from souq.core.state import Table, View

ONE = 1_000_000  # a deal of weight 1
PRIOR = 2 * ONE  # what a prior is worth, in deals
# A category may not promise more for its newcomers than this; otherwise leaving a middling record
# behind for a new name would pay where most deals go well.
BASE_MAX_BPS = 7_500
NEWCOMER = 3 * ONE  # below this much evidence of its own, a principal is a newcomer


class Score(Struct, frozen=True, gc=False):
    """A record as a number: the mean, what of it is evidence, and what it is ranked by.

    `evidence_milli` counts deals of weight 1 in thousandths, without the prior.
    """

    mean_bps: int
    evidence_milli: int
    quantile_bps: int
    is_newcomer: bool


class Pair(Struct, frozen=True, gc=False, array_like=True):
    """What a subject (a principal, or an agent) has shown to one counterparty, before trust."""

    subject: str
    principal: str
    counterparty: str
    tally: Tally


RECORDS: Table[Tally] = Table("records", Tally)  # by principal and by agent
PAIRS: Table[Pair] = Table(
    "pairs",
    Pair,
    rank=lambda one: Rank(one.counterparty, ord(one.subject[0]), int(one.subject[1:])),
)
BASES: Table[Tally] = Table("base rates", Tally)  # by era and category; "" is the whole market
COUNTERPARTIES: Table[str] = Table(
    "counterparties", str, rank=lambda one: Rank("", 0, int(one[1:]))
)
TABLES: tuple[Table[Any], ...] = (
    RECORDS,
    PAIRS,
    BASES,
    COUNTERPARTIES,
    *trust.TABLES,
    *imported.TABLES,
)


def score_of(view: View, subject: str, category: str = "") -> Score:
    """Give the score of a principal, or of an agent by itself, as of now."""
    market = rules(view)
    half_life = market.reputation_half_life_us
    own = as_of(view.get(RECORDS, subject) or NONE, view.at, half_life)
    brought = imported.prior_of(view, subject, half_life)
    base = _base_bps(view, category, half_life)
    good = PRIOR * base // BPS + own.good + brought.good
    bad = PRIOR * (BPS - base) // BPS + own.bad + brought.bad
    quantile = beta.quantile_bps(max(1, good // 1_000), max(1, bad // 1_000))
    evidence = own.good + own.bad
    return Score(BPS * good // (good + bad), evidence // 1_000, quantile, evidence < NEWCOMER)


def standing_of(view: View, agent: str, category: str = "") -> int:
    """Give what an agent is ranked by: the quantile of its principal, in ten-thousandths."""
    found = view.get(AGENTS, agent)
    return score_of(view, agent if found is None else found.principal, category).quantile_bps


def record_of(view: View, subject: str) -> Tally:
    """Give what was good and bad of a subject's deals, as of now, in millionths of a deal."""
    half_life = rules(view).reputation_half_life_us
    return as_of(view.get(RECORDS, subject) or NONE, view.at, half_life)


def weight_of(market: Rules, units: int) -> int:
    """Give what a payment weighs, in millionths of a deal, before trust and age."""
    counted = min(units, market.reputation_value_max_units)
    return isqrt(counted * ONE * ONE // market.reputation_one_units)


def is_counted(market: Rules, units: int) -> bool:
    """Tell whether a payment is evidence: the house took a fee, or takes none from anybody."""
    if market.fee_bps == 0:
        return units > 0 and market.reputation_without_fee
    return units * market.fee_bps // BPS > 0


def payments(market: Rules, agreement: Agreement) -> Iterator[tuple[str, str, int]]:
    """Yield (supplier, payer, units) of a contract; only the market's first asset counts."""
    asset = market.assets[0].code
    paid: dict[tuple[str, str], int] = {}
    suppliers = givers(agreement.legs)
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.amount.asset == asset and leg.taker in suppliers:
            ends = leg.taker, leg.giver
            paid[ends] = paid.get(ends, 0) + leg.amount.units
    for (supplier, payer), units in paid.items():
        yield supplier, payer, units


def overrule(
    view: View, *, supplier: str, payer: str, amount: Money, before_bps: int, after_bps: int
) -> None:
    """Fold an audit's result over what a contract was counted as."""
    market = rules(view)
    if amount.asset == market.assets[0].code and is_counted(market, amount.units):
        good = weight_of(market, amount.units) * (after_bps - before_bps) // BPS
        _count(view, market, supplier, payer, good, -good, "")


def _fulfilled(view: View, event: ContractFulfilled) -> None:
    _settled(view, event.agreement, BPS - event.penalty_bps, kept_bps=event.kept_bps)


def _ruled(view: View, event: RulingMade) -> None:
    if event.by != PARTIES:  # what two agree on says nothing of either
        _settled(view, event.agreement, BPS - event.payer_bps, kept_bps=event.kept_bps)


def _cancelled(view: View, event: ContractCancelled) -> None:
    if event.why in ("not_delivered", "not_verified"):
        # No fee was paid; but it speaks against whoever let it happen, so nobody can buy it.
        _settled(view, event.agreement, 0, only=event.at_fault)


def _settled(
    view: View,
    agreement: Agreement,
    outcome_bps: int,
    only: tuple[str, ...] | None = None,
    kept_bps: Mapping[str, int] = MappingProxyType({}),
) -> None:
    market = rules(view)
    for supplier, payer, agreed in payments(market, agreement):
        # What was given back, its fee included, was not paid: else large deals cost nothing.
        units = agreed * kept_bps.get(supplier, BPS) // BPS
        if (only is None or supplier in only) and is_counted(market, units):
            weight = weight_of(market, units)
            good = weight * outcome_bps // BPS
            category = _category(view, agreement, supplier)
            _count(view, market, supplier, payer, good, weight - good, category)


def _count(
    view: View, market: Rules, supplier: str, payer: str, good: int, bad: int, category: str
) -> None:
    agent, other = view.get(AGENTS, supplier), view.get(AGENTS, payer)
    assert agent is not None, f"nobody supplied: {supplier}"
    assert other is not None, f"nobody paid: {payer}"
    subject, counterparty = agent.principal, other.principal
    if subject == counterparty:
        return
    half_life, most = market.reputation_half_life_us, market.reputation_pair_max * ONE
    found = trust.trust(view)
    counts = trust.counts_bps(found, counterparty, subject)
    if view.get(COUNTERPARTIES, counterparty) is None:
        view.put(COUNTERPARTIES, counterparty, counterparty)
    for one in (subject, supplier):
        key = f"{one}/{counterparty}"
        before = view.get(PAIRS, key)
        old = as_of(before.tally if before else NONE, view.at, half_life)
        new = _bounded(Tally(max(0, old.good + good), max(0, old.bad + bad), view.at), most)
        view.put(PAIRS, key, Pair(one, subject, counterparty, new))
        _shift(view, one, half_life, _share(new, counts), _share(old, counts))
    more = _share(Tally(max(0, good), max(0, bad)), counts)
    era = _era(found)
    for name in ("", category) if category else ("",):
        base = as_of(view.get(BASES, era + name) or NONE, view.at, half_life)
        after = Tally(base.good + more.good, base.bad + more.bad, view.at)
        view.put(BASES, era + name, after)


def _bounded(tally: Tally, most: int) -> Tally:
    """Scale a tally down to a bound, so that the newest deals push out the oldest."""
    whole = tally.good + tally.bad
    if whole <= most:
        return tally
    good = tally.good * most // whole
    return Tally(good, most - good, tally.at)


def _share(tally: Tally, bps: int) -> Tally:
    if bps == BPS:
        return tally
    return Tally(tally.good * bps // BPS, tally.bad * bps // BPS, tally.at)


def _shift(view: View, subject: str, half_life: int, new: Tally, old: Tally) -> None:
    """Fold that a part of a subject's record is something else now."""
    now = as_of(view.get(RECORDS, subject) or NONE, view.at, half_life)
    good, bad = now.good + new.good - old.good, now.bad + new.bad - old.bad
    view.put(RECORDS, subject, Tally(max(0, good), max(0, bad), view.at))


def _trusted(view: View, event: trust.TrustSet) -> None:
    """Fold who is trusted: what was shown to those whose word counts otherwise counts anew."""
    before, after = trust.trust(view), trust.read(event)
    half_life = rules(view).reputation_half_life_us
    known = tuple(one for one, _ in view.walk(COUNTERPARTIES, "")) if before is None else ()
    for counterparty in trust.changed(before, after, known):
        for _, pair in list(view.walk(PAIRS, counterparty)):
            was = trust.counts_bps(before, counterparty, pair.principal)
            now = trust.counts_bps(after, counterparty, pair.principal)
            if was != now:
                tally = as_of(pair.tally, view.at, half_life)
                _shift(view, pair.subject, half_life, _share(tally, now), _share(tally, was))
    trust.put(view, after)


def _category(view: View, agreement: Agreement, supplier: str) -> str:
    for leg in goods(agreement.legs):
        if leg.giver == supplier:
            found = view.get(LISTINGS, leg.listing)
            return "" if found is None else found.category
    return ""


def _base_bps(view: View, category: str, half_life: int) -> int:
    """Give how often deals go well, drawn towards one half where there are few."""
    base = _base(view, category, half_life)
    if not (base.good or base.bad) and category:
        base = _base(view, "", half_life)
    found = BPS * (base.good + ONE) // (base.good + base.bad + PRIOR)
    return min(found, BASE_MAX_BPS)


def _base(view: View, category: str, half_life: int) -> Tally:
    key = _era(trust.trust(view)) + category
    return as_of(view.get(BASES, key) or NONE, view.at, half_life)


def _era(found: trust.Trust | None) -> str:
    # What anybody could count before anybody was trusted says nothing of how deals go.
    return "any/" if found is None else "trusted/"


DECIDE: dict[type, Any] = {**trust.DECIDE, **imported.DECIDE}
EVOLVE: dict[type, Any] = {
    ContractFulfilled: _fulfilled,
    RulingMade: _ruled,
    ContractCancelled: _cancelled,
    trust.TrustSet: _trusted,
    **imported.EVOLVE,
}
