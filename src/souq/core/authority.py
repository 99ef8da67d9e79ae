"""May this agent be bound by these legs? One judge for both sides, at offer and deal alike.

Every guard is asked and every objection is told, so that nobody has to find them one by one. To add
a guard, write it and list it here.
"""

from souq.core import attestation, compliance, exposure, halt, limits, restriction
from souq.core.agreement import Leg, cash_given
from souq.core.objection import Binding, Guard, Objection
from souq.core.party import Agent
from souq.core.policy import judging
from souq.core.refusal import Refused
from souq.core.rules import rules
from souq.core.state import Draft, View

GUARDS: tuple[Guard, ...] = (
    limits.object_to,
    halt.object_to,
    exposure.object_to,
    restriction.object_to,
    judging.object_to,
    attestation.object_to,
    compliance.object_to,
)


def check(
    draft: Draft,
    agent: Agent,
    legs: tuple[Leg, ...],
    *,
    negotiation: str,
    reserves: int | None = None,
    part_of: int = 0,
    is_moving: bool = True,
) -> tuple[str, ...]:
    """Give whose approval a deal would wait for. Raises Refused unless the agent may be bound.

    See `asks`, which also says why.
    """
    found = asks(
        draft,
        agent,
        legs,
        negotiation=negotiation,
        reserves=reserves,
        part_of=part_of,
        is_moving=is_moving,
    )
    return tuple(dict.fromkeys(one.approver for one in found))


def asks(
    draft: Draft,
    agent: Agent,
    legs: tuple[Leg, ...],
    *,
    negotiation: str,
    reserves: int | None = None,
    part_of: int = 0,
    is_moving: bool = True,
) -> tuple[Objection, ...]:
    """Give what makes a deal wait for approval. Raises Refused unless the agent may be bound.

    `reserves`, `part_of` and `is_moving` are those of `Binding`; left out, these legs are all. The
    refusal is that of the first objection; `also` names the other rules that object.
    """
    whole = cash_given(legs, agent.id) if reserves is None else reserves
    found = objections(draft, Binding(agent, legs, negotiation, whole, part_of, is_moving))
    if found or draft.weighed:
        draft.weighed[agent.id, legs] = found
    denials = [one for one in found if not one.approver]
    if denials:
        raise _refusal(denials)
    return found


def objections(view: View, binding: Binding) -> tuple[Objection, ...]:
    """Ask every guard. Raises Refused for what cannot be judged at all."""
    house = rules(view)
    found: list[Objection] = []
    for guard in GUARDS:
        found += guard(view, binding, house)
    return tuple(found)


def _refusal(denials: list[Objection]) -> Refused:
    first, *rest = denials
    also = dict.fromkeys(one.rule for one in rest if one.rule != first.rule)
    refused = first.refusal()
    return Refused(refused.reason, **refused.facts, also=",".join(also)) if also else refused
