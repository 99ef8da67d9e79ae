"""What may enter a batch exchange: which goods, which wishes, and what they may come to bind to."""

from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.listing import CATEGORY_MAX, need_listing
from souq.core.mechanisms.barter.records import EnterBarter, Wish
from souq.core.mechanisms.moves import Item, need_own
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import View

GOODS_MAX = 8  # listings in one bundle
WISHES_MAX = 16  # of one offer


def need_goods(
    view: View, agent: Agent, goods: tuple[Item, ...], mechanism: str, given: list[str]
) -> None:
    """Raise Refused unless the agent may give a bundle that shares nothing with what it `given`."""
    _check_bundle("goods", goods)
    for item in goods:
        need_own(view, agent, item, mechanism, side="sell")
        if item.listing in given:
            raise invalid("goods", "a listing stands in one offer; leave with that first")


def need_wishes(
    view: View, agent: Agent, wishes: tuple[Wish, ...], mechanism: str, *, may_add_cash: bool
) -> None:
    """Raise Refused unless these are wishes that a batch can meet."""
    if not 1 <= len(wishes) <= WISHES_MAX:
        raise invalid("wishes", f"1 to {WISHES_MAX}")
    for wish in wishes:
        if not -UNITS_MAX <= wish.cash_units <= UNITS_MAX:
            raise invalid("cash_units", "below 2**53 units either way")
        if wish.cash_units and not may_add_cash:
            raise invalid("cash_units", "none moves by top_trading_cycles; use a cycle_cover")
        if bool(wish.goods) == bool(wish.category) or len(wish.category) > CATEGORY_MAX:
            raise invalid("wishes", "name goods, or a category")
        if wish.goods:
            _check_bundle("wishes", wish.goods)
        for item in wish.goods:
            listing = need_listing(view, item.listing)
            if mechanism not in listing.mechanisms or listing.side != "sell":
                raise Refused(Reason.WRONG_MECHANISM, listing=listing.id)
            if listing.principal == agent.principal:
                raise Refused(Reason.SAME_PRINCIPAL)


def _check_bundle(field: str, goods: tuple[Item, ...]) -> None:
    if not 1 <= len(goods) <= GOODS_MAX or len({item.listing for item in goods}) != len(goods):
        raise invalid(field, f"1 to {GOODS_MAX} listings, each once")
    if any(item.quantity < 1 for item in goods):
        raise invalid(field, "a quantity is a whole number above 0")


def stakes(
    view: View, agent: Agent, command: EnterBarter, asset: str
) -> tuple[tuple[Leg, ...], ...]:
    """List what each wish could come to bind the agent to.

    What a category will bring is not known yet: there the cash alone is judged, as if paid for
    nothing, and the goods when they trade.
    """
    return tuple(_stake(view, agent.id, command.goods, wish, asset) for wish in command.wishes)


def _stake(
    view: View, agent: str, goods: tuple[Item, ...], wish: Wish, asset: str
) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    owner = ""
    for item in wish.goods:
        owner = need_listing(view, item.listing).agent
        legs.append(GoodsLeg(owner, agent, item.listing, item.quantity))
    if wish.goods:
        legs += [GoodsLeg(agent, "", item.listing, item.quantity) for item in goods]
    if wish.cash_units > 0:
        legs.append(CashLeg(agent, owner, Money(wish.cash_units, asset)))
    elif wish.cash_units:
        legs.append(CashLeg(owner, agent, Money(-wish.cash_units, asset)))
    return tuple(legs)
