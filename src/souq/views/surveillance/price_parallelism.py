"""Price parallelism: high prices that hold because whoever cuts is punished.

High prices alone prove nothing: learners without memory stay high, too, and compete as soon as one
of them tries it. The punishment test looks at what follows a cut by one seller: do the rivals cut
at once, and do all come back within a few steps? Whoever competes answers a cut, too, but by less
than half of it, where goods are not all alike; who punishes goes further down. Where cost is known
the level is held against it; where it is not, prices must have been stuck at one level besides.
High above a known cost without punishment is told as well, for somebody to have an eye on.

A step is as long as a seller takes between two prices when it is quick. Markets record changes of
prices only, so what stands is counted for each step that it stands, up to a few.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean, pstdev
from typing import Literal

from msgspec import Struct

from souq.views.surveillance.rows import Alarm, Edge, Quote, some

NAME = "price_parallelism"
READS = (Quote,)
SELLERS_MAX = 8
USUAL_STEPS = 6
CUT_MIN_PPM = 30_000
ANSWER_MIN_PPM = 15_000
ANSWER_SHARE_PPM = 500_000  # of the cut; best replies to logit demand are 0.35 to 0.41 of it
ANSWER_STEPS = 2
RETURN_STEPS = 15
SETTLED_STEPS = 3
RETURN_PPM = 970_000  # of the prices before the cut
CUTS_MIN = 4
PUNISHED_MIN_BPS = 4_000
UNPUNISHED_MAX_BPS = 1_000
MARGIN_MIN_BPS = 3_500
STUCK_MIN_BPS = 3_000  # of the steps at the one level
STANDING_MAX = USUAL_STEPS + RETURN_STEPS  # steps that unchanged prices count for
QUICK = 8  # one in so many waits of sellers between two prices is shorter than a step
_PPM = 1_000_000

Verdict = Literal["genuine", "spurious", "none"]


class Step(Struct, frozen=True, gc=False):
    """What every seller asked at the end of a step, in the order of their names."""

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
    def verdict(self) -> Verdict:
        """Tell collusion that punishes from prices that are high without it, and from neither."""
        is_dear = self.margin_bps is not None and self.margin_bps >= MARGIN_MIN_BPS
        if self.cuts < CUTS_MIN:
            return "none"
        if self.punished_bps >= PUNISHED_MIN_BPS:
            is_stuck = self.margin_bps is None and self.stuck_bps >= STUCK_MIN_BPS
            return "genuine" if is_dear or is_stuck else "none"
        return "spurious" if is_dear and self.punished_bps <= UNPUNISHED_MAX_BPS else "none"

    @property
    def score_bps(self) -> int:
        """Weigh level and punishment together; without a known cost, punishment alone."""
        if self.margin_bps is None:
            return self.punished_bps
        return self.punished_bps * max(0, self.margin_bps) // 10_000


def find(quotes: Sequence[Quote]) -> Iterator[Alarm]:
    """Yield an alarm for every market that looks like collusion, or is dear without it."""
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
        if signs.verdict == "genuine":
            punished = [one for one in cuts if one.is_answered and one.is_over]
            yield _alarm(market, sellers, path, punished, signs)
        elif signs.verdict == "spurious":
            alone = [one for one in cuts if not one.is_answered]
            yield _alarm(market, sellers, path, alone, signs)


def _alarm(
    market: str, sellers: list[str], path: list[Step], shown: list[Cut], signs: Signs
) -> Alarm:
    """Show punished cuts, or else those that nobody answered. `path` covers them all."""
    is_genuine = signs.verdict == "genuine"
    ends = [path[min(one.step + n, len(path) - 1)].seq for one in shown for n in (0, 1)]
    edges = Counter(sellers[one.by] for one in shown)
    margin = f", {signs.margin_bps / 100:.0f} % above cost" if signs.margin_bps else ""
    told = (
        f"{signs.punished} of {signs.cuts} cuts of a price were answered and forgiven{margin}; "
        f"{signs.stuck_bps / 100:.0f} % of the time at one level"
        if is_genuine
        else f"dear without punishment{margin}: {len(shown)} of {signs.cuts} cuts of a price "
        "were not answered"
    )
    return Alarm(
        NAME,
        tuple(sellers),
        signs.punished_bps if is_genuine else signs.margin_bps or 0,
        path[0].at,
        path[-1].at,
        "warn" if is_genuine else "observe",
        some(ends),
        edges=tuple(Edge(market, who, 0, count) for who, count in sorted(edges.items())),
        told=told,
    )


def steps(quotes: Sequence[Quote]) -> list[Step]:
    """Read quotes of one market as steps, from when every seller has a price."""
    instants = list(_instants(quotes))
    length = _step_us(quotes)
    if not length:
        return instants
    path: list[Step] = []
    numbers = [(one.at - instants[0].at + length // 2) // length for one in instants]
    for one, (number, next_number) in zip(instants, pairwise(numbers), strict=False):
        path += [one] * min(next_number - number, STANDING_MAX)
    return [*path, instants[-1]] if instants else []


def _step_us(quotes: Sequence[Quote]) -> int:
    """Give how long a seller takes to change a price when it is quick; 0 where none is known."""
    waits = []
    by_listing = sorted(quotes, key=lambda quote: (quote.seller, quote.listing))
    for _, own in groupby(by_listing, key=lambda quote: (quote.seller, quote.listing)):
        changed = [b.at for a, b in pairwise(own) if a.units != b.units]
        waits += [after - before for before, after in pairwise(changed)]
    return sorted(waits)[len(waits) // QUICK] if waits else 0


def _instants(quotes: Sequence[Quote]) -> Iterator[Step]:
    """Yield what stood after each instant at which prices were set.

    A seller with several listings counts with the cheapest that stands.
    """
    sellers = sorted({quote.seller for quote in quotes})
    standing: dict[str, dict[str, Quote]] = {seller: {} for seller in sellers}
    for n, quote in enumerate(quotes):
        standing[quote.seller][quote.listing] = quote
        is_last = n + 1 == len(quotes) or quotes[n + 1].at != quote.at
        if not is_last or not all(standing.values()):
            continue
        cheapest = [min(standing[one].values(), key=lambda q: q.units) for one in sellers]
        prices = tuple(one.units for one in cheapest)
        costs = tuple(one.cost_units for one in cheapest)
        yield Step(quote.seq, quote.at, prices, costs)


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
        back = _back(path, n, usual)
        found.append(Cut(n, by, _answered(path, n, by, usual), bool(back)))
        if back:
            n = _settled(back)
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
    cut_ppm = _PPM - path[n].prices[by] * _PPM // usual[by]
    least_ppm = max(ANSWER_MIN_PPM, cut_ppm * ANSWER_SHARE_PPM // _PPM)
    for later in path[n + 1 : n + 1 + ANSWER_STEPS]:
        others = [
            (price, low)
            for k, (price, low) in enumerate(zip(later.prices, usual, strict=True))
            if k != by
        ]
        if any(price * _PPM <= low * (_PPM - least_ppm) for price, low in others):
            return True
        if later.prices[by] >= usual[by]:
            return False  # whoever cut has gone back by itself
    return False


def _back(path: Sequence[Step], n: int, usual: tuple[int, ...]) -> list[int]:
    """List the steps soon after a cut at which all are back."""
    return [
        step
        for step in range(n + 1, min(len(path), n + 1 + RETURN_STEPS))
        if all(
            now * _PPM >= old * RETURN_PPM
            for now, old in zip(path[step].prices, usual, strict=True)
        )
    ]


def _settled(back: list[int]) -> int:
    """Give where a war is over: until all stay back, whoever goes down again is part of it."""
    for step, later in zip(back, back[SETTLED_STEPS - 1 :], strict=False):
        if later - step == SETTLED_STEPS - 1:
            return step
    return back[-1]


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
