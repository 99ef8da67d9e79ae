"""Random deals and rules against one past, with figures just at, below and above what decides."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import msgspec

from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.listing import LISTINGS, Listing, conditions_of
from souq.core.mandate import MANDATES
from souq.core.money import Money
from souq.core.objection import Binding
from souq.core.party import AGENTS
from souq.core.policy import JUDGES, judging
from souq.core.refusal import Refused
from souq.core.reputation import standing_of
from souq.core.rules import HOUR_US, SECOND_US
from souq.core.state import State
from tests.policy import reference
from tests.policy.pasts import AGENTS_OF, ASSETS, CATEGORIES, HOUSE, OFFSETS, WATCHED, History

TYPES: dict[str, Any] = {
    str(msgspec.inspect.type_info(kind).tag): kind  # type: ignore[attr-defined]
    for kind in JUDGES
}


class Asked(NamedTuple):
    """One deal that an agent would be bound by, at an instant."""

    state: State
    binding: Binding
    deal: reference.Deal


def ask(history: History, chance: Random) -> Asked:
    """Draw a deal for one of the agents that are watched."""
    at = _instant(history, chance)
    state = history.state.fork()
    state.at = at
    found = state.get(AGENTS, chance.choice(WATCHED))
    assert found is not None
    while True:
        legs = _legs(history, chance, found.id)
        try:
            conditions = conditions_of(state, legs)
        except Refused:  # of listings that differ there is no deal
            continue
        break
    pays = sum(
        leg.amount.units
        for leg in legs
        if isinstance(leg, CashLeg) and leg.giver == found.id and leg.amount.asset == "USD"
    )
    reserves = chance.choice((pays, pays, pays + chance.randrange(400)))
    part_of = chance.choice((0, 0, pays + chance.randrange(400)))
    negotiation = chance.choice(("N999", *_own_talks(history, found.id) * 3))
    mandate = state.get(MANDATES, found.mandate)
    assert mandate is not None
    return Asked(
        state,
        Binding(found, legs, negotiation, reserves, part_of),
        reference.Deal(
            history.past,
            at=at,
            agent=found.id,
            legs=msgspec.to_builtins(legs),
            negotiation=negotiation,
            reserves=reserves,
            part_of=part_of,
            mandate_asset=mandate.limits.value.asset,
            conditions=msgspec.to_builtins(conditions),
            standings={one: standing_of(state, one) for one in AGENTS_OF},
        ),
    )


def _own_talks(history: History, agent: str) -> list[str]:
    """List negotiations that are still open, in which an agent's offer has stood."""
    events = [event for _, event in history.past.happened]
    over = {one["negotiation"] for one in events if one["type"] == "NegotiationClosed"}
    bound = [one for one in events if one["type"] == "BudgetReserved" and one["agent"] == agent]
    return [one["negotiation"] for one in bound if one["negotiation"] not in over]


def _instant(history: History, chance: Random) -> int:
    """Pick an instant after the past, often an exact window away from something in it."""
    if chance.random() < 0.2:
        return history.now + chance.randrange(1, 500 * HOUR_US)
    stamps = [at for at, event in history.past.happened if "Reached" in event["type"]]
    when = chance.choice(stamps or [history.now])
    at = when + chance.choice(WINDOWS) + chance.choice((-1, 0, 1))
    return at if at > history.state.at else history.state.at + 1


WINDOWS = (HOUR_US, 5 * HOUR_US, 24 * HOUR_US, 200 * HOUR_US)


def _legs(history: History, chance: Random, agent: str) -> tuple[Leg, ...]:
    listings = [
        one
        for one in history.state.rows(LISTINGS).values()
        if one.principal != "P1" or one.agent == agent
    ]
    legs: list[Leg] = []
    kind = chance.random()
    if kind < 0.08:
        return (CashLeg(agent, chance.choice(("A2", "A3")), Money(chance.randint(1, 300), "USD")),)
    other = ""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        listing = chance.choice(listings)
        is_given = (listing.agent == agent) == (listing.side == "sell")
        with_whom = other or _other(chance, listing, agent)
        other = with_whom
        quantity = chance.choice((1, 1, 2, 3, 10, 99, 100))
        ends = (agent, with_whom) if is_given else (with_whom, agent)
        legs.append(GoodsLeg(*ends, listing.id, quantity))
        if chance.random() < 0.1:
            legs.append(GoodsLeg(*ends, listing.id, 1))
        if chance.random() < 0.9:
            units = chance.choice((0, 1, 10, 59, 60, 61, 100, 120, 300, 301, 900))
            asset = chance.choice(("USD",) * 9 + ("EUR",))
            price = Money(units * chance.choice((1, quantity)), asset)
            ends = (with_whom, agent) if is_given else (agent, with_whom)
            legs.append(CashLeg(*ends, price))
    return tuple(legs)


def _other(chance: Random, listing: Listing, agent: str) -> str:
    if listing.agent != agent:
        return listing.agent
    return chance.choice(("A2", "A3", "A4", "A5", ""))


def rules_for(history: History, asked: Asked, layer: reference.Layer, chance: Random) -> list[Any]:
    """Draw rules whose figures lie about where they begin to say no."""
    return [_rule(chance.choice(sorted(TYPES)), asked, layer, chance) for _ in range(4)]


def _near(chance: Random, *figures: int) -> int:
    return max(0, chance.choice(figures) + chance.choice((-1, 0, 0, 0, 1)))


def _rule(name: str, asked: Asked, layer: reference.Layer, chance: Random) -> Any:
    deal, past = asked.deal, asked.deal.past
    asset = chance.choice(("USD",) * 6 + ("EUR",))
    window = chance.choice(WINDOWS)
    category = chance.choice(("", *CATEGORIES))
    side = chance.choice(("buy", "buy", "sell"))

    def spent(since: int) -> int:
        """Give what is about to be spent in all, refunds at times left out."""
        entries = past.entries(layer)
        total = sum(
            one["units"] - one["refund"] * chance.choice((1, 1, 0))
            for one in entries
            if one["asset"] == asset and one["at"] > since
        )
        return int(total + deal.binds(asset))

    fields: dict[str, Callable[[], dict[str, Any]]] = {
        "per_deal": lambda: {"cap_units": _near(chance, deal.outlay(asset)), "asset": asset},
        "rolling_budget": lambda: {
            "cap_units": _near(chance, spent(deal.at - window)),
            "window_us": window,
            "asset": asset,
            "refund_credit": chance.random() < 0.6,
        },
        "calendar_budget": lambda: {
            "cap_units": _near(chance, spent(0), spent(deal.at - 24 * HOUR_US), deal.binds(asset)),
            "period": chance.choice(("day", "week", "month", "year")),
            **chance.choice(({}, {"zone": "Europe/Berlin", "offsets": OFFSETS})),
            "asset": asset,
            "refund_credit": chance.random() < 0.6,
        },
        "lifetime_budget": lambda: {
            "cap_units": _near(chance, spent(-1)),
            "asset": asset,
            "refund_credit": chance.random() < 0.6,
        },
        "occurrences": lambda: {"deals_max": _near(chance, len(past.deals(layer)) + 1)},
        "approval": lambda: {"above_units": _near(chance, deal.outlay(asset)), "asset": asset},
        "cooling_off": lambda: {
            "above_units": _near(chance, deal.outlay(asset), 0),
            "cooling_us": chance.choice((SECOND_US, HOUR_US, 2 * HOUR_US)),
            "asset": asset,
        },
        "loss_stop": lambda: {
            "loss_max_units": _near(
                chance, sum(n for at, n in past.losses(layer, asset) if at > deal.at - window)
            ),
            "window_us": window,
            "asset": asset,
        },
        "bidding": lambda: {"rise_bps": chance.choice((0, 1_000, 9_999, 10_000)), "asset": asset},
        "categories": lambda: {"allowed": tuple(chance.sample(CATEGORIES, 3))},
        "assets": lambda: {"allowed": tuple(chance.sample(ASSETS, chance.choice((1, 2))))},
        "quantity": lambda: {
            "max": _near(chance, *deal.amounts(side).values(), 1),
            "category": category,
            "side": side,
        },
        "usual_quantity": lambda: {
            "percent": chance.choice((1, 100, 150, 300, 900)),
            "category": category,
        },
        "requested": lambda: {
            "quantities": {
                name: chance.choice((0, 1, 2, 10))
                for name in chance.sample((*CATEGORIES, *deal.amounts("buy")), 3)
            },
            "times": chance.choice((1, 10, 10)),
        },
        "price_band": lambda: {
            "least_units": chance.choice((0, 0, 10, 60, 61)),
            "most_units": chance.choice((None, 59, 60, 100, 300)),
            "category": category,
            "side": side,
            "asset": asset,
        },
        "price_reference": lambda: {
            "within_bps": chance.choice((0, 1_000, 6_667, 10_000, 50_000)),
            "last": chance.choice((5, 6, 50)),
            "category": category,
            "side": side,
            "asset": asset,
        },
        "floor": lambda: {
            "floors": {
                name: chance.choice((0, 10, 58, 60, 100))
                for name in chance.sample((*CATEGORIES, "lamp", "nails"), 3)
            },
            "asset": asset,
        },
        "counterparties": lambda: {
            "allowed": chance.choice((None, ("P2", "P3", "P4"), ("P2", "P5"))),
            "denied": chance.choice(((), ("P3",), ("P2", "P4"))),
        },
        "verification": lambda: {"level_min": chance.choice((0, 1))},
        "reputation": lambda: {"standing_min": _near(chance, *deal.standings.values())},
        "jurisdictions": lambda: {"allowed": ("DE",)},
        "exposure": lambda: {
            "cap_units": _near(chance, *_exposures(asked, layer, asset)),
            "asset": asset,
        },
        "velocity": lambda: {
            "window_us": window,
            **chance.choice(
                (
                    {"deals_max": _near(chance, _deals(asked, layer, window) + 1)},
                    {"newcomers_max": _near(chance, 1, 2, 3)},
                )
            ),
        },
        "validity": lambda: {
            "from_at": _near(chance, deal.at, 0),
            "until_at": chance.choice((None, deal.at + 2, deal.at + 10)),
        },
        "destinations": lambda: {"allowed": chance.choice((("home",), ("elsewhere",)))},
    }
    return TYPES[name](**fields[name]())


def _exposures(asked: Asked, layer: reference.Layer, asset: str) -> list[int]:
    found = [0]
    for principal in asked.deal.others() - {""}:
        before = asked.deal.past.exposure(layer, principal, asset)
        found += [before, before + asked.deal.pays(asset)]
    return found


def _deals(asked: Asked, layer: reference.Layer, window: int) -> int:
    return sum(one["at"] > asked.deal.at - window for one in asked.deal.past.deals(layer))


def ours(asked: Asked, name: str, key: str, rules: list[Any]) -> list[reference.Verdict]:
    """Give what souq says, rule by rule."""
    layer = judging.Layer(name, key, "P9", tuple(rules), "")
    deal = judging.deal_of(asked.state, asked.binding)
    return [
        (one.layer, one.number, "HOLD" if one.approver else "DENY")
        for one in judging.judge(asked.state, layer, deal)
    ]


__all__ = ["AGENTS_OF", "HOUSE", "Asked", "ask", "ours", "rules_for"]
