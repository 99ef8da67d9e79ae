"""What a channel's deposit is: money held, and a claim on the budget of the agent that pays by it.

The deposit is held as two transfers, `#X1.price` and `#X1.fee`; a top-up holds the larger sum in
their place. What opening and every topping up took of a budget is a commitment of its own, for the
mandate may have been replaced in between; what returns goes to the latest of them first.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from souq.core import authority, budget, ledger, mandate
from souq.core.agreement import CashLeg
from souq.core.ledger import HOLDS
from souq.core.money import Money
from souq.core.party import need_other_agent, wallet
from souq.core.refusal import Fact, Reason, Refused
from souq.core.rules import fee_of
from souq.core.state import Draft
from souq.core.transfer import CAPTURE, HOLD, RELEASE, Movement
from souq.core.voucher import Means


class Terms(Struct, frozen=True):
    """What both sides of a channel rely on."""

    payer: str
    payee: str
    deposit: Money
    means: Means
    opened_at: int
    window_us: int
    topups: int = 0


class Due(NamedTuple):
    """A channel that ends, and what its payee is due of the deposit."""

    channel: str
    terms: Terms
    units: int


def check_sides(draft: Draft, id: str, terms: Terms, added: Money) -> None:
    """Raise Refused unless the payer may add so much to the deposit of these terms, and has it.

    The payee must be free to take it; of that the payer learns no more than in any deal.
    """
    legs = _legs(terms, added)
    agent = need_other_agent(draft, terms.payer)
    whole = terms.deposit.units  # however often it is topped up, a channel is one deal
    asks = authority.check(draft, agent, legs, negotiation=id, part_of=whole)
    for one in mandate.chain(draft, agent):
        cap = one.limits.value.per_deal_units
        if cap is not None and whole > cap:
            fact: dict[str, Fact] = {"cap": cap} if one.agent == agent.id else {"of": one.id}
            raise Refused(Reason.OUTSIDE_MANDATE, rule="per_deal", **fact)
    if asks:
        raise mandate.outside("approval")  # a channel waits for nobody
    available = ledger.need_account(draft, wallet(agent.principal, added.asset)).available
    if available < added.units:
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=added.units)
    payee = need_other_agent(draft, terms.payee)
    try:
        is_free = not authority.check(draft, payee, legs, negotiation=id, is_moving=False)
    except Refused:
        is_free = False
    if not is_free:
        raise Refused(Reason.COUNTERPARTY_UNABLE)


def set_aside(draft: Draft, id: str, terms: Terms, added: Money) -> None:
    """Hold the deposit of these terms in place of what was held, and commit what was added."""
    deposit, fee = terms.deposit, fee_of(draft, terms.deposit)
    payer, payee = (need_other_agent(draft, one).principal for one in (terms.payer, terms.payee))
    account = wallet(payer, deposit.asset)
    rows = [row for part in ("price", "fee") for row in _ended(draft, id, part, 0)]
    for part, to, units in (
        ("price", wallet(payee, deposit.asset), (deposit - fee).units),
        ("fee", f"fees/{fee.asset}", fee.units),
    ):
        if units:
            rows.append((f"#{id}.{part}", account, to, units, HOLD, ""))
    ledger.move_rows(draft, rows)
    budget.commit(draft, (terms.payer,), _legs(terms, added), _claim(id, terms.topups))


def pay_out(draft: Draft, ends: list[Due]) -> None:
    """Capture what is due, fee included, and give back the rest, to budgets too."""
    rows: list[Movement] = []
    returned: list[tuple[str, str, int]] = []
    for id, terms, units in ends:
        fee = fee_of(draft, Money(units, terms.deposit.asset)).units
        rows += [*_ended(draft, id, "price", units - fee), *_ended(draft, id, "fee", fee)]
        returned += _returned(draft, id, terms, terms.deposit.units - units)
    ledger.move_rows(draft, rows)
    budget.settle_many(draft, returned)


def _legs(terms: Terms, added: Money) -> tuple[CashLeg, ...]:
    return (CashLeg(terms.payer, terms.payee, added),)


def _ended(draft: Draft, id: str, part: str, units: int) -> Iterator[Movement]:
    """Give the row that ends one of a channel's holds with so much captured."""
    name = f"#{id}.{part}"
    hold = draft.get(HOLDS, name)
    if hold is not None:
        kind = CAPTURE if units else RELEASE
        yield (f"{name}:end", hold.debit, hold.credit, units, kind, name)


def _returned(draft: Draft, id: str, terms: Terms, back: int) -> Iterator[tuple[str, str, int]]:
    for n in range(terms.topups, -1, -1):
        claim = _claim(id, n)
        found = draft.get(budget.COMMITMENTS, f"{claim}/{terms.payer}")
        assert found is not None, f"{claim} was never committed"
        units = min(back, found.units)
        back -= units
        yield claim, terms.payer, units
    assert back == 0, f"more returns than {id} took"


def _claim(id: str, topups: int) -> str:
    """Name what the opening, or a topping up, took of a budget."""
    return f"{id}.{topups}" if topups else id
