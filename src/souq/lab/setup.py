"""What a market of the laboratory is made of, before it opens: rules, people, who plays whom.

A treatment changes a setup; nothing else does. What each person's agent may never do stands in its
mandate; what is true of a thing, but not said, stands with the people and never reaches the market.
"""

import random
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from souq.agents import Agent
from souq.agents.skill import Attentive, Skill
from souq.agents.strategies import STRATEGIES
from souq.agents.tactic import Tactic
from souq.agents.trader import Errand, Trader
from souq.core.conditions import USUAL, Conditions
from souq.core.mandate import GoodsLimit, Limits
from souq.core.policy import Policy
from souq.core.rules import DAY_US, Rules
from souq.lab.population import TRUE_PERCENT, Person, Population, generator
from souq.lab.simulation import Simulation
from souq.views.observation import ListingSeen

MARKET = "deal"
WEEK_US = 7 * DAY_US
TURNS_PER_PERSON = 60

# When a person disputes what it got: never, when it is not what was said, or always.
Disputes = Literal["never", "when_wronged", "always"]


class Place(Struct, frozen=True):
    """Where an agent stands once it has joined: what it is built with."""

    agent: str
    part: "Part"
    setup: "Setup"
    simulation: Simulation

    def worth(self, listing: ListingSeen) -> int:
        """Say what a listing is worth to the person, as it was described; 0 is nothing."""
        # The person looks at the thing itself, which its owner's name for it stands for here.
        posted = self.simulation.history.listings[listing.id].posted
        return self.part.person.values.get(posted.ref, 0)


Make = Callable[[Place], Agent]
Around = Callable[[Agent, Place], Agent]


class Part(Struct):
    """One person's part. `make` builds its agent; None is the scripted trader of its style. What
    stands `around` it, the first one innermost, changes what any agent does.

    An agent is drawn `weight` times as often as one of weight 1. `delivers` False: it brings
    nothing. Its agent `runs_on` a model or a script; `declares` is what its card says of that, ""
    nothing. `told` is in a model's brief. `errands` change what a scripted trader is sent for. Both
    they and what stands around are asked again in each round.
    """

    person: Person
    limits: Limits
    kind: str = ""
    block: str = ""
    skill: Skill = Skill()
    make: Make | None = None
    around: list[Around] = field(default_factory=list)
    weight: int = 1
    bond_units: int = 0
    is_adversary: bool = False
    delivers: bool = True
    disputes: Disputes = "when_wronged"
    runs_on: str = ""
    declares: str = ""
    told: tuple[str, ...] = ()
    errands: list[Callable[[Errand, Place], None]] = field(default_factory=list)


class Shock(Struct, frozen=True):
    """Something that happens once, when `share` of all turns are over."""

    share: float
    strike: Callable[[Simulation, dict[str, Part]], None]


class Setup(Struct):
    """A whole market before it opens. `parts` stand in the order in which people join.

    An arbiter sees the truth in `arbiter_percent` of all cases, and rules the other way in the
    rest. `renew` is asked before each round but the first, and may change the parts; what they
    bring in any round stands in the population from the beginning.
    """

    population: Population
    parts: list[Part]
    rules: Rules
    turns_per_person: int = TURNS_PER_PERSON
    span_us: int = WEEK_US
    rounds: int = 1
    renew: Callable[["Setup", int], None] | None = None
    shocks: list[Shock] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)  # of the house
    conditions: Conditions = USUAL  # of every listing of a scripted trader
    delivery: Literal["meet", "ship"] = "meet"
    shipping_units: int = 0
    arbiter_percent: int = 100
    prepare: list[Callable[[Simulation, dict[str, Part]], None]] = field(default_factory=list)
    luck: int | None = None

    @property
    def seed(self) -> int:
        """Give the seed of all that happens by chance in it: its luck, or the people's own seed."""
        return self.population.seed if self.luck is None else self.luck

    def evidence(self) -> Population:
        """Give what is committed to before the market opens, and shown when it is over."""
        kinds = {part.person.name: part.kind for part in self.parts if part.kind}
        adversaries = tuple(part.person.name for part in self.parts if part.is_adversary)
        return msgspec.structs.replace(self.population, kinds=kinds, adversaries=adversaries)

    def truth_percent(self, ref: str) -> int:
        """Give what a thing is really worth, in per cent of what it seems."""
        return self.population.truths.get(ref, TRUE_PERCENT)

    def change(self, part: Part, **fields: Any) -> None:
        """Change what is true of a person, in its part and in the evidence alike."""
        part.person = msgspec.structs.replace(part.person, **fields)
        self.population = msgspec.structs.replace(
            self.population,
            people=tuple(
                part.person if one.number == part.person.number else one
                for one in self.population.people
            ),
        )

    def admit(self, part: Part) -> None:
        """Let somebody more join, last of all."""
        people = (*self.population.people, part.person)
        self.population = msgspec.structs.replace(self.population, people=people)
        self.parts.append(part)

    def falsify(self, truths: dict[str, int]) -> None:
        """Say what things are really worth, in per cent of what they seem."""
        whole = {**self.population.truths, **truths}
        self.population = msgspec.structs.replace(self.population, truths=whole)

    def authorise(self) -> None:
        """Draw up the mandates again, after things or values have changed."""
        for part in self.parts:
            new = limits_of(part.person, self.population)
            part.limits = msgspec.structs.replace(
                part.limits, goods=new.goods, ceilings=new.ceilings
            )


def setup_of(population: Population, *, fee_bps: int = 0, rules: Rules | None = None) -> Setup:
    """Give the usual market among these people, all of them honest and scripted."""
    # Contracts wait for the hand-over after the week, whenever in it they were made.
    usual = Rules(name=MARKET, fee_bps=fee_bps, delivery_us=4 * WEEK_US, offer_us=DAY_US)
    parts = [Part(person, limits_of(person, population)) for person in population.people]
    return Setup(population, parts, rules or usual)


def limits_of(person: Person, population: Population) -> Limits:
    """Turn what a person authorised into a mandate: floors, ceilings by category, the budget."""
    category_of = {
        thing.ref: thing.category for other in population.people for thing in other.things
    }
    ceilings = dict.fromkeys(person.wants, 0)
    for ref, worth in person.values.items():
        category = category_of[ref]
        ceilings[category] = max(ceilings[category], worth)
    return Limits(
        per_deal_units=person.budget_units,
        lifetime_units=person.budget_units,
        quantity_max=1,
        goods={
            thing.ref: GoodsLimit(thing.floor_units, thing.may_barter) for thing in person.things
        },
        ceilings=ceilings,
    )


def agent_of(place: Place) -> Agent:
    """Give the agent that plays a person."""
    agent = (place.part.make or trader_of)(place)
    for around in place.part.around:
        agent = around(agent, place)
    return agent


def errand_of(place: Place) -> Errand:
    """Give what a person sends a script for, with all that its part says of that."""
    person, setup = place.part.person, place.setup
    judgement = generator(setup.seed, f"judgement {person.number}")
    worth = place.part.skill.misjudged(place.worth, judgement)
    errand = Errand(person.name, person.things, dict(person.wants), worth, dict(person.adverts))
    errand.conditions, errand.delivery = setup.conditions, setup.delivery
    errand.shipping_units = setup.shipping_units
    for change in place.part.errands:
        change(errand, place)
    return errand


def trader_of(place: Place) -> Agent:
    """Give the scripted trader of a person's style and skill."""
    person = place.part.person
    rng = generator(place.setup.seed, f"agent {person.number}")
    return trader_with(place, STRATEGIES[person.style](rng), rng)


def trader_with(place: Place, tactic: Tactic, rng: random.Random) -> Agent:
    """Give the scripted trader of a person's skill, with another tactic than its style's."""
    person, skill, setup = place.part.person, place.part.skill, place.setup
    trader = Trader(errand_of(place), tactic, rng, patience=skill.patience, open_max=skill.open_max)
    if skill.attention == 1:
        return trader
    return Attentive(trader, skill, generator(setup.seed, f"attention {person.number}"))
