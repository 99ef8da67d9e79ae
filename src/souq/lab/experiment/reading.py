"""Reads an experiment's file: every mistake in it, with its line, or the design it means."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from souq.lab.experiment.checking import CELLS_MAX, problems
from souq.lab.experiment.lines import Lines
from souq.lab.experiment.lines import Path as Keys
from souq.lab.experiment.schema import WHOLE, Arm, Design, Experiment
from souq.lab.survey import LABELS

ARMS_MAX = 1_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,%+_-]{0,59}")
_LISTS = ("arms", "factors")
_SOME_KEY = ""  # stands for a key that is not said
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")


class Mistaken(Struct, frozen=True):
    """One mistake: the line it stands on, from 1, where in the file's tables, and what to do."""

    line: int
    where: str
    why: str


class BadExperiment(ValueError):
    """A file that no experiment can be run from. `mistakes` are in the order of their lines."""

    def __init__(self, file: str, mistakes: list[Mistaken]) -> None:
        self.mistakes = sorted(mistakes, key=lambda one: (one.line, one.where, one.why))
        super().__init__("\n".join(f"{file}:{at.line}: {_said(at)}" for at in self.mistakes))


def read(path: Path) -> Design:
    """Read a file. Raises BadExperiment with all that is wrong with it, and OSError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        why = "this is not UTF-8; save the file as UTF-8"
        raise BadExperiment(str(path), [Mistaken(line, "", why)]) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Design:
    """Read an experiment's text. Files it names are looked for beside `path`.

    Raises BadExperiment.
    """
    try:
        raw = tomllib.loads(text)
    except ValueError as error:  # a number may be too long to be one
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        why = re.sub(r" \(at [^)]*\)", "", str(error))
        raise BadExperiment(str(path), [Mistaken(line, "", f"not TOML: {why}")]) from None
    return _Reader(raw, Lines(text), path).design()


def parse_again(text: str, path: Path) -> Design:
    """Read the text of what was run once: what it names need not be there any more.

    Raises BadExperiment where not even its settings can be told.
    """
    try:
        raw = tomllib.loads(text)
    except ValueError as error:
        raise BadExperiment(str(path), [Mistaken(1, "", f"not TOML: {error}")]) from None
    return _Reader(raw, Lines(text), path, looks_around=False).design()


class _Reader:
    def __init__(
        self, raw: dict[str, Any], lines: Lines, path: Path, *, looks_around: bool = True
    ) -> None:
        self._raw = raw
        self._looks_around = looks_around
        self._lines = lines
        self._path = path
        self._found: dict[Mistaken, None] = {}
        self._levels: dict[str, dict[str, str]] = {}  # by arm and factor

    def design(self) -> Design:
        base = {name: value for name, value in self._raw.items() if name not in _LISTS}
        whole = self._experiment(base, (), ())
        listed = [*self._arms()]
        if "arms" in self._raw and "factors" in self._raw:
            self._say(("factors",), "list arms or cross factors, not both")
        elif "factors" in self._raw:
            listed = self._crossed()
        arms = []
        for name, parts in listed or [("all", [])]:
            laid, origins = base, []
            for origin, part in parts:
                laid = merged(laid, part)
                origins.append(origin)
            whole_arm = self._experiment(laid, tuple(origins), tuple(parts))
            arms.append(Arm(name, whole_arm, self._levels.get(name, {})))
        names = [arm.name for arm in arms]
        for n, name in enumerate(names):
            if name in names[:n]:
                at: Keys = ("arms", n) if "arms" in self._raw else ("factors",)
                self._say(at, f'there are several arms "{name}"; name each once')
        if len(arms) * whole.repetitions > CELLS_MAX:
            self._say(("repetitions",), f"with {len(arms)} arms more than {CELLS_MAX} cells")
        if whole.survey is not None and len(arms) > len(LABELS):
            self._say(("survey",), f"people can rank {len(LABELS)} arms at most")
        if not self._found and self._looks_around:
            self._semantic(arms, listed)
        if self._found:
            raise BadExperiment(str(self._path), list(self._found))
        return Design(whole, tuple(arms))

    def _arms(self) -> Iterator[tuple[str, list[tuple[Keys, dict[str, Any]]]]]:
        yield from ((name, [(at, part)]) for name, at, part in self._named(("arms",), self._raw))

    def _named(
        self, at: Keys, within: dict[str, Any]
    ) -> Iterator[tuple[str, Keys, dict[str, Any]]]:
        """Give the named parts of a list, and say what is wrong with the others."""
        raw = within.get(str(at[-1]), [])
        if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
            self._say(at, f"write each as [[{at[-1]}]], or as a list of tables")
            return
        for n, one in enumerate(raw):
            name = one.get("name")
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                why = "needs a name: letters, digits, spaces and . , % + _ -, 60 at most"
                self._say((*at, n, "name"), why)
                continue
            part = {key: value for key, value in one.items() if key != "name"}
            if inner := [key for key in part if key in (*_LISTS, *WHOLE)]:
                self._say((*at, n, inner[0]), "belongs to the whole experiment, not to one arm")
                continue
            yield name, (*at, n), part

    def _crossed(self) -> list[tuple[str, list[tuple[Keys, dict[str, Any]]]]]:
        raw = self._raw["factors"]
        if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
            self._say(("factors",), "write each as [[factors]] with levels")
            return []
        factors = []
        for n, one in enumerate(raw):
            at: Keys = ("factors", n, "levels")
            if unknown := one.keys() - {"name", "levels"}:
                why = "a factor has a name and levels; what a level changes stands in it"
                self._say(("factors", n, min(unknown)), why)
            levels = list(self._named(at, one))
            if not levels:
                self._say(at, 'needs levels, such as levels = [{name = "low"}, …]')
            factors.append(levels)
        count = 1
        for levels in factors:
            count *= max(1, len(levels))
        if count > ARMS_MAX:
            self._say(("factors",), f"these cross to {count} arms; {ARMS_MAX} is the most")
            return []
        titles = [str(one.get("name", f"factor {n}")) for n, one in enumerate(raw, start=1)]
        if len(set(titles)) < len(titles):
            self._say(("factors",), "name each factor once")
        found = []
        for chosen in itertools.product(*factors):
            names = [name for name, _, _ in chosen]
            arm = ", ".join(names)
            self._levels[arm] = dict(zip(titles, names, strict=True))
            found.append((arm, [(at, part) for _, at, part in chosen]))
        return found

    def _experiment(
        self, raw: dict[str, Any], origins: tuple[Keys, ...], parts: tuple[Any, ...]
    ) -> Experiment:
        """Convert, and leave out whatever is wrong, so that all of it is found."""
        raw = _copied(raw)
        while True:
            try:
                return msgspec.convert(raw, Experiment)
            except msgspec.ValidationError as error:
                keys, why = _explained(error)
                keys = _named(raw, keys, why)
                self._say(self._origin(keys, parts), why)
                if not _removed(raw, keys):
                    return Experiment()

    def _origin(self, keys: Keys, parts: tuple[tuple[Keys, dict[str, Any]], ...]) -> Keys:
        """Give where in the file a key of an arm was said last."""
        for at, part in reversed(parts):
            if _has(part, keys):
                return (*at, *keys)
        return keys

    def _semantic(
        self, arms: list[Arm], listed: list[tuple[str, list[tuple[Keys, dict[str, Any]]]]]
    ) -> None:
        for n, arm in enumerate(arms):
            parts = tuple(listed[n][1]) if listed else ()
            for keys, why in problems(arm.experiment, self._path.parent):
                self._say(self._origin(keys, parts), why)

    def _say(self, keys: Keys, why: str) -> None:
        where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in keys)
        self._found[Mistaken(self._lines.of(keys), where.lstrip("."), why)] = None


def merged(base: Any, part: Any) -> Any:
    """Lay a part over a whole: tables are merged, anything else is replaced."""
    if not (isinstance(base, dict) and isinstance(part, dict)):
        return part
    return {**base, **{key: merged(base.get(key), value) for key, value in part.items()}}


def _copied(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _copied(value) for key, value in raw.items()}
    return [_copied(one) for one in raw] if isinstance(raw, list) else raw


def _explained(error: msgspec.ValidationError) -> tuple[Keys, str]:
    why, _, path = str(error).partition(" - at `$")
    keys: list[str | int] = []
    for step in _STEP.finditer(path.rstrip("`")):
        keys.append(int(step[2]) if step[2] is not None else step[1] or _SOME_KEY)
    if unknown := re.search(r"unknown field `(.+)`", why):
        return (*keys, unknown[1]), "there is no such setting"
    return tuple(keys), why[:1].lower() + why[1:]


def _named(raw: Any, keys: Keys, why: str) -> Keys:
    """Find the keys of tables whose names are free, which the library leaves unsaid."""
    while _SOME_KEY in keys:
        at = keys.index(_SOME_KEY)
        for key in _at(raw, keys[:at]):
            trial = _alone(raw, keys[:at], key)
            try:
                msgspec.convert(trial, Experiment)
            except msgspec.ValidationError as error:
                if _explained(error)[1] == why:
                    raw, keys = trial, (*keys[:at], key, *keys[at + 1 :])
                    break
        else:
            return keys[:at]
    return keys


def _at(raw: Any, keys: Keys) -> Any:
    for key in keys:
        raw = raw[key]
    return raw


def _alone(raw: Any, keys: Keys, key: str | int) -> Any:
    """Copy a whole in which one table has this key alone."""
    copied = _copied(raw)
    table = _at(copied, keys)
    for other in [one for one in table if one != key]:
        del table[other]
    return copied


def _removed(raw: Any, keys: Keys) -> bool:
    """Take a key out of nested tables; where a step is not known, all around it."""
    if not keys:
        return False
    holders = [raw]
    for key in keys[:-1]:
        holder = holders[-1]
        is_there = key in holder if isinstance(holder, dict) else isinstance(key, int)
        if not is_there or not isinstance(holder[key], dict | list):
            break
        holders.append(holder[key])
    for depth in range(len(holders) - 1, -1, -1):
        holder, key = holders[depth], keys[depth]
        if isinstance(holder, dict) and key in holder:
            del holder[key]
            return True
        if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
            del holder[key]
            return True
    return False


def _has(part: Any, keys: Keys) -> bool:
    for key in keys:
        if isinstance(part, dict) and key in part:
            part = part[key]
        else:
            return not isinstance(part, dict)
    return True


def _said(at: Mistaken) -> str:
    return f"{at.where}: {at.why}" if at.where else at.why
