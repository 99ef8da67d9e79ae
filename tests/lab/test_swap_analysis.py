"""The published figures beside ours: known effects planted in made-up rows come out again."""

import math
import random
from typing import Any

import msgspec
import pytest

from souq.lab.effects import Effect
from souq.lab.swap.analysis import Line, lines, offices
from souq.lab.tables import ReaderRow

pytest.importorskip("scipy", reason="intervals need the extra lab")

PLAIN = ReaderRow(
    arm="",
    repetition=0,
    person="",
    agent="",
    kind="strong",
    style="neutral",
    wordiness="plain",
    words=50,
    agreement=0.61,
    agreement_popularity=0.53,
    rank=1,
    swaps=1,
    rotations=0,
    proposals=1,
    messages=1,
    positions=1,
    named_top=True,
    named_false_top=False,
    start_true=0.5,
    score_true=0.55,
    best_true=0.89,
    ttc_true=0.8,
    best_understood_true=0.60,
    ttc_understood_true=0.60,
    start_understood=0.5,
    score_understood=0.88,
    best_understood=0.95,
    ttc_understood=0.9,
)


def made_up(
    seed: int, *, tier: float = 0.0, half: float = 0.0, ruthless: float = 0.0, words: float = 0.0
) -> list[ReaderRow]:
    """Make rows of 8 repetitions of offices of 40 and 12, with effects that are known.

    A floor has its luck, and so has each person, on every floor alike.
    """
    rng = random.Random(seed)
    rows = []
    designs: dict[str, dict[str, Any]] = {
        "strong": {},
        "weak": {"kind": "weak"},
        "mixed": {},
        "prosocial": {"style": "prosocial"},
        "ruthless": {"style": "ruthless"},
    }
    for people in (40, 12):
        for repetition in range(8):
            luck = [rng.gauss(0, 0.05) for _ in range(people)]
            typed = [rng.choice((25, 50, 100, 200)) for _ in range(people)]
            for arm, design in designs.items():
                common = rng.gauss(0, 0.02)
                for n in range(people):
                    own = dict(design)
                    if arm == "mixed":
                        own["kind"] = "weak" if n % 2 else "strong"
                    score = 0.80 + common + luck[n] + rng.gauss(0, 0.05)
                    score += tier * (arm == "strong") + half * (own.get("kind") == "strong")
                    score += ruthless * (arm == "ruthless")
                    agreement = 0.5 + words * math.log2(typed[n]) + rng.gauss(0, 0.02)
                    rows.append(
                        msgspec.structs.replace(
                            PLAIN,
                            arm=f"{people}/{arm}",
                            repetition=repetition,
                            person=f"Reader {n}",
                            words=typed[n],
                            agreement=agreement,
                            score_understood=score,
                            **own,
                        )
                    )
    return rows


def found(rows: list[ReaderRow]) -> dict[str, Line]:
    return {line.name: line for line in lines(rows)}


def covers(line: Line, value: float) -> bool:
    assert isinstance(line.ours, Effect), line.name
    return line.ours.low <= value <= line.ours.high


AHEAD = "the strong half ahead of the weak half, mixed floors"
ABOVE = "on agents' rankings: strong floors above weak ones"
RUTHLESS = "ruthless over prosocial"
DOUBLED = "twice the words typed add"


def test_effects_that_were_planted_are_found_and_others_are_not() -> None:
    planted = found(made_up(1, tier=0.13, half=0.14, ruthless=0.02, words=0.041))
    assert covers(planted[ABOVE], 0.13)
    assert covers(planted[AHEAD], 0.14)
    assert covers(planted[RUTHLESS], 0.02)
    assert covers(planted[DOUBLED], 0.041)
    clusters = {
        name: line.ours.clusters for name, line in planted.items() if isinstance(line.ours, Effect)
    }
    assert clusters[DOUBLED] == (40 + 12) * 8  # people, who are the same on all arms
    assert clusters[ABOVE] == clusters[RUTHLESS] == 2 * 8
    assert not covers(planted[ABOVE], 0)
    assert not covers(planted[AHEAD], 0)
    assert not covers(planted[DOUBLED], 0)


def test_intervals_cover_what_is_true_about_as_often_as_they_say() -> None:
    names = (ABOVE, AHEAD, RUTHLESS, DOUBLED)
    hits = [covers(found(made_up(seed))[name], 0) for seed in range(8) for name in names]
    assert sum(hits) >= 26  # of 32; 95 % would be 30


def test_where_everybody_is_alike_the_published_means_come_out_exactly() -> None:
    rows = [
        msgspec.structs.replace(PLAIN, arm="a", repetition=n, person=f"Reader {m}")
        for n in range(4)
        for m in range(10)
    ]
    told = found(rows)
    for name, line in told.items():
        if "own lists" in name or "shortfall" in name:
            assert isinstance(line.ours, Effect)
            assert line.ours.estimate == pytest.approx(line.published[0], abs=0.005), name
            assert line.ours.low == pytest.approx(line.ours.high)


def test_what_no_floor_can_tell_is_left_open() -> None:
    rows = [msgspec.structs.replace(PLAIN, arm="a", person=f"Reader {m}") for m in range(10)]
    told = found(rows)
    assert told[ABOVE].ours is None
    assert told[AHEAD].ours is None
    assert told[RUTHLESS].ours is None
    assert told[DOUBLED].ours is None  # all typed as much
    # One floor has a mean, and no interval.
    assert told["on people's own lists: achieved"].ours == pytest.approx(0.55)
    knowing = [msgspec.structs.replace(row, wordiness="") for row in rows]
    assert found(knowing)["agent's ranking agrees with the person's, pairwise"].ours is None


def test_every_figure_of_the_paper_that_a_floor_can_show_has_a_line() -> None:
    told = found(made_up(1))
    assert len(told) == 21
    published = [line.published for line in told.values()]
    assert all(1 <= len(one) <= 2 and one[0] <= one[-1] for one in published)


def test_offices_are_told_apart_by_their_people() -> None:
    parted = offices(made_up(1))
    assert list(parted) == [40, 12]
    assert {name: len(rows) for name, rows in parted.items()} == {40: 40 * 40, 12: 12 * 40}
