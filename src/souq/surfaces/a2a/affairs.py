"""What the market tells somebody of a task, of all their tasks, and of what changes in one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from a2a.utils.errors import InvalidParamsError, TaskNotFoundError

from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.refusal import Reason, Refused
from souq.operations import queries as ask
from souq.surfaces.a2a.agent import Caller
from souq.surfaces.a2a.refusing import task_error
from souq.surfaces.a2a.task import Affair, Viewer
from souq.surfaces.answering import Answering, Link
from souq.surfaces.auth import Authenticator

SAID_MAX = 50
GAP_S = 0.05  # between two looks, however busy the market is
HEARTBEAT_S = 15.0
WATCHERS_MAX = 1_000  # of everybody
WATCHERS_EACH_MAX = 100  # of one principal's agents
_SOON_S = 0.03
_SEQ_END = 1 << 53


async def viewer_of(caller: Caller) -> Viewer:
    """Tell whose eyes are to be looked with. Raises Unauthenticated, Refused."""
    caller.need_key()
    me: ask.Me = await caller.link.ask(ask.WhoAmI())
    return Viewer(me.actor, me.principal)


async def affair_of(caller: Caller, id: str, context: str = "") -> Affair:
    """Give what a task is made of, where the caller may see it. Raises A2AError.

    `context` is what the caller takes for the task's context.
    """
    caller.need_key()
    try:
        affair = await _asked(caller.link, id)
    except Refused as no:
        if no.reason is not Reason.NOT_YOURS:
            raise task_error(no) from None
        # An end that was judged this moment has not reached the views: who took part stands there.
        await asyncio.sleep(_SOON_S)
        try:
            affair = await _asked(caller.link, id)
        except Refused as still:
            raise task_error(still) from None
    if caller.tenant and caller.tenant not in affair.talk.parties:
        raise TaskNotFoundError()
    if context and context != Viewer(caller.speaker.actor, "").context:
        raise InvalidParamsError("this task belongs to another context; leave contextId out")
    return affair


async def _asked(link: Link, id: str) -> Affair:
    talk: ask.Negotiation = await link.ask(ask.GetNegotiation(id))
    if talk.mechanism in OPEN_TO_ALL:  # nobody's task: it is found by `list_runs`
        raise Refused(Reason.NOT_FOUND, id=id[:64])
    contract = None
    if talk.contract:
        contract = await link.ask(ask.GetContract(talk.contract))
    page: ask.Messages = await link.ask(ask.ListMessages(id, limit=SAID_MAX))
    return Affair(talk, contract, page.messages[::-1])


class Watching:
    """Follows tasks, for those who wait for an answer and those who read a stream."""

    def __init__(self, answering: Answering, authenticator: Authenticator) -> None:
        self._answering = answering
        self._authenticator = authenticator
        self._watchers: Counter[str] = Counter()

    async def changes(
        self,
        caller: Caller,
        affair: Affair,
        principal: str,
        *,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> AsyncIterator[Affair | None]:
        """Give a task again whenever something happened in it, and None where nothing did lately.

        Ends when the key of the caller, who stands for `principal`, does, and when the server
        stops. Raises Refused(overloaded).
        """
        is_full = self._watchers.total() >= WATCHERS_MAX
        if is_full or self._watchers[principal] >= WATCHERS_EACH_MAX:
            raise Refused(Reason.OVERLOADED)
        self._watchers[principal] += 1
        try:
            with self._answering.bell() as bell:
                seen = -1  # so that what happened since the caller looked is not missed
                while not self._answering.is_closing:
                    bell.clear()
                    if not self._authenticator.is_live(caller.speaker):
                        return
                    last = self._last(affair)
                    if last > seen:
                        seen = last
                        affair = await affair_of(caller, affair.talk.id)
                        yield affair
                    try:
                        async with asyncio.timeout(heartbeat_s):
                            await bell.wait()
                    except TimeoutError:
                        yield None
                    else:
                        await asyncio.sleep(GAP_S)  # what gathers meanwhile is looked at once
        finally:
            self._watchers[principal] -= 1
            if not self._watchers[principal]:
                del self._watchers[principal]

    def _last(self, affair: Affair) -> int:
        venue = self._answering.venue
        venue.drain()
        of = [affair.talk.id, *([affair.contract.id] if affair.contract else [])]
        found = venue.mentions.before(of, _SEQ_END, 1)
        return found[0] if found else 0
