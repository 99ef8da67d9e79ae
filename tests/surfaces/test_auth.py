"""Who speaks: a live bearer key does, and nothing that only looks like one."""

import hashlib
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from souq.core.credential import KEY_IDS, KEYS, AddKey, Kind, RevokeKey
from souq.core.rules import OPERATOR
from souq.core.state import State, Table
from souq.sdk.signing import Signer, digest_of_secret, new_key
from souq.surfaces.auth import TOKEN_MAX, Authenticator, Speaker, Unauthenticated
from tests.surfaces.requests import HOST, KINDS, Door, Sent, bare

T = TypeVar("T")
FUZZES = 200
DOOR = Door()  # of the fuzz, which never changes it


@pytest.fixture
def door() -> Door:
    return Door()


def bearer(secret: str, scheme: str = "Bearer") -> Sent:
    return bare().plus("authorization", f"{scheme} {secret}")


def unproven(door: Door, sent: Sent, why: str | None = None) -> None:
    with pytest.raises(Unauthenticated, match=why) as no:
        door.ask(sent)
    assert no.value.challenge.startswith('Bearer realm="souq"')


def test_a_bearer_key_speaks_for_its_owner(door: Door) -> None:
    speaker = door.ask(bearer(door.keys["bearer"].secret))
    assert speaker == Speaker("A1", door.ids["bearer"], "")
    assert door.authenticator.is_live(speaker)


def test_the_client_s_signer_brings_a_bearer_key_as_the_door_wants_it(door: Door) -> None:
    told = Signer(door.keys["bearer"]).headers_for("POST", "http://x/", b"", "i-1")
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    assert door.ask(Sent(headers)).actor == "A1"


def test_who_brings_no_proof_is_anybody(door: Door) -> None:
    speaker = door.ask(bare())
    assert speaker == Speaker("", "", "")
    assert not door.authenticator.is_live(speaker)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR", "Bearer   "])
def test_the_scheme_is_read_in_any_case(door: Door, scheme: str) -> None:
    assert door.ask(bearer(door.keys["bearer"].secret, scheme)).actor == "A1"


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearer:", "Bearerx", " Bearer", "Bearer\t"])
def test_another_scheme_proves_nothing(door: Door, scheme: str) -> None:
    unproven(door, bearer(door.keys["bearer"].secret, scheme), "`Bearer` and a key")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Bearer    "])
def test_an_empty_authorization_is_not_nobody_s_but_refused(door: Door, value: str) -> None:
    unproven(door, bare().plus("authorization", value), "`Bearer` and a key")


def test_an_unknown_key_is_refused(door: Door) -> None:
    unproven(door, bearer(new_key("bearer").secret), "unknown, expired or revoked")


def test_a_key_with_one_letter_more_or_less_or_otherwise_is_refused(door: Door) -> None:
    secret = door.keys["bearer"].secret
    for other in (secret[:-1], secret + "A", secret.swapcase(), f"{secret}, Bearer {secret}"):
        unproven(door, bearer(other))


def test_a_key_is_good_to_the_microsecond_before_it_expires(door: Door) -> None:
    key = new_key("bearer", "A1")
    expires_at = door.now + 5_000_000
    door.add(key, expires_at=expires_at)
    door.now = expires_at - 1
    speaker = door.ask(bearer(key.secret))
    assert door.authenticator.is_live(speaker)
    door.now = expires_at
    assert not door.authenticator.is_live(speaker)
    unproven(door, bearer(key.secret), "unknown, expired or revoked")


def test_a_revoked_key_ends_with_the_next_request(door: Door) -> None:
    sent = bearer(door.keys["bearer"].secret)
    speaker = door.ask(sent)
    door.do("A1", RevokeKey(speaker.key))
    assert not door.authenticator.is_live(speaker)
    unproven(door, sent, "unknown, expired or revoked")


def test_a_replaced_key_ends_as_the_new_one_begins(door: Door) -> None:
    new = new_key("bearer", "A1")
    door.add(new, replaces=door.ids["bearer"])
    unproven(door, bearer(door.keys["bearer"].secret))
    assert door.ask(bearer(new.secret)).actor == "A1"


def test_two_authorizations_are_refused_even_where_both_are_good(door: Door) -> None:
    sent = bearer(door.keys["bearer"].secret)
    unproven(door, sent.plus("authorization", sent.header("authorization")), "two headers")


def test_two_hosts_are_refused(door: Door) -> None:
    unproven(door, bearer(door.keys["bearer"].secret).plus("host", HOST), "two headers Host")


def test_a_bearer_key_beside_a_signature_is_refused(door: Door) -> None:
    secret = door.keys["bearer"].secret
    unproven(door, door.signed().plus("authorization", f"Bearer {secret}"), "not both")
    for name in ("signature", "signature-input"):
        unproven(door, bearer(secret).plus(name, "x"), "not both")


def test_a_bearer_key_has_a_longest_length(door: Door) -> None:
    longest = "x" * TOKEN_MAX
    door.do(OPERATOR, AddKey("P1", "bearer", digest_of_secret(longest)))
    assert door.ask(bearer(longest)).actor == "P1"
    too_long = longest + "x"
    door.do(OPERATOR, AddKey("P1", "bearer", digest_of_secret(too_long)))
    unproven(door, bearer(too_long), "`Bearer` and a key")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_market_knows_of_a_key_is_no_bearer_key(door: Door, kind: Kind) -> None:
    key = door.state().get(KEYS, door.ids[kind])
    assert key is not None
    for leaked in (key.material, key.fingerprint, key.id):
        unproven(door, bearer(leaked))


def test_a_key_that_signs_is_not_taken_as_a_bearer_key_by_any_name_it_has(door: Door) -> None:
    # Planted: a fingerprint that a bearer token would hash to, held by a key of another kind.
    from_token = hashlib.sha256(b"token").hexdigest()
    state = door.state()
    ed25519 = state.get(KEYS, door.ids["ed25519"])
    assert ed25519 is not None
    state.put(KEY_IDS, from_token, ed25519.id)
    unproven(door, bearer("token"))


class Counting(State):
    """A state that counts how often it is looked into."""

    __slots__ = ("looks",)

    def __init__(self, state: State) -> None:
        super().__init__(())
        self.tables = state.tables
        self.looks = 0

    def get(self, table: Table[T], key: str) -> T | None:
        self.looks += 1
        return super().get(table, key)


def test_a_failure_looks_for_its_key_in_memory_and_nowhere_else(door: Door) -> None:
    counting = Counting(door.state())
    authenticator = Authenticator(lambda: counting, lambda: door.now, [HOST])
    for sent in (
        bearer("unknown"),
        bearer("x" * 10_000),
        door.signed(keyid="unknown"),
        door.signed().altered("signature", "souq=:AAAA:"),
        door.signed().altered("signature-input", "x" * 100_000),
        door.signed()._replace(body=b"other"),
    ):
        counting.looks = 0
        with pytest.raises(Unauthenticated):
            door.ask(sent, authenticator)
        assert counting.looks <= 4  # a key twice, by its fingerprint and then by its id


names = st.sampled_from(
    [b"authorization", b"host", b"signature", b"signature-input", b"idempotency-key", b"x"]
)
values = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"Bearer ", b"Bearer x", b"souq=()", b"souq=:AA:", b"market.example", b""]),
)


@hypothesis_settings(max_examples=FUZZES, deadline=None)
@given(st.lists(st.tuples(names, values), max_size=8), st.sampled_from(["GET", "POST", "get"]))
def test_whatever_the_headers_say_is_an_answer_or_a_no(
    headers: list[tuple[bytes, bytes]], method: str
) -> None:
    try:
        speaker = DOOR.ask(Sent(headers, method))
    except Unauthenticated:
        return
    assert speaker == Speaker("")
