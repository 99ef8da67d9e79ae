"""A bond is money that a principal locks as a stake in its own good conduct.

It is a pending transfer to the house's reserve: it cannot be spent, and what is forfeited of it is
captured and goes to whoever was harmed. Taking a bond back takes longer than a dispute may, so
nobody cheats and leaves. What a bond is good for (how much an agent may have at stake, who may sit
on a panel), others ask `standing_units`.
"""

from typing import Any

from msgspec import Struct

from souq.core import halt, ledger
from souq.core.money import Money
from souq.core.party import need_principal, wallet
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, need_asset
from souq.core.state import DEADLINES, Draft, Table, View
from souq.core.transfer import CAPTURE, HOLD, MOVE, RELEASE

LOCK_US = 14 * DAY_US  # from asking it back until it is free: longer than any dispute


class PostBond(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Lock money as a stake, or add to it. By the principal whose money it is."""

    amount: Money


class WithdrawBond(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Ask for a whole bond back; it stands, and may be forfeited, until it is free.

    By its principal.
    """

    asset: str = "USD"


class BondPosted(Struct, frozen=True, tag=True):
    """`units` are what the bond comes to now."""

    principal: str
    asset: str
    units: int


class BondAsked(Struct, frozen=True, tag=True):
    principal: str
    asset: str
    free_at: int


class BondReturned(Struct, frozen=True, tag=True):
    principal: str
    asset: str


class BondForfeited(Struct, frozen=True, tag=True):
    """`units` of a bond went to an account; `thing` (a contract, a dispute, an audit) says why."""

    principal: str
    asset: str
    units: int
    to: str
    thing: str
    left_units: int


class Bond(Struct, frozen=True, omit_defaults=True):
    """`free_at` is 0 while nobody has asked for it back."""

    principal: str
    asset: str
    units: int
    free_at: int = 0


BONDS: Table[Bond] = Table("bonds", Bond)
TABLES: tuple[Table[Any], ...] = (BONDS,)


def standing_units(view: View, principal: str, asset: str = "USD") -> int:
    """Give what of a principal's bond stands and has not been asked back."""
    found = view.get(BONDS, _key(principal, asset))
    return 0 if found is None or found.free_at else found.units


def forfeit(draft: Draft, principal: str, *, asset: str, units: int, to: str, thing: str) -> int:
    """Give up to so much of a bond to an account; tell how much there was to give.

    What has been asked back and is not free yet is forfeited as well.
    """
    found = draft.get(BONDS, _key(principal, asset))
    units = 0 if found is None else min(units, found.units)
    if found is None or not units:
        return 0
    left, account, id = found.units - units, wallet(principal, asset), _hold_id(found)
    reserve = f"reserve/{asset}"
    rows = [(f"{id}:end", account, reserve, units, CAPTURE, id)]
    if left:
        rows.append((id, account, reserve, left, HOLD, ""))
    if to != reserve:
        rows.append((f"{id}.{thing}", reserve, to, units, MOVE, ""))
    ledger.move_rows(draft, rows)
    draft.emit(BondForfeited(principal, asset, units, to, thing, left))
    return units


def lapse(draft: Draft, due: str) -> None:
    """Give a bond back whose time has come. It cannot be refused."""
    found = draft.get(BONDS, due.removeprefix("bond:"))
    assert found is not None, f"a deadline without a bond: {due}"
    id = _hold_id(found)
    account = wallet(found.principal, found.asset)
    ledger.move_rows(draft, [(f"{id}:end", account, f"reserve/{found.asset}", 0, RELEASE, id)])
    draft.emit(BondReturned(found.principal, found.asset))


def _post(draft: Draft, actor: str, command: PostBond) -> None:
    need_principal(draft, actor)
    amount = command.amount
    need_asset(draft, amount.asset)
    halt.need(draft, "commitments")
    if amount.units <= 0:
        raise invalid("amount", "must be above 0")
    before = draft.get(BONDS, _key(actor, amount.asset))
    if before is not None and before.free_at:
        raise Refused(Reason.WRONG_STATE, state="Leaving")
    account = wallet(actor, amount.asset)
    available = ledger.need_account(draft, account).available
    if available < amount.units:
        raise Refused(Reason.INSUFFICIENT_FUNDS, available=available, needed=amount.units)
    found = Bond(actor, amount.asset, amount.units + (before.units if before else 0))
    id, rows = _hold_id(found), []
    if before is not None:
        rows.append((f"{id}:end", account, f"reserve/{amount.asset}", 0, RELEASE, id))
    rows.append((id, account, f"reserve/{amount.asset}", found.units, HOLD, ""))
    ledger.move_rows(draft, rows)
    draft.emit(BondPosted(actor, amount.asset, found.units))


def _withdraw(draft: Draft, actor: str, command: WithdrawBond) -> None:
    need_principal(draft, actor)
    halt.need(draft, "settlements")
    found = draft.get(BONDS, _key(actor, command.asset))
    if found is None or found.free_at:
        raise Refused(Reason.WRONG_STATE, state="Leaving" if found else "None")
    draft.emit(BondAsked(actor, command.asset, draft.at + LOCK_US))


def _key(principal: str, asset: str) -> str:
    return f"{principal}/{asset}"


def _hold_id(bond: Bond) -> str:
    return f"#bond.{bond.principal}.{bond.asset}"


def _posted(view: View, event: BondPosted) -> None:
    key = _key(event.principal, event.asset)
    view.put(BONDS, key, Bond(event.principal, event.asset, event.units))


def _asked(view: View, event: BondAsked) -> None:
    key = _key(event.principal, event.asset)
    found = view.get(BONDS, key)
    assert found is not None, f"no bond is asked back: {key}"
    view.put(BONDS, key, Bond(found.principal, found.asset, found.units, event.free_at))
    view.put(DEADLINES, f"bond:{key}", event.free_at)


def _returned(view: View, event: BondReturned) -> None:
    _gone(view, _key(event.principal, event.asset))


def _forfeited(view: View, event: BondForfeited) -> None:
    key = _key(event.principal, event.asset)
    found = view.get(BONDS, key)
    assert found is not None, f"no bond is forfeited: {key}"
    if event.left_units:
        left = Bond(found.principal, found.asset, event.left_units, found.free_at)
        view.put(BONDS, key, left)
    else:
        _gone(view, key)


def _gone(view: View, key: str) -> None:
    view.drop(BONDS, key)
    view.drop(DEADLINES, f"bond:{key}")


DECIDE: dict[type, Any] = {PostBond: _post, WithdrawBond: _withdraw}
EVOLVE: dict[type, Any] = {
    BondPosted: _posted,
    BondAsked: _asked,
    BondReturned: _returned,
    BondForfeited: _forfeited,
}
