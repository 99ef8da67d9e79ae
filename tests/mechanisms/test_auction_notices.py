"""What an auction tells everybody is explained, name by name; every move has a name outside."""

from typing import Any

import pytest

from souq.core.mechanisms import commit_reveal, dutch_auction, english_auction, sealed_bid
from souq.lab.kernel import Kernel
from souq.operations import BY_TYPE
from tests.mechanisms.plays import PLAYS


class Listening(Kernel):
    """A kernel that notes what everybody is told."""

    __slots__ = ("told",)

    def __init__(self, mechanism: Any) -> None:
        super().__init__(mechanism)
        self.told: set[str] = set()

    def open(self, agent: str, command: Any) -> str:
        run = super().open(agent, command)
        self.told |= set(self.mechanism.standing(self, run).notice)
        return run


@pytest.mark.parametrize("mechanism", [sealed_bid, commit_reveal, english_auction, dutch_auction])
def test_every_name_that_is_told_is_explained_and_no_other(mechanism: Any) -> None:
    for play in PLAYS[mechanism.NAME]:
        path = Listening(mechanism)
        play(path)
        assert path.told == set(mechanism.NOTICE)


@pytest.mark.parametrize(
    ("mechanism", "names"),
    [
        (sealed_bid, {"open_sealed_bid", "place_sealed_bid", "reveal_reserve"}),
        (commit_reveal, {"open_commit_reveal", "commit_bid", "reveal_bid", "reveal_reserve"}),
        (english_auction, {"open_english_auction", "place_proxy_bid"}),
        (dutch_auction, {"open_dutch_auction", "take_falling_price"}),
    ],
)
def test_every_move_can_be_made_from_outside(mechanism: Any, names: set[str]) -> None:
    assert {BY_TYPE[kind].name for kind in (*mechanism.OPENS, *mechanism.MOVES)} == names
