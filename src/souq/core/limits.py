"""The guard that every mandate is: what its limits cover, and what of its budget is left.

Facts name the rule, and money only where it is the budget's: a floor never shows.
"""

from collections.abc import Iterator

from msgspec import structs

from souq.core.agreement import CashLeg, Leg, cash_given, cash_taken, givers, goods
from souq.core.budget import RESERVATIONS, expired_entries
from souq.core.listing import LISTINGS, Listing
from souq.core.mandate import Limits, Mandate, chain, covers, outside
from souq.core.money import BPS
from souq.core.objection import Binding, Objection
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import fee_of
from souq.core.state import View


def object_to(view: View, binding: Binding) -> Iterator[Objection]:
    """Yield what a mandate objects to, and each that it is a part of.

    Raises Refused(no_mandate), and (closed) for a listing.
    """
    own, *above = chain(view, binding.agent)
    if not above:
        return _object(view, binding, own)
    return _object_all(view, binding, own, above)


def _object_all(
    view: View, binding: Binding, own: Mandate, above: list[Mandate]
) -> Iterator[Objection]:
    yield from _object(view, binding, own)
    for mandate in above:
        # Whose limit it is may be told; how much is left of another agent's is not.
        for one in _object(view, binding, mandate):
            yield structs.replace(one, facts={"of": mandate.id})


def _object(view: View, binding: Binding, mandate: Mandate) -> Iterator[Objection]:
    agent, legs = binding.agent, binding.legs
    limits: Limits = mandate.limits.value
    if any(isinstance(leg, CashLeg) and leg.amount.asset != limits.asset for leg in legs):
        yield Objection("asset")
    if not _may_deal_with(view, limits, agent, legs):
        yield Objection("counterparties")
    yield from _scope(view, limits, legs, agent)
    pays = cash_given(legs, agent.id)
    if limits.ceilings is not None and pays and pays > _most(view, limits.ceilings, legs, agent):
        yield Objection("ceilings")
    if limits.goods is not None and not _brings_enough(view, limits, legs, agent):
        yield Objection("goods")
    if limits.per_deal_units is not None and pays > limits.per_deal_units:
        yield Objection("per_deal", facts={"cap": limits.per_deal_units})
    if binding.reserves:
        yield from _budget(view, mandate, limits, binding)
    above = limits.approval_above_units
    asks_above = above is not None and max(pays, binding.part_of) > above
    if limits.approval_always or asks_above:
        yield Objection("approval", approver=agent.principal)


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


def _scope(view: View, limits: Limits, legs: tuple[Leg, ...], agent: Agent) -> Iterator[Objection]:
    own = [leg for leg in goods(legs) if agent.id in (leg.giver, leg.taker)]
    most = limits.quantity_max
    if most is not None and any(leg.quantity > most for leg in own):
        yield Objection("quantity_max")
    named = limits.categories
    listings = [_listing(view, leg.listing) for leg in own]
    if named is not None and not all(covers(named, one.category) for one in listings):
        yield Objection("categories")


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


def _budget(view: View, mandate: Mandate, limits: Limits, binding: Binding) -> Iterator[Objection]:
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
            yield Objection(rule, reason=Reason.BUDGET_EXCEEDED, facts=left)


def _window_sum(view: View, mandate: Mandate, limits: Limits) -> int:
    """Sum what was committed in (at - window, at]: an amount exactly so old no longer counts."""
    return mandate.window_units - sum(units for _, units in expired_entries(view, mandate, limits))


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
