"""What a floor was played with: committed to when it opens, shown when it is over.

It lies in the journal, so that whoever has the journal can measure the floor.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, field

from souq.lab.owners import BookOwner, BookOwners, draw, popular
from souq.lab.population import generator
from souq.lab.simulation import EVIDENCE
from souq.lab.swap.intake import Told, told
from souq.lab.swap.settings import SKILLS, FloorSettings, need_known
from souq.views.history import History


class Cast(Struct, frozen=True):
    """One person's agent. `places` are of the person's own ranking, as the agent was told it.

    None were told where the agent knows the ranking itself.
    """

    kind: str
    style: str
    manner: str = ""
    words: int = 0
    places: tuple[int, ...] = ()


class Played(Struct, frozen=True):
    """A whole floor. One who was cast stands where the person stands."""

    seed: int
    people: tuple[BookOwner, ...]
    settings: FloorSettings = field(default_factory=FloorSettings)
    cast: tuple[Cast, ...] = ()

    def understood(self, n: int) -> tuple[str, ...]:
        """Give the ranking that the n-th person's agent was told."""
        ranking = self.people[n].ranking
        return tuple(ranking[place] for place in self.cast[n].places) or ranking


def prepare(
    settings: FloorSettings, *, seed: int, kinds: Mapping[str, str], models: Sequence[str]
) -> Played:
    """Draw a floor's people and their agents. `kinds` by person's name go before any share.

    Raises ValueError for a person or a kind that is not known.
    """
    people = draw(
        people=settings.people,
        seed=seed,
        popularity_percent=settings.popularity_percent,
        disclosure_percent=settings.disclosure_percent,
    ).people
    known = dict.fromkeys((*SKILLS, *models))
    need_known(settings.kinds, known, "kinds")
    need_known(dict.fromkeys(kinds.values()), known, "kinds")
    need_known(kinds, {one.name: one for one in people}, "kinds by person")
    public = popular(people=settings.people, seed=seed)
    cast = []
    for n, one in enumerate(people):
        rng = generator(seed, f"cast {n}")
        kind = rng.choices(list(settings.kinds), list(settings.kinds.values()))[0]
        style = rng.choices(list(settings.styles), list(settings.styles.values()))[0]
        found = Told(())
        if settings.intake is not None:
            found = told(one, n, settings.intake, seed=seed, popular=public)
        place = {title: number for number, title in enumerate(one.ranking)}
        places = tuple(place[title] for title in found.ranking)
        cast.append(Cast(kinds.get(one.name, kind), style, found.manner, found.words, places))
    return Played(seed, people, settings, tuple(cast))


def read_played(history: History) -> Played | None:
    """Open the evidence a finished run left in its record; None where there is none.

    On a floor of before, or of `souq run swap`, agents knew the rankings.
    """
    note = history.notes.get(EVIDENCE)
    if note is None:
        return None
    found = msgspec.json.decode(history.words(note), type=Played)
    if found.cast:
        return found
    settings = msgspec.structs.replace(found.settings, people=len(found.people))
    cast = tuple(Cast("strong", "neutral") for _ in found.people)
    return msgspec.structs.replace(found, settings=settings, cast=cast)


def read_population(history: History) -> BookOwners | None:
    """Open who was there and what they truly liked; None where that is not (yet) shown."""
    found = read_played(history)
    return None if found is None else BookOwners(found.seed, found.people)
