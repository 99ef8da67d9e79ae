"""Writes `methods.pyi`: what type checkers and editors are told of a client's methods.

python -m souq.sdk.stubs
"""

import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from souq.core.seal import Sealed
from souq.engine import Answer
from souq.operations import OPERATIONS, Operation

PATH = Path(__file__).with_name("methods.pyi")


class _Words:
    """Writes types down, and keeps what must be imported for them."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}

    def of(self, hint: Any) -> str:
        """Write a type as a caller may give it."""
        origin, inner = get_origin(hint), get_args(hint)
        if hint is type(None):
            return "None"
        if origin in (Union, types.UnionType):
            return " | ".join(dict.fromkeys(map(self.of, inner)))
        if origin is Literal:
            self._need("typing", "Literal")
            return f"Literal[{', '.join(map(repr, inner))}]"
        if origin is tuple:
            self._need("collections.abc", "Sequence")
            return f"Sequence[{self.of(inner[0])}]"
        if origin is dict:
            return f"dict[{self.of(inner[0])}, {self.of(inner[1])}]"
        if hint is Any:
            self._need("typing", "Any")
            return "Any"
        if isinstance(hint, type) and issubclass(hint, Sealed):
            return self.of(hint.of)
        if hint is msgspec.UnsetType:
            return "None"
        if hint.__module__ != "builtins":
            self._need(hint.__module__, hint.__name__)
        return str(hint.__name__)

    def _need(self, module: str, name: str) -> None:
        self.imports.setdefault(module, set()).add(name)


def text() -> str:
    """Give the whole stub."""
    words = _Words()
    words.of(Answer)
    words.imports.setdefault("typing", set()).add("Any")
    bodies = [
        _class("Methods", words, is_async=False),
        _class("AsyncMethods", words, is_async=True),
    ]
    imports = "\n".join(
        f"from {module} import {', '.join(sorted(names))}"
        for module, names in sorted(words.imports.items())
    )
    head = '"""Written by `python -m souq.sdk.stubs`; a test fails when it is out of date."""'
    tail = "def build(kind: type, given: dict[str, Any]) -> Any: ..."
    return "\n\n".join([head, imports, *bodies, tail]) + "\n"


def _class(name: str, words: _Words, *, is_async: bool) -> str:
    start = "async def" if is_async else "def"
    lines = [f"class {name}:"]
    for one in OPERATIONS:
        fields = ", ".join(["self", *_fields(one, words)])
        gives = words.of(one.gives)
        lines.append(f"    {start} {one.name}({fields}) -> {gives}:")
        lines.append(f'        """{one.summary}."""')
    return "\n".join(lines)


def _fields(one: Operation, words: _Words) -> list[str]:
    hints = get_type_hints(one.asks)
    found = []
    for field in msgspec.structs.fields(one.asks):
        said = f"{field.name}: {words.of(hints[field.name])}"
        found.append(said if field.required else f"{said} = ...")
    return [*found, "*", 'command_id: str = ""'] if one.is_command else found


def formatted(source: str) -> str:
    """Format as the repository is formatted."""
    ruff = [sys.executable, "-m", "ruff"]
    sort = [*ruff, "check", "--fix", "--select", "I", "--quiet", "--stdin-filename", str(PATH), "-"]
    whole = [*ruff, "format", "--quiet", "--stdin-filename", str(PATH), "-"]
    for command in (sort, whole):
        done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
        source = done.stdout
    return re.sub(r"\n{3,}", "\n\n\n", source)


if __name__ == "__main__":
    PATH.write_text(formatted(text()), encoding="utf-8")
