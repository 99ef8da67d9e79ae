"""What a contract's end does: to goods, to money held, and to the budgets they came from."""

from souq.core import budget, escrow, stock
from souq.core.agreement import Agreement
from souq.core.dispute import costs
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.money import BPS
from souq.core.state import Draft


def fulfil(draft: Draft, event: ContractFulfilled) -> None:
    """React to fulfilment: goods are gone, money is the payee's but for penalties."""
    stock.hand_over(draft, event.agreement.legs)
    _end_money(draft, event.contract, event.agreement, back_bps=event.penalty_bps)


def cancel(draft: Draft, event: ContractCancelled) -> None:
    """React to cancellation: everything returns, and the fee of a claim that it ends."""
    costs.give_back(draft, event.contract, costs.FILING, event.agreement)
    stock.return_stock(draft, event.agreement.legs)
    _end_money(draft, event.contract, event.agreement, back_bps=BPS)


def carry_out(draft: Draft, event: RulingMade) -> None:
    """React to a ruling: the goods stay where they are, the money is split."""
    stock.hand_over(draft, event.agreement.legs)
    _end_money(draft, event.contract, event.agreement, back_bps=event.payer_bps)


def _end_money(draft: Draft, id: str, agreement: Agreement, *, back_bps: int) -> None:
    returned = escrow.end_holds(draft, id, agreement, back_bps=back_bps)
    for agent, units in returned.items():
        budget.settle(draft, id, agent, units)
