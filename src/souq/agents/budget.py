"""How much one run of an agent may promise in all, whatever its tactic comes up with.

The mandate binds at the market; this binds at home, and counts what lies in open offers as gone.
"""

from typing import Any

from souq.core.agreement import CashLeg, GoodsLeg, Leg, cash_given
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept
from souq.core.mechanisms.posted_price import TakePrice
from souq.views.observation import NegotiationSeen, Observation


class Budget:
    """Follows what was agreed; `units` None allows everything."""

    def __init__(self, units: int | None) -> None:
        self._units = units
        self._spent: dict[str, int] = {}  # by contract

    def agreed(self, contract: str, units: int) -> None:
        """Count a deal, once. It stays counted where it is cancelled later."""
        self._spent.setdefault(contract, units)

    def left(self) -> int | None:
        """Give what no deal has taken."""
        if self._units is None:
            return None
        return max(0, self._units - sum(self._spent.values()))

    def allows(self, command: Any, seen: Observation) -> bool:
        """Tell whether a command, on top of every open offer, stays within the budget."""
        left = self.left()
        asked = promised(command, seen)
        if left is None or not asked:
            return True
        here = getattr(command, "negotiation", "")
        open_units = sum(
            cash_given(talk.legs, seen.agent)
            for talk in seen.negotiations
            if not talk.is_my_turn and talk.id != here
        )
        return asked + open_units <= left


def promised(command: Any, seen: Observation) -> int:
    """Give what a command would have its agent pay, at most."""
    me = seen.agent
    listings = {one.id: one for one in seen.listings}
    match command:
        case TakePrice():
            listing = listings.get(command.listing)
            is_supply = listing is not None and listing.side == "want"
            return 0 if is_supply else command.price.units * command.quantity
        case MakeOffer():
            owners = {
                listings[one.listing].agent if one.listing in listings else ""
                for one in command.items
            }
            is_payer = command.payer in ("", me) and owners != {me}
            return command.price.units if is_payer else 0
        case Counter():
            talk = _talk(command.negotiation, seen)
            may_take = talk is None or bool(command.items) or _takes(talk.legs, me)
            return command.price.units if may_take and command.payer in ("", me) else 0
        case Accept():
            talk = _talk(command.negotiation, seen)
            return cash_given(talk.legs, me) if talk is not None else 0
        case _:
            return 0


def is_in_other_money(talk: NegotiationSeen, asset: str) -> bool:
    """Tell whether a payment on the table is not in the asset that the agent reckons in."""
    return any(isinstance(leg, CashLeg) and leg.amount.asset != asset for leg in talk.legs)


def _talk(id: str, seen: Observation) -> NegotiationSeen | None:
    return next((talk for talk in seen.negotiations if talk.id == id), None)


def _takes(legs: tuple[Leg, ...], me: str) -> bool:
    return any(isinstance(leg, GoodsLeg) and leg.taker == me for leg in legs)
