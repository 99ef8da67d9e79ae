"""What several mechanisms share: accept, reject, withdraw, and checks on what is named."""

from msgspec import Struct

from souq.core.agreement import Agreement, Leg
from souq.core.listing import Listing, need_listing, need_open
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.state import View

ITEMS_MAX = 32


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


class Outcome(Struct, frozen=True):
    """How a run ended, and what was agreed in it."""

    why: str
    agreements: tuple[Agreement, ...] = ()


class Standing(Struct, frozen=True):
    """What lies on the table of an open run; `waiting_for` lists whose move it is."""

    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    terms: str
    expires_at: int
    waiting_for: tuple[str, ...]


def need_listed(view: View, item: Item, mechanism: str) -> Listing:
    """Give an item's listing. Raises Refused unless it can be had now, and by this mechanism."""
    listing = need_listing(view, item.listing)
    if mechanism not in listing.mechanisms:
        raise Refused(Reason.WRONG_MECHANISM, listing=listing.id)
    need_open(listing, item.quantity)
    return listing


def need_strangers(view: View, agents: tuple[str, ...]) -> None:
    """Raise Refused(same_principal) where somebody would deal with themselves."""
    principals = [agent.principal for id in agents if (agent := view.get(AGENTS, id))]
    if len(set(principals)) != len(principals):
        raise Refused(Reason.SAME_PRINCIPAL)


def expiry(view: View, valid_us: int | None) -> int:
    """Give the instant an offer lapses: an interval from the market's clock, never a client's."""
    house = rules(view)
    interval = house.offer_us if valid_us is None else valid_us
    if not 0 < interval <= house.offer_max_us:
        raise invalid("valid_us", f"must be above 0 and at most {house.offer_max_us}")
    return view.at + interval
