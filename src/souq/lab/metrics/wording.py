"""Whether things sell whose listings say little, or too much."""

from statistics import fmean

from souq.lab.marks import read_mark
from souq.lab.tidying import Told
from souq.lab.treatments.listing_quality import POOR


def _share_sold(told: Told, *, is_poor: bool) -> float | None:
    poor = read_mark(told.history, POOR)
    if poor is None:
        return None
    sold = {sale.listing for sale in told.sold}
    found = [
        id in sold
        for id, story in told.history.listings.items()
        if story.posted.side == "sell" and (story.posted.ref in poor) == is_poor
    ]
    return fmean(found) if found else None


METRICS = {
    "poor_sold": (
        "of vague, incomplete and misleading listings, what was sold",
        "share",
        lambda told: _share_sold(told, is_poor=True),
    ),
    "plain_sold": (
        "of the other listings, where there are such, what was sold",
        "share",
        lambda told: _share_sold(told, is_poor=False),
    ),
}
