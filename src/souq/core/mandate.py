"""A mandate is the authority a principal lent an agent; nothing the agent says can exceed it.

A part of it may be lent on, see `delegation`: such a mandate has a parent, is bound by the limits
of all above it as by its own, and ends when one of them ends. How much of each is in use, `budget`
counts.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.party import AGENTS, Agent, need_other_agent
from souq.core.policy import Rule
from souq.core.policy.checking import mistakes
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, OPERATOR, need_asset
from souq.core.seal import Secret
from souq.core.state import Draft, Table, View, change, next_id, row_of, take_id

NAMES_MAX = 1_000  # in each list of a mandate: every bid and every award goes through them
DEPTH_MAX = 3  # how often a part of a mandate may be lent on


class GoodsLimit(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one unit must bring in, fees deducted; and whether barter may replace that."""

    floor_units: int = 0
    may_barter: bool = False


class Limits(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an agent may do. None leaves a dimension open; amounts are units of `asset`.

    `goods`: by the principal's own `ref`, what may be given away, and for how little; anything
    else is outside. `ceilings`: the most to pay per unit, by listing id, else by category (a
    category covers those below it, as "bikes" does "bikes/folding"); anything else is outside.
    `approval_always`: every deal waits for the principal; `approval_above_units`: one that costs
    more. `guardrails` are rules as a policy's.
    """

    asset: str = "USD"
    per_deal_units: int | None = None
    window_units: int | None = None
    window_us: int = DAY_US
    lifetime_units: int | None = None
    quantity_max: int | None = None
    categories: tuple[str, ...] | None = None
    counterparties: tuple[str, ...] | None = None
    counterparties_denied: tuple[str, ...] = ()
    goods: dict[str, GoodsLimit] | None = None
    ceilings: dict[str, int] | None = None
    approval_above_units: int | None = None
    approval_always: bool = False
    expires_at: int | None = None
    guardrails: tuple[Rule, ...] = ()


class SecretLimits(Secret):
    """Limits for the core and their principal alone."""

    of = Limits


class GrantMandate(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Lend an agent authority, replacing what it had. By its principal, or the operator for it."""

    agent: str
    limits: SecretLimits


class RevokeMandate(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take authority back, from the next command on, and all that was lent on of it.

    By the principal, the operator, or the agent that lent it.
    """

    agent: str


class Mandate(Struct, frozen=True):
    id: str
    agent: str
    principal: str
    limits: SecretLimits
    reserved_units: int = 0
    lifetime_units: int = 0
    window_units: int = 0  # sum of the entries oldest..newest
    oldest: int = 1
    newest: int = 0
    parent: str = ""  # the mandate it is a part of
    children: tuple[str, ...] = ()


class Spending(Struct, frozen=True, gc=False, array_like=True):
    """One commitment within a rolling window."""

    at: int
    units: int


class MandateGranted(Struct, frozen=True, tag=True, omit_defaults=True):
    """`parent` is the mandate that it was lent of, where it is not the principal's own grant."""

    mandate: str
    agent: str
    principal: str
    limits: SecretLimits
    parent: str = ""


class MandateRevoked(Struct, frozen=True, tag=True):
    mandate: str


MANDATES: Table[Mandate] = Table("mandates", Mandate)
SPENDINGS: Table[Spending] = Table("spendings", Spending)
TABLES: tuple[Table[Any], ...] = (MANDATES, SPENDINGS)


def need_mandate(view: View, agent: Agent) -> Mandate:
    """Give an agent's live mandate. Raises Refused(no_mandate)."""
    found = view.get(MANDATES, agent.mandate) if agent.mandate else None
    if found is None:
        raise Refused(Reason.NO_MANDATE)
    return found


def chain(view: View, agent: Agent) -> tuple[Mandate, ...]:
    """Give all the mandates that bind an agent: its own first, then each above it.

    Raises Refused(no_mandate) where one of them has expired.
    """
    own = need_mandate(view, agent)
    live_limits(view, own)
    if not own.parent:
        return (own,)
    found = lineage(view, own)
    for mandate in found:
        live_limits(view, mandate)
    return found


def lineage(view: View, mandate: Mandate) -> tuple[Mandate, ...]:
    """Give a mandate, then each above it, expired or not."""
    if not mandate.parent:
        return (mandate,)
    found = [mandate]
    while found[-1].parent:
        assert len(found) <= DEPTH_MAX, f"{mandate.id} stands too deep"
        found.append(row_of(view, MANDATES, found[-1].parent))
    return tuple(found)


def check_listing(view: View, agent: Agent, *, category: str, ref: str, side: str) -> None:
    """Raise Refused unless the agent may list this. Giving things away is judged at the deal."""
    for mandate in chain(view, agent):
        limits: Limits = mandate.limits.value
        if limits.categories is not None and not covers(limits.categories, category):
            raise outside("categories")
        if side == "sell" and limits.goods is not None and ref not in limits.goods:
            raise outside("goods")


def covers(categories: tuple[str, ...], category: str) -> bool:
    """Tell whether a category is one of these, or below one."""
    around = {category[:end] for end, sign in enumerate(f"{category}/") if sign == "/"}
    return not around.isdisjoint(categories)


def outside(rule: str) -> Refused:
    """Build the refusal of what a mandate does not cover; it names the rule and no limit."""
    return Refused(Reason.OUTSIDE_MANDATE, rule=rule)


def live_limits(view: View, mandate: Mandate) -> Limits:
    """Give a mandate's limits. Raises Refused(no_mandate) once it has expired."""
    limits: Limits = mandate.limits.value
    if limits.expires_at is not None and view.at >= limits.expires_at:
        raise Refused(Reason.NO_MANDATE)
    return limits


def _need_authority(draft: Draft, actor: str, agent: str) -> Agent:
    found = need_other_agent(draft, agent)
    if actor not in (OPERATOR, found.principal):
        raise Refused(Reason.NOT_YOURS)
    return found


def check_limits(view: View, limits: Limits) -> None:
    """Raise Refused(invalid) for limits that say nothing sensible."""
    need_asset(view, limits.asset)
    for name in ("per_deal_units", "window_units", "lifetime_units", "approval_above_units"):
        if (getattr(limits, name) or 0) < 0:
            raise invalid(name, "must be 0 or more")
    if limits.window_us <= 0 or (limits.quantity_max is not None and limits.quantity_max < 1):
        raise invalid("window_us", "window_us and quantity_max must be above 0")
    for name in ("categories", "counterparties", "counterparties_denied"):
        if len(getattr(limits, name) or ()) > NAMES_MAX:
            raise invalid(name, f"at most {NAMES_MAX} names")
    if any(limit.floor_units < 0 for limit in (limits.goods or {}).values()):
        raise invalid("goods", "a floor is 0 or more")
    if any(ceiling < 0 for ceiling in (limits.ceilings or {}).values()):
        raise invalid("ceilings", "a ceiling is 0 or more")
    for where, why in mistakes(limits.guardrails):
        raise invalid(where.replace("rules", "guardrails", 1), why)


def replace(draft: Draft, agent: Agent, limits: SecretLimits, parent: str = "") -> None:
    """Give an agent a mandate in place of what it had."""
    if agent.mandate:
        end(draft, agent.mandate)
    granted = MandateGranted(next_id(draft, "M"), agent.id, agent.principal, limits, parent)
    draft.emit(granted)


def end(draft: Draft, id: str) -> None:
    """End a mandate, and before it all that was lent on of it."""
    for child in row_of(draft, MANDATES, id).children:
        end(draft, child)
    draft.emit(MandateRevoked(id))


def _grant(draft: Draft, actor: str, command: GrantMandate) -> None:
    agent = _need_authority(draft, actor, command.agent)
    check_limits(draft, command.limits.value)
    replace(draft, agent, command.limits)


def _revoke(draft: Draft, actor: str, command: RevokeMandate) -> None:
    agent = need_other_agent(draft, command.agent)
    if actor != lender_of(draft, agent):
        _need_authority(draft, actor, command.agent)
    if not agent.mandate:
        raise Refused(Reason.NO_MANDATE)
    end(draft, agent.mandate)


def lender_of(view: View, agent: Agent) -> str:
    """Give the agent that an agent's mandate is lent by, or "" where that is its principal."""
    own = view.get(MANDATES, agent.mandate)
    above = view.get(MANDATES, own.parent) if own is not None and own.parent else None
    return "" if above is None else above.agent


def _granted(view: View, event: MandateGranted) -> None:
    take_id(view, event.mandate)
    granted = Mandate(
        event.mandate, event.agent, event.principal, event.limits, parent=event.parent
    )
    view.put(MANDATES, event.mandate, granted)
    _point_agent(view, event.agent, event.mandate)
    if event.parent:
        children = row_of(view, MANDATES, event.parent).children
        change(view, MANDATES, event.parent, children=(*children, event.mandate))


def _point_agent(view: View, agent: str, mandate: str) -> None:
    found = view.get(AGENTS, agent)
    assert found is not None, f"a mandate without an agent: {agent}"
    view.put(AGENTS, agent, msgspec.structs.replace(found, mandate=mandate))


def _revoked(view: View, event: MandateRevoked) -> None:
    mandate = view.get(MANDATES, event.mandate)
    assert mandate is not None, f"revoked twice: {event.mandate}"
    for number in range(mandate.oldest, mandate.newest + 1):
        view.drop(SPENDINGS, f"{mandate.id}/{number}")
    view.drop(MANDATES, event.mandate)
    _point_agent(view, mandate.agent, "")
    if mandate.parent:
        children = row_of(view, MANDATES, mandate.parent).children
        left = tuple(child for child in children if child != mandate.id)
        change(view, MANDATES, mandate.parent, children=left)


DECIDE: dict[type, Any] = {GrantMandate: _grant, RevokeMandate: _revoke}
EVOLVE: dict[type, Any] = {MandateGranted: _granted, MandateRevoked: _revoked}
