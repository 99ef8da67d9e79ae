"""The interview: every question answered well and badly, and nothing is lost on the way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.agents import brief as briefs
from souq.agents.brief import Brief, ThingTold, Understanding, WantTold
from souq.agents.brief_writing import written
from souq.agents.intake import Interview, NotUnderstood, Terms
from souq.agents.intake.questions import ITEMS_MAX, TOPICS
from souq.core.money import USD, Asset
from tests.agents.interviews import ABOUT, ATLAS, GAME, LAMP, WHOLE, picked, told

LAMP_TOLD = ThingTold("Brass lamp", "home", 90, 60, "A dent in the foot")
ATLAS_TOLD = WantTold("books", "30.50", 2, "an old atlas")
GAME_TOLD = WantTold("games", 20, 1, "a board game")

# What leads up to a question; an answer to it; and what the brief says then, or the correction.
TO_THINGS = WHOLE[:1]
TO_WANTS = ("Bea", *LAMP, "done")
TO_ORDER = (*TO_WANTS, *ATLAS, *GAME, "done")
TO_OWNS = (*TO_ORDER, "skip")
TO_STYLE = (*TO_OWNS, "done", "done")
TO_BUDGET = (*TO_STYLE, "skip", "done")


@pytest.mark.parametrize(
    ("before", "answer", "correction"),
    [
        ((), "x" * 10_000, "10,000 signs long; 200"),
        (TO_THINGS, "y" * 201, "201 signs"),
        (("Bea", "Lamp"), "", "cannot do without"),
        (("Bea", "Lamp"), "skip", "cannot do without"),
        (("Bea", "Lamp"), "done", "cannot do without"),
        (("Bea", "Lamp"), "bikes//folding", "no category"),
        (("Bea", "Lamp"), "z" * 65, "65 signs"),
        (("Bea", *LAMP[:2]), "d" * 2_001, "2,001 signs"),
        (("Bea", *LAMP[:3]), "1e5", "no price"),
        (("Bea", *LAMP[:3]), "-3", "0 or more"),
        (("Bea", *LAMP[:3]), "−3", "0 or more"),
        (("Bea", *LAMP[:3]), "$-3", "0 or more"),
        (("Bea", *LAMP[:3]), "1,000", "two ways"),
        (("Bea", *LAMP[:3]), "1.000", "two ways"),
        (("Bea", *LAMP[:3]), "thirty", "no price"),
        (("Bea", *LAMP[:3]), "nan", "no price"),
        (("Bea", *LAMP[:3]), "inf", "no price"),
        (("Bea", *LAMP[:3]), "0x10", "no price"),
        (("Bea", *LAMP[:3]), "٣٠", "no price"),
        (("Bea", *LAMP[:3]), "30 40", "no price"),
        (("Bea", *LAMP[:3]), "30 EUR", "no price"),
        (("Bea", *LAMP[:3]), "0.0000001", "finer than"),
        (("Bea", *LAMP[:3]), "99999999999", "more than a market counts"),
        (("Bea", *LAMP[:3]), "9" * 10_000, "no price"),
        (("Bea", *LAMP[:3]), "done", "cannot do without"),
        (("Bea", *LAMP[:4]), "90.01", "above the 90"),
        (("Bea", *LAMP[:5]), "perhaps", "yes or no"),
        (TO_WANTS[:-1], "Brass lamp", "tells things by title"),
        ((*TO_WANTS, *ATLAS[:3]), "0", "from 1 to 1000"),
        ((*TO_WANTS, *ATLAS[:3]), "1001", "from 1 to 1000"),
        ((*TO_WANTS, *ATLAS[:3]), "two", "from 1 to 1000"),
        (TO_ORDER, "1 1", "each number once"),
        (TO_ORDER, "3", "from 1 to 2"),
        (TO_ORDER, "1", "1 of 2: say the whole order"),
        (WHOLE, "order 1", "1 of 2: say the whole order"),
        (WHOLE, "order 2", "1 of 2: say the whole order"),
        (TO_ORDER, "0 1", "from 1 to 2"),
        (TO_ORDER, "the atlas", "each number once"),
        (TO_OWNS, "o" * 301, "301 signs"),
        (TO_OWNS, ";".join("abc" for _ in range(51)), "50 are enough"),
        (TO_STYLE, "s" * 301, "301 signs"),
        (TO_BUDGET, "a lot", "no price"),
    ],
)
def test_a_bad_answer_is_corrected_and_changes_nothing(
    before: tuple[str, ...], answer: str, correction: str
) -> None:
    interview = told(before)
    asked, known = interview.question, interview.brief
    said = interview.answer(answer)
    assert correction in said
    assert len(said) < 300, "who writes much is not answered with as much"
    assert (interview.question, interview.brief, interview.said) == (asked, known, before)


@pytest.mark.parametrize(
    ("before", "answer", "field", "value"),
    [
        ((), "  Bea\tBlue\x1b[31m\u202e ", "name", "Bea Blue [31m"),
        ((), "skip", "name", ""),
        ((), '"Back"', "name", "Back"),
        ((), "{title.__class__}", "name", "{title.__class__}"),
        (TO_OWNS, "a tent; ; two skis ", "owns", ("a tent", "two skis")),
        ((*TO_OWNS, "a tent"), "two skis", "owns", ("a tent", "two skis")),
        (TO_OWNS, "nothing", "owns", ()),
        (TO_STYLE, "gruff; few words", "style", "gruff; few words"),
        (TO_BUDGET, "$1,234.50", "budget", "1234.50"),
        (TO_BUDGET, "skip", "budget", None),
    ],
)
def test_a_good_answer_stands_in_the_brief(
    before: tuple[str, ...], answer: str, field: str, value: object
) -> None:
    assert getattr(told((*before, answer)).brief, field) == value


@pytest.mark.parametrize(
    ("price", "asks"),
    [
        ("$30", 30),
        ("30", 30),
        ("30 dollars", 30),
        ("usd 30", 30),
        ("12,50", "12.50"),
        ("12.5", "12.50"),
        ("0.001", "0.001"),
        ("1,000,000", 1_000_000),
        ("1.000,50", "1000.50"),
        ("free", 0),
    ],
)
def test_a_price_is_read_as_people_write_it(price: str, asks: object) -> None:
    interview = told(("Bea", *LAMP[:3], price, "skip", "skip"))
    assert interview.brief.things == (ThingTold("Brass lamp", "home", asks, None, LAMP[2]),)  # type: ignore[arg-type]


def test_a_whole_interview_becomes_the_brief_that_was_meant() -> None:
    interview = told((*WHOLE, "yes"))
    picked(interview)
    assert interview.question is None
    assert interview.answer("hello") == "The interview is over."
    understanding = Understanding(7, 7)
    assert interview.brief == Brief(
        name="Bea",
        budget=100,
        style="friendly and brief",
        owns=("a red road bike",),
        never=("anything with nuts",),
        things=(LAMP_TOLD,),
        wants=(GAME_TOLD, ATLAS_TOLD),
        understanding=understanding,
    )


def test_it_knows_how_far_it_is_and_stays_short() -> None:
    interview = Interview()
    stages, asked = [], 0
    for answer in (*WHOLE, "yes"):
        question = interview.question
        assert question is not None
        stages.append(question.number)
        assert question.of == 11
        assert interview.answer(answer) == ""
        asked += 1
    assert stages == sorted(stages)
    assert stages[-1] == 10
    assert len(TOPICS) <= 12
    assert asked <= 12 + len(LAMP) + len(ATLAS) + len(GAME)


def test_back_takes_back_one_answer_at_a_time_to_the_first() -> None:
    interview = Interview()
    trail = [(interview.question, interview.brief)]
    for answer in (*WHOLE, "s1 floor 50", "remove w1", "yes", "a"):
        assert interview.answer(answer) == ""
        trail.append((interview.question, interview.brief))
    while len(trail) > 1:
        assert (interview.question, interview.brief) == trail.pop()
        assert interview.answer("Back.") == ""
    assert (interview.question, interview.brief) == trail.pop()
    assert interview.answer("back") == "This is the first question."


def test_help_answers_and_is_no_answer() -> None:
    interview = told(("Bea", *LAMP[:3]))
    assert "12.50" in interview.answer("?")
    assert "12.50" in interview.answer("help")
    assert interview.said == ("Bea", *LAMP[:3])


def test_done_leaves_out_what_may_be_left_out() -> None:
    interview = told(("Bea", *LAMP[:4], "done", "done"))
    assert interview.brief.things == (ThingTold("Brass lamp", "home", 90, None, LAMP[2]),)
    assert interview.question is not None
    assert interview.question.topic == "wants"


def test_who_sells_and_wants_nothing_is_held_at_the_recap() -> None:
    interview = told(("Bea", "done", "done", "done", "done", "skip", "done", "skip"))
    assert "nothing to sell or buy" in interview.answer("yes")
    assert interview.answer("add thing Brass lamp") == ""
    for answer in (*LAMP[1:], "yes"):
        assert interview.answer(answer) == ""
    assert interview.choice is not None


def test_fifty_things_are_enough() -> None:
    answers = ["Bea"]
    for n in range(ITEMS_MAX):
        answers += [f"Cup {n}", "home", "skip", "3", "done"]
    assert "50 are enough" in told(answers).answer("Cup 50")


def test_wants_beyond_what_a_market_counts_need_a_budget() -> None:
    dear = ("Bea", "done", "a city", "places", "9000000000", "1000", "done")
    interview = told((*dear, "done", "done", "skip", "done", "skip"))
    assert "say a budget" in interview.answer("yes")
    assert interview.answer("budget 100") == ""
    assert interview.answer("yes") == ""


RECAP = tuple(WHOLE)


@pytest.mark.parametrize(
    ("correction", "changed"),
    [
        ("name Bea Blue", {"name": "Bea Blue"}),
        ("1: Bea Blue", {"name": "Bea Blue"}),
        ("2 $80", {"budget": 80}),
        ("budget none", {"budget": None}),
        ("budget 0", {"budget": 0}),
        ("remove budget", {"budget": None}),
        ("style = gruff", {"style": "gruff"}),
        ("owns a tent; a bike", {"owns": ("a tent", "a bike")}),
        ("remove 4", {"owns": ()}),
        ("never none", {"never": ()}),
        ("wishes one gift to yourself under $5", {"wishes": ("one gift to yourself under $5",)}),
        ("s1 floor 50", {"things": (ThingTold("Brass lamp", "home", 90, 50, LAMP[2]),)}),
        ("floor of s1 50", {"things": (ThingTold("Brass lamp", "home", 90, 50, LAMP[2]),)}),
        ("S1 asks: 70", {"things": (ThingTold("Brass lamp", "home", 70, 60, LAMP[2]),)}),
        ("s1 barter yes", {"things": (ThingTold("Brass lamp", "home", 90, 60, LAMP[2], True),)}),
        ("s1 title Lamp", {"things": (ThingTold("Lamp", "home", 90, 60, LAMP[2]),)}),
        ("w1 most 25", {"wants": (WantTold("games", 25, 1, "a board game"), ATLAS_TOLD)}),
        ("w2 count 1", {"wants": (GAME_TOLD, WantTold("books", "30.50", 1, "an old atlas"))}),
        ("remove w1", {"wants": (ATLAS_TOLD,)}),
        ("delete s1", {"things": ()}),
        ("order 2 1", {"wants": (ATLAS_TOLD, GAME_TOLD)}),
    ],
)
def test_the_recap_takes_a_correction_of_anything(
    correction: str, changed: dict[str, object]
) -> None:
    before = told(RECAP).brief
    interview = told((*RECAP, correction))
    assert interview.question is not None
    assert interview.question.topic == "recap"
    for name in Brief.__struct_fields__:
        assert getattr(interview.brief, name) == changed.get(name, getattr(before, name)), name


@pytest.mark.parametrize(
    ("correction", "answers", "field", "value"),
    [
        ("name", ("Bo",), "name", "Bo"),
        ("5", ("meat", "done"), "never", ("meat",)),
        ("name", ("skip",), "name", "Bea"),
        ("budget", ("skip",), "budget", 100),
        ("never", ("skip",), "never", ("anything with nuts",)),
        ("never", ("done",), "never", ()),
        ("order", ("2 1",), "wants", (ATLAS_TOLD, GAME_TOLD)),
        ("s1 floor", ("55",), "things", (ThingTold("Brass lamp", "home", 90, 55, LAMP[2]),)),
        ("s1 floor", ("skip",), "things", (LAMP_TOLD,)),
        ("add want", ("a vase", "home", "5", ""), "wants", None),
        ("add thing a vase", ("home", "", "5", "", ""), "things", None),
    ],
)
def test_what_is_named_alone_is_asked_again(
    correction: str, answers: tuple[str, ...], field: str, value: object
) -> None:
    interview = told((*RECAP, correction, *answers))
    assert interview.question is not None
    assert interview.question.topic == "recap"
    found = getattr(interview.brief, field)
    assert found == value if value is not None else "a vase" in str(found[-1])


@pytest.mark.parametrize(
    ("correction", "complaint"),
    [
        ("", "what to change"),
        ("no", "what to change"),
        ("yes but no", "what to change"),
        ("7", "what to change"),
        ("0 x", "what to change"),
        ("s2 floor 3", "no s2"),
        ("w0 most 3", "no w0"),
        ("s1", "Of s1 I know"),
        ("s1 smell nice", "Of s1 I know"),
        ("s1 floor 91", "above the 90"),
        ("s1 ask 59", "above the 59"),
        ("w1 count -1", "no count"),
        ("budget 1e5", "no price"),
        ("remove", "Say which"),
        ("remove everything", "Say which"),
        ("remove w9", "no w9"),
        ("order 9", "from 1 to 2"),
        ("add", "add thing"),
        ("add thing Brass lamp", "tells things by title"),
        ("name " + "x" * 10_000, "200 are enough"),
        ("floor of s1 \x00", "no price"),
    ],
)
def test_a_correction_that_cannot_be_meant_changes_nothing(correction: str, complaint: str) -> None:
    interview = told(RECAP)
    known = interview.brief
    if complaint == "no price" and "\x00" in correction:
        assert interview.answer(correction) == ""  # no value was said: it is asked for
        assert interview.answer("\x00x") != ""
        return
    assert complaint in interview.answer(correction)
    assert (interview.brief, interview.said) == (known, RECAP)


def test_the_recap_shows_every_word_of_the_brief() -> None:
    question = told(RECAP).question
    assert question is not None
    shown = "\n".join(question.lines)
    for word in (
        "Bea",
        "100.00",
        "friendly",
        "road bike",
        "nuts",
        "dent",
        "60.00",
        "30.50",
        "2 of",
    ):
        assert word in shown
    assert [re.match(r" *(\w+)", line)[1] for line in question.lines] == [  # type: ignore[index]
        *("1", "2", "3", "4", "5", "6", "s1", "w1", "w2")
    ]


def test_a_draft_is_what_was_said_and_brings_everything_back() -> None:
    interview = told((*RECAP, "yes", "a", "skip"))
    again = told(interview.said)
    assert (again.question, again.brief, again.choice) == (
        interview.question,
        interview.brief,
        interview.choice,
    )


WORDS = (
    *("back", "skip", "done", "help", "yes", "no", "a", "b", "2 1", "30", "$12,50", "books", ""),
    *("add thing", "add want", "remove s1", "remove w1", "s1 floor 2", "s1 floor", "w1 most 9"),
    *("order 2", "owns", "never x; y", "1 Bea", "budget", "\x00\u202e", "{title}", "x" * 10_000),
)


@given(said=st.lists(st.sampled_from(WORDS) | st.text(max_size=20), max_size=60))
def test_no_answers_in_any_order_break_it(said: list[str]) -> None:
    interview = Interview()
    for text in said:
        interview.answer(text)
    again = told(interview.said)
    assert (again.question, again.brief) == (interview.question, interview.brief)
    written(interview.brief).encode()
    briefs.limits_of(interview.brief, USD)
    if interview.question is None:
        assert interview.brief.understanding is not None


def test_what_was_said_can_always_be_written_down() -> None:
    interview = told(("Bea\udcff\x00\u202e",))
    assert interview.brief.name == "Bea"
    assert interview.said == ("Bea",)


def test_a_draft_that_no_longer_fits_says_where() -> None:
    with pytest.raises(NotUnderstood, match="answer 5, “thirty”"):
        told(("Bea", *LAMP[:3], "thirty"))


def test_whoever_writes_without_end_is_stopped() -> None:
    interview = told(RECAP)
    for _ in range(2_000 - len(RECAP)):
        assert interview.answer("budget 1") == ""
    assert "more than I can keep" in interview.answer("budget 1")


def test_another_money_is_read_by_its_own_places() -> None:
    terms = Terms(asset=Asset("SHELLS", 0))
    interview = told(("Bea", "Lamp", "home", "skip"), terms)
    assert "finer" in interview.answer("1.5")
    assert "no price" in interview.answer("$3")
    assert interview.answer("3 shells") == ""


def test_every_brief_of_an_interview_gives_a_mandate() -> None:
    interview = told((*RECAP, "yes"))
    picked(interview)
    limits = briefs.limits_of(interview.brief, USD)
    assert limits.goods is not None
    (lamp,) = limits.goods.values()
    assert lamp.floor_units == 60_000_000
    assert limits.ceilings == {"books": 30_500_000, "games": 20_000_000}
    assert limits.lifetime_units == 100_000_000
    assert not limits.approval_always


def test_the_questions_between_are_asked_only_where_they_apply() -> None:
    interview = told(("Bea", "done", *ATLAS, "done"))
    assert interview.question is not None
    assert interview.question.topic == "owns", "one want has no order"
    assert told(("Bea", "done", *ATLAS, "done", *ABOUT)).brief.style == ABOUT[-1]


def notes_of(interview: Interview) -> list[str]:
    assert interview.question is not None
    assert interview.question.topic == "recap"
    return [line for line in interview.question.lines if line.startswith("   !")]


def test_the_recap_says_that_two_wants_of_one_category_share_the_higher_limit() -> None:
    interview = told(WHOLE)
    assert notes_of(interview) == []
    interview.answer("w1 category books")
    (note,) = notes_of(interview)
    assert "under books your agent may pay up to 30.50 USD" in note
    assert "“a board game”, “an old atlas”" in note
    assert briefs.limits_of(interview.brief, USD).ceilings == {"books": 30_500_000}
    interview.answer("w1 most 30.50")
    assert notes_of(interview) == [], "one price is no surprise"


def test_the_recap_warns_of_a_budget_below_the_price_of_a_want() -> None:
    interview = told((*WHOLE, "budget 25"))
    (note,) = notes_of(interview)
    assert "Your budget is 25.00 USD" in note
    assert "cannot pay the 30.50 USD that w2 says" in note
    interview.answer("budget 30.50")
    assert notes_of(interview) == []
    interview.answer("budget none")
    assert notes_of(interview) == []


def test_a_budget_of_nothing_still_ends_in_a_test() -> None:
    interview = told(("Bea", "done", *ATLAS, "done", *ABOUT, "done", "nothing", "yes"))
    picked(interview)
    assert interview.question is None
