"""What rules cost a deal: `python -m bench.policy`.

One agent's offer is judged by 50 rules of every kind, of which 12 sum windows over 10,000
remembered commitments, many of them given back in part; beside it the same offer by an empty
market's guards.
"""

import gc
import os
import platform
import random
import statistics
import time
from itertools import cycle, islice
from typing import Any

from souq.core import authority, market
from souq.core.agreement import CashLeg, GoodsLeg
from souq.core.money import Money
from souq.core.objection import Binding
from souq.core.party import AGENTS
from souq.core.policy import Policy, goods, history, loss, money, pace, people, prices, scope
from souq.core.policy.setting import SecretPolicy, SetPolicy
from souq.core.rules import DAY_US, HOUR_US
from souq.core.state import Draft, State
from souq.engine import Engine
from tests.core.stall import BEA, SOL, Stall

ROWS = 10_000
RULES = 50
ROUNDS = 20_000
_BIG = 10**12
KINDS: tuple[Any, ...] = (
    money.RollingBudget(_BIG, DAY_US),
    money.RollingBudget(_BIG, 30 * DAY_US, refund_credit=False),
    pace.Velocity(HOUR_US, 10**6, 10**6),
    loss.LossStop(_BIG, 7 * DAY_US),
    money.PerDeal(_BIG),
    money.CalendarBudget(_BIG, "month"),
    money.LifetimeBudget(_BIG),
    money.Approval(_BIG),
    money.CoolingOff(_BIG, DAY_US),
    money.Bidding(10_000),
    pace.Occurrences(10**6),
    goods.Categories(("x", "y", "home")),
    goods.Quantity(10**6),
    goods.UsualQuantity(),
    goods.Requested({"home": 10}),
    goods.Destinations(("home",)),
    prices.PriceBounds(0, _BIG),
    prices.PriceReference(1_000),
    prices.Floor({"home": 1}),
    people.Counterparties(None, ("P4",)),
    people.StandingMin(-5),
    people.Exposure(_BIG),
    scope.Assets(("USD",)),
    scope.Validity(1),
)


def remember(state: State, rows: int) -> None:
    """Give P1 a history of so many commitments, deals and losses, over a month."""
    chance = random.Random(1)
    end = state.at
    for n in range(rows):
        state.at = end - (rows - n) * 30 * DAY_US // rows
        history.commit(state, ("P1",), f"C{n}/A1", 1_000, "USD", (("P2", 1_000),))
        history.deal(state, "P1", (f"P{chance.randint(2, 500)}",))
        history.lose(state, "P1", "USD", chance.randint(-900, 900))
        history.take(state, "P1", "home", chance.randint(1, 9))
        history.push_price(state, "home", "USD", chance.randint(450, 550))
    for n in range(rows):
        if n % 3:
            history.come_back(state, f"C{n}/A1", 1_000 if n % 3 == 1 else chance.randint(0, 999))
    state.at = end


def judged(state: State, listing: str) -> list[int]:
    """Time guards on an offer, each time on a draft of its own; give nanoseconds."""
    agent = state.get(AGENTS, BEA)
    assert agent is not None
    legs = (GoodsLeg(SOL, BEA, listing, 1), CashLeg(BEA, SOL, Money(500, "USD")))
    binding = Binding(agent, legs, "N1", 500)
    found = []
    gc.collect()
    for _ in range(ROUNDS):
        draft = Draft(state, state.at + 1, market.evolve)
        began = time.thread_time_ns()
        objections = authority.objections(draft, binding)
        found.append(time.thread_time_ns() - began)
        assert objections == (), objections
    return sorted(found)


def _line(name: str, found: list[int]) -> str:
    p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
    return f"{name:<44} p50 {p50 / 1e6:.3f} ms   p99 {p99 / 1e6:.3f} ms"


def main() -> None:
    """Print the figures."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    stall = Stall()
    listing = stall.list(SOL, price=500, quantity=1_000)
    print(_line("no policy on the market", judged(stall.engine.fork(), listing)))
    rules = tuple(islice(cycle(KINDS), RULES))
    stall.do("P1", SetPolicy("P1", SecretPolicy(Policy(rules))))
    for rows in (0, 100, ROWS):
        state = stall.engine.fork()
        remember(state, max(rows, 5))
        print(_line(f"{RULES} rules, {rows} rows of history", judged(state, listing)))
    windows = tuple(money.RollingBudget(_BIG, HOUR_US * (n + 1)) for n in range(RULES))
    stall.do("P1", SetPolicy("P1", SecretPolicy(Policy(windows))))
    state = stall.engine.fork()
    remember(state, ROWS)
    print(_line(f"{RULES} rolling budgets, {ROWS} rows", judged(state, listing)))
    print(f"an entry folded into {ROWS} rows: {_folding(stall.engine):.1f} µs")


def _folding(engine: Engine) -> float:
    """Give microseconds to remember one commitment, in the median of five thousand rounds."""
    state = engine.fork()
    remember(state, ROWS)
    found = []
    for n in range(5_000):
        began = time.thread_time_ns()
        history.commit(state, ("P1",), f"C{ROWS + n}/A1", 1_000, "USD", (("P2", 1_000),))
        found.append(time.thread_time_ns() - began)
    return statistics.median(found) / 1_000


if __name__ == "__main__":
    main()
