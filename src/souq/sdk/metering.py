"""Data sold by the row over HTTP, each row paid on a channel while the stream goes on.

A meter sells. It sends no more than `window_rows` beyond what is paid; so a reader that stops
paying stops receiving, and the seller is short of one window at most. A reader pays for what it
has received, and for one row ahead as its ticket, which nobody else could show.

    GET  /      what is sold, at what price, and to whom a channel must be open
    POST /read  {"channel", "proof", "after"}: rows from `after` on, a JSON document a line; the
                last line says how it ended: all, unpaid or spent
    POST /pay   {"channel", "proof"}: a better proof, while rows come
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from souq.core.channel_batch import CLAIMS_MAX, HASHES_MAX, Claim
from souq.core.money import Money
from souq.core.refusal import Reason, Refused
from souq.core.rules import HOUR_US
from souq.core.voucher import BadProof, Payword, Proof
from souq.engine import system_clock
from souq.sdk.channels import NotSafe, Payee, Payer, Spent
from souq.sdk.client import Client

WINDOW_ROWS = 100
PATIENCE_S = 5.0
BODY_MAX = 4_096
PART_ROWS = 256  # that leave in one piece


class Offer(Struct, frozen=True):
    """What a meter sells; `price` is for one row."""

    payee: str
    price: Money
    window_rows: int
    rows: int


class Ticket(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which channel pays, the best proof so far, and how many rows to leave out."""

    channel: str
    proof: Proof
    after: int = 0


class Line(Struct, frozen=True, omit_defaults=True):
    """One line of the stream: a row, or how it ended."""

    data: str = ""
    end: str = ""


class NotServed(Exception):
    """A meter turned a reader away; the message says why."""


class _Tab:
    """What one channel has paid, and what was sent for it."""

    def __init__(self, payee: Payee) -> None:
        self.payee = payee
        self.sent = 0
        self.paid = asyncio.Event()


class Meter:
    """Sells rows to whoever has a channel open to the client's agent; `app` is its ASGI side.

    All of it runs in one event loop; the client is called in threads.
    """

    def __init__(
        self,
        client: Client,
        rows: Sequence[str],
        *,
        price: Money,
        window_rows: int = WINDOW_ROWS,
        patience_s: float = PATIENCE_S,
        left_us: int = HOUR_US // 60,
        keep: Path | None = None,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        """Sell rows; a channel must go on for `left_us`, and leave as much time to answer.

        Every better proof is written to the file `keep`, which a meter that was killed reads.
        """
        self._client = client
        self._rows = rows
        self._price = price
        self._window = window_rows
        self._patience_s = patience_s
        self._left_us = left_us
        self._clock = clock
        self._kept = _read_kept(keep) if keep else {}
        self._keep = _opened(keep) if keep else None
        self._tabs: dict[str, _Tab] = {}
        self.payee = str(client.who_am_i().actor)
        self.app = Starlette(
            routes=[
                Route("/", self._offer),
                Route("/read", self._read, methods=["POST"]),
                Route("/pay", self._pay, methods=["POST"]),
            ]
        )

    @property
    def sent(self) -> dict[str, int]:
        """Tell how many rows were sent on each channel."""
        return {id: tab.sent for id, tab in self._tabs.items()}

    @property
    def due(self) -> dict[str, int]:
        """Tell how many units each channel's best proof is worth."""
        return {id: tab.payee.units for id, tab in self._tabs.items()}

    def settle(self, ids: Sequence[str] | None = None) -> int:
        """End channels, all of them by default, and give what they paid in units."""
        tabs = {id: tab.payee.best for id, tab in self._tabs.items()}
        best = {id: proof for id, proof in (self._kept | tabs).items() if proof is not None}
        wanted = list(best) if ids is None else [id for id in ids if id in best]
        paid = 0
        for claims in _batches([Claim(id, best[id]) for id in wanted]):
            try:
                paid += sum(self._client.settle_channels(claims).events[0].paid_units)
            except Refused as refused:
                if refused.reason is Reason.HALTED:
                    continue  # until the market goes on
            for claim in claims:  # what did not end now had ended before
                self._tabs.pop(claim.channel, None)
                self._kept.pop(claim.channel, None)
        return paid

    def settle_due(self) -> int:
        """End the channels that their payers are closing, or that will soon end by themselves."""
        ids = []
        cursor = ""
        while True:
            page = self._client.list_channels(cursor=cursor)
            for one in page.channels:
                left_us = (one.due_at or 0) - self._clock()
                if one.payee == self.payee and (one.state != "open" or left_us < self._left_us):
                    ids.append(one.id)
            cursor = page.cursor
            if not cursor:
                return self.settle(ids)

    async def _offer(self, request: Request) -> Response:
        return _json(Offer(self.payee, self._price, self._window, len(self._rows)))

    async def _read(self, request: Request) -> Response:
        try:
            ticket = await _body(request)
            tab = await self._tab(ticket.channel)
            self._take(tab, ticket.proof)
        except (NotServed, BadProof, NotSafe) as error:
            return _no(error)
        if self._room(tab) < 1 and not self._is_spent(tab):
            unpaid = tab.sent - self._paid_rows(tab)
            return _no(NotServed(f"{unpaid} rows were sent and are not paid"))
        return StreamingResponse(
            self._lines(tab, max(0, ticket.after)), media_type="application/x-ndjson"
        )

    async def _pay(self, request: Request) -> Response:
        try:
            ticket = await _body(request)
            tab = self._tabs.get(ticket.channel)
            if tab is None:
                raise NotServed("nothing was read on that channel")
            self._take(tab, ticket.proof)
        except (NotServed, BadProof) as error:
            return _no(error)
        return _json({"paid_units": tab.payee.units})

    async def _tab(self, id: str) -> _Tab:
        """Give a channel's tab; of a new channel, or one that is used up, the market is asked."""
        tab = self._tabs.get(id)
        if tab is not None and not self._is_spent(tab):
            return tab
        try:
            channel = await asyncio.to_thread(self._client.get_channel, id[:64])
        except Refused as refused:
            raise NotServed(f"the market says {refused}") from None
        if tab is None:
            payee = Payee(channel, self._kept.get(id))
            payee.check(self.payee, self._clock(), left_us=self._left_us, window_us=self._left_us)
            if channel.deposit.asset != self._price.asset:
                raise NotSafe(f"{id} does not pay in {self._price.asset}")
            tab = self._tabs.setdefault(id, _Tab(payee))
            tab.sent = max(tab.sent, self._paid_rows(tab))
            return tab
        tab.payee.top_up(channel)
        return tab

    def _take(self, tab: _Tab, proof: Proof) -> None:
        """Take a better proof, or the best one again: whoever has it is the payer."""
        if proof != tab.payee.best:
            tab.payee.take(proof)
            if self._keep is not None:
                self._keep.write(_line(Ticket(tab.payee.id, proof)))
            tab.paid.set()

    async def _lines(self, tab: _Tab, at: int) -> AsyncIterator[bytes]:
        while at < len(self._rows):
            room = self._room(tab)
            if room < 1:
                if self._is_spent(tab):
                    yield _line(Line(end="spent"))
                    return
                if not await self._is_paid(tab):
                    yield _line(Line(end="unpaid"))
                    return
                continue
            part = self._rows[at : at + min(room, PART_ROWS)]
            tab.sent += len(part)
            at += len(part)
            yield b"".join(_line(Line(data=row)) for row in part)
        yield _line(Line(end="all"))

    async def _is_paid(self, tab: _Tab) -> bool:
        tab.paid.clear()
        try:
            await asyncio.wait_for(tab.paid.wait(), self._patience_s)
        except TimeoutError:
            return False
        return True

    def _paid_rows(self, tab: _Tab) -> int:
        return tab.payee.units // self._price.units

    def _room(self, tab: _Tab) -> int:
        """Tell how many rows may leave before more is paid."""
        most = tab.payee.deposit // self._price.units
        return min(self._paid_rows(tab) + self._window, most) - tab.sent

    def _is_spent(self, tab: _Tab) -> bool:
        return tab.sent >= tab.payee.deposit // self._price.units


class Reader:
    """Reads rows from a meter, and pays for them as they come."""

    def __init__(self, url: str, payer: Payer, channel: str, *, timeout_s: float = 30.0) -> None:
        """Read at a URL, by a payer that has entered the channel."""
        self._http = httpx2.Client(base_url=url, timeout=timeout_s, trust_env=False)
        self._payer = payer
        self.channel = channel
        self.offer = offer_at(url)
        self.received = 0
        self.end = ""

    def rows(self, after: int = 0) -> Iterator[str]:
        """Give rows until the meter ends the stream; `end` then says why. Raises NotServed.

        A payer that has spent all stops paying, and reads what still comes.
        """
        price, each = self.offer.price.units, max(1, self.offer.window_rows // 2)
        if self._payer.paid < (self.received + 1) * price:
            self._payer.pay(price)
        ticket = Ticket(self.channel, self._payer.proof, after)
        with self._http.stream("POST", "/read", content=msgspec.json.encode(ticket)) as response:
            if response.status_code != 200:
                response.read()
                raise NotServed(_why(response))
            for text in response.iter_lines():
                line = msgspec.json.decode(text, type=Line)
                if line.end:
                    self.end = line.end
                    break
                self.received += 1
                yield line.data
                if self.received * price - self._payer.paid >= each * price:
                    self._catch_up()
        self._catch_up()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def _catch_up(self) -> None:
        """Pay for all that was received."""
        owed = self.received * self.offer.price.units - self._payer.paid
        if owed <= 0:
            return
        try:
            proof = self._payer.pay(owed)
        except Spent:
            return
        body = msgspec.json.encode(Ticket(self.channel, proof))
        response = self._http.post("/pay", content=body)
        if response.status_code != 200:
            raise NotServed(_why(response))


def offer_at(url: str) -> Offer:
    """Ask a meter what it sells."""
    response = httpx2.get(url, trust_env=False)
    try:
        return msgspec.json.decode(response.content, type=Offer)
    except msgspec.MsgspecError:
        raise NotServed(f"there is no meter at {url}") from None


def _batches(claims: list[Claim]) -> Iterator[list[Claim]]:
    """Part claims into what one command may hold."""
    part: list[Claim] = []
    hashes = 0
    for one in claims:
        more = one.proof.index if isinstance(one.proof, Payword) else 0
        if part and (len(part) == CLAIMS_MAX or hashes + more > HASHES_MAX):
            yield part
            part, hashes = [], 0
        part.append(one)
        hashes += more
    if part:
        yield part


async def _body(request: Request) -> Ticket:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            raise NotServed(f"more than {BODY_MAX} bytes")
    try:
        return msgspec.json.decode(body, type=Ticket)
    except msgspec.MsgspecError as error:
        raise NotServed(str(error)) from None


def _read_kept(path: Path) -> dict[str, Proof]:
    """Give the last proof of every channel; a line that was cut off is passed over."""
    found: dict[str, Proof] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            ticket = msgspec.json.decode(line, type=Ticket)
        except msgspec.MsgspecError:
            continue
        found[ticket.channel] = ticket.proof
    return found


def _opened(path: Path) -> BinaryIO:
    """Open a file to add lines to; one that was cut off ends here."""
    file = path.open("ab", buffering=0)
    file.write(b"\n")
    return file


def _line(line: Line | Ticket) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _no(error: Exception) -> Response:
    return _json({"why": str(error)}, 402)


def _why(response: httpx2.Response) -> str:
    try:
        return str(msgspec.json.decode(response.content)["why"])
    except (msgspec.MsgspecError, KeyError, TypeError):
        return f"status {response.status_code}"
