"""The order of a table's rows: groups, and within each the rows by rank and then by arrival.

A rank is (major, minor): a price, say, and the number of the row's arrival, so that the order
follows from the rows alone and a state read back from a snapshot has the same one.
"""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Rank(NamedTuple):
    """Where a row stands: in which group, and behind all of a smaller (major, minor)."""

    group: str
    major: int
    minor: int


RankOf = Callable[[Any], tuple[str, int, int] | None]  # as in Rank; None: it stands in no order


class _Group:
    """One group's majors in order, and the keys of each in the order of their minors."""

    __slots__ = ("levels", "majors", "newest")

    def __init__(self) -> None:
        self.majors: list[int] = []
        self.levels: dict[int, OrderedDict[str, int]] = {}
        self.newest = -1  # the largest minor so far: what comes later still is last in its level

    def add(self, key: str, major: int, minor: int) -> None:
        level = self.levels.get(major)
        if level is None:
            insort(self.majors, major)
            level = self.levels[major] = OrderedDict()
        if minor > self.newest:
            self.newest = minor
            level[key] = minor
            return
        is_last = not level or minor > next(reversed(level.values()))
        level[key] = minor
        if not is_last:
            self.levels[major] = OrderedDict(sorted(level.items(), key=lambda one: one[1]))

    def drop(self, key: str, major: int) -> None:
        level = self.levels[major]
        del level[key]
        if not level:
            del self.levels[major]
            del self.majors[bisect_left(self.majors, major)]

    def keys(self) -> Iterator[tuple[int, int, str]]:
        for major in self.majors:
            for key, minor in self.levels[major].items():
                yield major, minor, key


class Index:
    """The order of one table's rows, kept as they change."""

    __slots__ = ("_groups", "_rank")

    def __init__(self, rank: RankOf, rows: dict[str, Any]) -> None:
        self._rank = rank
        self._groups: dict[str, _Group] = {}
        found = [(at, key) for key, row in rows.items() if (at := rank(row)) is not None]
        for (group, major, minor), key in sorted(found):
            self._group(group).add(key, major, minor)

    def move(self, key: str, before: Any, after: Any) -> None:
        """Follow a row's change; None stands for no row."""
        was = None if before is None else self._rank(before)
        now = None if after is None else self._rank(after)
        if was == now:
            return
        if was is not None:
            group = self._groups[was[0]]
            group.drop(key, was[1])
            if not group.majors:
                del self._groups[was[0]]
        if now is not None:
            found = self._groups.get(now[0])
            (found or self._group(now[0])).add(key, now[1], now[2])

    def keys(self, group: str) -> Iterator[tuple[int, int, str]]:
        """Iterate over (major, minor, key) of a group, in order; nothing may change meanwhile."""
        found = self._groups.get(group)
        return iter(()) if found is None else found.keys()

    def first(self, group: str) -> str | None:
        """Give the key that comes first in a group."""
        found = self._groups.get(group)
        if found is None:
            return None
        return next(iter(found.levels[found.majors[0]]))

    def _group(self, name: str) -> _Group:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
        return group
