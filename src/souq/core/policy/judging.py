"""The guard that policies are: every rule of every layer is asked of what would bind an agent.

Layers are asked from the narrowest to the widest. What a layer's windows count is remembered under
its key, see `history`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from souq.core import attestation
from souq.core.agreement import CashLeg, Leg, goods
from souq.core.listing import LISTINGS, Listing, conditions_of
from souq.core.mandate import MANDATES, Limits, lineage
from souq.core.objection import Binding, Objection
from souq.core.party import AGENTS, Agent
from souq.core.policy import JUDGES, Rule, type_of
from souq.core.policy.deal import Deal, Goods, Other
from souq.core.policy.history import ANY, FIRST_BIDS, KEPT, MARKET, Kept
from souq.core.policy.setting import DESTINATIONS, ORGANISATIONS, POLICIES, SecretPolicy
from souq.core.refusal import Reason, Refused
from souq.core.reputation import standing_of
from souq.core.rules import OPERATOR, Rules, fee_of
from souq.core.state import View


class Layer(NamedTuple):
    """Whose rules they are, what their windows count, and who may approve what they hold."""

    name: str
    key: str
    approver: str
    rules: tuple[Rule, ...]
    digest: str


def object_to(view: View, binding: Binding, house: Rules) -> Iterable[Objection]:
    """Give what policies object to. Raises Refused(closed) for a listing that has ended."""
    found = layers(view, binding.agent)
    if not found:
        return ()
    deal = deal_of(view, binding)
    return [one for layer in found for one in judge(view, layer, deal)]


def judge(view: View, layer: Layer, deal: Deal) -> Iterator[Objection]:
    """Ask every rule of one layer."""
    past = Kept(view, layer.key)
    for number, rule in enumerate(layer.rules, 1):
        finding = JUDGES[type(rule)](rule, deal, past)
        if finding is not None:
            yield Objection(
                type_of(rule),
                layer.name,
                approver=layer.approver if finding.is_hold else "",
                number=number,
                threshold=finding.threshold,
                observed=finding.observed,
                asset=finding.asset,
                is_private=finding.is_private,
            )


def layers(view: View, agent: Agent) -> tuple[Layer, ...]:
    """List the layers that have rules for an agent."""
    if view.get(KEPT, ANY) is None:
        return ()
    found = []
    principal = agent.principal
    own = view.get(MANDATES, agent.mandate)
    for mandate in () if own is None else lineage(view, own):
        limits: Limits = mandate.limits.value
        if limits.guardrails:
            digest = mandate.limits.digest
            found.append(Layer("mandate", mandate.id, principal, limits.guardrails, digest))
    organisation = organisation_key(view, principal)
    for name, key, approver in (
        (agent.id, agent.id, principal),
        (principal, principal, principal),
        (organisation, organisation, organisation.partition("/")[2]),
        (MARKET, principal, OPERATOR),
    ):
        policy = view.get(POLICIES, name) if name else None
        if policy is not None:
            found.append(Layer(name, key, approver, rules_of(policy), policy.digest))
    return tuple(found)


def rules_of(policy: SecretPolicy) -> tuple[Rule, ...]:
    """Give the rules that are sealed in a policy."""
    rules: tuple[Rule, ...] = policy.value.rules
    return rules


def organisation_key(view: View, principal: str) -> str:
    """Give the scope of the organisation a principal belongs to, or ""."""
    found = view.get(ORGANISATIONS, principal)
    return f"organisation/{found}" if found else ""


def deal_of(view: View, binding: Binding) -> Deal:
    """Write down what a rule may look at. Raises Refused(closed) for a listing that has ended."""
    agent, legs = binding.agent, binding.legs
    pays: dict[str, int] = {}
    receives: dict[str, int] = {}
    nets: dict[str, int] = {}
    for leg in legs:
        if not isinstance(leg, CashLeg):
            continue
        asset, units = leg.amount.asset, leg.amount.units
        if leg.giver == agent.id:
            pays[asset] = pays.get(asset, 0) + units
        elif leg.taker == agent.id:
            receives[asset] = receives.get(asset, 0) + units
            nets[asset] = nets.get(asset, 0) + units - fee_of(view, leg.amount).units
    mandate = view.get(MANDATES, agent.mandate)
    return Deal(
        at=view.at,
        asset="" if mandate is None else mandate.limits.value.asset,
        pays=pays,
        receives=receives,
        nets=nets,
        goods=tuple(
            _goods(listing, is_taken, quantity, agent)
            for listing, is_taken, quantity in _listings(view, legs, agent)
        ),
        others=_others(view, legs, agent),
        whole_units=binding.part_of,
        reserved_units=binding.reserves,
        first_units=view.get(FIRST_BIDS, f"{agent.id}/{binding.negotiation}"),
        cooling_off_us=conditions_of(view, legs).cooling_off_us or 0,
        destination=view.get(DESTINATIONS, agent.id) or "",
    )


def _listings(view: View, legs: tuple[Leg, ...], agent: Agent) -> list[tuple[Listing, bool, int]]:
    quantities: dict[tuple[str, bool], int] = {}
    for leg in goods(legs):
        if agent.id in (leg.giver, leg.taker):
            side = leg.listing, leg.taker == agent.id
            quantities[side] = quantities.get(side, 0) + leg.quantity
    found = []
    for (id, is_taken), quantity in quantities.items():
        listing = view.get(LISTINGS, id)
        if listing is None:
            raise Refused(Reason.CLOSED, id=id)
        found.append((listing, is_taken, quantity))
    return found


def _goods(listing: Listing, is_taken: bool, quantity: int, agent: Agent) -> Goods:
    is_own = listing.principal == agent.principal and listing.side == "sell"
    return Goods(
        listing=listing.id,
        category=listing.category,
        quantity=quantity,
        is_taken=is_taken,
        ref=listing.ref if is_own else "",
        is_shipped=listing.delivery == "ship",
    )


def _others(view: View, legs: tuple[Leg, ...], agent: Agent) -> tuple[Other, ...]:
    paid: dict[str, dict[str, int]] = {}
    for leg in legs:
        for id in (leg.giver, leg.taker):
            if id != agent.id:
                paid.setdefault(id, {})
        if isinstance(leg, CashLeg) and leg.giver == agent.id:
            to, amount = paid[leg.taker], leg.amount
            to[amount.asset] = to.get(amount.asset, 0) + amount.units
    return tuple(_other(view, id, pays) for id, pays in paid.items())


def _other(view: View, id: str, pays: dict[str, int]) -> Other:
    found = view.get(AGENTS, id)
    if found is None:  # in a book, an offer stands to anybody
        return Other("", pays=pays)
    principal = found.principal
    return Other(
        principal,
        standing=standing_of(view, id),
        level=attestation.level_of(view, principal),
        jurisdiction=attestation.jurisdiction_of(view, principal) or None,
        pays=pays,
    )
