"""Sessions and codes by themselves, under a clock of the test's own."""

import pytest

from souq.surfaces.auth import Speaker
from souq.surfaces.console import codes, sessions
from souq.surfaces.console.codes import CODE_S, Codes
from souq.surfaces.console.sessions import LENGTH_S, OWN_MAX, Session, Sessions

BEA, SOL = Speaker("P1", "K1"), Speaker("P2", "K2")
IDLE_S = 600.0


class Desk:
    """Sessions, with keys that can be revoked and a clock that can be moved."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.revoked: set[str] = set()
        self.ended = 0
        self.sessions = Sessions(
            lambda who: who.key not in self.revoked,
            idle_s=IDLE_S,
            clock=lambda: self.now_s,
            on_end=self._hear,
        )

    def _hear(self) -> None:
        self.ended += 1

    def begun(self, who: Speaker = BEA) -> tuple[str, Session]:
        """Begin a session; give its secret too."""
        secret = self.sessions.begin(who, via="code")
        assert secret is not None
        session = self.sessions.find(secret)
        assert session is not None
        return secret, session


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_session_ends_after_a_while_without_use(desk: Desk) -> None:
    secret, _ = desk.begun()
    desk.now_s += IDLE_S - 1
    assert desk.sessions.find(secret) is not None
    desk.now_s += IDLE_S - 1
    assert desk.sessions.find(secret) is not None
    desk.now_s += IDLE_S
    assert desk.sessions.find(secret) is None


def test_a_page_that_looks_again_by_itself_keeps_no_session_up(desk: Desk) -> None:
    secret, session = desk.begun()
    for _ in range(int(IDLE_S) - 1):
        desk.now_s += 1
        assert desk.sessions.find(secret, is_use=False) is not None
        assert desk.sessions.is_live(session)
    desk.now_s += 1
    assert desk.sessions.find(secret, is_use=False) is None


def test_a_session_ends_at_its_last_hour_however_much_it_is_used(desk: Desk) -> None:
    secret, session = desk.begun()
    for _ in range(int(LENGTH_S // 60) - 1):
        desk.now_s += 60
        assert desk.sessions.find(secret) is not None
    desk.now_s += 60
    assert not desk.sessions.is_live(session)
    assert desk.sessions.find(secret) is None


def test_a_session_ends_with_its_key_and_does_not_come_back(desk: Desk) -> None:
    secret, session = desk.begun()
    desk.revoked.add("K1")
    assert not desk.sessions.is_live(session)
    desk.revoked.clear()
    assert desk.sessions.find(secret) is None
    desk.revoked.add("K1")
    assert desk.sessions.begin(BEA, via="code") is None


def test_ending_sessions_wakes_the_streams(desk: Desk) -> None:
    secret, session = desk.begun()
    desk.sessions.end(session)
    assert desk.ended == 1
    assert desk.sessions.find(secret) is None


def test_the_secret_is_kept_nowhere(desk: Desk) -> None:
    secret, session = desk.begun()
    kept = repr([getattr(session, name) for name in Session.__slots__])
    assert secret not in kept
    assert desk.sessions.find(session.id) is None
    assert desk.sessions.find(session.name) is None


def test_nobodys_many_sessions_end_other_peoples(desk: Desk) -> None:
    secret, _ = desk.begun(SOL)
    first, _ = desk.begun(BEA)
    for _ in range(OWN_MAX):
        desk.begun(BEA)
    assert len(desk.sessions.of("P1")) == OWN_MAX
    assert desk.sessions.find(first) is None
    assert desk.sessions.find(secret) is not None


def test_the_whole_number_of_sessions_has_a_bound(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 10)
    for n in range(25):
        desk.begun(Speaker(f"P{n}", f"K{n}"))
    assert len(desk.sessions) == 10


def test_what_a_page_will_say_has_a_bound(desk: Desk) -> None:
    _, session = desk.begun()
    for n in range(1_000):
        session.told.append((str(n), False))
    assert len(session.told) < 20


def test_a_code_is_over_after_two_minutes(desk: Desk) -> None:
    first = desk.sessions.codes.new(BEA)
    desk.now_s += CODE_S - 1
    second = desk.sessions.codes.new(SOL)
    assert desk.sessions.begin_by_code(first) is not None
    desk.now_s += CODE_S
    assert desk.sessions.begin_by_code(second) is None


def test_ten_thousand_guesses_find_no_code_and_spend_none() -> None:
    found = Codes(lambda: 0.0)
    code = found.new(BEA)
    assert not any(found.spend(f"{n:010}") for n in range(10_000))
    assert found.spend(code.lower()) == BEA
    assert found.spend(code) is None


def test_codes_are_drawn_from_all_their_signs_and_never_alike() -> None:
    found = Codes(lambda: 0.0)
    drawn = {found.new(Speaker("P1", f"K{n}")) for n in range(2_000)}
    assert len(drawn) == 2_000
    assert {len(one) for one in drawn} == {11}
    assert len(set("".join(drawn))) == 31  # 30 signs, and the dash
    assert not set("".join(drawn)) & set("01ILOU")


def test_the_number_of_open_codes_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "CODES_MAX", 5)
    now_s = 0.0
    found = Codes(lambda: now_s)
    drawn = [found.new(Speaker("P1", f"K{n}")) for n in range(12)]
    assert len(found) == 5
    assert found.spend(drawn[0]) is None
    assert found.spend(drawn[-1]) is not None
    now_s = CODE_S
    found.new(BEA)
    assert len(found) == 1
