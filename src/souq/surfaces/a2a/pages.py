"""A caller's tasks in pages, newest first: two lists of the market's, running and ended, as one.

A page's token says which number came last, and where in the list of the ended ones to look again.
Since what is looked for are smaller numbers, what ends between two pages is neither lost nor told
twice.
"""

from collections.abc import AsyncIterator

import msgspec
from a2a.types import ListTasksRequest, ListTasksResponse, Task, TaskState
from a2a.utils.errors import InvalidParamsError
from msgspec import Struct

from souq.core.refusal import Refused
from souq.core.rules import Rules
from souq.operations import queries as ask
from souq.surfaces.a2a.affairs import affair_of
from souq.surfaces.a2a.agent import Caller
from souq.surfaces.a2a.refusing import error_of
from souq.surfaces.a2a.task import Tasks, Viewer
from souq.venue.desk import read_cursor, write_cursor

SIZE = 50
SIZE_MAX = 100
LOOKED_AT_MAX = 400  # negotiations looked at for one page, whatever it is narrowed down to


class Position(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended: how many were given, the last one's number, the ended list's cursor."""

    given: int
    last: int
    ended: str


class _Ended:
    """The negotiations that are over, with the cursor of the page each stands on."""

    def __init__(self, caller: Caller, cursor: str, limit: int) -> None:
        self._caller = caller
        self._limit = limit
        self.cursor = cursor

    async def numbers(self) -> AsyncIterator[int]:
        more = True
        while more:
            query = ask.ListNegotiations(is_open=False, limit=self._limit, cursor=self.cursor)
            page: ask.Negotiations = await self._caller.link.ask(query)
            for talk in page.negotiations:
                yield int(talk.id[1:])
            more = bool(page.cursor)
            self.cursor = page.cursor or self.cursor


async def page(
    caller: Caller, request: ListTasksRequest, viewer: Viewer, rules: Rules, tasks: Tasks
) -> ListTasksResponse:
    """Give one page. `total_size` is exact on the last page; before, it is what is known of."""
    size = request.page_size if request.HasField("page_size") else SIZE
    if not 0 < size <= SIZE_MAX:
        raise InvalidParamsError(f"pageSize stands between 1 and {SIZE_MAX}")
    length = request.history_length if request.HasField("history_length") else 0
    if length < 0:
        raise InvalidParamsError("historyLength is 0 or more")
    at = _position(request.page_token)
    found: list[Task] = []
    last, looked, is_more = at.last, 0, False
    ended = _Ended(caller, at.ended, min(size + 1, SIZE_MAX))
    ended_at = at.ended
    if request.context_id in ("", viewer.context):
        try:
            async for number, cursor in _merged(caller, ended, at.last, size):
                if len(found) == size or looked == LOOKED_AT_MAX:
                    is_more = True
                    break
                looked += 1
                last, ended_at = number, cursor
                affair = await affair_of(caller, f"N{number}")
                task = tasks.task(affair, viewer, rules, length)
                if _is_asked_for(task, request):
                    if not request.include_artifacts:
                        task.ClearField("artifacts")
                    found.append(task)
        except Refused as no:
            raise error_of(no) from None
    given = at.given + len(found)
    token = write_cursor(Position(given, last, ended_at)) if is_more else ""
    total = given + 1 if is_more else given
    return ListTasksResponse(tasks=found, next_page_token=token, page_size=size, total_size=total)


async def _merged(
    caller: Caller, ended: _Ended, last: int, size: int
) -> AsyncIterator[tuple[int, str]]:
    """Give numbers below the last one, downwards, each with the ended list's cursor at it."""
    over = ended.numbers()
    number = await anext(over, 0)
    async for running in _running(caller, last, size):
        while number > running:
            if number < last:
                yield number, ended.cursor
            number = await anext(over, 0)
        yield running, ended.cursor
        last = running  # one that ended just now stands in both lists
    while number:
        if number < last:
            yield number, ended.cursor
        number = await anext(over, 0)


async def _running(caller: Caller, last: int, size: int) -> AsyncIterator[int]:
    cursor = write_cursor(last)
    while cursor:
        query = ask.ListNegotiations(limit=min(size + 1, SIZE_MAX), cursor=cursor)
        page: ask.Negotiations = await caller.link.ask(query)
        for talk in page.negotiations:
            yield int(talk.id[1:])
        cursor = page.cursor


def _position(token: str) -> Position:
    if not token:
        return Position(0, (1 << 53) - 1, "")
    try:
        at: Position = read_cursor(token, Position)
        if at.given < 0 or not 0 < at.last < 1 << 53:
            raise ValueError
    except (Refused, ValueError, msgspec.MsgspecError):
        raise InvalidParamsError("not the pageToken of a page of this list") from None
    return at


def _is_asked_for(task: Task, request: ListTasksRequest) -> bool:
    if request.status not in (TaskState.TASK_STATE_UNSPECIFIED, task.status.state):
        return False
    if request.HasField("status_timestamp_after"):
        after, at = request.status_timestamp_after, task.status.timestamp
        return (at.seconds, at.nanos) > (after.seconds, after.nanos)
    return True
