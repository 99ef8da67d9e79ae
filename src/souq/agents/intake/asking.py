"""What an interview asks at each step."""

from typing import Any

from souq.agents.brief import Brief
from souq.agents.intake import recap
from souq.agents.intake.questions import TOPIC, TOPICS, Field, Kind, field_of, items_of
from souq.agents.intake.steps import (
    Asking,
    Choosing,
    Filling,
    Mending,
    Over,
    Question,
    Recapping,
    State,
    Terms,
)


def question(state: State, terms: Terms) -> Question | None:
    """Give the question of a state; None where nothing is left to ask."""
    match state.step:
        case Asking():
            return _about(state.brief, state.step)
        case Filling(kind=kind, told=told, field=name):
            field = field_of(kind, name)
            # Not str.format on what a person wrote: braces in it are theirs.
            text = field.ask
            for key in ("title", "what"):
                text = text.replace(f"{{{key}}}", str(told.get(key, "")))
            return Question(f"{kind} {name}", text, field.hint, (), *_progress(f"{kind}s"))
        case Mending(kind=kind, place=place, field=name):
            return _mend(state.brief, kind, place, field_of(kind, name))
        case Recapping():
            shown = recap.lines(state.brief, terms.asset)
            understood = (
                *(f"{line.mark:>4}  {line.name}: {line.text}" for line in shown),
                *(f"   !  {note}" for note in recap.notes(state.brief, terms.asset)),
            )
            asked = "This is what I understood. Is it right?"
            return Question("recap", asked, recap.HOW, understood, *_progress("recap"))
        case Choosing(choices=choices, picks=picks):
            one = choices[len(picks)]
            text = f"Choice {len(picks) + 1} of {len(choices)}. Which would you rather?"
            sides = (f"  a) {one.a_text}", f"  b) {one.b_text}")
            return Question("choice", text, "a or b; skip if you cannot say", sides, *_progress(""))
        case Over():
            return None


def _progress(topic: str) -> tuple[int, int]:
    names = [one.name for one in TOPICS] + ["recap"]
    number = names.index(topic) + 1 if topic in names else len(names) + 1
    return number, len(names) + 1


def _about(brief: Brief, step: Asking) -> Question:
    topic = TOPIC[step.topic]
    text = topic.ask
    shown: tuple[str, ...] = ()
    so_far = getattr(brief, topic.name, ())
    if topic.name == "order":
        shown = tuple(f"{n:>4}  {one.what or one.category}" for n, one in enumerate(brief.wants, 1))
    elif topic.entries and so_far:
        text = "What else?"
    return Question(topic.name, text, topic.hint, shown, *_progress(topic.name))


def _mend(brief: Brief, kind: Kind, place: int, field: Field) -> Question:
    item: Any = items_of(brief, kind)[place]
    text = field.ask
    for key in ("title", "what"):
        text = text.replace(f"{{{key}}}", getattr(item, key, ""))
    return Question(f"{kind} {field.name}", text, field.hint, (), *_progress("recap"))
