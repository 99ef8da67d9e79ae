"""The stream of events: what one may see, all of it, once, from where one left off."""

import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from souq import Client
from souq.sdk.stream import Lines
from tests.http.market import ROLES, Town, populated
from tests.http.ready import READY
from tests.serving import ADMIN, Served, serving, settings_for

PATIENCE_S = 30.0
STREAMS = 1_000 if os.environ.get("SOUQ_FULL") == "1" else 200


class Stream:
    """One open stream, read as it comes."""

    def __init__(
        self, url: str, key: str = "", *, last: int | None = None, query: str = ""
    ) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        lines = [f"GET /v1/events{query} HTTP/1.1", f"Host: {host}:{port}"]
        if key:
            lines.append(f"Authorization: Bearer {key}")
        if last is not None:
            lines.append(f"Last-Event-ID: {last}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._lines = Lines()
        self._rest = b""
        self.status = 0
        self.last = last or 0
        self.heartbeats = 0
        self.is_over = False
        self.raw = b""

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def read(self) -> list[Any]:
        """Wait for more; give the records that came."""
        part = self._socket.recv(65_536)
        self.raw += part
        if not part:
            self.is_over = True
            return []
        self._rest += part
        if not self.status:
            head, sign, rest = self._rest.partition(b"\r\n\r\n")
            if not sign:
                return []
            self.status = int(head.split()[1])
            self._rest = rest
        return self._decoded()

    def _decoded(self) -> list[Any]:
        found = []
        while b"\r\n" in self._rest:  # chunks, as HTTP/1.1 sends what has no length
            size_text, _, rest = self._rest.partition(b"\r\n")
            size = int(size_text, 16)
            if len(rest) < size + 2:
                break
            chunk, self._rest = rest[:size], rest[size + 2 :]
            if not size:
                self.is_over = True
                break
            self.heartbeats += chunk.count(b": still here")
            for event in self._lines.feed(chunk):
                if event.id:
                    self.last = int(event.id)
                if event.data:
                    found.append(json.loads(event.data))
        return found

    def until(self, seq: int) -> list[Any]:
        """Read on until a record has been passed."""
        found = []
        ends = time.monotonic() + PATIENCE_S
        while self.last < seq and not self.is_over:
            assert time.monotonic() < ends, f"at {self.last}, waiting for {seq}"
            found += self.read()
        return found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m", heartbeat_s=0.3) as found:
        yield found


def newest(town: Town) -> int:
    """Give the number of the newest record."""
    found: int = town.ask("operator", "get_market")["seq"]
    return found


@pytest.mark.parametrize("role", [role for role in ROLES if role != "revoked"])
def test_a_stream_shows_what_the_list_shows_and_nothing_of_others(role: str, town: Town) -> None:
    end = newest(town)
    listed: list[Any] = []
    after = 0
    while after < end:
        page = town.ask(role, "list_events", after=after, limit=200)
        listed += page["records"]
        after = page["last"]
    with Stream(town.url, town.keys.get(role, ""), last=0) as stream:
        streamed = stream.until(end)
        assert streamed == listed
        assert town.leaks(role, stream.raw) == []


def test_a_stream_goes_on_as_things_happen_in_order(town: Town) -> None:
    with (
        Stream(town.url, town.keys["seller"]) as seller,
        Stream(town.url, town.keys["stranger"]) as stranger,
    ):
        for stream in (seller, stranger):
            while not stream.status:
                stream.read()
        first = newest(town) + 1
        talk = town.talking()
        terms = town.terms(talk)
        town.do("seller", "accept", negotiation=talk, terms=terms)
        end = newest(town)
        heard = seller.until(end)
        assert [one["seq"] for one in heard] == list(range(first, end + 1))
        kinds = [event["type"] for one in stranger.until(end) for event in one["events"]]
        assert "ListingPosted" in kinds
        assert not {"OfferMade", "AgreementReached", "TransfersMade"} & set(kinds)


def test_only_the_types_that_were_asked_for_come(town: Town) -> None:
    end = newest(town)
    query = "?types=ListingPosted&types=MessagePosted"
    with Stream(town.url, ADMIN, last=0, query=query) as stream:
        kinds = {event["type"] for one in stream.until(end) for event in one["events"]}
    assert kinds <= {"ListingPosted", "MessagePosted"}
    assert "ListingPosted" in kinds


def test_a_quiet_stream_says_that_it_lives(town: Town) -> None:
    with Stream(town.url, town.keys["stranger"]) as stream:
        while stream.heartbeats < 2:
            stream.read()


def test_a_revoked_key_ends_its_stream(town: Town) -> None:
    key = town.give_key("leaver", town.ids["stranger"])
    with Stream(town.url, town.keys["leaver"]) as stream:
        while not stream.status:
            stream.read()
        town.do("stranger_person", "revoke_key", key=key)
        ends = time.monotonic() + PATIENCE_S
        while not stream.is_over and time.monotonic() < ends:
            stream.read()
        assert stream.is_over
        town.do("stranger", "post_message", text="after the key")
        assert b"after the key" not in stream.raw
    with Stream(town.url, town.keys["leaver"]) as again:
        while not again.status:
            again.read()
        assert again.status == 401


def test_a_key_whose_time_is_over_ends_its_stream_in_a_busy_market(town: Town) -> None:
    """Somebody writes all the time, so that the stream never comes to rest."""
    key = town.give_key("leaver", town.ids["stranger"])
    is_done = threading.Event()

    def write() -> None:
        for n in itertools.count():
            if is_done.is_set():
                return
            town.do("seller", "post_message", text=f"busy {n}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with Stream(town.url, town.keys["leaver"]) as stream:
            stream.until(newest(town))
            town.do("stranger_person", "revoke_key", key=key)
            ends = time.monotonic() + PATIENCE_S
            while not stream.is_over:
                assert time.monotonic() < ends, "the stream goes on after its key"
                stream.read()
    finally:
        is_done.set()
        writer.join(PATIENCE_S)


def test_nothing_is_lost_or_doubled_over_a_restart(tmp_path: Path) -> None:
    seen: list[int] = []
    sent = 0
    with populated(tmp_path / "m", heartbeat_s=1.0) as town:
        key, secret = town.keys["seller"], town.keys["stranger"]
        start = newest(town)
        port = int(town.url.rpartition(":")[2])
        with Stream(town.url, key) as stream:
            while not stream.status:
                stream.read()
            for _ in range(20):
                town.do("stranger", "post_message", text="before")
                sent += 1
            seen += [one["seq"] for one in stream.until(start + 10)]
            last = stream.last
            town.served.stop()
            while not stream.is_over:
                seen += [one["seq"] for one in stream.read()]
            last = stream.last
    for round in range(3):
        served = Served(settings_for(tmp_path / "m", port=port, heartbeat_s=1.0))
        try:
            with (
                Stream(served.url, key, last=last) as stream,
                Client(served.url, key=secret) as stranger,
            ):
                for _ in range(10):
                    stranger.post_message(f"round {round}")
                    sent += 1
                seen += [one["seq"] for one in stream.until(start + sent - 5)]
                last = stream.last
        finally:
            served.stop()
    with serving(tmp_path / "m") as served, Stream(served.url, key, last=last) as stream:
        seen += [one["seq"] for one in stream.until(start + sent)]
    assert seen == list(range(start + 1, start + sent + 1))


def test_a_client_goes_on_over_a_restart_by_itself(tmp_path: Path) -> None:
    with populated(tmp_path / "m") as town:
        start, port = newest(town), int(town.url.rpartition(":")[2])
        key = town.keys["stranger"]
        got: list[int] = []
        with Client(town.url, key=key) as client:

            def read() -> None:
                for record in itertools.islice(client.events(start), 6):
                    got.append(record.seq)

            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            for _ in range(3):
                town.do("seller", "post_message", text="before")
            town.served.stop()
            served = Served(settings_for(tmp_path / "m", port=port))
            try:
                with Client(served.url, key=town.keys["seller"]) as seller:
                    for _ in range(3):
                        seller.post_message("after")
                reader.join(PATIENCE_S)
            finally:
                served.stop()
        assert got == list(range(start + 1, start + 7))


def test_many_streams_at_once_all_hear(town: Town) -> None:
    keys = itertools.cycle([town.keys["seller"], town.keys["buyer"], "", ADMIN])
    streams = [Stream(town.url, key) for key in itertools.islice(keys, STREAMS)]
    try:
        for stream in streams:
            while not stream.status:
                stream.read()
        assert {stream.status for stream in streams} == {200}
        before = newest(town)
        for _ in range(10):
            town.do("stranger", "post_message", text="to all")
        for stream in streams:
            heard = [one["seq"] for one in stream.until(before + 10)]
            assert heard == list(range(before + 1, before + 11))
    finally:
        for stream in streams:
            stream.__exit__()
    _waits(lambda: _open_streams(town) == 0)


def test_a_slow_reader_holds_up_nobody_and_fills_no_memory(town: Town) -> None:
    """It asks for all records again and again, and reads none: what it is sent stays bounded."""
    for _ in range(20):
        for _ in range(10):
            town.do("stranger", "post_message", text="x" * 3_900)
    lazy = [Stream(town.url, ADMIN, last=0) for _ in range(20)]
    try:
        time.sleep(0.5)
        before = _memory()
        for _ in range(300):
            town.do("stranger", "post_message", text="y" * 3_900)
        grown = _memory() - before
        assert grown < 24 << 20, f"{grown >> 20} MiB more for 20 readers who do not read"
        end = newest(town)
        heard = lazy[0].until(end)
        assert [one["seq"] for one in heard] == list(range(1, end + 1))
    finally:
        for stream in lazy:
            stream.__exit__()


def test_every_command_rings_whom_it_concerns(town: Town) -> None:
    with Stream(town.url, town.keys["buyer_person"]) as stream:
        while not stream.status:
            stream.read()
        for name in ("make_offer", "grant_mandate", "request_payout"):
            by, ready = READY[name]
            town.do(by, name, **ready(town))
        kinds = {event["type"] for one in stream.until(newest(town)) for event in one["events"]}
    assert {"OfferMade", "MandateGranted", "PayoutRequested"} <= kinds


def _open_streams(town: Town) -> int:
    text = town.http.get(f"{town.url}/metrics").text
    line = next(one for one in text.splitlines() if one.startswith("souq_event_streams "))
    return int(float(line.split()[1]))


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _waits(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)
