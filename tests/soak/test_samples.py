"""A leak is told from noise."""

import random

import pytest

from tests.soak.samples import MB, Sample, growth, steady


def life(number: int, *, net_per_s: float = 0.0, files_per_s: float = 0.0) -> list[Sample]:
    """Give five minutes of a server that scatters, and leaks so much."""
    rng = random.Random(1)
    return [
        Sample(
            at=float(at),
            life=number,
            rss=0,
            net=int(90 * MB + rng.gauss(0, MB / 5) + net_per_s * at),
            descriptors=int(42 + rng.randrange(-3, 4) + files_per_s * at),
            threads=3,
            commands=100 * at,
            p50_ms=1.0,
            p99_ms=5.0,
            journal=0,
            views=0,
        )
        for at in range(0, 300, 4)
    ]


@pytest.mark.parametrize("name", ["net", "descriptors", "threads"])
def test_what_scatters_and_stays_is_flat(name: str) -> None:
    assert growth(name, steady(life(1))).is_flat


def test_a_leak_of_two_percent_a_minute_is_noticed() -> None:
    grown = growth("net", steady(life(1, net_per_s=0.02 * 90 * MB / 60)))
    assert grown.per_minute == pytest.approx(0.02, abs=0.004)
    assert not grown.is_flat


def test_a_descriptor_lost_every_ten_seconds_is_noticed() -> None:
    assert not growth("descriptors", steady(life(1, files_per_s=0.1))).is_flat


def test_only_the_longest_life_counts_and_not_its_warm_up() -> None:
    warm = steady([*life(1)[:20], *life(2), *life(3)[:10]])
    assert {one.life for one in warm} == {2}
    assert warm[0].at == pytest.approx(120, abs=4)
