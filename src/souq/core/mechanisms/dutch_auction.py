"""A Dutch auction: the price falls step by step, and whoever takes first buys at it.

The price of one falls from `start` by `step` at the end of each interval, no lower than `floor`,
where it stays for one interval more; then what is left is free again. Whoever takes may take a
part; the rest goes on falling. To wait is to bid less and to risk that another takes first, so
that whoever reckons with others takes where it would have bid in a sealed first-price auction
(Vickrey 1961).

Of two takers the earlier has it: there are no ties. Nobody's money is held before, and a take
that its taker cannot pay for is refused and changes nothing; so is any take while the seller
cannot sell. The price and what is left are public, and who bought how much at what price.
"""

from typing import Any

from msgspec import Struct

from souq.core.agreement import Agreement, Leg
from souq.core.listing import check_price
from souq.core.mechanisms.moves import (
    Effect,
    Item,
    Notice,
    Outcome,
    Pledge,
    Standing,
    expiry,
    need_own,
    need_total,
    refuse_unable,
    sale,
)
from souq.core.mechanisms.parties import joined
from souq.core.money import Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import DEADLINES, Draft, Table, View, change, row_of

NAME = "dutch_auction"
NOTICE = {
    "listing": "what is sold",
    "left": "how much of it is left",
    "asset": "what it is paid in",
    "price_units": "the price of one, when this was asked",
    "falls_at": "when it falls next, in microseconds; 0: it has reached the floor",
    "step_units": "by how much it falls",
    "floor_units": "the price it does not fall below",
}


class OpenDutchAuction(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Sell a listing of one's own to whoever first takes it, at a price that falls.

    The price of one begins at `start` and falls by `step` every `interval_us` down to `floor`.
    """

    listing: str
    start: Money
    floor: Money
    step: Money
    interval_us: int
    quantity: int = 1


class TakeFallingPrice(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Buy at the price of now: one, or as many as `quantity` says.

    `price` is the most to pay for one; where it has not fallen so far, the take is refused.
    """

    negotiation: str
    price: Money
    quantity: int = 1


class DutchAuctionOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    quantity: int
    start: Money
    floor_units: int
    step_units: int
    interval_us: int
    opened_at: int
    closes_at: int


class FallingPriceTaken(Struct, frozen=True, tag=True):
    """`units` is the price of one."""

    negotiation: str
    agent: str
    quantity: int
    units: int


class DutchSaleMade(Struct, frozen=True, tag=True):
    """What was taken is sold; `left` are left."""

    negotiation: str
    left: int


class DutchAuctionClosed(Struct, frozen=True, tag=True):
    """The floor was reached, and nobody took the rest in time."""

    negotiation: str


class Run(Struct, frozen=True, omit_defaults=True):
    seller: str
    principal: str
    listing: str
    left: int
    start: Money
    floor_units: int
    step_units: int
    interval_us: int
    opened_at: int
    closes_at: int
    has_sold: bool = False
    is_closed: bool = False
    taker: str = ""  # whose take is being carried out
    taken: int = 0
    taken_units: int = 0


RUNS: Table[Run] = Table("dutch_auction", Run)
TABLES: tuple[Table[Any], ...] = (RUNS,)


def _open(draft: Draft, agent: Agent, command: OpenDutchAuction, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME, side="sell")
    start, floor, step = command.start, command.floor, command.step
    for field, price in (("start", start), ("floor", floor), ("step", step)):
        check_price(draft, price, field, asset=start.asset)
    if not 0 < floor.units <= start.units or step.units == 0:
        raise invalid("floor", "above 0, at most the start; and a step above 0")
    need_total(start, command.quantity)
    if command.interval_us <= 0:
        raise invalid("interval_us", "must be above 0")
    falls = -(-(start.units - floor.units) // step.units)
    closes_at = expiry(draft, (falls + 1) * command.interval_us, "interval_us")
    draft.emit(
        DutchAuctionOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            command.quantity,
            start,
            floor.units,
            step.units,
            command.interval_us,
            draft.at,
            closes_at,
        )
    )
    run = row_of(draft, RUNS, id)
    return Effect((agent.id,), _legs(run, "", command.quantity, floor.units))


def _take(draft: Draft, agent: Agent, command: TakeFallingPrice, id: str) -> Effect:
    run = row_of(draft, RUNS, id)
    if run.is_closed or draft.at >= run.closes_at:
        raise Refused(Reason.CLOSED, id=id)
    if agent.principal == run.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    check_price(draft, command.price, asset=run.start.asset)
    if not 0 < command.quantity <= run.left:
        asked = command.quantity
        raise Refused(Reason.NOT_ENOUGH_STOCK, listing=run.listing, available=run.left, asked=asked)
    units = price_at(run, draft.at)
    if command.price.units < units:
        raise Refused(Reason.PRICE_CHANGED, needed=units)
    draft.emit(FallingPriceTaken(id, agent.id, command.quantity, units))
    return Effect((), _legs(run, agent.id, command.quantity, units))


def price_at(run: Run, at: int) -> int:
    """Give the price of one at an instant."""
    falls = max(0, at - run.opened_at) // run.interval_us
    return max(run.floor_units, run.start.units - falls * run.step_units)


def _legs(run: Run, buyer: str, quantity: int, units: int) -> tuple[Leg, ...]:
    total = Money(units * quantity, run.start.asset)
    return sale(run.seller, buyer, run.listing, quantity, total)


parties = joined


def standing(view: View, id: str) -> Standing:
    """Give the price of now, and what is left."""
    run = row_of(view, RUNS, id)
    price = price_at(run, view.at)
    falls = max(0, view.at - run.opened_at) // run.interval_us + 1
    notice: Notice = {
        "listing": run.listing,
        "left": run.left,
        "asset": run.start.asset,
        "price_units": price,
        "falls_at": run.opened_at + falls * run.interval_us if price > run.floor_units else 0,
        "step_units": run.step_units,
        "floor_units": run.floor_units,
    }
    return Standing((run.seller,), (), "", run.closes_at, (), notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """The seller sets aside what is left; takers pay at once."""
    run = row_of(view, RUNS, id)
    if agent != run.seller or not run.left:
        return Pledge()
    return Pledge(goods=(Item(run.listing, run.left),))


def outcome(view: View, id: str) -> Outcome | None:
    """Give a take its agreement; end when nothing is left, or nobody took the rest."""
    run = row_of(view, RUNS, id)
    if run.taker:
        legs = _legs(run, run.taker, run.taken, run.taken_units)
        return Outcome("", (Agreement((run.taker, run.seller), legs),))
    if run.is_closed or not run.left:
        return Outcome("agreed" if run.has_sold else "no_deal")
    return None


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note that what was taken is sold."""
    run = row_of(draft, RUNS, id)
    draft.emit(DutchSaleMade(id, run.left - run.taken))
    return (run.seller,)


unable = refuse_unable


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """End it: the floor was reached."""
    draft.emit(DutchAuctionClosed(id))
    return ()


def forget(view: View, id: str) -> None:
    """Drop an ended run."""
    view.drop(RUNS, id)


def _opened(view: View, event: DutchAuctionOpened) -> None:
    run = Run(
        event.agent,
        event.principal,
        event.listing,
        event.quantity,
        event.start,
        event.floor_units,
        event.step_units,
        event.interval_us,
        event.opened_at,
        event.closes_at,
    )
    view.put(RUNS, event.negotiation, run)
    view.put(DEADLINES, event.negotiation, event.closes_at)


def _taken(view: View, event: FallingPriceTaken) -> None:
    taken = {"taker": event.agent, "taken": event.quantity, "taken_units": event.units}
    change(view, RUNS, event.negotiation, **taken)


def _sold(view: View, event: DutchSaleMade) -> None:
    change(view, RUNS, event.negotiation, left=event.left, has_sold=True, taker="")


IS_PREPAID = False
OPENS: dict[type, Any] = {OpenDutchAuction: _open}
MOVES: dict[type, Any] = {TakeFallingPrice: _take}
JOINS: tuple[type, ...] = (TakeFallingPrice,)
FREES: tuple[type, ...] = ()
SEEN: dict[type, Any] = {
    DutchAuctionOpened: "public",
    FallingPriceTaken: "public",
    DutchSaleMade: "public",
    DutchAuctionClosed: "public",
}
EVOLVE: dict[type, Any] = {
    DutchAuctionOpened: _opened,
    FallingPriceTaken: _taken,
    DutchSaleMade: _sold,
    DutchAuctionClosed: lambda view, event: change(view, RUNS, event.negotiation, is_closed=True),
}
