"""OpenAPI links: which answer says the id that another operation asks for.

They follow from how paths are built and from what answers hold, so that a new operation has its
links without a word about them: `/v1/listings` makes and lists what `/v1/listings/{…}` names.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from souq.core import market
from souq.operations import OPERATIONS, Operation
from souq.surfaces.routes import PREFIX

_Links = dict[str, dict[str, Any]]


def links(one: Operation) -> _Links:
    """Give the links of an operation's answer, by the name of the operation they lead to."""
    field = _collections().get(one.path.split("/")[-1])
    if one.is_command:
        found = _to_all(field, f"$response.body#{_made(field)}") if field else {}
        return _to_queries(one) | found
    if one.fields:
        return _from_item(one)
    row = _row(one.gives)
    if field is None or row is None:
        return {}
    return _to_all(field, f"$response.body#/{row}/0/id")


@cache
def _collections() -> dict[str, str]:
    """Give the field that names one thing, by what the path calls them all."""
    return {
        one.path.removeprefix(PREFIX).split("/")[0]: one.fields[0]
        for one in OPERATIONS
        if one.fields
    }


def _to_all(field: str, expression: str) -> _Links:
    return {
        one.name: {"operationId": one.name, "parameters": {field: expression}}
        for one in OPERATIONS
        if one.fields == (field,)
    }


def _to_queries(one: Operation) -> _Links:
    """Lead from what was done with a thing to how it stands now."""
    return {
        other.name: {
            "operationId": other.name,
            "parameters": {field: f"$request.path.{field}" for field in one.fields},
        }
        for other in OPERATIONS
        if one.fields and not other.is_command and other.fields == one.fields
    }


def _from_item(one: Operation) -> _Links:
    """Lead from a thing to all that can be done with it, and to what else it names."""
    shown = {field.name for field in msgspec.structs.fields(one.gives)}
    found: _Links = {}
    for field in sorted(shown & set(_collections().values())):
        found |= _to_all(field, f"$response.body#/{field}")
    if "id" in shown:
        for other in OPERATIONS:
            if other.is_command and other.fields == one.fields:
                found[other.name] = {
                    "operationId": other.name,
                    "parameters": {one.fields[0]: "$response.body#/id"},
                    **_body(other, shown),
                }
    return found


def _body(command: Operation, shown: set[str]) -> dict[str, Any]:
    """Give what a command must be told and the thing itself says, such as the terms to accept."""
    needed = {
        field.name: f"$response.body#/{field.name}"
        for field in msgspec.structs.fields(command.asks)
        if field.required and field.name in shown and field.name not in command.fields
    }
    return {"requestBody": needed} if needed else {}


def _made(field: str) -> str:
    """Point to the id in the first event of whatever makes such a thing."""
    for event in market.EVENTS:
        kind = get_type_hints(event).get(field)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return f"/events/0/{field}/id"
    return f"/events/0/{field}"


def _row(gives: type) -> str | None:
    """Name the field of a page that holds its rows, where they have ids."""
    return next(_rows(gives), None)


def _rows(gives: type) -> Iterator[str]:
    for name, hint in get_type_hints(gives).items():
        kind = next(iter(get_args(hint)), None)
        if isinstance(kind, type) and issubclass(kind, Struct) and "id" in get_type_hints(kind):
            yield name
