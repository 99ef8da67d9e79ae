"""What answers A2A requests, whichever binding they came by; both bindings call exactly this."""

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol

from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskStatusUpdateEvent,
)

from souq.surfaces.answering import Link
from souq.surfaces.auth import CHALLENGE, Speaker, Unauthenticated

Event = Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent
Events = AsyncIterator[Event | None]  # None: nothing happened for a while


class Caller(NamedTuple):
    """Who sent one request, their way to the market, and whom they address ("": the market)."""

    speaker: Speaker
    link: Link
    tenant: str = ""

    def need_key(self) -> None:
        """Raise Unauthenticated where nobody in particular speaks."""
        if not self.speaker.actor:
            raise Unauthenticated("this needs a key", CHALLENGE)


class Agent(Protocol):
    """Every method raises A2AError, Refused, Unauthenticated, Malformed (too fast)."""

    async def send(self, caller: Caller, request: SendMessageRequest) -> Task | Message:
        """Answer a message, and wait a while for what follows unless asked not to."""

    def stream(self, caller: Caller, request: SendMessageRequest) -> Events:
        """Answer a message, then tell what becomes of its task until it is over."""

    async def get(self, caller: Caller, request: GetTaskRequest) -> Task:
        """Give a task."""

    async def page(self, caller: Caller, request: ListTasksRequest) -> ListTasksResponse:
        """Give the caller's tasks, newest first, a page at a time."""

    async def cancel(self, caller: Caller, request: CancelTaskRequest) -> Task:
        """End a task, where the caller may."""

    def subscribe(self, caller: Caller, request: SubscribeToTaskRequest) -> Events:
        """Give a task, then tell what becomes of it until it is over."""
