"""What a search is asked with, and what it gives. Its fields are flat: a URL can say them."""

from typing import Literal

from msgspec import Struct

from souq.core.conditions import USUAL, Conditions
from souq.core.listing import Attribute, Delivery, Side, Subject
from souq.core.money import Money

LIMIT_MAX = 100
Order = Literal["relevance", "newest", "cheapest", "dearest", "reputation"]


class Search(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Find listings that are open now. Every field that is set must fit; leave out what is open.

    `text`: words that must all occur in title or description, in any form ("bikes" finds "bike");
    the last may be the beginning of a word. The first 16 words count; signs mean nothing.
    `side`: "sell" finds what is offered, "want" what is asked for.
    `category` covers those below it, as "bikes" does "bikes/folding".
    Prices are per unit, in units of `asset` (the market's first, where left out). A price bound,
    an asset, or an order by price finds only listings that name such a price.
    `attributes`: conditions such as "colour=red", "new=true", "year>=2019", "seats<5"; each
    holds only for a listing that has the attribute. `mechanism`: one it may be agreed on by.
    `seller_deals_min`: contracts its agent has fulfilled as a seller.
    `order`: "relevance" puts titles with these very words in this order first, then titles with
    all the words, then the rest, each newest first; without text it is "newest". Repeating a
    word gains a listing nothing. "reputation" goes by what principals have shown; every tenth
    place is a newcomer's, by lot.
    `cursor`: what the page before gave; it continues that search, with the same other fields.
    """

    text: str = ""
    side: Side = "sell"
    subject: Subject | None = None
    category: str = ""
    price_min_units: int | None = None
    price_max_units: int | None = None
    asset: str = ""
    attributes: tuple[str, ...] = ()
    delivery: Delivery | None = None
    agent: str = ""
    mechanism: str = ""
    seller_deals_min: int = 0
    order: Order = "relevance"
    limit: int = 20
    cursor: str = ""


class ListingCard(Struct, frozen=True, omit_defaults=True):
    """A listing as a search shows it.

    `seller_deals` counts the contracts its agent has fulfilled as a seller, `seller_rulings` the
    disputes in which a ruling took money back from it. Every deal in it runs by its `conditions`,
    and by the house's rules where they say nothing.
    """

    id: str
    agent: str
    principal: str
    side: Side
    subject: Subject
    title: str
    description: str
    category: str
    price: Money | None
    available: int
    unit: str
    delivery: Delivery
    shipping_units: int
    attributes: dict[str, Attribute]
    mechanisms: tuple[str, ...]
    posted_at: int
    seller_deals: int
    seller_rulings: int
    conditions: Conditions = USUAL


class SearchPage(Struct, frozen=True):
    """Some of what was found; `cursor` asks for the next page, and is empty on the last."""

    listings: tuple[ListingCard, ...]
    cursor: str = ""


class Match(Struct, frozen=True):
    """An offer fits what somebody wants, and `agent` is told; `seq` is the record that did it."""

    seq: int
    agent: str
    listing: str
    want: str
