"""Where something stands in a TOML file: Python's own reader does not say.

A key inside an inline table or a list is said to stand where that begins.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


class Lines:
    """The lines of one file's keys."""

    def __init__(self, text: str) -> None:
        self._line: dict[Path, int] = {}
        self._read(text)

    def of(self, path: Path) -> int:
        """Give the line of a key, or of the nearest table around it; 1 at worst."""
        while path:
            if path in self._line:
                return self._line[path]
            path = path[:-1]
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        counts: Counter[Path] = Counter()
        for number, statement in _statements(text):
            if header := _HEADER.match(statement):
                table = self._open(header[2], header[1] == "[[", counts)
                self._note(table, number)
            elif key := _KEY.match(statement):
                self._note((*table, *_parts(key[1])), number)

    def _open(self, words: str, is_list: bool, counts: "Counter[Path]") -> Path:
        path: Path = ()
        parts = _parts(words)
        for n, part in enumerate(parts):
            path = (*path, part)
            if is_list and n == len(parts) - 1:
                counts[path] += 1
            if counts[path]:  # a table within the last one of a list
                path = (*path, counts[path] - 1)
        return path

    def _note(self, path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._line.setdefault(path[:length], number)
        self._line[path] = number


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give each statement with the line it begins on: one may go on over several lines."""
    begun, held = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        begun = begun or number
        held = f"{held}\n{line}" if held else line
        if _is_whole(held):
            yield begun, held
            begun, held = 0, ""


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError as error:
        # What ends too soon may go on; anything else is wrong where it stands.
        return "end of document" not in str(error)
    return True


def _parts(words: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(words)]
