"""Limits: nobody asks faster than granted, nobody is turned away who asks slower."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.core.state import State
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.surfaces.limits import SECOND_NS, Limiter, Limits, Rates, address
from souq.surfaces.problems import Malformed

HERE: Any = {"client": ("192.0.2.1", 40_000)}
ELSEWHERE: Any = {"client": ("192.0.2.2", 40_000)}


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 5_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += math.ceil(seconds * SECOND_NS)


def test_a_burst_passes_at_once_and_then_the_rate() -> None:
    clock = Clock()
    limiter = Limiter(10, 5, clock)
    assert [limiter.take("P1") for _ in range(6)] == [0, 0, 0, 0, 0, 0.1]
    clock.pass_s(0.1)
    assert limiter.take("P1") == 0
    assert limiter.take("P1") > 0


def test_after_the_wait_that_was_told_it_passes_and_not_a_nanosecond_before() -> None:
    clock = Clock()
    limiter = Limiter(3, 7, clock)
    assert limiter.take("P1", 7) == 0
    wait_ns = round(limiter.take("P1", 5) * SECOND_NS)
    clock.now += wait_ns - 1
    assert limiter.take("P1", 5) > 0
    clock.now += 1
    assert limiter.take("P1", 5) == 0


def test_a_fraction_of_a_nanosecond_is_rounded_in_nobodys_favour() -> None:
    clock = Clock()
    limiter = Limiter(3, 1, clock)
    limiter.take("P1")
    clock.now += SECOND_NS // 3
    assert limiter.take("P1") > 0
    clock.now += 1
    assert limiter.take("P1") == 0


def test_being_told_to_wait_costs_nothing() -> None:
    clock = Clock()
    limiter = Limiter(1, 1, clock)
    limiter.take("P1")
    waits = {limiter.take("P1") for _ in range(1_000)}
    assert waits == {1.0}


def test_one_who_asks_too_fast_does_not_slow_another() -> None:
    limiter = Limiter(1, 1, Clock())
    limiter.take("P1")
    assert limiter.take("P1") > 0
    assert limiter.take("P2") == 0


def test_what_is_larger_than_a_full_bucket_never_passes_and_takes_nothing() -> None:
    limiter = Limiter(1, 10, Clock())
    assert limiter.take("P1", 11) == math.inf
    assert limiter.take("P1", 10) == 0


@pytest.mark.parametrize(("rate", "burst", "most"), [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1)])
def test_a_limiter_needs_a_rate_a_burst_and_room(rate: float, burst: int, most: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limiter(rate, burst, buckets_max=most)


steps = st.lists(
    st.tuples(
        st.integers(0, 3 * SECOND_NS) | st.sampled_from([0, 1, SECOND_NS // 7]),  # time that passes
        st.sampled_from(["P1", "P2"]),
        st.integers(1, 12),
    ),
    min_size=1,
    max_size=60,
)


def passed_too_fast(limiter: Any, clock: Clock, asked: Any, rate: float, burst: int) -> bool:
    """Counts in every window of every name what passed, by brute force."""
    passed: dict[str, list[tuple[int, int]]] = {"P1": [], "P2": []}
    for gap_ns, who, cost in asked:
        clock.now += gap_ns
        if limiter.take(who, cost) == 0:
            passed[who].append((clock.now, cost))
    for taken in passed.values():
        for first, (start, _) in enumerate(taken):
            total = 0
            for end, cost in taken[first:]:
                total += cost
                if (total - burst) * SECOND_NS > rate * (end - start):
                    return True
    return False


@given(steps, st.integers(1, 50) | st.sampled_from([0.3, 333.0]), st.integers(1, 20))
def test_in_any_window_at_most_the_burst_and_what_the_rate_grants_pass(
    asked: Any, rate: float, burst: int
) -> None:
    clock = Clock()
    assert not passed_too_fast(Limiter(rate, burst, clock), clock, asked, rate, burst)


@given(steps, st.integers(1, 50), st.integers(1, 20))
def test_who_waits_as_long_as_told_always_passes(asked: Any, rate: int, burst: int) -> None:
    clock = Clock()
    limiter = Limiter(rate, burst, clock)
    for gap_ns, who, cost in asked:
        clock.now += gap_ns
        wait_s = limiter.take(who, cost)
        if 0 < wait_s < math.inf:
            clock.now += round(wait_s * SECOND_NS)
            assert limiter.take(who, cost) == 0


def test_the_window_law_catches_a_limiter_that_grants_a_burst_every_second() -> None:
    class FixedWindows:
        """The well-known mistake: a counter that starts again with every second."""

        def __init__(self, burst: int, clock: Clock) -> None:
            self.burst, self.clock = burst, clock
            self.used: dict[tuple[str, int], int] = {}

        def take(self, who: str, cost: int) -> float:
            window = (who, self.clock() // SECOND_NS)
            if self.used.get(window, 0) + cost > self.burst:
                return 1.0
            self.used[window] = self.used.get(window, 0) + cost
            return 0.0

    clock = Clock()
    asked = [(SECOND_NS - 1, "P1", 10), (1, "P1", 10)]  # the end of one second, the start of one
    assert passed_too_fast(FixedWindows(10, clock), clock, asked, 10, 10)


def test_a_flood_of_new_addresses_does_not_grow_it_without_bound() -> None:
    clock = Clock()
    limiter = Limiter(1, 10, clock, buckets_max=500)
    for n in range(5_000):
        assert limiter.take(f"10.0.{n >> 8}.{n & 255}") == 0
    assert len(limiter) == 500


def test_a_flood_pushes_out_who_asked_longest_ago() -> None:
    limiter = Limiter(1, 2, Clock(), buckets_max=2)
    for who in ("P1", "P2", "P1", "P3"):
        assert limiter.take(who) == 0
    assert limiter.take("P1") > 0  # still known, and empty


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, SECOND_NS), st.integers(0, 200)), max_size=300))
def test_it_never_holds_more_than_it_may(asked: list[tuple[int, int]]) -> None:
    clock = Clock()
    limiter = Limiter(2, 3, clock, buckets_max=20)
    for gap_ns, n in asked:
        clock.now += gap_ns
        limiter.take(str(n))
        assert len(limiter) <= 20


def test_idle_buckets_are_let_go_as_others_come() -> None:
    clock = Clock()
    limiter = Limiter(1, 10, clock)
    for n in range(1_000):
        limiter.take(f"early {n}")
    clock.pass_s(10)
    for n in range(500):
        limiter.take(f"late {n}")
    assert len(limiter) == 500


def market() -> State:
    """A principal P1 with agents A1 and A2, and P2 with A3."""
    with Engine(MemoryStore()) as engine:
        engine.submit(OPERATOR, "1", OpenMarket()).need()
        for n, name in enumerate(("bea", "sol")):
            engine.submit(OPERATOR, f"p{n}", RegisterPrincipal(PublicText(name))).need()
        for n, principal in enumerate(("P1", "P1", "P2")):
            engine.submit(OPERATOR, f"a{n}", RegisterAgent(principal, PublicText(f"a{n}"))).need()
        return engine.fork()


def limits(rates: Rates, clock: Clock | None = None) -> Limits:
    state = market()
    return Limits(rates, lambda: state, clock or Clock())


def test_agents_share_their_principals_bucket() -> None:
    door = limits(Rates(commands_per_s=1, burst=3))
    door.command("A1", HERE)
    door.command("A2", ELSEWHERE)
    door.command("P1", HERE)
    for actor in ("A1", "A2", "P1"):
        with pytest.raises(Malformed) as no:
            door.command(actor, HERE)
        assert no.value.status == 429
    door.command("A3", HERE)  # who speaks for somebody else


def test_a_batch_costs_as_many_as_it_holds() -> None:
    door = limits(Rates(commands_per_s=1, burst=100))
    door.command("A1", HERE, 99)
    door.command("A1", HERE)
    with pytest.raises(Malformed):
        door.command("A1", HERE)


def test_a_batch_that_can_never_pass_is_told_so_instead_of_to_wait() -> None:
    with pytest.raises(Malformed) as no:
        limits(Rates(burst=100)).command("A1", HERE, 101)
    assert no.value.status == 413
    assert "100" in no.value.why
    assert "Retry-After" not in no.value.headers


def test_retry_after_is_whole_seconds_and_true() -> None:
    clock = Clock()
    door = limits(Rates(commands_per_s=2, burst=10), clock)
    door.command("A1", HERE, 10)
    with pytest.raises(Malformed) as no:
        door.command("A1", HERE, 3)
    assert no.value.headers == {"Retry-After": "2"}  # a second and a half, rounded up
    clock.pass_s(2)
    door.command("A1", HERE, 3)


def test_questions_and_commands_do_not_draw_on_each_other() -> None:
    door = limits(Rates(commands_per_s=1, queries_per_s=1, burst=1))
    door.command("A1", HERE)
    door.query("A1", HERE)


def test_the_operator_is_never_told_to_wait() -> None:
    door = limits(Rates(commands_per_s=1, queries_per_s=1, burst=1))
    for _ in range(50):
        door.command(OPERATOR, HERE)
        door.command(OPERATOR, HERE, 1_000)
        door.query(OPERATOR, HERE)


def test_who_proves_nothing_counts_by_address_whether_asking_or_failing() -> None:
    door = limits(Rates(anonymous_per_s=1, anonymous_burst=2))
    door.query("", HERE)
    door.failure(HERE)
    for again in (door.failure, lambda scope: door.query("", scope)):
        with pytest.raises(Malformed):
            again(HERE)
    door.failure(ELSEWHERE)


def test_a_stranger_who_fails_does_not_use_up_what_a_principal_has() -> None:
    door = limits(Rates(anonymous_per_s=1, anonymous_burst=1))
    door.failure(HERE)
    with pytest.raises(Malformed):
        door.failure(HERE)
    door.command("A1", HERE)


def test_no_limit_is_zero_per_second() -> None:
    door = limits(Rates(commands_per_s=0, queries_per_s=0, anonymous_per_s=0))
    for _ in range(5_000):
        door.command("A1", HERE)
        door.query("", HERE)
        door.failure(HERE)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("un:known", "un:known"),
    ],
)
def test_an_ipv6_site_counts_as_one(host: str, name: str) -> None:
    assert address({"client": (host, 1)}) == name


def test_a_unix_socket_has_an_address_too() -> None:
    assert address({"client": None}) == address({}) == "local"
