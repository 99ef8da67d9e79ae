"""A deposit is known by its rail's reference: told twice, it has one effect.

A chargeback names the deposit by the same reference. One that arrives before its deposit waits
for it, so the order in which notices come does not matter:

    nothing ──brought──▶ brought ──taken back──▶ taken back
       └──taken back──▶ awaited ──brought──────────▲

References are kept for good: a rail may repeat itself, or take money back, after a year.
"""

from typing import Any, NamedTuple

from msgspec import Struct

from souq.core.money import Money
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, Table, View

REFERENCE_MAX = 64


class Key(NamedTuple):
    """A rail, and its own name for a deposit; "" where it gives none."""

    rail: str
    reference: str

    @property
    def row(self) -> str:
        return f"{self.rail}/{self.reference}"


class DepositBrought(Struct, frozen=True, tag=True):
    """A rail's reference is taken, and stays so."""

    rail: str
    reference: str
    principal: str
    amount: Money


class ChargebackAwaited(Struct, frozen=True, tag=True):
    """The outside took back what it has not brought yet."""

    rail: str
    reference: str
    amount: Money


class DepositTakenBack(Struct, frozen=True, tag=True):
    rail: str
    reference: str
    amount: Money


class Brought(Struct, frozen=True, tag=True):
    """A deposit that stands."""

    principal: str
    amount: Money


class Awaited(Struct, frozen=True, tag=True):
    """A chargeback whose deposit has not come yet."""

    back: Money


class TakenBack(Struct, frozen=True, tag=True):
    """A deposit of which so much went back."""

    principal: str
    amount: Money
    back: Money


Deposit = Brought | Awaited | TakenBack
DEPOSITS: Table[Deposit] = Table("deposits", Deposit)
TABLES: tuple[Table[Any], ...] = (DEPOSITS,)


def need_reference(reference: str) -> None:
    """Raise Refused(invalid) for a name that no rail may give."""
    if not (reference.isprintable() and len(reference) <= REFERENCE_MAX):
        raise invalid("reference", f"up to {REFERENCE_MAX} printable characters")


def check_brought(view: View, key: Key, principal: str, amount: Money) -> None:
    """Raise Refused for a deposit told twice, and for another one of the same name."""
    need_reference(key.reference)
    match view.get(DEPOSITS, key.row):
        case Brought(who, units) | TakenBack(who, units):
            _was_told(is_same=(who, units) == (principal, amount))
        case Awaited(back):
            _check_back(back, amount)
        case None:
            pass


def check_taken_back(view: View, key: Key, back: Money) -> None:
    """Raise Refused for a chargeback told twice, or one of more than was brought."""
    need_reference(key.reference)
    if not key.reference:
        raise invalid("reference", "say which deposit")
    match view.get(DEPOSITS, key.row):
        case Awaited(told) | TakenBack(back=told):
            _was_told(is_same=told == back)
        case Brought(amount=amount):
            _check_back(back, amount)
        case None:
            pass


def bring(draft: Draft, key: Key, principal: str, amount: Money) -> int:
    """Take note of a deposit; give how much of it the outside had already taken back."""
    if not key.reference:
        return 0
    before = draft.get(DEPOSITS, key.row)
    draft.emit(DepositBrought(key.rail, key.reference, principal, amount))
    if not isinstance(before, Awaited):
        return 0
    draft.emit(DepositTakenBack(key.rail, key.reference, before.back))
    return before.back.units


def take_back(draft: Draft, key: Key, back: Money) -> str:
    """Take note of a chargeback; give whose deposit it was, "" where that has yet to come."""
    found = draft.get(DEPOSITS, key.row)
    if isinstance(found, Brought):
        draft.emit(DepositTakenBack(key.rail, key.reference, back))
        return found.principal
    draft.emit(ChargebackAwaited(key.rail, key.reference, back))
    return ""


def _was_told(*, is_same: bool) -> None:
    raise Refused(Reason.ALREADY_EXISTS if is_same else Reason.ID_REUSED)


def _check_back(back: Money, brought: Money) -> None:
    if back.asset != brought.asset or back.units > brought.units:
        raise invalid("amount", "more is taken back than was brought in")


def _brought(view: View, event: DepositBrought) -> None:
    view.put(DEPOSITS, _row(event), Brought(event.principal, event.amount))


def _chargeback_awaited(view: View, event: ChargebackAwaited) -> None:
    view.put(DEPOSITS, _row(event), Awaited(event.amount))


def _taken_back(view: View, event: DepositTakenBack) -> None:
    key = _row(event)
    found = view.get(DEPOSITS, key)
    assert isinstance(found, Brought), f"{key} goes back, and does not stand"
    view.put(DEPOSITS, key, TakenBack(found.principal, found.amount, event.amount))


def _row(event: DepositBrought | ChargebackAwaited | DepositTakenBack) -> str:
    return Key(event.rail, event.reference).row


DECIDE: dict[type, Any] = {}
EVOLVE: dict[type, Any] = {
    DepositBrought: _brought,
    ChargebackAwaited: _chargeback_awaited,
    DepositTakenBack: _taken_back,
}
