"""JSON-RPC and HTTP+JSON: two ways to write the same calls, answers and errors."""

import json
import math
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from a2a.utils.error_handlers import build_error_details, build_rest_error_payload
from a2a.utils.errors import (
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    ContentTypeNotSupportedError,
    InvalidParamsError,
    InvalidRequestError,
    JSONParseError,
    MethodNotFoundError,
)

from souq.surfaces.a2a.calls import CALLS, EXTENDED_CARD, Json, parsed

_CONFIGS = "pushNotificationConfigs"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class Nowhere(Exception):
    """A path leads to nothing."""


class Asked(NamedTuple):
    """One call as it came. `id` is the JSON-RPC request's."""

    name: str
    request: Any
    tenant: str
    id: str | int | None = None


class JsonRpc:
    """Writes answers as JSON-RPC 2.0 does."""

    def __init__(self) -> None:
        self._id: str | int | None = None

    def read(self, body: bytes, tenant: str) -> Asked:
        """Read a request. Raises A2AError."""
        asked = _json(body)
        if not isinstance(asked, dict):
            raise InvalidRequestError("one request at a time, as an object")
        id = asked.get("id")
        if id is not None and (isinstance(id, bool) or not isinstance(id, str | int)):
            raise InvalidRequestError("an id is a string, a whole number or null")
        self._id = id
        if asked.get("jsonrpc") != "2.0":
            raise InvalidRequestError('jsonrpc is exactly "2.0"')
        method, params = asked.get("method"), asked.get("params", {})
        if not isinstance(method, str) or not method:
            raise InvalidRequestError("method is the name of an operation")
        if method == EXTENDED_CARD:
            return Asked(method, None, _tenant(params, tenant), id)
        call = CALLS.get(method)
        if call is None:
            raise MethodNotFoundError()
        request = parsed(call.asks, params)
        return Asked(method, request, _tenant(params, tenant), id)

    def answer(self, result: Json) -> Json:
        """Write an answer, or an event of a stream."""
        return {"jsonrpc": "2.0", "id": self._id, "result": result}

    def error(self, error: A2AError) -> tuple[int, Json]:
        """Write a no, and the HTTP status it comes with."""
        code = JSON_RPC_ERROR_CODE_MAP[type(error)]
        return 200, self._failed(code, error.message, build_error_details(error))

    def turned_away(self, status: int, why: str) -> Json:
        """Write that a request came no further than the door."""
        if status == 415:
            return self.error(ContentTypeNotSupportedError(why))[1]
        return self._failed(-32600 if status < 500 else -32603, why, None)

    def _failed(self, code: int, message: str, data: Any) -> Json:
        error = {"code": code, "message": message, **({"data": data} if data else {})}
        return {"jsonrpc": "2.0", "id": self._id, "error": error}


class Rest:
    """Writes answers as HTTP+JSON does; a no is a google.rpc.Status."""

    def read(self, method: str, path: str, query: bytes, body: bytes) -> Asked:
        """Read a request from its path below the door. Raises A2AError, Nowhere."""
        tenant, parts = split_tenant(path)
        name, fields = _route(method, parts)
        if name == EXTENDED_CARD:
            return Asked(name, None, tenant)
        given = _json(body) if body.strip() else {}
        if not isinstance(given, dict):
            raise InvalidRequestError("the body is an object")
        if method in ("GET", "DELETE"):
            given = _from_query(query, CALLS[name].asks)
        request = parsed(CALLS[name].asks, {**given, **fields})
        return Asked(name, request, tenant or _tenant(given, ""))

    def answer(self, result: Json) -> Json:
        """Write an answer, or an event of a stream."""
        return result

    def error(self, error: A2AError) -> tuple[int, Json]:
        """Write a no, and the HTTP status it comes with."""
        if isinstance(error, JSONParseError):  # for which only JSON-RPC has a word
            error = InvalidRequestError(error.message)
        payload = build_rest_error_payload(error)
        return payload["error"]["code"], payload

    def turned_away(self, status: int, why: str) -> Json:
        """Write that a request came no further than the door."""
        name = _STATUS.get(status, "INTERNAL")
        told: Json = {"code": status, "status": name, "message": why}
        if status == 415:
            told["details"] = build_error_details(ContentTypeNotSupportedError(why))
        return {"error": told}


def split_tenant(path: str) -> tuple[str, list[str]]:
    """Part a path below the door into whom it addresses and what it asks."""
    parts = [unquote(one) for one in path.strip("/").split("/") if one]
    known = ("message:send", "message:stream", "tasks", "extendedAgentCard")
    if parts and parts[0] not in known:
        return parts[0], parts[1:]
    return "", parts


def _route(method: str, parts: list[str]) -> tuple[str, Json]:
    match method, parts:
        case "POST", ["message:send"]:
            return "SendMessage", {}
        case "POST", ["message:stream"]:
            return "SendStreamingMessage", {}
        case "GET", ["extendedAgentCard"]:
            return EXTENDED_CARD, {}
        case "GET", ["tasks"]:
            return "ListTasks", {}
        case "POST", ["tasks", task] if task.endswith(":cancel"):
            return "CancelTask", {"id": task.removesuffix(":cancel")}
        case "POST" | "GET", ["tasks", task] if task.endswith(":subscribe"):
            # The specification's text says POST, its definition GET.
            return "SubscribeToTask", {"id": task.removesuffix(":subscribe")}
        case "GET", ["tasks", task]:
            return "GetTask", {"id": task}
        case "POST", ["tasks", task, one] if one == _CONFIGS:
            return "CreateTaskPushNotificationConfig", {"taskId": task}
        case "GET", ["tasks", task, one] if one == _CONFIGS:
            return "ListTaskPushNotificationConfigs", {"taskId": task}
        case "GET", ["tasks", task, one, id] if one == _CONFIGS:
            return "GetTaskPushNotificationConfig", {"taskId": task, "id": id}
        case "DELETE", ["tasks", task, one, id] if one == _CONFIGS:
            return "DeleteTaskPushNotificationConfig", {"taskId": task, "id": id}
    raise Nowhere


def _tenant(params: Any, tenant: str) -> str:
    named = params.get("tenant", "") if isinstance(params, dict) else ""
    if not isinstance(named, str) or (tenant and named and named != tenant):
        raise InvalidParamsError("the request names two tenants")
    return tenant or named


def _from_query(query: bytes, asks: Any) -> Json:
    fields = {one.camelcase_name: one for one in asks.DESCRIPTOR.fields}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=64)
    except (ValueError, UnicodeError):
        raise InvalidParamsError("the query is not made of name=value pairs") from None
    given: Json = {}
    for name, value in pairs:
        field = fields.get(name)
        if field is not None:
            is_flag = field.type == field.TYPE_BOOL
            given[name] = value.lower() == "true" if is_flag else value
    return given


def _json(body: bytes) -> Any:
    try:
        read = json.loads(
            body, object_pairs_hook=_no_twins, parse_constant=_finite, parse_float=_finite
        )
        if b"\\u" in body:  # it may have escaped half of a surrogate pair, which is no text
            json.dumps(read, ensure_ascii=False).encode()
        return read
    except InvalidRequestError:
        raise
    except (ValueError, RecursionError) as error:
        raise JSONParseError(f"the body is not JSON: {error}"[:200]) from None


def _finite(text: str) -> float:
    """Read a number. Raises ValueError for NaN and its like, and for what is beyond all bounds."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:16]} is no number of JSON")
    return number


def _no_twins(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequestError("the body says a key twice in one object")
    return found
