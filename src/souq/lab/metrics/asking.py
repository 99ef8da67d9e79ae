"""What was asked: how far prices moved while things stood on the floor, and how wide they lie."""

from statistics import fmean, pstdev

from souq.lab.tidying import Told


def _drift(told: Told) -> float | None:
    moved = [
        story.price_units / story.posted.price.units
        for story in told.history.listings.values()
        if story.posted.side == "sell" and story.posted.price and story.posted.price.units
        if story.price_units is not None
    ]
    return fmean(moved) if moved else None


def _moved(told: Told) -> float | None:
    asked = [one for one in told.history.listings.values() if one.posted.side == "sell"]
    changed = [one.posted.price and one.posted.price.units != one.price_units for one in asked]
    return fmean(map(bool, changed)) if changed else None


def _spread(told: Told) -> float | None:
    """Give the coefficient of variation of last prices within a category, on average."""
    prices: dict[str, list[int]] = {}
    for story in told.history.listings.values():
        if story.posted.side == "sell" and story.price_units:
            prices.setdefault(story.posted.category, []).append(story.price_units)
    found = [pstdev(some) / fmean(some) for some in prices.values() if len(some) > 1]
    return fmean(found) if found else None


METRICS = {
    "ask_drift": ("the last price asked for a thing, as so many times the first", "", _drift),
    "asks_moved": ("of what was listed, what changed its price", "share", _moved),
    "ask_spread": ("how far prices in a category lie apart, of their mean", "", _spread),
}
