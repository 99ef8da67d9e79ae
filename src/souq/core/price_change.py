"""How far an agent may move a listing's price: a breaker for programs that follow each other's.

Two sellers of one book, each pricing by the other's price, once took it to 23,698,655.93 dollars.
A house may bound each step, the change within an hour, and that within a day, of every listing by
itself; only the listing's own principal goes further, and measuring begins anew from its price.

What counts is every price that stood in the window. Windows are kept in twelfths, so that no number
of changes fills the memory: a price may be held against its agent for up to a twelfth longer. On
prices of a few units a bounded step rounds to none.
"""

from typing import Any

from msgspec import Struct

from souq.core.money import BPS, Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, HOUR_US, Rules, rules
from souq.core.state import Table, View

SLOTS = 12


class Slot(Struct, frozen=True, gc=False, array_like=True):
    """The lowest and highest price that stood in one twelfth of a window."""

    number: int
    low: int
    high: int


class PriceTrack(Struct, frozen=True):
    """What stood of late on one listing that its agent has repriced, the oldest first."""

    hour: tuple[Slot, ...] = ()
    day: tuple[Slot, ...] = ()


TRACKS: Table[PriceTrack] = Table("price_tracks", PriceTrack)
TABLES: tuple[Table[Any], ...] = (TRACKS,)
_UNTRACKED = PriceTrack()


def is_bounded(view: View) -> bool:
    """Tell whether the house bounds changes of price at all."""
    house = rules(view)
    return bool(house.price_update_bps or house.price_hour_bps or house.price_day_times)


def check(view: View, listing: str, old: Money | None, new: Money | None) -> None:
    """Raise Refused(price_band) where only the principal may make a change.

    `rule` says which bound is passed; `price_min` and `price_max`, in units, what would go now.
    """
    if old is None or new is None or old == new or not is_bounded(view):
        return
    if old.asset != new.asset:
        raise Refused(Reason.PRICE_BAND, listing=listing, rule="asset")
    track = view.get(TRACKS, listing) or _UNTRACKED
    bands = _bands(rules(view), track, old.units, view.at)
    for rule, (low, high) in bands.items():
        if not low <= new.units <= high:
            raise Refused(
                Reason.PRICE_BAND,
                listing=listing,
                rule=rule,
                price_min=max(low for low, _ in bands.values()),
                price_max=min(high for _, high in bands.values()),
            )


def _bands(house: Rules, track: PriceTrack, price: int, at: int) -> dict[str, tuple[int, int]]:
    """Give the least and the most by each rule. The standing price is always within."""
    found = {}
    if house.price_update_bps:
        step = price * house.price_update_bps // BPS
        found["update"] = (price - step, price + step)
    if house.price_hour_bps:
        low, high = _span(track.hour, HOUR_US, price, at)
        most = low + low * house.price_hour_bps // BPS
        found["hour"] = (high - high * house.price_hour_bps // BPS, most)
    if house.price_day_times:
        low, high = _span(track.day, DAY_US, price, at)
        found["day"] = (-(-high // house.price_day_times), low * house.price_day_times)
    return found


def _span(slots: tuple[Slot, ...], window_us: int, price: int, at: int) -> tuple[int, int]:
    live = _live(slots, window_us, at)
    return min([price, *(one.low for one in live)]), max([price, *(one.high for one in live)])


def _live(slots: tuple[Slot, ...], window_us: int, at: int) -> tuple[Slot, ...]:
    first = (at - window_us) // (window_us // SLOTS)
    return tuple(one for one in slots if one.number >= first)


def follow(view: View, listing: str, old: Money | None, new: Money, *, is_confirmed: bool) -> None:
    """Fold a change: both prices stood now. What the principal set is where measuring begins."""
    if is_confirmed:
        forget(view, listing)
    elif old is not None and is_bounded(view):
        track = view.get(TRACKS, listing) or _UNTRACKED
        units = (old.units, new.units)
        hour, day = (
            _with(slots, window_us, units, view.at)
            for slots, window_us in ((track.hour, HOUR_US), (track.day, DAY_US))
        )
        view.put(TRACKS, listing, PriceTrack(hour, day))


def _with(
    slots: tuple[Slot, ...], window_us: int, units: tuple[int, int], at: int
) -> tuple[Slot, ...]:
    number = at // (window_us // SLOTS)
    live = _live(slots, window_us, at)
    low, high = min(units), max(units)
    if live and live[-1].number == number:
        low, high = min(low, live[-1].low), max(high, live[-1].high)
        live = live[:-1]
    return (*live, Slot(number, low, high))


def forget(view: View, listing: str) -> None:
    """Drop what is known of a listing's prices."""
    if view.get(TRACKS, listing) is not None:
        view.drop(TRACKS, listing)
