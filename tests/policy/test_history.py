"""What is remembered sums up to what a list of it sums up to, whatever came back since."""

import os
from bisect import bisect_right
from random import Random

import pytest

from souq.core.policy import history
from souq.core.policy.history import Kept
from souq.core.state import State

ROUNDS = 20_000 if os.environ.get("SOUQ_FULL") == "1" else 2_000


@pytest.mark.parametrize("seed", range(4))
def test_any_window_sums_what_a_list_sums(seed: int) -> None:
    chance = Random(seed)
    state = State(history.TABLES)
    rows: list[tuple[int, int, int]] = []
    for step in range(ROUNDS):
        state.at += chance.choice((0, 1, 1, 5))
        if rows and chance.randint(0, 3) == 0:
            n = chance.randrange(len(rows))
            off = (chance.randint(0, 9), chance.randint(0, 9))
            rows[n] = (rows[n][0], rows[n][1] - off[0], rows[n][2] - off[1])
            history.lessen(state, "s", n + 1, *off)
        else:
            row = (state.at, chance.randint(-50, 50), chance.randint(0, 50))
            rows.append(row)
            assert history.append(state, "s", *row[1:]) == len(rows)
        after = chance.choice((-1, 0, state.at, state.at - 1, chance.randint(0, state.at)))
        counted = rows[bisect_right([at for at, _, _ in rows], after) :]
        found = history.since(state, "s", after)
        assert found.count == len(counted), step
        assert (found.first, found.second) == (
            sum(first for _, first, _ in counted),
            sum(second for _, _, second in counted),
        )


def test_a_window_over_ten_thousand_rows_costs_a_few_look_ups() -> None:
    state = State(history.TABLES)
    for at in range(10_000):
        state.at = at
        history.append(state, "s", 1, 1)
    looked = _Counting(state)
    assert history.since(looked, "s", 1_234).count == 10_000 - 1_235  # type: ignore[arg-type]
    assert looked.count <= 16


class _Counting:
    """A view that counts what is looked up in it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.count = 0

    def get(self, table: object, key: str) -> object:
        self.count += 1
        return self._state.get(table, key)  # type: ignore[arg-type]

    def getter(self, table: object) -> object:
        def get(key: str) -> object:
            return self.get(table, key)

        return get


def _committed(units: int = 100, claim: str = "C1/A1") -> tuple[State, Kept]:
    state = State(history.TABLES)
    state.at = 10
    history.commit(state, ("P1", "A1"), claim, units, "USD", (("P2", units),))
    return state, Kept(state, "P1")


def test_what_comes_back_in_part_is_a_refund_and_whole_was_never_spent() -> None:
    state, past = _committed()
    state.at = 90
    history.come_back(state, "C1/A1", 30)
    assert (past.spent("USD", 5, net=True), past.spent("USD", 5, net=False)) == (70, 100)
    assert past.spent("USD", 10, net=True) == 0  # at the entry's own moment
    state, past = _committed()
    history.come_back(state, "C1/A1", 100)
    assert past.spent("USD", 5, net=False) == 0


def test_what_a_channel_gives_back_was_never_spent() -> None:
    state, past = _committed(claim="X1.2/A1")
    history.come_back(state, "X1.2/A1", 30)
    assert past.spent("USD", 5, net=False) == 70


def test_exposure_ends_with_its_claim() -> None:
    state, past = _committed()
    assert past.exposure("P2", "USD") == 100
    assert past.exposure("P2", "EUR") == past.exposure("P3", "USD") == 0
    history.come_back(state, "C1/A1", 0)
    assert past.exposure("P2", "USD") == 0
    assert not state.rows(history.EXPOSED)
    assert history.come_back(state, "C1/A1", 5) is None


def test_assets_are_counted_apart() -> None:
    _, past = _committed()
    assert past.spent("EUR", -1, net=True) == 0
    assert past.loss("USD", -1) == 0


def test_a_counterparty_is_new_once() -> None:
    state = State(history.TABLES)
    past = Kept(state, "P1")
    for at, others in ((1, ("P2", "P3")), (2, ("P2",)), (3, ("P4",))):
        state.at = at
        history.deal(state, "P1", others)
    assert [past.newcomers(after) for after in (-1, 0, 1, 2, 3)] == [3, 3, 1, 1, 0]
    assert [past.deals(after) for after in (-1, 1, 3)] == [3, 2, 0]
    assert not past.knows("P5")


def test_only_the_latest_quantities_and_prices_are_kept() -> None:
    state = State(history.TABLES)
    for n in range(150):
        history.take(state, "P1", "home", n)
        history.push_price(state, "home", "USD", n)
    past = Kept(state, "P1")
    assert past.quantities("home") == tuple(range(50, 150))
    assert past.prices("home", "USD") == tuple(range(100, 150))
    assert past.quantities("homes") == past.prices("home", "EUR") == ()
