"""The operator may write into the record: what an experiment commits to, and its evidence."""

from typing import Any

from msgspec import Struct

from souq.core.refusal import invalid
from souq.core.rules import need_operator
from souq.core.seal import OperatorText
from souq.core.state import Draft

LENGTH_MAX = 16 * 1024 * 1024


class Annotate(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Put a note into the record, for the operator's eyes. Operator only."""

    topic: str
    note: OperatorText


class Annotated(Struct, frozen=True, tag=True):
    topic: str
    note: str


def _annotate(draft: Draft, actor: str, command: Annotate) -> None:
    need_operator(actor)
    if not 0 < len(command.topic) <= 64 or not 0 < len(command.note.value) <= LENGTH_MAX:
        raise invalid("note", f"a topic of 1 to 64 characters, a note of 1 to {LENGTH_MAX}")
    draft.emit(Annotated(command.topic, command.note.digest))


DECIDE: dict[type, Any] = {Annotate: _annotate}
EVOLVE: dict[type, Any] = {Annotated: lambda view, event: None}
