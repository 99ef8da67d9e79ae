"""Where an interview can be: a type for each step, holding just what exists at that step."""

from typing import Any

from msgspec import Struct

from souq.agents.brief import Brief
from souq.agents.intake.choices import LEAST, Choice
from souq.agents.intake.gleaning import Partial
from souq.agents.intake.questions import Kind
from souq.core.money import USD, Asset

BACK, SKIP, DONE, HELP = "back", "skip", "done", "help"
COMMANDS = frozenset({BACK, SKIP, DONE, HELP, "?"})


class Question(Struct, frozen=True):
    """What to ask next. `number` of `of` stages are reached; `lines` go below the text."""

    topic: str
    text: str
    hint: str = ""
    lines: tuple[str, ...] = ()
    number: int = 0
    of: int = 0


class Asking(Struct, frozen=True):
    """A topic about the person. After a correction it is back to the recap.

    `before` is what a list held that is told anew.
    """

    topic: str
    is_correction: bool = False
    before: tuple[str, ...] = ()


class Filling(Struct, frozen=True):
    """A thing or a want, as far as it was told, and the field that is asked now.

    `needed_only`: what may be skipped was said in free text, or left out there.
    """

    kind: Kind
    told: dict[str, Any]
    field: str
    needed_only: bool = False
    is_correction: bool = False


class Mending(Struct, frozen=True):
    """One field of one item that the person corrects."""

    kind: Kind
    place: int
    field: str


class Recapping(Struct, frozen=True):
    """The person looks at everything."""


class Choosing(Struct, frozen=True):
    """The test: one side of each pair picked so far, "" where the person would not say."""

    choices: tuple[Choice, ...]
    picks: tuple[str, ...] = ()


class Over(Struct, frozen=True):
    """Nothing is left to ask."""


Step = Asking | Filling | Mending | Recapping | Choosing | Over


class State(Struct, frozen=True):
    """Where an interview is. `waiting`: items from free text that lack something."""

    brief: Brief
    step: Step
    waiting: tuple[Partial, ...] = ()


class Terms(Struct, frozen=True):
    """What does not change in an interview. `least` is the share of choices that must agree."""

    asset: Asset = USD
    seed: int = 7
    least: str = LEAST
