"""Short words for call markets, on a path: a kernel or a whole market."""

from typing import Any

from souq.core.mechanisms.call_market.records import OpenCallMarket, PlaceCallOrder
from souq.core.money import Money
from souq.core.rules import HOUR_US


def usd(units: int) -> Money:
    return Money(units, "USD")


def call(**options: Any) -> OpenCallMarket:
    return OpenCallMarket("units", "USD", HOUR_US, **options)


def bid(path: Any, run: str, agent: str, units: int, quantity: int = 1, **more: Any) -> None:
    want = path.post(agent, side="want", available=quantity)
    path.move(agent, PlaceCallOrder(run, want, usd(units), quantity, **more))


def ask(path: Any, run: str, agent: str, units: int, quantity: int = 1, **more: Any) -> None:
    thing = path.post(agent, available=quantity)
    path.move(agent, PlaceCallOrder(run, thing, usd(units), quantity, **more))
