"""What a researcher brings: readers by name. To add one, write its module and list it here.

Every reader takes paths and gives typed rows, exactly as they stand in the file, or raises
BadSource, which says where and what to do.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from souq.lab.sources import listings, magentic, people, price_history
from souq.lab.sources.bad_source import BadSource as BadSource


def _one(read: Callable[[Path], Any]) -> Callable[[Sequence[Path]], Any]:
    """Make a reader of one path from whichever takes only one."""

    def read_one(paths: Sequence[Path]) -> Any:
        if len(paths) != 1:
            raise BadSource(f"{len(paths)} paths were named where one is read; name one")
        return read(paths[0])

    return read_one


READERS: dict[str, Callable[[Sequence[Path]], Any]] = {
    "listings": listings.read,  # list[Good]
    "price_history": price_history.read,  # list[Good]
    "people": _one(people.read),  # Population
    "magentic": _one(magentic.read),  # Town
}


def read(kind: str, *paths: Path) -> Any:
    """Read what stands at these paths by the reader of that name. Raises BadSource."""
    if kind not in READERS:
        raise BadSource(f"there is no reader {kind!r}; choose {', '.join(sorted(READERS))}")
    return READERS[kind](paths)
