"""Where a book with a price band stands: its mean, its bounds, its phase."""

from souq.core.mechanisms.double_auction.price_band import TRADES_MAX, Bounds, bounds
from souq.core.mechanisms.double_auction.records import (
    BOOKS,
    GUARDS,
    PRINTS,
    Book,
    BookPhaseChanged,
    Guard,
    Print,
)
from souq.core.state import View, row_of


def reference(guard: Guard) -> tuple[int, int]:
    """Give the sum and the count of the prices whose mean is the reference; 0, 0 for none."""
    if guard.count:
        return guard.sum_units, guard.count
    return guard.units, int(guard.units > 0)


def band_of(view: View, book: Book, guard: Guard, *, widths: int = 1) -> Bounds | None:
    """Give what may trade now, or None where nothing bounds it."""
    sum_units, count = reference(guard)
    if book.band is None or not count:
        return None
    width_bps = book.band.width_bps * widths
    edge_us = book.band.edge_us
    if view.at < book.opened_at + edge_us or view.at >= book.closes_at - edge_us:
        width_bps *= 2
    return bounds(sum_units, count, width_bps=width_bps, tick_units=book.tick_units)


def note_print(view: View, id: str, units: int) -> None:
    """Take a trade into the mean, and let go of those that are too old for it."""
    guard, band = row_of(view, GUARDS, id), row_of(view, BOOKS, id).band
    assert band is not None, f"a guard without a band: {id}"
    oldest, newest = guard.oldest, guard.newest + 1
    count, sum_units = guard.count + 1, guard.sum_units + units
    view.put(PRINTS, f"{id}/{newest}", Print(view.at, units))
    while count > band.trades_min:
        first = row_of(view, PRINTS, f"{id}/{oldest}")
        if first.at > view.at - band.window_us and count <= TRADES_MAX:
            break
        view.drop(PRINTS, f"{id}/{oldest}")
        oldest, count, sum_units = oldest + 1, count - 1, sum_units - first.units
    changed = Guard(
        guard.phase, guard.due, guard.pauses, guard.units, count, sum_units, oldest, newest
    )
    view.put(GUARDS, id, changed)


def change_phase(view: View, event: BookPhaseChanged) -> None:
    """Enter a phase; a reopening lets go of the prints before it."""
    id, phase = event.negotiation, event.phase
    guard = row_of(view, GUARDS, id)
    units, count, sum_units, oldest = guard.units, guard.count, guard.sum_units, guard.oldest
    if phase == "reopening":  # its price is the reference of what follows
        drop_prints(view, id, guard)
        units, count, sum_units, oldest = event.units, 0, 0, guard.newest + 1
    pauses = guard.pauses + 1 if phase == "paused" else 0
    changed = Guard(phase, event.due, pauses, units, count, sum_units, oldest, guard.newest)
    view.put(GUARDS, id, changed)


def drop_prints(view: View, id: str, guard: Guard) -> None:
    """Let go of all prints."""
    for number in range(guard.oldest, guard.newest + 1):
        view.drop(PRINTS, f"{id}/{number}")
