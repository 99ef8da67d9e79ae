"""What an experiment's file may say. A file is read by `reading`; every default here is a choice.

Each arm, and each level of a factor, is a part of an experiment laid over the rest of it.
"""

from typing import Any, Literal

from msgspec import Struct, field

from souq.agents.llm.spending import Purse
from souq.agents.skill import Skill
from souq.core.money import USD
from souq.lab.setup import TURNS_PER_PERSON
from souq.lab.swap import FloorSettings

PEOPLE = 69  # as in Project Deal
Mode = Literal["deal", "swap"]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Files of goods, by one kind of reader; see docs/data.md. Paths start at the experiment."""

    kind: Literal["listings", "price_history"] = "listings"
    paths: tuple[str, ...] = ()


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes to market, and with what.

    `goods` is how many things there are in all, `goods_per_person` how many each brings; the first
    counts where both are there. `budget` is in dollars, or "auto": by the prices. `file` names
    people instead of drawing them. `fresh`: new people for each repetition, or the same ones.
    """

    people: int = PEOPLE
    goods: int = 0
    goods_per_person: int = 8
    budget: str = "100"
    sources: tuple[Source, ...] = ()
    file: str = ""
    fresh: Literal["each_repetition", "once"] = "each_repetition"


class Market(Struct, frozen=True, forbid_unknown_fields=True):
    """How the market runs. `rules` are any of the house's; `guardrails` names a file of policy."""

    turns_per_person: int = TURNS_PER_PERSON
    days: int = 7
    fee_bps: int = 0
    rules: dict[str, Any] = {}
    guardrails: str = ""


class Kind(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of agent. `share` is how likely a person is to get it, beside the others' shares.

    `strategy` "" is the tactic drawn with the person. `skill` is a name, or a table of its own.
    `model` "" is a script. `style` is said to a model as its person's wish; `names` get this kind
    whatever is drawn.
    """

    share: float = 1
    strategy: str = ""
    skill: str | Skill = "plain"
    model: str = ""
    style: str = ""
    names: tuple[str, ...] = ()


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are assigned kinds of agents.

    `independent`: drawn for each; `blocked`: in exact shares within each stratum; `within`: each
    person has every kind in turn, from repetition to repetition, and begins with one drawn.
    """

    method: Literal["independent", "blocked", "within"] = "independent"
    strata: Literal["", "style", "budget"] = ""


class Stopping(Struct, frozen=True, forbid_unknown_fields=True):
    """Stop before all repetitions are run, once an interval is narrow enough.

    After every `every` repetitions, the 95 % interval of the difference in `metric` between the
    last and the first arm is looked at; it is enough when its half is at most `half_width`. Looking
    at how narrow it is, and not at where it lies, keeps the estimate honest.
    """

    metric: str = "surplus_per_person"
    half_width: float = 0
    every: int = 10


class Models(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all models. Budgets are in dollars: of each cell, and of each agent in it.

    Where nobody knows what a model costs, `cell_max_tokens` bounds a cell.
    """

    cell_max_cost: str = ""
    cell_max_tokens: int | None = None
    agent_max_cost: str = ""
    structured_only: bool = False
    at_once: int = 8
    timeout_s: float = 120

    def purse(self) -> Purse:
        """Give a cell's budget."""
        return Purse(cost_units=_units(self.cell_max_cost), tokens=self.cell_max_tokens)

    @property
    def agent_cost_units(self) -> int | None:
        """Give each agent's own budget; None where it has none."""
        return _units(self.agent_max_cost)


def _units(dollars: str) -> int | None:
    return USD.parse(dollars).units if dollars else None


class Survey(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask everybody, when all arms of a repetition are over: rank what you got, rate how fair.

    `by` is "script", or the name of a model that answers for each person. A script knows what each
    bundle is worth to it up to an error of so many dollars, `noise`.
    """

    by: str = "script"
    noise: float = 5


class Beside(Struct, frozen=True, forbid_unknown_fields=True):
    """A published study whose figures the report sets beside ours.

    `strong`, `weak` and `middling`, of Project Swap, are those of our kinds that stand for the
    study's own; `aggressive` are the styles that count as bargaining hard, in Project Deal.
    """

    strong: str
    weak: str
    middling: str = ""
    study: Literal["project_deal", "project_swap"] = "project_deal"
    aggressive: tuple[str, ...] = ()


class Experiment(Struct, frozen=True, forbid_unknown_fields=True):
    """One arm of an experiment, with all that it shares with the others.

    `outcome` is the metric that the question is about. `treatments` are settings by name; see
    docs/treatments.md. In mode `swap` the whole floor of books is said by `swap`, and `population`,
    `market`, `agents`, `assignment`, `treatments` and `survey` say nothing.
    """

    name: str = ""
    question: str = ""
    seed: int = 0
    repetitions: int = 1
    mode: Mode = "deal"
    outcome: str = "surplus_per_person"
    population: People = People()
    market: Market = Market()
    agents: dict[str, Kind] = field(default_factory=lambda: {"agent": Kind()})
    assignment: Assignment = Assignment()
    treatments: dict[str, dict[str, Any]] = {}
    swap: FloorSettings = FloorSettings()
    survey: Survey | None = None
    beside: Beside | None = None
    models: Models = Models()
    stopping: Stopping | None = None

    @property
    def is_one_population(self) -> bool:
        """Tell whether all repetitions have the same people."""
        return self.population.fresh == "once" or bool(self.population.file)


# What belongs to an experiment as a whole, and not to one of its arms.
WHOLE = (
    *("seed", "name", "repetitions", "question", "outcome", "mode"),
    *("survey", "beside", "stopping"),
)


class Arm(Struct, frozen=True):
    """An arm by its name, whole; where factors were crossed, with its level of each."""

    name: str
    experiment: Experiment
    levels: dict[str, str] = {}


class Design(Struct, frozen=True):
    """An experiment as it will be run: `base` is what all arms share."""

    base: Experiment
    arms: tuple[Arm, ...]
