"""Which model plays whom: drawn for each person from the seed, as in Project Deal's mixed runs.

What the run was made with stands in its first records, and what it took in its last.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from souq.agents.brief import Brief, ThingTold, WantTold
from souq.agents.llm import wording
from souq.agents.llm.calls import Model
from souq.agents.llm.manner import Manner
from souq.agents.llm.mind import Representative
from souq.agents.llm.quarantine import Quarantine
from souq.agents.llm.recording import Recorded, Recording
from souq.agents.llm.spending import Purse, Spent
from souq.core.annotation import Annotate
from souq.core.money import USD
from souq.core.party import MODEL_MAX
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText
from souq.lab.population import Person, Population, generator
from souq.lab.setup import Place, Setup
from souq.lab.simulation import Simulation

MODELS = "models"
SPENDING = "model_spending"
SCRIPTED = "scripted"
LIKED_MAX = 3  # things named for each want


class Player(Struct, frozen=True):
    """A model that may be drawn, `share` times as likely as one with a share of 1.

    The one named `scripted` has none, as has every one in a replay.
    """

    model: Model | None
    manner: Manner
    share: int = 1


class Manifest(Struct, frozen=True):
    """What models a run was made with, and the hash of what they were told."""

    prompt_version: str
    prompt_sha256: str
    structured_only: bool
    at_once: int
    shares: dict[str, int]
    players: dict[str, str]  # by person


class SpendingNote(Struct, frozen=True):
    """What the calls of a run took, and why it ended."""

    stop: str
    spent: Spent
    moves: dict[str, dict[str, int]]  # by model, how often it chose what


class Casting:
    """Draws a player for each person, and keeps the books of their calls."""

    def __init__(
        self,
        players: Mapping[str, Player],
        seed: int,
        *,
        purse: Purse,
        recording: Recording | None = None,
        agent_cost_units: int | None = None,
        structured_only: bool = False,
        at_once: int = 1,
    ) -> None:
        """`players` by the name of their model; `agent_cost_units` is each agent's own budget."""
        self.at_once = at_once
        self.purse = purse
        self.stop = ""  # why it ended
        self._players = players
        self._recording = recording
        self._rng = generator(seed, "players")
        self._agent_cost_units = agent_cost_units
        self._structured_only = structured_only
        self.name_of: dict[str, str] = {}  # by person
        self._minds: dict[str, list[Representative]] = {name: [] for name in players}

    def draw(self, population: Population) -> None:
        """Draw who plays whom."""
        names = list(self._players)
        weights = [self._players[name].share for name in names]
        for person in population.people:
            self.name_of[person.name] = self._rng.choices(names, weights)[0]

    def cast(self, setup: Setup) -> None:
        """Give each part the player drawn for its person."""
        for part in setup.parts:
            if self.name_of[part.person.name] != SCRIPTED:
                part.make = self.mind_of

    def declare(self, setup: Setup) -> None:
        """Have each part's card say what plays it."""
        for part in setup.parts:
            part.declares = declared_name(self.name_of[part.person.name])

    def open(self, simulation: Simulation) -> None:
        """Write down what the run is made with."""
        self._note(simulation, MODELS, self.manifest())

    def manifest(self) -> Manifest:
        """Give what the run is made with."""
        shares = {name: player.share for name, player in self._players.items()}
        return Manifest(
            wording.VERSION,
            wording.digest(),
            self._structured_only,
            self.at_once,
            shares,
            self.name_of,
        )

    def mind_of(self, place: Place) -> Representative:
        """Give the model that plays a person. Raises BadBrief."""
        person, population = place.part.person, place.setup.population
        name = self.name_of[person.name]
        player = self._players[name]
        model: Model | Recorded | None = player.model
        if self._recording is not None:
            model = self._recording.of(player.model, name, person.name)
        assert model is not None, "a replay has a recording"
        brief = brief_of(person, population, place.part.told)
        categories = {*person.wants, *(thing.category for thing in person.things)}
        found = Representative(
            brief,
            model,
            USD,
            things=person.things,
            purse=Purse(cost_units=self._agent_cost_units, within=self.purse),
            manner=player.manner,
            quarantine=Quarantine(model, categories) if self._structured_only else None,
        )
        self._minds[name].append(found)
        return found

    def close(self, simulation: Simulation, stop: str) -> None:
        """Write down what the calls took, and why the run ended."""
        self.stop = stop
        moves: dict[str, dict[str, int]] = {}
        for name, minds in self._minds.items():
            counts: dict[str, int] = {}
            for mind in minds:
                for move, count in mind.moves.items():
                    counts[move] = counts.get(move, 0) + count
            moves[name] = dict(sorted(counts.items()))
        self._note(simulation, SPENDING, SpendingNote(stop, self.purse.spent, moves))

    def _note(self, simulation: Simulation, topic: str, note: Struct) -> None:
        text = msgspec.json.encode(note, order="sorted").decode()
        simulation.submit(OPERATOR, Annotate(topic, OperatorText(text))).need()


def declared_name(model: str) -> str:
    """Give a model's name without the address it is reached at."""
    return model.partition("@")[0][:MODEL_MAX]


def brief_of(person: Person, population: Population, told: tuple[str, ...] = ()) -> Brief:
    """Give what a person told their agent: their things, and by category what they would pay."""
    owned = {thing.ref: thing for other in population.people for thing in other.things}
    wants = []
    for category, count in person.wants.items():
        liked = [
            (worth, owned[ref].title)
            for ref, worth in person.values.items()
            if owned[ref].category == category
        ]
        if not liked:
            continue
        liked.sort(key=lambda one: (-one[0], one[1]))
        what = "such as " + "; ".join(title for _, title in liked[:LIKED_MAX])
        wants.append(WantTold(category, USD.format(liked[0][0]), count, what))
    return Brief(
        name=person.name,
        budget=USD.format(person.budget_units),
        style=person.style.replace("_", " "),
        wishes=told,
        things=tuple(
            ThingTold(
                one.title,
                one.category,
                USD.format(one.ask_units),
                USD.format(one.floor_units),
                one.description,
                one.may_barter,
            )
            for one in person.things
        ),
        wants=tuple(wants),
    )
