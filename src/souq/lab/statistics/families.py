"""Many tests at once: what is left when all of a family is allowed for."""

from collections.abc import Sequence

import msgspec

from souq.lab.effects import Effect
from souq.lab.extra import load

METHODS = {"holm": "holm", "bh": "fdr_bh"}


def corrected(effects: Sequence[Effect], method: str = "holm") -> tuple[Effect, ...]:
    """Fill `p_corrected` for one family of tests, in their order; what was not tested stays.

    "holm" (Holm 1979) bounds the chance of any false finding; "bh" (Benjamini and Hochberg 1995)
    the share of false ones among the findings. Raises ValueError for another name.
    """
    if method not in METHODS:
        raise ValueError(f"no correction is called {method!r}: take {' or '.join(METHODS)}")
    tested = [effect.p for effect in effects if effect.p is not None]
    if not tested:
        return tuple(effects)
    multitest = load("statsmodels.stats.multitest", of="statistics")
    left = iter(multitest.multipletests(tested, method=METHODS[method])[1].tolist())
    return tuple(
        effect if effect.p is None else msgspec.structs.replace(effect, p_corrected=next(left))
        for effect in effects
    )
