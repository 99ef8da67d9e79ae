"""Intake: a person says what they sell and want; a brief comes out that they have corrected.

`Interview` asks one question at a time; `form` reads the same answers from a file; `gleaning`
fills in what free text says, where a language model is plugged in. All three end in the recap's
rules and the test of choices, whose agreement decides whether the agent may act by itself.
"""

from souq.agents.intake.interview import Interview
from souq.agents.intake.steps import Question, Terms
from souq.agents.intake.words import NotUnderstood

__all__ = ["Interview", "NotUnderstood", "Question", "Terms"]
