"""The closed list of what a model may do with a wake, made anew for each from what is possible now.

A model names things by their short ids and prices as decimals. Whatever it may not do is not among
its choices; whatever it may not afford, its mandate refuses.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.agents import Turn
from souq.agents.llm import wording
from souq.agents.llm.calls import Choice
from souq.agents.llm.manner import Manner
from souq.agents.trader import Thing
from souq.core.listing import PostListing
from souq.core.mandate import Limits, covers
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset, Money
from souq.core.seal import PublicText
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

THINGS_MAX = 5  # of others in one bundle
OPEN_MAX = 4  # talks one begins before answers come


class Malformed(Exception):
    """An answer that cannot be used; the message tells the model why."""


class _Move(Struct, tag_field="act"):
    say: str = ""
    note: str | None = None


class List(_Move, tag="list"):
    thing: str = ""
    price: Decimal | None = None


class Want(_Move, tag="want"):
    category: str = ""
    price: Decimal | None = None


class Take(_Move, tag="take"):
    listing: str = ""


class Offer(_Move, tag="offer"):
    listing: str = ""
    price: Decimal | None = None


class Bundle(_Move, tag="bundle"):
    listings: tuple[str, ...] = ()
    give: tuple[str, ...] = ()
    price: Decimal | None = None


class CounterOffer(_Move, tag="counter"):
    negotiation: str = ""
    price: Decimal | None = None


class AcceptOffer(_Move, tag="accept"):
    negotiation: str = ""


class RejectOffer(_Move, tag="reject"):
    negotiation: str = ""


class WithdrawOffer(_Move, tag="withdraw"):
    negotiation: str = ""


class Say(_Move, tag="say"):
    pass


class Pass(_Move, tag="pass"):
    pass


Move = (
    List
    | Want
    | Take
    | Offer
    | Bundle
    | CounterOffer
    | AcceptOffer
    | RejectOffer
    | WithdrawOffer
    | Say
    | Pass
)
_read = msgspec.json.Decoder(Move, strict=False).decode
_TALKING = ("offer", "counter", "reject")  # where a small model has something to say


class Table(NamedTuple):
    """What can be done now, by the ids that a model may name."""

    seen: Observation
    unlisted: Mapping[str, Thing]
    own: Mapping[str, ListingSeen]
    others: Mapping[str, ListingSeen]
    enough: frozenset[str]  # of others' listings, what is no longer wanted
    mine_to_answer: Mapping[str, NegotiationSeen]
    waiting: Mapping[str, NegotiationSeen]
    to_announce: Sequence[str]  # categories that are wanted, and not announced yet
    refused: frozenset[tuple[str, int]]  # listings that were not to be had at this price


def choices(table: Table, asset: Asset, manner: Manner) -> tuple[Choice, ...]:
    """Give the choices that are open now, `pass` among them always."""
    found: dict[str, dict[str, Any]] = {}
    price = _price(table, asset, manner)
    busy = {leg.listing for talk in table.seen.negotiations for leg in talk.goods}
    free = [
        id
        for id, one in table.others.items()
        if one.side == "sell"
        and id not in busy
        and id not in table.enough
        and _may_buy(one, table.seen.limits)
    ]
    if answerable := list(table.mine_to_answer):
        found["accept"] = {"negotiation": _one_of(answerable)}
        found["counter"] = {"negotiation": _one_of(answerable), "price": price}
        found["reject"] = {"negotiation": _one_of(answerable)}
    if table.unlisted:
        found["list"] = {"thing": _one_of(table.unlisted)}
        if not manner.has_whole_prices:
            found["list"]["price"] = price
    if free and len(table.waiting) < OPEN_MAX:
        money = table.seen.available_units
        asked = {id: table.others[id].price_units for id in free}
        takeable = [
            id
            for id, units in asked.items()
            if units is not None and units <= money and (id, units) not in table.refused
        ]
        if takeable:
            found["take"] = {"listing": _one_of(takeable)}
        bid = _price(table, asset, manner, is_bid=True)
        found["offer"] = {"listing": _one_of(free), "price": bid}
        givable = [id for id in table.own if id not in busy]
        if not manner.has_whole_prices and (len(free) > 1 or givable):
            found["bundle"] = {"listings": _some_of(free), "give": _some_of(givable or free, 0)}
            found["bundle"]["price"] = price
    if table.waiting:
        found["withdraw"] = {"negotiation": _one_of(table.waiting)}
    if table.to_announce:
        most = _price(table, asset, manner, is_bid=True)
        found["want"] = {"category": _one_of(table.to_announce), "price": most}
    if not manner.has_whole_prices:
        found["say"] = {}
    found["pass"] = {}
    return tuple(
        Choice(
            name, wording.CHOICES[name], {**fields, **_words(name, manner)}, _required(name, fields)
        )
        for name, fields in found.items()
    )


def read(text: str, table: Table, asset: Asset, manner: Manner) -> tuple[Turn, str]:
    """Give the turn that a model's answer asks for, and the name of its move. Raises Malformed."""
    try:
        move = _read(text)
    except msgspec.MsgspecError as error:
        raise Malformed(f"that is no move: {str(error)[:200]}") from None
    name = type(move).__struct_config__.tag
    if len(move.say) > manner.say_max:
        raise Malformed(f"`say` has at most {manner.say_max} characters")
    note = None if move.note is None else move.note[: manner.note_max]
    operation, about = _OPERATIONS[type(move)](move, table, asset)
    return Turn(operation, move.say.strip(), note or None, about), str(name)


def _list(move: List, table: Table, asset: Asset) -> tuple[Any, str]:
    thing = _named(move.thing, table.unlisted, "thing")
    price = Money(thing.ask_units, asset.code) if move.price is None else _money(move.price, asset)
    command = PostListing(
        title=PublicText(thing.title),
        category=thing.category,
        price=price,
        subject=thing.subject,
        description=PublicText(thing.description),
        ref=thing.ref,
    )
    return command, ""


def _want(move: Want, table: Table, asset: Asset) -> tuple[Any, str]:
    _named(move.category, dict.fromkeys(table.to_announce), "category")
    title = PublicText(f"Looking for something in {move.category}")
    return PostListing(title, move.category, _money(move.price, asset), side="want"), ""


def _take(move: Take, table: Table, asset: Asset) -> tuple[Any, str]:
    listing = _named(move.listing, table.others, "listing")
    if listing.price_units is None:
        raise Malformed(f"{listing.id} names no price: make an offer")
    return TakePrice(listing.id, Money(listing.price_units, asset.code)), ""


def _offer(move: Offer, table: Table, asset: Asset) -> tuple[Any, str]:
    listing = _named(move.listing, table.others, "listing")
    return MakeOffer((Item(listing.id),), _money(move.price, asset)), ""


def _bundle(move: Bundle, table: Table, asset: Asset) -> tuple[Any, str]:
    if not move.listings:
        raise Malformed("name at least one of the others' listings")
    wanted = [_named(id, table.others, "listings") for id in dict.fromkeys(move.listings)]
    given = [_named(id, table.own, "give") for id in dict.fromkeys(move.give)]
    if len({one.agent for one in wanted}) > 1:
        raise Malformed("the listings of one bundle belong to one seller")
    price = _money(move.price, asset)
    items = tuple(Item(one.id) for one in (*wanted, *given))
    payer = table.seen.agent if given and price.units else ""
    return MakeOffer(items, price, payer=payer), ""


def _counter(move: CounterOffer, table: Table, asset: Asset) -> tuple[Any, str]:
    talk = _named(move.negotiation, table.mine_to_answer, "negotiation")
    return Counter(talk.id, _money(move.price, asset)), talk.id


def _accept(move: AcceptOffer, table: Table, asset: Asset) -> tuple[Any, str]:
    talk = _named(move.negotiation, table.mine_to_answer, "negotiation")
    return Accept(talk.id, talk.terms), talk.id


def _reject(move: RejectOffer, table: Table, asset: Asset) -> tuple[Any, str]:
    talk = _named(move.negotiation, table.mine_to_answer, "negotiation")
    return Reject(talk.id), talk.id


def _withdraw(move: WithdrawOffer, table: Table, asset: Asset) -> tuple[Any, str]:
    talk = _named(move.negotiation, table.waiting, "negotiation")
    return Withdraw(talk.id), talk.id


def _say(move: Say, table: Table, asset: Asset) -> tuple[Any, str]:
    if not move.say.strip():
        raise Malformed("`say` is empty; choose pass to do nothing")
    return None, ""


def _pass(move: Pass, table: Table, asset: Asset) -> tuple[Any, str]:
    return None, ""


_OPERATIONS: dict[type, Callable[[Any, Table, Asset], tuple[Any, str]]] = {
    List: _list,
    Want: _want,
    Take: _take,
    Offer: _offer,
    Bundle: _bundle,
    CounterOffer: _counter,
    AcceptOffer: _accept,
    RejectOffer: _reject,
    WithdrawOffer: _withdraw,
    Say: _say,
    Pass: _pass,
}


def _may_buy(listing: ListingSeen, limits: Limits | None) -> bool:
    """Tell whether the mandate covers such a thing at all; at which price, it judges itself."""
    if limits is None:
        return False
    if limits.categories is not None and not covers(limits.categories, listing.category):
        return False
    if limits.ceilings is None:
        return True
    is_gift = listing.price_units == 0
    paid_for = tuple(name for name, most in limits.ceilings.items() if most or is_gift)
    return listing.id in paid_for or covers(paid_for, listing.category)


def _named(id: str, among: Mapping[str, Any], field: str) -> Any:
    if id not in among:
        raise Malformed(f"`{field}` is one of {', '.join(among) or 'nothing now'}, not {id[:40]!r}")
    return among[id]


def _money(price: Decimal | None, asset: Asset) -> Money:
    if price is None:
        raise Malformed("`price` is missing")
    if not is_amount(price):
        raise Malformed("`price` is an amount of 0 or more, of a few digits")
    try:
        return asset.parse(f"{price:f}")
    except ValueError as error:
        raise Malformed(f"`price`: {error}") from None


def is_amount(number: Decimal) -> bool:
    """Tell whether a number is one that a price can have; of more digits nobody reads the sense."""
    if not number.is_finite():
        return False
    _, digits, exponent = number.as_tuple()
    is_short = len(digits) <= 24 and isinstance(exponent, int) and -18 <= exponent <= 12
    return is_short and 0 <= number < 10**12


def _price(table: Table, asset: Asset, manner: Manner, *, is_bid: bool = False) -> dict[str, Any]:
    """Bound prices by what is about on the floor; bids also by what the mandate covers at most.

    What an agent may sell for is not said: the mandate judges that, whatever a model makes of it.
    """
    seen, limits = table.seen, table.seen.limits
    units = [one.price_units or 0 for one in (*table.own.values(), *table.others.values())]
    units += [thing.ask_units for thing in table.unlisted.values()]
    units += [talk.units for talk in table.mine_to_answer.values()]
    scale: int = 10**asset.exponent
    most = 2 * max([seen.available_units, *units, scale])
    if is_bid:
        most = seen.available_units
        if limits is not None and limits.ceilings is not None:
            most = min(most, max(limits.ceilings.values(), default=0))
    kind = "integer" if manner.has_whole_prices else "number"
    return {"type": kind, "minimum": 0, "maximum": max(1, most // scale)}


def _words(name: str, manner: Manner) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not manner.has_whole_prices or name in _TALKING:
        found["say"] = {"type": "string", "maxLength": manner.say_max}
    if manner.note_max:
        found["note"] = {"type": "string", "maxLength": manner.note_max}
    return found


def _required(name: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    if name == "say":
        return ("say",)
    return tuple(field for field in fields if field != "give")


def _one_of(ids: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(ids)}


def _some_of(ids: Sequence[str], least: int = 1) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "enum": list(ids)},
        "minItems": least,
        "maxItems": THINGS_MAX,
    }
