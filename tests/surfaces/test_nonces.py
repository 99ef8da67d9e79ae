"""A nonce is good once: at this door, at the next one, and whatever the clock does meanwhile."""

from base64 import b64decode, b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from souq.core.credential import Kind, RevokeKey
from souq.core.rules import OPERATOR
from souq.core.signature import AHEAD_S, NONCE_LENGTH, WINDOW_S
from souq.sdk.signing import Signer, new_key
from souq.surfaces.auth import Unauthenticated
from souq.surfaces.signatures import NONCES_MAX, Nonces
from tests.surfaces.requests import BODY, GET, HOST, NONCE, PATH, SIGNED, START_S, Door, bare, sign

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's group
WALKS = 100


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("kind", SIGNED)
def test_the_same_request_is_refused_the_second_time(door: Door, kind: Kind) -> None:
    sent = door.signed(kind)
    door.ask(sent)
    for _ in range(WINDOW_S + 1):
        with pytest.raises(Unauthenticated, match="used before"):
            door.ask(sent)
        door.pass_s(1)
    with pytest.raises(Unauthenticated, match="too old"):
        door.ask(sent)


def test_another_request_with_a_nonce_that_was_used_is_refused(door: Door) -> None:
    door.ask(door.signed())
    door.pass_s(3)
    other = bare().altered("idempotency-key", "i-2")
    with pytest.raises(Unauthenticated, match="used before"):
        door.ask(door.signed(sent=other))


def test_the_other_signature_that_es256_allows_does_not_open_the_door_again(door: Door) -> None:
    # Who has (r, s) has (r, n - s) too: what must be good once is the nonce, not the signature.
    sent = door.signed("es256")
    raw = b64decode(sent.header("signature").removeprefix("souq=:").removesuffix(":"))
    turned = raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    twin = sent.altered("signature", f"souq=:{b64encode(turned).decode()}:")
    assert door.ask(twin, door.open()).actor == "A1"  # planted: it does hold
    door.ask(sent)
    with pytest.raises(Unauthenticated, match="used before"):
        door.ask(twin)


def test_a_nonce_of_one_key_says_nothing_of_another_s(door: Door) -> None:
    second = new_key("ed25519", "A1")
    door.add(second)
    nonces = {door.ask(door.signed(kind)).nonce for kind in SIGNED}
    nonces.add(door.ask(sign(second, door.now_s)).nonce)
    assert len(nonces) == 3
    assert all(nonce.endswith(f":{NONCE}") for nonce in nonces)


@pytest.mark.parametrize("nonce", [None, "", "n" * (NONCE_LENGTH[0] - 1), "n" * 65, "n" * 500])
def test_a_nonce_that_is_missing_too_short_or_too_long_is_refused(
    door: Door, nonce: str | None
) -> None:
    with pytest.raises(Unauthenticated, match="a nonce has 16 to 64 characters"):
        door.ask(door.signed(nonce=nonce))


@pytest.mark.parametrize("length", NONCE_LENGTH)
def test_the_shortest_and_the_longest_nonce_pass(door: Door, length: int) -> None:
    assert (
        door.ask(door.signed(nonce="n" * length)).nonce == f"{door.ids['ed25519']}:{'n' * length}"
    )


def test_reading_spends_no_nonce(door: Door) -> None:
    door.ask(sign(door.keys["ed25519"], door.now_s, bare("GET", b""), GET))
    assert door.ask(door.signed()).actor == "A1"


def test_what_fails_spends_no_nonce(door: Door) -> None:
    sent = door.signed()
    for wrong in (sent._replace(body=b""), sent.altered("host", "127.0.0.1:8000")):
        with pytest.raises(Unauthenticated):
            door.ask(wrong)
    assert door.ask(sent).actor == "A1"


def test_the_client_never_signs_with_one_nonce_twice(door: Door) -> None:
    signer = Signer(door.keys["ed25519"], lambda: door.now / 1e6)
    told = [signer.headers_for("POST", f"https://{HOST}{PATH}", BODY, "i-1") for _ in range(100)]
    assert len({one["Signature-Input"] for one in told}) == 100


# After a restart.


def test_a_record_carries_its_nonce_and_the_next_door_reads_it_there(door: Door) -> None:
    sent = door.signed()
    speaker = door.ask(sent)
    door.do(speaker.actor, RevokeKey(door.ids["bearer"]), speaker.nonce)
    seq, _ = door.store.head()
    (entry,) = door.store.read(seq)
    assert msgspec.json.decode(entry.body)["nonce"] == speaker.nonce
    after = door.open()
    assert after.recall(door.store) == 1
    with pytest.raises(Unauthenticated, match="used before"):
        door.ask(sent, after)
    assert door.ask(door.signed(nonce="n" * 16), after).actor == "A1"


def test_a_refused_command_s_nonce_is_read_again_too(door: Door) -> None:
    sent = door.signed()
    speaker = door.ask(sent)
    answer = door.engine.submit("A1", "i-1", RevokeKey("K999"), speaker.nonce)
    assert answer.refusal is not None
    after = door.open()
    after.recall(door.store)
    with pytest.raises(Unauthenticated, match="used before"):
        door.ask(sent, after)


@pytest.mark.parametrize("jump_s", [-3_600, -70, -60, -6, -1, 0, 1, 59, 60, 61, 70, 71, 3_600])
def test_a_restart_under_another_clock_lets_no_replay_through(door: Door, jump_s: int) -> None:
    sent = [
        sign(door.keys["ed25519"], door.now_s - age, nonce=f"{age:016}") for age in (-5, 0, 30, 60)
    ]
    for one in sent:
        door.do("A1", RevokeKey(door.add(new_key("bearer", "A1"))), door.ask(one).nonce)
    right = door.now
    door.pass_s(jump_s)
    after = door.open()
    after.recall(door.store)
    for moment in (door.now, right, right + 59_000_000, right + 66_000_000, right):
        door.now = moment
        for one in sent:
            with pytest.raises(Unauthenticated):
                door.ask(one, after)


def test_after_a_takeover_what_the_other_door_let_in_is_not_let_in_again(door: Door) -> None:
    waiting = door.open()  # of a standby, long before it leads
    door.pass_s(600)
    sent = door.signed()
    door.do("A1", RevokeKey(door.ids["bearer"]), door.ask(sent).nonce)
    signed_at = door.now
    door.pass_s(600)
    waiting.recall(door.store)
    door.now = signed_at  # the clock goes wrong, to when the signature was good
    with pytest.raises(Unauthenticated, match="too old"):
        door.ask(sent, waiting)


steps = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 40)),
    st.tuples(st.just("pass"), st.integers(-200, 200)),
    st.tuples(st.just("send"), st.integers(-AHEAD_S, WINDOW_S)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("stand by"), st.just(0)),
    st.tuples(st.just("take over"), st.just(0)),
)


@hypothesis_settings(max_examples=WALKS, deadline=None)
@given(st.lists(steps, min_size=3, max_size=25))
def test_no_walk_of_clocks_and_restarts_opens_the_door_twice_to_one_request(
    walk: list[tuple[str, int]],
) -> None:
    door = Door()
    at, standby, accepted = door.authenticator, door.open(), []
    for n, (step, number) in enumerate(walk):
        if step == "pass":
            door.pass_s(number)
        elif step == "send":
            sent = sign(door.keys["ed25519"], door.now_s - number, nonce=f"{n:016}")
            try:
                nonce = door.ask(sent, at).nonce
            except Unauthenticated:
                continue  # a clock that was put back makes a door refuse too much, never too little
            door.engine.submit("A1", f"i-{n}", RevokeKey("K0"), nonce)
            accepted.append(sent)
        elif step == "restart":
            at = door.open()
            at.recall(door.store)
        elif step == "stand by":
            standby = door.open()
        else:
            at, standby = standby, door.open()
            at.recall(door.store)
        for sent in accepted:
            with pytest.raises(Unauthenticated):
                door.ask(sent, at)


def test_many_records_of_a_minute_are_all_recalled(door: Door) -> None:
    door.do(OPERATOR, RevokeKey(door.ids["es256"]), "K0:of-long-ago-00000")
    door.pass_s(WINDOW_S + 2 * AHEAD_S + 1)
    for n in range(4_500):  # more than two of the chunks that are read at a time
        door.engine.submit("A1", f"m-{n}", RevokeKey("K0"), f"K1:{n:016}" if n % 2 else "")
    assert door.open().recall(door.store) == 2_250


# How many.


def test_a_door_remembers_so_many_nonces_and_refuses_rather_than_forget() -> None:
    nonces = Nonces(START_S, most=100)
    for n in range(100):
        nonces.spend(f"K1:{n}", START_S + n // 50, START_S)
    for n in range(100, 110):
        with pytest.raises(Unauthenticated, match="too many"):
            nonces.spend(f"K1:{n}", START_S, START_S)
    with pytest.raises(Unauthenticated, match="used before"):
        nonces.spend("K1:0", START_S, START_S)
    assert len(nonces) == 100
    nonces.spend("K1:100", START_S + 61, START_S + 61)  # of the first second, fifty are too old
    assert len(nonces) == 51


def test_a_door_remembers_a_minute_at_sixteen_thousand_requests_a_second() -> None:
    assert NONCES_MAX >= 16_000 * WINDOW_S
    assert Nonces(START_S).most == NONCES_MAX


def test_what_is_forgotten_is_too_old_even_where_the_clock_goes_back() -> None:
    nonces = Nonces(START_S)
    nonces.spend("K1:a", START_S, START_S)
    nonces.spend("K1:b", START_S + 100, START_S + 100)
    assert len(nonces) == 1
    with pytest.raises(Unauthenticated, match="too old"):
        nonces.spend("K1:a", START_S, START_S)
    nonces.spend("K1:c", START_S + 1, START_S + 1)  # later than all that is forgotten
