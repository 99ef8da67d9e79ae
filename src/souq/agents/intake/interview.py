"""The interview: gives the next question, takes an answer, and loses nothing on the way.

    interview = Interview()
    while (question := interview.question) is not None:
        correction = interview.answer(input(question.text + " "))
        if correction:
            print(correction)
    brief = interview.brief

It reads no file and asks nobody. Its state is what was said, in order: “back” takes the last answer
away, and `said` is all that a draft needs to keep.
"""

from collections.abc import Iterable

from souq.agents.brief import Brief
from souq.agents.intake import words
from souq.agents.intake.answering import begun, taken
from souq.agents.intake.asking import question
from souq.agents.intake.choices import Choice
from souq.agents.intake.gleaning import Start
from souq.agents.intake.questions import TOPICS
from souq.agents.intake.steps import BACK, COMMANDS, HELP, Asking, Choosing, Question, State, Terms
from souq.agents.intake.words import NotUnderstood

ANSWERS_MAX = 2_000
_USUAL = Terms()


class Interview:
    """One interview with one person."""

    def __init__(self, terms: Terms = _USUAL, start: Start | None = None) -> None:
        self._terms = terms
        first = State(Brief(), Asking(TOPICS[0].name)) if start is None else begun(start, terms)
        self._states = [first]
        self._said: list[str] = []

    @property
    def question(self) -> Question | None:
        """Give what to ask now; None when the interview is over."""
        return question(self._states[-1], self._terms)

    @property
    def brief(self) -> Brief:
        """Give what is known so far; it is whole once nothing is left to ask."""
        return self._states[-1].brief

    @property
    def said(self) -> tuple[str, ...]:
        """Give the answers that count, in order."""
        return tuple(self._said)

    @property
    def choice(self) -> Choice | None:
        """Give the pair that is asked now, if it is one."""
        step = self._states[-1].step
        return step.choices[len(step.picks)] if isinstance(step, Choosing) else None

    def answer(self, text: str) -> str:
        """Take an answer; give "" or what to say otherwise, and nothing has changed then."""
        said = words.cleaned(text)
        word = words.command(said, COMMANDS)
        now = self.question
        if now is None:
            return "The interview is over."
        if word in (HELP, "?"):
            return now.hint or "Say it in your own words; back goes back, skip leaves it out."
        if word == BACK:
            return self._back()
        if len(self._said) >= ANSWERS_MAX:
            return "That is more than I can keep; finish with yes, or begin again."
        try:
            after = taken(self._states[-1], said, word, self._terms)
        except NotUnderstood as error:
            return str(error)
        self._states.append(after)
        self._said.append(said)
        return ""

    def resume(self, said: Iterable[str]) -> None:
        """Take up what was said before. Raises NotUnderstood where that no longer fits."""
        for n, text in enumerate(said, 1):
            correction = self.answer(text)
            if correction:
                raise NotUnderstood(f"answer {n}, {words.echo(words.cleaned(text))}: {correction}")

    def _back(self) -> str:
        if not self._said:
            return "This is the first question."
        self._states.pop()
        self._said.pop()
        return ""
