"""R1. Zero-intelligence traders: it is the institution that makes a market efficient.

Only quotes that better the best stand, trades are at the earlier quote, and all quotes are off
after a trade. A session ends after so many draws, or once nobody could trade any more.
"""

import random
from collections.abc import Iterator
from math import sqrt
from statistics import fmean, stdev

from souq.agents.bidding.zero_intelligence import ZeroIntelligence
from souq.core.mechanisms import double_auction
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.refusal import Refused
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.replication import Finding, Scale
from souq.replications.schedules import S1, S2, Floor, Path, Schedule

ID = "R1"
TITLE = "Zero-intelligence traders: institution, not intelligence"
SOURCE = "Gode & Sunder 1993; Cliff & Bruten 1997"
TAPE = "516a3fdb422db562"

STEPS = 5_000
UNCONSTRAINED = 585 / 1013  # where every unit trades
BAND = (0.988, 0.995)


class Session:
    """One session of a schedule on one path."""

    def __init__(
        self,
        path: Path,
        schedule: Schedule,
        rng: random.Random,
        *,
        is_constrained: bool = True,
        is_cleared: bool = True,
        band: PriceBand | None = None,
    ) -> None:
        roles = schedule.roles
        self._rng = rng
        self._schedule = schedule
        self._is_constrained = is_constrained
        self._path = path
        self._traders = [
            ZeroIntelligence(rng, role, limits, schedule.price_max, is_constrained=is_constrained)
            for role, limits in roles
        ]
        self._floor = Floor(
            path,
            [role for role, _ in roles],
            is_improving_only=True,
            is_cleared_after_trade=is_cleared,
            band=band,
        )
        self._by_agent = dict(zip(self._floor.agents, self._traders, strict=True))
        self._resting: dict[int, int] = {}  # order by trader, where quotes outlive a trade
        self._is_cleared = is_cleared
        self.gained = 0

    def run(self, steps: int = STEPS) -> float:
        """Let traders quote, and give the share of the surplus they realised."""
        told = 0
        for _ in range(steps):
            n = self._rng.randrange(len(self._traders))
            price = self._traders[n].price()
            if price is None:
                continue
            try:
                self._floor.quote(n, price)
            except Refused:
                continue  # it betters nothing
            trades = self._path.trades
            for buyer, seller, _, _, _ in trades[told:]:
                self._settle(self._by_agent[buyer], self._by_agent[seller])
            if len(trades) > told and self._is_over():
                break
            told = len(trades)
        return self.gained / self._schedule.surplus_max

    def _settle(self, buyer: ZeroIntelligence, seller: ZeroIntelligence) -> None:
        # A stale quote may trade once more than there are units: worth nothing, and dear to get.
        self.gained += (buyer.limit or 0) - (seller.limit or self._schedule.price_max)
        buyer.traded += 1
        seller.traded += 1

    def _is_over(self) -> bool:
        worth = [one.limit for one in self._traders if one.role == "buyer" and one.limit]
        cost = [one.limit for one in self._traders if one.role == "seller" and one.limit]
        if not worth or not cost:
            return True
        return self._is_constrained and max(worth) < min(cost)


def efficiencies(
    schedule: Schedule,
    sessions: int,
    seed: int,
    *,
    is_constrained: bool = True,
    is_cleared: bool = True,
) -> list[float]:
    """Give the share of the surplus realised in each of some sessions."""
    found = []
    for n in range(sessions):
        rng = random.Random(f"R1 {seed} {n}")
        path = Kernel(double_auction)
        session = Session(path, schedule, rng, is_constrained=is_constrained, is_cleared=is_cleared)
        found.append(session.run())
    return found


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    sessions = scale.draws(100, 200)
    constrained = efficiencies(S1, sessions, scale.seed)
    yield Finding(
        "ZI-C traders on schedule S1 realise nearly all of the surplus, on average",
        "98.7 % (its own schedules)",
        0.9914,
        *BAND,
        fmean(constrained),
        sessions,
        stdev(constrained) / sqrt(sessions),
    )
    yield Finding(
        "and in the worst session still most of it",
        "measured: 0.928",
        0.928,
        0.88,
        1.0,
        min(constrained),
        sessions,
    )
    free = efficiencies(S1, 5, scale.seed, is_constrained=False)
    yield Finding(
        "ZI-U traders on S1 trade every unit, whatever it is worth",
        "derived",
        UNCONSTRAINED,
        UNCONSTRAINED - 1e-6,
        UNCONSTRAINED + 1e-6,
        max(free, key=lambda one: abs(one - UNCONSTRAINED)),
        len(free),
    )
    sessions = scale.draws(100, 400)
    second = efficiencies(S2, sessions, scale.seed)
    error = stdev(second) / sqrt(sessions)
    yield Finding(
        "ZI-C traders on schedule S2 realise most of the surplus",
        "measured: 0.962",
        0.962,
        0.962 - 4 * error,
        0.962 + 4 * error,
        fmean(second),
        sessions,
        error,
    )
    free = efficiencies(S2, 5, scale.seed, is_constrained=False)
    yield Finding(
        "ZI-U traders on S2 realise none of it",
        "derived",
        0.0,
        -1e-6,
        1e-6,
        max(free, key=abs),
        len(free),
    )
    yield Finding(
        "without the budget constraint, S1 is as efficient",
        "derived",
        0.9914,
        *BAND,
        fmean(efficiencies(S1, 5, scale.seed, is_constrained=False)),
        5,
        is_control=True,
    )
    sessions = scale.draws(100, 200)
    stale = efficiencies(S1, sessions, scale.seed, is_cleared=False)
    yield Finding(
        "with quotes that outlive a trade, S1 is as efficient",
        "derived",
        0.9914,
        *BAND,
        fmean(stale),
        sessions,
        stdev(stale) / sqrt(sessions),
        is_control=True,
    )


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Play one session of S1 both ways."""
    kernel, hall = Kernel(double_auction), Hall(double_auction)
    for path in (kernel, hall):
        Session(path, S1, random.Random(f"R1 {seed}")).run(1_000)
    return kernel.trades, hall.trades
