"""What a replication is: a published claim, a band it must fall into, and what was measured.

Each runs twice: through a mechanism's kernel, often, for the statistics; and through the whole
market, with ledger and mandates, where the same seed must give the same trades. Each has a control
that breaks the claim's condition and must fall outside the band, so that a harness which measures
nothing cannot pass.
"""

import hashlib
from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec import Struct

from souq.lab.kernel import Trade


class Finding(Struct, frozen=True):
    """One claim, measured. `error` is the standard error of what was measured, 0 where exact.

    The claim holds while `low` <= `measured` <= `high`; a control must not hold.
    """

    claim: str  # a sentence: what is measured, under which conditions
    published: str  # the figure as printed, or "derived" where it follows from theory
    expected: float
    low: float
    high: float
    measured: float
    draws: int
    error: float = 0.0
    is_control: bool = False

    @property
    def is_as_it_should_be(self) -> bool:
        """Tell whether a claim holds, or a control does not."""
        return (self.low <= self.measured <= self.high) is not self.is_control


class Scale(Struct, frozen=True):
    """How much to run: `--quick` for every change, in full for what is published.

    `data` is the folder with data that do not come with souq; "" is the usual one.
    """

    is_quick: bool
    seed: int = 1
    data: str = ""

    def draws(self, quick: int, full: int) -> int:
        """Pick the number of draws."""
        return quick if self.is_quick else full


class Replication(Protocol):
    """One published result. `TAPE` is the digest of `tapes(1)[0]`, so that nothing drifts.

    One that measures data which do not come with souq names them in `DATA`, and without them makes
    its other claims alone.
    """

    ID: str  # "R5"
    TITLE: str
    SOURCE: str  # authors, year
    TAPE: str

    def run(self, scale: Scale, /) -> Iterator[Finding]: ...

    def tapes(self, seed: int, /) -> tuple[list[Trade], list[Trade]]:
        """Give the trades of one seed: by the kernel, and by the whole market."""
        ...


def digest(tape: list[Trade]) -> str:
    """Name a tape, by the first 16 digits of SHA-256 over it as JSON."""
    return hashlib.sha256(msgspec.json.encode(tape)).hexdigest()[:16]
