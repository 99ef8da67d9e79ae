"""What a dispute costs, and who bears it: filing and appeal fees, jurors' stakes, bonds.

Fees are held, and come back to whoever wins. A loser's go to the jurors who agreed with the verdict
in equal shares, or, where none sat, to the other side for its trouble. A fee on an agent's word is
money out of its mandate's budget; on its principal's own, it is not.
"""

from souq.core import bond, budget, ledger, limits
from souq.core.agreement import Agreement
from souq.core.ledger import HOLDS
from souq.core.money import BPS
from souq.core.party import need_other_agent, wallet
from souq.core.procedure import Procedure
from souq.core.refusal import Reason, Refused
from souq.core.state import Draft
from souq.core.transfer import CAPTURE, HOLD, MOVE, RELEASE, Movement

FILING, APPEAL = "filing", "appeal"


def hold_fee(
    draft: Draft, contract: str, what: str, actor: str, side: str, *, asset: str, units: int
) -> None:
    """Hold a fee of a side that an actor speaks for.

    Raises Refused(no_mandate, outside_mandate, budget_exceeded, insufficient_funds).
    """
    if not units:
        return
    agent = need_other_agent(draft, side)
    if actor == side:
        limits.need_budget(draft, agent, asset=asset, units=units)
    account = wallet(agent.principal, asset)
    available = ledger.need_account(draft, account).available
    if available < units:
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=units)
    ledger.move_rows(draft, [(_id(contract, what), account, f"fees/{asset}", units, HOLD, "")])
    if actor == side:
        draft.emit(budget.BudgetCommitted(agent.mandate, side, _claim(contract, what), units))


def give_back(draft: Draft, contract: str, what: str, agreement: Agreement) -> None:
    """Give a fee back, if there is one."""
    id = _id(contract, what)
    hold = draft.get(HOLDS, id)
    if hold is not None:
        ledger.move_rows(draft, [(f"{id}:end", hold.debit, hold.credit, 0, RELEASE, id)])
        _settle(draft, contract, what, agreement, hold.amount)


def take(draft: Draft, contract: str, what: str, agreement: Agreement, to: tuple[str, ...]) -> None:
    """Take a fee, if there is one, and share it among principals; no unit is lost."""
    id = _id(contract, what)
    hold = draft.get(HOLDS, id)
    if hold is None:
        return
    rows: list[Movement] = [(f"{id}:end", hold.debit, hold.credit, hold.amount, CAPTURE, id)]
    asset = hold.credit.rpartition("/")[2]
    for n, (principal, units) in enumerate(_shares(to, hold.amount)):
        if units:
            rows.append((f"{id}:{n}", hold.credit, wallet(principal, asset), units, MOVE, ""))
    ledger.move_rows(draft, rows)
    _settle(draft, contract, what, agreement, 0)


def settle_stakes(
    draft: Draft,
    contract: str,
    procedure: Procedure,
    *,
    asset: str,
    jurors: tuple[str, ...],
    agreeing: tuple[str, ...],
) -> None:
    """Take a share of their seats from jurors who were silent or far off, for those who agreed.

    Where nobody agrees with anybody, it goes to the house's reserve.
    """
    loss = procedure.seat_units * procedure.loss_bps // BPS
    for juror in jurors:
        if juror not in agreeing:
            forfeit(draft, juror, asset=asset, units=loss, to=agreeing, thing=contract)


def forfeit(
    draft: Draft, principal: str, *, asset: str, units: int, to: tuple[str, ...], thing: str
) -> None:
    """Forfeit of a bond what there is, up to so much, in equal shares to principals."""
    there = draft.get(bond.BONDS, f"{principal}/{asset}")
    units = 0 if there is None else min(units, there.units)
    if not to and units:
        bond.forfeit(draft, principal, asset=asset, units=units, to=f"reserve/{asset}", thing=thing)
    for other, share in _shares(to, units):
        account = wallet(other, asset)
        bond.forfeit(draft, principal, asset=asset, units=share, to=account, thing=thing)


def make_good(draft: Draft, contract: str, payments: list[tuple[str, str, int]]) -> int:
    """Pay out of the house's reserve what it has of (principal, asset, units); tell how much."""
    paid, rows, left = 0, list[Movement](), dict[str, int]()
    for n, (principal, asset, units) in enumerate(payments):
        reserve = f"reserve/{asset}"
        available = left.get(asset, ledger.need_account(draft, reserve).available)
        units = max(0, min(units, available))
        left[asset] = available - units
        if units:
            paid += units
            id = f"#{contract}.{n}.good"
            rows.append((id, reserve, wallet(principal, asset), units, MOVE, ""))
    ledger.move_rows(draft, rows)
    return paid


def _shares(to: tuple[str, ...], units: int) -> list[tuple[str, int]]:
    size = len(to)
    return [(one, units * (n + 1) // size - units * n // size) for n, one in enumerate(to)]


def _settle(draft: Draft, contract: str, what: str, agreement: Agreement, returned: int) -> None:
    for agent in agreement.parties:
        budget.settle(draft, _claim(contract, what), agent, returned)


def _id(contract: str, what: str) -> str:
    return f"#{contract}.{what}"


def _claim(contract: str, what: str) -> str:
    return f"{contract}.{what}"
