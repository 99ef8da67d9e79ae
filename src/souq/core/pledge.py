"""What standing commitments set aside: budget, money and goods, so that they can be kept.

A mechanism says what an agent's open bids or orders in a run amount to (its *pledge*); here it is
taken from the mandate's budget, held on the ledger as a pending transfer `#N5.A3`, and set aside
from the listings. It is let go of as the bids go, or as they become contracts, which set aside
what they need by themselves.
"""

from typing import Any

from msgspec import Struct

from souq.core import budget, ledger, stock
from souq.core.agreement import CashLeg
from souq.core.ledger import HOLDS
from souq.core.listing import LISTINGS, change, need_listing, need_open
from souq.core.mandate import MANDATES
from souq.core.mechanisms.moves import Item, Pledge
from souq.core.party import Agent, need_other_agent, wallet
from souq.core.refusal import Reason, Refused
from souq.core.rules import fee_of
from souq.core.state import Draft, Table, View
from souq.core.transfer import HOLD, MOVE, RELEASE


class GoodsPledged(Struct, frozen=True, tag=True):
    """All that an agent's commitments in a run set aside of its listings, from now on."""

    negotiation: str
    agent: str
    goods: tuple[Item, ...]


PLEDGED: Table[tuple[Item, ...]] = Table("pledged_goods", tuple[Item, ...])
TABLES: tuple[Table[Any], ...] = (PLEDGED,)


def goods_of(view: View, agent: str, negotiation: str) -> tuple[Item, ...]:
    """List what an agent's commitments in a run set aside of its listings."""
    return view.get(PLEDGED, f"{agent}/{negotiation}") or ()


def held_units(view: View, agent: str, negotiation: str) -> int:
    """Give what an agent's commitments in a run hold of its principal's money."""
    hold = view.get(HOLDS, _hold_id(agent, negotiation))
    return 0 if hold is None else hold.amount


def set_aside(draft: Draft, agent: Agent, negotiation: str, pledge: Pledge) -> None:
    """Set aside just what a pledge says, whatever was before.

    Raises Refused(insufficient_funds | listing_unavailable | not_enough_stock).
    """
    budget.reserve(draft, agent, negotiation, pledge.units)
    _hold(draft, agent, negotiation, pledge)
    if pledge.goods or goods_of(draft, agent.id, negotiation):
        _pledge_goods(draft, agent.id, negotiation, pledge.goods)


def release(
    draft: Draft, agents: tuple[str, ...], negotiation: str, forfeits: tuple[CashLeg, ...] = ()
) -> None:
    """Let go of the money and goods that a run had set aside, and pay what is forfeited.

    A forfeit is a payment as any other: the house's fee comes out of it. Budgets are let go of in
    answer to the negotiation's end, as in every bargain.
    """
    rows = []
    for agent in agents:
        id = _hold_id(agent, negotiation)
        hold = draft.get(HOLDS, id)
        if hold is not None:
            rows.append((f"{id}:end", hold.debit, hold.credit, 0, RELEASE, id))
        if draft.get(PLEDGED, f"{agent}/{negotiation}"):
            _pledge_goods(draft, agent, negotiation, ())
    for n, leg in enumerate(forfeits):
        asset = leg.amount.asset
        payer, payee = (
            wallet(need_other_agent(draft, end).principal, asset) for end in (leg.giver, leg.taker)
        )
        fee, net = fee_of(draft, leg.amount), f"#{negotiation}.forfeit.{n}"
        for id, to, units in (
            (net, payee, leg.amount.units - fee.units),
            (f"{net}.fee", f"fees/{asset}", fee.units),
        ):
            if units:
                rows.append((id, payer, to, units, MOVE, ""))
        _spend(draft, leg, f"{negotiation}.{n}")
    ledger.move_rows(draft, rows)


def _hold_id(agent: str, negotiation: str) -> str:
    return f"#{negotiation}.{agent}"


def _hold(draft: Draft, agent: Agent, negotiation: str, pledge: Pledge) -> None:
    id = _hold_id(agent.id, negotiation)
    before = draft.get(HOLDS, id)
    held = 0 if before is None else before.amount
    if held == pledge.held_units:
        return
    rows = []
    if before is not None:
        rows.append((f"{id}:end", before.debit, before.credit, 0, RELEASE, id))
    if pledge.held_units:
        payer = wallet(agent.principal, pledge.asset)
        available = ledger.need_account(draft, payer).available + held
        if available < pledge.held_units:
            raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=pledge.held_units)
        # Nobody is owed it yet, and a pending transfer must name somebody: the house's fees.
        rows.append((id, payer, f"fees/{pledge.asset}", pledge.held_units, HOLD, ""))
    ledger.move_rows(draft, rows)


def _pledge_goods(draft: Draft, agent: str, negotiation: str, goods: tuple[Item, ...]) -> None:
    before = goods_of(draft, agent, negotiation)
    if goods == before:
        return
    change_of: dict[str, int] = {}
    for sign, items in ((-1, before), (1, goods)):
        for item in items:
            change_of[item.listing] = change_of.get(item.listing, 0) + sign * item.quantity
    draft.emit(GoodsPledged(negotiation, agent, goods))
    for listing, more in change_of.items():
        found = need_listing(draft, listing)
        if more > 0:
            need_open(found, more)
        if more and found.has_stock:
            happened = stock.StockReserved if more > 0 else stock.StockReturned
            draft.emit(happened(listing, abs(more)))


def _spend(draft: Draft, leg: CashLeg, claim: str) -> None:
    """Count what is forfeited as spent; it never comes back."""
    agent = need_other_agent(draft, leg.giver)
    if draft.get(MANDATES, agent.mandate) is not None:
        budget.commit(draft, (agent.id,), (leg,), claim)
        budget.settle(draft, claim, agent.id, 0)


def _pledged(view: View, event: GoodsPledged) -> None:
    key = f"{event.agent}/{event.negotiation}"
    before: tuple[Item, ...] = view.get(PLEDGED, key) or ()
    if event.goods:
        view.put(PLEDGED, key, event.goods)
    else:
        view.drop(PLEDGED, key)
    for sign, items in ((-1, before), (1, event.goods)):
        for item in items:
            found = view.get(LISTINGS, item.listing)
            assert found is not None, f"pledged goods of an ended listing: {item.listing}"
            change(view, item.listing, pledged=found.pledged + sign * item.quantity)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {GoodsPledged: _pledged}
