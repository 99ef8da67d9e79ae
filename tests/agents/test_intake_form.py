"""A form is the interview without questions: the same readers, the same test, the same brief."""

from pathlib import Path

import pytest

from souq.agents.brief import BadBrief, Understanding
from souq.agents.brief_writing import written
from souq.agents.intake import Terms
from souq.agents.intake import form as forms
from souq.agents.intake.choices import digest_of
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
    pairs = forms.choices_in(told_form)
    head = f'choices = {[one.predicted for one in pairs]}\nchoices_for = "{digest_of(pairs)}"\n'
    assert forms.filled(form(head + FORM, tmp_path)) == interview.brief


@pytest.mark.parametrize(
    ("was", "now", "seed"),
    [
        ("", "", 8),
        ("an old atlas", "a new atlas", 7),
        ("most = 20", "most = 40", 7),
        ("60.00", "50.00", 7),
        ("budget = 100", "budget = 20", 7),
    ],
)
def test_picks_from_other_pairs_are_not_taken_for_those_of_these(
    was: str, now: str, seed: int, tmp_path: Path
) -> None:
    pairs = forms.choices_in(form(FORM, tmp_path))
    other = FORM.replace(was, now)
    sides = ["a"] * len(forms.choices_in(form(other, tmp_path), Terms(seed=seed)))
    head = f'choices = {sides}\nchoices_for = "{digest_of(pairs)}"\n'
    with pytest.raises(BadBrief, match=r"choices were picked from other pairs .* --choices"):
        forms.filled(form(head + other, tmp_path), Terms(seed=seed))


def test_what_the_pairs_do_not_show_does_not_undo_the_picks(tmp_path: Path) -> None:
    pairs = forms.choices_in(form(FORM, tmp_path))
    sides = [one.predicted for one in pairs]
    head = f'choices = {sides}\nchoices_for = "{digest_of(pairs)}"\n'
    other = FORM.replace("friendly and brief", "gruff").replace("A dent", "A scratch")
    assert forms.filled(form(head + other, tmp_path)).understanding == Understanding(7, 7)


def test_picks_say_which_pairs_they_are_from(tmp_path: Path) -> None:
    sides = ["a"] * 7
    with pytest.raises(BadBrief, match="choices do not say from which pairs"):
        forms.filled(form(f"choices = {sides}\n{FORM}", tmp_path))


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
