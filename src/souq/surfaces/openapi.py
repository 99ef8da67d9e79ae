"""The OpenAPI 3.1 document, made from the operations and from nothing else."""

import re
from functools import cache
from importlib.metadata import version
from typing import Any, get_type_hints

import msgspec

from souq.core import market
from souq.core.money import UNITS_MAX
from souq.core.refusal import Reason
from souq.core.seal import Sealed
from souq.journal.admission import FIELDS
from souq.operations import BATCH, COMMANDS, EVENTS, OPERATIONS, Operation
from souq.surfaces.decoding import BATCH_MAX
from souq.surfaces.links import links
from souq.surfaces.problems import STATUS, TITLES, Problem

_REF = "#/components/schemas/{name}"
_ID = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The command's id, of your choice. Sent again, it has its effect once.",
    "schema": {"type": "string", "pattern": '^([!#-~]{1,128}|"[!#-~]{1,128}")$'},
}
_REPLAY = "In a batch, that it had been answered before; alone, the header says so."
_BY_THE_CONNECTION = (408, 414, 431)  # said before anybody looks at what is asked
_PROBLEM = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}


@cache
def document() -> bytes:
    """Give the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(_document()))


def _document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        entry = paths.setdefault(one.path, {})
        entry[one.method.lower()] = _command(one) if one.is_command else _query(one)
    paths |= _special_paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "souq",
            "version": version("souq"),
            "description": (
                "A market where software agents trade for people. Money is a whole number of an"
                ' asset\'s smallest unit and the asset: [900000000, "USD"] is 900 dollars, which'
                " have 1,000,000 units each. Times are microseconds UTC."
            ),
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "responses": _responses(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "a key of one agent"}
            },
        },
        "security": [{"bearer": []}],
    }


def _command(one: Operation) -> dict[str, Any]:
    schema = _body_schema(one)
    body = {"content": {"application/json": {"schema": schema}}}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "description": one.description,
        "tags": [tag_of(one)],
        "parameters": [*_path_parameters(one), _ID],
        "requestBody": {**body, "required": bool(schema["required"])},
        "responses": {
            **_answered("Answer", links(one)),
            **_refusals(400, 401, 413, 415, 422, 429, 503),
        },
    }


def _query(one: Operation) -> dict[str, Any]:
    properties = _component(one.asks)
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": name in properties.get("required", ()),
            "schema": schema,
        }
        for name, schema in properties.get("properties", {}).items()
        if name not in one.fields
    ]
    return {
        "operationId": one.name,
        "summary": one.summary,
        "description": one.description,
        "tags": [tag_of(one)],
        "security": [{"bearer": []}, {}],
        "parameters": [*_path_parameters(one), *parameters],
        "responses": {
            **_answered(one.gives.__name__, links(one)),
            **_refusals(400, 401, 422, 429, 503),
        },
    }


def _special_paths() -> dict[str, Any]:
    commands = {"$ref": _REF.format(name="Command")}
    problems = _refusals(400, 401, 413, 415, 422, 429, 503)
    one = {"application/json": {"schema": commands}}
    # What is wrong with one item is told in its place, and stops none of the others.
    either_command = {
        "anyOf": [commands, {"description": "anything else: a problem is its answer"}]
    }
    item = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "command": either_command},
        "required": ["id", "command"],
        "additionalProperties": False,
    }
    batch = {
        "type": "object",
        "properties": {
            "commands": {"type": "array", "minItems": 1, "maxItems": BATCH_MAX, "items": item}
        },
        "required": ["commands"],
        "additionalProperties": False,
    }
    either = [{"$ref": _REF.format(name=name)} for name in ("Answer", "Problem")]
    answers = {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": {"anyOf": either}}},
        "required": ["answers"],
    }
    stream = {
        "description": "One event for each record that the caller may see; its id is the record's",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    return {
        COMMANDS: {
            "post": {
                "operationId": "submit",
                "summary": "Give any one command",
                "tags": ["market"],
                "parameters": [_ID],
                "requestBody": {"content": one, "required": True},
                "responses": {**_answered("Answer"), **problems},
            }
        },
        BATCH: {
            "post": {
                "operationId": "submit_many",
                "summary": f"Give up to {BATCH_MAX} commands, each with an answer of its own",
                "tags": ["market"],
                "requestBody": {
                    "content": {"application/json": {"schema": batch}},
                    "required": True,
                },
                "responses": {
                    "200": {
                        "description": "The answers, in the order of the commands",
                        "content": {"application/json": {"schema": answers}},
                    },
                    **problems,
                },
            }
        },
        EVENTS: {
            "get": {
                "operationId": "stream_events",
                "summary": "Stream what happens, as server-sent events",
                "tags": ["market"],
                "security": [{"bearer": []}, {}],
                "parameters": [
                    {
                        "name": "Last-Event-ID",
                        "in": "header",
                        "description": "The last record that was seen; the stream goes on after it",
                        "schema": {"type": "integer", "minimum": 0, "maximum": UNITS_MAX},
                    },
                    {
                        "name": "types",
                        "in": "query",
                        "description": "Only records with an event of these types",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                ],
                "responses": {"200": stream, **_refusals(400, 401, 422, 429, 503)},
            }
        },
    }


def _answered(name: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(name=name)}}}
    leads = {"links": more} if more else {}
    return {"200": {"description": "It is so, and durable", "content": content, **leads}}


def _refusals(*statuses: int) -> dict[str, Any]:
    every = sorted({*statuses, *STATUS.values(), *_BY_THE_CONNECTION})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in every}


def _responses() -> dict[str, Any]:
    reasons: dict[int, list[str]] = {status: [] for status in TITLES}
    for reason, status in STATUS.items():
        reasons[status].append(reason.value)
    return {
        str(status): {"description": ", ".join([title, *reasons[status]]), "content": _PROBLEM}
        for status, title in TITLES.items()
    }


def _path_parameters(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in one.fields
    ]


def _body_schema(one: Operation) -> dict[str, Any]:
    """Give a command's schema without its type and what the path says."""
    whole = _component(one.asks)
    left_out = {"type", *one.fields}
    return {
        "type": "object",
        "properties": {
            name: schema for name, schema in whole["properties"].items() if name not in left_out
        },
        "required": [name for name in whole.get("required", ()) if name not in left_out],
        "additionalProperties": False,
    }


def tag_of(one: Operation) -> str:
    """Give the kind of thing an operation is about."""
    return re.split(r"[/:]", one.path)[2]


def _component(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = _schemas()[kind.__name__]
    return found


@cache
def _schemas() -> dict[str, Any]:
    asked = [one.asks for one in OPERATIONS]
    given = {one.gives for one in OPERATIONS}
    _, inward = msgspec.json.schema_components(map(_as_written, asked), ref_template=_REF)
    _, outward = msgspec.json.schema_components(
        [*given, *market.EVENTS, Problem], schema_hook=_as_shown, ref_template=_REF
    )
    schemas: dict[str, Any] = {**inward, **outward}
    for name in inward.keys() & outward.keys():
        assert inward[name] == outward[name], f"{name} means two things"
    schemas["Command"] = _one_of(market.COMMANDS)
    schemas["Event"] = _one_of(market.EVENTS)
    schemas["Answer"]["properties"]["events"]["items"] = {"$ref": _REF.format(name="Event")}
    schemas["Answer"]["properties"]["is_replay"]["description"] = _REPLAY
    schemas["Problem"]["properties"]["reason"]["enum"] = ["", *(one.value for one in Reason)]
    _bound_numbers(schemas)
    return schemas


def _bound_numbers(schema: Any) -> None:
    """Say of every whole number that it stays below 2**53, as the door makes sure it does."""
    if isinstance(schema, list):
        for one in schema:
            _bound_numbers(one)
    elif isinstance(schema, dict):
        if schema.get("type") == "integer":
            schema.setdefault("minimum", -UNITS_MAX)
            schema.setdefault("maximum", UNITS_MAX)
        for one in schema.values():
            _bound_numbers(one)


def _one_of(kinds: tuple[type, ...]) -> dict[str, Any]:
    names = sorted(one.__name__ for one in kinds)
    return {
        "oneOf": [{"$ref": _REF.format(name=name)} for name in names],
        "discriminator": {
            "propertyName": "type",
            "mapping": {name: _REF.format(name=name) for name in names},
        },
    }


def _as_written(kind: type) -> type:
    """Give a struct as a caller writes it: words and limits as themselves, not as digests."""
    sealed = FIELDS.get(kind)
    if sealed is None:
        return kind
    hints = get_type_hints(kind)
    fields: list[Any] = []
    for one in msgspec.structs.fields(kind):
        hint, default = hints[one.name], one.default
        if one.name in sealed:
            hint = sealed[one.name].of if default is not None else sealed[one.name].of | None
            default = default.value if isinstance(default, Sealed) else default
        if default is not msgspec.NODEFAULT:
            fields.append((one.name, hint, default))
        elif one.default_factory is not msgspec.NODEFAULT:
            fields.append((one.name, hint, msgspec.field(default_factory=one.default_factory)))
        else:
            fields.append((one.name, hint))
    return msgspec.defstruct(
        kind.__name__,
        fields,
        tag=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": kind.__doc__},
    )


def _as_shown(kind: type) -> dict[str, Any]:
    if issubclass(kind, Sealed):
        return {"type": "string"}
    raise NotImplementedError(kind)
