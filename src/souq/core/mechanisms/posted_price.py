"""A posted price: whoever takes it has a deal at once."""

from typing import Any

from msgspec import Struct

from souq.core.agreement import Agreement
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Outcome,
    Pledge,
    Standing,
    need_listed,
    need_strangers,
    need_total,
    never_settles,
    refuse_unable,
    sale,
)
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused
from souq.core.shipping import with_shipping
from souq.core.state import Draft, Table, View, row_of

NAME = "posted_price"
NOTICE: dict[str, str] = {}


class TakePrice(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Buy a listing, or supply a want, at the price it states per unit.

    Naming the price protects the taker: had it changed meanwhile, nothing would happen.
    """

    listing: str
    price: Money
    quantity: int = 1


class PriceTaken(Struct, frozen=True, tag=True):
    negotiation: str
    agreement: Agreement


TAKES: Table[Agreement] = Table("posted_price", Agreement)
TABLES: tuple[Table[Any], ...] = (TAKES,)


def _take(draft: Draft, agent: Agent, command: TakePrice, id: str) -> Effect:
    listing = need_listed(draft, Item(command.listing, command.quantity), NAME)
    if listing.price is None:
        raise Refused(Reason.WRONG_MECHANISM, listing=listing.id)
    if listing.price != command.price:
        raise Refused(Reason.PRICE_CHANGED, units=listing.price.units, asset=listing.price.asset)
    need_strangers(draft, (agent.id, listing.agent))
    is_sale = listing.side == "sell"
    seller, buyer = (listing.agent, agent.id) if is_sale else (agent.id, listing.agent)
    total = need_total(listing.price, command.quantity)
    legs = sale(seller, buyer, listing.id, command.quantity, total)
    legs = with_shipping(legs, (listing,), total.asset)
    draft.emit(PriceTaken(id, Agreement((agent.id, listing.agent), legs)))
    return Effect()


def parties(view: View, id: str) -> tuple[str, ...]:
    """List the taker and the lister."""
    return row_of(view, TAKES, id).parties


def standing(view: View, id: str) -> Standing:
    """Never seen: a run ends in the command that began it."""
    raise AssertionError(f"a posted price lies on no table: {id}")


def pledge(view: View, id: str, agent: str) -> Pledge:
    """A run ends in the command that began it, so nothing waits for it."""
    return NOTHING


def outcome(view: View, id: str) -> Outcome | None:
    """Taking is agreeing."""
    return Outcome("agreed", (row_of(view, TAKES, id),))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Never comes: a run ends in the command that began it."""
    raise AssertionError(f"a posted price has no deadline: {id}")


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    view.drop(TAKES, id)


settled, unable = never_settles, refuse_unable
OPENS: dict[type, Any] = {TakePrice: _take}
MOVES: dict[type, Any] = {}
JOINS: tuple[type, ...] = ()
IS_PREPAID = False
FREES: tuple[type, ...] = ()
SEEN: dict[type, Any] = {PriceTaken: "parties"}
EVOLVE: dict[type, Any] = {
    PriceTaken: lambda view, event: view.put(TAKES, event.negotiation, event.agreement)
}
