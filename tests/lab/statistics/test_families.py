"""Many tests at once."""

import pytest

from souq.lab.effects import Effect
from souq.lab.statistics import corrected


def effect(p: float | None) -> Effect:
    return Effect(name="x", estimate=1.0, low=0.0, high=2.0, p=p, n=10)


def test_holm_and_benjamini_hochberg_are_what_a_hand_gets() -> None:
    family = [effect(0.01), effect(0.04), effect(None), effect(0.03)]
    holm = [one.p_corrected for one in corrected(family)]
    assert holm[2] is None
    assert [holm[0], holm[1], holm[3]] == pytest.approx([0.03, 0.06, 0.06])
    bh = [one.p_corrected for one in corrected(family, "bh")]
    assert [bh[0], bh[1], bh[3]] == pytest.approx([0.03, 0.04, 0.04])
    assert [one.p for one in corrected(family)] == [0.01, 0.04, None, 0.03]


def test_a_family_without_tests_stays_as_it_is() -> None:
    assert corrected([effect(None)]) == (effect(None),)
    assert corrected([]) == ()


def test_an_unknown_correction_is_refused() -> None:
    with pytest.raises(ValueError, match="holm or bh"):
        corrected([effect(0.1)], "magic")
