"""A part of a mandate may be lent on to another agent of the same principal: narrower, never wider.

    M1 ──lent of it──▶ M4 ──▶ M5        at most DEPTH_MAX such steps, CHILDREN_MAX parts of each

All mandates of such a chain are judged at every deal, so that none allows what one above it does
not; what a part spends or reserves counts in all above it at once. When one ends, by being revoked,
replaced or out of time, all below it end with it.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from souq.core import mandate
from souq.core.listing import LISTINGS
from souq.core.mandate import DEPTH_MAX, Limits, Mandate, SecretLimits, chain, covers
from souq.core.party import Agent, need_agent, need_other_agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR
from souq.core.state import Draft, View

CHILDREN_MAX = 16
_CAPS = ("per_deal_units", "lifetime_units", "quantity_max", "expires_at")


class DelegateMandate(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Lend a part of a mandate to another agent of the same principal, never wider.

    By the agent whose mandate it is, to one that has none yet, or one that it lent to before; or by
    their principal or the operator, who name the agent whose mandate it is in `of`.
    """

    agent: str
    limits: SecretLimits
    of: str = ""


def wider(view: View, part: Limits, whole: Limits) -> Iterator[str]:
    """Name every limit in which a part would allow more than the whole does."""
    if part.asset != whole.asset:
        yield "asset"
    for name in _CAPS:
        if not _is_within(getattr(part, name), getattr(whole, name)):
            yield name
    is_shorter = whole.window_units is not None and part.window_us < whole.window_us
    if is_shorter or not _is_within(part.window_units, whole.window_units):
        yield "window_units"
    if whole.categories is not None:
        named = part.categories
        if named is None or not all(covers(whole.categories, one) for one in named):
            yield "categories"
    if whole.counterparties is not None:
        allowed = part.counterparties
        if allowed is None or not set(allowed) <= set(whole.counterparties):
            yield "counterparties"
    if not set(whole.counterparties_denied) <= set(part.counterparties_denied):
        yield "counterparties_denied"
    if whole.goods is not None and not _gives_less(part, whole):
        yield "goods"
    if whole.ceilings is not None and not _pays_less(view, part.ceilings, whole.ceilings):
        yield "ceilings"
    if not part.approval_always:
        if whole.approval_always:
            yield "approval_always"
        if not _is_within(part.approval_above_units, whole.approval_above_units):
            yield "approval_above_units"


def _is_within(part: int | None, whole: int | None) -> bool:
    return whole is None or (part is not None and part <= whole)


def _gives_less(part: Limits, whole: Limits) -> bool:
    if part.goods is None:
        return False
    allowed = whole.goods or {}
    return all(
        ref in allowed
        and limit.floor_units >= allowed[ref].floor_units
        and limit.may_barter <= allowed[ref].may_barter
        for ref, limit in part.goods.items()
    )


def _pays_less(view: View, part: dict[str, int] | None, whole: dict[str, int]) -> bool:
    if part is None:
        return False
    for name in (*part, *whole):
        mine, above = _ceiling(view, part, name), _ceiling(view, whole, name)
        if mine is not None and (above is None or mine > above):
            return False
    return True


def _ceiling(view: View, ceilings: dict[str, int], name: str) -> int | None:
    """Give the most to pay for a listing, or in a category, that ceilings name or cover."""
    listing = view.get(LISTINGS, name)
    if name not in ceilings and listing is not None:
        name = listing.category
    while name not in ceilings and "/" in name:
        name = name.rpartition("/")[0]
    return ceilings.get(name)


def _delegate(draft: Draft, actor: str, command: DelegateMandate) -> None:
    lender, agent = _lender(draft, actor, command), need_other_agent(draft, command.agent)
    if agent.principal != lender.principal:
        raise Refused(Reason.NOT_YOURS)
    above = chain(draft, lender)
    if agent.id in {one.agent for one in above}:
        raise invalid("agent", "what it would be lent is a part of its own mandate")
    if actor == lender.id and agent.mandate and mandate.lender_of(draft, agent) != lender.id:
        # Whoever stole one agent's key could take the others' authority away with it.
        raise Refused(Reason.NOT_YOURS)
    if len(above) > DEPTH_MAX:
        raise invalid("of", f"a mandate is lent on at most {DEPTH_MAX} times")
    if len(set(above[0].children) - {agent.mandate}) >= CHILDREN_MAX:
        raise invalid("of", f"{CHILDREN_MAX} parts of it are lent already")
    mandate.check_limits(draft, command.limits.value)
    _need_narrower(draft, command.limits.value, above[0])
    mandate.replace(draft, agent, command.limits, above[0].id)


def _lender(draft: Draft, actor: str, command: DelegateMandate) -> Agent:
    if not command.of or command.of == actor:
        return need_agent(draft, actor)
    lender = need_other_agent(draft, command.of)
    if actor not in (OPERATOR, lender.principal):
        raise Refused(Reason.NOT_YOURS)
    return lender


def _need_narrower(view: View, part: Limits, whole: Mandate) -> None:
    found = list(wider(view, part, whole.limits.value))
    if found:
        # By name alone: how far the whole reaches is for the agent it was lent to.
        first, *rest = found
        also = {"also": ",".join(rest)} if rest else {}
        raise Refused(Reason.OUTSIDE_MANDATE, rule=first, **also)


DECIDE: dict[type, Any] = {DelegateMandate: _delegate}
EVOLVE: dict[type, Any] = {}
