"""The walker's moves with money in and out: payouts, reports by hand, deposits, chargebacks."""

from typing import Any

from souq.core.debt import DEBTS
from souq.core.deposit import DEPOSITS, Brought
from souq.core.funds import (
    REPORTS,
    ConfirmReport,
    RejectReport,
    ReportChargeback,
    ReportDeposit,
    ReportPayout,
)
from souq.core.money import Money
from souq.core.party import PRINCIPALS
from souq.core.payout import (
    PAYOUTS,
    CancelPayout,
    ConfirmPayout,
    FailPayout,
    RequestPayout,
    SendPayout,
)
from souq.core.rules import OPERATOR
from souq.core.seal import OperatorText

RAILS = ("credits", "bank", "manual")
CASHIERS = (OPERATOR, "O1", "O2")


def _principal(walk: Any) -> str:
    return f"P{walk.chance.randint(1, len(walk.rows(PRINCIPALS)))}"


def _money(walk: Any) -> Money:
    return Money(walk.chance.randint(1, 400), walk.chance.choice(("USD", "USD", "USD", "EUR")))


def _cashier(walk: Any, rail: str) -> str:
    return str(walk.chance.choice(CASHIERS)) if rail == "manual" else OPERATOR


def fund(walk: Any) -> Any:
    rail = walk.chance.choice(RAILS)
    who = _cashier(walk, rail)
    if walk.chance.randint(0, 3) == 0:
        return who, ReportPayout(_principal(walk), _money(walk), rail)
    principal = "reserve" if walk.chance.randint(0, 9) == 0 else _principal(walk)
    reference = f"d{walk.number}" if walk.chance.randint(0, 3) else f"d{walk.number - 7}"
    return who, ReportDeposit(principal, _money(walk), rail, reference)


def tell_again(walk: Any) -> Any:
    """Tell of a deposit or a chargeback that was told before, as rails do; or differently."""
    found = list(walk.state.rows(DEPOSITS).items())
    if not found:
        return None
    key, row = walk.chance.choice(found)
    rail, _, reference = key.partition("/")
    amount = row.back if not hasattr(row, "amount") else row.amount
    if walk.chance.randint(0, 2) == 0:
        amount = Money(amount.units + walk.chance.choice((-1, 1)), amount.asset)
    who = _cashier(walk, rail)
    return who, ReportDeposit(getattr(row, "principal", _principal(walk)), amount, rail, reference)


def charge_back(walk: Any) -> Any:
    found = [(key, row) for key, row in walk.state.rows(DEPOSITS).items() if type(row) is Brought]
    if not found or walk.chance.randint(0, 4) == 0:
        rail = walk.chance.choice(RAILS)  # of what has not come yet
        command = ReportChargeback(_money(walk), rail, f"d{walk.number + 3}")
        return _cashier(walk, rail), command
    waiting = {one.order.principal for one in walk.rows(PAYOUTS)}
    of_these = [one for one in found if one[1].principal in waiting]
    key, row = walk.chance.choice(of_these or found)
    rail, _, reference = key.partition("/")
    units = walk.chance.choice((row.amount.units, max(1, row.amount.units // 2)))
    return _cashier(walk, rail), ReportChargeback(Money(units, row.amount.asset), rail, reference)


def ask_for_money(walk: Any) -> Any:
    rail = walk.chance.choice(RAILS)
    amount = Money(walk.chance.randint(1, 250), walk.chance.choice(("USD", "USD", "EUR")))
    owing = [account[7:].partition("/")[0] for account in walk.state.rows(DEBTS)]
    if owing and walk.chance.randint(0, 2) == 0:
        amount = Money(amount.units, "EUR")  # owing one kind of money, they ask for another
        return walk.chance.choice(owing), RequestPayout(amount, rail, OperatorText("abroad"))
    return _principal(walk), RequestPayout(amount, rail, OperatorText("a bank account"))


def see_to_payouts(walk: Any) -> Any:
    found = list(walk.state.rows(PAYOUTS).items())
    if not found:
        return None
    id, one = walk.chance.choice(found)
    who = _cashier(walk, one.order.rail)
    if walk.chance.randint(0, 9) == 0:
        return one.order.principal, CancelPayout(id)  # too late for some
    if hasattr(one, "by"):
        kinds = (ConfirmPayout, ConfirmPayout, FailPayout)
        return who, walk.chance.choice(kinds)(id)
    if walk.chance.randint(0, 3) == 0:
        return one.order.principal, CancelPayout(id)
    return who, walk.chance.choice((SendPayout, SendPayout, SendPayout, FailPayout))(id)


def see_to_reports(walk: Any) -> Any:
    id = walk.chance.choice(list(walk.state.rows(REPORTS)) or [""])
    if not id:
        return None
    kind = walk.chance.choice((ConfirmReport, ConfirmReport, ConfirmReport, RejectReport))
    return walk.chance.choice(CASHIERS), kind(id)
