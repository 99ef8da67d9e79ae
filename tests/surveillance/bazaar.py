"""Whole markets with a cheat in them: every move goes through mandate, ledger, escrow, journal."""

from random import Random

from souq.core.listing import EditListing
from souq.core.mechanisms import double_auction, english_auction, posted_price
from souq.core.mechanisms.double_auction.records import CancelOrder, OpenOrderBook, PlaceOrder
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from souq.journal.store import Store
from souq.lab.hall import Hall
from souq.replications.r17_repricing import FREE, PURSE_UNITS, Duel
from souq.views.surveillance.rows import Quote

PIECES = 10**6


def usd(units: int) -> Money:
    return Money(units, "USD")


def stalls(store: Store, *, ring: int = 0, people: int = 14, deals: int = 260) -> list[str]:
    """Let people sell and buy at posted prices; the ring sells one thing round and round."""
    rng = Random(3)
    hall = Hall(posted_price, store=store)
    agents = hall.join(people + ring)
    honest, cheats = agents[:people], agents[people:]
    prices = {agent: rng.randint(50, 400) for agent in honest} | dict.fromkeys(cheats, 150)
    things = {
        agent: hall.post(agent, price=usd(units), available=PIECES)
        for agent, units in prices.items()
    }
    for n in range(deals):
        buyer, seller = rng.sample(honest, 2)
        hall.open(buyer, TakePrice(things[seller], usd(prices[seller])))
        if ring and n % 4 == 0:
            k = n // 4 % ring
            taker, giver = cheats[(k + 1) % ring], cheats[k]
            hall.open(taker, TakePrice(things[giver], usd(prices[giver])))
            buyer = rng.choice(honest)
            if n % 40 == 0:  # the ring deals with others, too
                hall.open(buyer, TakePrice(things[giver], usd(prices[giver])))
        hall.simulation.advance(rng.randrange(10 * MINUTE_US))
    return [f"P{agent[1:]}" for agent in cheats]


def book(store: Store, *, has_spoofer: bool) -> str:
    """Let makers and takers trade in a book; the spoofer lays orders on one side for the other."""
    rng = Random(5)
    hall = Hall(double_auction, store=store)
    agents = hall.join(9)
    wants = {one: hall.post(one, available=PIECES, side="want") for one in agents}
    sells = {one: hall.post(one, available=PIECES, side="sell") for one in agents}
    run = hall.open(agents[0], OpenOrderBook("units", "USD", DAY_US))
    orders = 0

    def place(agent: str, *, is_bid: bool, units: int, quantity: int) -> int:
        nonlocal orders
        listing = (wants if is_bid else sells)[agent]
        hall.move(agent, PlaceOrder(run, listing, usd(units), quantity))
        orders += 1
        return orders

    def take_back(agent: str, order: int) -> None:
        try:
            hall.move(agent, CancelOrder(run, order))
        except Refused:
            return  # it has traded

    *others, maker, spoofer = agents
    quotes: list[int] = []
    for second in range(120):
        hall.simulation.advance(SECOND_US)
        if second % 5 == 0:
            for order in quotes:
                take_back(maker, order)
            quotes = [
                place(maker, is_bid=is_bid, units=1_000 - 3 if is_bid else 1_000 + 3, quantity=8)
                for is_bid in (True, False)
            ]
        is_bid = rng.random() < 0.5
        units = 1_000 + (4 if is_bid else -4) * rng.choice((1, -2))
        number = place(rng.choice(others), is_bid=is_bid, units=units, quantity=rng.randint(1, 3))
        assert number
        if has_spoofer and second % 15 == 7:
            own = place(spoofer, is_bid=True, units=1_002, quantity=2)
            layers = [place(spoofer, is_bid=False, units=1_004 + n, quantity=20) for n in (0, 1)]
            place(rng.choice(others), is_bid=False, units=1_002, quantity=2)
            for order in (*layers, own):
                take_back(spoofer, order)
    return f"P{spoofer[1:]}"


def auctions(store: Store, *, has_shill: bool) -> frozenset[str]:
    """Let four sell by auction; one has a friend who bids early, and just above the others."""
    rng = Random(6)
    hall = Hall(english_auction, store=store)
    sellers, bidders, (shill,) = hall.join(4), hall.join(12), hall.join(1)
    for n in range(80):
        seller = sellers[n % 4]
        opening = OpenEnglishAuction(
            hall.post(seller), usd(10), (Increment(0, 1),), HOUR_US, soft_close_us=0
        )
        run = hall.open(seller, opening)
        here = {one: rng.randint(300, 900) for one in rng.sample(bidders, 4)}
        moments = sorted((rng.randrange(50), one) for one in here)
        heights: dict[str, int] = {}
        for minute, bidder in moments:
            hall.simulation.advance(MINUTE_US * (minute % 12) // 2)
            try:
                hall.move(bidder, PlaceProxyBid(run, usd(here[bidder])))
            except Refused:
                continue  # the price is above what it is worth
            heights[bidder] = here[bidder]
            second = sorted(heights.values())[-2] if len(heights) > 1 else 0
            bid = second + max(2, second // 50)
            if has_shill and seller == sellers[0] and second and bid < max(heights.values()):
                hall.move(shill, PlaceProxyBid(run, usd(bid)))
        hall.simulation.advance(HOUR_US)
    return frozenset(f"P{agent[1:]}" for agent in (sellers[0], shill))


def duel(store: Store) -> None:
    """Let two sellers of one book follow each other's prices, as in 2011."""
    pair = Duel(Hall(posted_price, FREE, store=store, purse_units=PURSE_UNITS))
    for _ in range(12):
        pair.cycle()
        pair.path.simulation.advance(HOUR_US)  # type: ignore[union-attr]


def shelves(store: Store, quotes: list[Quote]) -> None:
    """Let sellers post what they ask, and change it when they ask something else."""
    hall = Hall(posted_price, store=store)
    sellers = sorted({quote.seller for quote in quotes})
    agents = dict(zip(sellers, hall.join(len(sellers)), strict=True))
    things: dict[str, str] = {}
    asked: dict[str, int] = {}
    for quote in quotes:
        who, price = quote.seller, usd(quote.units)
        hall.pass_time(quote.at)
        if who not in things:
            things[who] = hall.post(agents[who], price=price, available=PIECES)
        elif asked[who] != quote.units:
            hall.edit(agents[who], EditListing(things[who], price=price))
        asked[who] = quote.units
