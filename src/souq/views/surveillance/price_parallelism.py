"""Price parallelism: high prices that hold because whoever cuts is punished.

High prices alone prove nothing: learners without memory stay high, too, and compete as soon as one
of them tries it. The punishment test looks at what follows a cut by one seller: do the rivals cut
at once, and do all come back within a few steps? Where cost is known the level is held against it;
where it is not, prices must have been stuck at one level besides.

A step is any instant at which a price of the market was set.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from statistics import fmean, pstdev

from msgspec import Struct

from souq.views.surveillance.rows import Alarm, Edge, Quote, some

NAME = "price_parallelism"
READS = (Quote,)
SELLERS_MAX = 8
USUAL_STEPS = 6
CUT_MIN_PPM = 30_000
ANSWER_MIN_PPM = 15_000
ANSWER_STEPS = 2
RETURN_STEPS = 15
RETURN_PPM = 970_000  # of the prices before the cut
CUTS_MIN = 4
PUNISHED_MIN_BPS = 6_000
MARGIN_MIN_BPS = 3_500
STUCK_MIN_BPS = 3_000  # of the steps at the one level
_PPM = 1_000_000


class Step(Struct, frozen=True, gc=False):
    """What every seller asked, in the order of their names, after some price had been set."""

    seq: int
    at: int
    prices: tuple[int, ...]
    costs: tuple[int, ...]


class Cut(Struct, frozen=True, gc=False):
    """Seller number `by` went below the others, at step `step`."""

    step: int
    by: int
    is_answered: bool
    is_over: bool


class Signs(Struct, frozen=True, gc=False):
    """What a market's prices show; `margin_bps` is None where cost is unknown.

    `stuck_bps` is the share of steps at the commonest prices. `follows_cost` is how prices go with
    cost, from -1 to 1, None where cost is unknown or never changed.
    """

    cuts: int
    punished: int
    margin_bps: int | None
    stuck_bps: int
    follows_cost: float | None

    @property
    def punished_bps(self) -> int:
        """Give the share of cuts that were answered and forgiven."""
        return 10_000 * self.punished // self.cuts if self.cuts else 0

    @property
    def score_bps(self) -> int:
        """Weigh level and punishment together; without a known cost, punishment alone."""
        if self.margin_bps is None:
            return self.punished_bps
        return self.punished_bps * max(0, self.margin_bps) // 10_000


def find(quotes: Sequence[Quote]) -> Iterator[Alarm]:
    """Yield an alarm for every market that looks like collusion."""
    markets: dict[str, list[Quote]] = {}
    for quote in quotes:
        markets.setdefault(quote.market, []).append(quote)
    for market, found in markets.items():
        sellers = sorted({quote.seller for quote in found})
        if not 2 <= len(sellers) <= SELLERS_MAX:
            continue
        path = steps(found)
        cuts = cuts_in(path)
        if len(cuts) < CUTS_MIN:
            continue
        signs = signs_of(path, cuts)
        if not _is_alarming(signs):
            continue
        punished = [one for one in cuts if one.is_answered and one.is_over]
        ends = [path[one.step + n].seq for one in punished for n in (0, 1)]
        edges = Counter(sellers[one.by] for one in punished)
        margin = f", {signs.margin_bps / 100:.0f} % above cost" if signs.margin_bps else ""
        yield Alarm(
            NAME,
            tuple(sellers),
            signs.punished_bps,
            path[0].at,
            path[-1].at,
            "warn",
            some(ends),
            edges=tuple(Edge(market, who, 0, count) for who, count in sorted(edges.items())),
            told=f"{signs.punished} of {signs.cuts} cuts of a price were answered and forgiven"
            f"{margin}; {signs.stuck_bps / 100:.0f} % of the time at one level",
        )


def _is_alarming(signs: Signs) -> bool:
    if signs.punished_bps < PUNISHED_MIN_BPS:
        return False
    if signs.margin_bps is not None:
        return signs.margin_bps >= MARGIN_MIN_BPS
    return signs.stuck_bps >= STUCK_MIN_BPS


def steps(quotes: Sequence[Quote]) -> list[Step]:
    """Read quotes of one market as steps, from when every seller has a price.

    A seller with several listings counts with the cheapest that stands.
    """
    sellers = sorted({quote.seller for quote in quotes})
    standing: dict[str, dict[str, Quote]] = {seller: {} for seller in sellers}
    path: list[Step] = []
    for n, quote in enumerate(quotes):
        standing[quote.seller][quote.listing] = quote
        is_last = n + 1 == len(quotes) or quotes[n + 1].at != quote.at
        if not is_last or not all(standing.values()):
            continue
        cheapest = [min(standing[one].values(), key=lambda q: q.units) for one in sellers]
        prices = tuple(one.units for one in cheapest)
        costs = tuple(one.cost_units for one in cheapest)
        path.append(Step(quote.seq, quote.at, prices, costs))
    return path


def cuts_in(path: Sequence[Step]) -> list[Cut]:
    """List the cuts by one seller alone, below whatever it asked of late.

    Prices may go round in a cycle, so each is held against the lowest of the last quiet steps.
    """
    found = []
    quiet: deque[tuple[int, ...]] = deque(maxlen=USUAL_STEPS)
    n = 0
    while n < len(path):
        usual = tuple(map(min, zip(*quiet, strict=True))) if len(quiet) == USUAL_STEPS else ()
        by = _cutter(path[n].prices, usual) if usual else -1
        if by < 0:
            quiet.append(path[n].prices)
            n += 1
            continue
        over = _over(path, n, usual)
        found.append(Cut(n, by, _answered(path, n, by, usual), over > 0))
        if over:
            n = over
        else:
            quiet.clear()  # it has become the usual
            n += 1
    return found


def _cutter(prices: tuple[int, ...], usual: tuple[int, ...]) -> int:
    """Give the number of the one seller who went below what is usual, or -1."""
    below = [
        k
        for k, (price, low) in enumerate(zip(prices, usual, strict=True))
        if price * _PPM <= low * (_PPM - ANSWER_MIN_PPM)
    ]
    if len(below) != 1 or prices[below[0]] * _PPM > usual[below[0]] * (_PPM - CUT_MIN_PPM):
        return -1
    return below[0]


def _answered(path: Sequence[Step], n: int, by: int, usual: tuple[int, ...]) -> bool:
    for later in path[n + 1 : n + 1 + ANSWER_STEPS]:
        others = [
            (price, low)
            for k, (price, low) in enumerate(zip(later.prices, usual, strict=True))
            if k != by
        ]
        if any(price * _PPM <= low * (_PPM - ANSWER_MIN_PPM) for price, low in others):
            return True
        if later.prices[by] >= usual[by]:
            return False  # whoever cut has gone back by itself
    return False


def _over(path: Sequence[Step], n: int, usual: tuple[int, ...]) -> int:
    """Give the step at which all are back, or 0."""
    for step in range(n + 1, min(len(path), n + 1 + RETURN_STEPS)):
        back = zip(path[step].prices, usual, strict=True)
        if all(now * _PPM >= old * RETURN_PPM for now, old in back):
            return step
    return 0


def signs_of(path: Sequence[Step], cuts: Sequence[Cut]) -> Signs:
    """Sum up what a market's steps show."""
    punished = sum(one.is_answered and one.is_over for one in cuts)
    common = Counter(step.prices for step in path).most_common(1)[0][1]
    prices = [sum(step.prices) / len(step.prices) for step in path]
    costs = [sum(step.costs) / len(step.costs) for step in path]
    margin = None
    if all(all(step.costs) for step in path):
        margin = round(10_000 * (fmean(prices) - fmean(costs)) / fmean(prices))
    return Signs(len(cuts), punished, margin, 10_000 * common // len(path), _with(prices, costs))


def _with(prices: list[float], costs: list[float]) -> float | None:
    spread, cost_spread = pstdev(prices), pstdev(costs)
    if not cost_spread or not all(costs):
        return None
    if not spread:
        return 0.0
    middle, cost_middle = fmean(prices), fmean(costs)
    both = fmean((p - middle) * (c - cost_middle) for p, c in zip(prices, costs, strict=True))
    return both / (spread * cost_spread)
