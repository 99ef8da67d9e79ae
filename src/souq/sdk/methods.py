"""A client's method for every operation, made from the operations themselves.

What type checkers and editors see stands in `methods.pyi`, which `python -m souq.sdk.stubs` writes;
a test fails when it is out of date.
"""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from souq.journal.admission import FIELDS
from souq.operations import OPERATIONS, Operation


class Methods:
    """Calls `submit` for every command and `ask` for every query."""

    submit: Callable[..., Any]
    ask: Callable[..., Any]


def _method(operation: Operation) -> Callable[..., Any]:
    kind = operation.asks
    signature = _signature(operation)

    def call(self: Methods, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        given.pop("self")
        command_id = given.pop("command_id", "")
        asked = build(kind, given)
        if operation.is_command:
            return self.submit(asked, command_id=command_id)
        return self.ask(asked)

    call.__name__ = operation.name
    call.__qualname__ = f"Methods.{operation.name}"
    call.__doc__ = operation.description
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def build(kind: type, given: dict[str, Any]) -> Any:
    """Make a command or a query; words and limits may be given as they are, lists as lists."""
    sealed = FIELDS.get(kind, {})
    fields = {}
    for name, value in given.items():
        wrap = sealed.get(name)
        if wrap is not None and value is not None and not isinstance(value, wrap):
            value = wrap(value)
        fields[name] = tuple(value) if isinstance(value, list) else value
    return kind(**fields)


def _signature(operation: Operation) -> inspect.Signature:
    word = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", word)]
    for one in msgspec.structs.fields(operation.asks):
        default = inspect.Parameter.empty if one.required else None
        parameters.append(inspect.Parameter(one.name, word, default=default))
    if operation.is_command:
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter("command_id", keyword, default=""))
    return inspect.Signature(parameters)


for _operation in OPERATIONS:
    setattr(Methods, _operation.name, _method(_operation))
AsyncMethods = Methods  # the same calls; `submit` and `ask` are then to be awaited
