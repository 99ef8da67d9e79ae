"""Tools that only look: what is offered, how one's deals stand, what may be spent, what happens."""

import asyncio
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from souq.core.listing import Side
from souq.core.money import Money
from souq.core.party import MODEL_MAX
from souq.operations import queries as ask
from souq.surfaces.mcp.advice import BAD_ARGUMENTS, Unanswered
from souq.surfaces.mcp.desk import Desk
from souq.surfaces.mcp.fields import Agent, Cursor, Nothing, Price
from souq.surfaces.mcp.happening import TYPES, happenings
from souq.surfaces.mcp.telling import CATEGORY_MAX, MOVES, Teller, cut, envelope, moment
from souq.views.catalogue import Search
from souq.views.catalogue.card import Order

PAGE, PAGE_MAX = 10, 16
DEALS_PAGE, DEALS_EACH = 8, 4
MESSAGES_SHOWN = 5
MOVES_SHOWN = 8
NAMES_SHOWN = 12
WAIT_S, WAIT_MAX_S = 20, 25
EVENTS_SHOWN = 10
LOOK_S = 0.25
Told = dict[str, Any]


class SearchFor(Struct, frozen=True, forbid_unknown_fields=True):
    """What to find."""

    text: Annotated[str, Meta(description="words to find", max_length=200)] = ""
    category: Annotated[str, Meta(description="one, such as books", max_length=64)] = ""
    max_price: Price | None = None
    min_price: Price | None = None
    side: Annotated[Side, Meta(description="what is offered, or what is asked for")] = "sell"
    agent: Annotated[
        str, Meta(description="only this agent's, such as A3, or me", max_length=16)
    ] = ""
    order: Order = "relevance"
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE
    cursor: Cursor = ""


async def search(desk: Desk, given: SearchFor) -> Told:
    bounds = {"min_price": given.min_price, "max_price": given.max_price}
    read = {name: await desk.money(text, name) for name, text in bounds.items() if text}
    if len({money.asset for money in read.values()}) > 1:
        raise Unanswered(BAD_ARGUMENTS, field="max_price", why="both prices in one currency")
    found = await desk.ask(
        Search(
            text=given.text,
            side=given.side,
            category=given.category,
            price_min_units=_units(read.get("min_price")),
            price_max_units=_units(read.get("max_price")),
            asset=next((money.asset for money in read.values()), ""),
            agent=await desk.agent() if given.agent == "me" else given.agent,
            order=given.order,
            limit=given.limit,
            cursor=given.cursor,
        )
    )
    teller = await desk.teller()
    told: Told = {"listings": [teller.listing(card) for card in found.listings]}
    return told | ({"cursor": found.cursor} if found.cursor else {})


def _units(money: Money | None) -> int | None:
    return None if money is None else money.units


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """What to look at."""

    id: Annotated[
        str,
        Meta(
            description="L42, N17, C9, A3, market or floor",
            pattern="^([LNCA][1-9][0-9]{0,14}|market|floor)$",
        ),
    ]


async def view(desk: Desk, given: View) -> Told:
    teller = await desk.teller()
    match given.id[:1]:
        case "L":
            return teller.whole_listing(await desk.ask(ask.GetListing(given.id)))
        case "N":
            talk = await desk.ask(ask.GetNegotiation(given.id))
            told = teller.negotiation(talk) | {"steps": teller.steps(talk)}
            return told | {"said": await _said(desk, teller, given.id)}
        case "C":
            return teller.contract(await desk.ask(ask.GetContract(given.id)))
        case "A":
            return await standing(desk, Whose(given.id))
        case "f":
            return {"said": await _said(desk, teller, "")}
        case _:
            return await market_rules(desk)


async def _said(desk: Desk, teller: Teller, negotiation: str) -> list[Told]:
    found = await desk.ask(ask.ListMessages(negotiation, limit=MESSAGES_SHOWN))
    return [teller.message(one) for one in reversed(found.messages)]


async def market_rules(desk: Desk) -> Told:
    """Tell what everybody here can rely on."""
    market = await desk.ask(ask.GetMarket())
    rules = market.rules

    def hours(us: int) -> str:
        return f"{us / 3_600_000_000:g} h"

    return {
        "name": cut(rules.name, CATEGORY_MAX),
        "currencies": [asset.code for asset in rules.assets],
        "fee_percent": rules.fee_bps / 100,
        "categories": [cut(one, CATEGORY_MAX) for one in list(rules.categories)[: 4 * NAMES_SHOWN]],
        "any_category": not rules.categories,
        "rounds_max": rules.rounds_max,
        "an_offer_stands": hours(rules.offer_us),
        "then_silence_decides": {
            "approval": f"{hours(rules.approval_us)}, then cancelled and money back",
            "delivery": f"{hours(rules.delivery_us)}, then cancelled and money back",
            "inspection": f"{hours(rules.inspection_us)}, then accepted and money released",
            "ruling": f"{hours(rules.ruling_us)}, then"
            f" {rules.silent_ruling_bps / 100:g} % back to whoever paid",
        },
        "halted": market.halt,
        "now": moment(market.at),
        "since": market.seq,
    }


async def balance(desk: Desk, given: Nothing) -> Told:
    await desk.agent()
    teller = await desk.teller()
    found = await desk.ask(ask.GetBalance())
    wallets = [
        {
            "available": teller.units(one.available, one.asset),
            "held": teller.units(one.held, one.asset),
            **({"owed": teller.units(one.owed, one.asset)} if one.owed else {}),
        }
        for one in found.wallets[:NAMES_SHOWN]
    ]
    return {"principal": found.principal, "wallets": wallets}


async def mandate(desk: Desk, given: Nothing) -> Told:
    await desk.agent()
    teller = await desk.teller()
    found = await desk.ask(ask.GetMandate())
    limits = found.limits
    told: Told = {"agent": found.agent, "mandate": found.id, "currency": limits.asset}
    for name, units in (
        ("most_per_deal", limits.per_deal_units),
        ("most_ever", limits.lifetime_units),
        ("most_per_window", limits.window_units),
        ("principal_approves_above", limits.approval_above_units),
    ):
        if units is not None:
            told[name] = teller.units(units, limits.asset)
    if limits.window_units is not None:
        told["window_hours"] = limits.window_us / 3_600_000_000
        told["spent_in_window"] = teller.units(found.window_units, limits.asset)
    told["spent_ever"] = teller.units(found.lifetime_units, limits.asset)
    told["bound_by_open_offers"] = teller.units(found.reserved_units, limits.asset)
    for name, names in (
        ("only_categories", limits.categories),
        ("only_principals", limits.counterparties),
        ("never_principals", limits.counterparties_denied or None),
    ):
        if names is not None:
            told[name] = [cut(one, CATEGORY_MAX) for one in names[:NAMES_SHOWN]]
    if limits.ceilings is not None:
        told["most_per_piece"] = {
            cut(name, CATEGORY_MAX): teller.units(units, limits.asset)
            for name, units in list(limits.ceilings.items())[:NAMES_SHOWN]
        }
    if limits.goods is not None:
        told["least_per_piece"] = {
            cut(ref, CATEGORY_MAX): teller.units(limit.floor_units, limits.asset)
            + (", or barter" if limit.may_barter else "")
            for ref, limit in list(limits.goods.items())[:NAMES_SHOWN]
        }
    if limits.quantity_max is not None:
        told["most_pieces"] = limits.quantity_max
    if limits.expires_at is not None:
        told["expires"] = moment(limits.expires_at)
    return told


class Whose(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose record to look at."""

    agent: Agent = ""


async def standing(desk: Desk, given: Whose) -> Told:
    me = (await desk.me()).actor
    card = await desk.ask(ask.GetAgent(given.agent or await desk.agent()))
    words: Told = {"principal": cut(card.principal_name, CATEGORY_MAX)}
    if card.model:
        words["model_self_declared_and_unchecked"] = cut(card.model, MODEL_MAX)
    return {
        "agent": card.id,
        "principal": card.principal,
        "deals_fulfilled_as_seller": card.deals,
        "rulings_against": card.rulings,
        "goes_well_percent": card.mean_bps / 100,
        "rests_on_deals": card.evidence_milli / 1_000,
        "ranked_by_of_10000": card.quantile_bps,
        "is_newcomer": card.is_newcomer,
        "words": envelope(card.name, card.id, me, **words),
    }


class Which(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of one's affairs to list."""

    what: Literal["all", "negotiations", "contracts"] = "all"
    ended: Annotated[bool, Meta(description="those that are over, not the open ones")] = False
    cursor: Cursor = ""


async def my_deals(desk: Desk, given: Which) -> Told:
    await desk.agent()
    if given.cursor and given.what == "all":
        why = "a cursor continues one list: say what=negotiations or what=contracts"
        raise Unanswered(BAD_ARGUMENTS, field="what", why=why)
    teller = await desk.teller()
    limit = DEALS_EACH if given.what == "all" else DEALS_PAGE
    is_open, cursor = not given.ended, given.cursor
    told: Told = {}
    if given.what != "contracts":
        talks = await desk.ask(ask.ListNegotiations("", is_open, limit, cursor))
        told["negotiations"] = [teller.negotiation(one) for one in talks.negotiations]
        if talks.cursor:
            told["negotiations_cursor"] = talks.cursor
    if given.what != "negotiations":
        deals = await desk.ask(ask.ListContracts("", is_open, limit, cursor))
        told["contracts"] = [teller.contract(one) for one in deals.contracts]
        if deals.cursor:
            told["contracts_cursor"] = deals.cursor
    return told


class WaitFor(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait, and from where."""

    since: Annotated[
        int, Meta(description="from an earlier result; else what awaits you counts", ge=0, le=2**53)
    ] = 0
    seconds: Annotated[int, Meta(ge=1, le=WAIT_MAX_S)] = WAIT_S


async def wait(desk: Desk, given: WaitFor) -> Told:
    me = await desk.agent()
    teller = await desk.teller()
    now = (await desk.ask(ask.GetMarket())).seq
    since = min(given.since or now, now)  # a number from nowhere would never be reached
    moves = await your_moves(desk, me)
    if moves and not given.since:
        return {"happened": [], "your_move": moves, "since": since}
    loop = asyncio.get_running_loop()
    until = loop.time() + given.seconds
    while True:
        page = await desk.ask(ask.ListEvents(since, TYPES, EVENTS_SHOWN))
        since = page.last
        # What one did oneself is no news.
        news = [
            row for one in page.records if one.actor != me for row in happenings(one, teller, me)
        ]
        is_over = loop.time() >= until
        if news or is_over or not await desk.pause(LOOK_S):
            moves = await your_moves(desk, me)
            return {"happened": news, "your_move": moves, "since": since}


async def your_moves(desk: Desk, me: str) -> list[Told]:
    """List what waits for the speaker, the newest first."""
    talks = await desk.ask(ask.ListNegotiations())
    moves: list[Told] = [
        {"negotiation": one.id, "do": "accept, counter or reject", "terms": one.terms}
        for one in talks.negotiations
        if me in one.is_waiting_for
    ]
    deals = await desk.ask(ask.ListContracts())
    moves += [
        {"contract": one.id, "do": MOVES[one.state]}
        for one in deals.contracts
        if me in one.is_waiting_for and one.state in MOVES
    ]
    return moves[:MOVES_SHOWN]
