"""Renders what a model is told: the brief with the rules, and the market as it is now.

The words themselves stand in `wording`.
"""

from typing import Any

import msgspec

from souq.agents.brief import Brief
from souq.agents.llm import wording
from souq.agents.llm.manner import Manner
from souq.agents.llm.moves import Table
from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.money import Asset
from souq.views.observation import ListingSeen, NegotiationSeen


def system(brief: Brief, asset: Asset) -> str:
    """Give what stays the same from wake to wake."""
    told = msgspec.to_builtins(brief)
    for hidden in ("understanding", "name"):
        told.pop(hidden, None)
    words = msgspec.json.format(msgspec.json.encode(told), indent=1).decode()
    return wording.SYSTEM.format(name=brief.name or wording.PERSON, brief=words, asset=asset.code)


def state(table: Table, note: str, asset: Asset, manner: Manner) -> str:
    """Give the market as it is now, as one JSON document."""
    seen = table.seen
    titles = {one.id: cut(one.title, manner) for one in seen.listings}
    you: dict[str, Any] = {"agent": seen.agent, "money": asset.format(seen.available_units)}
    if seen.refusal:
        you["last_move_was_refused"] = seen.refusal
    if table.unlisted:
        you["not_listed_yet"] = [
            {"thing": ref, "title": one.title, "ask": asset.format(one.ask_units)}
            for ref, one in table.unlisted.items()
        ]
    if table.own:
        own = [one for one in table.own.values() if one.side == "sell"]
        you["your_listings"] = [_listing(one, asset, manner, mine=True) for one in own]
    if seen.contracts:
        you["your_deals"] = [
            {
                "id": one.id,
                "you_give": _side(one.legs, seen.agent, titles, asset, giving=True),
                "you_get": _side(one.legs, seen.agent, titles, asset, giving=False),
            }
            for one in seen.contracts[-manner.talks_max :]
        ]
    talks = [*table.mine_to_answer.values(), *table.waiting.values()]
    market: dict[str, Any] = {
        "trust": "untrusted",
        "negotiations": [_talk(one, seen.agent, titles, asset) for one in talks],
        "listings": [_listing(one, asset, manner) for one in table.others.values()],
        "messages": [
            {
                "by": "you" if said.agent == seen.agent else said.agent,
                **({"in": said.negotiation} if said.negotiation else {}),
                "text": cut(said.text, manner),
            }
            for said in seen.messages[-manner.messages_max :]
        ],
    }
    whole: dict[str, Any] = {"you": you}
    if note:
        whole["memory"] = {"what": wording.MEMORY, "note": note}
    whole["market"] = {name: one for name, one in market.items() if one}
    return msgspec.json.encode(whole).decode()


def cut(words: str, manner: Manner) -> str:
    """Shorten a stranger's words to what is shown of them."""
    return words if len(words) <= manner.text_max else words[: manner.text_max - 1] + "…"


def _listing(
    one: ListingSeen, asset: Asset, manner: Manner, *, mine: bool = False
) -> dict[str, Any]:
    price = "open" if one.price_units is None else asset.format(one.price_units)
    told = {"id": one.id, "title": cut(one.title, manner), "category": one.category, "price": price}
    if not mine:
        told["by"] = one.agent
    if one.side == "want":
        told["wanted"] = "yes"
    return told


def _talk(talk: NegotiationSeen, me: str, titles: dict[str, str], asset: Asset) -> dict[str, Any]:
    return {
        "id": talk.id,
        "with": [party for party in talk.parties if party != me],
        "you_give": _side(talk.legs, me, titles, asset, giving=True),
        "you_get": _side(talk.legs, me, titles, asset, giving=False),
        "your_turn": talk.is_my_turn,
        "your_prices": [asset.format(units) for units in talk.mine],
        "their_prices": [asset.format(units) for units in talk.theirs],
    }


def _side(
    legs: tuple[Leg, ...], me: str, titles: dict[str, str], asset: Asset, *, giving: bool
) -> list[str]:
    found = []
    for leg in legs:
        if (leg.giver == me) != giving:
            continue
        if isinstance(leg, CashLeg):
            found.append(f"{asset.format(leg.amount.units)} {asset.code}")
        elif isinstance(leg, GoodsLeg):
            found.append(f"{leg.listing} {titles.get(leg.listing, '')}".strip())
    return found
