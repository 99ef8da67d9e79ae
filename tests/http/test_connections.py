"""What is too large, too slow, out of order or of two lengths: nobody else waits for it."""

import gzip
import json
import os
import time

import pytest

from souq.surfaces import guard
from tests.http.market import Town
from tests.http.raw import HELLO, PATIENCE_S, Wire, head, head_of, post, told

BODY_MAX = 256 * 1024
# How soon is soon; a machine that has much else to do is given more, but not until it gives up.
SOON_S = 2.0 if os.environ.get("SOUQ_FULL") == "1" else 20.0


def test_who_waits_here_gives_up_before_the_market_does() -> None:
    assert SOON_S < PATIENCE_S < guard.REQUEST_S


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
        assert time.monotonic() - began < SOON_S
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


class TestGuard:
    def test_what_is_no_http_is_told_so_in_a_document(self, town: Town) -> None:
        for raw in (
            b"hello\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01",
            b"GET /v1/market HTTP/9\r\n\r\n",
        ):
            assert told(town, raw).problem["status"] == 400

    def test_no_head_is_too_large_for_a_clear_no(self, town: Town) -> None:
        floods = (
            (head(b"GET", b"/v1/market", *[b"X-%d: y" % n for n in range(200)]), 431),
            (b"GET /v1/market HTTP/1.1\r\nX: " + b"y" * 2_000_000, 431),
            (head(b"GET", b"/v1/listings?text=" + b"a" * 20_000), 414),
        )
        for raw, status in floods:
            with Wire(town) as wire:
                for at in range(0, len(raw), 30_000):
                    wire.send(raw[at : at + 30_000])
                    time.sleep(0.001)
                said = wire.said()
            # Who is still sending when the server hangs up may lose what it said.
            assert said is None or said.problem["status"] == status

    def test_who_is_too_slow_is_let_go(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(guard, "REQUEST_S", 0.3)
        whole = post(town, b"/v1/messages", HELLO)
        before = head_of(town)
        for end in (0, 10, 100, len(whole) - 1):
            with Wire(town) as wire:
                began = time.monotonic()
                wire.send(whole[:end])
                said = wire.said()
                assert time.monotonic() - began < SOON_S
            assert said is not None
            assert said.problem["status"] == 408
        assert head_of(town) == before

    def test_who_asks_now_and_then_is_kept(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(guard, "REQUEST_S", 1.0)
        with Wire(town) as wire:
            for _ in range(3):
                assert wire.request(head(b"GET", b"/v1/market")).status == 200
                time.sleep(1.2)

    def test_garbage_behind_a_command_is_no_answer_to_it(self, town: Town) -> None:
        for _ in range(20):
            with Wire(town) as wire:
                wire.send(post(town, b"/v1/messages", HELLO) + b"\x00garbage\r\n\r\n")
                said = wire.said()
            assert said is None or said.status == 200

    @pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"nothing"])
    def test_another_protocol_is_not_spoken(self, protocol: bytes, town: Town) -> None:
        more = (b"Connection: Upgrade", b"Upgrade: " + protocol, b"Sec-WebSocket-Version: 13")
        key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        for path in (b"/v1/events", b"/v1/none", b"/none"):
            with Wire(town) as wire:
                wire.send(head(b"GET", path, *more, key))
                said = wire.said()
            assert said is not None
            assert said.status in (200, 404)  # answered as if nothing had been proposed

    def test_it_is_no_proxy(self, town: Town) -> None:
        for raw in (
            head(b"CONNECT", b"example.org:443"),
            head(b"GET", b"http://example.org/v1/none"),
            head(b"PRI", b"*"),
        ):
            with Wire(town) as wire:
                wire.send(raw)
                said = wire.said()
            assert said is None or 400 <= said.status < 500
