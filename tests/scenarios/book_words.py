"""The words of the little language for order books.

W opens a book of CATEGORY [for 2 hours] [within 1000 bps of 50 USD]
  [resting 10 seconds]
W orders T x3 at 5 USD [at once] [for 1 hour]
W cancels order 3 | W closes the book
book N1 bids|asks 5 USD x3 | book N1 bids|asks nothing
book N1 is open|limit|paused
"""

from typing import Any

from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.mechanisms.double_auction.records import (
    ASKS,
    BIDS,
    GUARDS,
    CancelOrder,
    CloseOrderBook,
    OpenOrderBook,
    PlaceOrder,
)
from souq.core.rules import DAY_US
from tests.scenarios.words import CASH, claim, interval, money, shown, step


@step(
    rf"opens a book of (\w+)(?: for (\d+ \w+))?(?: within (\d+) bps of ({CASH}))?"
    r"(?: resting (\d+ \w+))?"
)
def _opens(play: Any, who: str, said: Any) -> Any:
    category, length, bps, around, rest = said.groups()
    return OpenOrderBook(
        category,
        "USD",
        interval(length) if length else DAY_US,
        resting_us=interval(rest) if rest else 0,
        band=PriceBand(int(bps), money(around).units) if bps else None,
    )


@step(rf"orders (\w+)(?: x(\d+))? at ({CASH})( at once)?(?: for (\d+ \w+))?")
def _orders(play: Any, who: str, said: Any) -> Any:
    thing, count, price, at_once, length = said.groups()
    return PlaceOrder(
        play.talk(who),
        play.thing(thing),
        money(price),
        int(count or 1),
        valid_us=interval(length) if length else None,
        is_immediate=bool(at_once),
    )


@step(r"cancels order (\d+)")
def _cancels(play: Any, who: str, said: Any) -> Any:
    return CancelOrder(play.talk(who), int(said[1]))


@step(r"closes the book")
def _closes(play: Any, who: str, said: Any) -> Any:
    return CloseOrderBook(play.talk(who))


@claim(rf"book (N\d+) (bids|asks) (?:({CASH})(?: x(\d+))?|nothing)")
def _best(play: Any, said: Any) -> Any:
    run, side, price, count = said.groups()
    best = play.engine.state.first(BIDS if side == "bids" else ASKS, run)
    claimed = f"{shown(money(price).units)} x{count or 1}" if price else "nothing"
    return f"{shown(best[1].units)} x{best[1].quantity}" if best else "nothing", claimed


@claim(r"book (N\d+) is (open|limit|paused)")
def _phase(play: Any, said: Any) -> Any:
    return play.engine.state.get(GUARDS, said[1]).phase, said[2]
