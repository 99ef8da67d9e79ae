"""What the load asks of a server: whole deals between pairs of agents, searches, or an echo.

A deal is six commands: post, offer, counter, accept with the terms just read, deliver, confirm.
A script is a generator that gives one request and is sent the body of its answer.
"""

import hashlib
import json
import os
import time
from base64 import b64encode
from collections.abc import Generator, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import search
from souq.core.signature import TAG, WINDOW_S, components

COMMANDS = "/v1/commands"
BATCH = "/v1/commands:batch"
LISTINGS = "/v1/listings"
POST = b'{"type":"PostListing","title":"desk lamp","category":"home","price":%s}'
OFFER = b'{"type":"MakeOffer","items":[{"listing":"%s"}],"price":%s}'
COUNTER = b'{"type":"Counter","negotiation":"%s","price":%s}'
ACCEPT = b'{"type":"Accept","negotiation":"%s","terms":"%s"}'
DELIVER = b'{"type":"SubmitDelivery","contract":"%s"}'
CONFIRM = b'{"type":"AcceptDelivery","contract":"%s"}'
ASKED, OFFERED, AGREED = (b'[%d000000,"USD"]' % n for n in (10, 6, 8))
STEPS = ("post", "offer", "counter", "accept", "deliver", "confirm")
SEARCHES = 2_000


class Ask(NamedTuple):
    """One request: what it is counted as, its bytes, and how many commands it brings."""

    kind: str
    request: bytes
    commands: int = 1


Script = Generator[Ask, bytes, None]


class Speaker:
    """An agent with a bearer key, or with an Ed25519 key that signs every request."""

    def __init__(self, key: str, fingerprint: str = "", *, host: str) -> None:
        self._host = host
        self._fingerprint = fingerprint
        self._private = (
            Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)) if fingerprint else None
        )
        self._start = b"POST %s HTTP/1.1\r\nhost: " + host.encode() + b"\r\n"
        self._bearer = f"authorization: Bearer {key}\r\n".encode()

    def post(self, path: str, id: str, body: bytes) -> bytes:
        """Give a request's bytes."""
        proof = self._signed(path, id, body) if self._private is not None else self._bearer
        return b"".join(
            (
                self._start % path.encode(),
                proof,
                b"content-type: application/json\r\nidempotency-key: ",
                id.encode(),
                b"\r\ncontent-length: %d\r\n\r\n" % len(body),
                body,
            )
        )

    def get(self, target: str) -> bytes:
        """Give the bytes of a question; only a bearer key asks one here."""
        start = f"GET {target} HTTP/1.1\r\nhost: {self._host}\r\n".encode()
        return b"".join((start, self._bearer, b"\r\n"))

    def _signed(self, path: str, id: str, body: bytes) -> bytes:
        # Written by hand after RFC 9421, 2.5: the library takes longer to sign than a server may
        # take to answer, and the load must not be what is measured.
        assert self._private is not None
        digest = b64encode(hashlib.sha256(body).digest()).decode()
        covered = " ".join(f'"{name}"' for name in components("POST", has_body=True))
        created = int(time.time())
        parameters = (
            f"({covered});created={created};expires={created + WINDOW_S}"
            f';nonce="{os.urandom(16).hex()}";keyid="{self._fingerprint}";tag="{TAG}"'
        )
        base = (
            f'"@method": POST\n"@authority": {self._host}\n"@path": {path}\n"@query": ?\n'
            f'"content-digest": sha-256=:{digest}:\n"idempotency-key": {id}\n'
            f'"@signature-params": {parameters}'
        )
        signature = b64encode(self._private.sign(base.encode())).decode()
        return (
            f"content-digest: sha-256=:{digest}:\r\nsignature-input: {TAG}={parameters}\r\n"
            f"signature: {TAG}=:{signature}:\r\n"
        ).encode()


def after(body: bytes, mark: bytes) -> bytes:
    """Give the text that follows a mark in an answer, up to its closing quotation mark."""
    start = body.index(mark) + len(mark)
    return body[start : body.index(b'"', start)]


def deals(seller: Speaker, buyer: Speaker, name: str, searches: Sequence[bytes] = ()) -> Script:
    """Make deals for ever; where searches are given, each deal begins with one of them."""
    n = 0
    while True:
        n += 1

        def ask(step: str, speaker: Speaker, body: bytes, n: int = n) -> Ask:
            return Ask(step, speaker.post(COMMANDS, f"{name}-{n}-{step}", body))

        if searches:
            yield Ask("search", searches[n % len(searches)], 0)
        body = yield ask("post", seller, POST % ASKED)
        listing = after(body, b'"listing":{"id":"')
        body = yield ask("offer", buyer, OFFER % (listing, OFFERED))
        negotiation = after(body, b'"negotiation":"')
        body = yield ask("counter", seller, COUNTER % (negotiation, AGREED))
        terms = after(body, b'"terms":"')
        body = yield ask("accept", buyer, ACCEPT % (negotiation, terms))
        contract = after(body, b'"contract":"')
        yield ask("deliver", seller, DELIVER % contract)
        yield ask("confirm", buyer, CONFIRM % contract)


def batches(seller: Speaker, buyer: Speaker, name: str, size: int) -> Script:
    """Make deals for ever, so many side by side, each step of all of them in one batch."""
    n = 0
    while True:
        n += 1

        def ask(step: str, speaker: Speaker, commands: list[bytes], n: int = n) -> Ask:
            items = (
                b'{"id":"%s-%d-%s-%d","command":%s}' % (name.encode(), n, step.encode(), k, one)
                for k, one in enumerate(commands)
            )
            body = b'{"commands":[' + b",".join(items) + b"]}"
            return Ask(step, speaker.post(BATCH, f"{name}-{n}-{step}", body), len(commands))

        body = yield ask("post", seller, [POST % ASKED] * size)
        listings = [after(one, b'"listing":{"id":"') for one in _answers(body, size)]
        body = yield ask("offer", buyer, [OFFER % (one, OFFERED) for one in listings])
        talks = [after(one, b'"negotiation":"') for one in _answers(body, size)]
        body = yield ask("counter", seller, [COUNTER % (one, AGREED) for one in talks])
        terms = [after(one, b'"terms":"') for one in _answers(body, size)]
        agreed = [ACCEPT % both for both in zip(talks, terms, strict=True)]
        body = yield ask("accept", buyer, agreed)
        contracts = [after(one, b'"contract":"') for one in _answers(body, size)]
        body = yield ask("deliver", seller, [DELIVER % one for one in contracts])
        _answers(body, size)
        body = yield ask("confirm", buyer, [CONFIRM % one for one in contracts])
        _answers(body, size)


def asked_for_ever(searches: Sequence[bytes], start: int) -> Script:
    """Search for ever."""
    n = start
    while True:
        n += 1
        yield Ask("search", searches[n % len(searches)], 0)


def echoes(host: str) -> Script:
    """Send one command's body for ever to a server that sends it back."""
    request = Speaker("none", host=host).post("/", "echo", OFFER % (b"L1", OFFERED))
    while True:
        yield Ask("echo", request)


def searches(speaker: Speaker) -> list[bytes]:
    """Give searches as people type them, ready to be sent."""
    made = []
    for one in search.queries(SEARCHES, "relevance", 10):
        fields = {"text": one.text, "limit": one.limit, "category": one.category}
        fields |= {"price_max_units": one.price_max_units or 0, "delivery": one.delivery or ""}
        given = urlencode({name: value for name, value in fields.items() if value})
        made.append(speaker.get(f"{LISTINGS}?{given}"))
    return made


def _answers(body: bytes, size: int) -> list[bytes]:
    # Cut at what begins an answer, which is cheaper than reading the document.
    parts = body.split(b'{"seq":')[1:]
    if len(parts) != size or b'"status":' in body:
        told = [one for one in json.loads(body)["answers"] if "status" in one]
        raise RuntimeError(f"refused: {told[:3]}")
    return parts
