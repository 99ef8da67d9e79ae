"""A listing says what is offered or wanted; what is typed steers, what is worded is freight."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core import conditions, price_change
from souq.core.agreement import GoodsLeg, Leg
from souq.core.conditions import USUAL, Conditions
from souq.core.mandate import check_listing
from souq.core.money import UNITS_MAX, Money
from souq.core.party import AGENTS, need_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import AttributeKind, need_asset, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View, need_live, next_id, take_id

QUANTITY_MAX = 1_000_000_000
CATEGORY_MAX = 64
TEXT_MAX = 4_000
TITLE_MAX = 200

Side = Literal["sell", "want"]
Subject = Literal["goods", "service", "capacity", "data"]
# `title` moves ownership inside the market at the agreement itself; the others need a hand-over.
Delivery = Literal["meet", "ship", "digital", "title"]
Attribute = int | str | bool


class PostListing(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Offer something, or ask for it.

    `price` is per unit: what a seller asks or a buyer would pay. 0 gives it away; None leaves it
    open. `ref` is the principal's own name of the thing, which its mandate may set a floor for.
    Data is licensed without end: it has no stock. `conditions` are those of every deal in it.
    """

    title: PublicText
    category: str
    price: Money | None = None
    side: Side = "sell"
    subject: Subject = "goods"
    description: PublicText = PublicText("")
    attributes: dict[str, Attribute] = {}
    quantity: int = 1
    unit: str = "piece"
    delivery: Delivery = "meet"
    shipping_units: int = 0  # what sending costs the taker, on top of the price; see `shipping`
    mechanisms: tuple[str, ...] = ("alternating_offers", "posted_price")
    ref: str = ""
    conditions: Conditions = USUAL


class EditListing(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Change a listing's price, words or remaining quantity. Open offers keep their terms.

    Where the house bounds how far agents move a price, the listing's principal may set any.
    """

    listing: str
    price: Money | None = None
    title: PublicText | None = None
    description: PublicText | None = None
    available: int | None = None


class PauseListing(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take no new agreements on a listing for now."""

    listing: str


class ResumeListing(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take agreements on a paused listing again."""

    listing: str


class WithdrawListing(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a listing. Agreements already made stand."""

    listing: str


class Listing(Struct, frozen=True, omit_defaults=True):
    """The live part of a listing; words stand beside the record under their digests."""

    id: str
    agent: str
    principal: str
    title: str
    category: str
    available: int
    price: Money | None = None
    side: Side = "sell"
    subject: Subject = "goods"
    description: str = ""
    attributes: dict[str, Attribute] = {}
    unit: str = "piece"
    delivery: Delivery = "meet"
    shipping_units: int = 0
    mechanisms: tuple[str, ...] = ()
    ref: str = ""
    reserved: int = 0
    is_paused: bool = False
    is_withdrawn: bool = False
    pledged: int = 0  # of what is reserved, what open bids and auctions stand on
    conditions: Conditions = USUAL

    @property
    def has_stock(self) -> bool:
        """Tell whether selling one leaves one less."""
        return self.subject != "data"


class ListingPosted(Struct, frozen=True, tag=True):
    listing: Listing


class ListingEdited(Struct, frozen=True, tag=True, omit_defaults=True):
    """`is_confirmed`: the principal itself set it, so a price may be any."""

    listing: str
    price: Money | None = None
    title: str | None = None
    description: str | None = None
    available: int | None = None
    is_confirmed: bool = False


class ListingPaused(Struct, frozen=True, tag=True):
    listing: str


class ListingResumed(Struct, frozen=True, tag=True):
    listing: str


class ListingWithdrawn(Struct, frozen=True, tag=True):
    listing: str


LISTINGS: Table[Listing] = Table("listings", Listing)
TABLES: tuple[Table[Any], ...] = (LISTINGS, *price_change.TABLES)


def need_listing(view: View, listing: str) -> Listing:
    """Give a live listing. Raises Refused(not_found) or, where it has ended, Refused(closed)."""
    return need_live(view, LISTINGS, listing, "L")


def conditions_of(view: View, legs: tuple[Leg, ...]) -> Conditions:
    """Give what a deal of these legs runs by. Raises Refused(invalid) where listings differ."""
    said = []
    for leg in legs:
        if isinstance(leg, GoodsLeg):
            listing = view.get(LISTINGS, leg.listing)
            if listing is not None and listing.conditions is not USUAL:
                said.append(listing.conditions)
    return conditions.joined(tuple(said)) if said else USUAL


def need_verifier(view: View, asked: Conditions) -> None:
    """Raise Refused(invalid) for a verifier that is no agent of this market."""
    if asked.verifier and view.get(AGENTS, asked.verifier) is None:
        raise invalid("conditions.verifier", "no agent of this market")


def need_open(listing: Listing, quantity: int) -> None:
    """Raise Refused(listing_unavailable | not_enough_stock) unless so much can be agreed on now."""
    if not 0 < quantity <= QUANTITY_MAX:
        raise invalid("quantity", "must be a whole number above 0")
    if listing.is_paused or listing.is_withdrawn:
        raise Refused(Reason.LISTING_UNAVAILABLE, listing=listing.id)
    if listing.has_stock and listing.available < quantity:
        raise Refused(
            Reason.NOT_ENOUGH_STOCK, listing=listing.id, available=listing.available, asked=quantity
        )


def check_price(
    view: View, price: Money | None, field: str = "price", *, asset: str = "", units_min: int = 0
) -> None:
    """Raise Refused(invalid) for a price too low, too large, or in an asset that will not do."""
    if price is None:
        return
    need_asset(view, price.asset)
    if asset not in ("", price.asset):
        raise invalid(field, f"must be in {asset}")
    if not units_min <= price.units <= UNITS_MAX:
        raise invalid(field, f"must be {units_min} or more, and below 2**53 units")


def check_category(view: View, category: str) -> None:
    """Raise Refused(invalid) for a category that no listing of this market is in."""
    known = rules(view).categories
    if not 0 < len(category) <= CATEGORY_MAX:
        raise invalid("category", f"has 1 to {CATEGORY_MAX} characters")
    if known and category not in known:
        raise invalid("category", "not a category of this market")


def check_text(field: str, text: PublicText | None, length_max: int) -> None:
    """Raise Refused(invalid) for words past their length."""
    if text is not None and len(text.value) > length_max:
        raise invalid(field, f"at most {length_max} characters")


_TYPES: dict[str, type] = {"int": int, "text": str, "bool": bool}


def _check_attributes(
    schema: dict[str, AttributeKind] | None, attributes: dict[str, Attribute]
) -> None:
    if len(attributes) > 32 or any(
        len(name) > 40 or (isinstance(value, str) and len(value) > 200)
        for name, value in attributes.items()
    ):
        raise invalid(
            "attributes", "at most 32, with names up to 40 and words up to 200 characters"
        )
    if schema is None:
        return
    for name, value in attributes.items():
        kind = schema.get(name)
        if kind is None:
            raise invalid(f"attributes.{name[:40]}", "not an attribute of this category")
        if isinstance(kind, tuple):
            if value not in kind:
                raise invalid(f"attributes.{name}", f"one of {', '.join(kind)}")
        elif type(value) is not _TYPES[kind]:
            raise invalid(f"attributes.{name}", f"must be of type {kind}")


def _post(draft: Draft, actor: str, command: PostListing) -> None:
    agent = need_agent(draft, actor)
    market = rules(draft)
    check_text("title", command.title, TITLE_MAX)
    check_text("description", command.description, TEXT_MAX)
    check_price(draft, command.price)
    if not command.title.value.strip():
        raise invalid("title", "say what it is")
    if not 0 < command.quantity <= QUANTITY_MAX:
        raise invalid("quantity", "must be a whole number above 0")
    if not 0 <= command.shipping_units <= UNITS_MAX or (
        command.shipping_units and command.delivery != "ship"
    ):
        raise invalid("shipping_units", "0 or more, and only where delivery is ship")
    is_one = command.quantity == 1 and command.side == "sell" and command.subject != "data"
    if command.delivery == "title" and not is_one:
        raise invalid("delivery", "ownership moves whole: one piece, offered, and no licence")
    check_category(draft, command.category)
    if len(command.ref) > 64 or len(command.unit) > 32:
        raise invalid("ref", "ref has up to 64 characters, unit up to 32")
    if not command.mechanisms:
        raise invalid("mechanisms", "name at least one")
    _check_attributes(market.categories.get(command.category), command.attributes)
    conditions.check(command.conditions)
    need_verifier(draft, command.conditions)
    conditions.need_fair(draft, command.conditions)
    check_listing(draft, agent, category=command.category, ref=command.ref, side=command.side)
    listing = Listing(
        id=next_id(draft, "L"),
        agent=agent.id,
        principal=agent.principal,
        title=command.title.digest,
        category=command.category,
        available=command.quantity,
        price=command.price,
        side=command.side,
        subject=command.subject,
        description=command.description.digest if command.description.value else "",
        attributes=command.attributes,
        unit=command.unit,
        delivery=command.delivery,
        shipping_units=command.shipping_units,
        mechanisms=command.mechanisms,
        ref=command.ref,
        conditions=command.conditions,
    )
    draft.emit(ListingPosted(listing))


def _own(draft: Draft, actor: str, listing: str) -> Listing:
    agent = need_agent(draft, actor)
    found = need_listing(draft, listing)
    if found.agent != agent.id:
        raise Refused(Reason.NOT_YOURS, id=listing)
    if found.is_withdrawn:
        raise Refused(Reason.CLOSED, id=listing)
    return found


def _own_free(draft: Draft, actor: str, listing: str) -> Listing:
    """Give a listing of one's own that no open auction or order stands on: others rely on those."""
    found = _own(draft, actor, listing)
    if found.pledged:
        raise Refused(Reason.WRONG_STATE, state="Pledged")
    return found


def _editor(draft: Draft, actor: str, listing: str) -> str:
    """Give the agent somebody edits as: a principal its own, where that lifts a bound on prices."""
    found = draft.get(LISTINGS, listing) if price_change.is_bounded(draft) else None
    return found.agent if found is not None and found.principal == actor else actor


def _edit(draft: Draft, actor: str, command: EditListing) -> None:
    agent = _editor(draft, actor, command.listing)
    listing = _own_free(draft, agent, command.listing)
    is_confirmed = agent != actor
    check_text("title", command.title, TITLE_MAX)
    check_text("description", command.description, TEXT_MAX)
    check_price(draft, command.price)
    if command.available is not None and not 0 < command.available <= QUANTITY_MAX:
        raise invalid("available", "must be above 0; withdraw the listing to end it")
    if command.available is not None and listing.delivery == "title":
        raise invalid("available", "ownership moves whole: one piece")
    if not is_confirmed:
        price_change.check(draft, listing.id, listing.price, command.price)
    draft.emit(
        ListingEdited(
            listing.id,
            command.price,
            command.title.digest if command.title else None,
            command.description.digest if command.description else None,
            command.available,
            is_confirmed,
        )
    )


def _pause(draft: Draft, actor: str, command: PauseListing) -> None:
    if _own_free(draft, actor, command.listing).is_paused:
        raise Refused(Reason.WRONG_STATE, state="Paused")
    draft.emit(ListingPaused(command.listing))


def _resume(draft: Draft, actor: str, command: ResumeListing) -> None:
    if not _own(draft, actor, command.listing).is_paused:
        raise Refused(Reason.WRONG_STATE, state="Open")
    draft.emit(ListingResumed(command.listing))


def _withdraw(draft: Draft, actor: str, command: WithdrawListing) -> None:
    _own_free(draft, actor, command.listing)
    draft.emit(ListingWithdrawn(command.listing))


def _posted(view: View, event: ListingPosted) -> None:
    take_id(view, event.listing.id)
    view.put(LISTINGS, event.listing.id, event.listing)


def _edited(view: View, event: ListingEdited) -> None:
    changed = {
        name: value
        for name in ("price", "title", "description", "available")
        if (value := getattr(event, name)) is not None
    }
    if event.price is not None:
        before = view.get(LISTINGS, event.listing)
        assert before is not None, f"an ended listing changes: {event.listing}"
        price_change.follow(
            view, event.listing, before.price, event.price, is_confirmed=event.is_confirmed
        )
    change(view, event.listing, **changed)


def change(view: View, listing: str, **fields: Any) -> None:
    """Fold a change; a listing with nothing left, and nothing set aside, is over."""
    found = view.get(LISTINGS, listing)
    assert found is not None, f"an ended listing changes: {listing}"
    changed = msgspec.structs.replace(found, **fields)
    is_over = changed.reserved == 0 and (changed.is_withdrawn or changed.available == 0)
    if is_over:
        view.drop(LISTINGS, listing)
        price_change.forget(view, listing)
    else:
        view.put(LISTINGS, listing, changed)


EVOLVE: dict[type, Any] = {
    ListingPosted: _posted,
    ListingEdited: _edited,
    ListingPaused: lambda view, event: change(view, event.listing, is_paused=True),
    ListingResumed: lambda view, event: change(view, event.listing, is_paused=False),
    ListingWithdrawn: lambda view, event: change(view, event.listing, is_withdrawn=True),
}
DECIDE: dict[type, Any] = {
    PostListing: _post,
    EditListing: _edit,
    PauseListing: _pause,
    ResumeListing: _resume,
    WithdrawListing: _withdraw,
}
