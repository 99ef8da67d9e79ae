"""The words of the little language for batch exchanges.

ann opens a batch of trading cycles every 1 hour
ann opens a batch of cycle covers every 1 hour 3 times
bea enters radio+clock for lamp adding 5 USD, any books asking 3 USD, vase in N1
bea leaves with offer 2
"""

import re
from typing import Any

from souq.core.mechanisms.barter.records import EnterBarter, LeaveBarter, OpenBarter, Wish
from souq.core.mechanisms.moves import Item
from tests.scenarios.words import CASH, interval, money, step

MATCHING: dict[str, Any] = {"trading cycles": "top_trading_cycles", "cycle covers": "cycle_cover"}
WISH = re.compile(rf"(any )?([\w+/]+?)(?: (adding|asking) ({CASH}))?")


@step(r"opens a batch of (trading cycles|cycle covers) every (\d+ \w+)(?: (\d+) times)?")
def _opens(play: Any, who: str, said: Any) -> Any:
    return OpenBarter(MATCHING[said[1]], interval(said[2]), int(said[3] or 1))


@step(r"enters ([\w+]+) for (.+)")
def _enters(play: Any, who: str, said: Any) -> Any:
    wishes = tuple(_wish(play, one) for one in said[2].split(", "))
    return EnterBarter(play.talk(who), _goods(play, said[1]), wishes)


@step(r"leaves with offer (\d+)")
def _leaves(play: Any, who: str, said: Any) -> Any:
    return LeaveBarter(play.talk(who), int(said[1]))


def _goods(play: Any, names: str) -> tuple[Item, ...]:
    return tuple(Item(play.thing(name)) for name in names.split("+"))


def _wish(play: Any, text: str) -> Wish:
    found = WISH.fullmatch(text)
    assert found, f"not a wish: {text}"
    units = money(found[4]).units if found[4] else 0
    cash = -units if found[3] == "asking" else units
    if found[1]:
        return Wish(category=found[2], cash_units=cash)
    return Wish(_goods(play, found[2]), cash_units=cash)
