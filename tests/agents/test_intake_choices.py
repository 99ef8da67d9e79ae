"""The test of choices: the brief predicts, the person picks, and their agreement decides."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souq.agents import brief as briefs
from souq.agents.brief import Brief, ThingTold, Understanding, WantTold
from souq.agents.intake import Terms
from souq.agents.intake.choices import PAIRS_MAX, Choice, choices_of, measured
from souq.core.money import USD, Asset
from tests.agents.interviews import WHOLE, picked, told

prices = st.integers(0, 400).map(lambda quarters: f"{quarters / 4:.2f}")
wants = st.builds(
    WantTold, category=st.sampled_from(["books", "games"]), most=prices, what=st.just("x")
)


@st.composite
def things(draw: st.DrawFn) -> ThingTold:
    ask = draw(prices)
    return ThingTold(f"thing {draw(st.integers())}", "home", ask, draw(st.none() | st.just("0.00")))


BRIEFS = st.builds(
    Brief,
    budget=st.none() | prices,
    wants=st.lists(wants, max_size=8).map(tuple),
    things=st.lists(things(), max_size=8, unique_by=lambda one: one.title).map(tuple),
)


def units(amount: str | int) -> int:
    return USD.parse(str(amount)).units


def floor_of(thing: ThingTold) -> int:
    return units(thing.ask if thing.floor is None else thing.floor)


@given(brief=BRIEFS, seed=st.integers())
def test_every_pair_is_within_what_was_said_and_predicted_by_it(brief: Brief, seed: int) -> None:
    choices = choices_of(brief, USD, seed)
    assert len(choices) <= PAIRS_MAX
    assert bool(choices) is bool(brief.wants or brief.things)
    for one in choices:
        for option in (one.a, one.b):
            if brief.budget is not None and option.act == "buy":
                assert option.units <= units(brief.budget), "nothing is offered beyond the budget"
        taken, left = (one.a, one.b) if one.predicted == "a" else (one.b, one.a)
        match taken.act, left.act:
            case "buy", "buy":
                assert taken.place < left.place, "the order of the brief decides"
                savings = {units(brief.wants[x.place].most) - x.units for x in (taken, left)}
                assert len(savings) == 1, "and nothing but the order"
                assert min(savings) >= 0
            case "buy", "nothing":
                assert taken.units <= units(brief.wants[taken.place].most)
            case "nothing", "buy":
                assert left.units > units(brief.wants[left.place].most)
            case "sell", "nothing":
                thing = brief.things[taken.place]
                assert floor_of(thing) <= taken.units <= units(thing.ask)
            case "nothing", "sell":
                thing = brief.things[left.place]
                assert left.units < floor_of(thing)
            case _:
                pytest.fail(f"no such pair: {one}")


@given(brief=BRIEFS, seed=st.integers())
def test_who_always_says_the_same_agrees_with_half(brief: Brief, seed: int) -> None:
    choices = choices_of(brief, USD, seed)
    always_a = measured(choices, ["a"] * len(choices))
    assert always_a.agreed == len(choices) // 2


def test_the_same_seed_draws_the_same_pairs_and_another_does_not() -> None:
    brief = told(WHOLE).brief
    assert choices_of(brief, USD, 1) == choices_of(brief, USD, 1)
    assert any(choices_of(brief, USD, n) != choices_of(brief, USD, n + 1) for n in range(5))


def test_both_orders_and_limits_are_tested_where_there_is_enough_of_both() -> None:
    many = tuple(WantTold("books", 10 + n, what=f"book {n}") for n in range(6))
    things = tuple(ThingTold(f"cup {n}", "home", 10, 5) for n in range(6))
    choices = choices_of(Brief(wants=many, things=things), USD, 3)
    assert len(choices) == PAIRS_MAX
    between = [one for one in choices if {one.a.act, one.b.act} == {"buy"}]
    assert len(between) == PAIRS_MAX // 2
    only = choices_of(Brief(wants=many), USD, 3)
    assert len(only) == PAIRS_MAX


def test_a_budget_below_a_price_is_what_the_brief_predicts_by() -> None:
    brief = Brief(budget=10, wants=(WantTold("books", 30, what="an old atlas"),))
    (only,) = choices_of(brief, USD, 7)
    texts = {only.a_text, only.b_text}
    assert texts == {"buy “an old atlas” for 7.50 USD", "keep the money"}
    assert (only.a_text if only.predicted == "a" else only.b_text).startswith("buy")


def test_two_wants_are_compared_at_prices_that_the_budget_reaches() -> None:
    dear, fair, cheap = (WantTold("books", n, what=f"book {n}") for n in (30, 28, 5))
    choices = choices_of(Brief(budget=10, wants=(dear, fair, cheap)), USD, 7)
    between = [{one.a.place, one.b.place} for one in choices if one.a.act == one.b.act]
    assert between == [{0, 1}], "at 10 for the dear one, the cheap one would cost less than nothing"


@pytest.mark.parametrize("asset", [USD, Asset("SHELLS", 0), Asset("CENTS", 2)])
def test_small_amounts_stay_apart(asset: Asset) -> None:
    brief = Brief(
        wants=(WantTold("books", 1), WantTold("games", 1)), things=(ThingTold("A", "b", 1, 1),)
    )
    for one in choices_of(brief, asset, 1):
        assert one.a != one.b
        assert one.a_text != one.b_text


@pytest.mark.parametrize(("agreeing", "waits"), [(7, False), (5, False), (4, True), (0, True)])
def test_an_agreement_below_the_threshold_makes_every_deal_wait(agreeing: int, waits: bool) -> None:
    interview = told((*WHOLE, "yes"))
    picked(interview, agreeing=agreeing)
    assert interview.brief.understanding == Understanding(agreeing, 7)
    assert briefs.limits_of(interview.brief, USD).approval_always is waits


def test_who_skips_the_test_approves_every_deal() -> None:
    interview = told((*WHOLE, "yes", "done"))
    assert interview.brief.understanding == Understanding(0, 7)
    assert briefs.limits_of(interview.brief, USD).approval_always


def test_a_pair_nobody_can_decide_did_not_agree() -> None:
    interview = told((*WHOLE, "yes", "skip"))
    picked(interview)
    assert interview.brief.understanding == Understanding(6, 7)


@pytest.mark.parametrize("answer", ["", "c", "both", "a b", "3", "\x00", "x" * 10_000])
def test_a_choice_is_a_or_b(answer: str) -> None:
    interview = told((*WHOLE, "yes"))
    assert interview.answer(answer) == "Say a or b, or skip if you cannot say."
    assert interview.answer("A)") == ""
    assert interview.answer("2") == ""


def test_going_back_from_the_test_changes_what_it_measures() -> None:
    interview = told((*WHOLE, "yes", "a", "a"))
    for _ in range(3):
        assert interview.answer("back") == ""
    assert interview.answer("order 2 1") == ""
    assert interview.answer("yes") == ""
    picked(interview)
    assert interview.brief.understanding == Understanding(7, 7)
    assert interview.brief.wants[0].what == "an old atlas"


def test_the_threshold_is_the_persons_to_set() -> None:
    interview = told((*WHOLE, "yes", "done"), Terms(least="0"))
    assert interview.brief.understanding == Understanding(0, 7, "0")
    assert not briefs.limits_of(interview.brief, USD).approval_always


def test_the_prediction_stands_before_the_person_is_asked() -> None:
    interview = told((*WHOLE, "yes"))
    seen: list[Choice] = []
    for answer in ("a", "b", "a"):
        assert interview.choice is not None
        seen.append(interview.choice)
        interview.answer(answer)
    assert seen == list(choices_of(interview.brief, USD, Terms().seed))[:3]
    assert all(one != other for one, other in pairwise(seen))
