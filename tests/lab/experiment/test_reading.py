"""A file of an experiment: what it means, and every mistake in it with its line."""

from pathlib import Path

import pytest

from souq.lab.experiment import reading
from souq.lab.experiment.lines import Lines
from souq.lab.experiment.schema import Design

HERE = Path(__file__).parent / "no-such-file.toml"
ROOT = Path(__file__).parents[3]
WRONG = """\
name = "x"
repetitions = 0
outcom = "surplus"

[population]
people = "many"
budget = "lots"
sources = [
    {kind = "listings", paths = ["gone.jsonl"]},
]

[market]
fee_bps = 20000
rules.offer_us = "soon"
rules.speed = 3
guardrails = "gone.toml"

[agents.strong]
skill = "mighty"
strategy = "win"

[treatments.magic]
power = 3

[[arms]]
name = "one"
market.turns_per_person = 0

[[arms]]
name = "two"
agents.strong.share = -1
seed = 3

[[arms]]
market.fee_bps = 3
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    with pytest.raises(reading.BadExperiment) as caught:
        reading.parse(text, HERE)
    return [(one.line, one.where) for one in caught.value.mistakes]


def parsed(text: str) -> Design:
    return reading.parse(text, HERE)


def test_what_the_types_do_not_allow_is_said_all_at_once() -> None:
    found = mistakes(WRONG)
    assert (3, "outcom") in found
    assert (6, "population.people") in found
    assert (32, "arms[1].seed") in found
    assert (34, "arms[2].name") in found


def test_what_the_types_allow_is_checked_as_well() -> None:
    text = WRONG.replace('people = "many"', "people = 5").replace('outcom = "surplus"', "")
    text = text.replace("seed = 3", "").replace("[[arms]]\nmarket.fee_bps = 3\n", "")
    found = mistakes(text)
    for expected in (
        (2, "repetitions"),
        (7, "population.budget"),
        (8, "population.sources[0].paths[0]"),
        (13, "market.fee_bps"),
        (14, "market.rules.offer_us"),
        (15, "market.rules.speed"),
        (16, "market.guardrails"),
        (19, "agents.strong.skill"),
        (20, "agents.strong.strategy"),
        (22, "treatments.magic"),
        (27, "arms[0].market.turns_per_person"),
        (31, "arms[1].agents.strong.share"),
    ):
        assert expected in found


def test_a_file_that_is_no_toml_is_told_by_its_line() -> None:
    assert mistakes('name = "x"\nseed = \n')[0][0] == 2


def test_an_arm_is_laid_over_what_all_share() -> None:
    design = parsed(
        """
        name = "fees"
        market.days = 3
        [[arms]]
        name = "free"
        [[arms]]
        name = "dear"
        market.fee_bps = 900
        """
    )
    free, dear = (arm.experiment.market for arm in design.arms)
    assert (free.fee_bps, dear.fee_bps) == (0, 900)
    assert free.days == dear.days == 3


def test_factors_are_crossed() -> None:
    design = parsed(
        """
        name = "x"
        [[factors]]
        name = "fee"
        levels = [{name = "free"}, {name = "dear", market.fee_bps = 900}]
        [[factors]]
        name = "length"
        levels = [{name = "day", market.days = 1}, {name = "a"}, {name = "two", market.days = 14}]
        """
    )
    found = [
        (arm.name, arm.experiment.market.fee_bps, arm.experiment.market.days) for arm in design.arms
    ]
    assert len(found) == 6
    assert ("dear, two", 900, 14) in found
    assert ("free, a", 0, 7) in found


def test_two_arms_of_one_name_are_a_mistake() -> None:
    twice = 'name = "x"\n[[arms]]\nname = "a"\n[[arms]]\nname = "a"\n'
    assert mistakes(twice)


def test_arms_and_factors_exclude_each_other() -> None:
    both = 'name = "x"\n[[arms]]\nname = "a"\n[[factors]]\nlevels = [{name = "b"}]\n'
    assert (4, "factors") in mistakes(both)


def test_within_needs_the_same_people_and_equal_shares() -> None:
    text = 'name = "x"\nassignment.method = "within"\n[agents]\na.share = 1\nb.share = 2\n'
    assert len(mistakes(text)) == 2


@pytest.mark.parametrize("file", sorted((ROOT / "experiments").glob("**/*.toml")), ids=str)
def test_what_ships_is_sound(file: Path) -> None:
    assert reading.read(file).arms


def test_lines_are_found_where_a_statement_goes_on() -> None:
    lines = Lines(
        'a = [\n  1,\n]\n[b]\nc = """\n[d]\n"""\ne.f = 1\n[[g]]\nh = 1\n[[g]]\n[g.i]\nj = 2\n'
    )
    assert lines.of(("b", "c")) == 5
    assert lines.of(("b", "e", "f")) == 8
    assert lines.of(("g", 1, "i", "j")) == 13
    assert lines.of(("g", 1, "unknown")) == 11
    assert lines.of(("d",)) == 1


def test_every_mistake_in_tables_of_free_names_is_named_with_its_line() -> None:
    text = """\
name = "x"
[agents.a]
share = 1
[agents.b]
share = "2"
[agents.c]
skil = "x"
[treatments]
adversaries = 3
"""
    found = mistakes(text)
    assert (5, "agents.b.share") in found
    assert (7, "agents.c.skil") in found
    assert (9, "treatments.adversaries") in found


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("rules.rounds_max = -5", "market.rules.rounds_max"),
        ("rules.assets = []", "market.rules.assets"),
        ("fee_bps = 5\nrules.fee_bps = 7", "market.rules.fee_bps"),
        ("days = 60\nrules.delivery_us = 1000000", "market.rules.delivery_us"),
    ],
)
def test_the_house_itself_is_asked_whether_it_could_have_such_rules(line: str, where: str) -> None:
    assert where in [at for _, at in mistakes(f'name = "x"\n[market]\n{line}\n')]


@pytest.mark.parametrize(
    "text",
    [
        'name = "../elsewhere"',
        'name = "x"\nagents.a.share = inf',
        'name = "x"\nagents.a.model = "gpt"',
        'name = "x"\nmodels.timeout_s = -1',
        'name = "x"\nsurvey.by = "nonsense"',
        'name = "x"\npopulation.sources = [{kind = "listings"}]',
        'name = "x"\npopulation.sources = [{paths = ["a\\u0000b"]}]',
        'name = "x"\npopulation = {people = 5000, goods_per_person = 100}',
        'name = "x"\nstopping = {half_width = nan}',
        'name = "x"\nrepetitions = 100000\n[[arms]]\nname = "a"\n[[arms]]\nname = "b"',
        'name = "x"\n[[arms]]\nname = "a"\nsurvey.by = "script"',
        f'name = "x"\nseed = {"9" * 5000}',
    ],
)
def test_what_nobody_can_run_is_said_before_anything_is_run(text: str) -> None:
    assert mistakes(text)


def test_factors_have_names_of_their_own() -> None:
    level = 'name = "f"\nlevels = [{name = "%s"}, {name = "%s"}]\n'
    text = 'name = "x"\n' + "".join(
        "[[factors]]\n" + level % names for names in (("a", "b"), ("c", "d"))
    )
    assert any(where == "factors" for _, where in mistakes(text))
