"""How well the intake understands: synthetic readers with known rankings are interviewed.

A reader knows a whole ranking of the books on a floor (`owners.draw`) and answers the interview in
text, as a person would: the book they bring, the books they would most like, in order, and some
they never want. The more willing they are to type, the more they name. A reader's slip moves a
book's place by a normal draw of `noise` times the floor; it is drawn anew each time they look, in
the interview and for every pair of the test. What the brief ranks is set beside the whole truth,
pair by pair: a book named stands in its order above all that were not, a refused one below them,
and a pair that the brief cannot tell apart counts as half.
"""

import random
from collections.abc import Sequence
from itertools import combinations
from typing import TypeVar

from msgspec import Struct

from souq.agents.brief import Brief
from souq.agents.intake import Interview, Terms
from souq.agents.intake.choices import Choice, Option
from souq.core.money import USD
from souq.lab import owners
from souq.lab.owners import BookOwner, BookOwners
from souq.lab.population import generator

CHANCE = 0.5
Rank = TypeVar("Rank", int, tuple[int, int])
PEOPLE = 57  # the middle office of Project Swap
FLOORS = 3
NOISES = (0.0, 0.15, 0.4)
DEAREST_USD, CHEAPEST_USD = 25, 5  # what the first and the last of a ranking are worth


class Wordiness(Struct, frozen=True):
    """How much a reader is willing to type."""

    name: str
    wants: int
    never: int


WORDINESS = (
    Wordiness("terse", 2, 0),
    Wordiness("plain", 5, 2),
    Wordiness("wordy", 10, 5),
    Wordiness("tireless", 20, 10),
)


class Understood(Struct, frozen=True):
    """Means over readers. Agreements are shares of pairs; `words` is what a reader typed."""

    wordiness: str
    noise: float
    readers: int
    words: float
    among_named: float  # pairs of books that the reader named
    whole_floor: float  # all pairs on the floor
    with_popularity: float  # the same, where popularity breaks the brief's ties
    popularity: float  # popularity alone
    test: float  # share of the test's choices that were as predicted
    waits: float  # share of readers whose agent may only propose


def measure(
    *, people: int = PEOPLE, floors: int = FLOORS, seed: int = 7, answers_by_coin: bool = False
) -> list[Understood]:
    """Interview everybody in every manner. `answers_by_coin`: nobody reads the test's pairs."""
    drawn = [owners.draw(people=people, seed=seed + n) for n in range(floors)]
    return [
        _measured(drawn, wordiness, noise, seed, answers_by_coin)
        for wordiness in WORDINESS
        for noise in NOISES
    ]


class _One(Struct, frozen=True):
    words: int
    among_named: float
    whole_floor: float
    with_popularity: float
    popularity: float
    test: float
    waits: bool


def _measured(
    drawn: Sequence[BookOwners], manner: Wordiness, noise: float, seed: int, by_coin: bool
) -> Understood:
    found = []
    for floor, everybody in enumerate(drawn):
        for n, one in enumerate(everybody.people):
            rng = generator(seed, f"reader {floor} {n} {manner.name} {noise}")
            reader = Reader(one, noise, rng, by_coin=by_coin)
            popular = _popular(everybody.people, without=n)
            found.append(_compared(one, reader, manner, popular, Terms(seed=seed + n)))
    many = len(found)

    def mean(name: str) -> float:
        return sum(getattr(one, name) for one in found) / many

    return Understood(manner.name, noise, many, *(mean(name) for name in _One.__struct_fields__))


def _compared(
    owner: BookOwner, reader: "Reader", manner: Wordiness, popular: list[str], terms: Terms
) -> _One:
    brief, words = interviewed(reader, manner, terms)
    others = [title for title in owner.ranking if title != owner.title]
    place = {title: n for n, title in enumerate(popular)}
    told = ranks(brief, others)
    named = [want.what for want in brief.wants]
    understood = brief.understanding
    assert understood is not None, "every interview ends in the test"
    return _One(
        words=words,
        among_named=agreement([one for one in others if one in named], told),
        whole_floor=agreement(others, told),
        with_popularity=agreement(others, {one: (told[one], place[one]) for one in others}),
        popularity=agreement(others, place),
        test=understood.agreed / understood.pairs,
        waits=not understood.is_enough,
    )


def ranks(brief: Brief, titles: Sequence[str]) -> dict[str, int]:
    """Rank titles by a brief: the wants in their order, then what was not named, then the refused.

    Equal ranks are what the brief cannot tell apart.
    """
    wanted = {want.what: n for n, want in enumerate(brief.wants)}
    unnamed = len(wanted)
    return {title: wanted.get(title, unnamed + (title in brief.never)) for title in titles}


def agreement(truth: Sequence[str], found: dict[str, Rank]) -> float:
    """Give the share of pairs that a ranking orders as the truth does; ties count as half."""
    score = pairs = 0.0
    for better, worse in combinations(truth, 2):
        pairs += 1
        if found[better] == found[worse]:
            score += 0.5
        elif found[better] < found[worse]:
            score += 1
    return score / pairs if pairs else CHANCE


def _popular(people: Sequence[BookOwner], *, without: int) -> list[str]:
    """Order the books by their mean place in everybody else's ranking."""
    places: dict[str, int] = {}
    for n, one in enumerate(people):
        if n != without:
            for place, title in enumerate(one.ranking):
                places[title] = places.get(title, 0) + place
    return sorted(places, key=lambda title: (places[title], title))


class Reader:
    """A scripted person who answers from a ranking, with slips."""

    def __init__(
        self, owner: BookOwner, noise: float, rng: random.Random, *, by_coin: bool = False
    ) -> None:
        self._owner = owner
        self._noise = noise * len(owner.ranking)
        self._rng = rng
        self._by_coin = by_coin
        self._place = {title: n for n, title in enumerate(owner.ranking)}

    def answers(self, manner: Wordiness) -> list[str]:
        """Give what the reader says up to the recap, and to it."""
        seen = self._looking()
        others = sorted((one for one in seen if one != self._owner.title), key=seen.__getitem__)
        said = [self._owner.name, self._owner.title, "books", "", "10", "5", "yes", "done"]
        liked = others[: manner.wants]
        by_chance = self._rng.sample(liked, len(liked))  # as they come to mind
        for title in by_chance:
            said += [title, "books", f"{self._worth(seen[title]):.2f}", ""]
        said.append("done")
        if len(liked) > 1:
            said.append(" ".join(str(by_chance.index(title) + 1) for title in liked))
        said.append("done")
        said += [*others[len(others) - manner.never :], "done"]
        return [*said, "", "done", "", "yes"]

    def picks(self, choice: Choice, brief: Brief) -> str:
        """Give the side of a pair that the reader would rather have."""
        if self._by_coin:
            return self._rng.choice("ab")
        a, b = (self._gain(option, choice, brief) for option in (choice.a, choice.b))
        return "a" if a > b else "b" if b > a else self._rng.choice("ab")

    def _gain(self, option: Option, choice: Choice, brief: Brief) -> float:
        price = option.units / USD.parse("1").units
        if option.act == "nothing":
            return 0.0
        if option.act == "sell":
            return price - 5 * (1 + self._rng.gauss(0, 1) * self._noise / len(self._place))
        place = self._looking()[brief.wants[option.place].what]
        if choice.a.act == choice.b.act:  # both save the same: the liking decides
            return -place
        return self._worth(place) - price

    def _looking(self) -> dict[str, float]:
        return {
            title: place + self._rng.gauss(0, 1) * self._noise
            for title, place in self._place.items()
        }

    def _worth(self, place: float) -> float:
        share = max(0.0, min(1.0, 1 - place / len(self._place)))
        return CHEAPEST_USD + (DEAREST_USD - CHEAPEST_USD) * share


def interviewed(reader: Reader, manner: Wordiness, terms: Terms) -> tuple[Brief, int]:
    """Interview a reader; give the brief, and the words that were typed before the test."""
    interview = Interview(terms)
    said = reader.answers(manner)
    interview.resume(said)
    while (choice := interview.choice) is not None:
        interview.resume([reader.picks(choice, interview.brief)])
    assert interview.question is None, "the reader has answered everything"
    return interview.brief, sum(len(one.split()) for one in said)
