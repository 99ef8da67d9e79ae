"""More bugs to plant: a halted market that does not stand still, or does not go on as it should."""

from typing import Any

import pytest

from souq.core import halt, market, standstill
from souq.core.halt import HaltSet
from tests.laws.bugs import _nothing, bug


def _does_not_stop(patch: pytest.MonkeyPatch, what: str) -> None:
    honest = halt.need

    def need(view: Any, asked: Any) -> None:
        if asked != what:
            honest(view, asked)

    patch.setattr(halt, "need", need)


@bug
def a_halt_does_not_stop_commitments(patch: pytest.MonkeyPatch) -> None:
    _does_not_stop(patch, "commitments")


@bug
def a_halt_does_not_stop_negotiations(patch: pytest.MonkeyPatch) -> None:
    _does_not_stop(patch, "negotiations")


@bug
def a_halt_does_not_stop_settlements(patch: pytest.MonkeyPatch) -> None:
    _does_not_stop(patch, "settlements")


@bug
def anybody_throws_the_switch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(halt, "need_operator", _nothing)


@bug
def clocks_run_on_in_a_standstill(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(market.REACTIONS, HaltSet, ())


@bug
def a_clock_starts_again_with_little_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(standstill, "LEFT_MIN_US", 0)


@bug
def a_clock_that_stood_still_never_starts(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(market._EVOLVE, standstill.ClocksStarted, _nothing)


@bug
def a_hold_runs_out_in_a_standstill(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(standstill, "_stands_still", lambda id: id.startswith("C"))
