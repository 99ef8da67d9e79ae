"""One person's answers, and what a fake language model makes of free text."""

import re
from collections.abc import Iterable
from typing import Any

from souq.agents.intake import Interview, Terms
from souq.agents.intake.gleaning import Gleaned, ThingGleaned, WantGleaned

LAMP = ("Brass lamp", "home", "A dent in the foot", "$90", "60", "no")
ATLAS = ("an old atlas", "books", "30.50", "2")
GAME = ("a board game", "games", "20", "skip")
ABOUT = ("a red road bike", "done", "anything with nuts", "done", "friendly and brief")
WHOLE = ("Bea", *LAMP, "done", *ATLAS, *GAME, "done", "2 1", *ABOUT, "skip", "100")


def told(answers: Iterable[str], terms: Terms | None = None) -> Interview:
    """Give an interview in which all of this was said and understood."""
    interview = Interview(terms or Terms())
    interview.resume(answers)
    return interview


def picked(interview: Interview, *, agreeing: int | None = None) -> None:
    """Answer the test: so many pairs as predicted, all by default, and the others against it."""
    n = 0
    while (choice := interview.choice) is not None:
        agrees = agreeing is None or n < agreeing
        side = choice.predicted if agrees else ("b" if choice.predicted == "a" else "a")
        assert interview.answer(side) == ""
        n += 1


def gleaned_by_rule(prompt: str, type: type[Any]) -> Any:
    """Play the language model: “sell X, 80 or so, not below 50”, “want Y up to 30”."""
    assert type is Gleaned
    said = prompt.split("-----")[1]
    things, wants = [], []
    for match in re.finditer(
        r"sell (?:my )?([\w ]+?)(?:, ([\d.]+)[^,.]*)?(?:, not below (\d+))?\.", said
    ):
        title, ask, floor = match.groups()
        things.append(ThingGleaned(title, "bikes" if "bike" in title else None, None, ask, floor))
    for match in re.finditer(r"want (?:an? )?([\w ]+?)(?: up to (\d+))?\.", said):
        wants.append(WantGleaned(match[1], "books", match[2]))
    name = re.search(r"I am (\w+)", said)
    return Gleaned(
        name=name[1] if name else None, budget="999", things=tuple(things), wants=tuple(wants)
    )
