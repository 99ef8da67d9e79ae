"""The floor itself: nobody has a turn; agents wake when something concerns them.

An agent thinks for a while on what it saw when it woke, then acts; what has moved meanwhile voids.
"""

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from souq.agents import Agent, Turn
from souq.agents.llm.spending import OverBudget
from souq.core.message import PostMessage
from souq.core.refusal import Reason, Refused
from souq.core.rules import MINUTE_US, SECOND_US
from souq.core.seal import PublicText
from souq.lab.population import generator
from souq.lab.simulation import Simulation
from souq.views.history import History
from souq.views.observation import observer_of


class Wake(Struct, frozen=True):
    """One wake: what was decided on what was seen at its beginning."""

    agent: str
    began_at: int
    ended_at: int
    turn: Turn


class _Thought(Struct, frozen=True):
    """A wake that is not over: the turn, or what will give it."""

    agent: str
    began_at: int
    ended_at: int
    turn: Any


Progress = Callable[[Wake, History], None]


class Floor:
    """Wakes agents in the order in which they fell due, a few at once."""

    def __init__(
        self,
        simulation: Simulation,
        agents: Mapping[str, Agent],
        seed: int,
        progress: Progress,
        *,
        cap: int,
        wake_s: tuple[int, int],
        quiet_us: int,
    ) -> None:
        """`cap` is of how many are awake at once; `quiet_us` without an action ends it all."""
        self._simulation = simulation
        self._agents = agents
        self._progress = progress
        self._cap = cap
        self._wake_s = wake_s
        self._quiet_us = quiet_us
        self._observer = observer_of(simulation.engine.state, simulation.history)
        self._durations: random.Random = generator(seed, "wakes")
        self._notes = dict.fromkeys(agents, "")
        self._refusals = dict.fromkeys(agents, "")
        order = generator(seed, "order").sample(list(agents), len(agents))
        # Who is asleep, by when each falls due; equal ones in an order of their own.
        self._place = {agent: place for place, agent in enumerate(order)}
        self._due = dict.fromkeys(order, simulation.clock.at)
        self._awake: dict[str, bool] = {}  # agent -> has something come up since it woke?
        self._ends: list[tuple[int, int, _Thought]] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # made for agents that take their time
        self._last_action_at = simulation.clock.at
        self._open: dict[str, int] = {}  # negotiation -> moves seen
        self._stories_seen = 0
        self._said_seen = 0
        self.wakes = 0
        self.awake_peak = 0
        self.notes_written = 0

    def run(self, closes_at: int) -> str:
        """Run until the closing time, or until nobody has acted for long; say which.

        Where the run's budget of calls is spent before, that is why it ends.
        """
        try:
            return self._run(closes_at)
        except OverBudget as spent:
            if not spent.is_whole_run:
                raise
            return str(spent)
        finally:
            if self._loop is not None:
                self._drop_thoughts(self._loop)
                self._loop.close()

    def _run(self, closes_at: int) -> str:
        clock = self._simulation.clock
        while True:
            self._start()
            quiet_at = self._last_action_at + self._quiet_us
            end_at, stop = min((closes_at, "closing_time"), (quiet_at, "no_deal_action"))
            next_at = min(end_at, self._next_at())
            self._simulation.advance(next_at - clock.at)
            self._notify()
            if next_at == end_at:
                return stop  # whoever is still thinking comes too late
            while self._ends and self._ends[0][0] <= clock.at:
                self._finish(heapq.heappop(self._ends)[2])

    def _start(self) -> None:
        now = self._simulation.clock.at
        while self._due and len(self._awake) < self._cap:
            agent = min(self._due, key=lambda one: (self._due[one], self._place[one]))
            if self._due[agent] > now:
                return
            del self._due[agent]
            self._awake[agent] = False
            self.awake_peak = max(self.awake_peak, len(self._awake))
            turn = self._wake(agent)
            ends_at = now + self._durations.randint(*self._wake_s) * SECOND_US
            self.wakes += 1
            heapq.heappush(self._ends, (ends_at, self.wakes, _Thought(agent, now, ends_at, turn)))

    def _wake(self, agent: str) -> Any:
        """Give an agent's turn, or the task that it comes of: several may think at once."""
        seen = self._observer.observe(agent)
        if self._refusals[agent]:
            seen = msgspec.structs.replace(seen, refusal=self._refusals[agent])
        found = self._agents[agent].wake(seen, self._notes[agent])
        if isinstance(found, Turn):
            return found
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.create_task(_awaited(found))

    def _decided(self, thought: _Thought) -> Turn:
        """Give the turn of a thought that is over. One whose own budget is spent passes."""
        if isinstance(thought.turn, Turn):
            return thought.turn
        assert self._loop is not None, "a task has a loop"
        try:
            turn: Turn = self._loop.run_until_complete(thought.turn)
        except OverBudget as spent:
            if spent.is_whole_run:
                raise
            return Turn()
        return turn

    def _drop_thoughts(self, loop: asyncio.AbstractEventLoop) -> None:
        turns = [thought.turn for _, _, thought in self._ends]
        tasks = [turn for turn in turns if isinstance(turn, asyncio.Task)]
        for task in tasks:
            task.cancel()
        loop.run_until_complete(_ended(tasks))

    def _next_at(self) -> int:
        ends = [self._ends[0][0]] if self._ends else []
        has_room = len(self._awake) < self._cap
        return min([*ends, *(self._due.values() if has_room else ())])

    def _finish(self, thought: _Thought) -> None:
        turn, simulation = self._decided(thought), self._simulation
        wake = Wake(thought.agent, thought.began_at, thought.ended_at, turn)
        if turn.note is not None:
            self.notes_written += turn.note != self._notes[wake.agent]
            self._notes[wake.agent] = turn.note
        if turn.message:
            simulation.submit(wake.agent, PostMessage(PublicText(turn.message)))
        self._refusals[wake.agent] = ""
        if turn.operation is not None:
            refusal = simulation.submit(wake.agent, turn.operation).refusal
            # A listing counts as well: a large floor takes longer than ten minutes to come in.
            if refusal is None:
                self._last_action_at = simulation.clock.at
            else:
                why = Refused(Reason(refusal.reason), **refusal.facts)
                self._refusals[wake.agent] = str(why)
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
        if len(history.negotiations) > self._stories_seen:
            self._open.update(dict.fromkeys(list(history.negotiations)[self._stories_seen :], 0))
            self._stories_seen = len(history.negotiations)
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


async def _awaited(turn: Awaitable[Turn]) -> Turn:
    return await turn


async def _ended(tasks: Iterable[asyncio.Task[Turn]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
