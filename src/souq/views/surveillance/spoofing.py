"""Spoofing and layering: large orders near the best price, taken back once the other side traded.

An episode is a trade by somebody who had much more resting on the other side of the book than on
the trade's own side, near the best price, and took it back soon after, hardly traded, and for good.
Market makers take quotes back as well, but theirs are about as large on either side, and new ones
take their places at once.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from souq.views.surveillance.rows import Alarm, Edge, Fill, Order, OrderGone, some, some_names

NAME = "spoofing"
READS = (Order, OrderGone, Fill)
TIMES_MIN = 4  # as much taken back as stood on the side that traded
NEAR_BPS = 200  # from the best of its side when it was placed
WITHIN_US = 30_000_000
REPLACED_US = 5_000_000
UNTRADED_MIN_BPS = 9_000
EPISODES_MIN = 4
SHARE_MIN_BPS = 2_500  # of the trades of that side


class _Live(Struct):
    order: Order
    left: int


class _Dealt(Struct, frozen=True):
    """A trade by somebody, and what stood on its own side of the book just before."""

    fill: Fill
    is_buy: bool
    standing: int


class _Trader(Struct):
    """What one owner does in one book."""

    live: dict[int, _Live]
    dealt: list[_Dealt]
    taken_back: dict[int, int]  # by the record of a trade: pieces
    records: dict[int, list[int]]
    lately: list[tuple[OrderGone, bool, list[int]]]  # what went, its side, the trades it counts for


def find(
    orders: Sequence[Order], gone: Sequence[OrderGone], fills: Sequence[Fill]
) -> Iterator[Alarm]:
    """Yield an alarm for everybody who did so again and again in one book."""
    traders: dict[tuple[str, str], _Trader] = {}
    owner: dict[tuple[str, int], str] = {}
    rows: list[Order | OrderGone | Fill] = [*orders, *gone, *fills]
    for row in sorted(rows, key=lambda one: one.seq):
        match row:
            case Order():
                owner[row.book, row.order] = row.owner
                trader = traders.setdefault((row.book, row.owner), _Trader({}, [], {}, {}, []))
                trader.live[row.order] = _Live(row, row.quantity)
                _replace(trader, row)
            case Fill():
                for number, is_buy in ((row.bid, True), (row.ask, False)):
                    who = owner.get((row.book, number))
                    if who is not None:
                        _deal(traders[row.book, who], row, number, is_buy=is_buy)
            case OrderGone():
                who = owner.pop((row.book, row.order), None)
                if who is not None:
                    _leave(traders[row.book, who], row)
    for (book, who), trader in traders.items():
        yield from _judged(book, who, trader)


def _deal(trader: _Trader, fill: Fill, number: int, *, is_buy: bool) -> None:
    standing = sum(one.left for one in trader.live.values() if one.order.is_bid == is_buy)
    trader.dealt.append(_Dealt(fill, is_buy, standing))
    found = trader.live[number]
    found.left -= fill.quantity
    if found.left <= 0:
        del trader.live[number]


def _leave(trader: _Trader, gone: OrderGone) -> None:
    live = trader.live.pop(gone.order, None)
    if live is None:
        return
    order = live.order
    is_untraded = 10_000 * gone.quantity >= UNTRADED_MIN_BPS * order.quantity
    if not (gone.is_cancelled and is_untraded and _is_near(order)):
        return
    counts: list[int] = []
    trader.lately.append((gone, order.is_bid, counts))
    for one in reversed(trader.dealt):
        if one.fill.at < max(order.at, gone.at - WITHIN_US):
            break
        if one.is_buy != order.is_bid:
            seq = one.fill.seq
            counts.append(seq)
            trader.taken_back[seq] = trader.taken_back.get(seq, 0) + gone.quantity
            trader.records.setdefault(seq, [seq]).extend((order.seq, gone.seq))


def _replace(trader: _Trader, order: Order) -> None:
    """Let a new order take the place of one that went just before: that one was a quote."""
    trader.lately = [one for one in trader.lately if one[0].at >= order.at - REPLACED_US]
    for n, (gone, is_bid, counts) in enumerate(trader.lately):
        if is_bid == order.is_bid and 2 * order.quantity >= gone.quantity:
            for seq in counts:
                trader.taken_back[seq] -= gone.quantity
            del trader.lately[n]
            return


def _is_near(order: Order) -> bool:
    best = order.best_units
    if not best:
        return True
    behind = best - order.units if order.is_bid else order.units - best
    return behind * 10_000 <= NEAR_BPS * best


def _judged(book: str, who: str, trader: _Trader) -> Iterator[Alarm]:
    episodes = [
        one
        for one in trader.dealt
        if trader.taken_back.get(one.fill.seq, 0) >= TIMES_MIN * max(1, one.standing)
    ]
    if len(episodes) < EPISODES_MIN:
        return
    sides = {one.is_buy for one in episodes}
    whole = [one for one in trader.dealt if one.is_buy in sides]
    share_bps = 10_000 * len(episodes) // len(whole)
    if share_bps < SHARE_MIN_BPS:
        return
    records = sorted({seq for one in episodes for seq in trader.records[one.fill.seq]})
    back = sum(trader.taken_back[one.fill.seq] for one in episodes)
    got = sum(one.fill.quantity for one in episodes)
    yield Alarm(
        NAME,
        (who,),
        share_bps,
        episodes[0].fill.at,
        episodes[-1].fill.at,
        "slow",
        some(records),
        some_names([book]),
        (Edge(who, book, back, len(episodes)),),
        f"{len(episodes)} times in {book}, {back} pieces stood on one side and were taken back "
        f"once {got} had traded on the other",
    )
