"""Who got what by the model its agent runs on, as the agent declared it: an audit of outcomes.

People cannot tell from their own deals that a stronger agent sat across the table (in Project Deal
their ratings were the same); a table of prices by pairing can. What was declared is a claim that
nobody checked. An agent counts under what it declared last, whenever it made its deals.
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from souq.lab.sales import Sale
from souq.views.history import History

UNDECLARED = "none declared"


class ModelOutcome(Struct, frozen=True):
    """What people got whose agents declared one model; `model` "" declared none.

    Money is in units, and means are of one item. `deals` counts each for every side of it that is
    theirs: what one of them closed on average is `deals_per_person`.
    """

    model: str
    people: int
    listed: int
    sold: int
    share_sold: float
    bought: int
    deals: int
    deals_per_person: float
    mean_price_selling: int
    mean_price_buying: int
    surplus_selling: int
    surplus_buying: int
    surplus_per_person: int


class Pairing(Struct, frozen=True):
    """Items that went from agents of one model to agents of another, and their mean price."""

    seller: str
    buyer: str
    items: int
    mean_price: int


class ModelAudit(Struct, frozen=True):
    """Empty where nobody declared anything; `changed` agents declared more than one model."""

    models: tuple[ModelOutcome, ...] = ()
    pairings: tuple[Pairing, ...] = ()
    changed: int = 0

    @property
    def compares(self) -> bool:
        """Tell whether more than one model was declared."""
        return sum(bool(one.model) for one in self.models) > 1


def audit(history: History, sold: Sequence[Sale]) -> ModelAudit:
    """Audit a market by declared model; `sold` is every item that changed hands in it."""
    declared = {agent: told[-1] for agent, told in history.models.items()}
    if not any(declared.values()):
        return ModelAudit()
    model_of = {agent: declared.get(agent, "") for agent in history.principal_of}
    pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for sale in sold:
        pairs[model_of[sale.seller], model_of[sale.buyer]].append(sale.units)
    return ModelAudit(
        models=tuple(
            _outcome(history, sold, model, {one for one in model_of if model_of[one] == model})
            for model in sorted(set(model_of.values()), key=_undeclared_last)
        ),
        pairings=tuple(
            Pairing(seller, buyer, len(pairs[seller, buyer]), _mean(pairs[seller, buyer]))
            for seller, buyer in sorted(pairs, key=lambda pair: [*map(_undeclared_last, pair)])
        ),
        changed=sum(len({*told} - {""}) > 1 for told in history.models.values()),
    )


def _outcome(history: History, sold: Sequence[Sale], model: str, agents: set[str]) -> ModelOutcome:
    selling = [sale for sale in sold if sale.seller in agents]
    buying = [sale for sale in sold if sale.buyer in agents]
    listed = {
        id
        for id, story in history.listings.items()
        if story.posted.side == "sell" and story.posted.agent in agents
    }
    gone = listed & {sale.listing for sale in sold}
    deals = sum(
        len(agents.intersection(deal.agreement.parties))
        for deal in history.deals.values()
        if not deal.is_void
    )
    seller_gain = sum(sale.seller_gain for sale in selling)
    buyer_gain = sum(sale.buyer_gain for sale in buying)
    return ModelOutcome(
        model=model,
        people=len(agents),
        listed=len(listed),
        sold=len(gone),
        share_sold=len(gone) / len(listed) if listed else 0.0,
        bought=len(buying),
        deals=deals,
        deals_per_person=deals / len(agents),
        mean_price_selling=_mean([sale.units for sale in selling]),
        mean_price_buying=_mean([sale.units for sale in buying]),
        surplus_selling=seller_gain,
        surplus_buying=buyer_gain,
        surplus_per_person=(seller_gain + buyer_gain) // len(agents),
    )


def _mean(units: Sequence[int]) -> int:
    return sum(units) // len(units) if units else 0


def _undeclared_last(model: str) -> tuple[bool, str]:
    return not model, model
