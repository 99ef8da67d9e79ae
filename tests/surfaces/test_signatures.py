"""Signatures at the door: each says all that was asked, of this request, here, now and once."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from souq.core.credential import Kind
from souq.core.signature import thumbprint
from souq.sdk.signing import Signer
from souq.surfaces.auth import Speaker, Unauthenticated
from tests.surfaces.requests import (
    BODY,
    GET,
    HOST,
    NONCE,
    PATH,
    POST,
    SIGNED,
    Door,
    Sent,
    bare,
    sign,
)

FUZZES = 200
DOOR = Door()  # of the fuzzes, which never move its clock


@pytest.fixture
def door() -> Door:
    return Door()


def unproven(door: Door, sent: Sent, why: str | None = None) -> None:
    with pytest.raises(Unauthenticated, match=why):
        door.ask(sent)


def both(test: Any) -> Any:
    return pytest.mark.parametrize("kind", SIGNED)(test)


# What is good.


@both
def test_a_signed_request_speaks_for_the_key_s_owner_and_tells_its_nonce(
    door: Door, kind: Kind
) -> None:
    id = door.ids[kind]
    assert door.ask(door.signed(kind)) == Speaker("A1", id, f"{id}:{NONCE}")


@both
def test_the_client_signs_as_the_door_wants_it(door: Door, kind: Kind) -> None:
    signer = Signer(door.keys[kind], lambda: door.now / 1e6)
    for method, path, body, id in (
        ("POST", PATH, BODY, "i-1"),
        ("POST", "/v1/a%2Fb/c%20d", b"", "i-2"),
        ("GET", "/v1/listings", b"", ""),
    ):
        told = signer.headers_for(method, f"https://{HOST}{path}?q=a%20b&c", body, id)
        headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        headers.append((b"host", HOST.encode()))
        assert door.ask(Sent(headers, method, path, b"q=a%20b&c", body)).actor == "A1"


@both
def test_reading_needs_no_nonce_and_may_be_repeated(door: Door, kind: Kind) -> None:
    for nonce in (None, NONCE):
        sent = sign(door.keys[kind], door.now_s, bare("GET", b""), GET, nonce=nonce)
        assert door.ask(sent) == door.ask(sent) == Speaker("A1", door.ids[kind], "")


def test_a_signature_may_cover_more_and_in_any_order(door: Door) -> None:
    covered = ("accept", *reversed(POST))
    assert door.ask(door.signed(covered=covered)).actor == "A1"


def test_the_parameters_may_stand_in_any_order_and_the_label_be_any(door: Door) -> None:
    key = door.keys["ed25519"]
    name = thumbprint("ed25519", key.material)
    first: Any = {"keyid": name, "tag": "souq", "nonce": "n" * 16, "expires": door.now_s + 9}
    sent = sign(key, door.now_s, label="x", **first)
    assert door.ask(sent).actor == "A1"


def test_a_space_before_a_parameter_is_as_the_standard_allows(door: Door) -> None:
    sent = door.signed()
    spaced = sent.header("signature-input").replace(";keyid", ";  keyid")
    assert door.ask(sent.altered("signature-input", spaced)).actor == "A1"


def test_a_signature_that_names_its_algorithm_names_the_key_s(door: Door) -> None:
    assert door.ask(door.signed(alg="ed25519")).actor == "A1"
    unproven(door, door.signed(alg="ecdsa-p256-sha256", nonce="n" * 16), "algorithm")


@pytest.mark.parametrize("port", [":80", ":443"])
def test_the_scheme_s_own_port_may_be_told_or_not(door: Door, port: str) -> None:
    assert door.ask(door.signed().altered("host", HOST + port)).actor == "A1"
    assert door.ask(door.signed(nonce="n" * 16).altered("host", HOST.upper())).actor == "A1"


# What it must cover.


@both
@pytest.mark.parametrize("missing", POST)
def test_each_component_must_be_covered(door: Door, kind: Kind, missing: str) -> None:
    covered = tuple(one for one in POST if one != missing)
    unproven(door, door.signed(kind, covered=covered), f'does not cover "{missing}"')


@pytest.mark.parametrize("missing", GET)
def test_each_component_of_reading_must_be_covered(door: Door, missing: str) -> None:
    covered = tuple(one for one in GET if one != missing)
    sent = sign(door.keys["ed25519"], door.now_s, bare("GET", b""), covered, nonce=None)
    unproven(door, sent, f'does not cover "{missing}"')


def test_a_component_in_disguise_covers_nothing(door: Door) -> None:
    # `;sf` would be another text, and `;req` another message.
    for name, other in (("content-digest", "sf"), ("@method", "req"), ("idempotency-key", "bs")):
        sent = door.signed()
        told = sent.header("signature-input").replace(f'"{name}"', f'"{name}";{other}')
        unproven(door, sent.altered("signature-input", told))


def test_a_component_covered_twice_is_refused(door: Door) -> None:
    unproven(door, door.signed(covered=(*POST, "@path")), "multiple times")


@both
@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"method": "DELETE"},
        {"path": "/v1/commands:batch"},
        {"path": "/v1/Commands"},
        {"path": "/v1/commands/"},
        {"path": "//v1/commands"},
        {"path": "/v1/%63ommands"},
        {"query": b"a=1"},
        {"body": BODY + b" "},
        {"body": b"{}"},
        {"body": b""},
    ],
    ids=str,
)
def test_whatever_is_altered_is_refused(door: Door, kind: Kind, changed: dict[str, Any]) -> None:
    sent = door.signed(kind)
    unproven(door, sent._replace(**changed))
    assert door.ask(sent).actor == "A1"  # nor was the nonce spent on it


def test_a_query_counts_in_its_order_and_its_spelling(door: Door) -> None:
    sent = door.signed(sent=bare(query=b"a=1&b=2%20"))
    for other in (b"b=2%20&a=1", b"a=1&b=2+", b"a=1&b=2%20&", b"a=1", b"a=1&b=2%2520", b""):
        unproven(door, sent._replace(query=other))
    assert door.ask(sent).actor == "A1"


def test_a_path_counts_in_its_spelling(door: Door) -> None:
    sent = door.signed(sent=bare(path="/v1/a%2Fb%C3%A9"))
    for other in ("/v1/a/b%C3%A9", "/v1/a%2fb%C3%A9", "/v1/a%2Fb%c3%a9", "/v1/a%252Fb%C3%A9"):
        unproven(door, sent._replace(path=other))
    assert door.ask(sent).actor == "A1"


@pytest.mark.parametrize("path", ["", "*", "v1", "/a#b", "/a?b", "http://x/", "/%", "/%zz", "/é"])
def test_a_path_that_is_none_is_refused(door: Door, path: str) -> None:
    sent = door.signed()
    unproven(door, sent._replace(path=path))
    unproven(door, sent._replace(path=PATH + "#b"))  # of which no more than was signed is left
    unproven(door, sent._replace(query=b"#b"))
    unproven(door, sent._replace(query=b"a#b"))
    unproven(door, sent._replace(query=b"\xff"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idempotency-key", "i-2"),
        ("idempotency-key", ""),
        ("content-digest", "sha-256=:" + "A" * 43 + "=:"),
        ("content-digest", "sha-256=1"),
        ("content-digest", ""),
        ("content-digest", "md5=:AAAA:"),
        ("host", "elsewhere.example"),
        ("host", "market.example:8000"),
        ("host", "market.example.elsewhere.example"),
        ("host", "127.0.0.1:8000"),  # is ours too, and another than was signed
        ("host", ""),
        ("signature", "souq=:AAAA:"),
        ("signature", "other=:AAAA:"),
        ("signature", "souq=1"),
        ("signature", ""),
        ("signature-input", ""),
        ("signature-input", "souq"),
        ("signature-input", "é"),
    ],
)
def test_an_altered_header_is_refused(door: Door, name: str, value: str) -> None:
    unproven(door, door.signed().altered(name, value))


@pytest.mark.parametrize(
    "name", ["host", "signature", "signature-input", "idempotency-key", "content-digest"]
)
def test_a_header_that_is_missing_or_doubled_is_refused(door: Door, name: str) -> None:
    sent = door.signed()
    unproven(door, sent.without(name))
    unproven(door, sent.plus(name, sent.header(name)))
    unproven(door, sent.plus(name, "other"))
    assert door.ask(sent).actor == "A1"


def test_a_digest_must_be_the_body_s_even_where_it_is_signed(door: Door) -> None:
    for digest in (hashlib.sha256(b"other").digest(), b"x" * 31):
        told = f"sha-256=:{b64encode(digest).decode()}:"
        unproven(door, door.signed(sent=bare().altered("content-digest", told)), "igest")
    both_told = f"{bare().header('content-digest')}, sha-512=:{b64encode(b'x' * 64).decode()}:"
    unproven(door, door.signed(sent=bare().altered("content-digest", both_told)), "igest")


def test_a_request_signed_for_another_host_is_refused_here(door: Door) -> None:
    signer = Signer(door.keys["ed25519"], lambda: door.now / 1e6)
    told = signer.headers_for("POST", f"https://elsewhere.example{PATH}", BODY, "i-1")
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    for host in ("elsewhere.example", HOST):
        unproven(door, Sent([*headers, (b"host", host.encode())]))


# When.


@both
def test_a_signature_is_good_for_its_window_and_not_a_second_more(door: Door, kind: Kind) -> None:
    for age, expires_in in ((0, 1), (0, 60), (60, 60), (-5, 60)):
        created = door.now_s - age
        sent = door.signed(kind, created=created, expires=created + expires_in, nonce=f"{age:016}")
        if (age, expires_in) == (0, 60):
            sent = door.signed(kind, nonce="m" * 16)
        assert door.ask(sent).actor == "A1"
    for age, expires_in, why in (
        (61, 60, "too old"),
        (2, 1, "too old"),
        (-6, 60, "future"),
        (0, 61, "at most 60"),
        (0, 0, "at most 60"),
        (0, -1, "at most 60"),
        (30, 61, "at most 60"),
    ):
        created = door.now_s - age
        sent = door.signed(kind, created=created, expires=created + expires_in, nonce="n" * 16)
        unproven(door, sent, why)


# Whatever strangers send.


@hypothesis_settings(max_examples=FUZZES, deadline=None)
@given(
    st.sampled_from(SIGNED),
    st.sampled_from(["signature-input", "signature", "content-digest", "idempotency-key", "host"]),
    st.integers(0, 400),
    st.integers(0, 12),
    st.one_of(
        st.text('"();=:,\\ aZ0?@-*%\t\r\n\x00é', max_size=12),
        st.sampled_from(
            [";req", ";sf", ";bs", ";tr", ';key="sha-256"', ";created=@1", "=?1", "()"]
        ),
        st.sampled_from(['"@status" ', '"@query-param";name="a" ', '"set-cookie" ', ";a=1.5"]),
    ),
)
def test_a_mangled_header_is_refused_and_never_an_error(
    kind: Kind, name: str, at: int, cut: int, put: str
) -> None:
    whole = DOOR.signed(kind, nonce=f"fuzz-{at:05}-{cut:05}-{hash(put) & 0xFFFF:05}")
    text = whole.header(name)
    at %= len(text) + 1
    mangled = whole.altered(name, text[:at] + put + text[at + cut :])
    try:
        speaker = DOOR.ask(mangled)
    except Unauthenticated:
        return
    assert speaker.actor == "A1"
    # Only what means the same may pass: what was signed is as it was, and so is the proof.
    for one in ("content-digest", "idempotency-key"):
        assert mangled.header(one).strip(" \t") == whole.header(one)
