"""A mandate is the authority a principal lent an agent; nothing the agent says can exceed it.

How much of it is in use, `budget` counts.
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
from souq.core.state import Draft, Table, View, next_id, take_id

NAMES_MAX = 1_000  # in each list of a mandate: every bid and every award goes through them


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
    """Take authority back, from the next command on. By the principal, or the operator."""

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


class Spending(Struct, frozen=True, gc=False, array_like=True):
    """One commitment within a rolling window."""

    at: int
    units: int


class MandateGranted(Struct, frozen=True, tag=True):
    mandate: str
    agent: str
    principal: str
    limits: SecretLimits


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


def check_listing(view: View, agent: Agent, *, category: str, ref: str, side: str) -> None:
    """Raise Refused unless the agent may list this. Giving things away is judged at the deal."""
    limits = live_limits(view, need_mandate(view, agent))
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


def _grant(draft: Draft, actor: str, command: GrantMandate) -> None:
    agent = _need_authority(draft, actor, command.agent)
    limits: Limits = command.limits.value
    need_asset(draft, limits.asset)
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
    if agent.mandate:
        draft.emit(MandateRevoked(agent.mandate))
    draft.emit(MandateGranted(next_id(draft, "M"), agent.id, agent.principal, command.limits))


def _revoke(draft: Draft, actor: str, command: RevokeMandate) -> None:
    agent = _need_authority(draft, actor, command.agent)
    if not agent.mandate:
        raise Refused(Reason.NO_MANDATE)
    draft.emit(MandateRevoked(agent.mandate))


def _granted(view: View, event: MandateGranted) -> None:
    take_id(view, event.mandate)
    granted = Mandate(event.mandate, event.agent, event.principal, event.limits)
    view.put(MANDATES, event.mandate, granted)
    _point_agent(view, event.agent, event.mandate)


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


DECIDE: dict[type, Any] = {GrantMandate: _grant, RevokeMandate: _revoke}
EVOLVE: dict[type, Any] = {MandateGranted: _granted, MandateRevoked: _revoked}
