"""Swap mode: everybody brings one book, and agents barter on an open floor for an hour.

After Project Swap. There is no turn order: an agent wakes when something concerns it or after a
quiet minute, thinks for a while on what it saw, then acts; what has moved meanwhile voids. How
well the floor did is measured against Top Trading Cycles and the best possible assignment.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from souq.agents import Turn
from souq.agents.swapper import CATEGORY, SwapBrief, Swapper
from souq.core import market
from souq.core.annotation import Annotate
from souq.core.mandate import Limits
from souq.core.mechanisms.swap import NAME as SWAP
from souq.core.message import PostMessage
from souq.core.rules import MINUTE_US, OPERATOR, SECOND_US, Rules
from souq.core.seal import OperatorText, PublicText, canonical
from souq.core.state import State
from souq.journal.store import Store
from souq.lab import matching
from souq.lab.population import generator
from souq.lab.simulation import EVIDENCE, OPENING_US, Simulation
from souq.views.history import History
from souq.views.observation import observer_of

MARKET = "swap"
FLOOR = "floor"
CLOSING_US = 60 * MINUTE_US
QUIET_US = 10 * MINUTE_US  # so long without a listing or a deal action, and the floor closes
PROPOSAL_US = 6 * MINUTE_US
WAKE_S = (20, 40)  # what a wake takes, drawn anew for each
POPULARITY_PERCENT = 35  # the share of a common taste in everybody's ranking; the rest is private
DISCLOSURE_RATE = 0.88
PEOPLE = 57  # the middle office of Project Swap

_FIRST = (
    *("Amber", "Autumn", "Borrowed", "Brass", "Broken", "Burning", "Chalk", "Clockwork", "Copper"),
    *("Crimson", "Distant", "Drowned", "Early", "Electric", "Empty", "Fallen", "Final", "Foreign"),
    *("Forgotten", "Frozen", "Gentle", "Glass", "Golden", "Hidden", "Hollow", "Honest", "Hungry"),
    *("Inland", "Invisible", "Iron", "Last", "Little", "Lonely", "Lost", "Midnight", "Narrow"),
    *("Northern", "Other", "Painted", "Paper", "Patient", "Perfect", "Quiet", "Restless", "Salt"),
    *("Second", "Secret", "Seventh", "Silent", "Silver", "Sleeping", "Southern", "Stolen", "Tidal"),
    *("Unfinished", "Unlikely", "Velvet", "Wandering", "Winter", "Wooden"),
)
_SECOND = (
    *("Almanac", "Apprentice", "Archive", "Atlas", "Bakery", "Beekeeper", "Border", "Bridge"),
    *("Cartographer", "Cathedral", "Circus", "City", "Coast", "Correspondent", "Daughter"),
    *("Detective", "Diary", "Embassy", "Engine", "Expedition", "Ferryman", "Forest", "Garden"),
    *("Gardener", "Harbour", "Harvest", "Horizon", "Hotel", "House", "Hypothesis", "Inheritance"),
    *("Island", "Kingdom", "Kitchen", "Language", "Lantern", "Letter", "Library", "Lighthouse"),
    *("Machine", "Map", "Mathematician", "Migration", "Mirror", "Museum", "Observatory", "Orchard"),
    *("Planet", "Prophet", "Railway", "Republic", "River", "Season", "Shepherd", "Station"),
    *("Storm", "Theatre", "Translator", "Violin", "Watchmaker"),
)


class BookOwner(Struct, frozen=True):
    """One person: what it brings, and every book on the floor as it would rank them."""

    name: str
    title: str
    ranking: tuple[str, ...]
    discloses: bool
    patience_percent: int


class BookOwners(Struct, frozen=True):
    """Everybody on one floor, and the seed they came from."""

    seed: int
    people: tuple[BookOwner, ...]


class Wake(Struct, frozen=True):
    """One wake: what was decided on what was seen at its beginning."""

    agent: str
    began_at: int
    ended_at: int
    turn: Turn


class FloorNote(Struct, frozen=True):
    """What the journal cannot know otherwise: wakes that came to nothing, why the floor closed."""

    wakes: int
    stop: str


class SwapSummary(Struct, frozen=True):
    """A floor's figures. Scores: 1 is the top of one's own list, 0 its bottom; means over people.

    They are None where the rankings are not (yet) in the record.
    """

    people: int
    proposals: int
    deals: int
    rotations: int
    voided: int
    rejected: int
    lapsed: int
    wakes: int
    score_start: float | None
    score_achieved: float | None
    score_ttc: float | None
    score_best: float | None
    share_of_best: float | None
    worst_tenth: float | None
    stop: str
    state_hash: str


Progress = Callable[[Wake, History], None]


def draw(*, people: int, seed: int) -> BookOwners:
    """Draw a population. Raises ValueError for fewer than two people, or more than titles.

    A book's place in a ranking comes from 35 % of its popularity, which all share, and 65 % of a
    private draw, both uniform.
    """
    if not 2 <= people <= len(_FIRST) * len(_SECOND):
        raise ValueError(f"people: 2 to {len(_FIRST) * len(_SECOND)}, so that they can swap")
    numbers = generator(seed, "titles").sample(range(len(_FIRST) * len(_SECOND)), people)
    titles = [f"The {_FIRST[n // len(_SECOND)]} {_SECOND[n % len(_SECOND)]}" for n in numbers]
    rng = generator(seed, "popularity")
    popularity = [rng.random() for _ in titles]
    drawn = (_owner(seed, n, titles, popularity) for n in range(people))
    return BookOwners(seed, tuple(drawn))


def _owner(seed: int, n: int, titles: list[str], popularity: list[float]) -> BookOwner:
    taste, temper = generator(seed, f"taste {n}"), generator(seed, f"temper {n}")
    liking = {
        title: POPULARITY_PERCENT * common + (100 - POPULARITY_PERCENT) * taste.random()
        for title, common in zip(titles, popularity, strict=True)
    }
    return BookOwner(
        name=f"Reader {n + 1}",
        title=titles[n],
        ranking=tuple(sorted(titles, key=lambda title: (-liking[title], title))),
        discloses=temper.random() < DISCLOSURE_RATE,
        patience_percent=temper.randint(0, 100),
    )


def awake_max(people: int) -> int:
    """Give how many may be awake at once, by the size of the floor."""
    return 8 if people >= 50 else 4 if people >= 10 else 1


def run_swap(
    store: Store,
    *,
    people: int = PEOPLE,
    seed: int = 0,
    closing_us: int = CLOSING_US,
    progress: Progress = lambda wake, history: None,
) -> Simulation:
    """Run a whole floor into `store`; the simulation's engine is left open for reading."""
    population = draw(people=people, seed=seed)
    evidence = canonical.encode(population)
    simulation = Simulation(store, generator(seed, "salts"))
    simulation.open(Rules(name=MARKET, offer_us=PROPOSAL_US), evidence)
    # No money: a mandate to pay nothing, and to pass on one book at a time.
    limits = Limits(per_deal_units=0, lifetime_units=0, quantity_max=1, categories=(CATEGORY,))
    swappers: dict[str, Swapper] = {}
    closes_at = OPENING_US + closing_us
    for one in population.people:
        patience = one.patience_percent / 100
        brief = SwapBrief(
            *(one.name, one.title, one.ranking, one.discloses, patience, OPENING_US, closes_at)
        )
        swappers[simulation.join(one.name, limits)] = Swapper(brief)
    floor = _Floor(simulation, swappers, seed, progress)
    stop = floor.run(closes_at)
    simulation.advance(PROPOSAL_US)  # what was still open lapses
    told = canonical.encode(FloorNote(floor.wakes, stop)).decode()
    simulation.submit(OPERATOR, Annotate(FLOOR, OperatorText(told))).need()
    simulation.reveal(evidence)
    return simulation


class _Floor:
    """Wakes agents in the order in which they fell due, a few at once."""

    def __init__(
        self,
        simulation: Simulation,
        swappers: dict[str, Swapper],
        seed: int,
        progress: Progress,
    ) -> None:
        self._simulation = simulation
        self._swappers = swappers
        self._progress = progress
        self._observer = observer_of(simulation.engine.state, simulation.history)
        self._durations: random.Random = generator(seed, "wakes")
        self._notes = dict.fromkeys(swappers, "")
        order = generator(seed, "order").sample(list(swappers), len(swappers))
        # Who is asleep, by when each falls due; equal ones in an order of their own.
        self._place = {agent: place for place, agent in enumerate(order)}
        self._due = dict.fromkeys(order, simulation.clock.at)
        self._awake: dict[str, bool] = {}  # agent -> has something come up since it woke?
        self._ends: list[tuple[int, int, Wake]] = []
        self._last_action_at = simulation.clock.at
        self._open: dict[str, int] = {}  # negotiation -> moves seen
        self._stories_seen = 0
        self._said_seen = 0
        self.wakes = 0

    def run(self, closes_at: int) -> str:
        """Run until the closing time, or until nobody has acted for long; say which."""
        clock = self._simulation.clock
        while True:
            self._start()
            end_at, stop = min(
                (closes_at, "closing_time"), (self._last_action_at + QUIET_US, "no_deal_action")
            )
            next_at = min(end_at, self._next_at())
            self._simulation.advance(next_at - clock.at)
            self._notify()
            if next_at == end_at:
                return stop  # whoever is still thinking comes too late
            while self._ends and self._ends[0][0] <= clock.at:
                self._finish(heapq.heappop(self._ends)[2])

    def _start(self) -> None:
        now = self._simulation.clock.at
        while self._due and len(self._awake) < awake_max(len(self._swappers)):
            agent = min(self._due, key=lambda one: (self._due[one], self._place[one]))
            if self._due[agent] > now:
                return
            del self._due[agent]
            self._awake[agent] = False
            turn = self._swappers[agent].wake(self._observer.observe(agent), self._notes[agent])
            ends_at = now + self._durations.randint(*WAKE_S) * SECOND_US
            self.wakes += 1
            heapq.heappush(self._ends, (ends_at, self.wakes, Wake(agent, now, ends_at, turn)))

    def _next_at(self) -> int:
        ends = [self._ends[0][0]] if self._ends else []
        has_room = len(self._awake) < awake_max(len(self._swappers))
        return min([*ends, *(self._due.values() if has_room else ())])

    def _finish(self, wake: Wake) -> None:
        turn, simulation = wake.turn, self._simulation
        if turn.note is not None:
            self._notes[wake.agent] = turn.note
        if turn.message:
            simulation.submit(wake.agent, PostMessage(PublicText(turn.message)))
        if turn.operation is not None:
            answer = simulation.submit(wake.agent, turn.operation)
            # A listing counts as well: a large floor takes longer than ten minutes to come in.
            if answer.refusal is None:
                self._last_action_at = simulation.clock.at
        has_news = self._awake.pop(wake.agent)
        self._due[wake.agent] = simulation.clock.at + (0 if has_news else MINUTE_US)
        self._notify(wake.agent)
        self._progress(wake, simulation.history)

    def _notify(self, author: str = "") -> None:
        """Let everybody whom the news concerns fall due, but for whose doing it is."""
        for agent in self._concerned():
            if agent == author:
                continue
            if agent in self._awake:
                self._awake[agent] = True
            elif agent in self._due:
                self._due[agent] = min(self._due[agent], self._simulation.clock.at)

    def _concerned(self) -> Iterator[str]:
        history = self._simulation.history
        stories = list(history.negotiations)
        self._open.update(dict.fromkeys(stories[self._stories_seen :], 0))
        self._stories_seen = len(stories)
        for id, moves in list(self._open.items()):
            story = history.negotiations[id]
            if story.why:
                del self._open[id]
            elif len(story.moves) != moves:
                self._open[id] = len(story.moves)
            else:
                continue
            yield from story.parties
        for said in history.said[self._said_seen :]:
            for listing in history.listings.values():
                if f"“{listing.title}”" in said.text:
                    yield listing.agent
        self._said_seen = len(history.said)


def read_population(history: History) -> BookOwners | None:
    """Open the evidence a finished run left in its record; None where there is none."""
    note = history.notes.get(EVIDENCE)
    return msgspec.json.decode(history.words(note), type=BookOwners) if note else None


def summarise(history: History, state: State) -> SwapSummary:
    """Compute a floor's figures from what its journal folds to. Raises LabExtraMissing."""
    stories = [one for one in history.negotiations.values() if one.mechanism == SWAP]
    ends = [story.why for story in stories]
    note = history.notes.get(FLOOR)
    floor = (
        msgspec.json.decode(history.words(note), type=FloorNote)
        if note
        else FloorNote(0, "unfinished")
    )
    return SwapSummary(
        people=len(history.principal_of),
        proposals=len(stories),
        deals=len(history.deals),
        rotations=sum(len(deal.agreement.parties) > 2 for deal in history.deals.values()),
        voided=ends.count("goods_moved"),
        rejected=ends.count("rejected"),
        lapsed=ends.count("lapsed"),
        wakes=floor.wakes,
        stop=floor.stop,
        state_hash=market.state_hash(state),
        **_scores(history),
    )


def _scores(history: History) -> dict[str, float | None]:
    names = ("start", "achieved", "ttc", "best")
    result: dict[str, float | None] = dict.fromkeys(f"score_{name}" for name in names)
    result |= {"share_of_best": None, "worst_tenth": None}
    population = read_population(history)
    if population is None:
        return result
    # People join in the order in which they were drawn.
    people = dict(zip(history.principal_of, population.people, strict=True))
    preferences = {agent: one.ranking for agent, one in people.items()}
    start = {agent: one.title for agent, one in people.items()}
    # Whose book was never listed still holds it.
    held = start | {story.agent: story.title for story in history.listings.values()}
    achieved = matching.scores(preferences, held)
    mean = matching.mean
    best = mean([*matching.scores(preferences, matching.best_assignment(preferences)).values()])
    ttc = matching.top_trading_cycles(preferences, start)
    worst = sorted(achieved.values())[: math.ceil(len(achieved) / 10)]
    total = mean([*achieved.values()])
    return {
        "score_start": mean([*matching.scores(preferences, start).values()]),
        "score_achieved": total,
        "score_ttc": mean([*matching.scores(preferences, ttc).values()]),
        "score_best": best,
        "share_of_best": round(total / best, 9),
        "worst_tenth": mean(worst),
    }
