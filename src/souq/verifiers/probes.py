"""Calls a service as a taker would, a bounded number of times, and counts what came in time.

It calls whatever address it is given: run it where that can do no harm, never in a server that
strangers give addresses to. Redirects are not followed, and of an answer little is read.
"""

import time

import httpx2
from msgspec import Struct

from souq.core.criteria import Probe
from souq.core.money import BPS
from souq.verifiers.suites import Verdict

ANSWER_BYTES_MAX = 1_000_000


class Probed(Struct, frozen=True):
    """`latency_ms` is what all but a twentieth of the good answers kept within, rounded up."""

    calls: int
    good: int
    latency_ms: int

    @property
    def share_bps(self) -> int:
        """Give the share of calls that were answered well and in time, in basis points."""
        return self.good * BPS // self.calls


def probe(url: str, asked: Probe) -> Probed:
    """Call a service as often as its criterion says."""
    times = []
    within_s = asked.within_ms / 1_000
    with httpx2.Client(follow_redirects=False, timeout=within_s, trust_env=False) as client:
        for _ in range(asked.calls):
            began = time.perf_counter()
            if _is_answered(client, url, began + within_s):
                took = time.perf_counter() - began
                if took <= within_s:
                    times.append(took)
    times.sort()
    slowest = times[max(0, -(-len(times) * 19 // 20) - 1)] if times else within_s
    return Probed(asked.calls, len(times), -(-int(slowest * 1_000_000) // 1_000))


def judge(url: str, asked: Probe) -> tuple[Verdict, Probed]:
    """Call a service, and judge it by its criterion."""
    found = probe(url, asked)
    passed = found.share_bps >= asked.share_bps
    return Verdict(passed, f"{found.good} of {found.calls} calls answered in time"), found


def _is_answered(client: httpx2.Client, url: str, until: float) -> bool:
    seen = 0
    try:
        with client.stream("GET", url) as answer:
            if answer.status_code != 200:
                return False
            for chunk in answer.iter_bytes():
                seen += len(chunk)
                if seen > ANSWER_BYTES_MAX or time.perf_counter() > until:
                    return False
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return False
    return True
