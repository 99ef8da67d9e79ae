"""A day begins when local clocks first show it, whatever is done to clocks."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from souq.core.policy.period import began
from souq.core.rules import HOUR_US, SECOND_US
from souq.sdk.policy_files import offsets_of

ZONES = ("UTC", "Europe/Madrid", "America/New_York", "America/Havana", "Asia/Kathmandu")


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND_US


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
def test_a_period_begins_when_clocks_first_show_its_midnight(zone: str, period: str) -> None:
    offsets, there, chance = offsets_of(zone, (2020, 2028)), ZoneInfo(zone), Random(3)
    for _ in range(150):
        at = chance.randint(us("2022-01-01T00:00Z"), us("2027-01-01T00:00Z"))
        start = began(at, period, offsets)  # type: ignore[arg-type]
        assert start is not None
        assert start <= at
        assert _named(start, there, period) == _named(at, there, period)
        assert _named(start - SECOND_US, there, period) != _named(at, there, period)


def _named(at: int, zone: ZoneInfo, period: str) -> tuple[int, ...]:
    local = datetime.fromtimestamp(at // SECOND_US, zone).date()
    if period == "week":
        return tuple(local.isocalendar()[:2])
    return local.timetuple()[: {"day": 3, "month": 2, "year": 1}[period]]


def test_a_day_of_23_or_25_hours_is_one_day() -> None:
    offsets = offsets_of("Europe/Madrid", (2025, 2028))
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo("Europe/Madrid"))
        at = int(noon.timestamp()) * SECOND_US
        start, end = (began(at + more * 24 * HOUR_US, "day", offsets) for more in (0, 1))
        assert start is not None
        assert end is not None
        assert end - start == hours * HOUR_US


def test_a_day_whose_midnight_is_left_out_begins_after_it() -> None:
    offsets = offsets_of("America/Havana", (2025, 2028))  # clocks go from 0:00 to 1:00
    at = us("2026-03-08T15:00Z")
    assert began(at, "day", offsets) == us("2026-03-08T05:00Z")


def test_nobody_knows_what_clocks_showed_before_or_will_show_after() -> None:
    offsets = ((us("2026-01-10T12:00Z"), 0), (us("2026-02-01T00:00Z"), 0))
    assert began(us("2026-01-10T11:59Z"), "day", offsets) is None
    assert began(us("2026-01-10T13:00Z"), "day", offsets) is None  # it began before
    assert began(us("2026-01-11T13:00Z"), "day", offsets) == us("2026-01-11T00:00Z")
    assert began(us("2026-01-31T23:59Z"), "month", offsets) is None
    assert began(us("2026-02-01T00:00Z"), "day", offsets) is None
    assert began(us("2026-02-01T00:00Z"), "day", ()) == us("2026-02-01T00:00Z")


def test_a_zones_offsets_are_found_to_the_second() -> None:
    found = offsets_of("Europe/Madrid", (2026, 2027))
    assert found == (
        (us("2026-01-01T00:00Z"), 3_600),
        (us("2026-03-29T01:00Z"), 7_200),
        (us("2026-10-25T01:00Z"), 3_600),
        (us("2027-01-01T00:00Z"), 0),
    )
    twenty = offsets_of("Europe/Madrid")
    assert len(twenty) > 40
    assert twenty[-1][0] > (datetime.now(UTC) + timedelta(days=19 * 365)).timestamp() * SECOND_US
