"""Shill bidding: somebody nudges prices up in one seller's auctions, early, and hardly ever wins.

Four things are weighed, each by how often it would happen by chance: that so many of its auctions
are this seller's; that it won so few of them, where each bidder is as likely to win; that it was
done early so often; and that so many of its bids were just above the price. Together that must be
most unlikely. A lone seller's shills cannot be told from regular customers, nor can
they where everybody goes up by the smallest step.
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
LOSES_CHANCE_MAX = 0.1
WAYS_CHANCE_MAX = 1e-6  # of losing, being early and nudging together
EARLY_BPS = 7_500  # of an auction's time
NUDGE_MAX_BPS = 500  # above the price


class _Run(Struct):
    seller: str
    bidders: dict[str, Bid]  # the last bid of each
    records: dict[str, list[int]]
    nudges: dict[str, int]
    winner: str = ""

    @property
    def price(self) -> int:
        """Give the second highest bid so far."""
        return sorted((bid.units for bid in self.bidders.values()), reverse=True)[1]


class _Usual(Struct, frozen=True):
    """What bidders in general do: the share that is early, and of bids that nudge."""

    early: float
    nudge: float


def find(bids: Sequence[Bid], awards: Sequence[Award]) -> Iterator[Alarm]:
    """Yield an alarm for every bidder that is probably the seller's own."""
    runs = _runs(bids, awards)
    by_seller: dict[str, int] = {}
    entered: dict[str, list[str]] = {}
    for id, run in runs.items():
        by_seller[run.seller] = by_seller.get(run.seller, 0) + 1
        for bidder in run.bidders:
            entered.setdefault(bidder, []).append(id)
    usual = _usual(runs)
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
            usual,
        )


def _runs(bids: Sequence[Bid], awards: Sequence[Award]) -> dict[str, _Run]:
    runs: dict[str, _Run] = {}
    for bid in bids:
        run = runs.setdefault(bid.run, _Run(bid.seller, {}, {}, {}))
        is_nudge = len(run.bidders) > 1 and _is_nudge(bid.units, run.price)
        run.nudges[bid.bidder] = run.nudges.get(bid.bidder, 0) + is_nudge
        run.bidders[bid.bidder] = bid
        run.records.setdefault(bid.bidder, []).append(bid.seq)
    for award in awards:
        if award.run in runs:
            runs[award.run].winner = award.winner
    return runs


def _is_nudge(units: int, price: int) -> bool:
    return 10_000 * (units - price) <= NUDGE_MAX_BPS * price


def _usual(runs: dict[str, _Run]) -> _Usual:
    last = [_is_early(bid) for run in runs.values() for bid in run.bidders.values()]
    nudges = sum(count for run in runs.values() for count in run.nudges.values())
    placed = sum(len(rows) for run in runs.values() for rows in run.records.values())
    return _Usual((sum(last) + 1) / (len(last) + 2), (nudges + 1) / (placed + 2))


def _count(runs: dict[str, _Run], ids: list[str], seller: str) -> int:
    return sum(runs[id].seller == seller for id in ids)


def _judged(
    bidder: str,
    seller: str,
    own: list[tuple[str, _Run]],
    entered: int,
    seller_share: float,
    usual: _Usual,
) -> Iterator[Alarm]:
    count = len(own)
    wins = sum(run.winner == bidder for _, run in own)
    if count < AUCTIONS_MIN or 10_000 * wins > WINS_MAX_BPS * count:
        return
    loyal = binomial_tail(count, entered, seller_share)
    win_share = sum(1 / len(run.bidders) for _, run in own) / count
    loses = 1 - binomial_tail(wins + 1, count, win_share)
    early = sum(_is_early(run.bidders[bidder]) for _, run in own)
    is_early = binomial_tail(early, count, usual.early)
    placed = sum(len(run.records[bidder]) for _, run in own)
    nudged = sum(run.nudges.get(bidder, 0) for _, run in own)
    nudges = binomial_tail(nudged, placed, usual.nudge)
    if loyal > LOYAL_CHANCE_MAX or loses > LOSES_CHANCE_MAX:
        return
    if loses * is_early * nudges > WAYS_CHANCE_MAX:
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
        f"won {wins}, had bid last early in {early}, and went just above the price {nudged} times",
    )


def _is_early(bid: Bid) -> bool:
    whole = max(1, bid.closes_at - bid.opened_at)
    return 10_000 * (bid.at - bid.opened_at) <= EARLY_BPS * whole
