"""The guard that every mandate is: what its limits cover, and what of its budget is left.

Facts name the rule, and money only where it is the budget's: a floor never shows.
"""

from collections.abc import Iterable

from msgspec import structs

from souq.core.agreement import CashLeg, Leg, cash_given, cash_taken, givers, goods
from souq.core.budget import RESERVATIONS, expired_entries
from souq.core.listing import LISTINGS, Listing
from souq.core.mandate import Limits, Mandate, chain, covers, outside
from souq.core.money import BPS
from souq.core.objection import Binding, Objection
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules, fee_of
from souq.core.state import View


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give what a mandate objects to, and each that it is a part of.

    Raises Refused(no_mandate), and (closed) for a listing.
    """
    mandates = chain(view, binding.agent)
    own = _object(view, binding, mandates[0])
    if len(mandates) == 1:
        return own
    found = list(own)
    for mandate in mandates[1:]:
        # Whose limit it is may be told; how much is left of another agent's is not.
        for one in _object(view, binding, mandate):
            found.append(
                structs.replace(one, facts={"of": mandate.id}, threshold="", observed="", asset="")
            )
    return found


def _object(view: View, binding: Binding, mandate: Mandate) -> Iterable[Objection]:
    agent, legs = binding.agent, binding.legs
    limits: Limits = mandate.limits.value
    most, named = limits.quantity_max, limits.categories
    pays, is_foreign, is_too_much, is_elsewhere = 0, False, False, False
    for leg in legs:
        if isinstance(leg, CashLeg):
            is_foreign |= leg.amount.asset != limits.asset
            pays += leg.amount.units if leg.giver == agent.id else 0
        elif agent.id in (leg.giver, leg.taker):
            listing = _listing(view, leg.listing)
            is_too_much |= most is not None and leg.quantity > most
            is_elsewhere |= named is not None and not covers(named, listing.category)
    found: list[Objection] = []
    if is_foreign:
        found.append(Objection("asset"))
    if not _may_deal_with(view, limits, agent, legs):
        found.append(Objection("counterparties"))
    if is_too_much:
        found.append(Objection("quantity_max"))
    if is_elsewhere:
        found.append(Objection("categories"))
    if limits.ceilings is not None and pays and pays > _most(view, limits.ceilings, legs, agent):
        found.append(Objection("ceilings"))
    if limits.goods is not None and not _brings_enough(view, limits, legs, agent):
        found.append(Objection("goods"))
    if limits.per_deal_units is not None and pays > limits.per_deal_units:
        found.append(Objection("per_deal", facts={"cap": limits.per_deal_units}))
    if binding.reserves:
        found += _budget(view, mandate, limits, binding)
    above, whole = limits.approval_above_units, max(pays, binding.part_of)
    if above is not None and whole > above:
        found.append(
            Objection(
                "approval",
                approver=agent.principal,
                threshold=above,
                observed=whole,
                asset=limits.asset,
            )
        )
    elif limits.approval_always:
        found.append(Objection("approval", approver=agent.principal))
    return found


def need_budget(view: View, agent: Agent, *, asset: str, units: int) -> None:
    """Raise Refused unless an agent may spend so much outside any deal of its own.

    Raises Refused(no_mandate, outside_mandate, budget_exceeded).
    """
    binding = Binding(agent, (), "", units)
    for mandate in chain(view, agent):
        limits: Limits = mandate.limits.value
        if limits.asset != asset:
            raise outside("asset")
        for one in _budget(view, mandate, limits, binding):
            if mandate.id == agent.mandate:
                raise one.refusal()
            raise structs.replace(one, facts={"of": mandate.id}).refusal()


def need_kept(view: View, agent: Agent, legs: tuple[Leg, ...], bps: int) -> None:
    """Raise Refused unless an agent's goods may bring it only such a share of what was agreed.

    What may not be sold below a floor may not be paid back below it either, on an agent's word.
    Raises Refused(no_mandate, outside_mandate).
    """
    if agent.id not in givers(legs):
        return
    left = tuple(
        structs.replace(leg, amount=leg.amount.split(bps, BPS)[0])
        if isinstance(leg, CashLeg) and leg.taker == agent.id
        else leg
        for leg in legs
    )
    for mandate in chain(view, agent):
        limits: Limits = mandate.limits.value
        if limits.goods is not None and not _brings_enough(view, limits, left, agent):
            raise outside("goods")


def _may_deal_with(view: View, limits: Limits, agent: Agent, legs: tuple[Leg, ...]) -> bool:
    allowed, denied = limits.counterparties, limits.counterparties_denied
    if allowed is None and not denied:
        return True
    for other in {leg.giver for leg in legs} | {leg.taker for leg in legs}:
        if other == agent.id:
            continue
        if not other:  # anybody, so also whoever is not allowed
            if allowed is not None or denied:
                return False
            continue
        principal = need_other_agent(view, other).principal
        if principal in denied or (allowed is not None and principal not in allowed):
            return False
    return True


def _most(view: View, ceilings: dict[str, int], legs: tuple[Leg, ...], agent: Agent) -> int:
    """Give the most to pay for all that comes in; less than nothing for what is outside."""
    most = 0
    for leg in goods(legs):
        if leg.taker == agent.id:
            ceiling = _ceiling(ceilings, _listing(view, leg.listing))
            if ceiling is None:
                return -1
            most += ceiling * leg.quantity
    return most


def _brings_enough(view: View, limits: Limits, legs: tuple[Leg, ...], agent: Agent) -> bool:
    allowed = limits.goods or {}
    is_barter = any(leg.taker == agent.id for leg in goods(legs))
    least = 0
    for leg in goods(legs):
        if leg.giver != agent.id:
            continue
        listing = _listing(view, leg.listing)
        # Supplying somebody's want gives away a thing that no listing of ours names.
        limit = allowed.get(listing.ref) if listing.side == "sell" else None
        if limit is None:
            return False
        if not (limit.may_barter and is_barter):
            least += limit.floor_units * leg.quantity
    net = sum(price.units - fee_of(view, price).units for price in cash_taken(legs, agent.id))
    if not is_barter:
        net -= cash_given(legs, agent.id)  # paying to be rid of a thing is less than giving it away
    return net >= least


def _budget(view: View, mandate: Mandate, limits: Limits, binding: Binding) -> Iterable[Objection]:
    found = []
    own = view.get(RESERVATIONS, f"{binding.agent.id}/{binding.negotiation}")
    reserved = mandate.reserved_units
    if own is not None and mandate.id in (own.mandate, *own.above):
        reserved -= own.units  # the new offer takes the old one's place
    for rule, cap, spent in (
        ("lifetime", limits.lifetime_units, mandate.lifetime_units),
        ("window", limits.window_units, _window_sum(view, mandate, limits)),
    ):
        if cap is not None and spent + reserved + binding.reserves > cap:
            left = {"available": max(0, cap - spent - reserved), "needed": binding.reserves}
            found.append(Objection(rule, reason=Reason.BUDGET_EXCEEDED, facts=left))
    return found


def _window_sum(view: View, mandate: Mandate, limits: Limits) -> int:
    """Sum what was committed in (at - window, at]: an amount exactly so old no longer counts."""
    left = mandate.window_units
    for _, units in expired_entries(view, mandate, limits):
        left -= units
    return left


def _listing(view: View, listing: str) -> Listing:
    found = view.get(LISTINGS, listing)
    if found is None:
        raise Refused(Reason.CLOSED, id=listing)
    return found


def _ceiling(ceilings: dict[str, int], listing: Listing) -> int | None:
    if listing.id in ceilings:
        return ceilings[listing.id]
    category = listing.category
    while category not in ceilings and "/" in category:
        category = category.rpartition("/")[0]
    return ceilings.get(category)
