"""The earliest deadline, whatever moved, ended or was copied before."""

import random

import pytest

from souq.core.state import DEADLINES, State


@pytest.mark.parametrize("seed", range(40))
def test_the_earliest_deadline_is_found_whatever_moved_before(seed: int) -> None:
    rng = random.Random(seed)
    state, standing = State((DEADLINES,)), dict[str, int]()
    for _ in range(400):
        key, chance = f"k{rng.randint(0, 12)}", rng.random()
        if chance < 0.55:
            standing[key] = rng.randint(0, 200)
            state.put(DEADLINES, key, standing[key])
        elif chance < 0.75:
            state.drop(DEADLINES, key)
            standing.pop(key, None)
        else:
            assert state.next_due() == _earliest(standing)
        if chance < 0.05:
            state = state.fork()
    while (due := state.next_due()) is not None:
        assert due == _earliest(standing)
        state.drop(DEADLINES, due[1])
        del standing[due[1]]
    assert not standing


def test_a_deadline_that_moves_back_again_and_again_takes_no_more_room() -> None:
    state = State((DEADLINES,))
    for due in range(1_000):
        state.put(DEADLINES, "N1", due)
    assert len(state._heap) == 1
    assert state.next_due() == (999, "N1")


def _earliest(standing: dict[str, int]) -> tuple[int, str] | None:
    return min(((due, key) for key, due in standing.items()), default=None)
