"""What is wrong with an experiment that its types alone do not say."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from souq.agents.skill import SKILLS
from souq.agents.strategies import STRATEGIES
from souq.core.money import USD
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, Rules
from souq.core.rules import check as check_rules
from souq.lab import sources
from souq.lab.experiment.deal_mode import rules_of
from souq.lab.experiment.lines import Path as Keys
from souq.lab.experiment.schema import Beside, Experiment
from souq.lab.metrics import METRICS
from souq.lab.swap import SKILLS as SKILLS_OF_SWAP
from souq.lab.swap.rows import METRICS as SWAP_METRICS
from souq.lab.treatments import TREATMENTS
from souq.sdk.policy_files import BadPolicy, read_policy

_NAME = re.compile(r"[^\W_][\w .,'+-]{0,79}")
PEOPLE_MAX = 5_000
GOODS_MAX = 100_000
CELLS_MAX = 100_000
Problem = tuple[Keys, str]


def problems(asked: Experiment, folder: Path) -> Iterator[Problem]:
    """Give where something is wrong with one arm, and why. `folder` is where its files are."""
    if not _NAME.fullmatch(asked.name):
        yield ("name",), "needs a name: letters, digits, spaces and . , ' + _ -, 80 at most"
    if not 1 <= asked.repetitions <= CELLS_MAX:
        yield ("repetitions",), f"stands between 1 and {CELLS_MAX}"
    if not -(2**53) < asked.seed < 2**53:
        yield ("seed",), "a whole number below 2**53"
    metrics = METRICS if asked.mode == "deal" else dict.fromkeys(SWAP_METRICS)
    if asked.outcome not in metrics:
        yield ("outcome",), _unknown("metric", asked.outcome, metrics)
    yield from _deal(asked, folder) if asked.mode == "deal" else _swap(asked)
    if asked.survey is not None:
        if not 0 <= asked.survey.noise <= 1_000_000:
            yield ("survey", "noise"), "dollars: 0 or more"
        if asked.survey.by != "script" and ":" not in asked.survey.by:
            yield ("survey", "by"), '"script", or a model as provider:name'
    if asked.beside is not None:
        yield from _beside(asked, asked.beside)
    if asked.stopping is not None:
        if asked.stopping.metric not in metrics:
            yield ("stopping", "metric"), _unknown("metric", asked.stopping.metric, metrics)
        if not 0 < asked.stopping.half_width < math.inf:
            yield ("stopping", "half_width"), "needs a number above 0, in the metric's unit"
        if asked.stopping.every < 2:
            yield ("stopping", "every"), "looks need two repetitions or more between them"


def _deal(asked: Experiment, folder: Path) -> Iterator[Problem]:
    yield from _people(asked, folder)
    yield from _market(asked, folder)
    yield from _agents(asked)
    yield from _treatments(asked)
    yield from _models(asked)


def _swap(asked: Experiment) -> Iterator[Problem]:
    usual = Experiment()
    for name in ("population", "market", "assignment", "treatments", "survey"):
        if getattr(asked, name) != getattr(usual, name):
            yield (name,), 'says nothing in mode "swap"; say it in swap, or leave it out'
    for name in asked.swap.kinds:
        if name not in SKILLS_OF_SWAP and ":" not in name:
            why = f"a model is written provider:name; scripts are {', '.join(SKILLS_OF_SWAP)}"
            yield ("swap", "kinds", name), why
    yield from _models(asked)


def _people(asked: Experiment, folder: Path) -> Iterator[Problem]:
    people = asked.population
    if not 2 <= people.people <= PEOPLE_MAX:
        yield ("population", "people"), f"stands between 2 and {PEOPLE_MAX}"
    if people.goods and not people.people <= people.goods <= GOODS_MAX:
        why = f"from one for each person to {GOODS_MAX}; 0 leaves it to goods_per_person"
        yield ("population", "goods"), why
    if not 1 <= people.goods_per_person <= 100:
        yield ("population", "goods_per_person"), "stands between 1 and 100"
    elif people.people * people.goods_per_person > GOODS_MAX:
        yield ("population", "goods_per_person"), f"more than {GOODS_MAX} things in all"
    yield from _dollars(people.budget, ("population", "budget"), "auto")
    for n, source in enumerate(people.sources):
        if not source.paths:
            yield ("population", "sources", n), 'name files: paths = ["goods.jsonl"]'
        for m, path in enumerate(source.paths):
            at: Keys = ("population", "sources", n, "paths", m)
            yield from _readable(source.kind, folder / path, at)
    if people.file:
        yield from _readable("people", folder / people.file, ("population", "file"))


def _readable(kind: str, path: Path, at: Keys) -> Iterator[Problem]:
    try:
        sources.read(kind, path)
    except (sources.BadSource, ValueError) as error:  # a path may be none at all
        yield at, str(error)


def _market(asked: Experiment, folder: Path) -> Iterator[Problem]:
    market = asked.market
    if not 1 <= market.turns_per_person <= 10_000:
        yield ("market", "turns_per_person"), "stands between 1 and 10000"
    if not 1 <= market.days <= 360:
        yield ("market", "days"), "stands between 1 and 360"
    if not 0 <= market.fee_bps <= 10_000:
        yield ("market", "fee_bps"), "basis points: stands between 0 and 10000"
    is_mistyped = False
    for name, value in market.rules.items():
        try:
            msgspec.convert({name: value}, Rules)
        except msgspec.ValidationError as error:
            is_mistyped = True
            if "unknown field" in str(error):
                known = ", ".join(Rules.__struct_fields__)
                yield ("market", "rules", name), f"the house has no such rule; it has {known}"
            else:
                yield ("market", "rules", name), str(error).partition(" - at ")[0].lower()
    if "fee_bps" in market.rules and market.fee_bps:
        yield ("market", "rules", "fee_bps"), "market.fee_bps says it already"
    if not is_mistyped:
        yield from _unruly(asked)
    if market.guardrails:
        try:
            read_policy(folder / market.guardrails)
        except OSError as error:
            yield ("market", "guardrails"), f"{market.guardrails}: {error.strerror or error}"
        except BadPolicy as error:
            yield ("market", "guardrails"), f"{market.guardrails}: {error}"


def _unruly(asked: Experiment) -> Iterator[Problem]:
    """Ask the house itself whether it could have such rules."""
    rules = rules_of(asked)
    try:
        check_rules(rules)
    except Refused as refused:
        yield ("market", "rules", str(refused.facts.get("field", ""))), str(refused)
    if "delivery_us" in asked.market.rules and rules.delivery_us < asked.market.days * DAY_US:
        why = "contracts wait for the hand-over: no less than the market's days"
        yield ("market", "rules", "delivery_us"), why


def _agents(asked: Experiment) -> Iterator[Problem]:
    if not asked.agents:
        yield ("agents",), "name at least one kind of agent"
    if asked.agents and not sum(max(0.0, kind.share) for kind in asked.agents.values()) > 0:
        yield ("agents",), "at least one kind needs a share above 0"
    named: dict[str, str] = {}
    for name, kind in asked.agents.items():
        at: Keys = ("agents", name)
        if not 0 <= kind.share < math.inf:
            yield (*at, "share"), "a share is 0 or more"
        if kind.model and ":" not in kind.model:
            yield (*at, "model"), "a model is written provider:name"
        if kind.strategy and kind.strategy not in STRATEGIES:
            yield (*at, "strategy"), _unknown("strategy", kind.strategy, STRATEGIES)
        if isinstance(kind.skill, str) and kind.skill not in SKILLS:
            yield (*at, "skill"), _unknown("skill", kind.skill, SKILLS)
        for person in kind.names:
            if named.setdefault(person, name) != name:
                yield (*at, "names"), f'"{person}" is named by {named[person]} as well'
    if asked.assignment.method == "within":
        shares = {kind.share for kind in asked.agents.values() if kind.share > 0}
        if asked.population.fresh != "once":
            why = 'the same people have to come back: population.fresh = "once"'
            yield ("assignment", "method"), why
        if len(shares) > 1:
            yield ("assignment", "method"), "every person has every kind, so shares are equal"
    if asked.assignment.strata and asked.assignment.method != "blocked":
        yield ("assignment", "strata"), 'strata are for method = "blocked"'


def _models(asked: Experiment) -> Iterator[Problem]:
    models = asked.models
    yield from _dollars(models.cell_max_cost, ("models", "cell_max_cost"), "")
    yield from _dollars(models.agent_max_cost, ("models", "agent_max_cost"), "")
    if models.cell_max_tokens is not None and models.cell_max_tokens < 1:
        yield ("models", "cell_max_tokens"), "a number above 0"
    if not 0 < models.timeout_s <= 86_400:
        yield ("models", "timeout_s"), "seconds: above 0"
    if not 1 <= models.at_once <= 256:
        yield ("models", "at_once"), "stands between 1 and 256"


def _beside(asked: Experiment, beside: Beside) -> Iterator[Problem]:
    if beside.study != f"project_{asked.mode}":
        yield ("beside", "study"), f'of mode "{asked.mode}" it is "project_{asked.mode}"'
        return
    for side in ("strong", "weak"):
        if asked.mode == "deal" and getattr(beside, side) not in asked.agents:
            yield ("beside", side), _unknown("kind of agent", getattr(beside, side), asked.agents)
    if beside.strong == beside.weak:
        yield ("beside", "weak"), "two kinds are compared: name another one than strong"


def _treatments(asked: Experiment) -> Iterator[Problem]:
    for name, settings in asked.treatments.items():
        treatment = TREATMENTS.get(name)
        if treatment is None:
            yield ("treatments", name), _unknown("treatment", name, TREATMENTS)
            continue
        try:
            msgspec.convert(settings, treatment.Settings)
        except msgspec.ValidationError as error:
            why, _, path = str(error).partition(" - at `$")
            keys = tuple(part for part in path.rstrip("`").split(".") if part)
            yield ("treatments", name, *keys), why[:1].lower() + why[1:]


def _dollars(words: str, at: Keys, also: str) -> Iterator[Problem]:
    if words in ("", also):
        return
    try:
        is_money = USD.parse(words).units > 0
    except ValueError:
        is_money = False
    if not is_money:
        yield at, f'dollars, such as "100"{f", or {also!r}" if also else ""}'


def _unknown(what: str, name: str, known: object) -> str:
    assert isinstance(known, dict)
    return f'there is no {what} "{name[:60]}"; there are {", ".join(known)}'
