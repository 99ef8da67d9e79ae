"""How the market's answers look to a model: short, bounded, and strangers' words in an envelope.

Whatever a stranger wrote stands in an object with `"trust": "untrusted"` and its author. It is
shown, cut to a length, and never becomes part of a sentence of ours.
"""

import json
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.conditions import USUAL, Conditions
from souq.core.money import Asset, Money
from souq.operations import queries as ask
from souq.views.catalogue import ListingCard

RESULT_MAX = 6_000  # signs of JSON in one result
TITLE_MAX = 90
CATEGORY_MAX = 40
DESCRIPTION_MAX = 1_500
MESSAGE_MAX = 400
LEGS_SHOWN = 4
STEPS_SHOWN = 8
ATTRIBUTES_SHOWN = 12
UNTRUSTED, OWN = "untrusted", "own"
MOVES = {"formed": "deliver", "delivered": "confirm, or dispute"}  # by a contract's state
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\n\t\u200c\u200d")  # some scripts and signs are written with them


def encoded(value: Any) -> str:
    """Write a result as it goes to the model."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cut(text: str, most: int) -> str:
    """Give words without signs that cannot be seen, as far as so many signs of JSON hold them."""
    seen = "".join(_seen(sign) for sign in text[: 2 * most])
    while len(encoded(seen)) - 2 > most:
        seen = seen[: max(0, min(most, len(seen)) - 8)] + "…"
    return seen


def _seen(sign: str) -> str:
    return "\ufffd" if sign not in _JOINERS and unicodedata.category(sign) in _HIDDEN else sign


def envelope(text: str, by: str, me: str, most: int = TITLE_MAX, **more: Any) -> dict[str, Any]:
    """Put words under their author's name; `more` are further words of the same author."""
    trust = OWN if by == me else UNTRUSTED
    return {"text": cut(text, most), "by": by, "trust": trust, **more}


def moment(at: int) -> str:
    """Write an instant."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Teller:
    """Writes answers for one speaker, in the market's assets."""

    def __init__(self, me: str, assets: Iterable[Asset]) -> None:
        self._me = me
        self._assets = {asset.code: asset for asset in assets}

    def units(self, units: int, asset: str) -> str:
        """Write an amount, such as "12.50 USD"."""
        return f"{self._assets[asset].format(units)} {asset}"

    def price(self, money: Money) -> str:
        """Write a price."""
        return self.units(money.units, money.asset)

    def listing(self, card: ListingCard) -> dict[str, Any]:
        """Tell of a listing in a line."""
        row: dict[str, Any] = {"id": card.id, "agent": card.agent}
        if card.price is not None:
            row["price"] = self.price(card.price)
        if card.side == "want":
            row["side"] = card.side
        if card.available != 1:
            row["available"] = card.available
        category = cut(card.category, CATEGORY_MAX)
        return row | {"words": envelope(card.title, card.agent, self._me, category=category)}

    def whole_listing(self, card: ListingCard) -> dict[str, Any]:
        """Tell all of a listing."""
        attributes = {
            cut(name, CATEGORY_MAX): cut(value, TITLE_MAX) if isinstance(value, str) else value
            for name, value in list(card.attributes.items())[:ATTRIBUTES_SHOWN]
        }
        row = self.listing(card) | {
            "side": card.side,
            "available": card.available,
            "is_mine": card.agent == self._me,
            "delivery": card.delivery,
            "agreed_by": [cut(one, CATEGORY_MAX) for one in card.mechanisms[:LEGS_SHOWN]],
            "seller_deals": card.seller_deals,
            "seller_rulings": card.seller_rulings,
            "posted": moment(card.posted_at),
        }
        if card.shipping_units:
            asset = card.price.asset if card.price else next(iter(self._assets))
            row["shipping"] = self.units(card.shipping_units, asset)
        if card.conditions != USUAL:
            row["conditions_of_its_deals"] = _conditions(card.conditions)
        row["words"] |= {
            "description": cut(card.description, DESCRIPTION_MAX),
            "unit": cut(card.unit, CATEGORY_MAX),
            "attributes": attributes,
        }
        return row

    def terms(self, legs: tuple[Leg, ...]) -> dict[str, Any]:
        """Tell what changes hands, as the speaker sees it."""
        goods = [leg for leg in legs if isinstance(leg, GoodsLeg)]
        cash = [leg for leg in legs if isinstance(leg, CashLeg)]
        told: dict[str, Any] = {"price": self._total(cash)}
        for name, here in (
            ("you_give", [leg for leg in goods if leg.giver == self._me]),
            ("you_get", [leg for leg in goods if leg.taker == self._me]),
            ("others", [leg for leg in goods if self._me not in (leg.giver, leg.taker)]),
        ):
            if here:
                told[name] = [_good(leg, is_others=name == "others") for leg in here[:LEGS_SHOWN]]
            if len(here) > LEGS_SHOWN:
                told[f"{name}_more"] = len(here) - LEGS_SHOWN
        for name, sums in (
            ("you_pay", [leg for leg in cash if leg.giver == self._me]),
            ("you_are_paid", [leg for leg in cash if leg.taker == self._me]),
        ):
            if sums:
                told[name] = self._total(sums)
        return told

    def _total(self, cash: list[CashLeg]) -> str:
        if not cash:
            return "0"
        units = sum(leg.amount.units for leg in cash)
        return self.units(units, cash[0].amount.asset)

    def negotiation(self, talk: ask.Negotiation) -> dict[str, Any]:
        """Tell of a negotiation; `terms` and `price` are what an acceptance must name."""
        row: dict[str, Any] = {"id": talk.id, "state": talk.state, "with": self._others(talk)}
        row |= self.terms(talk.legs)
        if talk.terms:
            row |= {"terms": talk.terms, "your_turn": self._me in talk.is_waiting_for}
        if talk.expires_at:
            row["expires"] = moment(talk.expires_at)
        if talk.contract:
            row["contract"] = talk.contract
        if talk.notice:
            row["notice"] = talk.notice
        return row

    def steps(self, talk: ask.Negotiation) -> list[dict[str, Any]]:
        """Tell how a negotiation came to where it is, its last steps only."""
        asset = next(
            (leg.amount.asset for leg in talk.legs if isinstance(leg, CashLeg)),
            next(iter(self._assets)),
        )
        rows = []
        for step in talk.steps[-STEPS_SHOWN:]:
            row = {"at": moment(step.at), "by": step.by, "what": step.what}
            if step.units is not None:
                row["price"] = self.units(step.units, asset)
            rows.append(row)
        return rows

    def contract(self, deal: ask.Contract) -> dict[str, Any]:
        """Tell of a contract, and whose move it is."""
        row: dict[str, Any] = {"id": deal.id, "state": deal.state, "with": self._others(deal)}
        row |= self.terms(deal.legs)
        if deal.negotiation:
            row["negotiation"] = deal.negotiation
        if deal.is_waiting_for:
            row["waits_for"] = list(deal.is_waiting_for[:LEGS_SHOWN])
        if self._me in deal.is_waiting_for:
            row["your_move"] = MOVES.get(deal.state, "")
        if deal.due_at:
            row["silence_decides_at"] = moment(deal.due_at)
        if deal.payer_bps:
            row["given_back_percent"] = deal.payer_bps / 100
        if deal.conditions != USUAL:
            row["conditions"] = _conditions(deal.conditions)
        if deal.promises:
            row["promised"] = [
                f"{one.attribute} {one.bound.replace('_', ' ')} {one.value},"
                f" or {one.penalty_bps / 100:g} % back"
                for one in deal.promises
            ]
        if deal.penalty_bps:
            row["penalty_percent"] = deal.penalty_bps / 100
        return row

    def message(self, said: ask.Message) -> dict[str, Any]:
        """Tell what was said."""
        return {
            "at": moment(said.at),
            "words": envelope(said.text, said.agent, self._me, MESSAGE_MAX),
        }

    def _others(self, affair: ask.Negotiation | ask.Contract) -> list[str]:
        return [one for one in affair.parties if one != self._me][:LEGS_SHOWN]


def _conditions(conditions: Conditions) -> Any:
    """Tell what differs from the house's rules: numbers, ids, digests, words of a closed list."""
    return msgspec.to_builtins(conditions)


def _good(leg: GoodsLeg, *, is_others: bool) -> str:
    told = leg.listing if leg.quantity == 1 else f"{leg.listing} x{leg.quantity}"
    return f"{told}: {leg.giver} to {leg.taker}" if is_others else told
