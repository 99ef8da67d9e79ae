"""A form is the interview without questions: the same readers, the same test, the same brief."""

from pathlib import Path

import pytest

from souq.agents.brief import BadBrief, Understanding
from souq.agents.brief_writing import written
from souq.agents.intake import form as forms
from souq.agents.intake.form import Form
from tests.agents.interviews import WHOLE, picked, told

FORM = """
name = "Bea"
budget = 100
style = "friendly and brief"
owns = ["a red road bike"]
never = ["anything with nuts"]

[[things]]
title = "Brass lamp"
category = "Home"
description = "A dent in the foot"
ask = "$90"
floor = 60.00

[[wants]]
category = "games"
what = "a board game"
most = 20

[[wants]]
category = "books"
what = "an old atlas"
most = "30,50"
count = 2
"""


def form(text: str, folder: Path) -> Form:
    path = folder / "answers.toml"
    path.write_text(text)
    return forms.read(path)


def test_a_form_gives_what_the_interview_gives(tmp_path: Path) -> None:
    interview = told((*WHOLE, "yes"))
    picked(interview)
    told_form = form(FORM, tmp_path)
    choices = tuple(one.predicted for one in forms.choices_in(told_form))
    assert forms.filled(form(f"choices = {list(choices)}\n{FORM}", tmp_path)) == interview.brief


def test_a_form_without_choices_leaves_the_person_to_approve(tmp_path: Path) -> None:
    assert forms.filled(form(FORM, tmp_path)).understanding == Understanding(0, 7)


def test_a_brief_is_a_form_and_is_measured_anew(tmp_path: Path) -> None:
    interview = told((*WHOLE, "yes"))
    picked(interview)
    again = forms.filled(form(written(interview.brief), tmp_path))
    assert again.understanding == Understanding(0, 7), "nobody tells how well they were understood"
    assert (again.things, again.wants) == (interview.brief.things, interview.brief.wants)


@pytest.mark.parametrize(
    ("was", "now", "complaint"),
    [
        ('"$90"', '"1e5"', "thing 1, ask: “1e5” is no price"),
        ('"$90"', "1e5", "thing 1, ask: “1e5” is no price"),
        ('"$90"', '"-3"', "thing 1, ask: A price is 0 or more"),
        ('"$90"', '""', "thing 1, ask: “” is no price"),
        ('"$90"', "true", "thing 1, ask"),
        ('"$90"', "nan", "thing 1, ask: “nan” is no price"),
        ("60.00", "90.5", "thing 1: The least you take, 90.50, is above the 90"),
        ("60.00", '""', "thing 1, floor: “” is no price"),
        ('"Brass lamp"', '"\\u0000\\u202e"', "thing 1, title: I need a word"),
        ('"Brass lamp"', '""', "thing 1: it has no title"),
        ('"Home"', '""', "thing 1: it has no category"),
        ('"Brass lamp"', f'"{"x" * 10_000}"', "thing 1, title: That is 10,000 signs"),
        ("count = 2", "count = 0", "want 2, count"),
        ("count = 2", "count = -1", "want 2, count"),
        ("budget = 100", 'budget = "lots"', "budget: “lots”"),
        ("budget = 100", "money = 100", "unknown field `money`"),
        ('owns = ["a red road bike"]', "owns = [3]", "in owns"),
        ("budget = 100", 'choices = ["a"]', "choices: 1 picked of 7"),
        ("budget = 100", 'choices = ["a","a","a","a","a","a","x"]', "choice 7 is"),
    ],
)
def test_a_bad_form_is_corrected_in_words(
    was: str, now: str, complaint: str, tmp_path: Path
) -> None:
    assert was in FORM
    with pytest.raises(BadBrief) as said:
        forms.filled(form(FORM.replace(was, now), tmp_path))
    assert complaint in str(said.value)
    assert len(str(said.value)) < 500


def test_an_empty_form_sells_and_buys_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadBrief, match="nothing to sell or buy"):
        forms.filled(form("", tmp_path))


def test_two_things_of_one_title_are_told_apart(tmp_path: Path) -> None:
    thing = FORM[FORM.index("[[things]]") : FORM.index("[[wants]]")]
    with pytest.raises(BadBrief, match="thing 2: You have “Brass lamp” already"):
        forms.filled(form(FORM + thing, tmp_path))
