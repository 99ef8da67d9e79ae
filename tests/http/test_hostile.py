"""What no client of ours sends: each gets a clear no, nothing is recorded, nobody else waits."""

import gzip
import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from souq.surfaces.limits import Rates
from tests.http.market import FEW, Town, populated

PATIENCE_S = 8.0
BODY_MAX = 256 * 1024
CASES = 6_000 if os.environ.get("SOUQ_FULL") == "1" else 600
HELLO = b'{"text":"hello"}'


class Said(NamedTuple):
    """One response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """Give the problem document that it must be."""
        assert self.headers["content-type"] == "application/problem+json", self
        found = json.loads(self.body)
        assert found["status"] == self.status
        return found


class Wire:
    """A socket to the market; it may be used against every rule."""

    def __init__(self, town: Town) -> None:
        host, _, port = town.url.removeprefix("http://").partition(":")
        self._host = f"{host}:{port}".encode()
        self._socket = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, raw: bytes) -> None:
        """Send bytes as they are; the server may have hung up already."""
        try:
            self._socket.sendall(raw)
        except OSError:
            return

    def end(self) -> None:
        """Say that nothing more comes, and go on listening."""
        self._socket.shutdown(socket.SHUT_WR)

    def said(self, *, is_head: bool = False) -> Said | None:
        """Read one response, or None where the server has hung up."""
        try:
            line = self._file.readline()
            if not line:
                return None
            status = int(line.split()[1])
            headers = {}
            while (line := self._file.readline().strip()) != b"":
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            size = 0 if is_head else int(headers.get("content-length", 0))
            return Said(status, headers, self._file.read(size))
        except ConnectionError:
            return None

    def request(self, raw: bytes) -> Said:
        """Send one request, and read its response."""
        self.send(raw)
        found = self.said()
        assert found is not None, "the server hung up without a word"
        return found


def head(method: bytes, path: bytes, *more: bytes, key: str = "", id: bytes = b"") -> bytes:
    """Write a request's head."""
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: 127.0.0.1"]
    if key:
        lines.append(b"Authorization: Bearer " + key.encode())
    if id:
        lines.append(b"Idempotency-Key: " + id)
    return b"\r\n".join([*lines, *more]) + b"\r\n\r\n"


def post(town: Town, path: bytes, body: bytes, *more: bytes, role: str = "stranger") -> bytes:
    """Write a command, with an id of its own and its length."""
    lines = (b"Content-Type: application/json", b"Content-Length: %d" % len(body), *more)
    return head(b"POST", path, *lines, key=town.keys[role], id=town.new().encode()) + body


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with populated(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


@pytest.fixture
def nothing_recorded(town: Town) -> Iterator[None]:
    before = head_of(town)
    yield
    assert head_of(town) == before


def head_of(town: Town) -> Any:
    """Give the newest record; that it is answered at all shows that nobody waits."""
    return town.served.call(lambda: town.served.venue.engine.head)


def told(town: Town, raw: bytes) -> Said:
    """Send one request on a connection of its own."""
    with Wire(town) as wire:
        return wire.request(raw)


BODIES: dict[str, tuple[bytes, bytes, int]] = {
    "no JSON": (b"/v1/messages", b"hello", 400),
    "nothing": (b"/v1/messages", b"", 422),
    "half of it": (b"/v1/messages", b'{"text":"hel', 400),
    "two documents": (b"/v1/messages", HELLO * 2, 400),
    "a list": (b"/v1/messages", b"[]", 422),
    "null": (b"/v1/messages", b"null", 422),
    "many brackets": (b"/v1/messages", b"[" * 100_000, 422),
    "many objects": (b"/v1/messages", b'{"a":' * 40_000, 400),
    "a deep value in a free field": (
        b"/v1/listings",
        b'{"title":"a","category":"b","attributes":{"c":' + b"[" * 90_000 + b"]" * 90_000 + b"}}",
        400,
    ),
    "no UTF-8": (b"/v1/messages", b'{"text":"\xff\xfe"}', 400),
    "UTF-8 cut short": (b"/v1/messages", b'{"text":"\xe2\x82"}', 400),
    "an overlong slash": (b"/v1/messages", b'{"text":"\xc0\xaf"}', 400),
    "half of a surrogate pair": (b"/v1/messages", b'{"text":"\\ud800"}', 400),
    "the other half": (b"/v1/messages", b'{"text":"\\udc00 a"}', 400),
    "UTF-16": (b"/v1/messages", '{"text":"hello"}'.encode("utf-16"), 400),
    "a mark before it": (b"/v1/messages", b"\xef\xbb\xbf" + HELLO, 400),
    "an unknown field": (b"/v1/messages", b'{"text":"a","txt":"b"}', 422),
    "its type in the body": (b"/v1/messages", b'{"text":"a","type":"PostMessage"}', 422),
    "a field of the path in the body": (
        b"/v1/negotiations/N1/reject",
        b'{"negotiation":"N1"}',
        422,
    ),
    "a number for text": (b"/v1/messages", b'{"text":5}', 422),
    "null for text": (b"/v1/messages", b'{"text":null}', 422),
    "a list for text": (b"/v1/messages", b'{"text":["a"]}', 422),
    "a key twice": (b"/v1/messages", b'{"text":"a","text":"b"}', 400),
    "a key twice in disguise": (b"/v1/messages", b'{"text":"a","t\\u0065xt":"b"}', 400),
    "a type twice": (b"/v1/commands", b'{"type":"PostMessage","type":"Reject","text":"a"}', 422),
    "a nested key twice": (
        b"/v1/negotiations",
        b'{"items":[{"listing":"L1","listing":"L2"}],"price":[5,"USD"]}',
        400,
    ),
    "no type": (b"/v1/commands", HELLO, 422),
    "an unknown type": (b"/v1/commands", b'{"type":"Steal","text":"a"}', 422),
    "an event for a command": (b"/v1/commands", b'{"type":"MessagePosted","text":"a"}', 422),
    "a tick": (b"/v1/commands", b'{"type":"Tick","due":1,"id":"N1"}', 422),
}
PRICES: dict[str, bytes] = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "a huge float": b"1e400",
    "a float": b"5.5",
    "a float that is whole": b"5.0",
    "an exponent": b"5e0",
    "a float of zero": b"-0.0",
    "2**53": b"9007199254740992",
    "2**53 + 1": b"9007199254740993",
    "-(2**53)": b"-9007199254740992",
    "2**63": b"9223372036854775808",
    "2**64": b"18446744073709551616",
    "400 digits": b"9" * 400,
    "100,000 digits": b"9" * 100_000,
    "text": b'"5"',
    "true": b"true",
    "null": b"null",
    "a leading zero": b"05",
    "a plus": b"+5",
    "hex": b"0x5",
}
NESTED: dict[str, tuple[bytes, bytes]] = {
    "money": (b"/v1/negotiations", b'{"items":[{"listing":"L1"}],"price":[5,"USD","more"]}'),
    "money as an object": (
        b"/v1/negotiations",
        b'{"items":[{"listing":"L1"}],"price":{"units":5,"asset":"USD"}}',
    ),
    "an item": (b"/v1/negotiations", b'{"items":[{"listing":"L1","x":1}],"price":[5,"USD"]}'),
    "a leg": (b"/v1/swaps", b'{"legs":[{"listing":"L1","to":"A1","x":1}]}'),
    "limits": (b"/v1/agents/A1/mandate", b'{"limits":{"per_deal":5}}'),
    "limits of goods": (
        b"/v1/agents/A1/mandate",
        b'{"limits":{"goods":{"lamp":{"floor":5}}}}',
    ),
    "rules": (b"/v1/market/open", b'{"rules":{"fee":5}}'),
    "an asset": (b"/v1/market/open", b'{"rules":{"assets":[{"code":"USD","exponent":6,"x":1}]}}'),
    "a batch of transfers": (
        b"/v1/transfers",
        b'{"batch":{"id":["a"],"debit":["b"],"credit":["c"],"amount":[1],"amounts":[1]}}',
    ),
}


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_command_is_turned_away(name: str, town: Town) -> None:
    path, body, status = BODIES[name]
    said = told(town, post(town, path, body))
    assert (said.status, said.problem["title"] != "") == (status, True)


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("name", PRICES)
def test_a_number_that_is_no_whole_number_in_reach_is_turned_away(name: str, town: Town) -> None:
    body = b'{"items":[{"listing":"L1"}],"price":[%b,"USD"]}' % PRICES[name]
    said = told(town, post(town, b"/v1/negotiations", body))
    assert said.problem["status"] in (400, 422)


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("name", NESTED)
def test_an_unknown_field_is_turned_away_at_every_level(name: str, town: Town) -> None:
    path, body = NESTED[name]
    assert told(town, post(town, path, body, role="operator")).problem["status"] == 422


@pytest.mark.parametrize("text", ["nul \x00 in it", "\u202e turned \ufeff", "\U0001f41a" * 500])
def test_odd_text_is_freight(text: str, town: Town) -> None:
    town.do("stranger", "post_message", text=text)
    assert town.ask("anybody", "list_messages")["messages"][0]["text"] == text
    listed = town.do("stranger", "post_listing", title=text[:100], category="odd")
    id = listed[0]["listing"]["id"]
    assert town.ask("anybody", "get_listing", listing=id)["title"] == text[:100]
    assert town.call("anybody", "search", {"text": text[:100]}).status_code in (200, 422)


def test_minus_zero_is_zero(town: Town) -> None:
    body = b'{"title":"free","category":"odd","price":[-0,"USD"]}'
    said = told(town, post(town, b"/v1/listings", body))
    assert json.loads(said.body)["events"][0]["listing"]["price"] == [0, "USD"]


@pytest.mark.usefixtures("nothing_recorded")
class TestSize:
    def test_a_large_body_is_turned_away(self, town: Town) -> None:
        body = b'{"text":"' + b"a" * BODY_MAX + b'"}'
        assert told(town, post(town, b"/v1/messages", body)).problem["status"] == 413

    def test_a_length_that_is_too_large_is_turned_away_before_its_body_comes(
        self, town: Town
    ) -> None:
        for length in (b"99999999999", b"9" * 19):
            raw = head(
                b"POST",
                b"/v1/messages",
                b"Content-Type: application/json",
                b"Content-Length: " + length,
                key=town.keys["stranger"],
                id=b"x1",
            )
            assert told(town, raw).problem["status"] == 413

    def test_a_large_body_in_chunks_is_turned_away(self, town: Town) -> None:
        chunk = b"%x\r\n%b\r\n" % (64_000, b"a" * 64_000)
        raw = head(
            b"POST",
            b"/v1/messages",
            b"Content-Type: application/json",
            b"Transfer-Encoding: chunked",
            key=town.keys["stranger"],
            id=b"x2",
        )
        assert told(town, raw + chunk * 5 + b"0\r\n\r\n").problem["status"] == 413

    def test_a_very_long_address_is_turned_away(self, town: Town) -> None:
        for path in (b"/v1/listings?text=" + b"a" * 300_000, b"/v1/listings/" + b"L" * 300_000):
            with Wire(town) as wire:
                wire.send(head(b"GET", path))
                said = wire.said()
            assert said is None or 400 <= said.status < 500

    def test_a_flood_of_headers_is_turned_away(self, town: Town) -> None:
        for flood in ([b"X-%d: y" % n for n in range(5_000)], [b"X: " + b"y" * 1_000_000]):
            with Wire(town) as wire:
                wire.send(head(b"GET", b"/v1/market", *flood))
                said = wire.said()
            assert said is None or said.status < 500
            assert town.ask("anybody", "get_market")["seq"]

    def test_a_squeezed_body_is_turned_away(self, town: Town) -> None:
        bomb = gzip.compress(b'{"text":"' + b"a" * 50_000_000 + b'"}')
        for encoding in (b"gzip", b"deflate", b"br", b"gzip, identity"):
            raw = post(town, b"/v1/messages", bomb, b"Content-Encoding: " + encoding)
            assert told(town, raw).problem["status"] == 415


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "media_type",
    [b"", b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonx", b"\xff/\xfe"],
)
def test_another_media_type_is_turned_away(media_type: bytes, town: Town) -> None:
    lines = [b"Content-Length: %d" % len(HELLO)]
    if media_type:
        lines.append(b"Content-Type: " + media_type)
    raw = head(b"POST", b"/v1/messages", *lines, key=town.keys["stranger"], id=b"m1") + HELLO
    assert told(town, raw).problem["status"] == 415


def test_a_media_type_may_say_its_charset(town: Town) -> None:
    lines = (b"Content-Length: 16", b"Content-Type: Application/JSON; charset=utf-8")
    raw = head(b"POST", b"/v1/messages", *lines, key=town.keys["stranger"], id=b"m2") + HELLO
    assert told(town, raw).status == 200


@pytest.mark.usefixtures("nothing_recorded")
class TestHeaders:
    @pytest.mark.parametrize(
        ("name", "status"),
        [(b"Idempotency-Key", 400), (b"Authorization", 401), (b"Content-Type", 400)],
    )
    def test_a_header_said_twice_is_turned_away(self, name: bytes, status: int, town: Town) -> None:
        value = {
            b"Idempotency-Key": b"h1",
            b"Authorization": b"Bearer " + town.keys["stranger"].encode(),
            b"Content-Type": b"application/json",
        }[name]
        said = told(town, post(town, b"/v1/messages", HELLO, name + b": " + value))
        assert said.problem["status"] == status

    @pytest.mark.parametrize(
        "id", [b"", b"a" * 129, b"caf\xc3\xa9", b"\xff", b"a b", b'"', b'""', b'"a', b"a\tb"]
    )
    def test_an_id_that_is_none_is_turned_away(self, id: bytes, town: Town) -> None:
        lines = (
            b"Content-Type: application/json",
            b"Content-Length: 16",
            b"Idempotency-Key: " + id,
        )
        raw = head(b"POST", b"/v1/messages", *lines, key=town.keys["stranger"]) + HELLO
        assert told(town, raw).problem["status"] == 400

    def test_a_command_without_an_id_is_turned_away(self, town: Town) -> None:
        lines = (b"Content-Type: application/json", b"Content-Length: 16")
        raw = head(b"POST", b"/v1/messages", *lines, key=town.keys["stranger"]) + HELLO
        assert "Idempotency-Key" in told(town, raw).problem["detail"]

    @pytest.mark.parametrize(
        "proof",
        [b"", b"Bearer", b"Bearer ", b"Basic dTpw", b"Bearer " + b"x" * 5_000, b"Bearer \xff\xfe"],
    )
    def test_a_proof_that_is_none_is_turned_away(self, proof: bytes, town: Town) -> None:
        said = told(town, head(b"GET", b"/v1/me", b"Authorization: " + proof))
        assert said.problem["status"] == 401
        assert "www-authenticate" in said.headers


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        (b"/v1/market?x=1", (422,)),
        (b"/v1/listings?limit=5&limit=6", (422,)),
        (b"/v1/listings?limit=0", (422,)),
        (b"/v1/listings?limit=-1", (422,)),
        (b"/v1/listings?limit=9999999999999999999999", (422,)),
        (b"/v1/records?after=9223372036854775808", (422,)),
        (b"/v1/records?after=-9223372036854775809", (422,)),
        (b"/v1/records?after=1.5", (422,)),
        (b"/v1/listings?price_min_units=9007199254740993", (422,)),
        (b"/v1/listings?cursor=AAAA", (422,)),
        (b"/v1/entries?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", (403, 422)),
        (b"/v1/messages?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", (422,)),
        (b"/v1/messages?cursor=LTE", (200, 422)),
        (b"/v1/listings?text=%ff", (400,)),
        (b"/v1/listings?text=%zz", (200, 400)),
        (b"/v1/listings?limit", (400,)),
        (b"/v1/listings?" + b"&".join(b"x%d=1" % n for n in range(100)), (400,)),
        (b"/v1/listings?text=%22%27%3B--", (200, 422)),
        (b"/v1/listings?text=NEAR(", (200, 422)),
        (b"/v1/listings?text=%00", (200, 422)),
        (b"/v1/listings?attributes=a", (422,)),
        (b"/v1/listings/..%2f..%2f..%2fetc%2fpasswd", (404,)),
        (b"/v1/../docs", (404,)),
        (b"/v1/listings/../../openapi.json", (404,)),
        (b"/v1/listings/%00", (404,)),
        (b"/v1/listings/%ff%fe", (404,)),
        (b"/v1/listings/L1%2Fedit", (404, 405)),
        (b"//v1/market", (404,)),
        (b"/v1//market", (404,)),
        (b"/v1/market/", (404,)),
        (b"/V1/MARKET", (404,)),
        (b"/v1/", (404,)),
        (b"/v1/events?types=%ff", (200, 400, 422)),
        (b"/v1/events?kinds=A", (422,)),
        (b"/v1/events?types", (400,)),
        (b"/docs/../../etc/passwd", (404,)),
    ],
)
def test_an_address_that_leads_nowhere_says_so(
    path: bytes, statuses: tuple[int, ...], town: Town
) -> None:
    said = told(town, head(b"GET", path))
    assert said.status in statuses
    if said.status >= 400:
        assert said.problem["detail"]


@pytest.mark.parametrize("path", [b"/v1/\xff", b"/v1/market\x00", b"/v1/a b", b"", b"*", b"v1"])
def test_an_address_that_is_none_is_no_fault(path: bytes, town: Town) -> None:
    with Wire(town) as wire:
        wire.send(head(b"GET", path))
        said = wire.said()
    assert said is None or 400 <= said.status < 500


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("last", [b"-1", b"x", b"9" * 40, b"1.0", b"\xb2", b"0x1"])
def test_a_last_event_that_is_none_is_turned_away(last: bytes, town: Town) -> None:
    said = told(town, head(b"GET", b"/v1/events", b"Last-Event-ID: " + last))
    assert said.problem["status"] == 400


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("method", [b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE", b"PATCH"])
@pytest.mark.parametrize("path", [b"/v1/market", b"/v1/commands", b"/v1/events", b"/v1/messages"])
def test_another_method_is_told_which_are_answered(method: bytes, path: bytes, town: Town) -> None:
    with Wire(town) as wire:
        wire.send(head(method, path))
        said = wire.said(is_head=method == b"HEAD")
        assert said is not None
        assert said.status == 405
        assert set(said.headers["allow"].split(", ")) <= {"GET", "POST"}
        wire.send(head(b"GET", b"/v1/market"))  # the connection is still in step
        after = wire.said()
    assert after is not None
    assert after.status == 200


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -5",),
        (b"Content-Length: +5",),
        (b"Content-Length: 5, 5",),
        (b"Content-Length: 0x5",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: xchunked", b"Content-Length: 5"),
        (b"Transfer-Encoding : chunked",),
        (b"Transfer-Encoding: chunked", b" folded"),
        (b"X: a\nTransfer-Encoding: chunked",),
    ],
)
def test_a_request_of_two_lengths_smuggles_nothing(lines: tuple[bytes, ...], town: Town) -> None:
    """The second request must never be judged in the first one's name."""
    inner = head(
        b"POST",
        b"/v1/messages",
        b"Content-Type: application/json",
        b"Content-Length: 16",
        id=b"smuggled",
    )
    raw = head(
        b"POST",
        b"/v1/messages",
        b"Content-Type: application/json",
        *lines,
        key=town.keys["stranger"],
        id=town.new().encode(),
    )
    with Wire(town) as wire:
        wire.send(raw + b"0\r\n\r\n" + inner + HELLO)
        while (said := wire.said()) is not None:
            assert 400 <= said.status < 500


class TestConnections:
    def test_requests_in_one_go_are_answered_in_order(self, town: Town) -> None:
        paths = (b"/v1/market", b"/v1/none", b"/v1/me", b"/healthz", b"/v1/listings?limit=1")
        with Wire(town) as wire:
            wire.send(b"".join(head(b"GET", path) for path in paths))
            found = [said.status for _ in paths if (said := wire.said()) is not None]
        assert found == [200, 404, 200, 200, 200]

    def test_commands_in_one_go_are_judged_in_order(self, town: Town) -> None:
        with Wire(town) as wire:
            wire.send(b"".join(post(town, b"/v1/messages", HELLO) for _ in range(20)))
            seqs = [json.loads(said.body)["seq"] for _ in range(20) if (said := wire.said())]
        assert seqs == list(range(seqs[0], seqs[0] + 20))

    def test_who_says_no_more_does_not_hang(self, town: Town) -> None:
        with Wire(town) as wire:
            wire.send(head(b"GET", b"/v1/market"))
            wire.end()
            said = wire.said()
        assert said is None or said.status == 200

    def test_who_leaves_in_the_middle_leaves_nothing(self, town: Town) -> None:
        before = head_of(town)
        whole = post(town, b"/v1/messages", HELLO)
        for end in (5, 40, len(whole) - 10, len(whole) - 1):
            with Wire(town) as wire:
                wire.send(whole[:end])
        assert town.ask("anybody", "get_market")["seq"] == before[0]

    def test_slow_people_hold_up_nobody(self, town: Town) -> None:
        whole = post(town, b"/v1/messages", HELLO)
        slow = [Wire(town) for _ in range(50)]
        for n, wire in enumerate(slow):
            wire.send(whole[: n * len(whole) // 50])
        began = time.monotonic()
        assert told(town, post(town, b"/v1/messages", HELLO)).status == 200
        assert time.monotonic() - began < 2
        for wire in slow:
            wire.__exit__()

    def test_a_body_that_comes_in_drops_is_read(self, town: Town) -> None:
        whole = post(town, b"/v1/messages", HELLO)
        with Wire(town) as wire:
            for n in range(0, len(whole), 10):
                wire.send(whole[n : n + 10])
                time.sleep(0.005)
            said = wire.said()
        assert said is not None
        assert said.status == 200


class TestReplays:
    def test_the_same_command_has_one_effect_and_says_so(self, town: Town) -> None:
        raw = post(town, b"/v1/messages", HELLO)
        first, again = told(town, raw), told(town, raw)
        assert again.body == first.body
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_refusal_is_replayed_too(self, town: Town) -> None:
        raw = post(town, b"/v1/negotiations/N1/reject", b"{}")
        first, again = told(town, raw), told(town, raw)
        assert (first.status, first.body) == (403, again.body)
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_quoted_id_is_the_same_id(self, town: Town) -> None:
        lines = (b"Content-Type: application/json", b"Content-Length: 16")
        key = town.keys["stranger"]
        first = told(town, head(b"POST", b"/v1/messages", *lines, key=key, id=b"q1") + HELLO)
        again = told(town, head(b"POST", b"/v1/messages", *lines, key=key, id=b'"q1"') + HELLO)
        assert first.body == again.body

    def test_an_id_with_another_body_is_refused(self, town: Town) -> None:
        fields = {"headers": {"Idempotency-Key": "other-1"}}
        assert town.call("stranger", "post_message", {"text": "a"}, **fields).status_code == 200
        before = head_of(town)
        answer = town.call("stranger", "post_message", {"text": "b"}, **fields)
        assert (answer.status_code, answer.json()["reason"]) == (422, "id_reused")
        assert head_of(town) == before

    def test_one_id_of_two_people_is_two_ids(self, town: Town) -> None:
        fields = {"headers": {"Idempotency-Key": "shared-1"}}
        first = town.call("stranger", "post_message", {"text": "a"}, **fields).json()
        second = town.call("seller", "post_message", {"text": "b"}, **fields).json()
        assert second["seq"] == first["seq"] + 1

    def test_a_race_of_the_same_command_has_one_effect(self, town: Town) -> None:
        raw = post(town, b"/v1/messages", HELLO)
        before = head_of(town)[0]
        found: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(told(town, raw).body)) for _ in range(10)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join(PATIENCE_S)
        assert len(found) == 10
        assert len(set(found)) == 1
        assert head_of(town)[0] == before + 1


class TestBatches:
    def _send(self, town: Town, items: list[Any]) -> Any:
        answer = town.http.post(
            f"{town.url}/v1/commands:batch",
            json={"commands": items},
            headers=town.headers("stranger"),
        )
        return answer.status_code, answer.json()

    def _item(self, town: Town) -> Any:
        return {"id": town.new(), "command": {"type": "PostMessage", "text": "hello"}}

    @pytest.mark.usefixtures("nothing_recorded")
    @pytest.mark.parametrize("count", [0, 1_001])
    def test_none_and_too_many_are_turned_away(self, count: int, town: Town) -> None:
        status, problem = self._send(town, [self._item(town) for _ in range(count)])
        assert (status, problem["status"]) == (422, 422)

    @pytest.mark.parametrize("count", [1, 1_000])
    def test_each_gets_an_answer_of_its_own_in_order(self, count: int, town: Town) -> None:
        status, found = self._send(town, [self._item(town) for _ in range(count)])
        seqs = [one["seq"] for one in found["answers"]]
        assert status == 200
        assert seqs == list(range(seqs[0], seqs[0] + count))

    def test_what_is_malformed_stops_none_of_the_others(self, town: Town) -> None:
        good, twin = self._item(town), self._item(town)
        odd: list[Any] = [
            {"id": town.new(), "command": {"type": "Steal"}},
            {"id": town.new(), "command": 5},
            {"id": town.new(), "command": {"type": "PostMessage", "text": 5}},
            {"id": "", "command": good["command"]},
            {"id": "x" * 129, "command": good["command"]},
            {"id": good["id"], "command": {"type": "PostMessage", "text": "other"}},
            {"id": town.new(), "command": {"type": "Reject", "negotiation": "N1"}},
        ]
        before = head_of(town)[0]
        status, found = self._send(town, [good, *odd, good, twin])
        answers = found["answers"]
        assert status == 200
        assert [one.get("status", 200) for one in answers] == [
            *(200, 422, 422, 422, 422, 422, 422, 403, 200, 200),
        ]
        assert answers[0] | {"is_replay": True} == answers[8]
        assert head_of(town)[0] == before + 3  # one good, one refused by the rules, its twin

    @pytest.mark.usefixtures("nothing_recorded")
    def test_a_batch_that_is_none_is_turned_away_whole(self, town: Town) -> None:
        for body in (
            b"[]",
            b"{}",
            b'{"commands":{}}',
            b'{"commands":[5]}',
            b'{"commands":[{"id":"a"}]}',
            b'{"commands":[{"id":5,"command":{}}]}',
            b'{"commands":[{"id":"a","command":{},"more":1}]}',
            b'{"commands":[],"more":1}',
            b'{"commands":[' + b'{"id":"a","command":' + b"[" * 90_000,
        ):
            assert told(town, post(town, b"/v1/commands:batch", body)).problem["status"] in (
                400,
                422,
            )


def test_one_person_cannot_be_faster_with_more_agents(tmp_path: Path) -> None:
    slow = Rates(
        commands_per_s=1, queries_per_s=1, burst=60, anonymous_per_s=1, anonymous_burst=500
    )
    with populated(tmp_path / "m", limits=slow) as town:
        answers = [
            town.call(role, "post_message", {"text": "hello"})
            for _ in range(40)
            for role in ("buyer", "sibling")
        ]
        late = [one for one in answers if one.status_code == 429]
        assert len(late) > 5
        assert {one.status_code for one in answers} == {200, 429}
        for one in late:
            assert one.headers["content-type"] == "application/problem+json"
            assert int(one.headers["retry-after"]) >= 1
        assert town.call("stranger", "post_message", {"text": "I may"}).status_code == 200
        assert town.call("operator", "set_halt", {"level": "commitments"}).status_code == 200
        batch = {
            "commands": [
                {"id": town.new(), "command": {"type": "PostMessage", "text": "hello"}}
                for _ in range(61)
            ]
        }
        url = f"{town.url}/v1/commands:batch"
        too_large = town.http.post(url, json=batch, headers=town.headers("stranger"))
        assert too_large.status_code == 413
        found = [town.call("anybody", "get_market", {}).status_code for _ in range(600)]
        assert set(found) == {200, 429}


def test_whatever_the_bytes_nothing_breaks(town: Town) -> None:
    """Requests are spoilt at random, byte by byte; the market answers every one, or hangs up."""
    chance = random.Random(20_261_121)
    body = json.dumps({"items": [{"listing": "L1"}], "price": [FEW, "USD"], "to": "A1"}).encode()
    wholes = [
        post(town, b"/v1/negotiations", body),
        post(town, b"/v1/commands", b'{"type":"Reject","negotiation":"N1"}'),
        post(town, b"/v1/commands:batch", b'{"commands":[{"id":"a","command":{"type":"Reject"}}]}'),
        head(b"GET", b"/v1/listings?text=lamp&limit=5&order=newest", key=town.keys["buyer"]),
        head(b"GET", b"/v1/contracts/C1?x=%20", key=town.keys["buyer"]),
    ]
    statuses: dict[int, int] = {}
    for _ in range(CASES):
        raw = bytearray(chance.choice(wholes))
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(len(raw))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randrange(1, 9)]
                case 2:
                    raw[at:at] = chance.choice((b'"', b"\r\n", b"\x00", b"{", b"\xff", b"0" * 30))
                case _:
                    raw[at:at] = raw[at : at + 20]
        with Wire(town) as wire:
            wire.send(bytes(raw))
            wire.end()  # or it would wait for the rest of what was promised
            said = wire.said()
        status = said.status if said else 0
        assert status < 500, bytes(raw)
        statuses[status] = statuses.get(status, 0) + 1
    assert statuses.keys() > {0, 200, 400}
    assert town.ask("anybody", "get_market")["seq"]
