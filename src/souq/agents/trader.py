"""A trader lists a person's things, looks for what the person wants, and haggles by its tactic.

It knows its errand and what it is shown. It represents a person; it is not that person.
"""

import random
from collections.abc import Callable, Iterable
from functools import cached_property

from msgspec import Struct

from souq.agents import Turn
from souq.agents.tactic import Role, Tactic
from souq.core.agreement import GoodsLeg, cash_given
from souq.core.conditions import USUAL, Conditions
from souq.core.listing import Delivery, PostListing, Subject
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.views.observation import ListingSeen, NegotiationSeen, Observation

QUANTUM_UNITS = 250_000  # people haggle in quarters of a dollar
OPEN_MAX = 3  # negotiations a trader starts before it waits for answers
PATIENCE = 5  # own prices named before giving up
BUNDLE_RATE = 0.3
BARTER_RATE = 0.3
WANTED_RATE = 0.1
BARGAIN_SHARE = 0.2  # a price at or below this share of the worth is simply taken


class Thing(Struct, frozen=True, omit_defaults=True):
    """Something to sell: what to ask, and the least to take."""

    ref: str
    title: str
    description: str
    category: str
    subject: Subject
    ask_units: int
    floor_units: int
    may_barter: bool = False


class Errand(Struct):
    """What a person told its agent. `worth` says what a listing is worth to the person, 0 nothing.

    `wants`: by category, how many pieces at most; `adverts`: by category, what to announce. Its
    listings are handed over by `delivery`, and run by `conditions`. `asks`: by ref, what is asked
    now, where that is not what it began with.
    """

    name: str
    things: tuple[Thing, ...]
    wants: dict[str, int]
    worth: Callable[[ListingSeen], int]
    adverts: dict[str, int] = {}
    asset: str = "USD"
    delivery: Delivery = "meet"
    shipping_units: int = 0
    conditions: Conditions = USUAL
    asks: dict[str, int] = {}


class _Floor:
    """The open listings by what a trader asks about them, each kind sorted out when first asked."""

    def __init__(self, listings: tuple[ListingSeen, ...]) -> None:
        self.listings = listings
        self._of: dict[str, list[ListingSeen]] = {}

    def of(self, agent: str) -> list[ListingSeen]:
        found = self._of.get(agent)
        if found is None:
            found = self._of[agent] = [one for one in self.listings if one.agent == agent]
        return found

    @cached_property
    def by_id(self) -> dict[str, ListingSeen]:
        return {one.id: one for one in self.listings}

    @cached_property
    def offers(self) -> dict[str, list[ListingSeen]]:
        """Give by category what is for sale."""
        found: dict[str, list[ListingSeen]] = {}
        for one in self.listings:
            if one.side == "sell":
                found.setdefault(one.category, []).append(one)
        return found

    @cached_property
    def wants(self) -> list[ListingSeen]:
        return [one for one in self.listings if one.side == "want"]


_floor = _Floor(())


def _floor_of(seen: Observation) -> _Floor:
    """Give the floor of an observation.

    Whoever wakes while nothing is listed or sold is shown the same tuple, so that the last one is
    kept for all traders: by its identity, since comparing it would take as long as sorting it.
    """
    global _floor
    floor = _floor
    if floor.listings is not seen.listings:
        floor = _floor = _Floor(seen.listings)
    return floor


class Trader:
    """The agent of one person in the haggling market."""

    def __init__(
        self,
        errand: Errand,
        tactic: Tactic,
        rng: random.Random,
        *,
        patience: int = PATIENCE,
        open_max: int = OPEN_MAX,
    ) -> None:
        self._errand = errand
        self._patience = patience
        self._open_max = open_max
        self._tactic = tactic
        self._rng = rng
        self._to_list = list(errand.things)
        self._adverts = sorted(errand.adverts.items())
        self._thing_of: dict[str, Thing] = {}  # own listing -> thing
        self._tried: set[str] = set()  # what was bid for, and wants that were answered
        self._category: dict[str, str] = {}  # listings bid for
        self._bought: set[str] = set()

    def wake(self, seen: Observation, note: str) -> Turn:
        """Do the most pressing thing: answer, list, then look for a deal."""
        self._recognise(seen)
        for negotiation in seen.negotiations:
            if negotiation.is_my_turn:
                return self._answer(seen, negotiation)
        if self._to_list:
            return self._list()
        return self._sell_to_want(seen) or self._buy(seen) or self._advertise() or Turn()

    def _recognise(self, seen: Observation) -> None:
        for contract in seen.contracts:
            self._bought.update(leg.listing for leg in _taken(contract.legs, seen.agent))
        if len(self._thing_of) + len(self._to_list) < len(self._errand.things):
            by_title = {thing.title: thing for thing in self._errand.things}
            for listing in _floor_of(seen).of(seen.agent):
                thing = by_title.get(listing.title)
                if thing and listing.side == "sell":
                    self._thing_of.setdefault(listing.id, thing)
                    if thing in self._to_list:
                        self._to_list.remove(thing)  # listed in an earlier life

    def _list(self) -> Turn:
        thing = self._to_list.pop(0)
        return Turn(
            PostListing(
                title=PublicText(thing.title),
                category=thing.category,
                price=self._money(self._ask(thing)),
                subject=thing.subject,
                description=PublicText(thing.description),
                ref=thing.ref,
                delivery=self._errand.delivery,
                shipping_units=self._errand.shipping_units,
                conditions=self._errand.conditions,
            )
        )

    def _answer(self, seen: Observation, negotiation: NegotiationSeen) -> Turn:
        giving = [leg for leg in negotiation.goods if leg.giver == seen.agent]
        if not {leg.listing for leg in negotiation.goods} <= _floor_of(seen).by_id.keys():
            return Turn(Reject(negotiation.id))  # something in it has gone to somebody else
        if any(leg.listing not in self._thing_of for leg in giving):
            return Turn(Reject(negotiation.id))  # nobody told us what it is worth
        if giving and len(giving) < len(negotiation.goods):
            return self._answer_barter(seen, negotiation, giving)
        role: Role = "seller" if giving else "buyer"
        if role == "seller":
            limit = sum(self._thing_of[leg.listing].floor_units for leg in giving)
            opening = max(limit, sum(self._ask(self._thing_of[leg.listing]) for leg in giving))
        else:
            limit = min(self._worth(seen, negotiation.goods), self._spendable(seen))
            # A talk may be so new that what lies on its table is all that is known of it.
            first = (negotiation.theirs or (negotiation.units,))[0]
            opening = min(limit, round(first * self._tactic.opening_share))
        mine, offered = negotiation.mine, negotiation.units
        price = self._tactic.price(
            role,
            opening=opening,
            limit=limit,
            progress=len(mine) / self._patience,
            mine=mine,
            theirs=negotiation.theirs,
        )
        price = _quantise(price, up=role == "seller")
        is_sound = offered >= limit if role == "seller" else offered <= limit
        is_good = offered >= price if role == "seller" else offered <= price
        has_stalled = len(mine) > 1 and mine[-2:] == (price, price)
        is_last = len(mine) >= self._patience or has_stalled
        if is_good or (is_last and is_sound and not has_stalled):
            return Turn(Accept(negotiation.id, negotiation.terms))
        if is_last:
            return Turn(Reject(negotiation.id))
        return Turn(Counter(negotiation.id, self._money(price)))

    def _answer_barter(
        self, seen: Observation, negotiation: NegotiationSeen, giving: list[GoodsLeg]
    ) -> Turn:
        things = [self._thing_of[leg.listing] for leg in giving]
        # A stranger may have named us as the payer.
        cash = negotiation.units - 2 * cash_given(negotiation.legs, seen.agent)
        coming = self._worth(seen, negotiation.goods) + cash
        if all(one.may_barter for one in things) and coming >= sum(
            one.floor_units for one in things
        ):
            return Turn(Accept(negotiation.id, negotiation.terms))
        return Turn(Reject(negotiation.id))

    def _sell_to_want(self, seen: Observation) -> Turn | None:
        busy = _busy(seen)
        floor = _floor_of(seen)
        for want in floor.wants:
            if want.agent == seen.agent or want.id in self._tried:
                continue
            self._tried.add(want.id)
            fits = [
                (listing.id, self._thing_of[listing.id])
                for listing in floor.of(seen.agent)
                if listing.id in self._thing_of
                and listing.category == want.category
                and listing.id not in busy
                and self._thing_of[listing.id].floor_units <= (want.price_units or 0)
            ]
            if fits:
                id, thing = max(fits, key=lambda fit: (fit[1].ask_units, fit[0]))
                price = min(self._ask(thing), want.price_units or 0)
                return Turn(MakeOffer((Item(id),), self._money(price), to=want.agent))
        return None

    def _buy(self, seen: Observation) -> Turn | None:
        spendable = self._spendable(seen)
        if sum(not one.is_my_turn for one in seen.negotiations) >= self._open_max:
            return None
        candidates = self._candidates(seen)
        for gain, listing in candidates:
            price_units = listing.price_units or 0
            worth = gain + price_units
            if price_units <= min(worth * BARGAIN_SHARE, spendable):
                self._try(listing)
                return Turn(TakePrice(listing.id, self._money(price_units)))
            bid = self._bid(listing, worth)
            if bid > spendable:
                swap = self._barter(seen, listing, bid, spendable)
                if swap is not None:
                    return swap
                continue
            self._try(listing)
            items = [Item(listing.id)]
            for other_gain, other in candidates:
                if other.agent != listing.agent or other.category == listing.category:
                    continue
                more = self._bid(other, other_gain + (other.price_units or 0))
                if bid + more <= spendable and self._rng.random() < BUNDLE_RATE:
                    self._try(other)
                    items.append(Item(other.id))
                    bid += more
                break
            return Turn(MakeOffer(tuple(items), self._money(bid)))
        return None

    def _candidates(self, seen: Observation) -> list[tuple[int, ListingSeen]]:
        """List what could be bid for, the most worth for its price first: money is short."""
        room = dict(self._errand.wants)
        busy = _busy(seen)
        for id in self._bought | {
            leg.listing for one in seen.negotiations for leg in _taken(one.legs, seen.agent)
        }:
            category = self._category.get(id)
            if category is not None:
                room[category] = room.get(category, 0) - 1
        found = []
        offers, tried, worth_of = _floor_of(seen).offers, self._tried, self._errand.worth
        for category in [category for category, pieces in room.items() if pieces > 0]:
            for listing in offers.get(category, ()):
                id = listing.id
                if id in tried or id in busy or listing.agent == seen.agent:
                    continue
                worth = worth_of(listing)
                if worth > 0:
                    found.append((worth - (listing.price_units or 0), listing))
        return sorted(found, key=lambda one: (-one[0] / (1 + (one[1].price_units or 0)), one[1].id))

    def _bid(self, listing: ListingSeen, worth: int) -> int:
        seen_units = worth if listing.price_units is None else listing.price_units
        return _quantise(min(round(seen_units * self._tactic.opening_share), worth), up=False)

    def _barter(
        self, seen: Observation, listing: ListingSeen, bid: int, spendable: int
    ) -> Turn | None:
        """Offer a thing of ours in part payment where money is short."""
        busy = _busy(seen)
        own = [
            one
            for one in _floor_of(seen).of(seen.agent)
            if one.id in self._thing_of
            and one.id not in busy
            and self._thing_of[one.id].may_barter
            and self._thing_of[one.id].floor_units <= bid
        ]
        if not own or self._rng.random() > BARTER_RATE:
            return None
        given = max(own, key=lambda one: (self._thing_of[one.id].ask_units, one.id))
        cash = max(0, min(spendable, bid - self._thing_of[given.id].ask_units))
        self._try(listing)
        price = self._money(_quantise(cash, up=False))
        items = (Item(listing.id), Item(given.id))
        return Turn(MakeOffer(items, price, payer=seen.agent if price.units else ""))

    def _advertise(self) -> Turn | None:
        if not self._adverts or self._rng.random() > WANTED_RATE:
            return None
        category, price = self._adverts.pop(0)
        title = PublicText(f"Looking for something in {category}")
        return Turn(PostListing(title, category, self._money(price), side="want"))

    def _try(self, listing: ListingSeen) -> None:
        self._tried.add(listing.id)
        self._category[listing.id] = listing.category

    def _worth(self, seen: Observation, legs: Iterable[GoodsLeg]) -> int:
        """Sum what the goods coming to us are worth; nothing for those no longer on the floor."""
        by_id = _floor_of(seen).by_id
        ids = {leg.listing: None for leg in legs if leg.taker == seen.agent}
        coming = [by_id[id] for id in ids if id in by_id]
        for listing in coming:
            self._category.setdefault(listing.id, listing.category)
        return sum(self._errand.worth(one) for one in coming)

    def _spendable(self, seen: Observation) -> int:
        """Give the money that no open offer of ours has promised already."""
        promised = sum(
            one.units
            for one in seen.negotiations
            if not one.is_my_turn and _taken(one.legs, seen.agent)
        )
        return max(0, seen.available_units - promised)

    def _ask(self, thing: Thing) -> int:
        return self._errand.asks.get(thing.ref, thing.ask_units)

    def _money(self, units: int) -> Money:
        return Money(units, self._errand.asset)


def _taken(legs: Iterable[object], agent: str) -> list[GoodsLeg]:
    return [leg for leg in legs if isinstance(leg, GoodsLeg) and leg.taker == agent]


def _busy(seen: Observation) -> set[str]:
    return {leg.listing for one in seen.negotiations for leg in one.goods}


def _quantise(units: int, *, up: bool) -> int:
    return (units + (QUANTUM_UNITS - 1 if up else 0)) // QUANTUM_UNITS * QUANTUM_UNITS
