"""Connects a model by its name, `PROVIDER:MODEL[@URL]`, through pydantic-ai.

    anthropic:claude-…     openai:gpt-…     gemini:gemini-…        keys from the environment
    ollama:NAME  vllm:NAME@URL  llamacpp:NAME@URL  compatible:NAME@URL   an OpenAI-compatible server
    local:smollm2  local:qwen-1.5b                                 in this process, no key

Import it only when a model is wanted: what it imports takes 0.7 to 2 s.
"""

import asyncio
import os
import random
from typing import Any, NamedTuple

import msgspec
from genai_prices import Usage, calc_price
from pydantic_ai import exceptions
from pydantic_ai.direct import model_request
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model as Remote
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from souq.agents.llm import wording
from souq.agents.llm.calls import Answer, Ask, Choice, Estimate, NoAnswer, NotReady
from souq.agents.llm.recording import SIGNS_PER_TOKEN, tokens_of

TIMEOUT_S = 120.0  # of one call with all its tries; the turn passes then
AT_ONCE = 8
TRIES = 5
WAIT_S, WAIT_MAX_S = 1.0, 30.0
TOKENS_MAX = 1_024
_PRICED_AS = {"gemini": "google"}
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class _Kind(NamedTuple):
    """A provider: where it is, which variable holds its key, whether its models call tools."""

    url: str
    key: str
    has_tools: bool
    is_free: bool = False


_KINDS = {
    "anthropic": _Kind("", "ANTHROPIC_API_KEY", True),
    "openai": _Kind("", "OPENAI_API_KEY", True),
    "gemini": _Kind(
        "https://generativelanguage.googleapis.com/v1beta/openai/", "GEMINI_API_KEY", True
    ),
    "compatible": _Kind("", "SOUQ_MODEL_KEY", False),
    "ollama": _Kind("http://127.0.0.1:11434/v1", "", False, is_free=True),
    "vllm": _Kind("http://127.0.0.1:8000/v1", "", False, is_free=True),
    "llamacpp": _Kind("http://127.0.0.1:8080/v1", "", False, is_free=True),
}


class Connected:
    """A model of a provider's. Its calls share one limit of how many are under way at once."""

    def __init__(
        self,
        name: str,
        remote: Remote,
        *,
        has_tools: bool = True,
        is_free: bool = False,
        timeout_s: float = TIMEOUT_S,
        at_once: int = AT_ONCE,
        settings: ModelSettings | None = None,
        keep: Any = None,
    ) -> None:
        """`keep` lives as long as the model does: a server in this process, say."""
        self.name = name
        self._remote = remote
        self._has_tools = has_tools
        self._is_free = is_free
        self._timeout_s = timeout_s
        self._room = asyncio.Semaphore(at_once)
        self._settings = settings or ModelSettings(max_tokens=TOKENS_MAX)
        self._keep = keep
        self._has_answered = False

    def estimate(self, ask: Ask) -> Estimate:
        """Give the most that answering is thought to take: a long prompt, and a full answer."""
        tokens_in, tokens_out = tokens_of(ask), int(self._settings.get("max_tokens") or TOKENS_MAX)
        return Estimate(tokens_in + tokens_out, self._price(tokens_in, tokens_out))

    async def answer(self, ask: Ask) -> Answer:
        """Answer with one of the choices. Raises NoAnswer, and NotReady where the key is wrong."""
        asked, how = self._messages(ask), self._parameters(ask.choices)
        async with self._room:
            try:
                async with asyncio.timeout(self._timeout_s):
                    response = await self._tried(asked, how)
            except TimeoutError:
                raise NoAnswer(f"no answer within {self._timeout_s:g} s") from None
        text, used = _said(response), response.usage
        tokens_in, tokens_out = used.input_tokens, used.output_tokens
        if not tokens_in + tokens_out:  # an endpoint that does not count
            tokens_in, tokens_out = tokens_of(ask), len(text) // SIGNS_PER_TOKEN + 1
        return Answer(text, tokens_in, tokens_out, self._price(tokens_in, tokens_out))

    async def _tried(self, asked: list[ModelMessage], how: ModelRequestParameters) -> ModelResponse:
        wait_s = WAIT_S
        for is_last in (*(False,) * (TRIES - 1), True):
            try:
                found = await model_request(
                    self._remote,
                    asked,
                    model_settings=self._settings,
                    model_request_parameters=how,
                )
                self._has_answered = True
                return found
            except exceptions.ModelHTTPError as error:
                if error.status_code in (401, 403):
                    raise NotReady(f"{self.name}: the provider does not accept the key") from None
                if error.status_code == 404:
                    raise NotReady(f"{self.name}: the provider has no such model") from None
                if is_last or error.status_code not in _AGAIN:
                    raise NoAnswer(f"HTTP {error.status_code}") from None
                after_s = _retry_after(error)
            except Exception as error:
                # Whatever a library makes of what a provider sent: connections that end, answers
                # in no form. The run goes on without it.
                if is_last and not self._has_answered:
                    why = f"{type(error).__name__}: {str(error)[:200]}"
                    raise NotReady(f"{self.name} cannot be reached: {why}") from None
                if is_last:
                    raise NoAnswer(type(error).__name__) from None
                after_s = 0.0
            await asyncio.sleep(max(after_s, wait_s * random.uniform(0.75, 1.25)))
            wait_s = min(2 * wait_s, WAIT_MAX_S)
        raise AssertionError("the last try returns or raises")

    def _messages(self, ask: Ask) -> list[ModelMessage]:
        system = ask.system if self._has_tools else f"{ask.system}\n{_forms(ask.choices)}"
        first, *rest = ask.turns
        found: list[ModelMessage] = [
            ModelRequest(parts=[SystemPromptPart(system), UserPromptPart(first)])
        ]
        for n, text in enumerate(rest):
            if n % 2:
                found.append(ModelRequest(parts=[UserPromptPart(text)]))
            else:
                found.append(ModelResponse(parts=[TextPart(text)]))
        return found

    def _parameters(self, choices: tuple[Choice, ...]) -> ModelRequestParameters:
        if self._has_tools:
            tools = [
                ToolDefinition(
                    name=one.name,
                    description=one.description,
                    parameters_json_schema=one.schema,
                    kind="output",
                )
                for one in choices
            ]
            return ModelRequestParameters(
                output_mode="tool", output_tools=tools, allow_text_output=False
            )
        branches = [
            {**one.schema, "properties": {"act": {"const": one.name}, **one.fields}}
            | {"required": ["act", *one.required]}
            for one in choices
        ]
        move = OutputObjectDefinition(json_schema={"anyOf": branches}, name="move", strict=True)
        return ModelRequestParameters(
            output_mode="native", output_object=move, allow_text_output=True
        )

    def _price(self, tokens_in: int, tokens_out: int) -> int | None:
        if self._is_free:
            return 0
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        provider, _, model = self.name.partition("@")[0].partition(":")
        try:
            found = calc_price(usage, model, provider_id=_PRICED_AS.get(provider, provider))
        except (LookupError, ValueError):
            return None
        return round(found.total_price * 1_000_000)


def connect(name: str, *, timeout_s: float = TIMEOUT_S, at_once: int = AT_ONCE) -> Connected:
    """Give the model of this name. Raises NotReady: unknown, no key, an extra that is missing."""
    provider, _, rest = name.partition(":")
    if provider == "local":
        return _local(name, rest, timeout_s)
    kind = _KINDS.get(provider)
    model, _, url = rest.partition("@")
    if kind is None or not model:
        raise NotReady(
            f"{name} is no model: write PROVIDER:MODEL, with one of {', '.join((*_KINDS, 'local'))}"
        )
    url = url or kind.url
    if "@" in url or "?" in url:
        raise NotReady("a key has no place in a model's address: it would stand in every record")
    if provider == "compatible" and not url:
        raise NotReady(f"{name}: say where it is, compatible:{model}@http://host:port/v1")
    if url and not url.startswith(("http://", "https://")):
        raise NotReady(f"{url} is no address: write http://host:port/v1")
    key = os.environ.get(kind.key, "") if kind.key else "none"
    if not key and provider != "compatible":
        raise NotReady(f"{name} needs its key in the environment variable {kind.key}")
    remote: Remote
    if provider == "anthropic":
        remote = _anthropic(model, key, url)
    else:
        remote = openai_compatible(model, key or "none", url)
    return Connected(
        name,
        remote,
        has_tools=kind.has_tools,
        is_free=kind.is_free,
        timeout_s=timeout_s,
        at_once=at_once,
    )


def _anthropic(model: str, key: str, url: str) -> Remote:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(api_key=key, base_url=url or None, max_retries=0)
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


def openai_compatible(model: str, key: str, url: str) -> Remote:
    """Give a model behind the chat-completions form of OpenAI."""
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    client = AsyncOpenAI(api_key=key, base_url=url or None, max_retries=0)
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))


def _local(name: str, model: str, timeout_s: float) -> Connected:
    from souq.agents.llm import local

    server = local.start(model)
    return Connected(
        name,
        openai_compatible(model, "none", server.url),
        has_tools=False,
        is_free=True,
        timeout_s=timeout_s,
        at_once=1,
        settings=ModelSettings(max_tokens=256, temperature=0.0, seed=1),
        keep=server,
    )


def _retry_after(error: exceptions.ModelHTTPError) -> float:
    """Give how long the provider asks to wait, up to our own longest wait."""
    said = (error.headers or {}).get("retry-after", "")
    return min(float(said), WAIT_MAX_S) if said.isascii() and said.isdigit() else 0.0


def _forms(choices: tuple[Choice, ...]) -> str:
    """Tell in words what a schema allows, to models that do not see it."""
    lines = [wording.FORMS]
    for one in choices:
        names = {"act": one.name, **dict.fromkeys(one.required, "…")}
        lines.append(f"{msgspec.json.encode(names).decode()}  {one.description}")
    return "\n".join(lines)


def _said(response: ModelResponse) -> str:
    """Give the one object a model answered with; of several calls the first."""
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            try:
                arguments = part.args_as_dict(raise_if_invalid=True)
                return msgspec.json.encode({**arguments, "act": part.tool_name}).decode()
            except (ValueError, AssertionError, TypeError):
                return _sound(str(part.args))
    return _sound("".join(str(one.content) for one in response.parts if isinstance(one, TextPart)))


def _sound(text: str) -> str:
    """Replace what no file can hold."""
    return text.encode("utf-8", "replace").decode()
