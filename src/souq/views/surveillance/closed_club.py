"""Closed clubs: several sellers and several buyers of one market who deal with each other only.

The exclusion index of a group is the share of its deals that stay inside it, over the share that
chance would keep there if everybody met everybody as often as they deal. A seller with regular
customers is no club, nor is a market of few: the one has one seller, the other an index of 1.
"""

from collections.abc import Iterable, Iterator, Sequence

from souq.views.surveillance.graph import Pair, Tie, by_market, components, strong, ties
from souq.views.surveillance.rows import Alarm, Quote, Trade, some, some_names

NAME = "closed_club"
READS = (Trade, Quote)
REPEATS_MIN = 3
CHANCE_MAX = 1e-4
INDEX_MIN_BPS = 20_000
INSIDE_MIN_BPS = 8_000
DENSITY_MIN_BPS = 5_000  # of the pairs that could deal, how many do so regularly
SELLERS_MIN = BUYERS_MIN = 2
DEALS_MIN = 30


def find(trades: Sequence[Trade], quotes: Sequence[Quote] = ()) -> Iterator[Alarm]:
    """Yield an alarm for every club, market by market."""
    for market, found in by_market(trades).items():
        all = ties(found)
        kept = strong(all, repeats_min=REPEATS_MIN, chance_max=CHANCE_MAX)
        for group in components(kept):
            yield from _judged(group, all, kept, quotes, market)


def _judged(
    group: list[str],
    all: dict[Pair, Tie],
    kept: dict[Pair, Tie],
    quotes: Sequence[Quote],
    market: str,
) -> Iterator[Alarm]:
    members = frozenset(group)
    regular = [pair for pair in kept if pair[0] in members and pair[1] in members]
    sellers = {seller for seller, _ in regular}
    buyers = {buyer for _, buyer in regular}
    if len(sellers) < SELLERS_MIN or len(buyers) < BUYERS_MIN or len(sellers | buyers) < 4:
        return
    density_bps = 10_000 * len(regular) // (len(sellers) * len(buyers) - len(sellers & buyers))
    inside = [tie for (a, b), tie in all.items() if a in members and b in members]
    deals = sorted((one for tie in inside for one in tie.trades), key=lambda one: one.seq)
    share_bps, index_bps = exclusion(all, members)
    is_closed = share_bps >= INSIDE_MIN_BPS and index_bps >= INDEX_MIN_BPS
    if not is_closed or density_bps < DENSITY_MIN_BPS or len(deals) < DEALS_MIN:
        return
    outsiders = len({pair[0] for pair in all} - members)
    listed = (one for one in quotes if one.market == market)
    lag = newcomers_lag((one for tie in all.values() for one in tie.trades), listed)
    waited = f"; newcomers wait {lag / 3.6e9:.1f} h for a first sale" if lag is not None else ""
    yield Alarm(
        NAME,
        tuple(group),
        min(10_000, share_bps),
        deals[0].at,
        deals[-1].at,
        "warn",
        some([one.seq for one in deals]),
        some_names([one.contract for one in deals]),
        tuple(tie.edge for tie in inside),
        f"{share_bps / 100:.0f} % of what {len(sellers)} sellers and {len(buyers)} buyers deal "
        f"stays among them, {index_bps / 10_000:.1f} times what chance would keep; "
        f"{outsiders} sellers stand outside{waited}",
    )


def exclusion(all: dict[Pair, Tie], members: frozenset[str]) -> tuple[int, int]:
    """Give the share of members' deals that stays inside, and the exclusion index, both in bps."""
    whole = sold = bought = inside = touching = 0
    for (seller, buyer), tie in all.items():
        count = len(tie.trades)
        whole += count
        sold += count * (seller in members)
        bought += count * (buyer in members)
        inside += count * (seller in members and buyer in members)
        touching += count * (seller in members or buyer in members)
    by_chance = sold * bought  # over `whole`, the deals inside if all met at random
    if not by_chance or not touching:
        return 0, 0
    return 10_000 * inside // touching, 10_000 * inside * whole // by_chance


def newcomers_lag(trades: Iterable[Trade], quotes: Iterable[Quote]) -> int | None:
    """Give the median time from a seller's first listing to its first sale; None without any.

    Who has not sold yet counts as longer than anybody who has.
    """
    listed: dict[str, int] = {}
    for one in quotes:
        listed[one.seller] = min(one.at, listed.get(one.seller, one.at))
    sold: dict[str, int] = {}
    for deal in trades:
        sold[deal.seller] = min(deal.at, sold.get(deal.seller, deal.at))
    lags = sorted(sold[one] - at for one, at in listed.items() if sold.get(one, -1) >= at)
    middle = (len(listed) - 1) // 2
    return lags[middle] if lags and middle < len(lags) else None
