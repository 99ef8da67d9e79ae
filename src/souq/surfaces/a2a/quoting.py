"""A question in plain words gets an answer with typed offers in it, by rule, from open listings.

Nobody's text is obeyed here: its words are looked for, and that is all.
"""

from collections.abc import Iterable
from typing import Any

from souq.core.mechanisms import alternating_offers, posted_price
from souq.core.rules import Rules
from souq.surfaces.a2a.signing import digest
from souq.surfaces.a2a.vocabulary import NEGOTIATION
from souq.surfaces.a2a.wording import money, one_line
from souq.surfaces.answering import Link
from souq.views.catalogue import ListingCard, Search
from souq.views.catalogue.query import words_of

SHOWN = 5
WORDS_TRIED = 6
TRIED = 20  # listings looked at for each word
TEXT_MAX = 4_000

# What people say around the name of a thing. A word missing here costs a search, not an answer.
_SMALL_TALK = """
a about an and any anything are ask asking at be buy buying can cost costs could do does for from
get give good have hello hey hi how i if in interested is it know like looking me might much my need
of offer on one or please pay price prices purchase quote sell selling some tell thanks that the
there these this to want was we what which will with would you your
"""
_AROUND = frozenset(_SMALL_TALK.split())


def telling_words(text: str) -> list[str]:
    """Give the words that may name a thing."""
    words = words_of(text[:TEXT_MAX].casefold())
    return [word for word in dict.fromkeys(words) if word not in _AROUND][:WORDS_TRIED]


async def found_for(link: Link, text: str, agent: str) -> tuple[ListingCard, ...]:
    """Find open offers, of one agent's or with "" of anybody's, that a text seems to speak of.

    Those with all of its words come first. Where there are none, those with the most, newest first;
    a text that names nothing finds what was listed last.
    """
    words = telling_words(text)
    page = await link.ask(Search(text=" ".join(words), agent=agent, limit=SHOWN))
    if page.listings or len(words) < 2:
        return tuple(page.listings)
    hits: dict[str, tuple[int, ListingCard]] = {}
    for word in words:
        page = await link.ask(Search(text=word, agent=agent, order="newest", limit=TRIED))
        for card in page.listings:
            hits[card.id] = (hits.get(card.id, (0, card))[0] + 1, card)
    ranked = sorted(hits.values(), key=lambda hit: (-hit[0], -int(hit[1].id[1:])))
    return tuple(card for _, card in ranked[:SHOWN])


def terms_of(card: ListingCard) -> str:
    """Name the terms that a listing states; stock and words are no part of them."""
    return digest(
        {
            "listing": card.id,
            "agent": card.agent,
            "side": card.side,
            "price": _price(card),
            "unit": card.unit,
            "delivery": card.delivery,
            "shipping_units": card.shipping_units,
            "mechanisms": list(card.mechanisms),
        }
    )


def quote(card: ListingCard, *, agent_card: str, quantity: int = 1) -> dict[str, Any]:
    """Give a typed offer: what a listing asks, under a digest, and the acts that may come next."""
    terms = terms_of(card)
    asked = _price(card)
    told: dict[str, Any] = {
        "schema": NEGOTIATION,
        "type": "quote",
        "listing": card.id,
        "agent": card.agent,
        "agent_card": agent_card,
        "side": card.side,
        "title": one_line(card.title),
        "category": card.category,
        "available": card.available,
        "unit": card.unit,
        "delivery": card.delivery,
        "shipping_units": card.shipping_units,
        "deals": card.seller_deals,
        "rulings": card.seller_rulings,
        "terms": terms,
    }
    if asked is not None:
        told["price"] = asked
    told["next"] = _next(card, terms, asked, quantity)
    return told


def _next(
    card: ListingCard, terms: str, asked: dict[str, Any] | None, quantity: int
) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = []
    if alternating_offers.NAME in card.mechanisms:
        goods = {"listing": card.id, "quantity": quantity}
        act: dict[str, Any] = {"verb": "offer", "items": [goods], "previous": terms}
        if asked is not None:
            act["price"] = {**asked, "units": asked["units"] * quantity}
        acts.append(act)
    if posted_price.NAME in card.mechanisms and asked is not None:
        acts.append({"verb": "accept", "listing": card.id, "quantity": quantity, "previous": terms})
    return [{"schema": NEGOTIATION, **act} for act in acts]


def _price(card: ListingCard) -> dict[str, Any] | None:
    return None if card.price is None else {"units": card.price.units, "asset": card.price.asset}


def told(cards: Iterable[ListingCard], rules: Rules) -> str:
    """Say in words what was found."""
    lines = [_line(card, rules) for card in cards]
    if not lines:
        return "Nothing like that is on offer here now."
    return "\n".join(
        [
            "On offer:",
            *lines,
            "To go on, send one of the acts under `next`, in a data part; the price of an offer is"
            " yours to choose.",
        ]
    )


def _line(card: ListingCard, rules: Rules) -> str:
    asks = "open to offers"
    if card.price is not None:
        asks = f"{money(rules, card.price.units, card.price.asset)} per {one_line(card.unit)}"
    return f"- {card.id} “{one_line(card.title)}”: {asks}, {card.available} to be had"
