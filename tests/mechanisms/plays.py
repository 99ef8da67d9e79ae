"""Each mechanism that is open to all, played: `examples` say how, and tests here what holds.

An example is a module with `PLAYS`: functions that play runs on a path, which is a kernel or a
whole market. Between them every command is accepted once and every event happens.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, Protocol

from souq.core.mechanisms import MECHANISMS
from souq.core.negotiation import ClockSet, PartyJoined
from souq.core.pledge import GoodsPledged
from souq.lab.kernel import Trade
from tests.mechanisms import examples

OPEN = tuple(one for one in MECHANISMS if one.JOINS)
# What examples show, so that tests of bargains need not.
OPEN_COMMANDS: frozenset[type] = frozenset(
    kind for one in OPEN for kind in (*one.OPENS, *one.MOVES)
)
OPEN_EVENTS: frozenset[type] = frozenset(
    (PartyJoined, ClockSet, GoodsPledged, *(kind for one in OPEN for kind in one.EVOLVE))
)


class Path(Protocol):
    """Where a play is played."""

    def join(self, count: int) -> list[str]: ...
    def post(self, agent: str, **fields: Any) -> str: ...
    def open(self, agent: str, command: Any) -> str: ...
    def move(self, agent: str, command: Any) -> None: ...
    def pass_time(self, until: int) -> None: ...
    @property
    def trades(self) -> list[Trade]: ...


Play = Callable[[Path], None]
PLAYS: dict[str, tuple[Play, ...]] = {
    name: importlib.import_module(f"{examples.__name__}.{name}").PLAYS
    for _, name, _ in pkgutil.iter_modules(examples.__path__)
}
