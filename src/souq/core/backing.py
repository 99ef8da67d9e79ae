"""Is the money there that a bid, or a deal, needs behind it? Held money counts as gone."""

from souq.core import ledger, pledge
from souq.core.agreement import Agreement, CashLeg
from souq.core.debt import DEBTS
from souq.core.mechanisms.moves import Effect
from souq.core.party import Agent, wallet
from souq.core.refusal import Reason, Refused
from souq.core.state import Draft


def check_bid(draft: Draft, mover: Agent, id: str, effect: Effect) -> None:
    """Raise Refused(insufficient_funds) unless a bid's mover has what must stand behind it."""
    asset = next(leg.amount.asset for leg in effect.stake if isinstance(leg, CashLeg))
    available = ledger.need_account(draft, wallet(mover.principal, asset)).available
    available += pledge.held_units(draft, mover.id, id)
    if available < effect.backing_units:
        needed = effect.backing_units
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=needed)


def check_deal(draft: Draft, agent: Agent, agreement: Agreement, prepaid_in: str) -> None:
    """Raise Refused(insufficient_funds) unless an agent can pay what it gives in a deal.

    `prepaid_in` names a run that has held money for it, which is let go of before.
    """
    needed: dict[str, int] = {}
    for leg in agreement.legs:
        if isinstance(leg, CashLeg) and leg.giver == agent.id:
            needed[leg.amount.asset] = needed.get(leg.amount.asset, 0) + leg.amount.units
    for asset, units in needed.items():
        payer = wallet(agent.principal, asset)
        available = ledger.need_account(draft, payer).available
        # Held money counts as gone. Otherwise two offers accepted in the same second could both
        # pass, and the second contract would have nothing behind it.
        # Nor does a debtor's count: what is let go of, this award's or one's before it, repays the
        # debt before it can be held again.
        if draft.get(DEBTS, payer):
            available = 0
        elif prepaid_in:
            available += pledge.held_units(draft, agent.id, prepaid_in)
        if available < units:
            raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=units)
