"""The operations of A2A by name: how each is asked, and how its answer is written as JSON."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from a2a import types as a2a
from a2a.utils.errors import InvalidParamsError, PushNotificationNotSupportedError
from a2a.utils.proto_utils import to_stream_response, validate_proto_required_fields
from google.protobuf.json_format import ParseDict, ParseError

from souq.surfaces.a2a.agent import Agent, Caller, Event, Events
from souq.surfaces.a2a.wording import json_of

Json = dict[str, Any]


class Call(NamedTuple):
    """One operation: its request's type, and who answers it."""

    asks: type
    answer: Callable[[Agent, Caller, Any], Any]
    is_stream: bool = False


async def _send(agent: Agent, caller: Caller, request: Any) -> Json:
    done = await agent.send(caller, request)
    name = "task" if isinstance(done, a2a.Task) else "message"
    return {name: json_of(done)}


async def _get(agent: Agent, caller: Caller, request: Any) -> Json:
    return json_of(await agent.get(caller, request))


async def _list(agent: Agent, caller: Caller, request: Any) -> Json:
    page = await agent.page(caller, request)
    told = json_of(page, always_print_fields_with_no_presence=True)
    tasks = [json_of(task) for task in page.tasks]
    if request.include_artifacts:
        tasks = [{"artifacts": [], **task} for task in tasks]
    return {**told, "tasks": tasks}


async def _cancel(agent: Agent, caller: Caller, request: Any) -> Json:
    return json_of(await agent.cancel(caller, request))


async def _pushed(agent: Agent, caller: Caller, request: Any) -> Json:
    raise PushNotificationNotSupportedError()


CALLS: dict[str, Call] = {
    "SendMessage": Call(a2a.SendMessageRequest, _send),
    "SendStreamingMessage": Call(
        a2a.SendMessageRequest, lambda agent, caller, of: agent.stream(caller, of), True
    ),
    "GetTask": Call(a2a.GetTaskRequest, _get),
    "ListTasks": Call(a2a.ListTasksRequest, _list),
    "CancelTask": Call(a2a.CancelTaskRequest, _cancel),
    "SubscribeToTask": Call(
        a2a.SubscribeToTaskRequest, lambda agent, caller, of: agent.subscribe(caller, of), True
    ),
    "CreateTaskPushNotificationConfig": Call(a2a.TaskPushNotificationConfig, _pushed),
    "GetTaskPushNotificationConfig": Call(a2a.GetTaskPushNotificationConfigRequest, _pushed),
    "ListTaskPushNotificationConfigs": Call(a2a.ListTaskPushNotificationConfigsRequest, _pushed),
    "DeleteTaskPushNotificationConfig": Call(a2a.DeleteTaskPushNotificationConfigRequest, _pushed),
}
EXTENDED_CARD = "GetExtendedAgentCard"


def parsed(asks: type, fields: Any) -> Any:
    """Read a request. Raises InvalidParamsError."""
    if not isinstance(fields, dict):
        raise InvalidParamsError("params is an object")
    request = asks()
    try:
        ParseDict(fields, request, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, RecursionError) as error:
        raise InvalidParamsError(f"the request: {error}"[:500]) from None
    if asks is not a2a.TaskPushNotificationConfig:
        validate_proto_required_fields(request)
    return request


def written(event: Event) -> Json:
    """Write one event of a stream."""
    return json_of(to_stream_response(event))


async def begun(events: Events) -> AsyncIterator[Event | None]:
    """Give a stream whose first event is there already, so that a no comes before any of it."""
    first = await anext(events)

    async def rest() -> AsyncIterator[Event | None]:
        yield first
        async for event in events:
            yield event

    return rest()
