"""The protocol's side of the door: the official SDK's server, which knows no speaker of its own.

Who speaks comes with each request; nothing is kept from one request to the next, so no two can be
taken for each other.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import mcp_types as types
import msgspec
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from souq import __version__
from souq.core.refusal import Refused
from souq.surfaces.answering import Link
from souq.surfaces.mcp import asking
from souq.surfaces.mcp.advice import ADVICE, PRINCIPALS_WORD, Unanswered
from souq.surfaces.mcp.calling import Result, call
from souq.surfaces.mcp.desk import Desk, House, Pause
from souq.surfaces.mcp.prompts import TRADE, trade
from souq.surfaces.mcp.resources import FIXED, TEMPLATES, read
from souq.surfaces.mcp.telling import encoded
from souq.surfaces.mcp.tools import ADDS, BY_NAME, ENDS, GUIDE, LOOKS, TOOLS, Tool

NAME = "souq"
ACT_META = "souq/once"  # in a call's _meta, for programs that do not want to touch the arguments
_ACT = re.compile(r"[!-~]{1,96}")
AGAIN = "/again"
STATIC_MS = 3_600_000
STATE_S = 3_600.0  # that a person has to answer between two rounds
ANSWER_S = 120.0  # that a person has to answer where the call waits for it
Context = ServerRequestContext[Any, Any]


class Speech(NamedTuple):
    """Who one request speaks as (a name nobody else has), their way to the market, and a clock."""

    name: str
    link: Link
    pause: Pause


def build(
    speech_of: Callable[[Context], Speech],
    *,
    sealing_key: bytes | None = None,
    answer_s: float = ANSWER_S,
) -> Server[Any]:
    """Give a server whose every request asks `speech_of` who speaks.

    Whoever has the `sealing_key`, of 32 bytes, takes up what another asked a person; without one,
    only this very process does. `answer_s` is how long a call waits for a person where the client
    is asked in the middle of it.
    """
    door = _Door(speech_of, answer_s)
    static = CacheHint(STATIC_MS, "public")
    server: Server[Any] = Server(
        NAME,
        version=__version__,
        title="souq, a market for agents",
        instructions=GUIDE,
        cache_hints={
            "server/discover": static,
            "tools/list": static,
            "resources/list": static,
            "resources/templates/list": static,
            "prompts/list": static,
        },
        get_tool_input_schema=lambda name: BY_NAME[name].schema if name in BY_NAME else None,
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_templates,
        on_read_resource=door.read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
    )
    # What a client hands back between two rounds is sealed, and bound to the call and its speaker.
    security = RequestStateSecurity.ephemeral(ttl=STATE_S)
    if sealing_key is not None:
        security = RequestStateSecurity(keys=[sealing_key], ttl=STATE_S)
    security.bind_principal = lambda context: speech_of(context).name
    server.middleware.append(RequestStateBoundary(security, default_audience=NAME))
    return server


class _Door:
    """The handlers. They share the house rules, which are the same for everybody."""

    def __init__(self, speech_of: Callable[[Context], Speech], answer_s: float) -> None:
        self._speech_of = speech_of
        self._answer_s = answer_s
        self._house = House()

    async def list_tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_TOOLS)

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            known = ", ".join(BY_NAME)
            raise MCPError(
                types.INVALID_PARAMS, f"Unknown tool: {params.name[:40]}. Known: {known}"
            )
        arguments = params.arguments or {}
        once = _once(context, arguments) if tool.is_act else ""
        if params.request_state is not None:
            return _rendered(await self._second_round(context, params, tool, arguments))
        desk = self._desk(context, once)
        result = await call(tool, desk, arguments)
        question = await _question(tool, arguments, desk, result)
        if question is None or not _can_be_asked(context):
            return _rendered(result)
        message, state = question
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            asked = types.ElicitRequestFormParams(message=message, requested_schema=asking.SCHEMA)
            return types.InputRequiredResult(
                input_requests={asking.KEY: types.ElicitRequest(params=asked)},
                request_state=asking.written(state),
            )
        if not _is_done(await self._answer(context, message)):
            return _rendered(result)
        return _rendered(await self._again(context, state, tool, arguments))

    async def _answer(self, context: Context, message: str) -> types.ElicitResult | None:
        """Put a question to a person; None where nobody can or does answer it.

        What the call came to is told all the same: it may have been done.
        """
        try:
            async with asyncio.timeout(self._answer_s):
                return await context.session.elicit_form(message, asking.SCHEMA, context.request_id)
        except (MCPError, TimeoutError, ValidationError):
            return None

    async def _second_round(
        self,
        context: Context,
        params: types.CallToolRequestParams,
        tool: Tool,
        arguments: Mapping[str, Any],
    ) -> Result:
        """Try again what the principal says they have made possible; else say how things stand."""
        try:
            state = asking.read(params.request_state or "")
        except (msgspec.MsgspecError, UnicodeError):
            raise MCPError(types.INVALID_PARAMS, "Invalid or expired requestState") from None
        answer = (params.input_responses or {}).get(asking.KEY)
        if not _is_done(answer) and state.stage == asking.GRANT:
            # The first answer again: a command's id keeps it, so nothing is judged anew.
            return await call(tool, self._desk(context, state.act), arguments)
        return await self._again(context, state, tool, arguments)

    async def _again(
        self, context: Context, state: asking.Round, tool: Tool, arguments: Mapping[str, Any]
    ) -> Result:
        if state.stage == asking.APPROVE:
            return await call(BY_NAME["view"], self._desk(context), {"id": state.contract})
        return await call(tool, self._desk(context, state.act + AGAIN), arguments)

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=uri, name=one.name, description=one.description, mime_type=_JSON)
                for uri, one in FIXED.items()
            ]
        )

    async def list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    uri_template=uri, name=one.name, description=one.description, mime_type=_JSON
                )
                for uri, one in TEMPLATES.items()
            ]
        )

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            found = await read(uri, self._desk(context))
        except (Refused, Unanswered) as no:
            data = {"uri": uri[:200], "refused": str(no.reason)}
            raise MCPError(types.INVALID_PARAMS, ADVICE[str(no.reason)], data) from None
        if found is None:
            raise MCPError(types.INVALID_PARAMS, "Unknown resource", {"uri": uri[:200]})
        text = types.TextResourceContents(uri=uri, mime_type=_JSON, text=encoded(found))
        return types.ReadResourceResult(contents=[text])

    def _desk(self, context: Context, act: str = "") -> Desk:
        speech = self._speech_of(context)
        return Desk(speech.link, self._house, speech.pause, act)


async def _list_prompts(
    context: Context, params: types.PaginatedRequestParams | None
) -> types.ListPromptsResult:
    return types.ListPromptsResult(prompts=[TRADE])


async def _get_prompt(
    context: Context, params: types.GetPromptRequestParams
) -> types.GetPromptResult:
    if params.name != TRADE.name:
        raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name[:40]}")
    return trade(params.arguments or {})


async def _question(
    tool: Tool, arguments: Mapping[str, Any], desk: Desk, result: Result
) -> tuple[str, asking.Round] | None:
    """Give what a principal should be asked after a call, if anything."""
    told = result.told
    if not tool.is_act:
        return None
    if result.is_refusal:
        if told["refused"] not in PRINCIPALS_WORD:
            return None
        state = asking.Round("grant", desk.act)
        return asking.to_grant(tool, arguments, await desk.agent(), told), state
    if told.get("state") == "held" and (await desk.me()).principal in told.get("waits_for", ()):
        contract = told["contract"]
        return asking.to_approve(await desk.agent(), contract), asking.Round(
            "approve", desk.act, contract
        )
    return None


def _can_be_asked(context: Context) -> bool:
    """Tell whether the client puts questions to a person."""
    declared = context.session.client_capabilities
    elicitation = declared.elicitation if declared is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    is_modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
    return is_modern or context.session.can_send_request


def _is_done(answer: Any) -> bool:
    if not isinstance(answer, types.ElicitResult) or answer.action != "accept":
        return False
    return (answer.content or {}).get("done") is True


def _once(context: Context, arguments: Mapping[str, Any]) -> str:
    """Give the name that a caller gave its act, in the arguments or beside them."""
    beside: Mapping[str, Any] = context.meta or {}
    named = arguments.get("once") or beside.get(ACT_META)
    return named if isinstance(named, str) and _ACT.fullmatch(named) else ""


def _rendered(result: Result) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(text=encoded(result.told))],
        structured_content=result.told,
        is_error=result.is_refusal,
    )


def _tool(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.name.replace("_", " ").capitalize(),
        description=tool.description,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            read_only_hint=tool.kind == LOOKS,
            destructive_hint=tool.kind not in (LOOKS, ADDS),
            idempotent_hint=tool.kind in (LOOKS, ENDS),
            open_world_hint=True,
        ),
    )


_JSON = "application/json"
_TOOLS = [_tool(tool) for tool in TOOLS]
