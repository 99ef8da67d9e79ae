"""What audits cost and save, what a lot costs to draw, and what the sandbox costs to enter.

python -m bench.audits
"""

import hashlib
import platform
import random
import subprocess
import time
from collections.abc import Callable

from souq.core.audit import PPM, is_drawn, lot_of, rate_ppm
from souq.replications.r13_audits import Learner
from souq.verifiers.sandbox import PYTHON, Limits, run, strength

STAKES = (1, 4, 9)
RATES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0)
AUDIT_COSTS = (0.05, 0.25)  # of what a cheat gains
SELLERS, DEALS = 60, 1_500


def main() -> None:
    """Print every figure, each beside its baseline."""
    print(f"{platform.machine()}, {platform.python_version()}, {strength()}")
    lots, rounds = 20_000, 20
    lot = _each(lots, lambda n: is_drawn(lot_of("ab" * 16, f"C{n}"), 150_000))
    plain = _each(lots, lambda n: hashlib.sha256(b"%d" % n).hexdigest())
    print(f"a lot drawn: {lot * 1e6:.2f} us; hashlib, SHA-256 of its id: {plain * 1e6:.2f} us")
    held = _each(rounds, lambda n: run({}, (PYTHON, "-I", "-c", "pass"), Limits()))
    free = _each(rounds, lambda n: subprocess.run([PYTHON, "-I", "-c", "pass"], check=True))
    print(f"a run in the sandbox: {held * 1e3:.0f} ms; the same without: {free * 1e3:.0f} ms")
    print("per 1,000 deals, in what one cheat gains; the payer loses as much")
    for stake in STAKES:
        ruled = rate_ppm(gain_units=1, stake_units=stake, detection_bps=0) / PPM
        cheats = {rate: _cheats(stake, rate) for rate in sorted({*RATES, ruled})}
        for cost in AUDIT_COSTS:
            sums = {rate: 1_000 * (rate * cost + share) for rate, share in cheats.items()}
            best = min(sums, key=lambda rate: sums[rate])
            print(
                f"stake {stake}, an audit costs {cost}: least at q = {best:g} with "
                f"{sums[best]:.0f} (audits {1_000 * best * cost:.0f}, losses "
                f"{1_000 * cheats[best]:.0f}); none {sums[0.0]:.0f}, all {sums[1.0]:.0f}, "
                f"the house's rule q = {ruled:g}: {sums[ruled]:.0f}"
            )


def _cheats(stake: int, rate: float) -> float:
    """Give the share of sellers that cheat once they have learnt."""
    cheats = 0
    for seller in range(SELLERS):
        rng = random.Random(f"{stake} {rate} {seller}")
        learner, secret = Learner(rng), f"{rng.getrandbits(128):032x}"
        for n in range(DEALS):
            is_cheating = learner.choose()
            is_audited = is_cheating and is_drawn(lot_of(secret, f"C{n}"), round(rate * PPM))
            learner.learn(is_cheating, 0.0 if not is_cheating else -stake if is_audited else 1)
        cheats += learner.prefers_cheating
    return cheats / SELLERS


def _each(times: int, call: Callable[[int], object]) -> float:
    began = time.perf_counter()
    for n in range(times):
        call(n)
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main()
