"""Could one patient clerk, taking one request at a time, have given all these answers?

A history is linearizable if every operation can be thought to happen at one instant between its
call and its return, such that the answers are those of the model run in that order (Herlihy and
Wing, 1990). The search is that of Wing and Gong (1993): try an operation that nothing must come
before, and go back where it leads nowhere; with Lowe's (2017) memory of what was tried already.
What changes nothing, a read or a refusal, is put in order as soon as it fits, and stays there.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

Move = tuple[int, Any]  # a call, and the state after it


class Operation(NamedTuple):
    """What a client asked between two ticks of one clock.

    `returned` is None where no answer ever came: it may have happened at any time since, or never.
    """

    action: Any
    answer: Any
    called: int
    returned: int | None

    @property
    def is_pending(self) -> bool:
        """Tell whether nobody knows what became of it."""
        return self.returned is None


class Model(Protocol):
    """What a thing does when asked one question after another."""

    def part(self, action: Any) -> Hashable:
        """Name the part of the thing that an action touches, and touches alone."""

    def start(self, part: Hashable) -> Hashable:
        """Give the first state of a part."""

    def step(self, state: Any, action: Any, answer: Any) -> Hashable | None:
        """Give the state after an action was so answered, or None where it cannot have been.

        No answer at all (None) fits whatever happens.
        """


class Contradiction(NamedTuple):
    """Of one part: so many operations can be put in order, and then no answer of these fits."""

    part: Hashable
    ordered: int
    state: Hashable
    stuck: tuple[Operation, ...]


def contradiction(history: Sequence[Operation], model: Model) -> Contradiction | None:
    """Give None for a linearizable history, else where the longest attempt to order it ends.

    A history is linearizable if it is so for each part of what it speaks of, and parts are much
    quicker to judge.
    """
    parts: dict[Hashable, list[Operation]] = {}
    for operation in history:
        parts.setdefault(model.part(operation.action), []).append(operation)
    found = (_search(part, operations, model) for part, operations in parts.items())
    return next((one for one in found if one is not None), None)


class _Line:
    """Calls and returns in the order of time; an operation is lifted out once it is put in order.

    A ring of links, so that lifting and putting back cost the same at any length.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        moments: list[tuple[int, int, bool]] = []
        for n, operation in enumerate(operations):
            moments.append((operation.called, n, False))
            if operation.returned is not None:
                assert operation.called < operation.returned, f"it ends before it begins: {n}"
                moments.append((operation.returned, n, True))
        moments.sort()
        self.head = len(moments)
        self.operation = [n for _, n, _ in moments]
        self.is_return = [is_return for _, _, is_return in moments]
        self.return_of = {n: at for at, (_, n, is_return) in enumerate(moments) if is_return}
        self.next = [*range(1, self.head + 1), 0]
        self.previous = [self.head, *range(self.head)]

    def lift(self, call: int) -> None:
        """Take a call and its return out."""
        self._unlink(call)
        back = self.return_of.get(self.operation[call])
        if back is not None:
            self._unlink(back)

    def put_back(self, call: int) -> None:
        """Undo the latest `lift` that is not undone."""
        back = self.return_of.get(self.operation[call])
        if back is not None:
            self._link(back)
        self._link(call)

    def waiting(self) -> list[int]:
        """List the calls of which one must come next: those before any return."""
        found, at = [], self.next[self.head]
        while at != self.head and not self.is_return[at]:
            found.append(at)
            at = self.next[at]
        return found

    def _unlink(self, at: int) -> None:
        self.next[self.previous[at]] = self.next[at]
        self.previous[self.next[at]] = self.previous[at]

    def _link(self, at: int) -> None:
        self.next[self.previous[at]] = at
        self.previous[self.next[at]] = at


def _search(part: Hashable, operations: Sequence[Operation], model: Model) -> Contradiction | None:
    line = _Line(operations)
    state: Any = model.start(part)
    left = sum(not operation.is_pending for operation in operations)
    done = 0  # one bit for each operation that is in order
    tried: set[tuple[int, Hashable]] = set()
    path: list[tuple[int, int, Iterator[Move]]] = []
    furthest = Contradiction(part, -1, state, ())
    moves = iter(_moves(line, operations, model, state))
    while left:
        for at, after in moves:
            key = (done | 1 << line.operation[at], after)
            if key not in tried:
                tried.add(key)
                path.append((at, done, moves))
                done, state = key
                left -= not operations[line.operation[at]].is_pending
                line.lift(at)
                moves = iter(_moves(line, operations, model, state))
                break
        else:
            if len(path) > furthest.ordered:
                stuck = tuple(operations[line.operation[at]] for at in line.waiting())
                furthest = Contradiction(part, len(path), state, stuck)
            if not path:
                return furthest
            at, done, moves = path.pop()
            left += not operations[line.operation[at]].is_pending
            line.put_back(at)
    return None


def _moves(line: _Line, operations: Sequence[Operation], model: Model, state: Any) -> list[Move]:
    """List the calls that may come next, each with the state after it."""
    found = []
    for at in line.waiting():
        operation = operations[line.operation[at]]
        after = model.step(state, operation.action, operation.answer)
        if after == state:
            if operation.is_pending:
                continue  # it changes nothing and need not happen
            # Nor does this change anything, so if any order is right, it is right with this first.
            return [(at, after)]
        if after is not None:
            found.append((at, after))
    # What need not have happened comes last: most of it is tried only where the rest gets stuck.
    return sorted(found, key=lambda move: operations[line.operation[move[0]]].is_pending)
