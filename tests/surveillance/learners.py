"""Sellers who learn prices by trial, as Calvano and others had them in 2020, but quicker.

Two Q-learners with logit demand choose among nine prices, not fifteen, and explore for some
tens of thousands of rounds, not millions; otherwise the parameters are theirs (R3 in
`souq replicate` is to do it in full). Then nobody learns any more, and every few rounds one seller
is made to cut its price for one round, to what is best against the other's: the tape shows what
follows.
"""

from math import exp
from random import Random

from souq.views.surveillance.rows import Quote
from tests.surveillance.honest import HOUR_US

PRICES = 9
LOW, HIGH = 1.43, 1.97  # a little beyond the price of competition, 1.473, and of monopoly, 1.925
COST = 1.0
LEARNING = 0.15
FADING = 4e-5  # of exploration, a round
ROUNDS = 180_000
CUTS = 12
QUIET_ROUNDS = 14
UNIT = 1_000_000
_GRID = [LOW + (HIGH - LOW) * n / (PRICES - 1) for n in range(PRICES)]


def _profits() -> list[list[float]]:
    """Give what the first seller earns, by both prices' numbers."""
    pull = [exp((2 - price) / 0.25) for price in _GRID]
    return [
        [(_GRID[i] - COST) * pull[i] / (pull[i] + pull[j] + 1) for j in range(PRICES)]
        for i in range(PRICES)
    ]


_PROFITS = _profits()
Strategy = list[int]  # by the prices of the round before: which price comes next


def learned(rng: Random, *, memory: int, patience: float) -> tuple[Strategy, Strategy]:
    """Let two learn against each other; memory 0 does not see what was before."""
    states = PRICES * PRICES
    spread = range(PRICES)
    values = []
    for _ in range(2):
        start = [sum(_PROFITS[i]) / PRICES / (1 - patience) for i in spread]
        values.append([[one + rng.random() * 1e-3 for one in start] for _ in range(states)])
    one, two = values
    state, explores = 0, 1.0
    random = rng.random
    for _ in range(ROUNDS):
        explores *= 1 - FADING
        first, second = one[state], two[state]
        i = int(random() * PRICES) if random() < explores else first.index(max(first))
        j = int(random() * PRICES) if random() < explores else second.index(max(second))
        after = i * PRICES + j if memory else 0
        gain, other = _PROFITS[i][j], _PROFITS[j][i]
        first[i] += LEARNING * (gain + patience * max(one[after]) - first[i])
        second[j] += LEARNING * (other + patience * max(two[after]) - second[j])
        state = after
    strategies = tuple([row.index(max(row)) for row in table] for table in values)
    if not memory:
        strategies = tuple([each[0]] * states for each in strategies)
    return strategies[0], strategies[1]


def myopic() -> tuple[Strategy, Strategy]:
    """Give two who answer the other's last price with what is best against it."""
    best = [max(range(PRICES), key=lambda i: _PROFITS[i][j]) for j in range(PRICES)]
    first = [best[state % PRICES] for state in range(PRICES * PRICES)]
    second = [best[state // PRICES] for state in range(PRICES * PRICES)]
    return first, second


def tape(one: Strategy, two: Strategy, *, market: str = "m") -> list[Quote]:
    """Let them play, with a cut by one of them now and then; cost is on the tape."""
    i = j = PRICES // 2
    found: list[Quote] = []
    for n in range(QUIET_ROUNDS * (CUTS + 1)):
        state = i * PRICES + j
        i, j = one[state], two[state]
        if n % QUIET_ROUNDS == QUIET_ROUNDS - 1:
            if (n // QUIET_ROUNDS) % 2:
                i = _cut(i, j)
            else:
                j = _cut(j, i)
        for seller, k in (("S1", i), ("S2", j)):
            units = round(UNIT * _GRID[k])
            at = n * HOUR_US
            row = Quote(len(found) + 1, at, seller, f"L{seller}", units, market, round(UNIT * COST))
            found.append(row)
    return found


def _cut(own: int, other: int) -> int:
    best = max(range(PRICES), key=lambda i: _PROFITS[i][other])
    return min(best, max(0, own - 1))
