"""The agent that the A2A test kit asks for: it answers by the beginning of a message's id.

Mounted only where the setting `conformance` says so, and never in a market that means it: its
tasks are nobody's, lie in memory, and are open to whoever asks.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from a2a.types import (
    Artifact,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    Part,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from a2a.utils.errors import (
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from souq.surfaces.a2a.agent import Agent, Caller, Event, Events
from souq.surfaces.a2a.reading import read
from souq.surfaces.a2a.task import CANCELED, DONE, INTERRUPTED, NEEDED, REJECTED, TERMINAL, WORKING
from souq.surfaces.a2a.wording import data_part, message, text_part

DELAY_S = 2.0
LONG_S = 4.5
TASKS_MAX = 10_000
_IDS = ("tck-", "test-")
_FILE: dict[str, Any] = {"media_type": "text/plain", "filename": "output.txt"}


def _text(text: str) -> Callable[[], Part]:
    return lambda: text_part(text)


# What is made for each beginning of a message's id; the longest that fits counts.
_ARTIFACTS: dict[str, tuple[Callable[[], Part], ...]] = {
    "tck-artifact-text": (_text("Generated text content"),),
    "tck-artifact-file": (lambda: Part(raw=b"tck", **_FILE),),
    "tck-artifact-file-url": (lambda: Part(url="https://example.com/output.txt", **_FILE),),
    "tck-artifact-data": (lambda: data_part({"key": "value", "count": 42}),),
    "tck-stream-001": (_text("Stream hello from TCK"),),
    "tck-stream-003": (_text("Stream task lifecycle"),),
    "tck-stream-ordering-001": (_text("Ordered output"),),
    "tck-stream-artifact-text": (_text("Streamed text content"),),
    "tck-stream-artifact-file": (lambda: Part(raw=b"tck", **_FILE),),
    "tck-stream-artifact-chunked": (_text("chunk-1 "), _text("chunk-2")),
}
_DELAYS = {"tck-delayed-complete": DELAY_S, "test-resubscribe-message-id": LONG_S}


class _Running:
    """A task, everything told of it so far, and who waits for more."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.changed_at = time.time_ns()
        self.told: list[Event] = []
        self.more = asyncio.Event()
        self.work: asyncio.Task[None] | None = None

    def tell(self, event: Event) -> None:
        self.told.append(event)
        self.changed_at = time.time_ns()
        self.more.set()
        self.more = asyncio.Event()


class ConformanceAgent:
    """An `Agent` that keeps the test kit's messages and tasks to itself, and passes others on."""

    def __init__(self, other: Agent) -> None:
        self._other = other
        self._tasks: dict[str, _Running] = {}
        self._numbers = itertools.count(1)

    async def send(self, caller: Caller, request: SendMessageRequest) -> Task | Message:
        """Answer as the beginning of the message's id asks."""
        if not self._is_ours(request.message):
            return await self._other.send(caller, request)
        running = self._begun(request)
        if isinstance(running, Message):
            return running
        if not request.configuration.return_immediately:
            while running.task.status.state not in TERMINAL | INTERRUPTED:
                await running.more.wait()
        return _cut(running.task, request.configuration)

    async def stream(self, caller: Caller, request: SendMessageRequest) -> Events:
        """Answer, then tell all that becomes of the task."""
        if not self._is_ours(request.message):
            async for event in self._other.stream(caller, request):
                yield event
            return
        running = self._begun(request)
        if isinstance(running, Message):
            yield running
            return
        async for one in self._followed(running):
            yield one

    async def get(self, caller: Caller, request: GetTaskRequest) -> Task:
        """Give a task."""
        running = self._tasks.get(request.id)
        if running is None:
            return await self._get_other(caller, request)
        return _cut(running.task, request)

    async def page(self, caller: Caller, request: ListTasksRequest) -> ListTasksResponse:
        """Give the test kit's tasks to whom nothing is known of, the caller's own to others."""
        if caller.speaker.actor:
            return await self._other.page(caller, request)
        size = request.page_size if request.HasField("page_size") else 50
        if not 0 < size <= 100:
            raise InvalidParamsError("pageSize stands between 1 and 100")
        start = int(request.page_token or 0) if (request.page_token or "0").isdigit() else -1
        if start < 0:
            raise InvalidParamsError("not a pageToken of this list")
        after = request.status_timestamp_after.ToNanoseconds()
        found = [
            one.task
            for one in sorted(self._tasks.values(), key=lambda one: -one.changed_at)
            if request.context_id in ("", one.task.context_id)
            and request.status in (0, one.task.status.state)
            and one.task.status.timestamp.ToNanoseconds() > after
        ]
        shown = [_cut(one, request) for one in found[start : start + size]]
        for task in shown:
            if not request.include_artifacts:
                task.ClearField("artifacts")
            if not request.HasField("history_length"):
                task.ClearField("history")
        more = str(start + size) if start + size < len(found) else ""
        return ListTasksResponse(
            tasks=shown, next_page_token=more, page_size=size, total_size=len(found)
        )

    async def cancel(self, caller: Caller, request: CancelTaskRequest) -> Task:
        """End a task."""
        running = self._tasks.get(request.id)
        if running is None:
            self._need_known(caller)
            return await self._other.cancel(caller, request)
        if running.task.status.state in TERMINAL:
            raise TaskNotCancelableError()
        if running.work is not None:
            running.work.cancel()
        self._stand(running, CANCELED)
        return running.task

    async def subscribe(self, caller: Caller, request: SubscribeToTaskRequest) -> Events:
        """Give a task, then tell what becomes of it."""
        running = self._tasks.get(request.id)
        if running is None:
            self._need_known(caller)
            async for event in self._other.subscribe(caller, request):
                yield event
            return
        if running.task.status.state in TERMINAL:
            raise UnsupportedOperationError("the task is over")
        async for one in self._followed(running):
            yield one

    def _is_ours(self, sent: Message) -> bool:
        return sent.message_id.startswith(_IDS) or sent.task_id in self._tasks

    def _need_known(self, caller: Caller) -> None:
        """Raise TaskNotFoundError: the kit asks for tasks that never were, and brings no key."""
        if not caller.speaker.actor:
            raise TaskNotFoundError()

    async def _get_other(self, caller: Caller, request: GetTaskRequest) -> Task:
        self._need_known(caller)
        return await self._other.get(caller, request)

    def _begun(self, request: SendMessageRequest) -> "_Running | Message":
        sent = request.message
        _check(request)
        if sent.task_id:
            running = self._tasks.get(sent.task_id)
            if running is None:
                raise TaskNotFoundError()
            if sent.context_id not in ("", running.task.context_id):
                raise InvalidParamsError("this task belongs to another context")
            if running.task.status.state in TERMINAL:
                raise UnsupportedOperationError("the task is over")
        else:
            if sent.message_id.startswith("tck-message-response"):
                context = sent.context_id or f"tck-context-{next(self._numbers)}"
                text = text_part("Direct message response")
                return message(f"re-{sent.message_id}"[:200], text, context=context)
            running = self._new(sent.context_id)
        said = Message()
        said.CopyFrom(sent)
        said.task_id, said.context_id = running.task.id, running.task.context_id
        running.task.history.append(said)
        running.work = asyncio.get_running_loop().create_task(self._work(running, sent.message_id))
        return running

    def _new(self, context: str) -> _Running:
        if len(self._tasks) >= TASKS_MAX:
            del self._tasks[next(iter(self._tasks))]
        number = next(self._numbers)
        id = f"tck-task-{number}"
        task = Task(id=id, context_id=context or f"tck-context-{number}", status=_status(WORKING))
        self._tasks[id] = _Running(task)
        return self._tasks[id]

    async def _work(self, running: _Running, id: str) -> None:
        await asyncio.sleep(_of(_DELAYS, id) or 0)
        if id.startswith("tck-input-required"):
            self._stand(running, NEEDED)
            return
        if id.startswith("tck-reject-task"):
            self._stand(running, REJECTED, "rejected")
            return
        parts = _of(_ARTIFACTS, id) or ()
        for number, make in enumerate(parts, 1):
            self._make(running, make(), is_first=number == 1, is_last=number == len(parts))
            await asyncio.sleep(0)
        self._stand(running, DONE, "Hello from TCK")

    def _make(self, running: _Running, part: Part, *, is_first: bool, is_last: bool) -> None:
        task = running.task
        if is_first:
            task.artifacts.append(Artifact(artifact_id="artifact-1", parts=[part]))
        else:
            task.artifacts[0].parts.append(part)
        running.tell(
            TaskArtifactUpdateEvent(
                task_id=task.id,
                context_id=task.context_id,
                artifact=Artifact(artifact_id="artifact-1", parts=[part]),
                append=not is_first,
                last_chunk=is_last,
            )
        )

    def _stand(self, running: _Running, state: TaskState, words: str = "") -> None:
        task = running.task
        task.status.CopyFrom(_status(state))
        if words:
            id = f"{task.id}-{len(running.told)}"
            said = message(id, text_part(words), task=task.id, context=task.context_id)
            task.status.message.CopyFrom(said)
        running.tell(
            TaskStatusUpdateEvent(task_id=task.id, context_id=task.context_id, status=task.status)
        )

    async def _followed(self, running: _Running) -> Events:
        seen = len(running.told)
        task = Task()
        task.CopyFrom(running.task)
        yield task
        while True:
            more = running.more
            while seen < len(running.told):
                event = running.told[seen]
                seen += 1
                yield event
            if running.task.status.state in TERMINAL:
                return
            await more.wait()


def _check(request: SendMessageRequest) -> None:
    """Read a message as the market does, but for what it means. Raises A2AError."""
    read(request)


def _of(table: dict[str, Any], id: str) -> Any:
    fitting = [beginning for beginning in table if id.startswith(beginning)]
    return table[max(fitting, key=len)] if fitting else None


def _status(state: TaskState) -> TaskStatus:
    status = TaskStatus(state=state)
    status.timestamp.FromNanoseconds(time.time_ns() // 1_000_000 * 1_000_000)
    return status


def _cut(task: Task, asked: Any) -> Task:
    """Give a copy with as much of its history as was asked for."""
    copy = Task()
    copy.CopyFrom(task)
    if asked.HasField("history_length"):
        if asked.history_length < 0:
            raise InvalidParamsError("historyLength is 0 or more")
        kept = list(task.history)[max(0, len(task.history) - asked.history_length) :]
        copy.ClearField("history")
        copy.history.extend(kept)
    return copy
