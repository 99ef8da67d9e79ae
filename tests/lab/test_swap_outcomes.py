"""What people got: its bounds, its two causes, and what must show between floors.

Each law stands beside the bug that breaks it, planted.
"""

import random
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from souq.journal.memory import MemoryStore
from souq.lab import matching
from souq.lab.population import generator
from souq.lab.swap import FloorSettings, Intake, Played, run_floor, tables_of
from souq.lab.swap.evidence import prepare
from souq.lab.swap.outcome import agreement, outcomes, shortfall
from souq.lab.swap.running import briefs
from souq.lab.tables import ReaderRow
from souq.lab.understanding import agreement as agreement_with_ties

pytest.importorskip("scipy", reason="the best assignment needs the extra lab")

MANNERS = {"terse": 1, "plain": 1, "wordy": 1, "tireless": 1}
LIKE_PEOPLE = FloorSettings(
    people=40, popularity_percent=10, intake=Intake(manners=MANNERS, noise_percent=40)
)
Readers = list[ReaderRow]


def readers(settings: FloorSettings, seed: int) -> Readers:
    simulation = run_floor(settings, MemoryStore(), seed=seed)
    found: Any = tables_of(simulation.history, simulation.engine.state, "arm", seed)["readers"]
    return list(found)


@pytest.fixture(scope="module")
def strong() -> list[Readers]:
    return [readers(LIKE_PEOPLE, seed) for seed in range(5)]


def mean(rows: Readers, field: str) -> float:
    return sum(getattr(row, field) for row in rows) / len(rows)


def pooled(floors: list[Readers]) -> Readers:
    return [row for floor in floors for row in floor]


def prepared(seed: int, people: int = 12) -> Played:
    settings = msgspec.structs.replace(LIKE_PEOPLE, people=people)
    return prepare(settings, seed=seed, kinds={}, models=())


def test_the_published_means_give_the_published_shares() -> None:
    found = shortfall(best_true=0.89, best_understood_true=0.60, achieved=0.55)
    assert found.share_understanding is not None
    assert round(found.share_understanding, 2) == 0.85
    assert found.understanding + found.trading == pytest.approx(found.total)
    assert shortfall(best_true=1, best_understood_true=1, achieved=1).share_understanding is None


def test_agreement_is_that_of_the_intake_for_rankings_without_ties() -> None:
    rng = random.Random(5)
    for _ in range(50):
        truth = [f"t{n}" for n in range(rng.randint(1, 9))]
        found = rng.sample(truth, len(truth))
        place = {title: n for n, title in enumerate(found)}
        assert agreement(truth, found) == pytest.approx(agreement_with_ties(truth, place))


def test_no_way_to_hold_the_books_beats_the_best() -> None:
    rng = random.Random(7)
    for seed in range(20):
        played = prepared(seed)
        titles = [one.title for one in played.people]
        shuffled = rng.sample(titles, len(titles))
        held = {one.name: title for one, title in zip(played.people, shuffled, strict=True)}
        found = outcomes(played, held).values()
        for scores in ([one.true for one in found], [one.understood for one in found]):
            best = sum(one.best for one in scores)
            for name in ("achieved", "ttc", "best_told", "ttc_told", "start"):
                assert sum(getattr(one, name) for one in scores) <= best + 1e-9
            # By trading cycles nobody steps below what they brought, whatever others like.
            assert all(one.ttc >= one.start for one in scores)


def test_a_best_assignment_that_is_not_the_best_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = prepared(3)
    best = matching.best_assignment({one.name: one.ranking for one in played.people})

    def worst(rankings: matching.Preferences) -> dict[str, str]:
        turned = {name: tuple(reversed(ranking)) for name, ranking in rankings.items()}
        return best_of(turned)

    best_of = matching.best_assignment
    monkeypatch.setattr(matching, "best_assignment", worst)
    with pytest.raises(AssertionError, match="nothing beats the best"):
        outcomes(played, best)


def test_trading_cycles_that_make_somebody_lose_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = prepared(3)

    def passed_on(rankings: matching.Preferences, endowment: Mapping[str, str]) -> dict[str, str]:
        names = list(rankings)
        return {
            name: endowment[after] for name, after in zip(names, names[1:] + names[:1], strict=True)
        }

    monkeypatch.setattr(matching, "top_trading_cycles", passed_on)
    start = {one.name: one.title for one in played.people}
    with pytest.raises(AssertionError, match="nobody loses"):
        outcomes(played, start)


def test_a_book_in_two_hands_is_noticed() -> None:
    played = prepared(3)
    held = {one.name: played.people[0].title for one in played.people}
    with pytest.raises(AssertionError, match="one book"):
        outcomes(played, held)


def share_due_to_understanding(floors: list[Readers]) -> float:
    rows = pooled(floors)
    found = shortfall(
        best_true=mean(rows, "best_true"),
        best_understood_true=mean(rows, "best_understood_true"),
        achieved=mean(rows, "score_true"),
    )
    assert found.share_understanding is not None
    return found.share_understanding


def test_much_of_the_shortfall_is_what_agents_did_not_understand(strong: list[Readers]) -> None:
    assert 0.4 < share_due_to_understanding(strong) < 1


def test_where_the_true_ranking_leaks_nothing_is_left_to_understand(
    strong: list[Readers],
) -> None:
    leaky = msgspec.structs.replace(LIKE_PEOPLE, intake=None)
    leaked = [readers(leaky, seed) for seed in range(2)]
    assert share_due_to_understanding(leaked) == 0
    assert {row.agreement for row in pooled(leaked)} == {1.0}
    assert all(row.score_true == row.score_understood for row in pooled(leaked))
    assert 0.5 < mean(pooled(strong), "agreement") < 0.75
    assert any(row.score_true != row.score_understood for row in pooled(strong))


def test_a_leak_into_one_brief_shows() -> None:
    played = prepared(3, people=40)
    truths = [one.ranking for one in played.people]
    assert not set(truths) & {brief.ranking for brief in briefs(played)}
    leaked = msgspec.structs.replace(played.cast[7], places=())
    cast = (*played.cast[:7], leaked, *played.cast[8:])
    planted = msgspec.structs.replace(played, cast=cast)
    found = [n for n, brief in enumerate(briefs(planted)) if brief.ranking == truths[n]]
    assert found == [7]


def strong_ahead(strong: list[Readers], other: list[Readers]) -> list[float]:
    field = "score_understood"
    return [mean(one, field) - mean(two, field) for one, two in zip(strong, other, strict=True)]


def test_strong_floors_end_above_weak_ones(strong: list[Readers]) -> None:
    settings = msgspec.structs.replace(LIKE_PEOPLE, kinds={"weak": 1})
    ahead = strong_ahead(strong, [readers(settings, seed) for seed in range(5)])
    assert sum(ahead) / 5 > 0.03
    assert sum(one > 0 for one in ahead) >= 4
    # Planted: weak agents with the skills of strong ones, on the same floors, are level with them.
    assert strong_ahead(strong[:1], [readers(LIKE_PEOPLE, 0)]) == [0]


def test_people_who_type_more_are_understood_better(strong: list[Readers]) -> None:
    rows = pooled(strong)
    agreed, words = [], []
    for manner in MANNERS:
        those = [row for row in rows if row.wordiness == manner]
        agreed.append(mean(those, "agreement"))
        words.append(mean(those, "words"))
    assert agreed == sorted(agreed)
    assert words == sorted(words)
    assert agreed[-1] - agreed[0] > 0.08
    # Planted: manners dealt out anew tell nothing.
    shuffled = generator(1, "planted").sample(rows, len(rows))
    quarter = len(rows) // 4
    parts = [mean(shuffled[n * quarter : (n + 1) * quarter], "agreement") for n in range(4)]
    assert max(parts) - min(parts) < 0.06


def test_only_who_was_told_to_care_may_end_below_where_it_began_and_by_little(
    strong: list[Readers],
) -> None:
    assert all(row.score_understood >= row.start_understood for row in pooled(strong))
    ruthless = msgspec.structs.replace(LIKE_PEOPLE, styles={"ruthless": 1})
    assert all(row.score_understood >= row.start_understood for row in readers(ruthless, 0))
    caring = msgspec.structs.replace(LIKE_PEOPLE, styles={"prosocial": 1})
    lost = [row.start_understood - row.score_understood for row in readers(caring, 0)]
    assert max(lost) <= 0.05 * 40 / 39 + 1e-9  # one small step, once
