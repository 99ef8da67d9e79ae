"""What several mechanisms share: accept, reject, withdraw, and checks on what is named."""

from typing import Protocol, TypeVar

from msgspec import Struct

from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg, cash_given
from souq.core.listing import Listing, Side, need_listing, need_open
from souq.core.money import UNITS_MAX, Money
from souq.core.party import AGENTS, Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import Rules, rules
from souq.core.state import View

ITEMS_MAX = 32


class _Owned(Protocol):
    @property
    def agent(self) -> str: ...


Row = TypeVar("Row", bound=_Owned)


class Item(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """So much of what a listing describes."""

    listing: str
    quantity: int = 1


class Accept(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Accept exactly the terms whose digest is named."""

    negotiation: str
    terms: str


class Reject(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a negotiation by turning the other side's terms down."""

    negotiation: str


class Withdraw(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a negotiation by taking one's own terms back."""

    negotiation: str


class Effect(Struct, frozen=True, gc=False):
    """What a move changes around its mechanism.

    `stake` is what the mover would now be bound to, judged by its mandate; whoever it will deal
    with, where nobody knows yet, is "". `alternatives` are what it may come to be bound to in
    place of that, each judged alike. `touched` lists the agents whose pledges may differ now.
    `is_final`: the stake will be used up before it is agreed on, so nobody can be asked then.
    `backing_units` is what the mover must have and may spend, though less of it be set aside: a
    bid that is outbid at once moves the price, and must not do so with nothing behind it.
    """

    touched: tuple[str, ...] = ()
    stake: tuple[Leg, ...] = ()
    alternatives: tuple[tuple[Leg, ...], ...] = ()
    is_final: bool = False
    backing_units: int = 0


class Pledge(Struct, frozen=True, gc=False):
    """What an agent's open commitments in one run set aside for them.

    `units` of its mandate's budget; of them `held_units` of its principal's money, in `asset`; and
    goods of its listings.
    """

    units: int = 0
    held_units: int = 0
    asset: str = ""
    goods: tuple[Item, ...] = ()


NOTHING = Pledge()


class Outcome(Struct, frozen=True):
    """What a run has come to: agreements to carry out, and how it ended, or "" while it goes on.

    `forfeits` are paid out of what was held, to whoever they go to. Where agreements of a run that
    goes on are joint, none is carried out while a party of any of them is unable: that party is
    dropped first, and the mechanism asked again. `is_final`: the agreements are over what was used
    already, so they wait for nobody's approval, and no mover can decline them.
    """

    why: str
    agreements: tuple[Agreement, ...] = ()
    forfeits: tuple[CashLeg, ...] = ()
    is_joint: bool = False
    is_final: bool = False


Notice = dict[str, int | str | bool]


class Standing(Struct, frozen=True):
    """What lies on the table of an open run; `waiting_for` lists whose move it is.

    `due` is the run's next deadline where that comes before `expires_at` and is nobody's to know.

    `notice` tells everybody the rest, by names that the mechanism's page explains.
    """

    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    terms: str
    expires_at: int
    waiting_for: tuple[str, ...]
    notice: Notice = {}
    due: int = 0


def stake(
    seller: str, buyer: str, listing: str, quantity: int, total: Money
) -> tuple[GoodsLeg, CashLeg]:
    """Write a sale down as a mandate judges it: a payment of 0 is in it, for it names the asset."""
    return (GoodsLeg(seller, buyer, listing, quantity), CashLeg(buyer, seller, total))


def sale(seller: str, buyer: str, listing: str, quantity: int, total: Money) -> tuple[Leg, ...]:
    """Write a sale down as it is agreed on: what costs nothing is not paid for."""
    legs = stake(seller, buyer, listing, quantity, total)
    return legs if total.units else legs[:1]


def bargain(legs: tuple[Leg, ...], agent: str) -> Pledge:
    """Give the pledge of whoever is bound by legs: budget alone, since others may come first."""
    return Pledge(cash_given(legs, agent))


def refuse_unable(draft: View, id: str, agreement: Agreement, agent: str) -> None:
    """Raise Refused(counterparty_unable): between two, nobody else could take its place."""
    raise Refused(Reason.COUNTERPARTY_UNABLE)


def never_settles(draft: View, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Never comes: a bargain ends with its agreement."""
    raise AssertionError(f"a bargain goes on after its agreement: {id}")


def need_listed(view: View, item: Item, mechanism: str) -> Listing:
    """Give an item's listing. Raises Refused unless it can be had now, and by this mechanism."""
    listing = need_listing(view, item.listing)
    if mechanism not in listing.mechanisms:
        raise Refused(Reason.WRONG_MECHANISM, listing=listing.id)
    need_open(listing, item.quantity)
    return listing


def need_own(
    view: View, agent: Agent, item: Item, mechanism: str, *, side: Side | None = None
) -> Listing:
    """Give an item's listing. Raises Refused unless it is the agent's and can be had now."""
    listing = need_listed(view, item, mechanism)
    if listing.agent != agent.id:
        raise Refused(Reason.NOT_YOURS, id=listing.id)
    if side not in (None, listing.side):
        raise invalid("listing", f"name one that says {side}")
    return listing


def need_mine(row: Row | None, agent: Agent, key: str, *, was_there: bool) -> Row:
    """Give what an agent has in a run. Raises Refused(not_yours | closed | not_found)."""
    if row is None:
        raise Refused(Reason.CLOSED if was_there else Reason.NOT_FOUND, id=key[:64])
    if row.agent != agent.id:
        raise Refused(Reason.NOT_YOURS, id=key)
    return row


def need_total(price: Money, quantity: int, field: str = "quantity") -> Money:
    """Give what so much costs. Raises Refused(invalid) where that is more than money can be."""
    total = price * quantity
    if total.units > UNITS_MAX:
        raise invalid(field, "the total would pass 2**53 units")
    return total


def full(**most: int) -> Refused:
    """Build the refusal of who comes when no more may: wait until others are gone."""
    return Refused(Reason.WRONG_STATE, state="Full", **most)


def need_strangers(view: View, agents: tuple[str, ...]) -> None:
    """Raise Refused(same_principal) where somebody would deal with themselves."""
    principals = [agent.principal for id in agents if (agent := view.get(AGENTS, id))]
    if len(set(principals)) != len(principals):
        raise Refused(Reason.SAME_PRINCIPAL)


def expiry(view: View, valid_us: int | None, field: str = "valid_us") -> int:
    """Give the instant an offer lapses: an interval from the market's clock, never a client's."""
    return expiry_under(rules(view), view.at, valid_us, field)


def expiry_under(house: Rules, at: int, valid_us: int | None, field: str = "valid_us") -> int:
    """Give the instant an offer lapses, where the rules have been looked up already."""
    interval = house.offer_us if valid_us is None else valid_us
    if not 0 < interval <= house.offer_max_us:
        raise invalid(field, f"must be above 0 and at most {house.offer_max_us}")
    return at + interval
