"""Words for how long something lasts lose nothing, and people read them at a glance."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.core.duration import spelled
from souq.core.rules import DAY_US, HOUR_US, MINUTE_US, SECOND_US

SIZES = {"day": DAY_US, "hour": HOUR_US, "minute": MINUTE_US, "second": SECOND_US, "microsecond": 1}


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "no time"),
        (1, "1 microsecond"),
        (250_000, "250,000 microseconds"),
        (30 * SECOND_US, "30 seconds"),
        (HOUR_US, "1 hour"),
        (90 * MINUTE_US, "1 hour 30 minutes"),
        (7 * DAY_US, "7 days"),
        (DAY_US + SECOND_US, "1 day 1 second"),
    ],
)
def test_people_read_days_and_not_thousands_of_minutes(us: int, words: str) -> None:
    assert spelled(us) == words


@given(st.integers(1, 4_000 * DAY_US))
def test_nothing_is_lost(us: int) -> None:
    parts = re.findall(r"([\d,]+) ([a-z]+?)s?\b", spelled(us))
    assert sum(int(count.replace(",", "")) * SIZES[name] for count, name in parts) == us
