"""Escrow is a pending transfer: it cannot be spent twice, it ends once, and a ruling posts a part.

Each payment of a contract is held as two transfers, the price and the fee on it, both out of the
payer's wallet; so payer and payee know the whole cost from the start.
"""

import re
from typing import NamedTuple

from souq.core import ledger
from souq.core.agreement import Agreement, CashLeg
from souq.core.ledger import HOLDS, Batch
from souq.core.money import BPS
from souq.core.party import need_other_agent, wallet
from souq.core.rules import fee_of
from souq.core.state import Draft
from souq.core.transfer import CAPTURE, HOLD, RELEASE

_ID = re.compile(r"#(C[0-9]+)\.([0-9]+)\.(price|fee)")


class Held(NamedTuple):
    """What a hold is for: a part, "price" or "fee", of a contract's payment, counted from 0."""

    contract: str
    payment: int
    part: str


def held_for(hold: str) -> Held | None:
    """Read what a hold is for off its id, such as "#C9.0.price"; None for any other transfer."""
    found = _ID.fullmatch(hold)
    return Held(found[1], int(found[2]), found[3]) if found else None


def hold_money(draft: Draft, contract: str, agreement: Agreement) -> None:
    """Hold every payment of an agreement; all or none."""
    rows = []
    for n, leg in enumerate(_cash(agreement)):
        payer = wallet(need_other_agent(draft, leg.giver).principal, leg.amount.asset)
        payee = wallet(need_other_agent(draft, leg.taker).principal, leg.amount.asset)
        fee = fee_of(draft, leg.amount)
        price = leg.amount - fee
        if price.units:
            rows.append((_id(contract, n, "price"), payer, payee, price.units))
        if fee.units:
            rows.append((_id(contract, n, "fee"), payer, f"fees/{fee.asset}", fee.units))
    if rows:
        ids, debits, credits, amounts = zip(*rows, strict=True)
        ledger.move(draft, Batch(ids, debits, credits, amounts, kind=(HOLD,) * len(rows)))


def end_holds(
    draft: Draft, contract: str, agreement: Agreement, *, back_bps: int
) -> dict[str, int]:
    """End every hold of a contract and give this share back to its payer; no unit is lost.

    Gives what came back to each paying agent, in units.
    """
    returned: dict[str, int] = {}
    rows = []
    for n, leg in enumerate(_cash(agreement)):
        returned.setdefault(leg.giver, 0)
        for part in ("price", "fee"):
            id = _id(contract, n, part)
            hold = draft.get(HOLDS, id)
            if hold is None:
                continue
            back = hold.amount * back_bps // BPS
            returned[leg.giver] += back
            kind, amount = (CAPTURE, hold.amount - back) if back < hold.amount else (RELEASE, 0)
            rows.append((f"{id}:end", hold.debit, hold.credit, amount, kind, id))
    ledger.move_rows(draft, rows)
    return returned


def give_back(
    draft: Draft, contract: str, agreement: Agreement, *, payee: str, bps: int
) -> dict[str, int]:
    """Give this share of what is still held for a payee back to its payers; the rest stays held.

    Gives what came back to each paying agent, in units.
    """
    returned: dict[str, int] = {}
    rows = []
    for n, leg in enumerate(_cash(agreement)):
        for part in ("price", "fee"):
            id = _id(contract, n, part)
            hold = draft.get(HOLDS, id) if leg.taker == payee else None
            back = hold.amount * bps // BPS if hold is not None else 0
            if hold is None or not back:
                continue
            returned[leg.giver] = returned.get(leg.giver, 0) + back
            rows.append((f"{id}:end", hold.debit, hold.credit, 0, RELEASE, id))
            if back < hold.amount:
                rows.append((id, hold.debit, hold.credit, hold.amount - back, HOLD, ""))
    ledger.move_rows(draft, rows)
    return returned


def _cash(agreement: Agreement) -> list[CashLeg]:
    return [leg for leg in agreement.legs if isinstance(leg, CashLeg)]


def _id(contract: str, n: int, part: str) -> str:
    return f"#{contract}.{n}.{part}"
