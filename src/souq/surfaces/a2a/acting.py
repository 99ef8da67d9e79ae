"""An act becomes the market's command. What it names of the act before is checked first."""

from typing import Any

from a2a.utils.errors import InvalidParamsError

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.dispute import OpenDispute
from souq.core.mechanisms import moves
from souq.core.mechanisms.alternating_offers import Counter as CounterOffer
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.seal import PartyText
from souq.operations import queries as ask
from souq.surfaces.a2a.quoting import terms_of
from souq.surfaces.a2a.task import Affair, Viewer, agreement_of
from souq.surfaces.a2a.vocabulary import (
    Accept,
    Act,
    Confirm,
    Counter,
    Deliver,
    Dispute,
    Goods,
    Offer,
    Price,
    Reject,
    Withdraw,
)
from souq.surfaces.answering import Link
from souq.views.catalogue import ListingCard


async def opening(link: Link, act: Act, tenant: str) -> Any:
    """Give the command by which an act begins something. Raises A2AError, Refused."""
    match act:
        case Offer(items=items):
            try:
                await _need_quoted(link, items, act.previous, tenant)
            except Refused as no:
                # The market says that itself, or knows this offer and gives its first answer again.
                if no.reason is not Reason.CLOSED:
                    raise
            return MakeOffer(_items(items), _money(act.price), act.to, act.payer, act.valid_us)
        case Accept(listing=listing, quantity=quantity) if listing:
            card = await _need_quoted(link, (Goods(listing, quantity),), act.previous, tenant)
            if card.price is None:
                raise InvalidParamsError("this listing names no price; make an offer")
            return TakePrice(listing, card.price, quantity)
        case _:
            raise InvalidParamsError(
                "name the task that this act belongs to; without one, open, make an offer, or"
                " accept a listing's quote"
            )


async def _need_quoted(
    link: Link, items: tuple[Goods, ...], previous: str | None, tenant: str
) -> ListingCard:
    """Look at what is named: it is the addressed agent's, and its quote is the one that was seen.

    A quote can only be named for a single item. Gives the first listing.
    """
    cards = [await link.ask(ask.GetListing(goods.listing)) for goods in items]
    if tenant and tenant not in {card.agent for card in cards}:
        raise InvalidParamsError(f"nothing of this is {tenant}'s")
    first: ListingCard = cards[0]
    if previous is not None:
        if len(cards) > 1:
            raise InvalidParamsError("previous names one quote, and these are several items")
        if terms_of(first) != previous:
            raise Refused(Reason.TERMS_CHANGED, terms=terms_of(first))
    return first


def continuing(act: Act, affair: Affair, viewer: Viewer) -> Any:
    """Give the command by which an act goes on with a task. Raises A2AError, Refused."""
    talk, contract = affair.talk, affair.contract
    match act:
        case Counter():
            _need_standing(act.previous, talk, viewer)
            price = _money(act.price)
            return CounterOffer(talk.id, price, _items(act.items), act.payer, act.valid_us)
        case Accept(listing=""):
            return moves.Accept(talk.id, act.previous)
        case Reject():
            _need_standing(act.previous, talk, viewer)
            return moves.Reject(talk.id)
        case Withdraw():
            if talk.state == "open" and act.previous != talk.terms:
                raise Refused(Reason.TERMS_CHANGED, terms=talk.terms)
            return moves.Withdraw(talk.id)
        case Deliver() | Confirm() | Dispute():
            if contract is None:
                raise Refused(Reason.WRONG_STATE, state=talk.state)
            agreed = agreement_of(contract)["digest"]
            if act.previous != agreed:
                raise Refused(Reason.TERMS_CHANGED, terms=agreed)
            return _performing(act, contract.id)
        case _:
            raise InvalidParamsError("this act begins a task; send it without a taskId")


def may_end(act: Accept | Reject | Withdraw, talk: ask.Negotiation, viewer: Viewer) -> bool:
    """Tell whether an act is its sender's to do now, and names what is on the table."""
    is_asked = viewer.actor in talk.is_waiting_for
    is_theirs = not is_asked if isinstance(act, Withdraw) else is_asked
    is_on = talk.state == "open" and viewer.actor in talk.parties
    return is_on and is_theirs and act.previous == talk.terms


def _performing(act: Deliver | Confirm | Dispute, contract: str) -> Any:
    match act:
        case Deliver(evidence=evidence, measured=measured):
            return SubmitDelivery(contract, evidence, measured)
        case Confirm():
            return AcceptDelivery(contract)
        case Dispute(ground=ground, claim=claim):
            return OpenDispute(contract, ground, PartyText(claim))


def _need_standing(previous: str, talk: ask.Negotiation, viewer: Viewer) -> None:
    # Only where it is the actor's turn: otherwise the market answers, which knows a message that
    # comes again and gives it the answer that it had.
    if viewer.actor in talk.is_waiting_for and previous != talk.terms:
        raise Refused(Reason.TERMS_CHANGED, terms=talk.terms)


def _items(goods: tuple[Goods, ...]) -> tuple[moves.Item, ...]:
    return tuple(moves.Item(one.listing, one.quantity) for one in goods)


def _money(price: Price) -> Money:
    return Money(price.units, price.asset)
