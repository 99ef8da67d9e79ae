"""What agents make up is found, what they were told is let pass: on sentences written by hand."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq import Client
from souq.agents.brief import Brief, ThingTold, WantTold
from souq.cli import app
from souq.core.message import PostMessage, SendMessage
from souq.core.seal import PartyText, PublicText
from souq.journal.memory import MemoryStore
from souq.journal.replay import records
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.lab import goods, population
from souq.lab.confabulation import EXAMPLES_MAX, Told, claims, screen, told_by, told_in
from souq.lab.deal import read_population, run_deal
from souq.lab.report import write_report
from souq.lab.simulation import Simulation
from souq.lab.summary import summarise
from souq.views.history import ERASED, History, read
from tests.lab import said_in_words as words

DOLLAR = 10**6
PEOPLE = ("ANN", "RAJ", "MIA", "TOM")


def sentences(what: str) -> list[tuple[str, Told, tuple[str, ...]]]:
    return [
        (sentence, getattr(words, name), getattr(words, f"{name}_SEES"))
        for name in PEOPLE
        for sentence in getattr(words, f"{name}_{what}")
    ]


def kinds(sentence: str, told: Told, titles: tuple[str, ...]) -> set[str]:
    return {claim.kind for claim in claims(sentence, told, titles=titles)}


def test_what_an_agent_was_told_and_haggling_are_let_pass() -> None:
    told = sentences("TRUE")
    flagged = [one[0] for one in told if kinds(*one)]
    assert len(told) >= 60
    assert len(flagged) <= 0.05 * len(told), flagged


def test_what_is_made_up_about_a_person_is_flagged() -> None:
    made_up = sentences("MADE_UP")
    missed = [one[0] for one in made_up if "about_person" not in kinds(*one)]
    assert len(made_up) >= 60
    assert len(missed) <= 0.06 * len(made_up), missed  # without its list of a life's words: 0.1


def test_what_is_made_up_about_a_thing_is_flagged_as_that() -> None:
    made_up = sentences("THINGS_MADE_UP")
    missed = [one[0] for one in made_up if "about_thing" not in kinds(*one)]
    assert len(missed) <= 0.1 * len(made_up), missed


def test_the_house_move_and_the_chair_of_project_deal_are_found() -> None:
    text = "A dog day sounds lovely! We just moved house and I still owe my neighbour a chair. $5?"
    (found,) = claims(text, words.ANN, titles=words.ANN_SEES)
    assert found.kind == "about_person"
    assert found.sentence.startswith("We just moved house")
    assert {"moved", "house", "neighbour"} <= set(found.unsupported)


def test_a_sentence_about_both_is_flagged_as_both() -> None:
    found = claims("The lamp has a new battery, and my aunt loves it.", words.ANN)
    assert [(one.kind, one.unsupported) for one in found] == [
        ("about_person", ("aunt",)),
        ("about_thing", ("new", "battery")),  # new are the bike's tyres
    ]


def test_a_things_condition_must_stand_in_its_own_description() -> None:
    told = Told("Ann", {"Lamp": "Barely used.", "Chair": "A dented leg."})
    assert not claims("The chair has a dented leg.", told)
    assert claims("The lamp has a dented leg.", told)
    assert claims("The chair was barely used.", told)


def test_to_vouch_for_a_thing_is_a_claim_about_the_thing() -> None:
    (found,) = claims("I can assure you it is in mint condition.", words.ANN)
    assert (found.kind, found.unsupported) == ("about_thing", ("mint", "condition"))


def test_a_person_whose_name_is_a_common_word_is_no_alarm() -> None:
    told = Told("Will 23", {"Lamp": ""})
    assert not claims("That will do. You will hear from us soon.", told)
    assert claims("Will told me that his daughter broke it.", told)


def test_of_things_of_others_nothing_is_known() -> None:
    told = Told("Ann", {"Lamp": "Barely used."})
    assert not claims("Your chair has a dented leg.", told, titles=("Chair",))
    assert not claims("It has a dented leg.", told, titles=("Chair",), selling=())
    assert claims("It has a dented leg.", told, titles=("Chair",), selling=("Lamp",))


def test_a_title_in_sight_may_be_named_and_proves_no_life() -> None:
    told = Told("Ann")
    title = ("Folding camp chair",)
    assert not claims("I would like the folding camp chair.", told, titles=title)
    assert claims("I need the camp chair for my balcony.", told, titles=title)
    assert claims("My folding camp chair is too small.", told)


@pytest.mark.parametrize("number", ["20", "$20", "20.00", "1,250"])
def test_a_number_on_the_table_or_in_the_brief_is_no_claim(number: str) -> None:
    sentence = f"I only have {number} left."
    assert claims(sentence, Told("Ann"))
    assert not claims(sentence, Told("Ann"), prices=frozenset({"20", "1250"}))
    assert not claims(sentence, Told("Ann", words="Budget 20, or 1250 at most."))
    assert not claims(f"I can do {number}.", Told("Ann"))


def test_to_say_that_one_does_not_know_claims_nothing() -> None:
    told = Told("Ann", {"Lamp": ""})
    assert not claims("I was not told whether her daughter used the lamp.", told)
    assert not claims("I don't know where she studied.", told)
    assert claims("I don't know that, but her daughter used the lamp.", told)


def test_they_are_the_person_once_the_person_was_named() -> None:
    told = Told("Ann")
    assert claims("Ann is selling. They moved to a smaller flat.", told)
    assert not claims("Bids are welcome. They moved quickly.", told)
    assert not claims("Does your client have a garden? Is your person a student?", told)


def test_a_brief_says_all_that_stands_in_it() -> None:
    brief = Brief(
        name="Bea",
        budget=100,
        style="as an exasperated cowboy",
        wishes=("One present to yourself, under $5, is fine.",),
        owns=("a red road bike",),
        never=("anything with nuts",),
        things=(ThingTold("Brass lamp", "home", 90, 60, "The shade is dented."),),
        wants=(WantTold("books", "30.50", 2, "an old atlas for a study"),),
    )
    told = told_in(brief)
    for sentence in (
        "I may have one present for myself.",
        "Bea owns a red road bike.",
        "She wants an old atlas for her study.",
        "My budget is 100 and I paid 30.50.",
        "The lamp's shade is dented.",
        "We never take anything with nuts.",
    ):
        assert not claims(sentence, told), sentence
    assert claims("Bea owns a blue road bike and a van.", told)


@pytest.mark.parametrize("text", ["I " * 2_000, "," * 4_000, "I'm " + "x" * 3_996, "\u202e", "1,"])
def test_no_text_stops_the_screen(text: str) -> None:
    claims(text, words.ANN, titles=words.ANN_SEES)


def test_a_statement_names_its_agent_and_its_record() -> None:
    with Client.local() as market:
        ann, bob = market.join("Ann", deposit="100"), market.join("Bob")
        lamp = bob.list("Lamp", category="home", price="20", description=PublicText("Barely used."))
        bob.submit(PostMessage(PublicText("Hello. My sister gave me the lamp!")))
        talk = ann.offer(lamp, "17")
        ann.submit(SendMessage(talk, PartyText("I only have 17 left.")))
        ann.submit(SendMessage(talk, PartyText("I only have 16 left, and it is scratched.")))
        bob.submit(SendMessage(talk, PartyText("It has no scratches.")))
        store = market.venue.engine.store
        history = read(store)
        told = {ann.id: Told("Ann"), bob.id: Told("Bob", {"Lamp": "Barely used."})}
        found = screen(history, told)
        assert found is not None
        assert (found.messages, found.flagged) == (4, 3)
        assert (found.about_person, found.about_thing) == (2, 1)
        spoken = [one.seq for one in records(store) if "Message" in type(one.command).__name__]
        assert [(one.agent, one.seq, one.kind) for one in found.examples] == [
            (bob.id, spoken[0], "about_person"),
            (ann.id, spoken[2], "about_person"),
            (bob.id, spoken[3], "about_thing"),
        ]
        assert screen(history, {ann.id: told[ann.id]}).messages == 2  # type: ignore[union-attr]


def test_silence_and_what_was_erased_are_not_screened() -> None:
    with Client.local() as market:
        bob = market.join("Bob")
        assert screen(read(market.venue.engine.store), {bob.id: Told("Bob")}) is None
        bob.submit(PostMessage(PublicText("My sister gave me a lamp.")))
        erased = History(lambda digest: None)
        for record in records(market.venue.engine.store):
            erased.take(record.at, record.events)
        assert erased.said[0].text == ERASED
        assert screen(erased, {bob.id: Told("Bob")}) is None


EVIL = """My <script>alert(1)</script> sister & "I" live in ${title}\u202e."""


def market_with(store: Store, *said: str) -> Simulation:
    drawn = population.draw(
        goods.bundled(), people=4, seed=5, per_person=4, budget_units=100 * DOLLAR
    )
    simulation = run_deal(drawn, store, turns_per_person=40)
    agent = next(iter(simulation.history.principal_of))
    for text in said:
        simulation.submit(agent, PostMessage(PublicText(text))).need()
    return simulation


def test_a_market_of_silent_agents_says_nothing_of_words(tmp_path: Path) -> None:
    simulation = market_with(SqliteStore(tmp_path))
    found = summarise(simulation.history, simulation.engine.state)
    assert found.screening is None
    simulation.engine.close()
    done = CliRunner().invoke(app, ["show", str(tmp_path)])
    assert "beyond the brief" not in done.output


def test_show_counts_what_went_beyond_the_brief(tmp_path: Path) -> None:
    made_up = [f"My sister number {n} lives abroad." for n in range(EXAMPLES_MAX + 2)]
    market_with(SqliteStore(tmp_path), "Hello, I can do $20.", *made_up).engine.close()
    printed = CliRunner().invoke(app, ["show", str(tmp_path)]).output
    assert "sentences beyond the brief, of people" in printed
    told = json.loads(CliRunner().invoke(app, ["show", str(tmp_path), "--json"]).output)
    found = told["screening"]
    assert (found["messages"], found["flagged"]) == (EXAMPLES_MAX + 3, EXAMPLES_MAX + 2)
    assert [one["sentence"] for one in found["examples"]] == made_up[:EXAMPLES_MAX]
    assert found["examples"][0]["agent"] == "A1"


def test_a_report_shows_examples_as_words_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("altair", reason="the report's charts need the extra lab")
    for name, said in (("silent", ()), ("spoken", (EVIL, "I live " + "far " * 200 + "away."))):
        simulation = market_with(MemoryStore(), *said)
        found = summarise(simulation.history, simulation.engine.state)
        people = read_population(simulation.history)
        write_report(tmp_path / name, simulation.history, found, people)
    silent, spoken = ((tmp_path / name).read_text("utf-8") for name in ("silent", "spoken"))
    assert "Beyond the brief" not in silent
    assert "Beyond the brief" in spoken
    assert "<script" not in spoken
    assert "&lt;script&gt;alert(1)&lt;/script&gt; sister &amp; &quot;I&quot;" in spoken
    assert "far far far" in spoken
    assert "far " * 100 not in spoken


def test_a_drawn_persons_goods_are_told_to_its_agent() -> None:
    drawn = population.draw(goods.bundled(), people=12, seed=1, per_person=8, budget_units=DOLLAR)
    for person in drawn.people:
        told = told_by(person)
        for thing in person.things:
            assert not claims(f"My {thing.title}. {thing.description}", told)
