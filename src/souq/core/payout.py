"""A payout is an order to the outside, and a pending transfer until its outcome is known.

    requested ──sent──▶ sent ──confirmed──▶ money is outside
        │                └──failed──▶ money is back
        └──cancelled, failed, or in debt when it is sent──▶ money is back

Its money is held from the first moment, so it cannot be spent twice. Nothing here ends by time: a
rail that does not answer may have paid, and an outcome nobody knows is no failure. Whoever sends a
payout on rail `manual` above the house's limit cannot be the one who says what became of it.
"""

from typing import Any, Literal

from msgspec import Struct

from souq.core import deny_list, halt, ledger
from souq.core.debt import DEBTS, need_no_debt
from souq.core.deposit import need_reference
from souq.core.funds import need_amount, need_leaving, open_world
from souq.core.ledger import Batch
from souq.core.money import Money
from souq.core.officer import need_cashier, need_second
from souq.core.party import PRINCIPALS, wallet
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_rail, rules
from souq.core.seal import OperatorText
from souq.core.state import COUNTERS, Draft, Table, View, need_live, next_id, take_id
from souq.core.transfer import CAPTURE, HOLD, RELEASE

DESTINATION_MAX = 1_000
OPEN_MAX = 32  # payouts one principal may have open: strangers fill this queue
Why = Literal["rejected", "destination_unknown", "in_debt", "other"]


class RequestPayout(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ask a rail to pay out one's money; it is set aside at once. By a principal."""

    amount: Money
    rail: str = "credits"
    destination: OperatorText = OperatorText("")


class CancelPayout(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take a payout back that is not sent yet. By the principal who asked for it."""

    payout: str


class SendPayout(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Say that a payout goes to its rail now; from here on it may have been paid."""

    payout: str


class ConfirmPayout(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say that the rail has paid. On rail `manual`, by another person than the one who sent it."""

    payout: str
    reference: str = ""


class FailPayout(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say that the rail will never pay; the money goes back. Not knowing is no failure."""

    payout: str
    why: Why = "rejected"


class PayoutRequested(Struct, frozen=True, tag=True):
    payout: str
    principal: str
    amount: Money
    rail: str
    destination: str


class PayoutSent(Struct, frozen=True, tag=True):
    payout: str
    by: str


class PayoutConfirmed(Struct, frozen=True, tag=True, omit_defaults=True):
    payout: str
    reference: str = ""


class PayoutFailed(Struct, frozen=True, tag=True):
    payout: str
    why: Why


class PayoutCancelled(Struct, frozen=True, tag=True):
    payout: str


class Order(Struct, frozen=True):
    """What was asked for; `destination` is a digest, the words lie beside the record."""

    principal: str
    amount: Money
    rail: str
    destination: str


class Requested(Struct, frozen=True, tag=True):
    """It waits to be sent, and may be taken back."""

    order: Order


class Sent(Struct, frozen=True, tag=True):
    """Its rail knows of it."""

    order: Order
    by: str


Payout = Requested | Sent
PAYOUTS: Table[Payout] = Table("payouts", Payout)
TABLES: tuple[Table[Any], ...] = (PAYOUTS,)


def need_payout(view: View, id: str) -> Payout:
    """Give an open payout. Raises Refused(not_found), or Refused(closed) when over."""
    return need_live(view, PAYOUTS, id, "W")


def _request(draft: Draft, actor: str, command: RequestPayout) -> None:
    if draft.get(PRINCIPALS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    halt.need(draft, "settlements")
    asset, units = command.amount.asset, command.amount.units
    need_amount(draft, command.amount)
    need_rail(draft, command.rail)
    if len(command.destination.value) > DESTINATION_MAX:
        raise invalid("destination", f"up to {DESTINATION_MAX} characters")
    if (draft.get(COUNTERS, _open_of(actor)) or 0) >= OPEN_MAX:
        raise invalid("payout", f"{OPEN_MAX} of yours are open")
    need_no_debt(draft, actor)
    deny_list.need_clear(draft, actor)
    need_leaving(draft, command.rail, wallet(actor, asset), command.amount)
    id = next_id(draft, "W")
    draft.emit(PayoutRequested(id, actor, command.amount, command.rail, command.destination.digest))
    outside = open_world(draft, command.rail, asset)
    ledger.move(draft, Batch((f"#{id}",), (wallet(actor, asset),), (outside,), (units,), (HOLD,)))


def _cancel(draft: Draft, actor: str, command: CancelPayout) -> None:
    match need_payout(draft, command.payout):
        case Requested(order) if actor == order.principal:
            draft.emit(PayoutCancelled(command.payout))
            _end(draft, command.payout, order, RELEASE)
        case Sent(order) if actor == order.principal:
            raise Refused(Reason.WRONG_STATE, state="Sent")
        case _:
            raise Refused(Reason.NOT_YOURS)


def _send(draft: Draft, actor: str, command: SendPayout) -> None:
    found = need_payout(draft, command.payout)
    need_cashier(draft, actor, found.order.rail)
    if isinstance(found, Sent):
        raise Refused(Reason.WRONG_STATE, state="Sent")
    halt.need(draft, "settlements")
    deny_list.need_clear(draft, found.order.principal)
    if _is_in_debt(draft, found.order.principal):
        # Who owes the house is paid nothing: what comes free here goes to the debt at once.
        draft.emit(PayoutFailed(command.payout, "in_debt"))
        _end(draft, command.payout, found.order, RELEASE)
    else:
        draft.emit(PayoutSent(command.payout, actor))


def _confirm(draft: Draft, actor: str, command: ConfirmPayout) -> None:
    found = need_payout(draft, command.payout)
    need_cashier(draft, actor, found.order.rail)
    need_reference(command.reference)
    match found:
        case Sent(order, by):
            need_second(draft, order.rail, order.amount.units, first=by, actor=actor)
            draft.emit(PayoutConfirmed(command.payout, command.reference))
            _end(draft, command.payout, order, CAPTURE)
        case _:
            raise Refused(Reason.WRONG_STATE, state="Requested")


def _fail(draft: Draft, actor: str, command: FailPayout) -> None:
    found = need_payout(draft, command.payout)
    order = found.order
    need_cashier(draft, actor, order.rail)
    if isinstance(found, Sent):
        # A payout paid in secret and called a failure would give its owner the money twice.
        need_second(draft, order.rail, order.amount.units, first=found.by, actor=actor)
    draft.emit(PayoutFailed(command.payout, command.why))
    _end(draft, command.payout, order, RELEASE)


def _end(draft: Draft, id: str, order: Order, kind: int) -> None:
    asset = order.amount.asset
    hold = draft.get(ledger.HOLDS, f"#{id}")
    assert hold is not None, f"payout {id} has nothing behind it in {asset}"
    batch = Batch((f"#{id}:end",), (hold.debit,), (hold.credit,), (0,), (kind,), (f"#{id}",))
    ledger.move(draft, batch)


def _is_in_debt(view: View, principal: str) -> bool:
    assets = rules(view).assets
    return any(view.get(DEBTS, wallet(principal, asset.code)) is not None for asset in assets)


def _open_of(principal: str) -> str:
    return f"payouts of {principal}"


def _count(view: View, principal: str, change: int) -> None:
    key = _open_of(principal)
    after = (view.get(COUNTERS, key) or 0) + change
    if after:
        view.put(COUNTERS, key, after)
    else:
        view.drop(COUNTERS, key)


def _requested(view: View, event: PayoutRequested) -> None:
    take_id(view, event.payout)
    order = Order(event.principal, event.amount, event.rail, event.destination)
    view.put(PAYOUTS, event.payout, Requested(order))
    _count(view, event.principal, 1)


def _sent(view: View, event: PayoutSent) -> None:
    found = view.get(PAYOUTS, event.payout)
    assert isinstance(found, Requested), f"{event.payout} is sent, and was not asked for"
    view.put(PAYOUTS, event.payout, Sent(found.order, event.by))


def _over(view: View, event: PayoutConfirmed | PayoutFailed | PayoutCancelled) -> None:
    found = view.get(PAYOUTS, event.payout)
    assert found is not None, f"{event.payout} ends, and was not open"
    view.drop(PAYOUTS, event.payout)
    _count(view, found.order.principal, -1)


DECIDE: dict[type, Any] = {
    RequestPayout: _request,
    CancelPayout: _cancel,
    SendPayout: _send,
    ConfirmPayout: _confirm,
    FailPayout: _fail,
}
EVOLVE: dict[type, Any] = {
    PayoutRequested: _requested,
    PayoutSent: _sent,
    PayoutConfirmed: _over,
    PayoutFailed: _over,
    PayoutCancelled: _over,
}
