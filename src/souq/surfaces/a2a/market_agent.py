"""The market as an A2A agent: it answers questions, and has acts judged by the market.

It keeps nothing between two requests. A message's id becomes the command's id, which the market
knows per caller, so a message that is sent again has its effect once.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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
from a2a.utils.errors import (
    A2AError,
    InvalidParamsError,
    TaskNotCancelableError,
    UnsupportedOperationError,
)

from souq.core.contract import CancelContract
from souq.core.mechanisms import moves
from souq.core.message import SendMessage
from souq.core.negotiation import NegotiationOpened
from souq.core.refusal import Reason, Refused
from souq.core.rules import Rules
from souq.core.seal import PartyText
from souq.engine import Answer
from souq.operations import queries as ask
from souq.surfaces.a2a import acting, pages
from souq.surfaces.a2a.affairs import Watching, affair_of, viewer_of
from souq.surfaces.a2a.agent import Caller, Events
from souq.surfaces.a2a.intending import Fitting
from souq.surfaces.a2a.quoting import found_for, quote, told
from souq.surfaces.a2a.reading import Said, read
from souq.surfaces.a2a.signing import check_act
from souq.surfaces.a2a.task import (
    INTERRUPTED,
    TERMINAL,
    Affair,
    Tasks,
    Viewer,
    state_of,
    status_of,
)
from souq.surfaces.a2a.vocabulary import ENDING, NEGOTIATION, UNSAID, Open
from souq.surfaces.a2a.wording import data_part, message, text_part
from souq.surfaces.auth import Authenticator
from souq.surfaces.problems import Malformed
from souq.views.catalogue import ListingCard

PATIENCE_S = 5.0  # how long a message that may block waits for the other side
_NO = (A2AError, Refused, Malformed)


class Done(NamedTuple):
    """What a message did: in which task, and why its words were not carried, if they were not."""

    task: str
    unsaid: str = ""


class Seen(NamedTuple):
    """All that a task is rendered from."""

    affair: Affair
    viewer: Viewer
    rules: Rules


class MarketAgent:
    """An `Agent` over the market."""

    def __init__(
        self,
        watching: Watching,
        authenticator: Authenticator,
        tasks: Tasks,
        agent_url: Callable[[str], str],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`agent_url` says where an agent's card is."""
        self._watching = watching
        self._authenticator = authenticator
        self._tasks = tasks
        self._agent_url = agent_url
        self._patience_s = patience_s

    async def send(self, caller: Caller, request: SendMessageRequest) -> Task | Message:
        """Answer a message, and wait a while for the other side's answer unless asked not to."""
        done = await self._done(caller, request)
        if isinstance(done, Message):
            return done
        limit = request.configuration
        length = limit.history_length if limit.HasField("history_length") else None
        return await self._told(caller, done, length, is_patient=not limit.return_immediately)

    async def stream(self, caller: Caller, request: SendMessageRequest) -> Events:
        """Answer a message, then tell what becomes of its task until it is over."""
        done = await self._done(caller, request)
        if isinstance(done, Message):
            yield done
            return
        seen = await self._seen(caller, done.task)
        if seen is None:
            yield _marked(self._tasks.unseen(done.task, _context(caller)), done)
            return
        async for event in self._followed(caller, seen, done):
            yield event

    async def get(self, caller: Caller, request: GetTaskRequest) -> Task:
        """Give a task."""
        affair = await affair_of(caller, request.id)
        length = request.history_length if request.HasField("history_length") else None
        if length is not None and length < 0:
            raise InvalidParamsError("historyLength is 0 or more")
        viewer = await viewer_of(caller)
        return self._tasks.task(affair, viewer, await self._rules(caller), length)

    async def page(self, caller: Caller, request: ListTasksRequest) -> ListTasksResponse:
        """Give the caller's tasks, newest first, a page at a time."""
        viewer = await viewer_of(caller)
        rules = await self._rules(caller)
        return await pages.page(caller, request, viewer, rules, self._tasks)

    async def cancel(self, caller: Caller, request: CancelTaskRequest) -> Task:
        """Take one's offer back, turn the other's down, or call off what one was to deliver."""
        affair = await affair_of(caller, request.id)
        viewer = await viewer_of(caller)
        talk, contract = affair.talk, affair.contract
        command: Any
        if talk.state == "open":
            is_mine = viewer.actor not in talk.is_waiting_for
            command = moves.Withdraw(talk.id) if is_mine else moves.Reject(talk.id)
        elif contract is not None and state_of(affair, viewer) not in TERMINAL:
            command = CancelContract(contract.id)
        else:
            raise TaskNotCancelableError("it is over")
        try:
            await caller.link.submit(command)
        except Refused as no:
            raise TaskNotCancelableError(f"the market says: {no}") from None
        return await self._told(caller, Done(request.id))

    async def subscribe(self, caller: Caller, request: SubscribeToTaskRequest) -> Events:
        """Give a task, then tell what becomes of it until it is over."""
        affair = await affair_of(caller, request.id)
        seen = Seen(affair, await viewer_of(caller), await self._rules(caller))
        if state_of(affair, seen.viewer) in TERMINAL:
            raise UnsupportedOperationError("the task is over; get it instead")
        async for event in self._followed(caller, seen, Done(request.id)):
            yield event

    async def _done(self, caller: Caller, request: SendMessageRequest) -> Done | Message:
        """Do what a message says, or give a message for an answer."""
        said = read(request)
        sent = request.message
        if sent.task_id:
            return await self._continued(caller, sent, said)
        if sent.context_id and sent.context_id != _context(caller):
            raise InvalidParamsError(
                "a contextId is this market's to give; leave it out in a first message"
            )
        if caller.tenant:
            await caller.link.ask(ask.GetAgent(caller.tenant))  # refuses where nobody is addressed
        if said.intent is not None:
            caller.need_key()
            fitting = Fitting(caller, said.intent, await self._rules(caller))
            card = await fitting.best()
            if card is None:
                return self._nothing(caller, sent, fitting.why_none)
            return await self._opened(caller, sent, said, fitting.offer(card))
        if said.act is None:
            return await self._asked(caller, sent, said.words)
        if isinstance(said.act, Open):
            listings = [one.listing for one in said.act.items]
            cards = [await caller.link.ask(ask.GetListing(id)) for id in listings]
            return await self._quoted(caller, sent, cards)
        caller.need_key()
        command = await acting.opening(caller.link, said.act, caller.tenant)
        return await self._opened(caller, sent, said, command)

    async def _opened(self, caller: Caller, sent: Message, said: Said, command: Any) -> Done:
        proof = self._proof(caller, said)
        answer = await caller.link.submit(command, command_id=_id(sent))
        id = _negotiation(answer)
        return Done(id, await self._added(caller, sent, id, said.words, proof))

    async def _continued(self, caller: Caller, sent: Message, said: Said) -> Done:
        affair = await affair_of(caller, sent.task_id, sent.context_id)
        id = affair.talk.id
        if said.intent is not None:
            raise InvalidParamsError("an intent begins a task; send it without a taskId")
        if said.act is None:
            if not said.words.strip():
                raise InvalidParamsError("say something, or send an act")
            await self._carry(caller, sent, id, said.words, "", is_all=True)
            return Done(id)
        viewer = await viewer_of(caller)
        command = acting.continuing(said.act, affair, viewer)
        proof = self._proof(caller, said)
        # Words are carried while a talk is open; what is said in ending it must come before, yet
        # not where the market will refuse it, or knows the message and did it before.
        if isinstance(said.act, ENDING) and acting.may_end(said.act, affair.talk, viewer):
            await self._carry(caller, sent, id, said.words, proof)
        await caller.link.submit(command, command_id=_id(sent))
        if isinstance(said.act, ENDING):
            return Done(id)
        return Done(id, await self._added(caller, sent, id, said.words, proof))

    async def _added(self, caller: Caller, sent: Message, id: str, words: str, proof: str) -> str:
        """Carry what goes with an act that was done; say why not, as the act stands all the same.

        Who was too fast may send the message again: the act has its effect once.
        """
        try:
            await self._carry(caller, sent, id, words, proof)
        except Refused as no:
            return no.reason.value
        except Malformed as no:
            return no.why
        return ""

    async def _carry(
        self,
        caller: Caller,
        sent: Message,
        id: str,
        words: str,
        proof: str,
        *,
        is_all: bool = False,
    ) -> None:
        """Hand words, and the proof of a signed act, to the other side: they lie in the record.

        In a talk that is over nothing is carried, which is refused only where it `is_all` there is.
        """
        for text, part in ((words, "words"), (proof, "proof")):
            if not text:
                continue
            try:
                command = SendMessage(id, PartyText(text))
                await caller.link.submit(command, command_id=f"{_id(sent)}.{part}")
            except Refused as no:
                if is_all or no.reason is not Reason.CLOSED:
                    raise

    def _proof(self, caller: Caller, said: Said) -> str:
        """Give a signed act as it is put on record, or "". Raises A2AError for a bad signature."""
        if said.act is None or said.act.signature is None or said.data is None:
            return ""
        actor = caller.speaker.actor
        return check_act(
            said.data,
            said.act.signature,
            lambda fingerprint: self._authenticator.key_of(actor, fingerprint),
        )

    async def _asked(self, caller: Caller, sent: Message, words: str) -> Message:
        if not words.strip():
            raise InvalidParamsError("say something, or send an act")
        return await self._quoted(caller, sent, await found_for(caller.link, words, caller.tenant))

    async def _quoted(self, caller: Caller, sent: Message, cards: Sequence[ListingCard]) -> Message:
        quotes = [quote(card, agent_card=self._agent_url(card.agent)) for card in cards]
        data = {"schema": NEGOTIATION, "type": "quotes", "quotes": quotes}
        text = told(cards, await self._rules(caller))
        id = f"re-{_id(sent)}"
        return message(id, text_part(text), data_part(data), context=_context(caller))

    def _nothing(self, caller: Caller, sent: Message, why: str) -> Message:
        data = {"schema": NEGOTIATION, "type": "quotes", "quotes": [], "why": why}
        id = f"re-{_id(sent)}"
        return message(id, text_part(why), data_part(data), context=_context(caller))

    async def _seen(self, caller: Caller, id: str) -> Seen | None:
        """Look at a task after an act in it, which stands: a no to the look is no answer to it."""
        try:
            affair = await affair_of(caller, id)
            return Seen(affair, await viewer_of(caller), await self._rules(caller))
        except _NO:
            return None

    async def _told(
        self, caller: Caller, done: Done, length: int | None = None, *, is_patient: bool = False
    ) -> Task:
        """Give the task of what was done, as far as it may be looked at now."""
        seen = await self._seen(caller, done.task)
        if seen is None:
            return _marked(self._tasks.unseen(done.task, _context(caller)), done)
        affair, viewer, rules = seen
        if is_patient:
            affair = await self._answered(caller, affair, viewer)
        return _marked(self._tasks.task(affair, viewer, rules, length), done)

    async def _answered(self, caller: Caller, affair: Affair, viewer: Viewer) -> Affair:
        """Wait for the other side while an offer of the caller's is on the table."""
        if affair.talk.state != "open" or state_of(affair, viewer) in INTERRUPTED:
            return affair
        try:
            async with asyncio.timeout(self._patience_s):
                async for now in self._watching.changes(caller, affair, viewer.principal):
                    affair = now or affair
                    if affair.talk.state != "open" or state_of(affair, viewer) in INTERRUPTED:
                        break
        except (TimeoutError, *_NO):
            pass
        return affair

    async def _followed(self, caller: Caller, seen: Seen, done: Done) -> Events:
        affair, viewer, rules = seen
        task = _marked(self._tasks.task(affair, viewer, rules), done)
        yield task
        status, artifacts = task.status, {one.artifact_id for one in task.artifacts}
        if status.state in TERMINAL:
            return
        async for now in self._watching.changes(caller, affair, viewer.principal):
            if now is None:
                yield None
                continue
            for artifact in self._tasks.artifacts(now):
                if artifact.artifact_id not in artifacts:
                    artifacts.add(artifact.artifact_id)
                    yield TaskArtifactUpdateEvent(
                        task_id=task.id,
                        context_id=task.context_id,
                        artifact=artifact,
                        last_chunk=True,
                    )
            found = status_of(now, viewer, rules)
            if found != status:
                status = found
                yield TaskStatusUpdateEvent(
                    task_id=task.id, context_id=task.context_id, status=status
                )
            if status.state in TERMINAL:
                return

    async def _rules(self, caller: Caller) -> Rules:
        market: ask.Market = await caller.link.ask(ask.GetMarket())
        return market.rules


def _context(caller: Caller) -> str:
    return Viewer(caller.speaker.actor, "").context


def _marked(task: Task, done: Done) -> Task:
    """Say on a task why words were not carried."""
    if done.unsaid:
        task.metadata.update({UNSAID: done.unsaid})
    return task


def _id(sent: Message) -> str:
    """Give the command's id for a message's: the market keeps them apart by who speaks."""
    return f"a2a-{hashlib.sha256(sent.message_id.encode()).hexdigest()[:40]}"


def _negotiation(answer: Answer) -> str:
    for event in answer.events:
        if isinstance(event, NegotiationOpened):
            return event.negotiation
    raise AssertionError("an opening opens no negotiation")
