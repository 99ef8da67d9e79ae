"""Shill bidding: somebody bids in one seller's auctions only, early, and hardly ever wins.

Three things are weighed, each by how often it would happen by chance: that so many of its auctions
are this seller's; that it won so few of them, where each bidder is as likely to win; and that it
was so seldom among the late bidders. All must be rare, and together very rare. A lone seller's
shills cannot be told from regular customers in this way.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from souq.views.surveillance.graph import binomial_tail
from souq.views.surveillance.rows import Alarm, Award, Bid, Edge, some, some_names

NAME = "shill_bidding"
READS = (Bid, Award)
AUCTIONS_MIN = 8
WINS_MAX_BPS = 1_000
LOYAL_CHANCE_MAX = 1e-4
LOSES_EARLY_CHANCE_MAX = 1e-3
WHOLE_CHANCE_MAX = 1e-9
EARLY_BPS = 7_500  # of an auction's time


class _Run(Struct):
    seller: str
    bidders: dict[str, Bid]  # the last bid of each
    records: dict[str, list[int]]
    winner: str = ""
    units: int = 0


def find(bids: Sequence[Bid], awards: Sequence[Award]) -> Iterator[Alarm]:
    """Yield an alarm for every bidder that is probably the seller's own."""
    runs: dict[str, _Run] = {}
    for bid in bids:
        run = runs.setdefault(bid.run, _Run(bid.seller, {}, {}))
        run.bidders[bid.bidder] = bid
        run.records.setdefault(bid.bidder, []).append(bid.seq)
    for award in awards:
        if award.run in runs:
            runs[award.run].winner, runs[award.run].units = award.winner, award.units
    by_seller: dict[str, int] = {}
    entered: dict[str, list[str]] = {}
    for id, run in runs.items():
        by_seller[run.seller] = by_seller.get(run.seller, 0) + 1
        for bidder in run.bidders:
            entered.setdefault(bidder, []).append(id)
    last_bids = [_is_early(bid) for run in runs.values() for bid in run.bidders.values()]
    early_share = (sum(last_bids) + 1) / (len(last_bids) + 2)
    for bidder, ids in entered.items():
        if len(ids) < AUCTIONS_MIN:
            continue
        seller = max(sorted({runs[id].seller for id in ids}), key=lambda s: _count(runs, ids, s))
        own = [id for id in ids if runs[id].seller == seller]
        yield from _judged(
            bidder,
            seller,
            [(id, runs[id]) for id in own],
            len(ids),
            by_seller[seller] / len(runs),
            early_share,
        )


def _count(runs: dict[str, _Run], ids: list[str], seller: str) -> int:
    return sum(runs[id].seller == seller for id in ids)


def _judged(
    bidder: str,
    seller: str,
    own: list[tuple[str, _Run]],
    entered: int,
    seller_share: float,
    early_share: float,
) -> Iterator[Alarm]:
    count = len(own)
    wins = sum(run.winner == bidder for _, run in own)
    if count < AUCTIONS_MIN or 10_000 * wins > WINS_MAX_BPS * count:
        return
    loyal = binomial_tail(count, entered, seller_share)
    win_share = sum(1 / len(run.bidders) for _, run in own) / count
    loses = 1 - binomial_tail(wins + 1, count, win_share)
    early = sum(_is_early(run.bidders[bidder]) for _, run in own)
    loses_early = loses * binomial_tail(early, count, early_share)
    if loyal > LOYAL_CHANCE_MAX or loses_early > LOSES_EARLY_CHANCE_MAX:
        return
    if loyal * loses_early > WHOLE_CHANCE_MAX:
        return
    rows = sorted(seq for _, run in own for seq in run.records[bidder])
    spent = sum(run.bidders[bidder].units for _, run in own)
    yield Alarm(
        NAME,
        tuple(sorted((bidder, seller))),
        10_000 - 10_000 * wins // count,
        min(run.bidders[bidder].at for _, run in own),
        max(run.bidders[bidder].at for _, run in own),
        "restrict",
        some(rows),
        some_names([id for id, _ in own]),
        (Edge(bidder, seller, spent, count),),
        f"{bidder} bid in {count} auctions of {seller} and in {entered - count} of others, "
        f"won {wins}, and had bid last early in {early}",
    )


def _is_early(bid: Bid) -> bool:
    whole = max(1, bid.closes_at - bid.opened_at)
    return 10_000 * (bid.at - bid.opened_at) <= EARLY_BPS * whole
