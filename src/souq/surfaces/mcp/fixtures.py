"""What public conformance suites look for, mounted only where the setting `conformance` says so.

They stand beside the market's tools and touch nothing of it.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any, Any]
Call = Callable[[Context, types.CallToolRequestParams], Awaitable[Any]]
Ask = dict[str, types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest]
# One red pixel, and a sound of no length.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJg"
    "gg=="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
STATE = "kept"
_DATA = re.compile(r"test://template/([^/]{1,64})/data")
_EMPTY: dict[str, Any] = {"type": "object", "properties": {}}


def dress(server: Server[Any]) -> None:
    """Add the fixtures to a server."""
    listing(server, "tools/list", "tools", [_tool(name) for name in TOOLS])
    listing(server, "resources/list", "resources", RESOURCES)
    listing(server, "resources/templates/list", "resource_templates", TEMPLATES)
    listing(server, "prompts/list", "prompts", PROMPTS)
    instead(server, "tools/call", types.CallToolRequestParams, _call)
    instead(server, "resources/read", types.ReadResourceRequestParams, _read)
    instead(server, "prompts/get", types.GetPromptRequestParams, _prompt)
    server.add_request_handler("completion/complete", types.CompleteRequestParams, _complete)
    server.get_tool_input_schema = None  # the fixtures' are found in the list


def listing(server: Server[Any], method: str, field: str, more: Iterable[Any]) -> None:
    """Let a list also hold more."""
    entry = server.get_request_handler(method)
    assert entry is not None, f"the market answers to {method}"
    before = entry.handler

    async def handler(context: Context, params: Any) -> Any:
        result: Any = await before(context, params)
        return result.model_copy(update={field: [*getattr(result, field), *more]})

    server.add_request_handler(method, entry.params_type, handler)


def instead(server: Server[Any], method: str, kind: type[Any], answer: Callable[..., Any]) -> None:
    """Let a fixture answer what it knows, and the market all else."""
    entry = server.get_request_handler(method)
    assert entry is not None, f"the market answers to {method}"
    before = entry.handler

    async def handler(context: Context, params: Any) -> Any:
        found = await answer(context, params)
        return await before(context, params) if found is None else found

    server.add_request_handler(method, kind, handler)


async def _call(context: Context, params: types.CallToolRequestParams) -> Any:
    tool = TOOLS.get(params.name)
    return None if tool is None else await tool(context, params)


def _tool(name: str) -> types.Tool:
    schema = _SCHEMA if name == "json_schema_2020_12_tool" else _EMPTY
    return types.Tool(name=name, description=f"Conformance fixture {name}.", input_schema=schema)


def _said(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)])


def _fixed(*content: Any, is_error: bool = False) -> Call:
    async def tool(context: Context, params: types.CallToolRequestParams) -> Any:
        return types.CallToolResult(content=list(content), is_error=is_error)

    return tool


def _embedded(uri: str, text: str, mime_type: str = "text/plain") -> types.EmbeddedResource:
    contents = types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    return types.EmbeddedResource(resource=contents)


def _elicit(message: str, field: str, kind: str = "string") -> types.ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return types.ElicitRequest(
        params=types.ElicitRequestFormParams(message=message, requested_schema=schema)
    )


def _sample(text: str) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=types.TextContent(text=text))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[message], max_tokens=100)
    )


def _needs(ask: Ask, *, state: str | None = None) -> Call:
    """Give a tool that asks for something, and is content once all of it is there."""

    async def tool(context: Context, params: types.CallToolRequestParams) -> Any:
        answers = params.input_responses or {}
        is_kept = state is None or params.request_state == state
        if set(ask) <= set(answers) and is_kept:
            told = {name: one.model_dump(mode="json") for name, one in answers.items()}
            return _said(f"state-ok {json.dumps(told)}")
        return types.InputRequiredResult(input_requests=ask, request_state=state)

    return tool


async def _progress(context: Context, params: types.CallToolRequestParams) -> Any:
    for done in (0, 50, 100):
        await context.session.report_progress(done, 100)
        await asyncio.sleep(0.05)
    return _said("done")


async def _rounds(context: Context, params: types.CallToolRequestParams) -> Any:
    match params.request_state:
        case None:
            ask: Ask = {"step1": _elicit("Step 1: What is your name?", "name")}
            return types.InputRequiredResult(input_requests=ask, request_state="1")
        case "1":
            ask = {"step2": _elicit("Step 2: What is your favorite color?", "color")}
            return types.InputRequiredResult(input_requests=ask, request_state="2")
        case _:
            return _said("done")


async def _what_is_declared(context: Context, params: types.CallToolRequestParams) -> Any:
    declared = context.session.client_capabilities or types.ClientCapabilities()
    ask: Ask = {}
    if declared.sampling is not None:
        ask["sampled"] = _sample("What is the capital of France?")
    if declared.elicitation is not None:
        ask["elicited"] = _elicit("What is your name?", "name")
    if not ask or set(ask) <= set(params.input_responses or {}):
        return _said("done")
    return types.InputRequiredResult(input_requests=ask)


async def _needs_sampling(context: Context, params: types.CallToolRequestParams) -> Any:
    declared = context.session.client_capabilities
    if declared is None or declared.sampling is None:
        data: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", data)
    return _said("done")


NAME: Ask = {"user_name": _elicit("What is your name?", "name")}
CAPITAL: Ask = {"capital_question": _sample("What is the capital of France?")}
ROOTS: Ask = {"client_roots": types.ListRootsRequest()}
CONFIRM: Ask = {"confirm": _elicit("Please confirm", "ok", "boolean")}
_ROUND = "test_input_required_result"
_IMAGE = types.ImageContent(data=PIXEL, mime_type="image/png")
TOOLS: Mapping[str, Call] = {
    "test_simple_text": _fixed(
        types.TextContent(text="This is a simple text response for testing.")
    ),
    "test_image_content": _fixed(_IMAGE),
    "test_audio_content": _fixed(types.AudioContent(data=SILENCE, mime_type="audio/wav")),
    "test_embedded_resource": _fixed(
        _embedded("test://embedded-resource", "This is an embedded resource content.")
    ),
    "test_multiple_content_types": _fixed(
        types.TextContent(text="Multiple content types test:"),
        _IMAGE,
        _embedded("test://mixed-content-resource", '{"test":"data"}', "application/json"),
    ),
    "test_error_handling": _fixed(
        types.TextContent(text="This tool intentionally returns an error for testing"),
        is_error=True,
    ),
    "test_tool_with_progress": _progress,
    "test_logging_tool": _fixed(types.TextContent(text="Nothing was logged.")),
    "test_streaming_elicitation": _needs(NAME),
    "test_missing_capability": _needs_sampling,
    f"{_ROUND}_elicitation": _needs(NAME),
    f"{_ROUND}_sampling": _needs(CAPITAL),
    f"{_ROUND}_list_roots": _needs(ROOTS),
    f"{_ROUND}_request_state": _needs(CONFIRM, state=STATE),
    f"{_ROUND}_tampered_state": _needs(CONFIRM, state=STATE),
    f"{_ROUND}_multiple_inputs": _needs(NAME | CAPITAL | ROOTS, state=STATE),
    f"{_ROUND}_multi_round": _rounds,
    f"{_ROUND}_capabilities": _what_is_declared,
    "json_schema_2020_12_tool": _fixed(types.TextContent(text="done")),
}
_STREET = {"type": "object", "properties": {"street": {"type": "string"}}, "$anchor": "address"}
_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": _STREET},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "allOf": [{"anyOf": [{"required": ["name"]}, {"required": ["address"]}]}],
    "if": {"required": ["address"]},
    "then": {"required": ["name"]},
    "else": {},
    "additionalProperties": False,
}

RESOURCES = [
    types.Resource(uri="test://static-text", name="text", description="Fixture."),
    types.Resource(uri="test://static-binary", name="binary", description="Fixture."),
]
TEMPLATES = [
    types.ResourceTemplate(
        uri_template="test://template/{id}/data", name="template", description="Fixture."
    )
]


async def _read(context: Context, params: types.ReadResourceRequestParams) -> Any:
    uri = str(params.uri)
    contents: types.TextResourceContents | types.BlobResourceContents
    if uri == "test://static-text":
        text = "This is the content of the static text resource."
        contents = types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    elif uri == "test://static-binary":
        contents = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PIXEL)
    elif found := _DATA.fullmatch(uri):
        text = json.dumps(
            {"id": found[1], "templateTest": True, "data": f"Data for ID: {found[1]}"}
        )
        contents = types.TextResourceContents(uri=uri, mime_type="application/json", text=text)
    else:
        return None
    return types.ReadResourceResult(contents=[contents])


def _asked(name: str, *arguments: str) -> types.Prompt:
    named = [types.PromptArgument(name=one, description=one, required=True) for one in arguments]
    return types.Prompt(name=name, description=f"Conformance fixture {name}.", arguments=named)


PROMPTS = [
    _asked("test_simple_prompt"),
    _asked("test_prompt_with_arguments", "arg1", "arg2"),
    _asked("test_prompt_with_embedded_resource", "resourceUri"),
    _asked("test_prompt_with_image"),
    _asked(f"{_ROUND}_prompt"),
]


async def _prompt(context: Context, params: types.GetPromptRequestParams) -> Any:
    given = params.arguments or {}
    content: list[Any]
    match params.name:
        case "test_simple_prompt":
            content = [types.TextContent(text="This is a simple prompt for testing.")]
        case "test_prompt_with_arguments":
            told = f"arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"
            content = [types.TextContent(text=f"Prompt with arguments: {told}")]
        case "test_prompt_with_embedded_resource":
            uri = given.get("resourceUri", "test://example-resource")
            content = [
                _embedded(uri, "Embedded resource content for testing."),
                types.TextContent(text="Please process the embedded resource above."),
            ]
        case "test_prompt_with_image":
            content = [_IMAGE, types.TextContent(text="Please analyze the image above.")]
        case name if name == f"{_ROUND}_prompt":
            if not params.input_responses:
                question = _elicit("What context should the prompt use?", "context")
                return types.InputRequiredResult(input_requests={"user_context": question})
            content = [types.TextContent(text="With that context.")]
        case _:
            return None
    messages = [types.PromptMessage(role="user", content=one) for one in content]
    return types.GetPromptResult(messages=messages)


async def _complete(context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    return types.CompleteResult(completion=types.Completion(values=[], total=0, has_more=False))
