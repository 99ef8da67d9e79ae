"""What policies remember of deals and money, from the first rule on; and their word on each deal.

What was committed and what came back is told by budgets, of deals, channels and forfeits alike.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from souq.core.agreement import Agreement, CashLeg, cash_given, goods
from souq.core.budget import BudgetCommitted, BudgetReserved, BudgetSettled, BudgetsSettled
from souq.core.channel import CHANNELS
from souq.core.ending import ContractFulfilled, RulingMade
from souq.core.listing import LISTINGS
from souq.core.mandate import MANDATES, MandateGranted, MandateRevoked
from souq.core.money import BPS
from souq.core.negotiation import AgreementReached, NegotiationClosed
from souq.core.objection import Objection
from souq.core.party import AGENTS, Agent, need_other_agent
from souq.core.policy import history
from souq.core.policy.history import (
    ANY,
    ENTRIES,
    FIRST_BIDS,
    KEPT,
    KNOWN,
    MARKET,
    QUANTITIES,
    QUANTITIES_MAX,
    ROWS,
    SERIES,
    Entry,
)
from souq.core.policy.judging import layers, organisation_key
from souq.core.policy.setting import DESTINATIONS, PolicySet
from souq.core.rules import fee_of
from souq.core.stage import CONTRACTS
from souq.core.state import Draft, Table, View


class PolicyApplied(Struct, frozen=True, tag=True, omit_defaults=True):
    """What an agent's policies said of a deal that came about: allow, or hold by these rules.

    `policies` are the digests of those that were asked; `held` are rules as "P3/2:approval".
    """

    contract: str
    agent: str
    policies: tuple[str, ...]
    result: str = "allow"
    held: tuple[str, ...] = ()


class DestinationBound(Struct, frozen=True, tag=True):
    """Where what is shipped to an agent under a contract goes."""

    contract: str
    agent: str
    destination: str


TABLES: tuple[Table[Any], ...] = history.TABLES


def record(draft: Draft, event: AgreementReached) -> None:
    """React to a deal: write down what policies said of it, and where its goods go."""
    legs = event.agreement.legs
    for party in event.agreement.parties:
        agent = need_other_agent(draft, party)
        asked = layers(draft, agent)
        if asked:
            found: tuple[Objection, ...] = draft.weighed.get((party, legs), ())
            held = tuple(_rule(one) for one in found if one.approver and one.number)
            digests = tuple(layer.digest for layer in asked)
            result = "hold" if held else "allow"
            draft.emit(PolicyApplied(event.contract, party, digests, result, held))
        destination = draft.get(DESTINATIONS, party)
        if destination and any(_is_shipped(draft, leg.listing) for leg in _taken(legs, party)):
            draft.emit(DestinationBound(event.contract, party, destination))


def _rule(one: Objection) -> str:
    return f"{one.layer}/{one.number}:{one.rule}"


def _taken(legs: Any, party: str) -> Iterator[Any]:
    return (leg for leg in goods(legs) if leg.taker == party)


def _is_shipped(view: View, listing: str) -> bool:
    found = view.get(LISTINGS, listing)
    return found is not None and found.delivery == "ship"


def _keys(view: View, agent: Agent) -> list[str]:
    """List for whom an agent's doings are remembered."""
    if view.get(KEPT, ANY) is None:
        return []
    principal = agent.principal
    asked = (agent.mandate, agent.id, organisation_key(view, principal))
    found = [key for key in asked if key and view.get(KEPT, key) is not None]
    if view.get(KEPT, principal) is not None or view.get(KEPT, MARKET) is not None:
        found.append(principal)
    return found


def _policy_set(view: View, event: PolicySet) -> None:
    if event.policy.value.rules:
        _keep(view, event.scope)


def _granted(view: View, event: MandateGranted) -> None:
    if event.limits.value.guardrails:
        _keep(view, event.mandate)


def _keep(view: View, key: str) -> None:
    for one in (ANY, key):
        if view.get(KEPT, one) is None:
            view.put(KEPT, one, view.at)


def _revoked(view: View, event: MandateRevoked) -> None:
    key = event.mandate
    if view.get(KEPT, key) is None:
        return
    view.drop(KEPT, key)
    # Counterparties and quantities of a mandate are few; their rows stay, and nobody asks for them.
    for series in (history.deals(key), *_of_money(view, key)):
        head = view.get(SERIES, series)
        if head is not None:
            for n in range(1, head.count + 1):
                view.drop(ROWS, f"{series}/{n}")
            view.drop(SERIES, series)


def _of_money(view: View, mandate: str) -> tuple[str, str]:
    found = view.get(MANDATES, mandate)
    assert found is not None, f"revoked before it is forgotten: {mandate}"
    asset = found.limits.value.asset
    return history.spent(mandate, asset), history.lost(mandate, asset)


def _reserved(view: View, event: BudgetReserved) -> None:
    if view.get(KEPT, ANY) is None:
        return
    key = f"{event.agent}/{event.negotiation}"
    if view.get(FIRST_BIDS, key) is None:
        view.put(FIRST_BIDS, key, event.units)


def _closed(view: View, event: NegotiationClosed) -> None:
    if view.get(KEPT, ANY) is not None:
        for party in event.parties:
            view.drop(FIRST_BIDS, f"{party}/{event.negotiation}")


def _agreed(view: View, event: AgreementReached) -> None:
    if view.get(KEPT, ANY) is None:
        return
    parties = [need_other_agent(view, one) for one in event.agreement.parties]
    for agent in parties:
        others = dict.fromkeys(one.principal for one in parties if one.id != agent.id)
        for key in _keys(view, agent):
            new = [one for one in others if view.get(KNOWN, f"{key}/{one}") is None]
            for principal in new:
                view.put(KNOWN, f"{key}/{principal}", view.at)
            history.append(view, history.deals(key), len(new), 0)


def _committed(view: View, event: BudgetCommitted) -> None:
    if view.get(KEPT, ANY) is None:
        return
    agent, mandate = need_other_agent(view, event.agent), view.get(MANDATES, event.mandate)
    keys = _keys(view, agent)
    if not keys or mandate is None:
        return
    asset, units = mandate.limits.value.asset, event.units
    rows = [(key, history.append(view, history.spent(key, asset), units, units)) for key in keys]
    payees = _payees(view, event)
    for key in keys:
        for principal, paid in payees:
            history.expose(view, key, principal, asset, paid)
    entry = Entry(units, asset, tuple(rows), payees)
    view.put(ENTRIES, f"{event.contract}/{event.agent}", entry)


def _payees(view: View, event: BudgetCommitted) -> tuple[tuple[str, int], ...]:
    claim = event.contract
    stage = view.get(CONTRACTS, claim)
    channel = view.get(CHANNELS, claim.partition(".")[0])
    paid: dict[str, int] = {}
    if stage is not None:
        for leg in stage.agreement.legs:
            if isinstance(leg, CashLeg) and leg.giver == event.agent:
                principal = need_other_agent(view, leg.taker).principal
                paid[principal] = paid.get(principal, 0) + leg.amount.units
    elif channel is not None:
        paid[need_other_agent(view, channel.terms.payee).principal] = event.units
    return tuple(paid.items())


def _settled(view: View, event: BudgetSettled) -> None:
    _came_back(view, event.contract, event.agent, event.returned_units)


def _many_settled(view: View, event: BudgetsSettled) -> None:
    rows = zip(event.contracts, event.agents, event.returned_units, strict=True)
    for contract, agent, units in rows:
        _came_back(view, contract, agent, units)


def _came_back(view: View, claim: str, agent: str, units: int) -> None:
    name = f"{claim}/{agent}"
    entry = view.get(ENTRIES, name)
    if entry is None:
        return
    view.drop(ENTRIES, name)
    is_deal = claim.startswith("C")
    is_refund = is_deal and units < entry.units
    for key, number in entry.rows:
        if units:
            gross = 0 if is_refund else units
            history.lessen(view, history.spent(key, entry.asset), number, gross, units)
        for principal, paid in entry.payees:
            history.expose(view, key, principal, entry.asset, -paid)
    if not is_deal:  # what deals cost is told by their ends
        _lose(view, agent, entry.asset, entry.units - units)


def _lose(view: View, agent: str, asset: str, units: int) -> None:
    found = view.get(AGENTS, agent)
    if found is not None and units:
        for key in _keys(view, found):
            history.append(view, history.lost(key, asset), units, 0)


def _fulfilled(view: View, event: ContractFulfilled) -> None:
    if view.get(KEPT, ANY) is None:
        return
    _paid(view, event.agreement, event.penalty_bps)
    _usual(view, event.agreement)
    if not event.penalty_bps:
        _priced(view, event.agreement)


def _ruled(view: View, event: RulingMade) -> None:
    if view.get(KEPT, ANY) is not None:
        _paid(view, event.agreement, event.payer_bps)


def _paid(view: View, agreement: Agreement, back_bps: int) -> None:
    """Remember what a deal cost and brought; of each part of a payment a share came back."""
    for leg in agreement.legs:
        if isinstance(leg, CashLeg):
            fee = fee_of(view, leg.amount).units
            price = leg.amount.units - fee
            received = price - price * back_bps // BPS
            _lose(view, leg.giver, leg.amount.asset, received + fee - fee * back_bps // BPS)
            _lose(view, leg.taker, leg.amount.asset, -received)


def _usual(view: View, agreement: Agreement) -> None:
    for agent in agreement.parties:
        keys = _keys(view, need_other_agent(view, agent))
        taken: dict[str, int] = {}
        for leg in _taken(agreement.legs, agent):
            taken[leg.listing] = taken.get(leg.listing, 0) + leg.quantity
        for id, quantity in taken.items():
            listing = view.get(LISTINGS, id)
            if listing is not None:  # data may be withdrawn meanwhile
                for key in keys:
                    category = f"{key}/{listing.category}"
                    history.push(view, QUANTITIES, category, quantity, QUANTITIES_MAX)


def _priced(view: View, agreement: Agreement) -> None:
    """Remember the price of one, of a plain sale between strangers."""
    legs = agreement.legs
    things, cash = goods(legs), [leg for leg in legs if isinstance(leg, CashLeg)]
    ways = {(leg.giver, leg.taker) for leg in things} | {(leg.taker, leg.giver) for leg in cash}
    if not cash or len(ways) != 1 or len({leg.listing for leg in things}) != 1:
        return
    seller, buyer = next(iter(ways))
    listing = view.get(LISTINGS, things[0].listing)
    assets = {leg.amount.asset for leg in cash}
    if listing is None or len(assets) != 1 or not _are_strangers(view, seller, buyer):
        return
    units, quantity = cash_given(legs, buyer), sum(leg.quantity for leg in things)
    history.push_price(view, listing.category, assets.pop(), units // quantity)


def _are_strangers(view: View, one: str, other: str) -> bool:
    principals = {need_other_agent(view, id).principal for id in (one, other)}
    groups = {organisation_key(view, one).partition("/")[2] or one for one in principals}
    return len(principals) == 2 and len(groups) == 2


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    PolicySet: _policy_set,
    MandateGranted: _granted,
    MandateRevoked: _revoked,
    BudgetReserved: _reserved,
    NegotiationClosed: _closed,
    AgreementReached: _agreed,
    BudgetCommitted: _committed,
    BudgetSettled: _settled,
    BudgetsSettled: _many_settled,
    ContractFulfilled: _fulfilled,
    RulingMade: _ruled,
    PolicyApplied: lambda view, event: None,
    DestinationBound: lambda view, event: None,
}
