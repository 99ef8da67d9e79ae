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


# An order is worked out when it is first asked for, so asking seldom is another case than always.
@pytest.mark.parametrize("asked", [1.0, 0.2])
@pytest.mark.parametrize("seed", range(20))
def test_rows_come_in_order_whatever_was_put_dropped_and_merged(seed: int, asked: float) -> None:
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
            for group in "ab" if chance.random() < asked else "":
                expected = sorted_anew(now, group)
                assert draft.first(ROWS, group) == next(iter(expected), None)
                assert list(draft.walk(ROWS, group)) == expected
                firsts += bool(expected)
        if chance.random() < 0.7:  # else it is refused, and nothing has happened
            draft.merge()
            truth = now
        for group in "ab" if chance.random() < asked else "":
            assert list(state.walk(ROWS, group)) == sorted_anew(truth, group)
            assert state.first(ROWS, group) == next(iter(sorted_anew(truth, group)), None)
    assert firsts > 100 * asked


def test_a_table_that_has_no_row_is_told_from_one_that_may() -> None:
    state = State((ROWS,))
    assert not state.may_have(ROWS)
    draft = Draft(state, 1, lambda view, event: None)
    assert not draft.may_have(ROWS)
    draft.put(ROWS, "k1", Row("a", 1, 1))
    assert draft.may_have(ROWS)
    assert not state.may_have(ROWS)
    draft.merge()
    assert state.may_have(ROWS)
    assert Draft(state, 2, lambda view, event: None).may_have(ROWS)
