"""Honest markets for surveillance to find nothing in: who is busy, loyal, late and loud differs."""

from random import Random

from souq.views.surveillance.rows import Award, Bid, Quote, Said, Tender, Trade

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


def trades(
    rng: Random,
    count: int = 40_000,
    *,
    people: int = 400,
    markets: int = 8,
    loyalty: float = 0.35,
    is_two_sided: bool = True,
) -> list[Trade]:
    """Draw deals of people of very unequal activity, who come back to a few sellers they like.

    Everybody knows a few markets. Where the market is two-sided, everybody both buys and sells.
    """
    names = [f"P{n}" for n in range(1, people + 1)]
    busy = [1 / (n + 5) ** 0.7 for n in range(people)]
    rng.shuffle(busy)
    knows = [rng.sample(range(markets), rng.randint(1, min(3, markets))) for _ in names]
    sells = [is_two_sided or n % 3 == 0 for n in range(people)]
    by_market = []
    for market in range(markets):
        inside = [n for n in range(people) if market in knows[n]]
        sellers = [n for n in inside if sells[n]]
        by_market.append((sellers, [busy[n] for n in sellers]))
    favourites: dict[tuple[int, int], list[int]] = {}
    found = []
    buyers = rng.choices(range(people), busy, k=count)
    for n, buyer in enumerate(buyers):
        market = rng.choice(knows[buyer])
        sellers, weights = by_market[market]
        liked = favourites.setdefault((buyer, market), [])
        if liked and rng.random() < loyalty:
            seller = rng.choice(liked)
        else:
            seller = rng.choices(sellers, weights)[0]
            if len(liked) < 3 and rng.random() < 0.3:
                liked.append(seller)
        if seller == buyer:
            continue
        units = round(rng.lognormvariate(16, 0.6))
        at = n * MINUTE_US + rng.randrange(MINUTE_US)
        found.append(
            Trade(n + 1, at, names[seller], names[buyer], units, f"m{market}", f"C{n + 1}")
        )
    return found


def quotes(rng: Random, *, sellers: int = 5, days: int = 200, market: str = "m") -> list[Quote]:
    """Let sellers price by cost, each with a mark-up and a lag of its own, with sales now and then.

    Costs move everybody, rivals are followed half-heartedly, and many prices are round.
    """
    cost = [1_000_000 * rng.uniform(0.8, 1.2) for _ in range(sellers)]
    markup = [rng.uniform(1.1, 1.6) for _ in range(sellers)]
    is_round = [rng.random() < 0.4 for _ in range(sellers)]
    found: list[Quote] = []
    events: list[tuple[int, int, float]] = []
    for day in range(days):
        movers = {k for k in range(sellers) if rng.random() < 0.15}
        if rng.random() < 0.3:  # a shock that reaches all, by and by
            shock = rng.gauss(1, 0.05)
            cost = [one * shock for one in cost]
            movers.update(range(sellers))
        for k in movers:
            events.append((day * 24 * HOUR_US + rng.randrange(36 * HOUR_US), k, cost[k]))
    prices = dict.fromkeys(range(sellers), 0)
    for at, k, own in sorted(events):
        aim = own * markup[k]
        rivals = [one for j, one in prices.items() if j != k and one]
        if rivals and rng.random() < 0.3:
            aim = 0.7 * aim + 0.3 * min(rivals)
        if rng.random() < 0.1:
            aim *= 0.85  # a sale
        units = round(aim * rng.gauss(1, 0.01))
        units = round(units, -5) if is_round[k] else units
        prices[k] = max(1, units)
        found.append(Quote(len(found) + 1, at, f"S{k}", f"L{k}", prices[k], market, round(own)))
    return found


def talk(rng: Random, prices: list[Quote], *, count: int = 60) -> list[Said]:
    """Let sellers say things: mostly at any time, sometimes about what just happened to prices."""
    speakers = sorted({one.seller for one in prices})
    last = prices[-1].at
    found = []
    for n in range(count):
        at = rng.choice(prices).at + rng.randrange(HOUR_US) if n % 3 else rng.randrange(last)
        found.append(Said(0, at, rng.choice(speakers), f"{rng.randrange(40)}"))
    return sorted(found, key=lambda one: one.at)


def auctions(
    rng: Random, *, sellers: int = 12, bidders: int = 60, runs: int = 300
) -> tuple[list[Bid], list[Award]]:
    """Let bidders with values of their own bid: early, late, or steadily; some love one seller."""
    favourite = {b: rng.randrange(sellers) for b in range(bidders) if rng.random() < 0.3}
    style = {b: rng.choice(("early", "late", "steady")) for b in range(bidders)}
    bids: list[Bid] = []
    awards: list[Award] = []
    seq = 0
    for run in range(runs):
        seller = rng.randrange(sellers)
        opened, closes = run * HOUR_US, run * HOUR_US + HOUR_US
        fans = [b for b, loved in favourite.items() if loved == seller]
        others = [b for b in range(bidders) if b not in favourite]
        here = rng.sample(fans, min(len(fans), 2)) + rng.sample(others, rng.randint(2, 5))
        values = {b: round(rng.lognormvariate(16, 0.3)) for b in here}
        placed = []
        for b in here:
            moments = {"early": (0.0, 0.6), "late": (0.85, 1.0), "steady": (0.0, 1.0)}[style[b]]
            times = sorted(rng.uniform(*moments) for _ in range(rng.randint(1, 3)))
            for left, share in enumerate(reversed(times)):  # the last one names the whole value
                units = round(values[b] * 0.8**left)
                placed.append((opened + round(share * HOUR_US), b, units))
        best: dict[int, int] = {}
        for at, b, units in sorted(placed):
            second = sorted(best.values())[-2] if len(best) > 1 else 0
            if units > second:
                best[b] = units
                seq += 1
                bids.append(Bid(seq, at, f"N{run}", f"S{seller}", f"B{b}", units, opened, closes))
        seq += 1
        winner = max(best, key=lambda b: best[b])
        price = sorted(best.values())[-2] if len(best) > 1 else best[winner]
        awards.append(Award(seq, closes, f"N{run}", f"S{seller}", f"B{winner}", price))
    return bids, awards


def tenders(rng: Random, *, count: int = 40, suppliers: int = 5) -> list[Tender]:
    """Let suppliers propose what the job costs them and a margin, each time anew."""
    found = []
    usual = [rng.uniform(0.9, 1.1) for _ in range(suppliers)]
    for n in range(count):
        here = sorted(rng.sample(range(suppliers), rng.randint(3, suppliers)))
        bids = tuple((f"S{k}", round(1e6 * usual[k] * rng.gauss(1.2, 0.1))) for k in here)
        winner = min(bids, key=lambda bid: bid[1])[0]
        found.append(Tender(n + 1, n * HOUR_US, f"N{n}", "B1", "jobs", winner, bids))
    return found
