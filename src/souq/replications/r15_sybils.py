"""R15. Sybils: names are free, and what they say of each other is worth nothing to anybody rooted.

On a random graph where a reader may start anywhere, a median node multiplies its PageRank by making
names that link to it, and takes a first rank. Where the reader starts only at roots that somebody
vouches for, names without a link from the rest have exactly nothing, and with a few links no more
than flows in through them, however many there are.
"""

import random
from collections.abc import Iterator
from statistics import mean, median

from souq.core.mechanisms import posted_price
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Money
from souq.lab.hall import Hall
from souq.lab.kernel import Kernel, Trade
from souq.replications.calling import Path
from souq.replications.replication import Finding, Scale
from souq.replications.sampling import Sample
from souq.views.trust import MASS, Paid, rank

ID = "R15"
TITLE = "Sybils against PageRank, and trust rooted in who is vouched for"
SOURCE = "Cheng and Friedman 2006; Kamvar, Schlosser and Garcia-Molina 2003"
TAPE = "5387b97601ea551f"

NODES, LINKS, ROOTS, RING = 100, 5, 5, 20
SYBILS = {1: 3.9, 5: 5.6, 20: 10.9}  # as measured for the specification
WEIGHT = 100


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim."""
    graphs = scale.draws(5, 40)
    for names, published in SYBILS.items():
        times, place = Sample(), Sample()
        for n in range(graphs):
            gain, rank_after = _open_gain(scale.seed * 1_000 + n, names)
            times.add(gain)
            place.add(rank_after)
        claim = f"Starting anywhere: PageRank of a median node with {names} own names, times before"
        tolerance = 0.1 * published
        yield times.finding(claim, str(published), published, tolerance=tolerance)
        if names == max(SYBILS):
            claim = f"Starting anywhere: the rank it takes with {names}, 0 the first"
            yield place.finding(claim, "0", 0, tolerance=3)
    for edges, low, high in ((0, 0.0, 0.0), (1, 0.0, 0.023), (5, 0.0, 0.06)):
        found = [_captured(scale.seed * 1_000 + n, edges) for n in range(graphs)]
        yield Finding(
            claim=f"Starting at {ROOTS} roots: mean of what a ring gets by {edges} links to it",
            published="0" if not edges else f"at most {high}",
            expected=0.0,
            low=low,
            high=high,
            measured=mean(found),
            draws=graphs,
        )
    found = [_captured(scale.seed * 1_000 + n, 0, is_rooted=False) for n in range(graphs)]
    yield Finding(
        claim=f"Starting anywhere: what a ring of {RING} gets without a link to it",
        published="above 0",
        expected=0.0,
        low=0.0,
        high=0.0,
        measured=min(found),
        draws=graphs,
        is_control=True,
    )


def _graph(rng: random.Random) -> Paid:
    names = [f"P{n}" for n in range(NODES)]
    return {one: dict.fromkeys(_others(rng, names, one), WEIGHT) for one in names}


def _others(rng: random.Random, names: list[str], one: str) -> list[str]:
    return rng.sample([other for other in names if other != one], LINKS)


def _open_gain(seed: int, names: int) -> tuple[float, float]:
    """Give by how much a median node's PageRank grows, and what rank it then has."""
    graph = _graph(random.Random(seed))
    before = rank(graph, dict.fromkeys(graph, 1))
    middle = median(sorted(before.values()))
    one = min(graph, key=lambda name: (abs(before[name] - middle), name))
    sybils = [f"S{n}" for n in range(names)]
    faked: Paid = {**graph, one: dict.fromkeys(sybils, WEIGHT)}
    faked.update({name: {one: WEIGHT} for name in sybils})
    after = rank(faked, dict.fromkeys(faked, 1))
    better = sum(1 for name in graph if after[name] > after[one])
    return after[one] / before[one], float(better)


def _captured(seed: int, edges: int, *, is_rooted: bool = True) -> float:
    """Give the share of all trust that a ring gets which honest nodes link to so many times."""
    rng = random.Random(seed)
    graph = _graph(rng)
    ring = [f"S{n}" for n in range(RING)]
    for n, name in enumerate(ring):
        graph[name] = {ring[(n + 1) % RING]: WEIGHT}
    honest = [f"P{n}" for n in range(NODES)]
    for name in rng.sample(honest[ROOTS:], edges):
        graph[name][rng.choice(ring)] = WEIGHT
    found = rank(graph, dict.fromkeys(honest[:ROOTS] if is_rooted else graph, 1))
    return sum(found.get(name, 0) for name in ring) / MASS


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of one seed: payments at random, by the kernel and by the whole market."""
    paths: tuple[Path, Path] = Kernel(posted_price), Hall(posted_price)
    return _pay(paths[0], seed), _pay(paths[1], seed)


def _pay(path: Path, seed: int) -> list[Trade]:
    rng = random.Random(seed)
    agents = path.join(8)
    for buyer in agents:
        seller = rng.choice([one for one in agents if one != buyer])
        price = Money(rng.randint(1, 500), USD.code)
        path.open(buyer, TakePrice(path.post(seller, price=price), price))
    return path.trades
