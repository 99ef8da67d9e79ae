"""A process of clients that trade, and keep a list of their own of what was acknowledged.

Each pair of agents makes whole deals for ever: money comes in, a listing, an offer, a counteroffer,
the acceptance, delivery, confirmation, a step that is refused, money going out. Every command has
an id, and is sent again under it until there is an answer. What was answered is written down and
synced before the pair goes on, so the list outlives every server.

    python -m tests.server.clients WORK.json
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.server.wire import Connection, Cut, Reply, read_head

PATIENCE_S = 120.0
PAUSE_S = 0.02
REST = ".rest"  # of the file beside the list
PRICE, ASKED, OFFERED, PAID_OUT = 8_000_000, 10_000_000, 6_000_000, 1_000_000


class Person(Struct, frozen=True):
    """An agent and its principal, and the keys of both."""

    agent: str
    principal: str
    key: str
    principal_key: str


class Pair(Struct, frozen=True):
    seller: Person
    buyer: Person


class Work(Struct, frozen=True):
    """What one process does; it keeps its list in `kept_in` until it hears SIGTERM."""

    name: str
    urls: list[str]
    kept_in: str
    admin_key: str
    pairs: list[Pair]
    timeout_s: float = 5.0
    pause_s: float = 0.0
    is_churning: bool = False  # every deal over a connection of its own


class List:
    """What was acknowledged, seen, or cut short: one JSON object a line."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._acks = os.open(path, flags, 0o600)
        self._rest = os.open(path.with_suffix(REST), flags, 0o600)

    def acknowledged(self, **told: Any) -> None:
        """Add what outlives this process and the machine's next moment."""
        os.write(self._acks, json.dumps({"kind": "ack"} | told).encode() + b"\n")
        os.fsync(self._acks)

    def note(self, kind: str, **told: Any) -> None:
        """Add what was seen or went wrong, to a file of its own."""
        os.write(self._rest, json.dumps({"kind": kind} | told).encode() + b"\n")


class Trader:
    """One pair of agents at work."""

    def __init__(self, work: Work, n: int, list_: List, stopping: asyncio.Event) -> None:
        self._work = work
        self._pair = work.pairs[n]
        self._name = f"{work.name}-{n}"
        self._list = list_
        self._stopping = stopping
        self._at = 0
        self._connection = Connection(work.urls[0], work.timeout_s)

    async def run(self) -> None:
        """Make deals until told to stop; a deal that was begun is ended."""
        n = 0
        while not self._stopping.is_set():
            n += 1
            await self._deal(f"{self._name}-{n}", n)
            if self._work.is_churning:
                self._connection.close()
            if self._work.pause_s:
                await asyncio.sleep(self._work.pause_s)
        self._connection.close()

    async def _deal(self, id: str, n: int) -> None:
        seller, buyer = self._pair.seller, self._pair.buyer
        deposit = {"principal": buyer.principal, "amount": [PRICE, "USD"], "rail": "credits"}
        await self._say("operator", self._work.admin_key, f"{id}-money", "ReportDeposit", **deposit)

        async def sells(step: str, kind: str, **fields: Any) -> Any:
            return await self._say(seller.agent, seller.key, f"{id}-{step}", kind, **fields)

        async def buys(step: str, kind: str, **fields: Any) -> Any:
            return await self._say(buyer.agent, buyer.key, f"{id}-{step}", kind, **fields)

        word = id.replace("-", "")
        lamp = {"title": f"lamp {word}", "category": "home", "price": [ASKED, "USD"]}
        answer = await sells("post", "PostListing", **lamp)
        listing = answer["events"][0]["listing"]["id"]
        if n % 3 == 0:
            await self._look(word, listing)
        items = [{"listing": listing}]
        answer = await buys("offer", "MakeOffer", items=items, price=[OFFERED, "USD"])
        talk = _first(answer, "negotiation")
        answer = await sells("counter", "Counter", negotiation=talk, price=[PRICE, "USD"])
        answer = await buys("accept", "Accept", negotiation=talk, terms=_first(answer, "terms"))
        contract = _first(answer, "contract")
        await sells("deliver", "SubmitDelivery", contract=contract)
        await buys("confirm", "AcceptDelivery", contract=contract)
        if n % 2 == 0:
            await buys("late", "Accept", negotiation=talk, terms="0" * 64)
        if n % 4 == 0:
            who, key = seller.principal, seller.principal_key
            await self._say(who, key, f"{id}-payout", "RequestPayout", amount=[PAID_OUT, "USD"])

    async def _say(self, actor: str, key: str, id: str, type: str, **fields: Any) -> Any:
        command = {"type": type, **fields}
        reply, tries = await self._tried(key, id, command)
        answer = reply.read()
        answer.pop("is_replay", None)
        self._list.acknowledged(
            actor=actor,
            id=id,
            command=command,
            status=reply.status,
            answer=answer,
            is_replay="idempotency-replayed" in reply.headers,
            tries=tries,
            url=self._connection.url,
            sent_at=reply.sent_at,
            got_at=reply.got_at,
        )
        return answer

    async def _tried(self, key: str, id: str, command: Any) -> tuple[Reply, int]:
        """Send a command until there is an answer."""
        until = time.monotonic() + PATIENCE_S
        tries = 0
        while time.monotonic() < until:
            tries += 1
            try:
                reply = await self._connection.command(key, id, command)
            except Cut as cut:
                self._cut(id, cut)
            else:
                if reply.status not in (429, 503):
                    return reply, tries
                self._list.note("later", id=id, status=reply.status, url=self._connection.url)
            await self._elsewhere()
        raise TimeoutError(f"{id} got no answer in {PATIENCE_S} s")

    async def _look(self, word: str, listing: str) -> None:
        """Ask for what was posted just now; the next query must find it."""
        key = self._pair.buyer.key
        try:
            reply = await self._connection.request("GET", f"/v1/listings?text={word}", key)
        except Cut as cut:
            self._cut(f"search {word}", cut)
            return
        if reply.status == 200:
            found = [one["id"] for one in reply.read()["listings"]]
            if found != [listing]:
                self._list.note("missed", wanted=listing, found=found)

    def _cut(self, id: str, cut: Cut) -> None:
        url, sent_at = self._connection.url, cut.sent_at
        now = time.monotonic()
        self._list.note("cut", id=id, why=str(cut), url=url, sent_at=sent_at, cut_at=now)

    async def _elsewhere(self) -> None:
        self._connection.close()
        self._at = (self._at + 1) % len(self._work.urls)
        self._connection = Connection(self._work.urls[self._at], self._work.timeout_s)
        await asyncio.sleep(PAUSE_S * (0.5 + random.random()))


async def watch(work: Work, list_: List, stopping: asyncio.Event) -> None:
    """Follow all that the operator may see, from the first record on, across restarts."""
    last, n = 0, 0
    while not stopping.is_set():
        url = work.urls[n % len(work.urls)]
        n += 1
        host = url.partition("://")[2]
        head = f"GET /v1/events HTTP/1.1\r\nHost: {host}\r\nLast-Event-ID: {last}\r\n"
        head += f"Authorization: Bearer {work.admin_key}\r\n\r\n"
        try:
            async with asyncio.timeout(None if len(work.urls) == 1 else 10 * work.timeout_s):
                reader, writer = await asyncio.open_connection(*host.split(":"))
                try:
                    writer.write(head.encode())
                    status, _ = await read_head(reader)
                    next_, record = last, None
                    while status == 200 and (line := await reader.readline()).endswith(b"\n"):
                        # A stream comes in chunks; what is no line of an event is their length.
                        if line.startswith(b"id: "):
                            next_ = int(line[4:])
                        elif line.startswith(b"data: "):
                            record = json.loads(line[6:])
                        elif line == b"\n":
                            last = next_
                            if record is not None:
                                list_.note("seen", seq=record["seq"], at=record["at"])
                            record = None
                finally:
                    writer.close()
        except (OSError, EOFError, TimeoutError, ValueError):
            pass
        await asyncio.sleep(PAUSE_S)


async def main(path: str) -> None:
    """Trade until SIGTERM."""
    work = msgspec.json.decode(Path(path).read_bytes(), type=Work)
    list_ = List(Path(work.kept_in))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    traders = [Trader(work, n, list_, stopping) for n in range(len(work.pairs))]
    watching = asyncio.create_task(watch(work, list_, stopping))
    try:
        async with asyncio.TaskGroup() as group:
            for trader in traders:
                group.create_task(trader.run())
    finally:
        watching.cancel()


def _first(answer: Any, field: str) -> str:
    found = (event[field] for event in answer.get("events", ()) if field in event)
    return str(next(found))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
