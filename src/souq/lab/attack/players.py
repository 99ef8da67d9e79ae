"""Who attacks: anything at random, whatever pays the accomplice most, and honest traces bent.

A player yields what it does next, (actor, command), and is told the answer; (None, microseconds)
lets time pass. It speaks with the keys in `scene.CONTROLLED`, and with no other.
"""

from collections.abc import Callable, Generator
from random import Random
from typing import Any

import msgspec

from souq.core.agreement import givers, takers
from souq.core.approval import Approve
from souq.core.channel import CHANNELS, CloseChannel, OpenChannel, TopUpChannel
from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.delegation import DelegateMandate
from souq.core.listing import LISTINGS, EditListing, PostListing
from souq.core.mandate import SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.call_for_proposals.records import (
    AwardProposals,
    CallForProposals,
    SendProposal,
)
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.mechanisms.double_auction.records import OpenOrderBook, PlaceOrder
from souq.core.mechanisms.english_auction.prices import Increment
from souq.core.mechanisms.english_auction.records import OpenEnglishAuction, PlaceProxyBid
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.mechanisms.sealed_bid.records import OpenSealedBid, PlaceSealedBid
from souq.core.money import Money
from souq.core.rules import HOUR_US, MINUTE_US, SECOND_US
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS, Delivered, Formed, Held
from souq.core.state import COUNTERS
from souq.lab.attack.commands import KINDS, Maker, hints
from souq.lab.attack.honest import Honest
from souq.lab.attack.scene import (
    AGENT,
    ALL,
    CATEGORIES,
    CHAIN_LENGTH,
    CONTROLLED,
    GANG,
    HELPER,
    HONEST_AGENTS,
    Scene,
    chain,
    payword,
    usd,
)

Play = Generator[tuple[str | None, Any], Any, None]
_SEARCH = 14  # halvings, when looking for the largest sum that passes
_PART = 0.7  # of commands, those that should make sense
_TRIES = 12  # at one that would pass


def uniform(chance: Random, scene: Scene, honest: Honest) -> Play:
    """Play any command there is, by any of the keys: fields at random, or such as would pass."""
    maker = Maker(chance, scene)
    while True:
        kind, actor = chance.choice(KINDS), chance.choice(CONTROLLED)
        command = maker.make(kind, actor, sensible=False)
        if chance.random() < _PART:
            for _ in range(_TRIES):
                actor = chance.choice(CONTROLLED)
                command = maker.make(kind, actor, sensible=True)
                if scene.would(actor, command):
                    break
        yield actor, command
        if chance.random() < 0.02:
            yield None, chance.choice((MINUTE_US, HOUR_US, 6 * HOUR_US))


def mutated(chance: Random, scene: Scene, honest: Honest) -> Play:
    """Play what honest people did, with one or two fields changed, and in the gang's names."""
    maker, greed = Maker(chance, scene), greedy(chance, scene, honest)
    answer: Any = None
    is_begun = False
    own: list[tuple[str, Any]] = []
    while True:
        if chance.random() < 0.3 or not honest.trace:  # its own success is a trace, too
            actor, command = greed.send(answer) if is_begun else next(greed)
            is_begun = True
            if actor is not None:
                own.append((actor, command))
            answer = yield actor, command
            continue
        source = own[-60:] if chance.random() < 0.4 else []
        _, command = chance.choice(source or honest.trace[-200:])
        actor = chance.choice(CONTROLLED)
        kind: Any = type(command)
        names = list(hints(kind))
        changed = {
            name: maker.value(kind, name, actor, sensible=True) for name in names if _is_id(name)
        }
        for name in chance.sample(names, min(len(names), chance.choice((1, 1, 2)))):
            changed[name] = maker.value(kind, name, actor, sensible=chance.random() < _PART)
        if kind is Accept:
            changed["terms"] = maker.make(Accept, actor, sensible=True).terms
        yield actor, msgspec.structs.replace(command, **changed)


def _is_id(name: str) -> bool:
    return name in ("listing", "negotiation", "contract", "channel", "to", "payer", "payee")


def greedy(chance: Random, scene: Scene, honest: Honest) -> Play:
    """Look for whatever pays the accomplice most, see it through, and wait for the next window."""
    routes: list[Callable[[Random, Scene], Play]] = [
        _haggle,
        _take,
        _channel,
        _top_up,
        _bid_in_the_open,
        _bid_sealed,
        _trade_in_a_book,
        _call,
        _sell_off,
        _lend_on,
        _buy_up,
    ]
    while True:
        yield from _cash_in(chance, scene)
        yield from chance.choice(routes)(chance, scene)
        if chance.random() < 0.15:
            yield None, chance.choice((MINUTE_US, scene.limits.window_us, 6 * HOUR_US))


def _most(scene: Scene, make: Callable[[int], Any], actor: str) -> int:
    """Find the largest sum for which a command would pass, or nearly."""
    low, high = 0, 2 * scene.money
    if scene.would(actor, make(high)):
        return high
    for _ in range(_SEARCH + high.bit_length() // 2):
        middle = (low + high) // 2
        if middle == low:
            break
        if scene.would(actor, make(middle)):
            low = middle
        else:
            high = middle
    return low


def _cash_in(chance: Random, scene: Scene) -> Play:
    """Perform what the gang and the victim have agreed on."""
    state = scene.state
    for id, stage in list(state.rows(CONTRACTS).items()):
        parties = stage.agreement.parties
        if not {AGENT, HELPER} & set(parties):
            continue
        match stage:
            case Held():
                yield chance.choice((AGENT, *GANG)), Approve(id)
            case Formed(agreement=agreement):
                for giver in set(givers(agreement.legs)) & {*GANG, AGENT, HELPER}:
                    yield giver, SubmitDelivery(id, "a photo")
            case Delivered(agreement=agreement):
                for taker in set(takers(agreement.legs)) & {*GANG, AGENT, HELPER}:
                    yield taker, AcceptDelivery(id)
            case _:
                pass
    for id, channel in list(state.rows(CHANNELS).items()):
        if channel.terms.payee in GANG and chance.random() < 0.3:
            name = "before" if id == "X1" else f"greedy {id}"
            yield channel.terms.payee, CloseChannel(id, payword(name, CHAIN_LENGTH))


def _goods(chance: Random, scene: Scene, agent: str, side: Any = "sell") -> Play:
    price = usd(max(1, scene.money // chance.choice((2, 5, 50))))
    category = chance.choice(CATEGORIES)
    command = PostListing(
        PublicText("gold"), category, price, side=side, quantity=20, mechanisms=ALL, ref="lamp"
    )
    yield agent, command


def _own(scene: Scene, agent: str, side: str = "sell") -> list[Any]:
    rows = scene.state.rows(LISTINGS).values()
    return [one for one in rows if one.agent == agent and one.side == side and one.available]


def _find(chance: Random, scene: Scene, agent: str, side: str = "sell") -> Generator[Any, Any, Any]:
    """Give a listing of an agent's; make one where there is none."""
    found = _own(scene, agent, side)
    if not found or chance.random() < 0.05:
        yield from _goods(chance, scene, agent, side)
        found = _own(scene, agent, side)
    return chance.choice(found) if found else None


def _payer(chance: Random) -> str:
    return HELPER if chance.random() < 0.3 else AGENT


def _haggle(chance: Random, scene: Scene) -> Play:
    """Offer the accomplice as much as passes."""
    payer, friend = _payer(chance), chance.choice(GANG)
    thing = yield from _find(chance, scene, friend)
    if thing is None:
        return
    items = (Item(thing.id, chance.choice((1, 1, 2))),)
    units = _most(scene, lambda units: MakeOffer(items, usd(units)), payer)
    answer = yield payer, MakeOffer(items, usd(units + chance.choice((0, 0, 1))))
    if answer.refusal is None:
        made = answer.events[1]
        yield friend, Accept(made.negotiation, made.terms)


def _take(chance: Random, scene: Scene) -> Play:
    """Have the accomplice ask for as much as passes, and take it."""
    payer, friend = _payer(chance), chance.choice(GANG)
    thing = yield from _find(chance, scene, friend)
    if thing is None:
        return
    offer = (Item(thing.id),)
    units = max(1, _most(scene, lambda units: MakeOffer(offer, usd(units)), payer))
    yield friend, EditListing(thing.id, price=usd(units))
    yield payer, TakePrice(thing.id, usd(units), chance.choice((1, 1, 2)))


def _channel(chance: Random, scene: Scene) -> Play:
    """Set a deposit aside for the accomplice, all of whose vouchers it knows."""
    payer, friend = _payer(chance), chance.choice(GANG)
    number = len(scene.state.rows(CHANNELS)) + chance.randint(1, 10**9)
    probe = chain(f"probe {number}", 1)
    units = _most(scene, lambda units: OpenChannel(friend, usd(units), probe), payer)
    unit = max(1, units // CHAIN_LENGTH)
    name = f"greedy X{_next(scene)}"
    yield payer, OpenChannel(friend, usd(max(units, 1)), chain(name, unit))


def _next(scene: Scene) -> int:
    return (scene.state.get(COUNTERS, "X") or 0) + 1


def _top_up(chance: Random, scene: Scene) -> Play:
    """Add to a channel, as the mandate may have looked at its opening alone."""
    mine = [id for id, one in scene.state.rows(CHANNELS).items() if one.terms.payer == AGENT]
    if mine:
        id = chance.choice(mine)
        units = _most(scene, lambda units: TopUpChannel(id, usd(units)), AGENT)
        yield AGENT, TopUpChannel(id, usd(max(1, units)))


def _bid_in_the_open(chance: Random, scene: Scene) -> Play:
    """Bid high, and have the other accomplice push the price."""
    payer = _payer(chance)
    thing = yield from _find(chance, scene, GANG[0])
    if thing is None:
        return
    steps = (Increment(0, 1),)
    opened = yield GANG[0], OpenEnglishAuction(thing.id, usd(1), steps, HOUR_US)
    if opened.refusal is not None:
        return
    run = opened.events[0].negotiation
    units = _most(scene, lambda units: PlaceProxyBid(run, usd(units)), payer)
    yield payer, PlaceProxyBid(run, usd(max(1, units)))
    shill = HELPER if payer == AGENT else AGENT
    yield shill, PlaceProxyBid(run, usd(max(1, units - 1)))
    yield None, 2 * HOUR_US


def _bid_sealed(chance: Random, scene: Scene) -> Play:
    """Bid high where the winner pays what it bid."""
    payer = _payer(chance)
    thing = yield from _find(chance, scene, GANG[0])
    if thing is None:
        return
    asked = OpenSealedBid(thing.id, usd(1), HOUR_US, pricing="first_price")
    opened = yield GANG[0], asked
    if opened.refusal is not None:
        return
    run = opened.events[0].negotiation
    units = _most(scene, lambda units: PlaceSealedBid(run, usd(units)), payer)
    yield payer, PlaceSealedBid(run, usd(max(1, units)))
    yield None, 2 * HOUR_US


def _trade_in_a_book(chance: Random, scene: Scene) -> Play:
    """Order many at a high price, and be filled in pieces."""
    payer = _payer(chance)
    wanted = yield from _find(chance, scene, payer, "want")
    offered = yield from _find(chance, scene, GANG[0])
    if wanted is None or offered is None:
        return
    if wanted.category != offered.category:
        return
    opened = yield GANG[1], OpenOrderBook(wanted.category, "USD", 2 * HOUR_US)
    if opened.refusal is not None:
        return
    run, many = opened.events[0].negotiation, chance.choice((1, 3, 5))

    def order(units: int) -> PlaceOrder:
        return PlaceOrder(run, wanted.id, usd(units), many)

    units = max(1, _most(scene, order, payer))
    yield payer, order(units)
    for _ in range(many):
        yield GANG[0], PlaceOrder(run, offered.id, usd(units))


def _call(chance: Random, scene: Scene) -> Play:
    """Call for proposals that only the accomplice answers; or answer one that it makes."""
    is_sale = chance.random() < 0.4
    buyer, seller = (GANG[0], AGENT) if is_sale else (_payer(chance), GANG[0])
    wanted = yield from _find(chance, scene, buyer, "want")
    if wanted is None:
        return
    # Whatever is promised will be missed.
    criteria = Criteria(latency_weight=1, latency_max_us=HOUR_US, latency_penalty_bps=10_000)

    def call(units: int) -> CallForProposals:
        said = criteria if is_sale else Criteria()
        return CallForProposals(wanted.id, usd(units), HOUR_US, criteria=said, may_award_early=True)

    units = max(1, _most(scene, call, buyer))
    opened = yield buyer, call(units)
    if opened.refusal is not None:
        return
    run = opened.events[0].negotiation
    yield seller, SendProposal(run, usd(units), latency_us=SECOND_US if is_sale else None)
    yield buyer, AwardProposals(run)


def _sell_off(chance: Random, scene: Scene) -> Play:
    """Let the accomplice have the victim's goods for as little as passes."""
    things = _own(scene, AGENT)
    if not things:
        return
    thing, friend = chance.choice(things), chance.choice(GANG)
    quantity = chance.choice((1, 2))
    units, step = scene.money // 25 * quantity, scene.money // 1_000 + 1
    made = MakeOffer((Item(thing.id, quantity),), usd(units))
    while units > 0 and scene.would(AGENT, msgspec.structs.replace(made, to=friend)):
        units -= step
        made = MakeOffer((Item(thing.id, quantity),), Money(max(units, 0), "USD"))
    answer = yield AGENT, msgspec.structs.replace(made, to=friend, price=usd(max(units + step, 0)))
    if answer.refusal is None:
        offered = answer.events[1]
        yield friend, Accept(offered.negotiation, offered.terms)


def _buy_up(chance: Random, scene: Scene) -> Play:
    """Take away from honest people what they had listed for each other."""
    rows = scene.state.rows(LISTINGS).values()
    theirs = [one for one in rows if one.agent in HONEST_AGENTS and one.price is not None]
    if theirs:
        thing = chance.choice(theirs[-5:])
        price = thing.price or usd(1)
        yield _payer(chance), TakePrice(thing.id, price, max(1, thing.available))


def _lend_on(chance: Random, scene: Scene) -> Play:
    """Lend all of the mandate to the helper, so that it might be spent twice."""
    part = scene.limits
    if chance.random() < 0.5 and part.lifetime_units:
        part = msgspec.structs.replace(part, lifetime_units=part.lifetime_units * 2)
    yield AGENT, DelegateMandate(HELPER, SecretLimits(part))


PLAYERS: dict[str, Callable[[Random, Scene, Honest], Play]] = {
    "uniform": uniform,
    "greedy": greedy,
    "mutated": mutated,
}
