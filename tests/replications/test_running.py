"""What counts: claims that hold, controls that do not, and the same trades both ways."""

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from souq.lab.kernel import Trade
from souq.replications.replication import Finding, Scale, digest
from souq.replications.results import judged, number
from souq.replications.running import measure, measure_all
from tests.replications.toys import broken, sound

QUICK = Scale(is_quick=True)
CLAIM = Finding("It is one", "1", 1.0, 0.9, 1.1, 1.0, 100, 0.05)
CONTROL = Finding("It is two", "1", 1.0, 0.9, 1.1, 2.0, 100, is_control=True)
TRADE: Trade = ("A1", "A2", "L1", 1, 1)


def replication(
    *findings: Finding,
    tapes: Callable[[int], tuple[list[Trade], list[Trade]]] = sound.tapes,
    tape: str = sound.TAPE,
) -> Any:
    def run(scale: Scale) -> Iterator[Finding]:
        yield from findings

    return SimpleNamespace(ID="T9", TITLE="", SOURCE="", TAPE=tape, run=run, tapes=tapes)


def test_a_sound_replication_is_as_it_should_be() -> None:
    result = measure(sound, QUICK)
    assert result.is_as_it_should_be
    assert [one.verdict for one in result.findings] == ["holds", "fails, as it must"]
    assert result.tapes is not None
    assert (result.tapes.trades, result.tapes.verdict) == (1, "the same")


def test_the_interval_has_95_percent() -> None:
    low, high = judged(CLAIM).interval
    assert low == pytest.approx(1 - 1.959964 * 0.05)
    assert high == pytest.approx(1 + 1.959964 * 0.05)
    assert judged(CONTROL).interval == (2.0, 2.0)


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((Finding("", "", 1, 0.9, 1.1, 1.2, 1), CONTROL), "does not hold"),
        ((Finding("", "", 1, 1, 1, 1 - 1e-12, 1), CONTROL), "does not hold"),
        ((CLAIM, Finding("", "", 1, 0.9, 1.1, 1.0, 1, is_control=True)), "holds, but must not"),
    ],
)
def test_a_claim_off_its_band_or_a_control_in_it_is_not(
    findings: tuple[Finding, ...], verdict: str
) -> None:
    result = measure(replication(*findings), QUICK)
    assert not result.is_as_it_should_be
    assert verdict in [one.verdict for one in result.findings]


@pytest.mark.parametrize("findings", [(), (CLAIM,), (CONTROL,)])
def test_without_a_claim_and_a_control_nothing_is_shown(findings: tuple[Finding, ...]) -> None:
    assert not measure(replication(*findings), QUICK).is_as_it_should_be
    assert measure(replication(CLAIM, CONTROL), QUICK).is_as_it_should_be


@pytest.mark.parametrize(
    ("tapes", "tape", "verdict"),
    [
        (lambda seed: ([], []), digest([]), "no trades"),
        (lambda seed: ([TRADE], []), sound.TAPE, "kernel and market differ"),
        (lambda seed: ([TRADE], [TRADE, TRADE]), sound.TAPE, "kernel and market differ"),
        (sound.tapes, "00" * 8, "not the tape it was"),
    ],
)
def test_trades_that_are_none_or_differ_or_have_drifted_are_not(
    tapes: Any, tape: str, verdict: str
) -> None:
    result = measure(replication(CLAIM, CONTROL, tapes=tapes, tape=tape), QUICK)
    assert result.tapes is not None
    assert result.tapes.verdict == verdict
    assert not result.is_as_it_should_be


def test_on_another_seed_the_tape_of_seed_1_still_counts() -> None:
    result = measure(sound, Scale(is_quick=True, seed=7))
    assert result.tapes is not None
    assert result.tapes.kernel != sound.TAPE
    assert result.is_as_it_should_be
    assert not measure(
        replication(CLAIM, CONTROL, tape="00" * 8), Scale(is_quick=True, seed=7)
    ).is_as_it_should_be


@pytest.mark.parametrize("measured", [math.nan, math.inf])
@pytest.mark.parametrize("is_control", [True, False])
def test_what_was_not_measured_is_no_result(measured: float, is_control: bool) -> None:
    with pytest.raises(ValueError, match="was measured"):
        judged(Finding("", "", 1, 0.9, 1.1, measured, 1, is_control=is_control))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_stops_only_its_own(jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    report = measure_all(
        [broken, sound], QUICK, jobs=jobs, tell=lambda result: told.append(result.id)
    )
    assert [one.id for one in report.results] == ["T2", "T1"]
    assert sorted(told) == ["T1", "T2"]
    assert [one.is_as_it_should_be for one in report.results] == [False, True]
    assert report.results[0].fault == "KeyError: 'the coin is lost'"
    assert "the coin is lost" in capfd.readouterr().err
    assert not report.is_as_it_should_be


def test_a_run_of_nothing_shows_nothing() -> None:
    assert not measure_all([], QUICK).is_as_it_should_be
    assert measure_all([sound], QUICK).is_as_it_should_be


def test_figures_do_not_depend_on_how_many_run_at_once() -> None:
    one, two = (measure_all([sound, broken], QUICK, jobs=jobs).results[0] for jobs in (1, 2))
    assert one.findings == two.findings


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (14.0, "14"),
        (27_345_678.0, "27,345,678"),
        (1.268429, "1.268429"),
        (1e-9, "1e-09"),
    ],
)
def test_figures_are_written_short(value: float, told: str) -> None:
    assert number(value) == told
