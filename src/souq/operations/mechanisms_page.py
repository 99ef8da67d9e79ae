"""The page on mechanisms, made from their modules: rules, commands, events, what all may know.

`python -m souq.operations.mechanisms_page docs/mechanisms.md` writes it into a page, between its
marks; a test fails when the page is out of date.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from souq.core.mechanisms import MECHANISMS, Mechanism
from souq.core.money import Money
from souq.core.seal import Sealed
from souq.operations import BY_TYPE
from souq.operations.marks import between, row

BEGIN, END = "<!-- mechanisms -->", "<!-- /mechanisms -->"
_SEEN = {
    "public": "everybody",
    "parties": "its parties",
    "own": "the agent it names, and its principal",
}
_WORDS: dict[Any, str] = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "true or false",
    Money: "money",
    NoneType: "null",
}


def sections() -> str:
    """Give every mechanism's section; those that anybody may join come first, and in full."""
    ordered = sorted(MECHANISMS, key=lambda one: not one.JOINS)
    return "\n\n".join(section(one) for one in ordered)


def section(mechanism: Mechanism) -> str:
    """Give one mechanism's section as Markdown; a bargain's names its commands only."""
    return "\n".join(_lines(mechanism))


def _lines(one: Mechanism) -> Iterator[str]:
    yield f"## {one.NAME.replace('_', ' ').capitalize()}"
    yield ""
    yield f"`{one.NAME}`: {_who(one)}"
    yield ""
    yield inspect.cleandoc(cast(Any, one).__doc__ or "")
    commands = (*one.OPENS, *one.MOVES)
    if not one.JOINS:
        yield ""
        yield from (f"- `{kind.__name__}` ({_route(kind)}). {_summary(kind)}" for kind in commands)
        return
    for kind in commands:
        yield from _command(kind, _how(one, kind))
    if one.NOTICE:
        yield ""
        yield "What everybody may know of a run, in its `notice`:"
        yield ""
        yield "| name | what it tells |"
        yield "|---|---|"
        yield from (row(f"`{name}`", told) for name, told in one.NOTICE.items())
    yield ""
    yield "| event | who sees it | |"
    yield "|---|---|---|"
    yield from (
        row(f"`{event.__name__}`", _SEEN[seen], _doc(event)) for event, seen in one.SEEN.items()
    )


def _who(one: Mechanism) -> str:
    if not one.JOINS:
        return "between parties that are named."
    held = " Whatever an award may cost is held beforehand." if one.IS_PREPAID else ""
    return f"anybody may join a run.{held}"


def _how(one: Mechanism, kind: type) -> str:
    if kind in one.OPENS:
        return "opens a run"
    told = "anybody may" if kind in one.JOINS else "by those in the run"
    return f"{told}; no halt stops it" if kind in one.FREES else told


def _command(kind: type, how: str) -> Iterator[str]:
    yield ""
    yield f"### {kind.__name__}"
    yield ""
    yield f"`{_route(kind)}`; {how}. {_doc(kind)}"
    yield ""
    yield "| field | | unless given |"
    yield "|---|---|---|"
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        yield row(f"`{field.name}`", _words(hints[field.name]), _default(field))


def _route(kind: type) -> str:
    operation = BY_TYPE[kind]
    return f"{operation.method} {operation.path}"


def _summary(kind: type) -> str:
    return f"{BY_TYPE[kind].summary}."


def _doc(kind: type) -> str:
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split())


def _words(hint: Any) -> str:
    """Say a type as somebody writes it in JSON."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        return " or ".join(_words(one) for one in inner)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin in (tuple, list):
        if inner[-1] is Ellipsis or origin is list:
            return f"list of {_words(inner[0])}"
        return f"[{', '.join(map(_words, inner))}]"
    if origin is dict:
        return f"object of {_words(inner[1])} by {_words(inner[0])}"
    if isinstance(hint, type) and issubclass(hint, Sealed):
        return _words(hint.of)
    if hint not in _WORDS and isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return f"`{hint.__name__}`{_parts(hint)}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def _parts(kind: type) -> str:
    hints = get_type_hints(kind)
    told = [f"{one.name}: {_words(hints[one.name])}" for one in msgspec.structs.fields(kind)]
    return f" ({', '.join(told)})"


def _default(field: Any) -> str:
    if field.required:
        return "needed"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    if isinstance(default, Sealed):
        default = default.value
    return f"`{msgspec.json.encode(default).decode()}`"


def written(page: str) -> str:
    """Give a page with the sections as they are now. Raises ValueError where it has no marks."""
    return between(page, BEGIN, END, f"\n{sections()}\n")


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
