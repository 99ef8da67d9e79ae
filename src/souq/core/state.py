"""The market's state is tables of frozen entities; a draft is a sheet of changes over them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from heapq import heapify, heappop, heappush, heapreplace, merge
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from souq.core.index import Index, RankOf
from souq.core.refusal import Reason, Refused

T = TypeVar("T")
Entity = TypeVar("Entity", bound=msgspec.Struct)


class Table(Generic[T]):
    """A name for rows of one type, keyed by their typed id; `rank` puts them in order."""

    __slots__ = ("name", "of", "rank")

    def __init__(self, name: str, of: Any, rank: RankOf | None = None) -> None:
        self.name = name
        self.of = of
        self.rank = rank


class View(Protocol):
    """What `evolve` may touch: the state itself in replay, a draft while judging."""

    at: int

    def get(self, table: Table[T], key: str) -> T | None: ...
    def getter(self, table: Table[T]) -> Callable[[str], T | None]: ...
    def may_have(self, table: Table[Any]) -> bool: ...
    def put(self, table: Table[T], key: str, row: T) -> None: ...
    def put_many(self, table: Table[T], rows: dict[str, T]) -> None: ...
    def drop(self, table: Table[Any], key: str) -> None: ...
    def walk(self, table: Table[T], group: str) -> Iterator[tuple[str, T]]: ...
    def first(self, table: Table[T], group: str) -> tuple[str, T] | None: ...


# Every entity that must be looked at again has one entry here, and one in its heap.
DEADLINES: Table[int] = Table("deadlines", int)
COUNTERS: Table[int] = Table("counters", int)


class State:
    """All live entities. It changes by folding events, and by nothing else."""

    __slots__ = ("_heap", "_indexes", "at", "kept_up", "tables")

    def __init__(self, tables: Iterable[Table[Any]]) -> None:
        self.at = 0
        self.tables: dict[Table[Any], dict[str, Any]] = {table: {} for table in tables}
        self._heap: list[tuple[int, str]] = []
        self._indexes: dict[Table[Any], Index] = {}  # made when first asked for, then kept up
        self.kept_up: set[Table[Any]] = {DEADLINES}  # whose rows have an order beside them

    def get(self, table: Table[T], key: str) -> T | None:
        return self.tables[table].get(key)

    def getter(self, table: Table[T]) -> Callable[[str], T | None]:
        """Give a quick `get` of one table, good until the next change to it."""
        rows: dict[str, T] = self.tables[table]
        return rows.get

    def may_have(self, table: Table[Any]) -> bool:
        """Tell whether there may be any row at all: a no is certain, and quick."""
        return bool(self.tables[table])

    def put(self, table: Table[T], key: str, row: T) -> None:
        rows = self.tables[table]
        if table.rank is not None:
            index = self._indexes.get(table)
            if index is not None:
                index.move(key, rows.get(key), row)
        if table is DEADLINES:
            due: Any = row
            before: Any = rows.get(key)
            # One that moves back, as at every counteroffer, is found where it stood; see next_due.
            if before is None or due < before:
                heappush(self._heap, (due, key))
        rows[key] = row

    def put_many(self, table: Table[T], rows: dict[str, T]) -> None:
        assert table is not DEADLINES, "deadlines go through put, which keeps their heap"
        assert table not in self._indexes, "rows in order go through put, which keeps it"
        self.tables[table].update(rows)

    def drop(self, table: Table[Any], key: str) -> None:
        row = self.tables[table].pop(key, None)
        if table.rank is not None and table in self._indexes:
            self._indexes[table].move(key, row, None)

    def walk(self, table: Table[T], group: str) -> Iterator[tuple[str, T]]:
        """Iterate over a group's rows in the order of their ranks; nothing may change meanwhile."""
        rows = self.tables[table]
        for _, _, key in self.index(table).keys(group):
            yield key, rows[key]

    def first(self, table: Table[T], group: str) -> tuple[str, T] | None:
        """Give the first of a group's rows."""
        key = (self._indexes.get(table) or self.index(table)).first(group)
        return None if key is None else (key, self.tables[table][key])

    def index(self, table: Table[Any]) -> Index:
        """Give the order of a table's rows."""
        found = self._indexes.get(table)
        if found is None:
            assert table.rank is not None, f"rows of {table.name} stand in no order"
            found = self._indexes[table] = Index(table.rank, self.tables[table])
            self.kept_up.add(table)
        return found

    def rows(self, table: Table[T]) -> dict[str, T]:
        """Give a table's rows; readers must not change them."""
        return self.tables[table]

    def next_due(self) -> tuple[int, str] | None:
        """Give the earliest deadline and whose it is.

        A deadline that moved leaves its old entry in the heap, never later than where it stands
        now; such entries are passed over or moved here, rather than searched for at every change.
        """
        due_by_id = self.tables[DEADLINES]
        heap = self._heap
        while heap and (due := due_by_id.get(heap[0][1])) != heap[0][0]:
            if due is None or due < heap[0][0]:
                heappop(heap)
            else:
                heapreplace(heap, (due, heap[0][1]))
        if len(heap) > 64 + 4 * len(due_by_id):
            self._heap = heap = [(due, key) for key, due in due_by_id.items()]
            heapify(heap)
        return heap[0] if heap else None

    def fork(self) -> "State":
        """Copy the tables; the entities are frozen and shared."""
        other = State(())
        other.at = self.at
        other.tables = {table: dict(rows) for table, rows in self.tables.items()}
        other._heap = list(self._heap)
        return other

    def digest(self, encode: Callable[[Any], bytes]) -> str:
        """Hash every table, by name, and every row, by key, each as canonical bytes."""
        whole = hashlib.sha256()
        for table in sorted(self.tables, key=lambda table: table.name):
            rows = self.tables[table]
            whole.update(encode([table.name, len(rows)]))
            for key in sorted(rows):
                whole.update(encode([key, rows[key]]))
        return whole.hexdigest()


_At = tuple[int, int, str]  # a row's place in its group: major, minor, key


class Draft:
    """Changes laid over a state. Merged whole, or dropped: no half-applied command can exist."""

    __slots__ = (
        "_changed",
        "_cursors",
        "_evolve",
        "_fresh",
        "_shrunk",
        "_tables",
        "at",
        "events",
        "state",
        "weighed",
    )

    def __init__(self, state: State, at: int, evolve: Callable[[View, Any], None]) -> None:
        self.state = state
        self.at = at
        self.events: list[Any] = []
        self.weighed: dict[Any, Any] = {}  # what guards said, by agent and legs; see `authority`
        self._tables = state.tables
        self._changed: dict[Table[Any], dict[str, Any]] = {}
        self._shrunk: set[Table[Any]] = set()  # tables that something was dropped from
        self._evolve = evolve
        # For `first`, from when it is asked of a table on: the ranks of what was put, stale ones
        # among them, and how far the state's own order has been gone through; what changed never
        # comes back to it.
        self._fresh: dict[Table[Any], dict[str, list[_At]]] = {}
        self._cursors: dict[tuple[Table[Any], str], tuple[Iterator[_At], _At | None]] = {}

    def emit(self, event: Any) -> None:
        """Record that something happened and let the rest of this command see it."""
        self.events.append(event)
        self._evolve(self, event)

    def get(self, table: Table[T], key: str) -> T | None:
        if table in self._changed:
            changed: dict[str, T | None] = self._changed[table]
            if key in changed:
                return changed[key]
        return self._tables[table].get(key)

    def getter(self, table: Table[T]) -> Callable[[str], T | None]:
        """Give a quick `get` of one table, good until the next change to it."""
        if table in self._changed:
            return partial(self.get, table)
        rows: dict[str, T] = self._tables[table]
        return rows.get

    def may_have(self, table: Table[Any]) -> bool:
        """Tell whether there may be any row at all: a no is certain, and quick."""
        return table in self._changed or bool(self._tables[table])

    def put(self, table: Table[T], key: str, row: T) -> None:
        changed = self._changed.get(table)
        if changed is None:
            self._changed[table] = {key: row}
        else:
            changed[key] = row
        if self._fresh and table in self._fresh:
            self._note_fresh(table, key, row)

    def put_many(self, table: Table[T], rows: dict[str, T]) -> None:
        assert table.rank is None, "rows in order go through put, which notes it"
        changed = self._changed.get(table)
        if changed is None:
            self._changed[table] = dict(rows)
        else:
            changed.update(rows)

    def drop(self, table: Table[Any], key: str) -> None:
        changed = self._changed.get(table)
        if changed is None:
            self._changed[table] = {key: None}
        else:
            changed[key] = None
        self._shrunk.add(table)

    def walk(self, table: Table[T], group: str) -> Iterator[tuple[str, T]]:
        """Iterate over a group's rows in the order of their ranks; nothing may change meanwhile."""
        changed = self._changed.get(table)
        if not changed:
            yield from self.state.walk(table, group)
            return
        rank = table.rank
        assert rank is not None, f"rows of {table.name} stand in no order"
        rows: dict[str, T] = self._tables[table]
        theirs = (one for one in self.state.index(table).keys(group) if one[2] not in changed)
        ours = sorted(
            (at[1], at[2], key)
            for key, row in changed.items()
            if row is not None and (at := rank(row)) is not None and at[0] == group
        )
        for _, _, key in merge(theirs, ours):
            yield key, changed[key] if key in changed else rows[key]

    def first(self, table: Table[T], group: str) -> tuple[str, T] | None:
        """Give the first of a group's rows."""
        changed = self._changed.get(table)
        if not changed:
            return self.state.first(table, group)
        ours = self._first_put(table, group, changed)
        theirs = self._first_left(table, group, changed)
        if theirs is None or (ours is not None and ours < theirs):
            return None if ours is None else (ours[2], changed[ours[2]])
        return theirs[2], self._tables[table][theirs[2]]

    def _first_put(self, table: Table[Any], group: str, changed: dict[str, Any]) -> "_At | None":
        rank = table.rank
        assert rank is not None, f"rows of {table.name} stand in no order"
        if table not in self._fresh:
            self._fresh[table] = {}
            for key, row in changed.items():
                if row is not None:
                    self._note_fresh(table, key, row)
        fresh = self._fresh[table].get(group)
        while fresh:
            major, minor, key = fresh[0]
            row = changed[key]
            if row is not None and rank(row) == (group, major, minor):
                return fresh[0]
            heappop(fresh)
        return None

    def _note_fresh(self, table: Table[Any], key: str, row: Any) -> None:
        at = None if table.rank is None else table.rank(row)
        if at is not None:
            heappush(self._fresh[table].setdefault(at[0], []), (at[1], at[2], key))

    def _first_left(self, table: Table[Any], group: str, changed: dict[str, Any]) -> "_At | None":
        cursor = self._cursors.get((table, group))
        if cursor is None:
            keys = self.state.index(table).keys(group)
            head = next(keys, None)
        else:
            keys, head = cursor
        while head is not None and head[2] in changed:
            head = next(keys, None)
        self._cursors[table, group] = keys, head
        return head

    def merge(self) -> None:
        """Make the changes the state's own."""
        state, tables, shrunk = self.state, self._tables, self._shrunk
        state.at = self.at
        kept_up = state.kept_up
        for table, changed in self._changed.items():
            if table in kept_up:
                for key, row in changed.items():
                    if row is None:
                        state.drop(table, key)
                    else:
                        state.put(table, key, row)
            elif table in shrunk:
                rows = tables[table]
                for key, row in changed.items():
                    if row is None:
                        rows.pop(key, None)
                    else:
                        rows[key] = row
            else:
                tables[table].update(changed)


def row_of(view: View, table: Table[T], key: str) -> T:
    """Give a row that must be there."""
    row = view.get(table, key)
    assert row is not None, f"no {key} in {table.name}"
    return row


def change(view: View, table: Table[Entity], key: str, **fields: Any) -> None:
    """Put a row back with some of its fields changed."""
    view.put(table, key, msgspec.structs.replace(row_of(view, table, key), **fields))


def drop_group(view: View, table: Table[Any], group: str) -> None:
    """Drop a group's rows, the last in order first: that is quickest."""
    for key, _ in reversed(list(view.walk(table, group))):
        view.drop(table, key)


_DIGITS_MAX = 19


def next_id(view: View, letter: str) -> str:
    """Propose the next short typed id, such as L42. It is taken when its event is folded."""
    return f"{letter}{(view.get(COUNTERS, letter) or 0) + 1}"


def take_id(view: View, key: str) -> None:
    """Count an id as used."""
    view.put(COUNTERS, key[0], int(key[1:]))


def need_live(view: View, table: Table[T], id: str, letter: str) -> T:
    """Give an entity by its id. Raises Refused(not_found), or Refused(closed) once it has ended."""
    found = view.get(table, id)
    if found is None:
        has_ended = id[:1] == letter and was_issued(view, id)
        raise Refused(Reason.CLOSED if has_ended else Reason.NOT_FOUND, id=id[:64])
    return found


def was_issued(view: View, key: str) -> bool:
    """Tell an entity that has ended from one that never was: ids are handed out in order."""
    number = key[1:]
    return (
        0 < len(number) <= _DIGITS_MAX  # a stranger's id may be as long as a body
        and number.isascii()
        and number.isdigit()
        and number[0] != "0"
        and int(number) <= (view.get(COUNTERS, key[0]) or 0)
    )
