"""What replications gave: every claim with its interval and verdict, and where it was measured.

`souq replicate` writes it as `replications.json`; the documentation page is made from that.
"""

import math
from statistics import NormalDist
from typing import Literal

from msgspec import Struct

from souq.replications.replication import Finding

FILE = "replications.json"
CONFIDENCE = 0.95
_ERRORS = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)  # how many standard errors reach so far

Verdict = Literal["holds", "does not hold", "fails, as it must", "holds, but must not"]


class Measured(Struct, frozen=True):
    """One claim as it came out. `interval` has 95 %; both ends are `measured` where it is exact."""

    claim: str
    published: str
    expected: float
    low: float
    high: float
    measured: float
    error: float
    interval: tuple[float, float]
    draws: int
    is_control: bool
    verdict: Verdict
    is_as_it_should_be: bool


class Tapes(Struct, frozen=True):
    """The trades of one seed, by the kernel and by the whole market, named by their digests.

    `pinned` is what the replication says they are on seed 1, and `first` what they were.
    """

    seed: int
    trades: int
    kernel: str
    market: str
    first: str
    pinned: str

    @property
    def is_as_it_should_be(self) -> bool:
        """Tell whether there were trades, the same both ways, and on seed 1 those of old."""
        return self.trades > 0 and self.kernel == self.market and self.first == self.pinned

    @property
    def verdict(self) -> str:
        """Say what is off, if anything is."""
        if not self.trades:
            return "no trades"
        if self.kernel != self.market:
            return "kernel and market differ"
        return "the same" if self.first == self.pinned else "not the tape it was"


class Result(Struct, frozen=True):
    """One replication's outcome. `fault` says what stopped it, where something did.

    `absent` lists data that were not here, whose claims are therefore not among its findings.
    """

    id: str
    title: str
    source: str
    seconds: float = 0.0
    findings: tuple[Measured, ...] = ()
    tapes: Tapes | None = None
    fault: str = ""
    absent: tuple[str, ...] = ()

    @property
    def is_as_it_should_be(self) -> bool:
        """Tell whether all came out right; without a claim and a control it shows nothing."""
        return (
            not self.fault
            and self.tapes is not None
            and self.tapes.is_as_it_should_be
            and {one.is_control for one in self.findings} == {True, False}
            and all(one.is_as_it_should_be for one in self.findings)
        )


class Report(Struct, frozen=True):
    """One run of replications. `commit` is git's, with "+" where files differ from it, or ""."""

    souq: str
    commit: str
    python: str
    machine: str
    date: str
    is_quick: bool
    seed: int
    seconds: float
    is_as_it_should_be: bool
    results: tuple[Result, ...]


def judged(finding: Finding) -> Measured:
    """Give a finding its interval and verdict. Raises ValueError for what is no number."""
    if not (math.isfinite(finding.measured) and math.isfinite(finding.error)):
        # A control must lie outside its band, and so does everything that was not measured.
        raise ValueError(f"{finding.claim}: {finding.measured} was measured")
    reach = _ERRORS * finding.error
    return Measured(
        finding.claim,
        finding.published,
        finding.expected,
        finding.low,
        finding.high,
        finding.measured,
        finding.error,
        (finding.measured - reach, finding.measured + reach),
        finding.draws,
        finding.is_control,
        _verdict(finding),
        finding.is_as_it_should_be,
    )


def _verdict(finding: Finding) -> Verdict:
    if finding.is_control:
        return "fails, as it must" if finding.is_as_it_should_be else "holds, but must not"
    return "holds" if finding.is_as_it_should_be else "does not hold"


def number(value: float) -> str:
    """Write a figure with seven digits that count."""
    if value == round(value) and 1 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.7g}"
