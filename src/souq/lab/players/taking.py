"""Sells at stated prices, and buys what it likes best at them: at once, or in batch windows.

Nobody haggles, so all that decides is who comes first, or the window's rule.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal

from souq.agents import Turn
from souq.agents.trader import QUANTUM_UNITS, Errand
from souq.core.agreement import GoodsLeg
from souq.core.listing import LISTINGS, PostListing
from souq.core.mechanisms import batch_window, posted_price
from souq.core.mechanisms.batch_window.draw import commitment
from souq.core.mechanisms.batch_window.records import (
    WINDOWS,
    EnterBatch,
    OpenBatchWindow,
    RevealBatchSeed,
    Window,
)
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.seal import PublicText
from souq.core.state import State
from souq.views.observation import ListingSeen, Observation

Rule = Literal["first_come", "lot", "best_price"]


class Taker:
    """One person's agent. What windows are open, it reads where everybody may."""

    def __init__(
        self,
        errand: Errand,
        rng: random.Random,
        state: State,
        rule: Rule,
        clock: Callable[[], int],
        *,
        window_us: int,
        valid_us: int,
    ) -> None:
        """`valid_us` is how long a window waits for its first taker."""
        self._errand = errand
        self._rng = rng
        self._state = state
        self._rule = rule
        self._clock = clock
        self._window_us = window_us
        self._valid_us = valid_us
        self._to_list = list(errand.things)
        self._seeds: dict[str, str] = {}  # by own listing
        self._entered: set[str] = set()
        self._category: dict[str, str] = {}  # by listing tried for

    def wake(self, seen: Observation, note: str) -> Turn:
        """Draw the lots that wait for it; then sell or buy one thing, whichever comes to mind."""
        sell, buy = self._sell, self._take if self._rule == "first_come" else self._enter
        first, second = (sell, buy) if self._rng.random() < 0.5 else (buy, sell)
        return self._reveal(seen) or first(seen) or second(seen) or Turn()

    def _sell(self, seen: Observation) -> Turn | None:
        return self._list() or self._open(seen)

    def _list(self) -> Turn | None:
        if not self._to_list:
            return None
        thing = self._to_list.pop(0)
        return Turn(
            PostListing(
                title=PublicText(thing.title),
                category=thing.category,
                price=self._money(self._errand.asks.get(thing.ref, thing.ask_units)),
                subject=thing.subject,
                description=PublicText(thing.description),
                mechanisms=(
                    posted_price.NAME if self._rule == "first_come" else batch_window.NAME,
                ),
                ref=thing.ref,
                conditions=self._errand.conditions,
            )
        )

    def _open(self, seen: Observation) -> Turn | None:
        """Open a window for a thing that stands in none."""
        if self._rule == "first_come":
            return None
        taken = {window.listing for window in self._windows().values()}
        for listing in seen.listings:
            if listing.agent == seen.agent and listing.id not in taken:
                seed = f"{self._rng.getrandbits(64):016x}"
                self._seeds[listing.id] = seed
                opening = OpenBatchWindow(
                    listing.id,
                    self._window_us,
                    rule=self._rule,
                    seed_hash=commitment(seed),
                    revealing_us=self._window_us,
                    valid_us=self._valid_us,
                )
                return Turn(opening)
        return None

    def _reveal(self, seen: Observation) -> Turn | None:
        for id, window in self._windows().items():
            if window.lister == seen.agent and window.phase == "revealing" and not window.seed:
                return Turn(RevealBatchSeed(id, self._seeds[window.listing]))
        return None

    def _take(self, seen: Observation) -> Turn | None:
        room = self._room(seen)
        offered = (
            (listing, listing.price_units or 0)
            for listing in seen.listings
            if listing.side == "sell" and listing.agent != seen.agent
        )
        best = max(self._gains(offered, room, seen), default=None)
        if best is None:
            return None
        _, id, price = best
        return Turn(TakePrice(id, self._money(price)))

    def _enter(self, seen: Observation) -> Turn | None:
        now = self._clock()  # what is seen is as of the last record
        open_windows = {
            window.listing: (id, window)
            for id, window in self._windows().items()
            if window.phase in ("waiting", "gathering")
            and now < window.due
            and window.lister != seen.agent
            and id not in self._entered
        }
        offered = (
            (self._seen(listing), window.price.units)
            for listing, (_, window) in open_windows.items()
        )
        best = max(self._gains(offered, self._room(seen), seen), default=None)
        if best is None:
            return None
        gain, listing, price = best
        id, window = open_windows[listing]
        self._entered.add(id)
        bid = None
        if window.rule == "best_price":
            # Each pays what it names, so half of the gain is what it gives for being served first.
            more = min(gain // 2, seen.available_units - price) // QUANTUM_UNITS * QUANTUM_UNITS
            bid = self._money(price + more)
        return Turn(EnterBatch(id, price=bid, salt=self._rng.getrandbits(32)))

    def _gains(
        self, offered: Iterator[tuple[ListingSeen, int]], room: Counter[str], seen: Observation
    ) -> Iterator[tuple[int, str, int]]:
        """Give what is worth its price, may be bought, and can be paid: gain, listing, price."""
        for listing, price in offered:
            if room[listing.category] > 0 and price <= seen.available_units:
                worth = self._errand.worth(listing)
                if worth > price or (price == 0 and worth):
                    self._category[listing.id] = listing.category
                    yield worth - price, listing.id, price

    def _room(self, seen: Observation) -> Counter[str]:
        """Give how many pieces are wanted yet, what stands in windows counted as had."""
        room = Counter(self._errand.wants)
        had = {
            leg.listing
            for contract in seen.contracts
            for leg in contract.legs
            if isinstance(leg, GoodsLeg) and leg.taker == seen.agent
        }
        windows = self._windows()
        had |= {windows[id].listing for id in self._entered if id in windows}
        room.subtract(self._category[id] for id in had if id in self._category)
        return room

    def _windows(self) -> dict[str, Window]:
        return self._state.rows(WINDOWS)

    def _seen(self, id: str) -> ListingSeen:
        row = self._state.rows(LISTINGS)[id]
        price = row.price.units if row.price else None
        return ListingSeen(id, row.agent, row.side, row.subject, row.category, "", price, 1)

    def _money(self, units: int) -> Money:
        return Money(units, self._errand.asset)
