"""Power before a run: of the design that the file has, and of nothing that it has not."""

from pathlib import Path

import pytest

from souq.lab.experiment import reading
from souq.lab.experiment.schema import Design
from souq.lab.study.planning import plan
from tests.lab.study.folders import EMPTY, SMALL


def design(text: str = SMALL, repetitions: int = 3) -> Design:
    text = text.replace("repetitions = 3", f"repetitions = {repetitions}")
    return reading.parse(text, Path("experiment.toml"))


def test_more_repetitions_find_smaller_effects() -> None:
    few, many = (plan(design(repetitions=n), sd=10, correlation=0.5) for n in (4, 40))
    for one, other in zip(few, many, strict=True):
        assert one.power is not None
        assert other.power is not None
        assert other.power.detectable < one.power.detectable / 2
        assert one.power.design.repetitions == 4


def test_arms_are_planned_over_markets_and_kinds_over_people() -> None:
    arms, kinds = plan(design(), sd=10)
    assert arms.power is not None
    assert arms.power.design.assignment == "market"
    assert arms.power.design.kinds == 3
    assert kinds.power is not None
    assert (kinds.power.design.people, kinds.power.design.markets) == (10, 2)
    assert kinds.unit == "$"


def test_without_a_spread_effects_are_in_standard_deviations() -> None:
    for one in plan(design()):
        assert one.unit == "sd"
        assert "nothing known" in one.assumed


def test_a_pilot_tells_the_spread(small: Path) -> None:
    arms, kinds = plan(design(repetitions=20), pilot=small)
    assert arms.power is not None
    assert 0.1 < arms.power.spread.sd < 100
    assert kinds.power is not None
    assert 1 < kinds.power.spread.sd < 500
    assert 0 < kinds.power.spread.correlation < 1


def test_what_cannot_be_found_says_why() -> None:
    arms, kinds = plan(design(repetitions=1))
    assert arms.power is None
    assert "fewer than 3 repetitions" in arms.note
    assert kinds.power is not None
    (nothing,) = plan(design(EMPTY))
    assert nothing.note == "one arm, and one kind of agent"


def test_numbers_that_cannot_be_are_refused() -> None:
    assert "sd must be above 0" in plan(design(), sd=-1)[0].note
    with pytest.raises(OSError, match="nothing"):
        reading.read(Path("nothing"))
