"""Alternating offers: two agents in turn, until one accepts, gives up, or lets the offer lapse.

After Rubinstein (1982). An offer is a whole set of terms, frozen under a digest; accepting names
the digest, so nobody accepts what they did not read. Goods may stand on both sides: part-barter.
"""

from typing import Any

from msgspec import Struct

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg, digest_of, takers
from souq.core.listing import LISTINGS, Listing, check_price, need_open
from souq.core.mechanisms.moves import (
    ITEMS_MAX,
    NOTHING,
    Accept,
    Effect,
    Item,
    Outcome,
    Pledge,
    Reject,
    Standing,
    Withdraw,
    bargain,
    expiry,
    expiry_under,
    need_listed,
    need_strangers,
    never_settles,
    refuse_unable,
)
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent, need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.shipping import with_shipping
from souq.core.state import DEADLINES, Draft, Table, View, row_of

NAME = "alternating_offers"
NOTICE: dict[str, str] = {}


class MakeOffer(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Offer a price for one or several listings of another agent, and open a negotiation.

    Items may include one's own listings: those are given in part payment. Offering only one's
    own needs `to`. `price` is the whole payment. Who pays follows from which way the goods go;
    where they go both ways and money changes hands, `payer` says it.
    """

    items: tuple[Item, ...]
    price: Money
    to: str = ""
    payer: str = ""
    valid_us: int | None = None


class Counter(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Answer the other side's offer with another one. Items left out stay as they were."""

    negotiation: str
    price: Money
    items: tuple[Item, ...] = ()
    payer: str = ""
    valid_us: int | None = None


class Haggle(Struct, frozen=True):
    """The offer on the table."""

    opener: str
    responder: str
    by: str
    legs: tuple[Leg, ...]
    terms: str
    version: int
    expires_at: int
    is_accepted: bool = False
    ended: str = ""


class OfferMade(Struct, frozen=True, tag=True):
    negotiation: str
    opener: str
    responder: str
    by: str
    legs: tuple[Leg, ...]
    terms: str
    version: int
    expires_at: int


class OfferAccepted(Struct, frozen=True, tag=True):
    negotiation: str
    by: str
    terms: str


class OfferEnded(Struct, frozen=True, tag=True):
    """`why`: rejected, withdrawn or lapsed."""

    negotiation: str
    why: str


HAGGLES: Table[Haggle] = Table("alternating_offers", Haggle)
TABLES: tuple[Table[Any], ...] = (HAGGLES,)


def _make_offer(draft: Draft, agent: Agent, command: MakeOffer, id: str) -> Effect:
    other = _counterparty(draft, agent, command)
    need_strangers(draft, (agent.id, other))
    legs = _legs(draft, (agent.id, other), command.items, command.price, command.payer)
    terms = digest_of(legs, negotiation=id, version=1)
    expires_at = expiry(draft, command.valid_us)
    draft.emit(OfferMade(id, agent.id, other, agent.id, legs, terms, 1, expires_at))
    return Effect((agent.id,), legs)


def _counterparty(draft: Draft, agent: Agent, command: MakeOffer) -> str:
    owners = {need_listed(draft, item, NAME).agent for item in command.items[:ITEMS_MAX]}
    others = sorted(owners - {agent.id})
    if len(others) > 1:
        raise invalid("items", "one negotiation is between two agents")
    if not others and not command.to:
        raise invalid("to", "these are your own listings; say to whom you offer them")
    other = others[0] if others else need_other_agent(draft, command.to).id
    if command.to not in ("", other):
        raise invalid("to", "these listings are another agent's")
    return other


def _legs(
    draft: Draft, pair: tuple[str, str], items: tuple[Item, ...], price: Money, payer: str
) -> tuple[Leg, ...]:
    if not 0 < len(items) <= ITEMS_MAX or len({item.listing for item in items}) != len(items):
        raise invalid("items", f"name 1 to {ITEMS_MAX} listings, each once")
    check_price(draft, price)
    legs: list[Leg] = []
    listings: list[Listing] = []
    for item in items:
        listing = need_listed(draft, item, NAME)
        listings.append(listing)
        if listing.agent not in pair:
            raise invalid("items", "every listing must be one of the two agents'")
        other = pair[0] if listing.agent == pair[1] else pair[1]
        ends = (listing.agent, other) if listing.side == "sell" else (other, listing.agent)
        legs.append(GoodsLeg(*ends, listing.id, item.quantity))
    if payer and payer not in pair:
        raise invalid("payer", "one of the two agents pays")
    if not payer and len(taking := takers(tuple(legs))) == 1:
        payer = taking[0]
    if price.units:
        if not payer:
            raise invalid("payer", "goods go both ways; say who pays")
        legs.append(CashLeg(payer, pair[0] if payer == pair[1] else pair[1], price))
    return with_shipping(tuple(legs), listings, price.asset)


def _counter(draft: Draft, agent: Agent, command: Counter, id: str) -> Effect:
    haggle, house = _others_turn(draft, agent, id), rules(draft)
    if haggle.version >= house.rounds_max:
        raise Refused(Reason.ROUND_LIMIT, rounds=haggle.version)
    opener, responder, version = haggle.opener, haggle.responder, haggle.version + 1
    pair = (opener, responder)
    items, payer = command.items, command.payer
    legs = () if items or payer else _repriced(draft, haggle.legs, command.price)
    if not legs:
        if not items:
            items, payer = _as_before(haggle.legs, payer)
        legs = _legs(draft, pair, items, command.price, payer)
    terms = digest_of(legs, negotiation=id, version=version)
    expires_at = expiry_under(house, draft.at, command.valid_us)
    draft.emit(OfferMade(id, opener, responder, agent.id, legs, terms, version, expires_at))
    return Effect(pair, legs)


def _as_before(legs: tuple[Leg, ...], payer: str) -> tuple[tuple[Item, ...], str]:
    items = tuple([Item(leg.listing, leg.quantity) for leg in legs if isinstance(leg, GoodsLeg)])
    if not payer:
        payer = next((leg.giver for leg in legs if isinstance(leg, CashLeg)), "")
    return items, payer


def _repriced(draft: Draft, legs: tuple[Leg, ...], price: Money) -> tuple[Leg, ...]:
    """Give the legs of the same sale at another price; none where more than a price may differ.

    Nearly every counteroffer is one. To build its legs anew took most of the time of a bargain.
    """
    if len(legs) != 2:
        return ()
    goods, cash = legs
    if type(goods) is not GoodsLeg or type(cash) is not CashLeg:
        return ()
    # The asset was looked up when the offer before was made.
    if price.asset != cash.amount.asset or not 0 < price.units <= UNITS_MAX:
        return ()
    listing = draft.get(LISTINGS, goods.listing)
    if listing is None or listing.shipping_units or NAME not in listing.mechanisms:
        return ()
    need_open(listing, goods.quantity)
    return (goods, CashLeg(cash.giver, cash.taker, price))


def _accept(draft: Draft, agent: Agent, command: Accept, id: str) -> Effect:
    haggle = _others_turn(draft, agent, id)
    if command.terms != haggle.terms:
        raise Refused(Reason.TERMS_CHANGED, terms=haggle.terms)
    draft.emit(OfferAccepted(id, agent.id, haggle.terms))
    return Effect()


def _reject(draft: Draft, agent: Agent, command: Reject, id: str) -> Effect:
    _others_turn(draft, agent, id)
    draft.emit(OfferEnded(id, "rejected"))
    return Effect()


def _withdraw(draft: Draft, agent: Agent, command: Withdraw, id: str) -> Effect:
    if row_of(draft, HAGGLES, id).by != agent.id:
        raise Refused(Reason.NOT_YOUR_TURN)
    draft.emit(OfferEnded(id, "withdrawn"))
    return Effect()


def _others_turn(draft: Draft, agent: Agent, id: str) -> Haggle:
    haggle = draft.get(HAGGLES, id)
    assert haggle is not None, f"no offer on the table: {id}"
    if haggle.by == agent.id:
        raise Refused(Reason.NOT_YOUR_TURN)
    if draft.at >= haggle.expires_at:
        raise Refused(Reason.CLOSED, id=id)
    return haggle


def parties(view: View, id: str) -> tuple[str, ...]:
    """List the opener, then the responder."""
    haggle = row_of(view, HAGGLES, id)
    return (haggle.opener, haggle.responder)


def standing(view: View, id: str) -> Standing:
    """Give the offer on the table; the other side may answer it."""
    on = row_of(view, HAGGLES, id)
    other = on.responder if on.by == on.opener else on.opener
    return Standing((on.opener, on.responder), on.legs, on.terms, on.expires_at, (other,))


def pledge(view: View, id: str, agent: str) -> Pledge:
    """Only the maker of the offer on the table is bound by it."""
    haggle = row_of(view, HAGGLES, id)
    return bargain(haggle.legs, agent) if haggle.by == agent else NOTHING


def outcome(view: View, id: str) -> Outcome | None:
    """Give the agreement once accepted, nothing while an offer stands."""
    haggle = view.get(HAGGLES, id)
    assert haggle is not None, f"no offer on the table: {id}"
    if haggle.is_accepted:
        return Outcome("agreed", (Agreement((haggle.opener, haggle.responder), haggle.legs),))
    return Outcome(haggle.ended) if haggle.ended else None


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """An offer nobody answered is gone."""
    draft.emit(OfferEnded(id, "lapsed"))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    view.drop(HAGGLES, id)


def _made(view: View, event: OfferMade) -> None:
    view.put(
        HAGGLES,
        event.negotiation,
        Haggle(
            event.opener,
            event.responder,
            event.by,
            event.legs,
            event.terms,
            event.version,
            event.expires_at,
        ),
    )
    view.put(DEADLINES, event.negotiation, event.expires_at)


def _accepted(view: View, event: OfferAccepted) -> None:
    haggle = row_of(view, HAGGLES, event.negotiation)
    view.put(HAGGLES, event.negotiation, _ended(haggle, is_accepted=True))


def _ended(haggle: Haggle, *, is_accepted: bool = False, why: str = "") -> Haggle:
    return Haggle(
        haggle.opener,
        haggle.responder,
        haggle.by,
        haggle.legs,
        haggle.terms,
        haggle.version,
        haggle.expires_at,
        is_accepted,
        why,
    )


def _offer_ended(view: View, event: OfferEnded) -> None:
    haggle = row_of(view, HAGGLES, event.negotiation)
    view.put(HAGGLES, event.negotiation, _ended(haggle, why=event.why))


OPENS: dict[type, Any] = {MakeOffer: _make_offer}
MOVES: dict[type, Any] = {
    Counter: _counter,
    Accept: _accept,
    Reject: _reject,
    Withdraw: _withdraw,
}
settled, unable = never_settles, refuse_unable
JOINS: tuple[type, ...] = ()
IS_PREPAID = False
FREES: tuple[type, ...] = (Reject, Withdraw)
SEEN: dict[type, Any] = dict.fromkeys((OfferMade, OfferAccepted, OfferEnded), "parties")
EVOLVE: dict[type, Any] = {OfferMade: _made, OfferAccepted: _accepted, OfferEnded: _offer_ended}
