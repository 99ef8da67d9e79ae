"""The intake against people whose preferences are known: what is told is understood, no more."""

import pytest

from souq.agents.brief import Brief, WantTold
from souq.agents.intake import Terms
from souq.lab import owners
from souq.lab.population import generator
from souq.lab.understanding import (
    WORDINESS,
    Reader,
    Understood,
    agreement,
    interviewed,
    measure,
    ranks,
)


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, float], Understood]:
    return {(row.wordiness, row.noise): row for row in measure(people=24, floors=1, seed=3)}


def test_who_does_not_slip_is_understood_exactly(
    rows: dict[tuple[str, float], Understood],
) -> None:
    for manner in WORDINESS:
        row = rows[manner.name, 0.0]
        assert (row.among_named, row.test, row.waits) == (1.0, 1.0, 0.0)


def test_more_words_are_better_understood_and_slips_worse(
    rows: dict[tuple[str, float], Understood],
) -> None:
    for noise in (0.0, 0.15, 0.4):
        agreed = [rows[manner.name, noise].whole_floor for manner in WORDINESS]
        assert agreed == sorted(agreed)
        assert agreed[0] > 0.5
    for manner in WORDINESS[1:]:
        agreed = [rows[manner.name, noise].whole_floor for noise in (0.0, 0.15, 0.4)]
        assert agreed == sorted(agreed, reverse=True)
        assert rows[manner.name, 0.4].test < rows[manner.name, 0.0].test


def test_who_tosses_a_coin_through_the_test_mostly_waits() -> None:
    rows = measure(people=24, floors=1, seed=3, answers_by_coin=True)
    assert sum(row.waits for row in rows) / len(rows) > 0.7


def test_the_same_seed_measures_the_same() -> None:
    assert measure(people=8, floors=1, seed=5) == measure(people=8, floors=1, seed=5)
    assert measure(people=8, floors=1, seed=5) != measure(people=8, floors=1, seed=6)


def test_agreement_is_half_for_what_cannot_be_told_apart() -> None:
    truth = ["a", "b", "c"]
    assert agreement(truth, {"a": 0, "b": 1, "c": 2}) == 1
    assert agreement(truth, {"a": 2, "b": 1, "c": 0}) == 0
    assert agreement(truth, {"a": 0, "b": 0, "c": 0}) == 0.5
    assert agreement(truth, {"a": 0, "b": 1, "c": 1}) == pytest.approx(5 / 6)
    assert agreement(["a"], {"a": 0}) == 0.5


def test_a_brief_ranks_its_wants_above_the_unnamed_and_the_refused_below() -> None:
    wants = (WantTold("books", 9, what="b"), WantTold("books", 9, what="a"))
    brief = Brief(wants=wants, never=("d",))
    assert ranks(brief, ["a", "b", "c", "d", "e"]) == {"b": 0, "a": 1, "c": 2, "e": 2, "d": 3}


def test_a_reader_who_does_not_slip_names_the_top_and_the_bottom_of_the_ranking() -> None:
    (owner, *_) = owners.draw(people=12, seed=1).people
    reader = Reader(owner, 0.0, generator(1, "one"))
    brief, words = interviewed(reader, WORDINESS[1], Terms())
    others = [title for title in owner.ranking if title != owner.title]
    assert [want.what for want in brief.wants] == others[:5]
    assert list(brief.never) == others[-2:]
    assert words > 20
