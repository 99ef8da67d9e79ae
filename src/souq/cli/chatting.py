"""An interview on a terminal, or from a pipe: shows questions, takes lines, keeps a draft."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console

from souq.agents.brief import Brief
from souq.agents.intake import Interview, NotUnderstood, Question, Terms
from souq.agents.intake.gleaning import Start
from souq.agents.intake.words import cleaned
from souq.cli.output import Mistake
from souq.cli.private_files import write_over

LINE_BYTES_MAX = 100_000
VERSION = 2  # of the questions: a draft of others cannot be taken up
UNREADABLE = "I could not read that; the terminal sends other signs than UTF-8."
UNSAID = "I heard nothing. Say skip to leave this out, or done where there is nothing more."
Reading = Callable[[str], Start]


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """What was said so far; enough to go on from there."""

    terms: Terms
    said: tuple[str, ...] = ()
    start: Start | None = None
    version: int = VERSION


class Left(Exception):
    """The person went away; the draft is kept."""


def draft_of(brief: Path) -> Path:
    """Give where the draft of a brief lies."""
    return brief.with_name(brief.name + ".draft")


def talk(path: Path, terms: Terms, screen: Console, reading: Reading | None = None) -> Brief:
    """Interview whoever sits at the terminal, from the draft at a path if there is one.

    `reading` makes a start of the person's own words, which are asked for first. Raises Left when
    they go, and Mistake for a draft that cannot be taken up.
    """
    try:
        draft = _taken_up(path, terms) if path.exists() else _greeted(path, terms, screen, reading)
        interview = _resumed(path, draft)
        if draft.said:
            _say(screen, f"Going on where you stopped, after {len(draft.said)} answers.")
        while (question := interview.question) is not None:
            _show(screen, question)
            correction = _answered(interview)
            if correction:
                _say(screen, correction)
            else:
                _keep(path, msgspec.structs.replace(draft, said=interview.said))
    except (EOFError, KeyboardInterrupt):
        raise Left from None
    return interview.brief


def _greeted(path: Path, terms: Terms, screen: Console, reading: Reading | None) -> Draft:
    _say(screen, "Hello! Some questions about what you sell and want: under ten minutes.")
    _say(screen, "back takes an answer back, skip leaves one out, Ctrl-C keeps all for later.")
    if reading is None:
        return Draft(terms)
    _say(screen, "First, in your own words: what do you sell and want, and for how much?")
    _say(screen, "An empty line ends it.")
    draft = Draft(terms, (), reading(_own_words(screen)))
    _keep(path, draft)  # a model is slow and dear: it is not asked twice
    return draft


def _own_words(screen: Console) -> str:
    said: list[str] = []
    while True:
        screen.print("> ", end="", markup=False, highlight=False)
        try:
            line = input()
        except UnicodeDecodeError:
            _say(screen, UNREADABLE)
            continue
        if not line.strip():
            return "\n".join(said)
        said.append(line)


def _keep(path: Path, draft: Draft) -> None:
    write_over(path, msgspec.json.encode(draft).decode())


def _answered(interview: Interview) -> str:
    """Take an answer. Enter by itself is a slip of the finger, which must not end a list."""
    try:
        line = input()
    except UnicodeDecodeError:
        return UNREADABLE
    return interview.answer(line) if cleaned(line) else UNSAID


def _taken_up(path: Path, terms: Terms) -> Draft:
    try:
        draft = msgspec.json.decode(path.read_bytes(), type=Draft)
    except msgspec.MsgspecError as error:
        raise Mistake(f"{path} is no draft ({error}); delete it to begin again") from None
    if draft.version != VERSION:
        raise Mistake(f"{path} is a draft of other questions; delete it to begin again")
    if draft.terms.asset != terms.asset:
        raise Mistake(f"{path} is a draft in {draft.terms.asset.code}; delete it to begin again")
    return draft


def _resumed(path: Path, draft: Draft) -> Interview:
    interview = Interview(draft.terms, draft.start)
    try:
        interview.resume(draft.said)
    except NotUnderstood as error:
        raise Mistake(f"{path}: {error} Delete it to begin again") from None
    return interview


def heard(terms: Terms) -> Brief:
    """Take an interview's answers from a pipe, one a line. Raises Mistake for a bad one.

    Nobody is there to correct: after a misunderstanding every further line would answer the
    wrong question. Choices that are left out did not agree.
    """
    interview = Interview(terms)
    for number, line in _lines():
        if interview.question is None:
            if line.strip():
                raise Mistake(f"line {number}: the interview was over before it")
            continue
        correction = interview.answer(line)
        if correction:
            raise Mistake(f"line {number}, {interview.question.topic}: {correction}")
    if interview.choice is not None:
        interview.answer("done")
    if interview.question is not None:
        raise Mistake(f"the answers end before this one: {interview.question.text}")
    return interview.brief


def _lines() -> Iterator[tuple[int, str]]:
    number = 0
    while raw := sys.stdin.buffer.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            raise Mistake(f"line {number} has no end")
        try:
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise Mistake(f"line {number} is not in UTF-8") from None


def _show(screen: Console, question: Question) -> None:
    _say(screen, "")
    _say(screen, f"[{question.number}/{question.of}] {question.text}")
    for line in question.lines:
        _say(screen, line)
    if question.hint:
        _say(screen, f"       {question.hint}")
    screen.print("> ", end="", markup=False, highlight=False)


def _say(screen: Console, text: str) -> None:
    screen.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
