"""What batch exchanges are made of: commands, events, rows, and how events change them."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.moves import Item
from souq.core.party import AGENTS
from souq.core.state import DEADLINES, Table, View, change, drop_group, row_of

Matching = Literal["top_trading_cycles", "cycle_cover"]


class OpenBarter(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Open a batch exchange, which clears so many times, `interval_us` apart."""

    matching: Matching
    interval_us: int
    clearings: int = 1
    asset: str = "USD"


class Wish(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an offer would be given for: just these goods, or one piece of something in a category.

    `cash_units` is the most it adds to get that; below 0, the least it asks beside.
    """

    goods: tuple[Item, ...] = ()
    category: str = ""
    cash_units: int = 0


class EnterBarter(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Put goods of one's own into a batch, as a whole, and say what they would be given for.

    Wishes come best first; nobody else sees them. The goods, and the most cash that a wish adds,
    are held until they trade, leave, or the run ends.
    """

    negotiation: str
    goods: tuple[Item, ...]
    wishes: tuple[Wish, ...]


class LeaveBarter(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take an offer of one's own out of the batch again."""

    negotiation: str
    offer: int


class BarterOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    matching: Matching
    asset: str
    interval_us: int
    clearings: int
    clears_at: int


class BarterEntered(Struct, frozen=True, tag=True):
    """Goods are in the batch, under a number."""

    negotiation: str
    agent: str
    principal: str
    offer: int
    goods: tuple[Item, ...]


class BarterWished(Struct, frozen=True, tag=True):
    """What an offer would be given for."""

    negotiation: str
    agent: str
    offer: int
    wishes: tuple[Wish, ...]


class BarterLeft(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    offer: int


class BarterMatched(Struct, frozen=True, tag=True):
    """A clearing found these cycles of offers; `clearings` are still to come, at `clears_at`."""

    negotiation: str
    cycles: tuple[tuple[int, ...], ...]
    clearings: int
    clears_at: int


class BarterTraded(Struct, frozen=True, tag=True):
    """A cycle's goods go round."""

    negotiation: str
    offers: tuple[int, ...]


class BarterFailed(Struct, frozen=True, tag=True):
    """An agent could not keep its offers; they are out of the batch."""

    negotiation: str
    agent: str


class Exchange(Struct, frozen=True):
    matching: Matching
    asset: str
    interval_us: int
    clearings: int
    clears_at: int
    entered: int = 0
    offers: int = 0
    cycles: int = 0
    rounds: int = 0


class Offer(Struct, frozen=True, array_like=True):
    negotiation: str
    agent: str
    principal: str
    number: int
    goods: tuple[Item, ...]
    wishes: tuple[Wish, ...] = ()


class Member(Struct, frozen=True, array_like=True):
    """A principal's offers in one run, all by one agent."""

    agent: str
    offers: tuple[int, ...]


class Cycle(Struct, frozen=True, array_like=True):
    """A cycle that waits to be carried out, within one record."""

    negotiation: str
    offers: tuple[int, ...]


def _rank_offer(offer: Offer) -> Rank:
    return Rank(offer.negotiation, 0, offer.number)


def _rank_cycle(cycle: Cycle) -> Rank:
    return Rank(cycle.negotiation, 0, cycle.offers[0])


EXCHANGES: Table[Exchange] = Table("barter", Exchange)
OFFERS: Table[Offer] = Table("barter_offers", Offer, rank=_rank_offer)
MEMBERS: Table[Member] = Table("barter_members", Member)
CYCLES: Table[Cycle] = Table("barter_cycles", Cycle, rank=_rank_cycle)
TABLES: tuple[Table[Any], ...] = (EXCHANGES, OFFERS, MEMBERS, CYCLES)


def offer_of(view: View, id: str, number: int) -> Offer:
    """Give an offer, which must be in the batch."""
    return row_of(view, OFFERS, f"{id}/{number}")


def member_of(view: View, id: str, agent: str) -> Member | None:
    """Give what an agent's principal has in a batch."""
    found = row_of(view, AGENTS, agent)
    return view.get(MEMBERS, f"{id}/{found.principal}")


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    for _, offer in list(view.walk(OFFERS, id)):
        _drop(view, offer)
    view.drop(EXCHANGES, id)


def _opened(view: View, event: BarterOpened) -> None:
    view.put(
        EXCHANGES,
        event.negotiation,
        Exchange(event.matching, event.asset, event.interval_us, event.clearings, event.clears_at),
    )
    view.put(DEADLINES, event.negotiation, event.clears_at)


def _entered(view: View, event: BarterEntered) -> None:
    id, number = event.negotiation, event.offer
    offer = Offer(id, event.agent, event.principal, number, event.goods)
    view.put(OFFERS, f"{id}/{number}", offer)
    key = f"{id}/{event.principal}"
    member = view.get(MEMBERS, key)
    others = () if member is None else member.offers
    view.put(MEMBERS, key, Member(event.agent, (*others, number)))
    change(view, EXCHANGES, id, entered=number, offers=row_of(view, EXCHANGES, id).offers + 1)


def _wished(view: View, event: BarterWished) -> None:
    offer = offer_of(view, event.negotiation, event.offer)
    changed = msgspec.structs.replace(offer, wishes=event.wishes)
    view.put(OFFERS, f"{event.negotiation}/{event.offer}", changed)


def _left(view: View, event: BarterLeft) -> None:
    _drop(view, offer_of(view, event.negotiation, event.offer))


def _drop(view: View, offer: Offer) -> None:
    id = offer.negotiation
    view.drop(OFFERS, f"{id}/{offer.number}")
    key = f"{id}/{offer.principal}"
    member = row_of(view, MEMBERS, key)
    left = tuple(number for number in member.offers if number != offer.number)
    if left:
        view.put(MEMBERS, key, Member(member.agent, left))
    else:
        view.drop(MEMBERS, key)
    change(view, EXCHANGES, id, offers=row_of(view, EXCHANGES, id).offers - 1)


def _matched(view: View, event: BarterMatched) -> None:
    id, before = event.negotiation, row_of(view, EXCHANGES, event.negotiation)
    drop_group(view, CYCLES, id)
    for offers in event.cycles:
        view.put(CYCLES, f"{id}/{offers[0]}", Cycle(id, offers))
    is_again = event.clearings == before.clearings
    rounds = before.rounds + 1 if is_again else 1
    change(view, EXCHANGES, id, clearings=event.clearings, clears_at=event.clears_at, rounds=rounds)
    if event.clearings:
        view.put(DEADLINES, id, event.clears_at)


def _traded(view: View, event: BarterTraded) -> None:
    id = event.negotiation
    view.drop(CYCLES, f"{id}/{event.offers[0]}")
    for number in event.offers:
        _drop(view, offer_of(view, id, number))
    change(view, EXCHANGES, id, cycles=row_of(view, EXCHANGES, id).cycles + 1)


def _failed(view: View, event: BarterFailed) -> None:
    id, member = event.negotiation, member_of(view, event.negotiation, event.agent)
    assert member is not None, f"nothing of {event.agent} is in {id}"
    for key, cycle in list(view.walk(CYCLES, id)):
        if not set(member.offers).isdisjoint(cycle.offers):
            view.drop(CYCLES, key)
    for number in member.offers:
        _drop(view, offer_of(view, id, number))


SEEN: dict[type, Any] = {
    BarterOpened: "public",
    BarterEntered: "public",
    BarterWished: "own",
    BarterLeft: "public",
    BarterMatched: "public",
    BarterTraded: "public",
    BarterFailed: "own",
}
EVOLVE: dict[type, Any] = {
    BarterOpened: _opened,
    BarterEntered: _entered,
    BarterWished: _wished,
    BarterLeft: _left,
    BarterMatched: _matched,
    BarterTraded: _traded,
    BarterFailed: _failed,
}
