"""What holds for every mechanism that is open to all, shown on its examples."""

import pytest

from souq.core.mechanisms import BY_NAME
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel
from tests.mechanisms.plays import OPEN, PLAYS, Play

EVERY = [(name, play) for name, plays in PLAYS.items() for play in plays]


def test_every_mechanism_has_its_examples() -> None:
    assert set(PLAYS) == {one.NAME for one in OPEN}


@pytest.mark.parametrize(("name", "play"), EVERY)
def test_kernel_and_market_trade_alike(name: str, play: Play) -> None:
    kernel, hall = Kernel(BY_NAME[name]), Hall(BY_NAME[name])
    play(kernel)
    play(hall)
    assert kernel.trades == hall.trades
    assert hall.trades, "it proves nothing without a trade"
