"""What a cell leaves, whatever its mode: rows by table, and what its models were and took."""

from collections.abc import Callable

from msgspec import Struct

from souq.agents.llm.spending import Spent
from souq.lab.casting import Manifest

Told = Callable[[int, int, int], None]  # steps over, steps in all, what models cost so far


class Finished(Struct):
    """`head` is the number and hash of the journal's last record; `stop` why models ended."""

    rows: dict[str, list[Struct]]
    head: tuple[int, bytes]
    models: Manifest | None = None
    spent: Spent | None = None
    stop: str = ""
