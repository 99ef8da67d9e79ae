"""An effect: how large, in what, how sure, and by which method."""

from msgspec import Struct


class Effect(Struct, frozen=True, kw_only=True):
    """An estimate with its 95 % interval, in `unit`; `p` is None where no test was made.

    `n` counts rows, `clusters` what the interval treats as independent (0: the rows themselves).
    `p_corrected` allows for all tests of one family together.
    """

    name: str
    estimate: float
    low: float
    high: float
    p: float | None
    n: int
    clusters: int = 0
    unit: str = ""
    method: str = ""
    p_corrected: float | None = None
