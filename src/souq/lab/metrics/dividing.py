"""How what was sold was divided: among sellers, within categories, between the two sides."""

from statistics import fmean

from souq.lab.economics import category_dispersion, regrets, revenue_hhi
from souq.lab.metrics.welfare import USD
from souq.lab.tidying import Told, items_of


def _hhi(told: Told) -> float | None:
    return revenue_hhi(items_of(told)) if any(sale.units for sale in told.sold) else None


def _dispersion(told: Told) -> float | None:
    found = category_dispersion(items_of(told))
    return fmean(found.values()) if found else None


def _regret_buying(told: Told) -> float | None:
    found = [regrets(row).buyer_units for row in items_of(told)]
    return fmean(found) / USD if found else None


def _regret_selling(told: Told) -> float | None:
    found = [regrets(row).seller_units for row in items_of(told)]
    return fmean(found) / USD if found else None


METRICS = {
    "sellers_hhi": ("concentration of sellers' revenue: 10,000 is one alone", "", _hhi),
    "price_dispersion": ("how far prices in a category lie apart, of their mean", "", _dispersion),
    "regret_buying": (
        "what a buyer would have paid less, had it known the floor, on average",
        "$",
        _regret_buying,
    ),
    "regret_selling": (
        "what a seller would have had more, had it known the worth, on average",
        "$",
        _regret_selling,
    ),
}
