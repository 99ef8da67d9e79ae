"""What was sold, for how much."""

from statistics import fmean, median

from souq.lab.metrics.welfare import USD
from souq.lab.tidying import Told


def _deals(told: Told) -> float:
    return len(told.deals)


def _items(told: Told) -> float:
    return len(told.sold)


def _share_sold(told: Told) -> float | None:
    listed = [one for one in told.history.listings.values() if one.posted.side == "sell"]
    return len({sale.listing for sale in told.sold}) / len(listed) if listed else None


def _value(told: Told) -> float:
    return sum(sale.units for sale in told.sold) / USD


def _mean(told: Told) -> float | None:
    return fmean(sale.units for sale in told.sold) / USD if told.sold else None


def _median(told: Told) -> float | None:
    return median(sale.units for sale in told.sold) / USD if told.sold else None


def _of_ask(told: Told) -> float | None:
    paid = [sale.units / sale.ask_units for sale in told.sold if sale.ask_units]
    return fmean(paid) if paid else None


METRICS = {
    "deals": ("contracts that came to something", "", _deals),
    "items_sold": ("things that changed hands", "", _items),
    "share_sold": ("of what was listed, what was sold", "share", _share_sold),
    "value": ("all payments together", "$", _value),
    "price_mean": ("what an item went for, on average", "$", _mean),
    "price_median": ("what the middle item went for", "$", _median),
    "price_of_ask": ("what was paid, of what was asked", "share", _of_ask),
}
