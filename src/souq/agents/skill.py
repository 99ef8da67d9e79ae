"""How well an agent does what it is told: a scripted stand-in for models of different strength.

The tactic says how an agent means to bargain; its skill, how much of that comes off. A weak agent
overlooks turns, misjudges what things are worth to its person, and gives up sooner.
"""

import random
from collections.abc import Callable

from msgspec import Struct

from souq.agents import Agent, Turn, turn_of
from souq.agents.trader import OPEN_MAX, PATIENCE
from souq.views.observation import ListingSeen, Observation


class Skill(Struct, frozen=True, forbid_unknown_fields=True):
    """`attention`: the share of its turns that it takes; `misjudgement`: the sigma of the
    lognormal error, of mean 1, in what a thing seems worth; `patience`: prices it names before it
    gives up; `open_max`: talks it begins before it waits for answers.
    """

    attention: float = 1
    misjudgement: float = 0
    patience: int = PATIENCE
    open_max: int = OPEN_MAX

    def __post_init__(self) -> None:
        """Raise ValueError for what nobody can be."""
        if not 0 < self.attention <= 1:
            raise ValueError("attention is a share above 0, and at most 1")
        if not 0 <= self.misjudgement <= 2:
            raise ValueError("misjudgement is a sigma from 0 to 2")
        if not (1 <= self.patience <= 100 and 1 <= self.open_max <= 100):
            raise ValueError("patience and open_max are whole numbers from 1 to 100")

    def misjudged(
        self, worth: Callable[[ListingSeen], int], rng: random.Random
    ) -> Callable[[ListingSeen], int]:
        """Give what things seem worth to an agent of this skill: wrong, but always equally so."""
        if not self.misjudgement:
            return worth
        errors: dict[str, float] = {}

        def seeming(listing: ListingSeen) -> int:
            if listing.id not in errors:
                mu = -(self.misjudgement**2) / 2
                errors[listing.id] = rng.lognormvariate(mu, self.misjudgement)
            return int(worth(listing) * errors[listing.id])

        return seeming


SKILLS: dict[str, Skill] = {
    "plain": Skill(),
    "strong": Skill(patience=7, open_max=4),
    "weak": Skill(attention=0.6, misjudgement=0.3, patience=3, open_max=2),
}


class Attentive:
    """An agent that overlooks some of its turns."""

    def __init__(self, agent: Agent, skill: Skill, rng: random.Random) -> None:
        self._agent = agent
        self._attention = skill.attention
        self._rng = rng

    async def wake(self, seen: Observation, note: str) -> Turn:
        """Wake the agent, or let the turn pass."""
        if self._rng.random() >= self._attention:
            return Turn()
        return await turn_of(self._agent, seen, note)
