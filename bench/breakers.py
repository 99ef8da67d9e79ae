"""What the breakers cost in calm markets, and what they stop in a fall: `python -m bench.breakers`.

Calm: R1's zero-intelligence traders and R2's ZIP traders, with a price band of 10 % and without.
A fall: R18's market, which loses 40 % within a minute; the worst print is held against the mean of
the five minutes before it, so one without a band shows how far prices really went.
"""

import argparse
import random
from statistics import fmean, stdev
from typing import Any

from souq.agents.bidding.zip import Zip
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.refusal import Refused
from souq.lab.kernel import Kernel
from souq.replications import r01_zero_intelligence as r01
from souq.replications import r02_convergence as r02
from souq.replications.r18_price_band import WIDTH_BPS, WINDOW_S, Watched, wander
from souq.replications.schedules import S1, S2, Floor

SECOND_US = 1_000_000
DAYS = 10


class Ticking(Kernel):
    """A kernel in which every move takes a second, so that limit states and pauses end."""

    __slots__ = ()

    def move(self, agent: str, command: Any) -> None:
        """Let a second pass, and make a move."""
        self.pass_time(self.at + SECOND_US)
        super().move(agent, command)


def _band(width_bps: int, reference: int) -> PriceBand | None:
    return PriceBand(width_bps, reference_units=reference) if width_bps else None


def zero_intelligence(runs: int, width_bps: int) -> list[float]:
    """Give the efficiency of R1's sessions."""
    found = []
    for n in range(runs):
        path, rng = Ticking(double_auction), random.Random(f"R1 1 {n}")
        found.append(r01.Session(path, S1, rng, band=_band(width_bps, 80)).run())
    return found


def learning(runs: int, width_bps: int) -> list[float]:
    """Give the efficiency of R2's last days, when prices are calm."""
    return [_days(random.Random(f"R2 1 {n}"), _band(width_bps, 200)) for n in range(runs)]


def _days(rng: random.Random, band: PriceBand | None) -> float:
    path = Ticking(double_auction)
    floor = Floor(path, [role for role, _ in S2.roles], band=band)
    limits = [limits[0] for _, limits in S2.roles]
    traders = [Zip(rng, role, limits[0]) for role, limits in S2.roles]
    shares = []
    for _ in range(DAYS):
        active, failures, gained = list(range(len(traders))), 0, 0
        while failures < r02.FAILURES and len({traders[n].role for n in active}) == 2:
            n = rng.choice(active)
            by, price = traders[n].role, traders[n].price()
            willing = [m for m in active if traders[m].role != by and traders[m].would_take(price)]
            m = rng.choice(willing) if willing else -1
            is_done = _shout(path, floor, n, m, price)
            for k, one in enumerate(traders):
                one.hear(price, by, is_taken=is_done, is_active=k in active)
            if not is_done:
                failures += 1
                continue
            buyer, seller = (n, m) if by == "buyer" else (m, n)
            gained += limits[buyer] - limits[seller]
            failures = 0
            active = [one for one in active if one not in (n, m)]
        shares.append(gained / S2.surplus_max)
    return fmean(shares[-5:])


def _shout(path: Ticking, floor: Floor, n: int, m: int, price: int) -> bool:
    """Let one shout and the other answer, unless it is -1; tell whether they traded."""
    before = len(path.trades)
    mine: list[tuple[int, int]] = []
    for who in (n, m) if m >= 0 else (n,):
        floor.quote(who, price)
        mine.append((who, floor.orders))
    is_done = len(path.trades) > before
    for who, order in mine:
        try:
            floor.take_back(who, order)
        except Refused:
            continue  # it has traded
    return is_done


def worst_print(seed: int, width_bps: int) -> float:
    """Give how far a print was from the mean of what was traded in the five minutes before."""
    path = Watched()
    wander(path, random.Random(f"R18 1 {seed}"), has_shock=True, width_bps=width_bps)
    reopened = {second for second, phase in path.phases if phase == "reopening"}
    worst, since = 0.0, 0
    for n, (at, price) in enumerate(path.prints):
        if at // SECOND_US in reopened and path.prints[n - 1][0] // SECOND_US != at // SECOND_US:
            since = n  # a call auction after a pause; its price is the reference from then on
        before = [p for t, p in path.prints[since:n] if t > at - WINDOW_S * SECOND_US]
        if len(before) >= 20:
            worst = max(worst, abs(price / fmean(before) - 1))
    return worst


def main() -> None:
    """Print every figure beside the one without breakers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    for name, measure in (("R1, ZI-C on S1", zero_intelligence), ("R2, ZIP on S2", learning)):
        free = measure(runs, 0)
        for width_bps in (WIDTH_BPS, 2 * WIDTH_BPS, 10_000):
            banded = measure(runs, width_bps)
            loss = [a - b for a, b in zip(free, banded, strict=True)]
            error = stdev(loss) / len(loss) ** 0.5
            print(
                f"{name}: efficiency {100 * fmean(free):.2f} % free, "
                f"{100 * fmean(banded):.2f} % within {width_bps / 100:g} %; "
                f"cost {100 * fmean(loss):+.2f} ± {196 * error:.2f} points"
            )
    few = max(2, runs // 10)
    for width_bps in (0, WIDTH_BPS):
        worst = max(worst_print(seed, width_bps) for seed in range(few))
        how = f"within {width_bps / 100:g} %" if width_bps else "free"
        print(f"a fall of 40 % in a minute, {how}: worst print {100 * worst:.1f} % from the mean")


if __name__ == "__main__":
    main()
