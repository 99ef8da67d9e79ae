"""The words of the little language for batches: calls that clear, and windows that gather takers.

hal calls oil every 1 hour [x3] [by mcafee up to 100 USD]
bea bids 60 USD with need [x2] [for 30 minutes] in N1 | sol asks 50 USD with barrel [x2] in N1
bea takes back order 2 in N1 | hal closes the call in N1
sol lists lamp of quality 90 in home
bea opens a window of 1 hour on lamp [x2] by lot with seed moon
bea opens a window of 1 hour on lamp by best price | by best quality
dan enters [with lamp] [at 5 USD] [x2] [number 7] in N1 | dan leaves in N1
bea reveals seed moon in N1 | bea withdraws the window in N1
"""

from typing import Any

from souq.core.listing import PostListing
from souq.core.mechanisms.batch_window.draw import commitment
from souq.core.mechanisms.batch_window.records import (
    EnterBatch,
    LeaveBatch,
    OpenBatchWindow,
    RevealBatchSeed,
    WithdrawBatchWindow,
)
from souq.core.mechanisms.call_market.records import (
    CancelCallOrder,
    CloseCallMarket,
    OpenCallMarket,
    PlaceCallOrder,
)
from souq.core.seal import PublicText
from tests.scenarios.words import CASH, interval, money, step


@step(
    rf"calls (\w+) every (.+?)(?: x(?P<count>\d+))?(?: by (?P<by>\w+))?(?: up to (?P<top>{CASH}))?"
)
def _calls(play: Any, who: str, said: Any) -> Any:
    options: dict[str, Any] = {}
    if said["by"]:
        options["pricing"] = said["by"]
    if said["top"]:
        options["top_units"] = money(said["top"]).units
    count = int(said["count"] or 1)
    return OpenCallMarket(said[1], "USD", interval(said[2]), count, **options)


@step(
    rf"(?:bids|asks) (?P<price>{CASH}) with (?P<stand>\w+)(?: x(?P<count>\d+))?(?: for (?P<t>.+))?"
)
def _orders(play: Any, who: str, said: Any) -> Any:
    valid = interval(said["t"]) if said["t"] else None
    count = int(said["count"] or 1)
    price = money(said["price"])
    return PlaceCallOrder(play.talk(who), play.thing(said["stand"]), price, count, valid)


@step(r"takes back order (\d+)")
def _takes_back_order(play: Any, who: str, said: Any) -> Any:
    return CancelCallOrder(play.talk(who), int(said[1]))


@step(r"closes the call")
def _closes(play: Any, who: str, said: Any) -> Any:
    return CloseCallMarket(play.talk(who))


@step(r"lists (?P<thing>\w+) of quality (?P<quality>\d+) in (?P<category>\w+)")
def _lists_quality(play: Any, who: str, said: Any) -> Any:
    return PostListing(
        PublicText(said["thing"]),
        said["category"],
        attributes={"quality": int(said["quality"])},
        mechanisms=("batch_window",),
    )


@step(
    r"opens a window of (?P<t>.+?) on (?P<stand>\w+)(?: x(?P<count>\d+))?"
    r" by (?P<rule>lot|best price|best quality)(?: with seed (?P<seed>\w+))?"
)
def _opens(play: Any, who: str, said: Any) -> Any:
    is_ranked = said["rule"] == "best quality"
    return OpenBatchWindow(
        play.thing(said["stand"]),
        interval(said["t"]),
        int(said["count"] or 1),
        "best_attribute" if is_ranked else said["rule"].replace(" ", "_"),
        "quality" if is_ranked else "",
        commitment(said["seed"]) if said["seed"] else "",
    )


@step(
    rf"enters(?: with (?P<stand>\w+))?(?: at (?P<price>{CASH}))?(?: x(?P<count>\d+))?"
    r"(?: number (?P<salt>\d+))?"
)
def _enters(play: Any, who: str, said: Any) -> Any:
    return EnterBatch(
        play.talk(who),
        play.thing(said["stand"]) if said["stand"] else "",
        money(said["price"]) if said["price"] else None,
        int(said["count"] or 1),
        int(said["salt"] or 0),
    )


@step(r"leaves")
def _leaves(play: Any, who: str, said: Any) -> Any:
    return LeaveBatch(play.talk(who))


@step(r"reveals seed (\w+)")
def _reveals(play: Any, who: str, said: Any) -> Any:
    return RevealBatchSeed(play.talk(who), said[1])


@step(r"withdraws the window")
def _withdraws_window(play: Any, who: str, said: Any) -> Any:
    return WithdrawBatchWindow(play.talk(who))
