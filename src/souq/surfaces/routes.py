"""Which operation a method and a path name. A path is looked up by its shape, in one step."""

from collections.abc import Iterable
from typing import NamedTuple

from souq.operations import OPERATIONS, Operation

PREFIX = "/v1/"


class Route(NamedTuple):
    """An operation, and the fields its path says."""

    operation: Operation
    fields: dict[str, str]


class Routes:
    """All operations by method and path; an id is always the third part of a path."""

    def __init__(self, operations: Iterable[Operation] = OPERATIONS) -> None:
        self._by_shape: dict[str, dict[str, Operation]] = {}
        for one in operations:
            shape = _shape(one.path.removeprefix(PREFIX).split("/"))
            methods = self._by_shape.setdefault(shape, {})
            assert one.method not in methods, f"two operations at {one.method} {one.path}"
            methods[one.method] = one

    def find(self, method: str, path: str) -> Route | None:
        """Give the operation at a path, or None."""
        parts = path.removeprefix(PREFIX).split("/")
        exact = self._by_shape.get("/".join(parts))
        if exact is not None and method in exact:
            return Route(exact[method], {})
        if len(parts) < 2 or not parts[1]:
            return None
        found = self._by_shape.get(_shape([parts[0], "{}", *parts[2:]]))
        if found is None or method not in found:
            return None
        operation = found[method]
        return Route(operation, {operation.fields[0]: parts[1]})

    def methods(self, path: str) -> list[str]:
        """List the methods that a path answers to."""
        return [one for one in ("GET", "POST") if self.find(one, path) is not None]


def _shape(parts: list[str]) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in parts)
