"""While settlements are halted, the clocks of contracts, channels and holds stand still.

Nobody can deliver, inspect, rule, redeem or capture meanwhile, so no silence may count against
them: their deadlines leave the table of deadlines altogether, and no tick ever meets one. When the
switch is lifted, each deadline has the time again that it had left, and an hour at the least, so
that nobody loses by a second what they could not have known to be running again.

Nothing enters a standstill after its beginning: what would set such a deadline, or end a hold that
has one, is itself halted. So what began to stand still is just what begins to run again.
"""

from typing import Any

from msgspec import Struct

from souq.core import channel, stage
from souq.core.halt import HaltSet
from souq.core.restriction import DUE
from souq.core.rules import HOUR_US
from souq.core.state import DEADLINES, Draft, Table, View

LEFT_MIN_US = HOUR_US


class ClocksStopped(Struct, frozen=True, tag=True):
    """Deadlines stand still with so much time left, in columns."""

    ids: tuple[str, ...]
    left_us: tuple[int, ...]


class ClocksStarted(Struct, frozen=True, tag=True):
    """Deadlines run again, in columns."""

    ids: tuple[str, ...]
    due: tuple[int, ...]


STOPPED: Table[int] = Table("stopped_clocks", int)  # microseconds left, by what is due
TABLES: tuple[Table[Any], ...] = (STOPPED,)


def follow(draft: Draft, event: HaltSet) -> None:
    """React to the switch: stop the clocks, or start them again."""
    # The switch changes no deadline by itself, so the state below still lists them all.
    state = draft.state
    if event.level == "settlements":
        rows = sorted(state.rows(DEADLINES).items())
        found = [(id, due - draft.at) for id, due in rows if _stands_still(id)]
        if found:
            ids, left = zip(*found, strict=True)
            draft.emit(ClocksStopped(ids, left))
    elif event.before == "settlements":
        found = sorted(state.rows(STOPPED).items())
        if found:
            ids, left = zip(*found, strict=True)
            due = tuple(draft.at + max(one, LEFT_MIN_US) for one in left)
            draft.emit(ClocksStarted(ids, due))


def stop(view: View, table: Table[int], event: ClocksStopped) -> None:
    """Fold what of a contract's other clock is left, by contract, while its deadline stands still.

    It is kept negated, so that nobody takes it for an instant.
    """
    for id in event.ids:
        until = view.get(table, _contract(id))
        if until is not None and until > view.at:
            view.put(table, _contract(id), view.at - until)


def start(view: View, table: Table[int], event: ClocksStarted) -> None:
    """Fold that a contract's other clock runs again."""
    for id in event.ids:
        left = view.get(table, _contract(id))
        if left is not None and left < 0:
            view.put(table, _contract(id), view.at - left)


def _contract(id: str) -> str:
    # While a panel is awaited, its draw has the contract's deadline.
    return f"C{id[1:]}" if id.startswith("D") else id


def _stands_still(id: str) -> bool:
    # An offer that lapses frees its maker, and a restriction its principal: nobody need move. Nor
    # does a review, which can be answered all the while.
    return not id.startswith(("N", "Q", DUE))


def _stopped(view: View, event: ClocksStopped) -> None:
    for id, left in zip(event.ids, event.left_us, strict=True):
        view.drop(DEADLINES, id)
        view.put(STOPPED, id, left)


def _started(view: View, event: ClocksStarted) -> None:
    for id, due in zip(event.ids, event.due, strict=True):
        view.drop(STOPPED, id)
        view.put(DEADLINES, id, due)
        if id.startswith("C"):
            stage.put_off(view, id, due)
        elif id.startswith("X"):
            channel.put_off(view, id, due)


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {ClocksStopped: _stopped, ClocksStarted: _started}
