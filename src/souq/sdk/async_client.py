"""The same client for programs that do not wait: `async with AsyncClient(url, key=…) as market`.

Its methods are those of Client, to be awaited, and `events` is an asynchronous iterator.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, Self

import httpx2

from souq.core.rules import OPERATOR, Rules
from souq.engine import Answer
from souq.operations.queries import GetMarket, ListEvents, WhoAmI
from souq.sdk.acts import Acts
from souq.sdk.client import LOCAL_POLL_S, Client, Key, key_file_of, new_id, signer_of, verified
from souq.sdk.doors import PATIENCE_S, TIMEOUT_S, Later, Patience, Try, Wire, waits
from souq.sdk.methods import AsyncMethods
from souq.sdk.stream import Lines, read_record
from souq.views.feed import RecordSeen

CONNECTIONS_MAX = 100


class AsyncClient(AsyncMethods):
    """Whoever speaks to a market, without blocking. Tasks of one loop may share it."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: Key = "",
        signs: bool = False,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Speak to the market at a URL, as Client does."""
        self._local: Client | None = None
        self._patience_s = patience_s
        self._key, self._signs = key, signs
        self._acts: Acts | None = None
        self._wire = Wire(url, signer_of(key))
        limits = httpx2.Limits(max_connections=CONNECTIONS_MAX)
        self._http = httpx2.AsyncClient(
            timeout=timeout_s, trust_env=False, limits=limits, verify=verified(url)
        )
        self._is_owner = True

    @classmethod
    def local(
        cls,
        folder: str | Path | None = None,
        *,
        rules: Rules | None = None,
        actor: str = OPERATOR,
    ) -> Self:
        """Open a market in this process, as `Client.local` does."""
        return cls._over(Client.local(folder, rules=rules, actor=actor))

    @classmethod
    def _over(cls, local: Client) -> Self:
        self = cls.__new__(cls)
        self._local = local
        self._signs, self._acts = False, None  # the client beneath signs
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of connections, or of the market in this process that this client opened."""
        if self._local is not None:
            self._local.close()
        elif self._is_owner:
            await self._http.aclose()

    def speaking_as(self, actor: str, key: Key = "", *, signs: bool = False) -> Self:
        """Give a client that speaks as somebody else: by name in this process, else by a key.

        It shares this one's connections, so many are cheap, and ends with it.
        """
        if self._local is not None:
            return self._over(self._local.speaking_as(actor, key, signs=signs))
        other = type(self).__new__(type(self))
        other._local, other._is_owner = None, False
        other._key, other._signs, other._acts = key, signs, None
        other._patience_s, other._http = self._patience_s, self._http
        other._wire = Wire(self._wire.url, signer_of(key))
        return other

    async def submit(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command. Raises Refused."""
        return (await self.answer_to(command, command_id=command_id)).need()

    async def answer_to(self, command: Any, *, command_id: str = "") -> Answer:
        """Give a command and its answer, be it a refusal."""
        id = command_id or new_id()
        if self._local is not None:
            return await asyncio.to_thread(self._local.answer_to, command, command_id=id)
        one = self._wire.command(command, id, await self._signing())
        answer: Answer = await self._tried(one, self._wire.answer)
        return answer

    async def submit_many(self, commands: Iterable[Any | tuple[str, Any]]) -> list[Answer]:
        """Give up to 1,000 commands, or (id, command), in order; give all answers, noes too."""
        named = [one if isinstance(one, tuple) else (new_id(), one) for one in commands]
        if not named:
            return []
        if self._local is not None:
            return await asyncio.to_thread(self._local.submit_many, named)
        one = self._wire.batch(named, await self._signing())
        answers: list[Answer] = await self._tried(one, self._wire.answers)
        return answers

    async def _signing(self) -> Acts | None:
        if self._signs and self._acts is None:
            market, me = await self.ask(GetMarket()), await self.ask(WhoAmI())
            self._acts = Acts(key_file_of(self._key), market=market.rules.name, actor=me.actor)
        return self._acts

    async def ask(self, query: Any) -> Any:
        """Ask a question. Raises Refused."""
        if self._local is not None:
            return await asyncio.to_thread(self._local.ask, query)
        wire = self._wire
        return await self._tried(wire.query(query), lambda response: wire.result(query, response))

    async def events(
        self, after: int | None = None, types: Iterable[str] = ()
    ) -> AsyncIterator[RecordSeen]:
        """Stream what happens and may be seen, for ever, as `Client.events` does."""
        wanted = tuple(types)
        if after is None:
            after = int((await self.ask(GetMarket())).seq)
        if self._local is not None:
            while True:
                page = await self.ask(ListEvents(after=after, types=wanted))
                for record in page.records:
                    yield record
                if page.last == after:
                    await asyncio.sleep(LOCAL_POLL_S)
                after = page.last
        one = self._wire.stream(wanted)
        pauses = waits()
        while True:
            headers = self._wire.headers(one) | {"Last-Event-ID": str(after)}
            try:
                async with self._http.stream("GET", one.url, headers=headers) as response:
                    if response.status_code >= 300:
                        await response.aread()
                    self._wire.check(response)
                    lines = Lines()
                    async for part in response.aiter_bytes():
                        for event in lines.feed(part):
                            pauses = waits()
                            after = int(event.id or after)
                            if event.data:
                                yield read_record(event.data)
            except (httpx2.HTTPError, Later):
                await asyncio.sleep(next(pauses))

    async def _tried(self, one: Try, read: Callable[[httpx2.Response], Any]) -> Any:
        """Send until there is an answer. Raises Unreachable."""
        patience = Patience(self._wire.url, self._patience_s)
        while True:
            try:
                response = await self._http.request(
                    one.method, one.url, content=one.body, headers=self._wire.headers(one)
                )
                return read(response)
            except (Later, httpx2.HTTPError) as failure:
                await asyncio.sleep(patience.pause(failure))
