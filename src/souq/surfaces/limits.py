"""How fast one principal, or one address that proves nothing, may ask; whoever asks faster waits.

A token bucket fills at a steady rate up to its burst, and every command or question takes from it.
An agent draws on its principal's bucket, so that a principal gains nothing by registering more
agents. The operator is exempt: the kill switch must work while the market is flooded.
"""

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from souq.core.party import AGENTS
from souq.core.rules import OPERATOR
from souq.core.state import State
from souq.surfaces.problems import Malformed

BUCKETS_MAX = 65_536
SECOND_NS = 1_000_000_000
_DROPPED_PER_TAKE = 2  # more than one newcomer at a time, so that idle buckets run out
_IPV6_SITE = 64  # bits of an address that one household or machine is given as a whole

PerSecond = Annotated[int, Meta(ge=0, le=1_000_000)]
Burst = Annotated[int, Meta(ge=1, le=10_000_000)]


class Rates(Struct, frozen=True, forbid_unknown_fields=True):
    """What is granted per second, and at once after a rest; 0 per second means without limit.

    `burst` is also the largest batch that a principal can send.
    """

    commands_per_s: PerSecond = 500
    queries_per_s: PerSecond = 500
    burst: Burst = 2_000
    anonymous_per_s: PerSecond = 50
    anonymous_burst: Burst = 200


class Limiter:
    """Token buckets by name, each kept as the moment at which it will be full again.

    That moment is a whole number of nanoseconds, and a token's share of time is rounded up: in any
    window of t seconds at most `burst + rate * t` pass, without a rounding error in anybody's
    favour. A bucket that is full is like one that never was, so it is not kept.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], int] = time.monotonic_ns,
        *,
        buckets_max: int = BUCKETS_MAX,
    ) -> None:
        """Take tokens per second, tokens at once, and a clock of nanoseconds that never goes back.

        Raises ValueError unless all of them are above 0.
        """
        if not (rate > 0 and burst > 0 and buckets_max > 0):
            raise ValueError("a rate, a burst and a number of buckets are above 0")
        self._token_ns = math.ceil(SECOND_NS / rate)
        self._burst_ns = self._token_ns * burst
        self._burst = burst
        self._clock = clock
        self._buckets_max = buckets_max
        self._full_at: dict[str, int] = {}  # the least recently drawn on stands first

    def __len__(self) -> int:
        """Count the buckets kept."""
        return len(self._full_at)

    def take(self, who: str, cost: int = 1) -> float:
        """Take tokens and give 0, or take none and give the seconds to wait for them.

        What is larger than a full bucket never passes: the wait is infinite.
        """
        if cost > self._burst:
            return math.inf
        now = self._clock()
        full_at = self._full_at.get(who, 0)
        asked = max(full_at, now) + cost * self._token_ns
        too_early_ns = asked - now - self._burst_ns
        if too_early_ns > 0:
            return too_early_ns / SECOND_NS
        if full_at:
            del self._full_at[who]
        else:
            self._make_room(now)
        self._full_at[who] = asked
        return 0.0

    def give_back(self, who: str, cost: int = 1) -> None:
        """Return tokens that should not have been taken."""
        full_at = self._full_at.get(who)
        if full_at is not None:
            self._full_at[who] = full_at - cost * self._token_ns

    def _make_room(self, now: int) -> None:
        # Whatever was drawn on longer ago than an empty bucket takes to fill is full again, and
        # what was drawn on longest ago stands first: nobody has to search.
        buckets = self._full_at
        for _ in range(_DROPPED_PER_TAKE):
            first = next(iter(buckets), None)
            if first is None or buckets[first] > now:
                break
            del buckets[first]
        if len(buckets) >= self._buckets_max:
            # Only a flood from ever new addresses comes here. Who was dropped starts afresh, which
            # gains a flood nothing, as its next address would have, too. Turning newcomers away
            # instead would let it lock everybody out.
            del buckets[next(iter(buckets))]


class Limits:
    """The limits of one door. Each method raises Malformed(429), with Retry-After, or lets go on.

    `scope` is the ASGI scope of the request, for the address it came from.
    """

    def __init__(
        self,
        rates: Rates,
        state: Callable[[], State],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Take what is granted, and where the state is found that knows whose agent speaks."""
        self._state = state
        self._burst = rates.burst
        self._commands = _limiter(rates.commands_per_s, rates.burst, clock)
        self._queries = _limiter(rates.queries_per_s, rates.burst, clock)
        self._anonymous = _limiter(rates.anonymous_per_s, rates.anonymous_burst, clock)

    def command(self, actor: str, scope: Any, count: int = 1) -> None:
        """Let an actor send so many commands at once. Raises Malformed."""
        self._take(self._commands, actor, scope, count)

    def query(self, actor: str, scope: Any) -> None:
        """Let an actor ask, or anybody ("") from where they ask. Raises Malformed."""
        self._take(self._queries, actor, scope, 1)

    def failure(self, scope: Any) -> None:
        """Count a request that brought no proof, or a wrong one. Raises Malformed."""
        self._take(None, "", scope, 1)

    def _take(self, limiter: Limiter | None, actor: str, scope: Any, count: int) -> None:
        if actor == OPERATOR:
            return
        if actor:
            who = self._principal(actor)
        else:
            limiter, who = self._anonymous, address(scope)
        if limiter is None:
            return
        wait_s = limiter.take(who, count)
        if wait_s == 0.0:
            return
        if wait_s == math.inf:
            raise Malformed(413, f"at most {self._burst} commands at once; send smaller batches")
        seconds = math.ceil(wait_s)
        raise Malformed(
            429,
            f"too fast: try again in {seconds} s",
            **{"Retry-After": str(seconds)},
        )

    def _principal(self, actor: str) -> str:
        agent = self._state().get(AGENTS, actor)
        return actor if agent is None else agent.principal


def address(scope: Any) -> str:
    """Name where a request came from: an IPv4 address, or the site that an IPv6 address is in.

    A household may write any of 2**64 addresses on its envelopes, so they count as one.
    """
    client = scope.get("client")
    if not client:
        return "local"  # a Unix socket
    host: str = client[0]
    if ":" not in host:
        return host
    try:
        found = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host[:64]  # what a proxy wrote there
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(found) >> _IPV6_SITE << _IPV6_SITE)) + f"/{_IPV6_SITE}"


def _limiter(rate: int, burst: int, clock: Callable[[], int]) -> Limiter | None:
    return Limiter(rate, burst, clock) if rate else None
