"""The words of the little language for auctions.

W auctions T [x3] sealed at first|second price from 5 USD for 1 hour
   [with a secret reserve of 9 USD, shown within 1 hour]
W auctions T by commitments from 5 USD with deposits of 2 USD and a reserve of 9 USD for 1 hour
W auctions T openly from 5 USD by 1 USD for 1 hour [with a reserve of 9 USD] [with a fee of 2 USD]
W auctions T [x3] falling from 9 USD to 5 USD by 1 USD every 1 hour
W bids 5 USD unseen | W commits to 5 USD | W shows 5 USD | W shows the reserve of 9 USD
W bids up to 5 USD [and never above 9 USD] | W takes the falling price up to 5 USD [x2]
N1 stands at 5 USD, led by W
"""

import hashlib
from typing import Any

from souq.core.mechanisms import english_auction
from souq.core.mechanisms.commit_reveal.records import CommitBid, OpenCommitReveal, RevealBid
from souq.core.mechanisms.commitment import RevealReserve, of_bid, of_reserve
from souq.core.mechanisms.dutch_auction import OpenDutchAuction, TakeFallingPrice
from souq.core.mechanisms.english_auction.prices import Increment, Restraints
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from tests.scenarios.words import CASH, claim, interval, money, shown, step

THING = r"auctions (?P<lot>\w+)(?: x(?P<count>\d+))?"
TIME = r"\d+ [a-z]+"


def _nonce(who: str) -> str:
    return hashlib.sha256(who.encode()).hexdigest()[:32]


def _lot(play: Any, said: Any) -> dict[str, Any]:
    return {"listing": play.thing(said["lot"]), "quantity": int(said["count"] or 1)}


@step(
    rf"{THING} sealed at (?P<rule>first|second) price from (?P<least>{CASH}) for (?P<time>{TIME})"
    rf"(?: with a secret reserve of (?P<secret>{CASH}), shown within (?P<reveal>{TIME}))?"
)
def _sealed(play: Any, who: str, said: Any) -> Any:
    lot, digest = _lot(play, said), ""
    if said["secret"]:
        digest = of_reserve(play.agent(who), lot["listing"], money(said["secret"]), _nonce(who))
    return OpenSealedBid(
        **lot,
        reserve=money(said["least"]),
        bidding_us=interval(said["time"]),
        pricing="first_price" if said["rule"] == "first" else "second_price",
        secret_reserve=digest,
        revealing_us=interval(said["reveal"]) if said["reveal"] else 0,
    )


@step(
    rf"{THING} by commitments from (?P<least>{CASH}) with deposits of (?P<deposit>{CASH})"
    rf" and a reserve of (?P<secret>{CASH}) for (?P<time>{TIME})"
)
def _commitments(play: Any, who: str, said: Any) -> Any:
    lot, time = _lot(play, said), interval(said["time"])
    digest = of_reserve(play.agent(who), lot["listing"], money(said["secret"]), _nonce(who))
    least, deposit = money(said["least"]), money(said["deposit"])
    return OpenCommitReveal(
        **lot,
        reserve=least,
        deposit=deposit,
        secret=digest,
        committing_us=time,
        revealing_us=time,
    )


@step(
    rf"{THING} openly from (?P<least>{CASH}) by (?P<by>{CASH}) for (?P<time>{TIME})"
    rf"(?: with a reserve of (?P<secret>{CASH}))?(?: with a fee of (?P<fee>{CASH}))?"
)
def _openly(play: Any, who: str, said: Any) -> Any:
    fee = money(said["fee"]).units if said["fee"] else 0
    return OpenEnglishAuction(
        **_lot(play, said),
        start=money(said["least"]),
        increments=(Increment(0, money(said["by"]).units),),
        bidding_us=interval(said["time"]),
        reserve=money(said["secret"]) if said["secret"] else None,
        restraints=Restraints(entry_fee_units=fee),
    )


@step(
    rf"{THING} falling from (?P<start>{CASH}) to (?P<floor>{CASH}) by (?P<by>{CASH})"
    rf" every (?P<time>{TIME})"
)
def _falling(play: Any, who: str, said: Any) -> Any:
    return OpenDutchAuction(
        **_lot(play, said),
        start=money(said["start"]),
        floor=money(said["floor"]),
        step=money(said["by"]),
        interval_us=interval(said["time"]),
    )


@step(rf"bids ({CASH}) unseen")
def _bids(play: Any, who: str, said: Any) -> Any:
    return PlaceSealedBid(play.talk(who), money(said[1]))


@step(rf"commits to ({CASH})")
def _commits(play: Any, who: str, said: Any) -> Any:
    run = play.talk(who)
    return CommitBid(run, of_bid(run, play.agent(who), money(said[1]), _nonce(who)))


@step(rf"shows ({CASH})")
def _shows(play: Any, who: str, said: Any) -> Any:
    return RevealBid(play.talk(who), money(said[1]), _nonce(who))


@step(rf"shows the reserve of ({CASH})")
def _shows_reserve(play: Any, who: str, said: Any) -> Any:
    return RevealReserve(play.talk(who), money(said[1]), _nonce(who))


@step(rf"bids up to ({CASH})(?: and never above ({CASH}))?")
def _bids_up(play: Any, who: str, said: Any) -> Any:
    cap = money(said[2]) if said[2] else None
    return PlaceProxyBid(play.talk(who), money(said[1]), cap)


@step(rf"takes the falling price up to ({CASH})(?: x(\d+))?")
def _takes(play: Any, who: str, said: Any) -> Any:
    return TakeFallingPrice(play.talk(who), money(said[1]), int(said[2] or 1))


@claim(rf"(N\d+) stands at ({CASH}), led by (\w+)")
def _stands(play: Any, said: Any) -> Any:
    told = english_auction.standing(play.engine.state, said[1]).notice
    found = shown(int(told["price_units"])), told["leader"]
    return found, (said[2], play.agent(said[3]))
