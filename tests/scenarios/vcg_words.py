"""The words of the little language for package auctions.

sol auctions packages of lamp from 10 USD, vase for 1 hour
bea bids on packages lamp 70 USD, lamp+vase 80 USD in N1
"""

from typing import Any

from souq.core.mechanisms.vcg import BidOnPackages, Lot, OpenVcg, Package
from tests.scenarios.words import CASH, interval, money, step


@step(r"auctions packages of (.+) for (\d+ \w+)")
def _auctions(play: Any, who: str, said: Any) -> Any:
    lots = []
    for one in said[1].split(", "):
        name, _, least = one.partition(" from ")
        lots.append(Lot(play.thing(name), reserve_units=money(least).units if least else 0))
    return OpenVcg(tuple(lots), interval(said[2]))


@step(rf"bids on packages ((?:[\w+]+ {CASH}(?:, )?)+)")
def _bids(play: Any, who: str, said: Any) -> Any:
    packages = []
    for one in said[1].split(", "):
        names, _, price = one.partition(" ")
        listings = tuple(play.thing(name) for name in names.split("+"))
        packages.append(Package(listings, money(price)))
    return BidOnPackages(play.talk(who), tuple(packages))
