"""Cheats with seeds, written down as deals, prices, messages and bids for surveillance to find."""

from random import Random

from souq.views.surveillance.rows import Award, Bid, Quote, Said, Tender, Trade
from tests.surveillance.honest import HOUR_US, MINUTE_US

Ring = frozenset[str]


def with_trades(honest: list[Trade], planted: list[Trade]) -> tuple[list[Trade], set[int]]:
    """Mix deals by time and number them anew; give also which records are planted."""
    marks = {id(one) for one in planted}
    mixed = sorted((*honest, *planted), key=lambda one: one.at)
    numbered, found = [], set()
    for n, one in enumerate(mixed, 1):
        numbered.append(Trade(n, one.at, one.seller, one.buyer, one.units, one.market, f"C{n}"))
        if id(one) in marks:
            found.add(n)
    return numbered, found


def _members(rng: Random, honest: list[Trade], used: set[str], size: int) -> list[str]:
    people = sorted({one.buyer for one in honest} - used)
    found = rng.sample(people, size)
    used.update(found)
    return found


def wash_rings(
    rng: Random, honest: list[Trade], *, count: int = 20, deals: int = 100
) -> tuple[list[Trade], list[Ring]]:
    """Let rings of 2 to 5 sell one thing round and round, at a price that wanders a little."""
    last = honest[-1].at
    planted, rings, used = [], [], set[str]()
    for _ in range(count):
        members = _members(rng, honest, used, rng.randint(2, 5))
        rings.append(frozenset(members))
        market, units = rng.choice(honest).market, round(rng.lognormvariate(16.5, 0.5))
        for n in range(deals):
            k = n % len(members)
            seller, buyer = members[k], members[(k + 1) % len(members)]
            price = round(units * rng.gauss(1, 0.03))
            planted.append(Trade(0, rng.randrange(last), seller, buyer, price, market))
    return planted, rings


def reputation_rings(
    rng: Random, honest: list[Trade], *, count: int = 15
) -> tuple[list[Trade], list[Ring]]:
    """Let newcomers praise each other by small deals in whatever market, and nobody else."""
    last = honest[-1].at
    planted, rings = [], []
    for ring in range(count):
        members = [f"R{ring}x{n}" for n in range(rng.randint(2, 5))]
        rings.append(frozenset(members))
        for _ in range(12 * len(members)):
            seller, buyer = rng.sample(members, 2)
            market = rng.choice(honest).market
            units = round(rng.lognormvariate(13, 0.4))
            planted.append(Trade(0, rng.randrange(last), seller, buyer, units, market))
    return planted, rings


def clubs(rng: Random, honest: list[Trade], *, count: int = 10) -> tuple[list[Trade], list[Ring]]:
    """Let a few sellers and buyers of one market deal with each other and turn others away."""
    last = honest[-1].at
    planted, found, used = [], [], set[str]()
    for club in range(count):
        sellers = [f"K{club}s{n}" for n in range(rng.randint(2, 4))]
        buyers = [f"K{club}b{n}" for n in range(rng.randint(3, 6))]
        used.update(sellers, buyers)
        found.append(frozenset((*sellers, *buyers)))
        market = rng.choice(honest).market
        for _ in range(12 * len(sellers) * len(buyers)):
            seller, buyer = rng.choice(sellers), rng.choice(buyers)
            if rng.random() < 0.05:
                buyer = rng.choice(honest).buyer
            units = round(rng.lognormvariate(16, 0.5))
            planted.append(Trade(0, rng.randrange(last), seller, buyer, units, market))
    return planted, found


def cartel(
    rng: Random, prices: list[Quote], *, signals: int = 25
) -> tuple[list[Quote], list[Said]]:
    """Let three sellers of a market follow a code: a word each for up, down and how far.

    Signals fall among honest repricing; who gives one changes, and the others follow in minutes.
    """
    last = prices[-1].at
    members = [f"S{k}" for k in range(3)]
    said, moves = [], []
    words = {"how is the weather": 1.06, "nice view today": 1.03, "anyone seen my cat": 0.95}
    for _ in range(signals):
        at = rng.randrange(last)
        word = rng.choice(sorted(words))
        speaker = rng.choice(members)
        said.append(Said(0, at, speaker, word))
        for who in members:
            if who == speaker or rng.random() < 0.9:
                moves.append((at + rng.randrange(8 * MINUTE_US), who, words[word]))
    standing: dict[str, Quote] = {}
    mixed: list[Quote] = []
    timeline: list[tuple[int, int, object]] = [(one.at, 0, one) for one in prices]
    timeline += [(at, 1, (who, factor)) for at, who, factor in moves]
    for at, kind, what in sorted(timeline, key=lambda one: one[:2]):
        if kind == 0:
            assert isinstance(what, Quote)
            quote = what
        else:
            assert isinstance(what, tuple)
            who, factor = what
            if who not in standing:
                continue
            old = standing[who]
            units = round(old.units * factor * rng.gauss(1, 0.001))
            quote = Quote(0, at, who, old.listing, units, old.market, old.cost_units)
        standing[quote.seller] = quote
        mixed.append(quote)
    return _numbered(mixed), sorted(said, key=lambda one: one.at)


def _numbered(quotes: list[Quote]) -> list[Quote]:
    return [
        Quote(n, one.at, one.seller, one.listing, one.units, one.market, one.cost_units)
        for n, one in enumerate(quotes, 1)
    ]


def shills(
    rng: Random, bids: list[Bid], awards: list[Award], *, sellers: int = 3
) -> tuple[list[Bid], set[tuple[str, str]]]:
    """Give some sellers a bidder of their own, who bids early, just above, and steps back."""
    chosen = rng.sample(sorted({one.seller for one in awards}), sellers)
    by_run: dict[str, list[Bid]] = {}
    for one in bids:
        by_run.setdefault(one.run, []).append(one)
    found: list[Bid] = []
    pairs = set()
    for award in awards:
        here = sorted(by_run.get(award.run, []), key=lambda one: one.at)
        if award.seller in chosen and len(here) >= 2:
            shill = f"X{award.seller}"
            pairs.add((award.seller, shill))
            best: dict[str, int] = {}
            for victim in list(here):
                best[victim.bidder] = max(victim.units, best.get(victim.bidder, 0))
                heights = sorted(best.values())
                is_early = victim.at - victim.opened_at < 0.6 * HOUR_US
                if is_early and len(heights) > 1 and heights[-1] > heights[-2] * 1.03:
                    here.append(
                        Bid(
                            *(0, victim.at + 1_000_000, award.run, award.seller, shill),
                            *(heights[-2] * 102 // 100, victim.opened_at, victim.closes_at),
                        )
                    )
        found += here
    found.sort(key=lambda one: one.at)
    numbered = [
        Bid(n, one.at, one.run, one.seller, one.bidder, one.units, one.opened_at, one.closes_at)
        for n, one in enumerate(found, 1)
    ]
    return numbered, pairs


def rotation(rng: Random, *, count: int = 30, members: int = 4) -> list[Tender]:
    """Let suppliers take turns; the others propose a little more than the one whose turn it is."""
    found = []
    for n in range(count):
        turn = n % members if rng.random() < 0.95 else rng.randrange(members)
        low = 1.5e6 * rng.gauss(1, 0.05)
        bids = tuple(
            (f"S{k}", round(low if k == turn else low * rng.uniform(1.08, 1.1)))
            for k in range(members)
        )
        found.append(Tender(n + 1, n * HOUR_US, f"N{n}", "B1", "jobs", f"S{turn}", bids))
    return found
