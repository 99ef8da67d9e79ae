"""Sellers who learnt their prices by trial (R3), and sellers who only look like it.

Learning is over; what is on the tape is how they go on. Every few periods one is made to cut its
price for one period, to what is best for it against the other's. By default the learners are quick
ones, of nine prices; `python -m bench.collusion` has those of the literature.
"""

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Literal

from souq.replications.learning.logit_market import UNIT, Game, Logit, game
from souq.replications.learning.pricing import Kind, Learned, Schooling, Sessions
from souq.replications.learning.pricing_anatomy import Course
from souq.views.surveillance.rows import Quote
from tests.surveillance.honest import HOUR_US

Case = Literal["genuine", "spurious", "competitive"]
KINDS: dict[Case, Kind] = {
    "genuine": Kind(),
    "spurious": Kind(has_memory=False),
    "competitive": Kind(patience=0.0),
}
QUICK = Schooling(fading=6e-5, calm=4_000)
COST_UNITS = UNIT
CUTS = 12
QUIET_PERIODS = 14


@cache
def duopoly() -> Game:
    """Give the quick learners' game."""
    return game(2, 8)


@cache
def taught(count: int, seed: int = 1) -> dict[Case, list[Course]]:
    """Let so many sessions of each kind learn."""
    return courses(duopoly(), QUICK, count, seed)


def courses(
    played: Game,
    schooling: Schooling,
    count: int,
    seed: int,
    cases: tuple[Case, ...] = tuple(KINDS),
) -> dict[Case, list[Course]]:
    """Let so many sessions of each kind learn, all at once."""
    kinds = [KINDS[case] for case in cases for _ in range(count)]
    learned = Sessions(played, schooling, kinds, (seed, 7)).until_calm()
    found = [Course(played, one) for one in learned]
    return {case: found[n * count : (n + 1) * count] for n, case in enumerate(cases)}


def myopic(played: Game) -> Course:
    """Give two who answer the other's last price with what is best against it."""
    course = Course(played, Learned(((0,) * played.states,) * 2, 0, 0))
    replies = tuple(
        tuple(course.best_reply(seller, played.apart(state)) for state in range(played.states))
        for seller in range(2)
    )
    return Course(played, Learned(replies, 0, 0))


def with_cuts(course: Course, *, knows_cost: bool = True) -> list[Quote]:
    """Let them go on, with a cut by one of them now and then."""
    played, state = course.game, course.cycle[0]
    prices = []
    for n in range(QUIET_PERIODS * (CUTS + 1)):
        chosen = played.apart(course.after[state])
        if n % QUIET_PERIODS == QUIET_PERIODS - 1:
            by = n // QUIET_PERIODS % played.sellers
            chosen[by] = min(course.best_reply(by, chosen), max(0, chosen[by] - 1))
        prices.append(tuple(played.prices[each] for each in chosen))
        state = played.joint(chosen)
    return _tape(prices, knows_cost=knows_cost)


def with_trials(
    course: Course, rng: Random, *, chance: float = 0.03, periods: int = 400
) -> list[Quote]:
    """Let them go on trying any price now and then, up or down, as while they learnt."""
    played, state = course.game, course.cycle[0]
    prices = []
    for _ in range(periods):
        chosen = played.apart(course.after[state])
        for n in range(played.sellers):
            if rng.random() < chance:
                chosen[n] = rng.randrange(len(played.prices))
        prices.append(tuple(played.prices[each] for each in chosen))
        state = played.joint(chosen)
    return _tape(prices, knows_cost=True)


def noisy(rng: Random, *, spread: float = 0.03, knows_cost: bool = True) -> list[Quote]:
    """Let two ask the price of competition, give or take a little, whatever the other does."""
    price = Logit(2).competition.price
    prices = [
        tuple(round(UNIT * price * rng.gauss(1, spread)) for _ in range(2))
        for _ in range(QUIET_PERIODS * (CUTS + 1))
    ]
    return _tape(prices, knows_cost=knows_cost)


def with_sales(rng: Random, *, knows_cost: bool = True) -> list[Quote]:
    """Let two compete who now and then have a sale, to which the other gives its best reply.

    A best reply goes down by less than half of the sale, and up again with it.
    """
    usual = Logit(2).competition.price
    prices = []
    for n in range(CUTS):
        depth, length, by = rng.uniform(0.08, 0.25), rng.randint(1, 3), n % 2
        sale = usual * (1 - depth)
        pair = [0.0, 0.0]
        for k in range(QUIET_PERIODS):
            is_on = QUIET_PERIODS - length - 2 <= k < QUIET_PERIODS - 2
            was_on = QUIET_PERIODS - length - 2 < k <= QUIET_PERIODS - 2
            pair[by] = sale if is_on else usual
            pair[1 - by] = best_reply(sale) if was_on else usual
            prices.append(tuple(round(UNIT * each) for each in pair))
    return _tape(prices, knows_cost=knows_cost)


@cache
def best_reply(rival: float) -> float:
    """Give the price that earns most against a rival's, to a thousandth."""
    demand = Logit(2)
    ladder = (demand.cost + n / 1_000 for n in range(1_000))
    return max(ladder, key=lambda own: (own - demand.cost) * demand.shares([own, rival])[0])


def changes(quotes: list[Quote]) -> list[Quote]:
    """Keep only what is news: a market records changes of prices."""
    standing: dict[str, int] = {}
    found = []
    for quote in quotes:
        if standing.get(quote.seller) != quote.units:
            found.append(quote)
        standing[quote.seller] = quote.units
    return found


def _tape(prices: list[tuple[int, ...]], *, knows_cost: bool) -> list[Quote]:
    return list(_quotes(prices, COST_UNITS if knows_cost else 0))


def _quotes(prices: list[tuple[int, ...]], cost: int) -> Iterator[Quote]:
    for n, each in enumerate(prices):
        for k, units in enumerate(each, start=1):
            seq = n * len(each) + k
            yield Quote(seq, n * HOUR_US, f"S{k}", f"LS{k}", units, "m", cost)
