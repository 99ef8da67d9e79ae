"""One call of a tool, from its arguments to an answer of bounded size, whatever goes wrong."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from souq.core.refusal import Reason, Refused
from souq.surfaces.mcp.advice import UNREACHABLE, No, Unanswered, told
from souq.surfaces.mcp.desk import Desk
from souq.surfaces.mcp.telling import RESULT_MAX, encoded
from souq.surfaces.mcp.tools import Tool

# Facts that are amounts, where the reason speaks of money.
_MONEY = {
    "budget_exceeded": ("available", "needed"),
    "insufficient_funds": ("available", "needed"),
    "outside_mandate": ("cap",),
    "price_changed": ("units",),
}
# Perhaps it was done all the same; under its name it can be repeated.
_UNCERTAIN = (UNREACHABLE, Reason.STOPPED)


class Result(Struct, frozen=True):
    """What a call came to. `is_refusal` where it was a no."""

    told: dict[str, Any]
    is_refusal: bool = False


async def call(tool: Tool, desk: Desk, arguments: Mapping[str, Any]) -> Result:
    """Run a tool. Whatever the market or the way to it says no to is told, not raised."""
    try:
        given = tool.read(arguments)
        found = await tool.run(desk, given)
    except (Refused, Unanswered) as no:
        return Result(await _refused(tool, no, desk), is_refusal=True)
    assert len(encoded(found)) <= RESULT_MAX, f"{tool.name} told too much"
    return Result(found)


async def _refused(tool: Tool, no: No, desk: Desk) -> dict[str, Any]:
    facts = dict(no.facts)
    if tool.is_act and no.reason in _UNCERTAIN:
        facts["once"] = desk.act
    if no.reason in _MONEY:
        facts = await _with_money(no, facts, desk)
    return told(no, facts)


async def _with_money(no: No, facts: dict[str, Any], desk: Desk) -> dict[str, Any]:
    try:
        assets = {asset.code: asset for asset in (await desk.rules()).assets}
    except Unanswered:
        return facts  # the market went away meanwhile
    code = facts.pop("asset", next(iter(assets)))
    for name in _MONEY[str(no.reason)]:
        if isinstance(units := facts.get(name), int):
            facts[name] = f"{assets[code].format(units)} {code}"
    if "units" in facts:
        facts["price"] = facts.pop("units")
    return facts
