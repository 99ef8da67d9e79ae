"""What an answer does to an interview: pure, and a bad answer changes nothing."""

from collections.abc import Sequence
from typing import Any

import msgspec

from souq.agents.brief import Brief, ThingTold
from souq.agents.intake import recap, words
from souq.agents.intake.choices import Choice, choices_of, measured
from souq.agents.intake.gleaning import Partial, Start
from souq.agents.intake.questions import (
    ENTRIES_MAX,
    FIELDS,
    LINE_MAX,
    LISTS,
    NEEDED,
    TOPIC,
    TOPICS,
    Field,
    Kind,
    built,
    check_item,
    field_of,
    is_asked,
)
from souq.agents.intake.steps import (
    COMMANDS,
    DONE,
    SKIP,
    Asking,
    Choosing,
    Filling,
    Mending,
    Over,
    Recapping,
    State,
    Step,
    Terms,
)
from souq.agents.intake.words import NotUnderstood
from souq.core.money import Asset

_NONE = frozenset({"no", "none", "nothing", "nope"})  # “what do you own?” “nothing”


def begun(start: Start, terms: Terms) -> State:
    """Begin with what free text told: ask for what it lacks, then go to the recap."""
    return _completing(State(start.brief, _resting(start.brief), start.items), terms)


def taken(state: State, said: str, word: str, terms: Terms) -> State:
    """Give the state after an answer. Raises NotUnderstood."""
    text = words.unquoted(said, COMMANDS | _NONE)
    match state.step:
        case Asking(topic=topic):
            if topic in ("things", "wants"):
                return _item_begun(state, text, word, terms)
            if topic == "order":
                return _ordered(state, text, word)
            if topic in LISTS:
                return _listed(state, topic, text, word, terms)
            return _told(state, topic, text, word, terms)
        case Filling():
            return _filled(state, state.step, text, word, terms)
        case Mending(kind=kind, place=place, field=name):
            return _mended(state, kind, place, field_of(kind, name), text, word, terms)
        case Recapping():
            return _recapped(state, said, terms)
        case Choosing(choices=choices, picks=picks):
            return _chosen(state, choices, picks, said, word, terms)
        case Over():
            raise NotUnderstood("The interview is over.")


def _after(state: State, topic: str) -> State:
    """Go on to the next topic that has anything to ask, or back to the recap."""
    step = state.step
    if isinstance(step, Asking | Filling) and step.is_correction:
        return msgspec.structs.replace(state, step=Recapping())
    names = [one.name for one in TOPICS]
    for name in names[names.index(topic) + 1 :]:
        if is_asked(name, state.brief):
            return msgspec.structs.replace(state, step=Asking(name))
    return msgspec.structs.replace(state, step=Recapping())


def _with(state: State, **told: Any) -> State:
    return msgspec.structs.replace(state, brief=msgspec.structs.replace(state.brief, **told))


def _told(state: State, topic: str, text: str, word: str, terms: Terms) -> State:
    assert isinstance(state.step, Asking)
    if word == SKIP and state.step.is_correction:
        return _after(state, topic)
    if word in (SKIP, DONE) or not text:
        unsaid = None if topic == "budget" else ""
        return _after(_with(state, **{topic: unsaid}), topic)
    read = TOPIC[topic].read
    assert read is not None, f"{topic} has one answer"
    return _after(_with(state, **{topic: read(text, terms.asset)}), topic)


def _is_end(text: str, word: str) -> bool:
    return not text or word in (SKIP, DONE) or text.lower().rstrip(".!") in _NONE


def _listed(state: State, topic: str, text: str, word: str, terms: Terms) -> State:
    assert isinstance(state.step, Asking)
    if word == SKIP and state.step.is_correction:
        return _after(_with(state, **{topic: state.step.before}), topic)
    if _is_end(text, word):
        return _after(state, topic)
    found = (*getattr(state.brief, topic), *words.entries(text, LINE_MAX, terms.asset))
    if len(found) > ENTRIES_MAX:
        raise NotUnderstood(f"{ENTRIES_MAX} are enough; say done.")
    return _with(state, **{topic: found})


def _ordered(state: State, text: str, word: str) -> State:
    if word in (SKIP, DONE) or not text:
        return _after(state, "order")
    order = words.places(text, len(state.brief.wants))
    return _after(_with(state, wants=tuple(state.brief.wants[n] for n in order)), "order")


def _item_begun(state: State, text: str, word: str, terms: Terms) -> State:
    assert isinstance(state.step, Asking)
    topic = state.step.topic
    if _is_end(text, word):
        return _after(state, topic)
    kind: Kind = "thing" if topic == "things" else "want"
    first = FIELDS[kind][0].name
    return _filled(state, Filling(kind, {}, first), text, "", terms)


def _filled(state: State, step: Filling, text: str, word: str, terms: Terms) -> State:
    field = field_of(step.kind, step.field)
    if word == DONE:  # the rest as if it were skipped
        left = [one for one in _left(step.kind, step.told) if one.default is NEEDED]
        if left:
            raise NotUnderstood(f"Not yet. {_needed(field if field in left else left[0])}")
        return _completed(state, step, step.told, terms)
    if word == SKIP or not text:
        if field.default is NEEDED:
            raise NotUnderstood(_needed(field))
        value = field.default
    else:
        value = field.read(text, terms.asset)
    told = {**step.told, step.field: value}
    check_item(step.kind, told, state.brief, terms.asset)
    left = _left(step.kind, told, needed_only=step.needed_only)
    if not left:
        return _completed(state, step, told, terms)
    after = msgspec.structs.replace(step, told=told, field=left[0].name)
    return msgspec.structs.replace(state, step=after)


def _needed(field: Field) -> str:
    return f"I cannot do without this one{f': {field.hint}' if field.hint else ''}."


def _left(kind: Kind, told: dict[str, Any], *, needed_only: bool = False) -> list[Field]:
    return [
        field
        for field in FIELDS[kind]
        if field.name not in told and (field.default is NEEDED or not needed_only)
    ]


def _completed(state: State, step: Filling, told: dict[str, Any], terms: Terms) -> State:
    state = _added(state, step.kind, told)
    if step.needed_only:
        return _completing(msgspec.structs.replace(state, step=_resting(state.brief)), terms)
    if step.is_correction:
        return msgspec.structs.replace(state, step=Recapping())
    return msgspec.structs.replace(state, step=Asking(f"{step.kind}s"))


def _resting(brief: Brief) -> Step:
    return Recapping() if brief.name else Asking(TOPICS[0].name, is_correction=True)


def _added(state: State, kind: Kind, told: dict[str, Any]) -> State:
    item = built(kind, told)
    if isinstance(item, ThingTold):
        return _with(state, things=(*state.brief.things, item))
    return _with(state, wants=(*state.brief.wants, item))


def _completing(state: State, terms: Terms) -> State:
    """Take the next item from free text that lacks nothing, or ask for what it lacks."""
    while state.waiting:
        item, *others = state.waiting
        state = msgspec.structs.replace(state, waiting=tuple(others))
        told = _fitting(item, state.brief, terms.asset)
        left = _left(item.kind, told, needed_only=True)
        if left:
            step = Filling(item.kind, told, left[0].name, needed_only=True)
            return msgspec.structs.replace(state, step=step)
        state = _added(state, item.kind, told)
    return state


def _fitting(item: Partial, brief: Brief, asset: Asset) -> dict[str, Any]:
    """Leave out what does not fit together, so that it is asked for."""
    for doubtful in ((), ("floor",), ("title",)):
        told = {name: value for name, value in item.told.items() if name not in doubtful}
        try:
            check_item(item.kind, told, brief, asset)
        except NotUnderstood:
            continue
        return told
    return {}


def _mended(
    state: State, kind: Kind, place: int, field: Field, text: str, word: str, terms: Terms
) -> State:
    if word in (SKIP, DONE) or not text:
        return msgspec.structs.replace(state, step=Recapping())
    brief = recap.with_field(state.brief, kind, place, field.name, text, terms.asset)
    return State(brief, Recapping())


def _recapped(state: State, said: str, terms: Terms) -> State:
    match recap.corrected(state.brief, said, terms.asset):
        case recap.Confirmed():
            choices = choices_of(state.brief, terms.asset, terms.seed)
            return State(state.brief, Choosing(choices))
        case recap.Changed(brief=brief):
            return State(brief, Recapping())
        case recap.AskAgain(topic=topic):
            if topic not in LISTS:
                return State(state.brief, Asking(topic, is_correction=True))
            before = getattr(state.brief, topic)
            return State(_with(state, **{topic: ()}).brief, Asking(topic, True, before))
        case recap.AskField(kind=kind, place=place, field=name):
            return State(state.brief, Mending(kind, place, name))
        case recap.Add(kind=kind, title=title):
            step = Filling(kind, {}, FIELDS[kind][0].name, is_correction=True)
            begun = State(state.brief, step)
            return _filled(begun, step, title, "", terms) if title else begun


def _chosen(
    state: State,
    choices: tuple[Choice, ...],
    picks: Sequence[str],
    said: str,
    word: str,
    terms: Terms,
) -> State:
    pick = _side(said, word)
    rest = len(choices) - len(picks) if word == DONE else 1
    picked = (*picks, *[pick] * rest)
    if len(picked) < len(choices):
        return State(state.brief, Choosing(choices, picked))
    understanding = measured(choices, picked, terms.least)
    return State(msgspec.structs.replace(state.brief, understanding=understanding), Over())


def _side(said: str, word: str) -> str:
    side = {"1": "a", "2": "b"}.get(said, said.lower().rstrip(").:"))
    if word in (SKIP, DONE):
        return ""
    if side not in ("a", "b"):
        raise NotUnderstood("Say a or b, or skip if you cannot say.")
    return side
