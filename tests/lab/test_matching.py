"""What the measures of a barter floor promise, checked against theory and by brute force."""

import random
import subprocess
import sys
from itertools import chain, combinations, permutations

import pytest

from souq.lab.economics import LabExtraMissing
from souq.lab.matching import best_assignment, mean, score, scores, top_trading_cycles

Preferences = dict[str, tuple[str, ...]]


def market(people: int, seed: int) -> tuple[Preferences, dict[str, str]]:
    rng = random.Random(seed)
    goods = [f"g{n}" for n in range(people)]
    preferences = {f"p{n}": tuple(rng.sample(goods, people)) for n in range(people)}
    return preferences, dict(zip(preferences, rng.sample(goods, people), strict=True))


def total(preferences: Preferences, holdings: dict[str, str]) -> float:
    return mean([*scores(preferences, holdings).values()])


def test_two_who_want_each_others_good_trade() -> None:
    preferences = {"ada": ("b", "a"), "ben": ("a", "b")}
    assert top_trading_cycles(preferences, {"ada": "a", "ben": "b"}) == {"ada": "b", "ben": "a"}


def test_whoever_holds_their_favourite_keeps_it_though_others_point_at_it() -> None:
    preferences = {"ada": ("a", "b", "c"), "ben": ("a", "c", "b"), "cleo": ("a", "b", "c")}
    endowment = {"ada": "a", "ben": "b", "cleo": "c"}
    assert top_trading_cycles(preferences, endowment) == {"ada": "a", "ben": "c", "cleo": "b"}


def test_three_rotate_where_no_two_could_swap() -> None:
    preferences = {"ada": ("b", "a", "c"), "ben": ("c", "b", "a"), "cleo": ("a", "c", "b")}
    endowment = {"ada": "a", "ben": "b", "cleo": "c"}
    assert top_trading_cycles(preferences, endowment) == {"ada": "b", "ben": "c", "cleo": "a"}


def test_a_tail_that_points_at_a_cycle_is_served_after_it() -> None:
    # ada points at ben, who trades with cleo; dan keeps what nobody wants.
    preferences = {
        "ada": ("b", "c", "a", "d"),
        "ben": ("c", "a", "b", "d"),
        "cleo": ("b", "a", "c", "d"),
        "dan": ("b", "c", "a", "d"),
    }
    endowment = {"ada": "a", "ben": "b", "cleo": "c", "dan": "d"}
    expected = {"ada": "a", "ben": "c", "cleo": "b", "dan": "d"}
    assert top_trading_cycles(preferences, endowment) == expected


def test_what_is_not_one_good_each_is_turned_away() -> None:
    preferences = {"ada": ("a", "b"), "ben": ("a", "b")}
    for endowment in ({"ada": "a", "ben": "a"}, {"ada": "a"}, {"ada": "a", "ben": "z"}):
        with pytest.raises(ValueError, match="one good"):
            top_trading_cycles(preferences, endowment)


@pytest.mark.parametrize("seed", range(60))
def test_trading_cycles_leave_nobody_worse_off_and_no_good_behind(seed: int) -> None:
    preferences, endowment = market(2 + seed % 30, seed)
    result = top_trading_cycles(preferences, endowment)
    assert sorted(result.values()) == sorted(endowment.values())
    for person, ranking in preferences.items():
        assert ranking.index(result[person]) <= ranking.index(endowment[person])


@pytest.mark.parametrize("seed", range(40))
def test_no_coalition_does_better_among_themselves(seed: int) -> None:
    preferences, endowment = market(2 + seed % 4, seed)
    in_core = [
        dict(zip(preferences, goods, strict=True))
        for goods in permutations(endowment.values())
        if not is_blocked(preferences, endowment, dict(zip(preferences, goods, strict=True)))
    ]
    # Roth and Postlewaite 1977: with strict preferences the strict core is a single allocation.
    assert in_core == [top_trading_cycles(preferences, endowment)]


def is_blocked(
    preferences: Preferences, endowment: dict[str, str], holdings: dict[str, str]
) -> bool:
    people = list(preferences)
    coalitions = chain.from_iterable(combinations(people, n) for n in range(1, len(people) + 1))
    for coalition in coalitions:
        for goods in permutations([endowment[person] for person in coalition]):
            steps = [
                preferences[person].index(holdings[person]) - preferences[person].index(good)
                for person, good in zip(coalition, goods, strict=True)
            ]
            if min(steps) >= 0 and max(steps) > 0:
                return True
    return False


@pytest.mark.parametrize("seed", range(30))
def test_the_best_assignment_is_at_least_trading_cycles_and_they_at_least_the_start(
    seed: int,
) -> None:
    pytest.importorskip("scipy", reason="the best assignment needs the extra lab")
    preferences, endowment = market(2 + seed, seed)
    best, cycles = best_assignment(preferences), top_trading_cycles(preferences, endowment)
    assert sorted(best.values()) == sorted(endowment.values())
    assert total(preferences, best) >= total(preferences, cycles) >= total(preferences, endowment)


@pytest.mark.parametrize("seed", range(20))
def test_no_assignment_beats_the_best_one(seed: int) -> None:
    pytest.importorskip("scipy", reason="the best assignment needs the extra lab")
    preferences, endowment = market(2 + seed % 5, seed)
    everything = permutations(endowment.values())
    most = max(
        total(preferences, dict(zip(preferences, goods, strict=True))) for goods in everything
    )
    assert total(preferences, best_assignment(preferences)) == most


def test_a_score_runs_from_one_at_the_top_to_zero_at_the_bottom() -> None:
    ranking = ("a", "b", "c", "d", "e")
    assert [score(ranking, good) for good in ranking] == [1, 0.75, 0.5, 0.25, 0]


def test_without_scipy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(LabExtraMissing, match=r"souq\[lab\]"):
        best_assignment({"ada": ("a", "b"), "ben": ("b", "a")})


def test_importing_the_barter_floor_loads_no_numpy() -> None:
    program = "import sys, souq.lab.swap; print('numpy' in sys.modules or 'scipy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
