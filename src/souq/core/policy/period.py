"""When a day, week, month or year began by a zone's clocks.

What clocks show where is no fact of the core: rules of zones are changed by parliaments, and a
replay must not depend on them. So a policy carries the offsets of its zone, as far as they are
known.
"""

from datetime import date
from typing import Literal

from souq.core.rules import DAY_US, SECOND_US

Period = Literal["day", "week", "month", "year"]
Offsets = tuple[tuple[int, int], ...]  # from which instant, so many seconds east of UTC
_EPOCH = date(1970, 1, 1).toordinal()
_UTC: Offsets = ((0, 0), (1 << 53, 0))


def began(at: int, period: Period, offsets: Offsets) -> int | None:
    """Give the first instant of the period that an instant lies in; None where nobody knows it.

    It is the first at which clocks showed the period's midnight or later, so that a day on which
    they are put forward at midnight begins too.
    """
    spans = _spans(offsets or _UTC)
    now = next((offset for start, end, offset in spans if start <= at < end), None)
    if now is None:
        return None
    today = date.fromordinal(_EPOCH + (at + now) // DAY_US)
    midnight = _first_day(today, period) * DAY_US
    first, _, offset = spans[0]
    if midnight - offset < first:
        return None  # clocks before that are not known
    return next(
        reached for start, end, offset in spans if (reached := max(start, midnight - offset)) < end
    )


def _spans(offsets: Offsets) -> list[tuple[int, int, int]]:
    ends = [start for start, _ in offsets[1:]]
    return [(start, end, s * SECOND_US) for (start, s), end in zip(offsets, ends, strict=False)]


def _first_day(day: date, period: Period) -> int:
    """Give a period's first day, counted from 1970-01-01."""
    number = day.toordinal() - _EPOCH
    if period == "week":
        return number - day.weekday()
    if period == "month":
        return number - day.day + 1
    if period == "year":
        return date(day.year, 1, 1).toordinal() - _EPOCH
    return number
