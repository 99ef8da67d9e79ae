"""Tools that change something: each gives the market one command, in the speaker's name."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, field

from souq.core import contract as contracts
from souq.core.agreement import CashLeg
from souq.core.dispute import CLAIM_MAX, Ground, OpenDispute
from souq.core.listing import TEXT_MAX, TITLE_MAX, Delivery, PostListing, Side, WithdrawListing
from souq.core.mechanisms import alternating_offers, moves, posted_price, swap
from souq.core.mechanisms.alternating_offers import OfferMade
from souq.core.mechanisms.moves import Item
from souq.core.mechanisms.swap import SwapProposed
from souq.core.message import LENGTH_MAX, PostMessage, SendMessage
from souq.core.negotiation import AgreementReached
from souq.core.refusal import Reason
from souq.core.seal import PartyText, PublicText
from souq.engine import Answer
from souq.operations.queries import GetListing, GetNegotiation
from souq.surfaces.mcp.advice import Unanswered
from souq.surfaces.mcp.desk import Desk
from souq.surfaces.mcp.fields import Act, Contract, Listing, Negotiation, Price, Quantity
from souq.surfaces.mcp.looking import Told

HOUR_US = 3_600_000_000
Hours = Annotated[int, Meta(description="how long it stands", ge=1, le=8_784)]
Listings = Annotated[
    tuple[Listing, ...], Meta(description='ids, such as ["L1", "L4"]', min_length=1, max_length=32)
]
Words = Annotated[str, Meta(description="what to say", min_length=1, max_length=LENGTH_MAX)]


class Post(Act, frozen=True, forbid_unknown_fields=True):
    """A new listing."""

    title: Annotated[str, Meta(min_length=1, max_length=TITLE_MAX)]
    category: Annotated[str, Meta(description="such as books; see view market", max_length=64)]
    price: Annotated[Price | None, Meta(description="per piece; leave out to hear offers")] = None
    description: Annotated[str, Meta(max_length=TEXT_MAX)] = ""
    quantity: Quantity = 1
    side: Annotated[Side, Meta(description="sell, or want: ask others for it")] = "sell"
    delivery: Delivery = "meet"
    may_swap: Annotated[bool, Meta(description="also take part in swaps without money")] = False
    ref: Annotated[
        str,
        Meta(description="your principal's name of it, where the mandate has one", max_length=64),
    ] = ""


async def post_listing(desk: Desk, given: Post) -> Told:
    await desk.agent()
    mechanisms = (alternating_offers.NAME, posted_price.NAME)
    answer = await desk.do(
        PostListing(
            title=PublicText(given.title),
            category=given.category,
            price=await desk.money(given.price) if given.price is not None else None,
            side=given.side,
            description=PublicText(given.description),
            quantity=given.quantity,
            delivery=given.delivery,
            mechanisms=(*mechanisms, swap.NAME) if given.may_swap else mechanisms,
            ref=given.ref,
        )
    )
    return {"listing": answer.events[0].listing.id, "since": answer.seq}


class Offer(Act, frozen=True, forbid_unknown_fields=True):
    """An offer for one listing."""

    listing: Listing
    price: Annotated[Price, Meta(description='for all pieces together, such as "12.50"')]
    quantity: Quantity = 1
    hours: Hours | None = None


async def offer(desk: Desk, given: Offer) -> Told:
    items = (Item(given.listing, given.quantity),)
    return await _offered(desk, items, given.price, hours=given.hours)


class Bundle(Act, frozen=True, forbid_unknown_fields=True):
    """An offer for several listings of one agent."""

    listings: Listings
    price: Annotated[Price, Meta(description="for everything together")]
    hours: Hours | None = None


async def propose_bundle(desk: Desk, given: Bundle) -> Told:
    return await _offered(desk, tuple(map(Item, given.listings)), given.price, hours=given.hours)


class Barter(Act, frozen=True, forbid_unknown_fields=True):
    """Things for things, and perhaps some money."""

    give: Annotated[Listings, Meta(description="your own listings")]
    get: Annotated[Listings, Meta(description="another agent's listings")]
    price: Annotated[Price, Meta(description="money on top")] = "0"
    payer: Annotated[Literal["me", "them"], Meta(description="who pays it")] = "me"
    hours: Hours | None = None


async def propose_barter(desk: Desk, given: Barter) -> Told:
    items = tuple(map(Item, (*given.get, *given.give)))
    me = await desk.agent()
    payer = me
    if given.payer == "them":
        from_them = await desk.ask(GetListing(given.get[0]))
        payer = from_them.agent
    has_money = (await desk.money(given.price)).units > 0
    return await _offered(
        desk, items, given.price, payer=payer if has_money else "", hours=given.hours
    )


class Moves(Act, frozen=True, forbid_unknown_fields=True):
    """Who shall get which listing."""

    moves: Annotated[
        tuple[Annotated[str, Meta(pattern="^L[1-9][0-9]{0,14}>A[1-9][0-9]{0,14}$")], ...],
        Meta(description='listing>agent, such as ["L1>A2", "L7>A1"]', min_length=2, max_length=32),
    ]
    hours: Hours | None = None


async def propose_swap(desk: Desk, given: Moves) -> Told:
    await desk.agent()
    legs = tuple(swap.SwapLeg(*move.split(">")) for move in given.moves)
    return await _outcome(desk, await desk.do(swap.ProposeSwap(legs, _us(given.hours))))


class Take(Act, frozen=True, forbid_unknown_fields=True):
    """A listing at its own price."""

    listing: Listing
    price: Annotated[Price, Meta(description="the price per piece that you saw")]
    quantity: Quantity = 1


async def take(desk: Desk, given: Take) -> Told:
    await desk.agent()
    price = await desk.money(given.price)
    return await _outcome(
        desk, await desk.do(posted_price.TakePrice(given.listing, price, given.quantity))
    )


class Counter(Act, frozen=True, forbid_unknown_fields=True):
    """Another price for what is on the table."""

    negotiation: Negotiation
    price: Price
    hours: Hours | None = None


async def counter(desk: Desk, given: Counter) -> Told:
    await desk.agent()
    price = await desk.money(given.price)
    command = alternating_offers.Counter(given.negotiation, price, valid_us=_us(given.hours))
    return await _outcome(desk, await desk.do(command))


class Accept(Act, frozen=True, forbid_unknown_fields=True):
    """Exactly the terms that one saw."""

    negotiation: Negotiation
    price: Annotated[Price, Meta(description='all the money in it, such as "12.50", or "0"')]
    terms: Annotated[str, Meta(description="the digest of what you saw", pattern="^[0-9a-f]{16}$")]


async def accept(desk: Desk, given: Accept) -> Told:
    """Accept what the digest names, if it costs what the model believes it does.

    The digest pins every good and the price against a change; the price shows that the model knows
    what it agrees to, and not only copied a digest.
    """
    await desk.agent()
    said = await desk.money(given.price)
    talk = await desk.ask(GetNegotiation(given.negotiation))
    teller = await desk.teller()
    cash = [leg.amount for leg in talk.legs if isinstance(leg, CashLeg)]
    is_same = said.units == sum(one.units for one in cash) and all(
        one.asset == said.asset for one in cash
    )
    # What has ended is for the market to say: perhaps this very call ended it, and is repeated.
    if talk.terms and (not is_same or talk.terms != given.terms):
        raise Unanswered(Reason.TERMS_CHANGED.value, now=teller.negotiation(talk))
    return await _outcome(desk, await desk.do(moves.Accept(given.negotiation, given.terms)))


class Answered(Act, frozen=True, forbid_unknown_fields=True):
    """A negotiation."""

    negotiation: Negotiation


async def reject(desk: Desk, given: Answered) -> Told:
    return await _done(desk, moves.Reject(given.negotiation), "rejected")


class Withdrawn(Act, frozen=True, forbid_unknown_fields=True):
    """Something of one's own."""

    id: Annotated[
        str,
        Meta(
            description="N17: your offer; L42: your listing; C9: your sale, not yet delivered",
            pattern="^[NLC][1-9][0-9]{0,14}$",
        ),
    ]


async def withdraw(desk: Desk, given: Withdrawn) -> Told:
    commands: dict[str, Any] = {
        "N": moves.Withdraw,
        "L": WithdrawListing,
        "C": contracts.CancelContract,
    }
    return await _done(desk, commands[given.id[0]](given.id), "withdrawn")


class Delivered(Act, frozen=True, forbid_unknown_fields=True):
    """What was handed over."""

    contract: Contract
    evidence: Annotated[
        str, Meta(description="a digest of your proof, if any", max_length=contracts.EVIDENCE_MAX)
    ] = ""
    measured: Annotated[
        list[Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}=-?[0-9]{1,15}$")]],
        Meta(
            description="what you achieved of what you promised, such as"
            ' ["latency_us=900000"]; what is left out counts as missed',
            max_length=32,
        ),
    ] = field(default_factory=list)


async def deliver(desk: Desk, given: Delivered) -> Told:
    pairs = [one.split("=") for one in given.measured]
    measured = {name: int(value) for name, value in pairs} or UNSET
    command = contracts.SubmitDelivery(given.contract, given.evidence, measured)
    return await _done(desk, command, "delivered")


class Confirmed(Act, frozen=True, forbid_unknown_fields=True):
    """What was received."""

    contract: Contract


async def confirm(desk: Desk, given: Confirmed) -> Told:
    return await _done(desk, contracts.AcceptDelivery(given.contract), "confirmed")


class Disputed(Act, frozen=True, forbid_unknown_fields=True):
    """What was not as promised."""

    contract: Contract
    ground: Ground
    claim: Annotated[str, Meta(description="what is wrong", max_length=CLAIM_MAX)] = ""


async def dispute(desk: Desk, given: Disputed) -> Told:
    command = OpenDispute(given.contract, given.ground, PartyText(given.claim))
    return await _done(desk, command, "disputed; the other side may answer, then it is judged")


class Said(Act, frozen=True, forbid_unknown_fields=True):
    """Words to the other side, or to everybody; nobody shouts by leaving something out."""

    to: Annotated[
        str,
        Meta(
            description="a negotiation's id, or floor: everybody",
            pattern="^(N[1-9][0-9]{0,14}|floor)$",
        ),
    ]
    text: Words


async def message(desk: Desk, given: Said) -> Told:
    if given.to == "floor":
        return await _done(desk, PostMessage(PublicText(given.text)), "said to everybody")
    return await _done(desk, SendMessage(given.to, PartyText(given.text)), "said")


async def _offered(
    desk: Desk,
    items: tuple[Item, ...],
    price: str,
    *,
    payer: str = "",
    hours: int | None,
) -> Told:
    await desk.agent()
    money = await desk.money(price)
    command = alternating_offers.MakeOffer(items, money, payer=payer, valid_us=_us(hours))
    return await _outcome(desk, await desk.do(command))


async def _done(desk: Desk, command: Any, what: str) -> Told:
    await desk.agent()
    answer = await desk.do(command)
    return {"done": what, "since": answer.seq}


async def _outcome(desk: Desk, answer: Answer) -> Told:
    """Tell what a move in a negotiation led to."""
    teller = await desk.teller()
    told: Told = {"since": answer.seq}
    for event in answer.events:
        match event:
            case OfferMade() | SwapProposed():
                told |= {"negotiation": event.negotiation, "state": "open", "terms": event.terms}
                told |= teller.terms(event.legs) | {"next": "wait for the answer"}
            case AgreementReached():
                told |= {"negotiation": event.negotiation, "contract": event.contract}
                told |= {"state": "agreed"} | teller.terms(event.agreement.legs)
                told["next"] = "the giver delivers, the taker confirms"
                if event.waiting:
                    told["waits_for"] = list(event.waiting)
                    told["state"] = "held"
                    told["next"] = "the principals named must approve before anything else"
            case swap.SwapAccepted():
                told |= {"negotiation": event.negotiation, "state": "open"}
                told["next"] = "the others must accept too"
            case _:
                pass
    return told


def _us(hours: int | None) -> int | None:
    return None if hours is None else hours * HOUR_US
