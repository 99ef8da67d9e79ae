"""What no client of ours sends: each gets a clear no, and nothing is recorded."""

import json
import os
import random

import pytest

from tests.http.market import FEW, Town
from tests.http.raw import HELLO, Wire, head, post, told

CASES = 6_000 if os.environ.get("SOUQ_FULL") == "1" else 600

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
@pytest.mark.parametrize("role", ["anybody", "buyer", "operator"])
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
        (b"/v1/records?after=-1", (422,)),
        (b"/v1/records?after=-9007199254740991", (422,)),
        (b"/v1/records?after=9007199254740991", (200,)),
        (b"/v1/matches?after=-1", (403, 422)),
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
    path: bytes, statuses: tuple[int, ...], role: str, town: Town
) -> None:
    said = told(town, head(b"GET", path, key=town.keys.get(role, "")))
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
