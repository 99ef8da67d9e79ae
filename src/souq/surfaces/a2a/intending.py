"""An intent finds what fits and makes the first offer for it, within its constraints or not at all.

What cannot be checked does not hold: a listing that does not say its latency does not meet one, an
agent without sales has no reputation, and a constraint that is not known is refused as it is read.
Nothing is bought that was not asked for: where nothing fits, no want is posted, but it is told.
"""

from fractions import Fraction
from typing import Any

from a2a.utils.errors import InvalidParamsError

from souq.core.mechanisms import alternating_offers
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.money import UNITS_MAX, Money
from souq.core.rules import Rules
from souq.operations import queries as ask
from souq.surfaces.a2a.agent import Caller
from souq.surfaces.a2a.quoting import telling_words
from souq.surfaces.a2a.vocabulary import Intent
from souq.views.catalogue import ListingCard, Search

LATENCY = "latency_ms"  # the attribute by which a listing says how soon it delivers
LOOKED_AT = 100
_WORDED = ("text", "category", "subject", "delivery")


class Fitting:
    """One intent, and what of the market fits it."""

    def __init__(self, caller: Caller, intent: Intent, rules: Rules) -> None:
        """Raises InvalidParamsError for parameters that cannot be looked for."""
        self._caller = caller
        self._intent = intent
        self._asset = rules.assets[0].code
        self._budget = intent.constraints.max_budget_microcredits
        quantity = intent.parameters.get("quantity", 1)
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise InvalidParamsError("parameters.quantity is a whole number above 0")
        self._quantity = quantity
        self._words = {name: self._word(name) for name in _WORDED}

    async def best(self) -> ListingCard | None:
        """Give what fits best: the cheapest, then whose agent has sold most, then the oldest."""
        me: ask.Me = await self._caller.link.ask(ask.WhoAmI())
        page = await self._caller.link.ask(self._search())
        fitting = [
            card for card in page.listings if card.principal != me.principal and self._fits(card)
        ]
        return min(fitting, key=self._rank, default=None)

    def offer(self, card: ListingCard) -> MakeOffer:
        """Give the first offer: what is asked, which the budget covers."""
        assert card.price is not None, "only what has a price fits"
        total = card.price.units * self._quantity
        return MakeOffer((Item(card.id, self._quantity),), Money(total, self._asset))

    @property
    def why_none(self) -> str:
        """Say that nothing fits, and what was held to."""
        held = self._intent.constraints
        kept = [f"{held.max_budget_microcredits} units of {self._asset} for {self._quantity}"]
        if held.max_latency_ms is not None:
            kept.append(f"{LATENCY} of at most {held.max_latency_ms}, said by the listing")
        if held.minimum_reputation_score is not None:
            kept.append(f"a reputation score of {held.minimum_reputation_score:g}, earned by sales")
        return f"Nothing fits within {'; '.join(kept)}. No offer was made, and no want was posted."

    def _word(self, name: str) -> str:
        value = self._intent.parameters.get(name, "")
        if not isinstance(value, str):
            raise InvalidParamsError(f"parameters.{name} is words")
        return value

    def _search(self) -> Search:
        words = self._words
        text = words["text"]
        if not text and not words["category"]:
            text = " ".join(telling_words(self._intent.intent.replace("_", " ")))
            if not text:
                raise InvalidParamsError("say what is wanted: parameters.text or .category")
        conditions = [
            f"{name}={_written(value)}"
            for name, value in self._intent.parameters.items()
            if name not in (*_WORDED, "quantity")
        ]
        latency = self._intent.constraints.max_latency_ms
        if latency is not None:
            conditions.append(f"{LATENCY}<={latency}")
        asked: dict[str, Any] = {"subject": words["subject"], "delivery": words["delivery"]}
        return Search(
            text=text,
            category=words["category"],
            agent=self._caller.tenant,
            asset=self._asset,
            attributes=tuple(conditions),
            mechanism=alternating_offers.NAME,
            price_max_units=min(self._budget // self._quantity, UNITS_MAX),
            order="cheapest",
            limit=LOOKED_AT,
            **{name: value for name, value in asked.items() if value},
        )

    def _fits(self, card: ListingCard) -> bool:
        if card.price is None or card.price.asset != self._asset:
            return False
        if card.subject != "data" and card.available < self._quantity:
            return False
        total = card.price.units * self._quantity + card.shipping_units
        return total <= self._budget and self._is_trusted(card)

    def _is_trusted(self, card: ListingCard) -> bool:
        asked = self._intent.constraints.minimum_reputation_score
        if asked is None or asked == 0:
            return True
        least = Fraction(str(asked)) / (100 if asked > 1 else 1)
        sales = card.seller_deals + card.seller_rulings
        return sales > 0 and Fraction(card.seller_deals, sales) >= least

    def _rank(self, card: ListingCard) -> tuple[int, int, int]:
        assert card.price is not None, "only what has a price fits"
        total = card.price.units * self._quantity + card.shipping_units
        return total, -card.seller_deals, int(card.id[1:])


def _written(value: str | int | bool) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
