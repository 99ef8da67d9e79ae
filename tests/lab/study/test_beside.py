"""Published figures stand beside ours where the file asks for them, and only there."""

from pathlib import Path

import msgspec
import pytest

from souq.lab.experiment import reading
from souq.lab.experiment.reading import BadExperiment
from souq.lab.study import beside
from souq.lab.study.opening import Study
from tests.lab.study.folders import SMALL


def test_arms_are_mixed_or_not_by_who_was_assigned_what(study: Study) -> None:
    asked = study.base.beside
    assert asked is not None
    layout = beside.layout_of(study, asked)
    assert layout.mixed == ("mixed", "mixed and dear")
    assert layout.uniform == ("all strong",)
    assert layout.aggressive == {"boulware"}
    assert not layout.one_population


def test_ours_stand_beside_the_published_ones(study: Study) -> None:
    told = beside.section(study)
    assert "+2.07, p = 0.001" in told
    assert "$24.18 (n = 93)" in told
    assert "Ours: 30 people" in told


def test_without_the_question_there_is_no_such_section(study: Study) -> None:
    base = msgspec.structs.replace(study.base, beside=None)
    design = msgspec.structs.replace(study.design, base=base)
    assert beside.section(msgspec.structs.replace(study, design=design)) == ""


def test_kinds_that_nobody_has_are_mistakes_with_their_line() -> None:
    text = SMALL.replace('strong = "strong"\nweak = "weak"', 'strong = "weak"\nweak = "weaker"')
    with pytest.raises(BadExperiment) as caught:
        reading.parse(text, Path("experiment.toml"))
    (mistake,) = {(one.line, one.why) for one in caught.value.mistakes}
    assert mistake == (17, 'there is no kind of agent "weaker"; there are strong, weak')
    same = SMALL.replace('weak = "weak"\nagg', 'weak = "strong"\nagg')
    with pytest.raises(BadExperiment, match="two kinds are compared"):
        reading.parse(same, Path("experiment.toml"))
