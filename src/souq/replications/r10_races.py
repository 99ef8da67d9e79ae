"""R10. Being first, and what is left of it once offers are gathered in batches.

k suppliers answer a want; one is r times as quick as each other. Taken first come, first served, it
wins r times as often as another, and quality is left to chance. In a window that waits for all, the
best wins, whoever was first. On an exchange that clears every tau, being quicker by delta is worth
delta / (2 tau) of what there is to take, where trade in continuous time gives it all.
"""

import random
from collections.abc import Iterator, Sequence

from souq.agents.bidding.racing import Racer
from souq.core.mechanisms import batch_window, call_market, posted_price
from souq.core.mechanisms.batch_window.records import EnterBatch, OpenBatchWindow
from souq.core.mechanisms.call_market.clearing import Rationing
from souq.core.mechanisms.call_market.records import OpenCallMarket, PlaceCallOrder
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Money
from souq.core.rules import SECOND_US
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.calling import STOCK, Path, fresh
from souq.replications.replication import Finding, Scale
from souq.replications.sampling import Sample, Share

ID = "R10"
TITLE = "First movers, and batches that remove their advantage"
SOURCE = "Budish, Cramton and Shim 2015"
TAPE = "6bbe62653792187e"

ONE = 1_000_000  # the quality 1
PRICE = Money(100, USD.code)
TIMES = 10  # how much quicker the first supplier is
SLOW_US = SECOND_US
WINDOW_US = 60 * SLOW_US  # e^-60: it waits for all
SIZES = (3, 10, 30)
RACES = {3: 100_000, 10: 100_000, 30: 100_000}
WINDOWS = {3: 50_000, 10: 30_000, 30: 20_000}
TOLERANCE = 0.02  # of what theory says
DELTA_US, TAU_US = 1_000, 100_000
CHANCES = 30_000
SHARE = 0.5 + DELTA_US / (2 * TAU_US)
ROOM_RACES = 200  # held in one room before it is cleaned


class Race:
    """Suppliers who race for one want after another; `wins` counts whose they were."""

    def __init__(self, path: Path, rng: random.Random, size: int, times: int) -> None:
        self.path = path
        self.buyer, *self.suppliers = path.join(1 + size)
        self._rng = rng
        self._racers = [Racer(rng, SLOW_US // (times if n == 0 else 1)) for n in range(size)]
        self._now = 10 * SECOND_US

    def answers(self) -> list[tuple[int, int]]:
        """Draw when each answers, and put them in that order: (instant, supplier)."""
        start, self._now = self._now, self._now + 3 * WINDOW_US
        return sorted((start + racer.answers_after(), n) for n, racer in enumerate(self._racers))

    def qualities(self) -> list[int]:
        """Draw how good each is this time."""
        return [self._rng.randint(0, ONE) for _ in self.suppliers]


def _want(race: Race) -> str:
    return race.path.post(race.buyer, side="want", price=PRICE, available=STOCK)


def _first_come(race: Race, want: str) -> int:
    """Let the want be taken by whoever answers first; give who it was."""
    instant, winner = race.answers()[0]
    race.path.pass_time(instant)
    race.path.open(race.suppliers[winner], TakePrice(want, PRICE))
    return winner


def _batch(race: Race, want: str, qualities: Sequence[int]) -> int:
    """Let all enter as they answer, and the best be taken at the close; give who it was."""
    path = race.path
    listings = [
        path.post(agent, attributes={"quality": quality})
        for agent, quality in zip(race.suppliers, qualities, strict=True)
    ]
    opening = OpenBatchWindow(want, WINDOW_US, rule="best_attribute", attribute="quality")
    run = path.open(race.buyer, opening)
    instant = 0
    for instant, n in race.answers():
        path.pass_time(instant)
        path.move(race.suppliers[n], EnterBatch(run, listings[n]))
    path.pass_time(instant + WINDOW_US)
    return race.suppliers.index(path.trades[-1][1])


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    for size in SIZES:
        rng = random.Random(scale.seed + size)
        races = scale.draws(4_000, RACES[size])
        yield from _speed(rng, size, races)
        windows = scale.draws(WINDOWS[size] // 20, WINDOWS[size])
        yield from _quality(rng, size, windows)
    yield from _exchange(scale)


def _speed(rng: random.Random, size: int, races: int) -> Iterator[Finding]:
    for times in (TIMES, 1):
        first, quality = Share(), Sample()
        race = Race(Kernel(posted_price), rng, size, times)
        want = _want(race)
        for _ in range(races):
            fresh(race.path)
            winner = _first_come(race, want)
            first.add(winner == 0, (winner != 0) / (size - 1))
            quality.add(race.qualities()[winner] / ONE)
        how = f"of {size}, one {TIMES} times as quick" if times > 1 else f"of {size} equals"
        yield first.finding(
            f"First come, first served: how often the quick one wins to another, {how}",
            "derived",
            TIMES,
            tolerance=TOLERANCE * TIMES,
            is_control=times == 1,
        )
        if times > 1:
            claim = f"First come, first served: quality of what is taken, {how}"
            yield quality.finding(claim, "derived", 0.5, tolerance=TOLERANCE / 2)


def _quality(rng: random.Random, size: int, windows: int) -> Iterator[Finding]:
    first, quality = Share(), Sample()
    for n in range(windows):
        if n % ROOM_RACES == 0:
            race = Race(Kernel(batch_window), rng, size, TIMES)
            want = _want(race)
        qualities = race.qualities()
        fresh(race.path)
        winner = _batch(race, want, qualities)
        first.add(winner == 0, (winner != 0) / (size - 1))
        quality.add(qualities[winner] / ONE)
    how = f"of {size}, one {TIMES} times as quick"
    claim = f"Batch window: how often the quick one wins to another, {how}"
    yield first.finding(claim, "derived", 1, tolerance=TOLERANCE)
    best = size / (size + 1)
    claim = f"Batch window: quality of what is taken, {how}"
    yield quality.finding(claim, "derived", best, tolerance=TOLERANCE * best)


class Exchange:
    """One seller whose offers two buyers see alike, the second of them `DELTA_US` later."""

    def __init__(self, path: Path, rationing: Rationing) -> None:
        self.path = path
        self.seller, self.quick, self.slow = path.join(3)
        self._goods = path.post(self.seller, available=STOCK)
        self._wants = {
            agent: path.post(agent, side="want", available=STOCK)
            for agent in (self.quick, self.slow)
        }
        self._rationing = rationing
        self._now = 0

    def chance(self, phase_us: int) -> tuple[int, int]:
        """Offer two pieces at some instant of an interval; give what the quick one got, and all."""
        self._now += SECOND_US
        path = self.path
        path.pass_time(self._now)
        opening = OpenCallMarket("units", USD.code, TAU_US, 3, rationing=self._rationing)
        run = path.open(self.seller, opening)
        # The opening took a microsecond, and the offer and the first bid take one each.
        seen = self._now + phase_us
        path.pass_time(seen - 1)
        path.move(self.seller, PlaceCallOrder(run, self._goods, PRICE, 2))
        before = fresh(path)
        self._bid(run, self.quick)
        path.pass_time(seen + DELTA_US)
        if not path.trades[before:]:  # whoever sees that all is gone sends nothing
            self._bid(run, self.slow)
        path.pass_time(self._now + 4 * TAU_US)
        trades = path.trades[before:]
        got = sum(trade[3] for trade in trades if trade[0] == self.quick)
        return got, sum(trade[3] for trade in trades)

    def _bid(self, run: str, agent: str) -> None:
        self.path.move(agent, PlaceCallOrder(run, self._wants[agent], PRICE, 2))


def _exchange(scale: Scale) -> Iterator[Finding]:
    chances = scale.draws(CHANCES // 25, CHANCES)
    what = f"{DELTA_US // 1_000} ms quicker"
    rules: tuple[tuple[Rationing, str], ...] = (("pro_rata", "pro rata"), ("time", "by time"))
    for rationing, how in rules:
        rng, share = random.Random(scale.seed), Share()
        exchange = Exchange(Kernel(call_market), rationing)
        for _ in range(chances):
            share.add(*exchange.chance(rng.randrange(TAU_US)))
        yield share.finding(
            f"Share of whoever is {what}, batches of {TAU_US // 1_000} ms, equals served {how}",
            "derived",
            SHARE,
            tolerance=0,
            is_control=rationing == "time",
        )
    share = Share()
    duel = Duel(Kernel(posted_price))
    for _ in range(chances):
        share.add(duel.chance(), 1)
    claim = f"Share of whoever is {what}, trade in continuous time"
    yield share.finding(claim, "derived", 1, tolerance=0)


class Duel:
    """The same two buyers at a posted price, which the first to come takes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seller, *self._buyers = path.join(3)
        self._now = 0

    def chance(self) -> int:
        """Post something; tell whether the quick one got it."""
        self._now += SECOND_US
        path, seen = self.path, fresh(self.path)
        path.pass_time(self._now)
        thing = path.post(self.seller, price=PRICE)
        for n, buyer in enumerate(self._buyers):
            path.pass_time(self._now + n * DELTA_US)
            if not path.trades[seen:]:
                path.open(buyer, TakePrice(thing, PRICE))
        return int(path.trades[-1][0] == self._buyers[0])


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of some races of each kind, by the kernel and by the whole market."""
    return _some_races(seed, Kernel), _some_races(seed, Hall)


def _some_races(seed: int, path: type[Kernel] | type[Hall]) -> list[Trade]:
    rng = random.Random(seed)
    posted, batch = (Race(path(kind), rng, 5, TIMES) for kind in (posted_price, batch_window))
    exchange, duel = Exchange(path(call_market), "pro_rata"), Duel(path(posted_price))
    wants = [_want(race) for race in (posted, batch)]
    trades: list[Trade] = []
    for n in range(8):
        for race, want in zip((posted, batch), wants, strict=True):
            seen = fresh(race.path)
            if race is posted:
                _first_come(race, want)
            else:
                _batch(race, want, race.qualities())
            trades += race.path.trades[seen:]
        for room in (exchange, duel):
            seen = fresh(room.path)
            if room is exchange:
                exchange.chance(TAU_US - DELTA_US // 2 if n == 3 else rng.randrange(TAU_US // 2))
            else:
                duel.chance()
            trades += room.path.trades[seen:]
    return trades
