"""One call of a model: what it is asked, what it may answer, and what that took."""

from typing import Any, NamedTuple, Protocol

from msgspec import Struct


class NoAnswer(Exception):
    """The model gave none: it was too slow, out of reach, or refused. The turn passes."""


class NotReady(Exception):
    """A model cannot be used at all; the message says why, and what to do."""


class Choice(Struct, frozen=True):
    """One kind of answer: a tool to models that call tools, else a branch of a JSON schema."""

    name: str
    description: str
    fields: dict[str, Any]  # JSON schemas
    required: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """Give the JSON schema of its arguments."""
        return {
            "type": "object",
            "properties": self.fields,
            "required": list(self.required),
            "additionalProperties": False,
        }


class Ask(Struct, frozen=True):
    """What a model is asked. `turns` alternate, the user's first and last."""

    system: str
    turns: tuple[str, ...]
    choices: tuple[Choice, ...]


class Answer(Struct, frozen=True, omit_defaults=True):
    """One JSON object whose `act` names a choice, as the model wrote it, and what it took.

    `cost_units` is in millionths of a dollar; None where nobody knows the model's price.
    """

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    cost_units: int | None = None


class Estimate(NamedTuple):
    """The most that a call is thought to take; `cost_units` None where nobody knows its price."""

    tokens: int
    cost_units: int | None


class Model(Protocol):
    """Whoever answers."""

    name: str

    def estimate(self, ask: Ask) -> Estimate:
        """Give the most that answering is thought to take."""

    async def answer(self, ask: Ask) -> Answer:
        """Answer with one of the choices. Raises NoAnswer."""
