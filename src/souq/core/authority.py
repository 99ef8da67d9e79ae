"""May this agent be bound by these legs? One judge for both sides, at offer and deal alike."""

from souq.core.agreement import CashLeg, Leg, cash_given, cash_taken, goods
from souq.core.listing import LISTINGS, Listing
from souq.core.mandate import (
    RESERVATIONS,
    Limits,
    Mandate,
    covers,
    expired_entries,
    live_limits,
    need_mandate,
    outside,
)
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import fee_of
from souq.core.state import View


def check(
    view: View,
    agent: Agent,
    legs: tuple[Leg, ...],
    *,
    negotiation: str,
    reserves: int | None = None,
    part_of: int = 0,
) -> bool:
    """Raise Refused unless the agent may be bound by these legs; tell whether approval is needed.

    `reserves` is all that the agent's commitments in the negotiation could cost, these legs among
    them; left out, these legs are all. `part_of` is a larger sum that these legs are a part of, so
    that no order slips below the approval threshold by being filled in pieces. Whoever it will deal
    with, where that is open, is "".
    Facts name the rule, and money only where it is the budget's: a floor never shows.
    """
    mandate = need_mandate(view, agent)
    limits = live_limits(view, mandate)
    pays = cash_given(legs, agent.id)
    coming = [leg for leg in goods(legs) if leg.taker == agent.id]
    going = [leg for leg in goods(legs) if leg.giver == agent.id]
    if any(isinstance(leg, CashLeg) and leg.amount.asset != limits.asset for leg in legs):
        raise outside("asset")
    _check_others(view, limits, agent, legs)
    for leg in coming + going:
        listing = _listing(view, leg.listing)
        if limits.quantity_max is not None and leg.quantity > limits.quantity_max:
            raise outside("quantity_max")
        if limits.categories is not None and not covers(limits.categories, listing.category):
            raise outside("categories")
    if limits.ceilings is not None and pays:
        most = 0
        for leg in coming:
            ceiling = _ceiling(limits.ceilings, _listing(view, leg.listing))
            if ceiling is None:
                raise outside("ceilings")
            most += ceiling * leg.quantity
        if pays > most:
            raise outside("ceilings")
    if limits.goods is not None:
        least = 0
        for leg in going:
            listing = _listing(view, leg.listing)
            # Supplying somebody's want gives away a thing that no listing of ours names.
            limit = limits.goods.get(listing.ref) if listing.side == "sell" else None
            if limit is None:
                raise outside("goods")
            if not (limit.may_barter and coming):
                least += limit.floor_units * leg.quantity
        net = sum(price.units - fee_of(view, price).units for price in cash_taken(legs, agent.id))
        if not coming:
            net -= pays  # paying somebody to take a thing away is less than giving it away
        if net < least:
            raise outside("goods")
    _check_budget(view, mandate, limits, pays, negotiation, pays if reserves is None else reserves)
    above = limits.approval_above_units
    return limits.approval_always or (above is not None and max(pays, part_of) > above)


def _check_others(view: View, limits: Limits, agent: Agent, legs: tuple[Leg, ...]) -> None:
    for other in {leg.giver for leg in legs} | {leg.taker for leg in legs}:
        if other == agent.id:
            continue
        if not other:  # anybody, so also whoever is not allowed
            if limits.counterparties is not None or limits.counterparties_denied:
                raise outside("counterparties")
            continue
        principal = need_other_agent(view, other).principal
        if principal in limits.counterparties_denied or (
            limits.counterparties is not None and principal not in limits.counterparties
        ):
            raise outside("counterparties")


def _check_budget(
    view: View, mandate: Mandate, limits: Limits, pays: int, negotiation: str, reserves: int
) -> None:
    if limits.per_deal_units is not None and pays > limits.per_deal_units:
        raise Refused(Reason.OUTSIDE_MANDATE, rule="per_deal", cap=limits.per_deal_units)
    if not reserves:
        return
    own = view.get(RESERVATIONS, f"{mandate.agent}/{negotiation}")
    reserved = mandate.reserved_units
    if own is not None and own.mandate == mandate.id:
        reserved -= own.units  # the new offer takes the old one's place
    for rule, cap, spent in (
        ("lifetime", limits.lifetime_units, mandate.lifetime_units),
        ("window", limits.window_units, _window_sum(view, mandate, limits)),
    ):
        if cap is not None and spent + reserved + reserves > cap:
            raise Refused(
                Reason.BUDGET_EXCEEDED,
                rule=rule,
                available=max(0, cap - spent - reserved),
                needed=reserves,
            )


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
