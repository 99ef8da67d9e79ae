"""Rows in order: the same order in a state, in a draft over it, and in a plain sort."""

import random

import pytest
from msgspec import Struct

from souq.core.index import Rank
from souq.core.state import Draft, State, Table


class Row(Struct, frozen=True):
    group: str
    price: int
    number: int


def _rank(row: Row) -> Rank | None:
    return Rank(row.group, row.price, row.number) if row.price else None


ROWS: Table[Row] = Table("rows", Row, rank=_rank)


def sorted_anew(rows: dict[str, Row], group: str) -> list[tuple[str, Row]]:
    mine = [(key, row) for key, row in rows.items() if row.group == group and row.price]
    return sorted(mine, key=lambda one: (one[1].price, one[1].number))


@pytest.mark.parametrize("seed", range(20))
def test_rows_come_in_order_whatever_was_put_dropped_and_merged(seed: int) -> None:
    chance = random.Random(seed)
    state = State((ROWS,))
    truth: dict[str, Row] = {}
    firsts = 0
    for at in range(1, 40):
        draft = Draft(state, at, lambda view, event: None)
        now = dict(truth)
        for _ in range(chance.randint(1, 12)):
            key = f"k{chance.randint(1, 30)}"
            if chance.random() < 0.4:
                draft.drop(ROWS, key)
                now.pop(key, None)
            else:
                row = Row(chance.choice("ab"), chance.randint(0, 5), chance.randint(1, 10**6))
                draft.put(ROWS, key, row)
                now[key] = row
            for group in "ab":
                expected = sorted_anew(now, group)
                assert draft.first(ROWS, group) == next(iter(expected), None)
                assert list(draft.walk(ROWS, group)) == expected
                firsts += bool(expected)
        if chance.random() < 0.7:  # else it is refused, and nothing has happened
            draft.merge()
            truth = now
        for group in "ab":
            assert list(state.walk(ROWS, group)) == sorted_anew(truth, group)
            assert state.first(ROWS, group) == next(iter(sorted_anew(truth, group)), None)
    assert firsts > 100
