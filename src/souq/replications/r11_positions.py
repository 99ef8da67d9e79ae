"""Positions, several units, and snipers: what each rule makes of fixed bids, to the unit.

Generalised second prices are a sum on paper, since no mechanism here has them; the same slots are
then sold as lots by Clarke's prices. Several units are sold at one price by a call market, and at
the bids themselves by a batch window. The sniper meets a bidder who raises by a step at a time in
the English auction, with a hard close and a soft.
"""

from collections.abc import Iterator, Sequence

from souq.agents.bidding import incremental, proxy, sniper
from souq.core.mechanisms import batch_window, call_market, english_auction, sealed_bid, vcg
from souq.core.mechanisms.batch_window.records import EnterBatch, OpenBatchWindow
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid, Pricing
from souq.core.mechanisms.vcg import BidOnPackages, Lot, OpenVcg, Package
from souq.core.money import Money
from souq.core.rules import HOUR_US, MINUTE_US, SECOND_US
from souq.core.state import View
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.calling import Floor
from souq.replications.replication import Finding, Scale

ID = "R11"
TITLE = "Positions, several units and snipers, to the unit"
SOURCE = "Edelman, Ostrovsky and Schwarz 2007"
TAPE = "343d0a6445eb5d3d"

VALUES, CLICKS = (10, 4, 2), (200, 100)
BOOK, UNITS = (10, 8, 6, 4), 3
PRICINGS: dict[Pricing, int] = {"first_price": 10, "second_price": 8}
KTH_PRICES = (("lowest winning", 10_000, 18), ("highest losing", 0, 12))
STEADY, SNIPER = 10, 12
Path = Kernel | Hall


def gsp(values: Sequence[int], clicks: Sequence[int]) -> list[int]:
    """Give what each slot brings where its holder pays the next bid a click; bids are values."""
    return [each * values[n + 1] for n, each in enumerate(clicks)]


def positions(path: Path, values: Sequence[int], clicks: Sequence[int]) -> list[Trade]:
    """Sell slots as lots, of which each bidder wants one; give the trades, the best slot first."""
    sol, *bidders = path.join(1 + len(values))
    slots = [path.post(sol) for _ in clicks]
    run = path.open(sol, OpenVcg(tuple(map(Lot, slots)), HOUR_US))
    for agent, value in zip(bidders, values, strict=True):
        packages = (
            Package((slot,), _usd(value * each)) for slot, each in zip(slots, clicks, strict=True)
        )
        path.move(agent, BidOnPackages(run, tuple(packages)))
    path.pass_time(2 * HOUR_US)
    return sorted(path.trades, key=lambda trade: slots.index(trade[2]))


def pay_as_bid(path: Path, bids: Sequence[int], units: int) -> list[Trade]:
    """Sell so many units to the best bids, each at its own price."""
    sol, *bidders = path.join(1 + len(bids))
    things = path.post(sol, available=units, price=_usd(1))
    opening = OpenBatchWindow(things, HOUR_US, quantity=units, rule="best_price")
    run = path.open(sol, opening)
    for agent, bid in zip(bidders, bids, strict=True):
        path.move(agent, EnterBatch(run, price=_usd(bid)))
    path.pass_time(3 * HOUR_US)
    return path.trades


def one_price(path: Path, bids: Sequence[int], units: int, k_bps: int) -> list[Trade]:
    """Sell so many units at one price: the highest losing bid, or by k = 1 the lowest winning."""
    return Floor(path, len(bids), units).call(bids, [1] * units, k_bps=k_bps)


def snipe(path: Path, *, soft: bool, steady_is_proxy: bool = False) -> None:
    """Let a steady bidder and a sniper meet once."""
    sol, bea, dan = path.join(3)
    things = path.post(sol)
    command = OpenEnglishAuction(
        things,
        _usd(1),
        (Increment(0, 1),),
        HOUR_US,
        soft_close_us=5 * MINUTE_US if soft else 0,
    )
    run = path.open(sol, command)
    first = proxy.maximum(STEADY, 1) if steady_is_proxy else 1
    assert first is not None
    path.move(bea, PlaceProxyBid(run, _usd(first)))
    path.pass_time(sniper.wakes_at(HOUR_US, SECOND_US))
    shot = proxy.maximum(SNIPER, _minimum(path, run))
    assert shot is not None
    path.move(dan, PlaceProxyBid(run, _usd(shot)))
    if not soft:
        path.pass_time(2 * HOUR_US)
        return
    while True:
        told = english_auction.standing(_view(path), run).notice
        leads = told["leader"] == bea
        units = incremental.answer(int(told["minimum_units"]), STEADY, leads=leads)
        if units is None:
            break
        path.move(bea, PlaceProxyBid(run, _usd(units)))
    path.pass_time(4 * HOUR_US)


def sealed(path: Path, pricing: Pricing) -> None:
    """Sell one unit to the book."""
    sol, *bidders = path.join(1 + len(BOOK))
    run = path.open(sol, OpenSealedBid(path.post(sol), _usd(0), HOUR_US, pricing=pricing))
    for agent, units in zip(bidders, BOOK, strict=True):
        path.move(agent, PlaceSealedBid(run, _usd(units)))
    path.pass_time(2 * HOUR_US)


def _minimum(path: Path, run: str) -> int:
    return int(english_auction.standing(_view(path), run).notice["minimum_units"])


def _view(path: Path) -> View:
    return path if isinstance(path, Kernel) else path.simulation.engine.state


def revenue(trades: list[Trade]) -> int:
    """Sum what is paid."""
    return sum(trade[4] for trade in trades)


def _usd(units: int) -> Money:
    return Money(units, "USD")


def run(scale: Scale) -> Iterator[Finding]:
    """Work out every table."""
    slots = gsp(VALUES, CLICKS)
    fair = [trade[4] for trade in positions(Kernel(vcg), VALUES, CLICKS)]
    yield _exact("GSP revenue, values 10, 4, 2, slots of 200 and 100 clicks", 1_000, sum(slots))
    yield _exact("VCG revenue, the same", 800, sum(fair))
    yield _exact("VCG payment for the first slot", 600, fair[0])
    yield _exact("VCG payment for the second slot", 200, fair[1])
    yield _exact("VCG revenue, taken for GSP's", 800, sum(slots), control=True)
    found = revenue(pay_as_bid(Kernel(batch_window), BOOK, UNITS))
    yield _exact("pay-as-bid revenue, bids 10, 8, 6, 4 for 3 units", 24, found)
    for name, k_bps, theory in KTH_PRICES:
        found = revenue(one_price(Kernel(call_market), BOOK, UNITS, k_bps))
        yield _exact(f"revenue at the {name} bid", theory, found)
    for pricing, theory in PRICINGS.items():
        kernel = Kernel(sealed_bid)
        sealed(kernel, pricing)
        claim = f"one unit by {pricing.replace('_', ' ')}, in a sealed-bid auction"
        yield _exact(claim, theory, kernel.trades[0][4])
    yield from _snipers()


def _snipers() -> Iterator[Finding]:
    paid = {}
    for name, soft, steady_is_proxy in (
        ("hard", False, False),
        ("soft", True, False),
        ("proxy", False, True),
    ):
        kernel = Kernel(english_auction)
        snipe(kernel, soft=soft, steady_is_proxy=steady_is_proxy)
        ((winner, *_, paid[name]),) = kernel.trades
        assert winner == "A3", "the sniper wins in any case"
    yield _exact(
        "a sniper worth 12 pays at a hard close, beside steps of 1 up to 10", 2, paid["hard"]
    )
    yield _exact("and at a soft close", 11, paid["soft"])
    yield _exact("soft to hard, the seller's revenue", 5.5, paid["soft"] / paid["hard"])
    claim = "the same where the steady bidder names its maximum at once, as a proxy"
    ratio = paid["soft"] / paid["proxy"]
    yield _exact(claim, 5.5, ratio, control=True)


def _exact(claim: str, theory: float, measured: float, *, control: bool = False) -> Finding:
    return Finding(claim, "derived", theory, theory, theory, measured, 1, is_control=control)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Let the sniper come to both closes, and sell one unit, several, and slots; all as ever."""
    found: tuple[list[Trade], list[Trade]] = [], []
    for kind, trades in zip((Kernel, Hall), found, strict=True):
        for soft in (False, True):
            path = kind(english_auction)
            snipe(path, soft=soft)
            trades += path.trades
        for pricing in PRICINGS:
            path = kind(sealed_bid)
            sealed(path, pricing)
            trades += path.trades
        trades += positions(kind(vcg), VALUES, CLICKS)
        trades += pay_as_bid(kind(batch_window), BOOK, UNITS)
        for _, k_bps, _ in KTH_PRICES:
            trades += one_price(kind(call_market), BOOK, UNITS, k_bps)
    return found
