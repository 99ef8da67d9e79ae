"""A batch exchange: agents put goods in, say what they want for them, and cycles are found.

At each clearing, by the rule that the run was opened with:

`top_trading_cycles` (Shapley and Scarf 1974): everybody points at the best that is left, cycles
trade and go, until none is left. One offer for each principal, no cash. Nobody gets what it did
not name, and no list serves better than the true one, as long as none is cut at 64 offers.

`cycle_cover`: those cycles whose values add up to the most, exactly. An offer that gets what its
wish number n names (from 0) adds the units of cash of that wish times 2**20, and 16 - n: so cash
decides, and among covers of equal cash the ranks. It may pay there to tell less than the truth.

An offer is one listing or a bundle of up to 8, given whole or not at all; it names up to 16 wishes,
best first, each a bundle (met by an offer of just those goods) or a category (met by any offer of
one piece of a listing in it, those that came next after the offer itself first). With a wish goes
cash: the most the offer adds to get it, or below 0 the least it asks beside. An offer is compared
with its first 64 choices. A listing stands in one offer; a bundle for parts of several offers, or a
choice of what to give, is not supported: make an offer for each.

Each cycle is one agreement of all who are in it, carried out whole or not at all. What its offers
would add beyond what they ask is shared alike, half and half between two; units that do not divide
go one each to those first in the cycle, which begins with its oldest offer. Who adds pays those who
get, in the cycle's order; the house's fee comes out of what is got. Cycles may be long: where
ownership moves by title, all of it moves at once; where things are handed over, one who does not
deliver ends the deal for all.

Goods, and the most that each offer would add, are held while it is in; to leave is free at any time
before a clearing. What is given is public; wishes are seen by their agent and its principal alone.
Where a party is unable, its offers are dropped and the clearing is made again. After 2 times only
the cycles with somebody unable come to nothing. Clearings that a halt put off follow at once when
it ends. After the last clearing all that is left goes back.
"""

from typing import Any

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg
from souq.core.listing import LISTINGS
from souq.core.mechanisms.barter import records
from souq.core.mechanisms.barter.cycles import (
    CASH_SCALE,
    cycle_cover,
    payments,
    shares,
    top_trading_cycles,
)
from souq.core.mechanisms.barter.entry import WISHES_MAX, need_goods, need_wishes, stakes
from souq.core.mechanisms.barter.records import (
    CYCLES,
    EXCHANGES,
    MEMBERS,
    OFFERS,
    BarterEntered,
    BarterFailed,
    BarterLeft,
    BarterMatched,
    BarterOpened,
    BarterTraded,
    BarterWished,
    Cycle,
    EnterBarter,
    LeaveBarter,
    Member,
    Offer,
    OpenBarter,
    member_of,
    offer_of,
)
from souq.core.mechanisms.barter.wishes import Offered, choices, first_met
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Notice,
    Outcome,
    Pledge,
    Standing,
    expiry,
    full,
    need_mine,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import SECOND_US, need_asset
from souq.core.state import Draft, View, row_of

NAME = "barter"
OFFERS_MAX = 1_000  # in a batch at once
OFFERS_EACH_MAX = 32  # of them of one principal
ENTRIES_MAX = 10_000  # in a run, those that left again among them
CLEARINGS_MAX = 1_000
INTERVAL_MIN_US = SECOND_US  # a clearing is a record, even where nothing trades
ROUNDS_MAX = 2  # times that one clearing is made
NOTICE = {
    "matching": "how cycles are found: top_trading_cycles, or cycle_cover",
    "asset": "what cash is in",
    "offers": "how many offers are in the batch",
    "offers_max": "how many may be",
    "clearings_left": "how many clearings are to come",
    "interval_us": "how far apart they are",
    "cycles": "how many cycles have been carried out",
}


def _open(draft: Draft, agent: Agent, command: OpenBarter, id: str) -> Effect:
    if not 1 <= command.clearings <= CLEARINGS_MAX:
        raise invalid("clearings", f"1 to {CLEARINGS_MAX}")
    if command.interval_us < INTERVAL_MIN_US:
        raise invalid("interval_us", f"at least {INTERVAL_MIN_US}")
    need_asset(draft, command.asset)
    expiry(draft, command.interval_us * command.clearings, "clearings")
    draft.emit(
        BarterOpened(
            id,
            agent.id,
            command.matching,
            command.asset,
            command.interval_us,
            command.clearings,
            expiry(draft, command.interval_us, "interval_us"),
        )
    )
    return Effect()


def _enter(draft: Draft, agent: Agent, command: EnterBarter, id: str) -> Effect:
    exchange = row_of(draft, EXCHANGES, id)
    member = draft.get(MEMBERS, f"{id}/{agent.principal}") or Member(agent.id, ())
    if member.agent != agent.id:
        raise Refused(Reason.SAME_PRINCIPAL)
    is_single = exchange.matching == "top_trading_cycles"
    most = 1 if is_single else OFFERS_EACH_MAX
    if len(member.offers) >= most or exchange.offers >= OFFERS_MAX:
        raise full(yours_max=most, offers_max=OFFERS_MAX)
    if exchange.entered >= ENTRIES_MAX:
        raise full(entries_max=ENTRIES_MAX)
    given = [item.listing for n in member.offers for item in offer_of(draft, id, n).goods]
    need_goods(draft, agent, command.goods, NAME, given)
    need_wishes(draft, agent, command.wishes, NAME, may_add_cash=not is_single)
    number = exchange.entered + 1
    draft.emit(BarterEntered(id, agent.id, agent.principal, number, command.goods))
    draft.emit(BarterWished(id, agent.id, number, command.wishes))
    return Effect((agent.id,), (), stakes(draft, agent, command, exchange.asset))


def _leave(draft: Draft, agent: Agent, command: LeaveBarter, id: str) -> Effect:
    key = f"{id}/{command.offer}"
    was_there = 0 < command.offer <= row_of(draft, EXCHANGES, id).entered
    need_mine(draft.get(OFFERS, key), agent, key, was_there=was_there)
    draft.emit(BarterLeft(id, agent.id, command.offer))
    return Effect((agent.id,))


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how cycles are found, when, and how many offers there are."""
    on = row_of(view, EXCHANGES, id)
    notice: Notice = {
        "matching": on.matching,
        "asset": on.asset,
        "offers": on.offers,
        "offers_max": OFFERS_MAX,
        "clearings_left": on.clearings,
        "interval_us": on.interval_us,
        "cycles": on.cycles,
    }
    return Standing(opener(view, id), (), "", on.clears_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """Each sets the goods of its offers aside, and the most that each would add."""
    member = member_of(view, id, agent)
    if member is None or member.agent != agent:
        return NOTHING
    offers = [offer_of(view, id, number) for number in member.offers]
    goods = tuple(item for offer in offers for item in offer.goods)
    units = sum(max(0, *(wish.cash_units for wish in offer.wishes)) for offer in offers)
    return Pledge(units, units, row_of(view, EXCHANGES, id).asset, goods)


def outcome(view: View, id: str) -> Outcome | None:
    """Give the cycles that a clearing found their agreements; end after the last one."""
    exchange = row_of(view, EXCHANGES, id)
    first = view.first(CYCLES, id)
    if first is None:
        if exchange.clearings:
            return None
        return Outcome("agreed" if exchange.cycles else "no_deal")
    if exchange.rounds >= ROUNDS_MAX:
        return Outcome("", (_agreement(view, first[1]),))
    found = tuple([_agreement(view, cycle) for _, cycle in view.walk(CYCLES, id)])
    return Outcome("", found, is_joint=True)


def _offered(view: View, offer: Offer) -> Offered:
    category = ""
    if len(offer.goods) == 1 and offer.goods[0].quantity == 1:
        listing = view.get(LISTINGS, offer.goods[0].listing)
        category = listing.category if listing is not None else ""
    wishes = tuple(wish.category or _bundle(wish.goods) for wish in offer.wishes)
    return Offered(offer.principal, _bundle(offer.goods), category, wishes)


def _bundle(goods: tuple[Item, ...]) -> frozenset[tuple[str, int]]:
    return frozenset((item.listing, item.quantity) for item in goods)


def _cycles(view: View, id: str) -> tuple[tuple[int, ...], ...]:
    """Find a batch's cycles, as numbers of offers."""
    offers = [offer for _, offer in view.walk(OFFERS, id)]
    found = choices([_offered(view, offer) for offer in offers])
    if row_of(view, EXCHANGES, id).matching == "top_trading_cycles":
        cycles = top_trading_cycles([tuple(mine) for mine in found])
    else:
        cycles = cycle_cover(
            [
                {
                    other: offer.wishes[n].cash_units * CASH_SCALE + WISHES_MAX - n
                    for other, n in mine.items()
                }
                for offer, mine in zip(offers, found, strict=True)
            ]
        )
    return tuple(tuple(offers[n].number for n in cycle) for cycle in cycles)


def _agreement(view: View, cycle: Cycle) -> Agreement:
    id = cycle.negotiation
    takers = [offer_of(view, id, number) for number in cycle.offers]
    parties = tuple(dict.fromkeys(offer.agent for offer in takers))
    legs: list[Leg] = []
    most = []
    for taker, giver in zip(takers, (*takers[1:], takers[0]), strict=True):
        wish = first_met(_offered(view, taker).wishes, _offered(view, giver))
        most.append(taker.wishes[wish].cash_units)
        for item in giver.goods:
            legs.append(GoodsLeg(giver.agent, taker.agent, item.listing, item.quantity))
    nets = dict.fromkeys(parties, 0)
    for taker, net in zip(takers, shares(most), strict=True):
        nets[taker.agent] += net
    asset = row_of(view, EXCHANGES, id).asset
    for payer, getter, units in payments(tuple(nets.values())):
        legs.append(CashLeg(parties[payer], parties[getter], Money(units, asset)))
    return Agreement(parties, tuple(legs))


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note which cycle was carried out: the first, as they are in order."""
    cycles = (cycle for _, cycle in draft.walk(CYCLES, id))
    done = next(cycle for cycle in cycles if _agreement(draft, cycle) == agreement)
    draft.emit(BarterTraded(id, done.offers))
    return agreement.parties


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Drop the offers of who cannot keep them, and clear again, if not too often."""
    draft.emit(BarterFailed(id, agent))
    exchange = row_of(draft, EXCHANGES, id)
    if exchange.rounds < ROUNDS_MAX:
        cycles = _cycles(draft, id)
        draft.emit(BarterMatched(id, cycles, exchange.clearings, exchange.clears_at))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Clear."""
    exchange = row_of(draft, EXCHANGES, id)
    clears_at = max(exchange.clears_at + exchange.interval_us, draft.at + 1)
    draft.emit(BarterMatched(id, _cycles(draft, id), exchange.clearings - 1, clears_at))
    return ()


forget = records.forget
IS_PREPAID = True
OPENS: dict[type, Any] = {OpenBarter: _open}
MOVES: dict[type, Any] = {EnterBarter: _enter, LeaveBarter: _leave}
JOINS: tuple[type, ...] = (EnterBarter,)
FREES: tuple[type, ...] = (LeaveBarter,)
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
