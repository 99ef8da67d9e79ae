"""A town of customers and businesses in a whole market: who lists, seeks, quotes, pays, delivers.

Every business lists each thing on its menu, with what it is and which amenities there are as typed
attributes. A customer finds by typed filters who has all that it wants, asks each of them for a
quote, which is an offer of nothing that they answer with their price, accepts one by the digest of
its terms, and turns the others down. The price is held until it has taken the delivery.

What customers see of each other is what any agent sees: nothing here looks behind the client.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import msgspec
from msgspec.structs import replace

from souq.core.agreement import GoodsLeg, cash_paid
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.funds import ReportDeposit
from souq.core.listing import TEXT_MAX, TITLE_MAX, Attribute, PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject
from souq.core.money import USD, Money
from souq.core.negotiation import AgreementReached, NegotiationOpened
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, AttributeKind, OpenMarket, Rules
from souq.core.seal import DIGEST, SALT_BYTES, PublicText
from souq.engine import Answer
from souq.journal.memory import MemoryStore
from souq.lab.kernel import Trade, tape
from souq.lab.population import generator
from souq.lab.simulation import Clock
from souq.lab.sources.magentic import Business, Customer, Town
from souq.operations import queries as ask
from souq.sdk.client import Client
from souq.venue import Venue
from souq.views.catalogue import ListingCard, Search
from souq.views.history import read

CATEGORY = "dishes"
DISH = "dish"
NAME_MAX, WORD_MAX = 40, 200  # what an attribute's name and value may have
AMENITIES_MAX = 31  # beside the dish, as many attributes as a listing may have
CONDITIONS_MAX = 7  # beside the dish, as many conditions as a search may have
PAGE = 100
LEAF = 2  # of a search for one dish: so short that what is found stands on several pages


class Words(NamedTuple):
    """A business's free text; titles by what they stand over."""

    name: str
    titles: dict[str, str]
    description: str


def own_words(one: Business) -> Words:
    """Give the words that a business comes with, as far as a listing holds them."""
    titles = {dish: dish.strip()[:TITLE_MAX] or "something" for dish in one.menu}
    return Words(one.name, titles, one.description[:TEXT_MAX])


class Quote(NamedTuple):
    """What a business asks for all that a customer wants. `words` is whatever text it shows."""

    seller: str
    units: int
    has_amenities: bool
    words: str
    negotiation: str
    terms: str


# How much a customer likes a quote; of equals it takes that of whoever came to the market first.
Taste = Callable[[Customer, Quote], int]


def best(customer: Customer, quote: Quote) -> int:
    """Like what leaves most: twice the worth of all, if the amenities are there, less the price."""
    return utility(customer, quote.units, has_amenities=quote.has_amenities)


def cheapest(customer: Customer, quote: Quote) -> int:
    """Like what is cheap, whatever the place is like."""
    return -quote.units


def utility(customer: Customer, paid_units: int, *, has_amenities: bool) -> int:
    """Give a purchase's utility as the paper has it."""
    return (2 * sum(customer.values.values()) if has_amenities else 0) - paid_units


class Settled(NamedTuple):
    """What came of a market, by its ledger: welfare, what customers paid, what businesses got."""

    welfare_units: int
    paid_units: int
    got_units: int


class Dining:
    """One market over a town. `words` rewrites what businesses say; it moves nothing typed.

    `reach`: how many listings of a thing customers look at, from the top of a search; None is all.
    """

    def __init__(
        self,
        town: Town,
        taste: Taste,
        *,
        words: Callable[[Business], Words] = own_words,
        reach: int | None = None,
    ) -> None:
        self.town = town
        self._taste = taste
        self._reach = reach
        salts = generator(1, "salts")
        venue = Venue(MemoryStore(), clock=Clock(), salts=lambda: salts.randbytes(SALT_BYTES))
        self.client = Client.over(venue)
        self._commands = 0
        self._do(OPERATOR, OpenMarket(Rules(categories={CATEGORY: _kinds(town)})))
        self._prices: dict[str, int] = {}  # by listing, which its business knows by heart
        self.purse_units = _dearest(town)
        self.customers = [self._join(one.name, self.purse_units) for one in town.customers]
        self.businesses = [self._open(one, words(one)) for one in town.businesses]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def trade(self) -> Self:
        """Let every customer buy, one after another."""
        for agent, customer in zip(self.customers, self.town.customers, strict=True):
            self._buy(agent, customer)
        return self

    def settled(self) -> Settled:
        """Read from the ledger what was paid, and from the contracts what for."""
        welfare = paid = 0
        for agent, customer in zip(self.customers, self.town.customers, strict=True):
            spent = self.purse_units - self._available(agent)
            paid += spent
            welfare += utility(customer, spent, has_amenities=self._is_content(agent, customer))
        return Settled(welfare, paid, sum(map(self._available, self.businesses)))

    def found(self, search: Search) -> list[ListingCard]:
        """Give all that a search finds, page by page."""
        cards: list[ListingCard] = []
        while True:
            page = self.client.ask(search)
            cards += page.listings
            if not page.cursor:
                return cards
            search = replace(search, cursor=page.cursor)

    @property
    def trades(self) -> list[Trade]:
        """Give the tape: what was agreed, in order."""
        deals = read(self.client.venue.engine.store).deals.values()
        return tape(deal.agreement for deal in deals)

    def journal(self) -> bytes:
        """Give all that was recorded, but for fields that hold a digest of words or of secrets."""
        entries = self.client.venue.engine.store.read(1)
        return b"\n".join(msgspec.json.encode(_unworded(entry.body)) for entry in entries)

    def _do(self, actor: str, command: Any) -> Answer:
        # An id of our own, for a client's is drawn, and one run must be the other's to the byte.
        self._commands += 1
        speaker = self.client.speaking_as(actor)
        return speaker.submit(command, command_id=f"c{self._commands}")

    def _ask(self, actor: str, query: Any) -> Any:
        return self.client.speaking_as(actor).ask(query)

    def _join(self, name: str, purse_units: int = 0) -> str:
        registered = self._do(OPERATOR, RegisterPrincipal(PublicText(name))).events[0]
        principal = registered.principal
        agent: str = self._do(principal, RegisterAgent(principal, PublicText(name))).events[0].agent
        limits = Limits(per_deal_units=purse_units, lifetime_units=purse_units)
        self._do(principal, GrantMandate(agent, SecretLimits(limits)))
        if purse_units:
            self._do(OPERATOR, ReportDeposit(principal, Money(purse_units, USD.code)))
        return agent

    def _open(self, business: Business, words: Words) -> str:
        agent = self._join(words.name)
        amenities = _amenities(business)
        for dish, units in business.menu.items():
            command = PostListing(
                PublicText(words.titles[dish]),
                CATEGORY,
                Money(units, USD.code),
                description=PublicText(words.description),
                attributes={DISH: _term(dish, WORD_MAX), **amenities},
                quantity=len(self.town.customers) + 1,  # nobody runs out, and no listing ends
                mechanisms=(alternating_offers.NAME,),
            )
            listing = self._do(agent, command).events[0].listing.id
            self._prices[listing] = units
        return agent

    def _buy(self, agent: str, customer: Customer) -> None:
        having_all = self._sellers(customer, ())
        fitting = self._sellers(customer, customer.amenities)
        quotes = [
            self._quote(agent, cards, has_amenities=seller in fitting)
            for seller, cards in sorted(having_all.items(), key=lambda one: int(one[0][1:]))
        ]
        if not quotes:
            return
        taken = max(quotes, key=lambda one: self._taste(customer, one))  # of equals the first
        for one in quotes:
            if one is not taken:
                self._do(agent, Reject(one.negotiation))
        reached = self._do(agent, Accept(taken.negotiation, taken.terms)).events
        contract = next(one.contract for one in reached if isinstance(one, AgreementReached))
        self._do(taken.seller, SubmitDelivery(contract, ""))
        self._do(agent, AcceptDelivery(contract))

    def _sellers(
        self, customer: Customer, amenities: tuple[str, ...]
    ) -> dict[str, list[ListingCard]]:
        """Find who has every thing wanted, and these amenities; give their listings of the things.

        A search takes so many conditions; what is beyond them is looked for in what it found.
        """
        asked = [f"{_amenity(one)}=true" for one in amenities[:CONDITIONS_MAX]]
        unasked = [_amenity(one) for one in amenities[CONDITIONS_MAX:]]
        having_all: dict[str, list[ListingCard]] = {}
        for n, dish in enumerate(customer.values):
            conditions = (f"{DISH}={_term(dish, WORD_MAX)}", *asked)
            found = self._looked_at(Search(category=CATEGORY, attributes=conditions, limit=LEAF))
            having = {
                card.agent: card
                for card in found
                if all(card.attributes.get(one) is True for one in unasked)
            }
            having_all = {
                seller: [*having_all.get(seller, ()), card]
                for seller, card in having.items()
                if n == 0 or seller in having_all
            }
        return having_all

    def _looked_at(self, search: Search) -> list[ListingCard]:
        if self._reach is None:
            return self.found(search)
        return list(self.client.ask(replace(search, limit=self._reach)).listings)

    def _quote(self, agent: str, cards: list[ListingCard], *, has_amenities: bool) -> Quote:
        """Ask for a price of all these things, and let their seller name it."""
        items = tuple(Item(card.id) for card in cards)
        opened = self._do(agent, MakeOffer(items, Money(0, USD.code))).events
        talk = next(one.negotiation for one in opened if isinstance(one, NegotiationOpened))
        seller = cards[0].agent
        asked = self._ask(seller, ask.GetNegotiation(talk))
        wanted = [leg.listing for leg in asked.legs if isinstance(leg, GoodsLeg)]
        price = Money(sum(self._prices[listing] for listing in wanted), USD.code)
        self._do(seller, Counter(talk, price))
        quoted = self._ask(agent, ask.GetNegotiation(talk))
        words = " ".join(f"{card.title} {card.description}" for card in cards)
        return Quote(seller, cash_paid(quoted.legs), has_amenities, words, talk, quoted.terms)

    def _available(self, agent: str) -> int:
        return int(self._ask(agent, ask.GetBalance()).wallets[0].available)

    def _is_content(self, agent: str, customer: Customer) -> bool:
        """Tell whether a customer got all that it wanted, where its amenities are."""
        got: set[object] = set()
        for contract in self._ask(agent, ask.ListContracts(is_open=False)).contracts:
            if contract.state != "fulfilled":
                continue
            for leg in contract.legs:
                if not isinstance(leg, GoodsLeg) or leg.taker != agent:
                    continue
                card = self._ask(agent, ask.GetListing(leg.listing))
                if all(card.attributes.get(_amenity(one)) is True for one in customer.amenities):
                    got.add(card.attributes[DISH])
        return got >= {_term(dish, WORD_MAX) for dish in customer.values}


def _unworded(body: bytes) -> Any:
    """Give a record without its words. Where there are none at all, no digest stands either."""

    def without(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {
            name: found
            for name, found in pairs
            if not (isinstance(found, str) and DIGEST.fullmatch(found))
        }

    return json.loads(body, object_pairs_hook=without)


def _kinds(town: Town) -> dict[str, AttributeKind]:
    """Declare what a listing may be typed with."""
    named = {name for one in town.businesses for name in one.amenities}
    named |= {name for one in town.customers for name in one.amenities}
    return {DISH: "text", **{_amenity(name): "bool" for name in sorted(named)}}


def _amenities(business: Business) -> dict[str, Attribute]:
    """Give a business's amenities as attributes; where they are too many, those it has."""
    told = business.amenities
    if len(told) > AMENITIES_MAX:
        told = {name: True for name, is_there in told.items() if is_there}
    if len(told) > AMENITIES_MAX:
        raise ValueError(f"{business.id} has more than {AMENITIES_MAX} amenities")
    return {_amenity(name): is_there for name, is_there in told.items()}


def _amenity(name: str) -> str:
    return f"has {_term(name, NAME_MAX - 4)}"


def _term(name: str, length_max: int) -> str:
    """Give a name as a condition of a search can say it, or a digest of it."""
    if len(name) <= length_max and name == name.strip() and not set(name) & set("<>="):
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _dearest(town: Town) -> int:
    """Give what buys everything that any one customer wants, wherever it does."""
    prices: dict[str, int] = {}
    for one in town.businesses:
        for dish, units in one.menu.items():
            prices[dish] = max(units, prices.get(dish, 0))
    return max(sum(prices.get(dish, 0) for dish in one.values) for one in town.customers)
