"""What became better or worse from the first round to the last, and what buyers were fooled in."""

from collections.abc import Callable
from statistics import fmean

from souq.lab.marks import round_starts
from souq.lab.metrics.welfare import USD
from souq.lab.sales import Sale
from souq.lab.setup import TRUE_PERCENT
from souq.lab.tidying import Told


def is_wronged(told: Told, sale: Sale) -> bool:
    """Tell whether a thing is worth less than it seemed."""
    ref = told.history.listings[sale.listing].posted.ref
    return told.population.truths.get(ref, TRUE_PERCENT) < TRUE_PERCENT


def _wronged(told: Told, sold: list[Sale]) -> float | None:
    return fmean(is_wronged(told, sale) for sale in sold) if sold else None


def _of_ask(told: Told, sold: list[Sale]) -> float | None:
    paid = [sale.units / sale.ask_units for sale in sold if sale.ask_units]
    return fmean(paid) if paid else None


def _surplus(told: Told, sold: list[Sale]) -> float:
    return sum(sale.buyer_gain + sale.seller_gain for sale in sold) / USD


def _sold(told: Told, sold: list[Sale]) -> float:
    return len(sold)


def _losses(told: Told) -> float | None:
    return fmean(sale.buyer_gain < 0 for sale in told.sold) if told.sold else None


def _all_wronged(told: Told) -> float | None:
    return _wronged(told, told.sold) if told.population.truths else None


def _in_round(
    number: int, figure: Callable[[Told, list[Sale]], float | None]
) -> Callable[[Told], float | None]:
    """Read a figure of one round, counted from the first, 0, or from the last, -1."""

    def read(told: Told) -> float | None:
        starts = round_starts(told.history)
        if len(starts) == 1:
            return None
        number_of = {
            sale.contract: sum(start <= told.history.deals[sale.contract].at for start in starts)
            for sale in told.sold
        }
        asked = len(starts) if number < 0 else 1
        return figure(told, [sale for sale in told.sold if number_of[sale.contract] == asked])

    return read


_FIGURES: tuple[tuple[str, str, str, Callable[[Told, list[Sale]], float | None]], ...] = (
    ("sold", "things sold", "", _sold),
    ("price_of_ask", "what was paid, of what was asked,", "share", _of_ask),
    ("surplus", "what all gained together", "$", _surplus),
    ("wronged", "of what was sold, what was worth less than it seemed,", "share", _wronged),
)
METRICS = {
    "buyer_losses": ("of what was sold, what was worth less than its price", "share", _losses),
    "wronged": ("of what was sold, what was worth less than it seemed", "share", _all_wronged),
    **{
        f"{name}_{which}_round": (f"{about} in the {which} round", unit, _in_round(n, figure))
        for name, about, unit, figure in _FIGURES
        for which, n in (("first", 0), ("last", -1))
    },
}
