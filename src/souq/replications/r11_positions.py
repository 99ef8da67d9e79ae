"""Positions, several units, and snipers: what each rule makes of fixed bids, to the unit.

Slots and several units are sums on paper, since the market sells no slots; the sniper meets a
bidder who raises by a step at a time in the English auction itself, with a hard close and a soft.
"""

from collections.abc import Iterator, Sequence

from souq.agents.bidding import incremental, proxy, sniper
from souq.core.mechanisms import english_auction, sealed_bid
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import (
    OpenEnglishAuction,
    PlaceProxyBid,
)
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid, Pricing
from souq.core.money import Money
from souq.core.rules import HOUR_US, MINUTE_US, SECOND_US
from souq.core.state import View
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale

ID = "R11"
TITLE = "Positions, several units and snipers, to the unit"
SOURCE = "Edelman, Ostrovsky and Schwarz 2007"
TAPE = "047b708a4153d72f"

VALUES, CLICKS = (10, 4, 2), (200, 100)
BOOK, UNITS = (10, 8, 6, 4), 3
PRICINGS: tuple[Pricing, ...] = ("first_price", "second_price")
STEADY, SNIPER = 10, 12
Path = Kernel | Hall


def gsp(values: Sequence[int], clicks: Sequence[int]) -> list[int]:
    """Give what each slot brings where its holder pays the next bid a click; bids are values."""
    return [each * values[n + 1] for n, each in enumerate(clicks)]


def vcg(values: Sequence[int], clicks: Sequence[int]) -> list[int]:
    """Give what each slot's holder takes from those below, who would each move up a slot."""
    more = [each - below for each, below in zip(clicks, [*clicks[1:], 0], strict=True)]
    return [sum(more[k] * values[k + 1] for k in range(n, len(clicks))) for n in range(len(clicks))]


def pay_as_bid(bids: Sequence[int], units: int) -> int:
    """Give what so many units bring where each winner pays its bid."""
    return sum(sorted(bids, reverse=True)[:units])


def kth_price(bids: Sequence[int], units: int, k: int) -> int:
    """Give what so many units bring where all winners pay the k-th highest bid."""
    return units * sorted(bids, reverse=True)[k - 1]


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


def _usd(units: int) -> Money:
    return Money(units, "USD")


def run(scale: Scale) -> Iterator[Finding]:
    """Work out every table."""
    slots, fair = gsp(VALUES, CLICKS), vcg(VALUES, CLICKS)
    yield _exact("GSP revenue, values 10, 4, 2, slots of 200 and 100 clicks", 1_000, sum(slots))
    yield _exact("VCG revenue, the same", 800, sum(fair))
    yield _exact("VCG payment for the first slot", 600, fair[0])
    yield _exact("VCG payment for the second slot", 200, fair[1])
    yield _exact("VCG revenue, taken for GSP's", 800, sum(slots), control=True)
    yield _exact("pay-as-bid revenue, bids 10, 8, 6, 4 for 3 units", 24, pay_as_bid(BOOK, UNITS))
    yield _exact("revenue at the lowest winning bid", 18, kth_price(BOOK, UNITS, UNITS))
    yield _exact("revenue at the highest losing bid", 12, kth_price(BOOK, UNITS, UNITS + 1))
    for k, pricing in enumerate(PRICINGS, 1):
        kernel = Kernel(sealed_bid)
        sealed(kernel, pricing)
        claim = f"one unit by {pricing.replace('_', ' ')}, in a sealed-bid auction"
        yield _exact(claim, kth_price(BOOK, 1, k), kernel.trades[0][4])
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
    """Let the sniper come to both closes, and sell one unit both ways; nothing is drawn."""
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
    return found
