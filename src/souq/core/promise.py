"""A promise is a value that whoever delivers vouches for; missing it costs a share of the price.

Whoever delivers reports what was achieved. A promise that the report misses, or says nothing of,
costs its penalty as soon as the delivery is accepted or passes in silence; all of them together
cost at most the price. A report that is false is disputed, as any delivery is.
"""

from typing import Literal

from msgspec import Struct

from souq.core.money import BPS
from souq.core.refusal import invalid

Bound = Literal["at_most", "at_least"]


class Promise(Struct, frozen=True):
    """An attribute of what is delivered will be at most, or at least, a value."""

    attribute: str
    bound: Bound
    value: int
    penalty_bps: int  # of what is paid, back to whoever pays it

    def is_kept(self, measured: dict[str, int]) -> bool:
        """Tell whether what was measured keeps it; silence does not."""
        found = measured.get(self.attribute)
        if found is None:
            return False
        return found <= self.value if self.bound == "at_most" else found >= self.value


def check_measured(promises: tuple[Promise, ...], measured: dict[str, int]) -> None:
    """Raise Refused(invalid) for a report of what was never promised."""
    if not measured:
        return
    promised = {promise.attribute for promise in promises}
    if any(name not in promised for name in measured):
        raise invalid("measured", f"only what was promised: {', '.join(sorted(promised)) or '-'}")


def penalty_bps(promises: tuple[Promise, ...], measured: dict[str, int]) -> int:
    """Give what missed promises cost, in basis points of the price."""
    missed = sum(one.penalty_bps for one in promises if not one.is_kept(measured))
    return min(missed, BPS)
