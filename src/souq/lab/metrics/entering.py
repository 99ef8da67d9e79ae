"""Whether newcomers get deals: what they and the others sold in the round in which they came."""

from statistics import fmean

from souq.lab.marks import read_mark, round_starts
from souq.lab.tidying import Told
from souq.lab.treatments.newcomers import NEWCOMERS


def _sold(told: Told, *, are_new: bool) -> float | None:
    new = read_mark(told.history, NEWCOMERS)
    if new is None:
        return None
    began = round_starts(told.history)[-1]
    sold = {sale.listing for sale in told.sold}
    found = [
        id in sold
        for id, story in told.history.listings.items()
        if story.posted.side == "sell"
        and story.posted_at >= began
        and (told.name(story.agent) in new) == are_new
    ]
    return fmean(found) if found else None


def _stood_off(told: Told) -> float | None:
    if read_mark(told.history, NEWCOMERS) is None:
        return None
    return sum(
        count
        for (_, _, reason), count in told.refusals.items()
        if reason in ("insufficient_standing", "counterparty_unable")
    )


METRICS = {
    "newcomers_sold": (
        "of what newcomers offered in the last round, what was sold",
        "share",
        lambda told: _sold(told, are_new=True),
    ),
    "others_sold": (
        "of what the others offered in that round, what was sold",
        "share",
        lambda told: _sold(told, are_new=False),
    ),
    "standing_refusals": (
        "how often a deal was refused for want of standing or means, of either side",
        "",
        _stood_off,
    ),
}
