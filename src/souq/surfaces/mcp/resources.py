"""What a client may attach for its model to read: who one is, the house rules, a deal."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from souq.surfaces.mcp.desk import Desk
from souq.surfaces.mcp.fields import Nothing
from souq.surfaces.mcp.looking import View, Which, balance, mandate, market_rules, my_deals, view
from souq.surfaces.mcp.telling import RESULT_MAX, encoded

_DEAL = re.compile(r"souq://deal/([CN][1-9][0-9]{0,14})")


class Resource(NamedTuple):
    """A resource's name and what it holds."""

    name: str
    description: str


async def brief(desk: Desk) -> dict[str, Any]:
    """Tell an agent for whom it trades, what it may do, and how its affairs stand.

    The market knows no brief of a person's; what it does know of one stands in the mandate.
    """
    me = await desk.me()
    told: dict[str, Any] = {"agent": await desk.agent(), "principal": me.principal}
    told["money"] = (await balance(desk, Nothing()))["wallets"]
    told["mandate"] = await mandate(desk, Nothing())
    deals = await my_deals(desk, Which())
    return told | (deals if len(encoded(told | deals)) <= RESULT_MAX else {"next": "see my_deals"})


FIXED: Mapping[str, Resource] = {
    "souq://market/rules": Resource(
        "market rules", "Fees, deadlines, categories, and what silence means at each stage."
    ),
    "souq://me/brief": Resource(
        "my brief", "Whom you trade for, what you may do and spend, and your open deals."
    ),
}
TEMPLATES: Mapping[str, Resource] = {
    "souq://deal/{id}": Resource(
        "a deal", "A negotiation (N17) or a contract (C9) of yours, with whose move it is."
    ),
}
_READ: Mapping[str, Callable[[Desk], Awaitable[dict[str, Any]]]] = {
    "souq://me/brief": brief,
    "souq://market/rules": market_rules,
}
assert set(_READ) == set(FIXED), "every resource that is listed can be read"


async def read(uri: str, desk: Desk) -> dict[str, Any] | None:
    """Read a resource; None where there is none. Raises Refused, Unanswered."""
    if uri in _READ:
        return await _READ[uri](desk)
    deal = _DEAL.fullmatch(uri)
    return await view(desk, View(deal[1])) if deal else None
