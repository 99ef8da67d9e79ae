"""What everybody took in and paid, by year and asset, folded from the transfers themselves.

Every unit that entered or left a wallet stands in exactly one column, so that a year's columns
come to what the ledger says: `net_units` is what the wallet gained. A sale's income is gross: the
house's fee is a part of the price, and counted as a fee of whoever was paid. What a ruling or a
missed promise gave back never left the payer; it is told beside, and moves nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from souq.core.ending import ContractFulfilled, RulingMade
from souq.core.ledger import TransfersMade
from souq.core.negotiation import AgreementReached
from souq.core.party import WALLET
from souq.core.transfer import CAPTURE, HOLD, MOVE

_FEES, _WORLD = "fees/", "world:"
_PRICE, _FEE, _FORFEIT = ".price", ".fee", ".forfeit"


class Total(Struct):
    """One principal, asset and year (UTC). All amounts are whole units of the asset.

    `refunds_…` came back by a ruling and `penalties_…` for missed promises, within prices agreed;
    `forfeits_…` are deposits lost in an open run. Sales and purchases count payments that settled.
    """

    principal: str
    asset: str
    year: int
    sales: int = 0
    purchases: int = 0
    income_units: int = 0
    fees_units: int = 0
    paid_units: int = 0
    forfeits_in_units: int = 0
    forfeits_out_units: int = 0
    deposits_units: int = 0
    payouts_units: int = 0
    other_in_units: int = 0
    other_out_units: int = 0
    refunds_in_units: int = 0
    refunds_out_units: int = 0
    penalties_in_units: int = 0
    penalties_out_units: int = 0
    net_units: int = 0


class Receipt(Struct):
    """One payment that settled: `gross_units` left the payer, of them `fee_units` for the house.

    `deal` is a contract or a channel, `terms` the hash of the house's terms it was agreed under.
    The market works no tax out; these are the integers it would be worked out from.
    """

    deal: str
    payment: str
    at: int
    asset: str
    payer: str
    payee: str
    gross_units: int = 0
    fee_units: int = 0
    net_units: int = 0
    refund_units: int = 0
    penalty_units: int = 0
    terms: str = ""


class _Held(Struct, frozen=True):
    debit: str
    credit: str
    units: int


class Statements:
    """Fold records with `take`; read `totals` and `receipts`."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str, int], Total] = {}
        self._receipts: dict[str, Receipt] = {}
        self._held: dict[str, _Held] = {}
        self._payee: dict[str, str] = {}  # by payment, such as "#C9.0"
        self._terms: dict[str, str] = {}  # by contract
        self._why: dict[str, str] = {}  # by contract that ends in this record

    def take(self, at: int, events: tuple[Any, ...]) -> None:
        """Fold one record."""
        self._why.clear()
        for event in events:
            match event:
                case AgreementReached():
                    self._terms[event.contract] = event.terms
                case ContractFulfilled():
                    self._why[event.contract] = "penalty"
                case RulingMade():
                    self._why[event.contract] = "refund"
                case TransfersMade():
                    for id, kind, debit, credit, amount, hold, _ in event.batch.rows():
                        self._row(at, id, kind, _Held(debit, credit, amount), hold)
                case _:
                    pass

    def totals(self, principal: str = "") -> tuple[Total, ...]:
        """List totals by principal, year and asset; of one principal where it is named."""
        found = [one for one in self._totals.values() if principal in ("", one.principal)]
        found.sort(key=lambda one: (int(one.principal[1:]), one.year, one.asset))
        return tuple(found)

    def receipts(self, principal: str = "") -> tuple[Receipt, ...]:
        """List settled payments as they came; those of one principal where it is named."""
        found = self._receipts.values()
        return tuple(one for one in found if principal in ("", one.payer, one.payee))

    def _row(self, at: int, id: str, kind: int, row: _Held, hold: str) -> None:
        if kind == HOLD:
            self._held[id] = row
            if id.endswith(_PRICE):
                self._payee[id.removesuffix(_PRICE)] = row.credit
        elif kind == MOVE:
            self._post(at, id, row)
        else:
            held = self._held.pop(hold, None)
            if held is None:  # whoever reads one principal's records alone meets others' holds
                return
            units = (row.units or held.units) if kind == CAPTURE else 0
            if units:
                self._post(at, hold, _Held(held.debit, held.credit, units))
            self._return(at, hold, held, held.units - units)

    def _post(self, at: int, id: str, row: _Held) -> None:
        if id.endswith(_PRICE) and row.debit.startswith(WALLET) and row.credit.startswith(WALLET):
            self._settle(at, id.removesuffix(_PRICE), row.debit, row.credit, row.units, 0)
        elif id.endswith(_FEE) and id.removesuffix(_FEE) in self._payee:
            payment = id.removesuffix(_FEE)
            self._settle(at, payment, row.debit, self._payee[payment], row.units, row.units)
        else:
            self._other(at, id, row)

    def _settle(
        self, at: int, payment: str, payer: str, payee: str, units: int, fee_units: int
    ) -> None:
        """Count a payment, or the part of one that is its fee."""
        paying, paid = self._total(at, payer), self._total(at, payee)
        is_new = payment not in self._receipts
        receipt = self._receipt(at, payment, payer, payee)
        if is_new:
            paying.purchases += 1
            paid.sales += 1
        paying.paid_units += units
        paying.net_units -= units
        paid.income_units += units
        paid.fees_units += fee_units
        paid.net_units += units - fee_units
        receipt.gross_units += units
        receipt.fee_units += fee_units
        receipt.net_units += units - fee_units

    def _other(self, at: int, id: str, row: _Held) -> None:
        for account, other, way in ((row.debit, row.credit, "out"), (row.credit, row.debit, "in")):
            if not account.startswith(WALLET):
                continue
            name = f"other_{way}_units"
            if other.startswith(_WORLD):
                name = "payouts_units" if way == "out" else "deposits_units"
            elif other.startswith(_FEES) and way == "out":
                name = "fees_units"
            elif _FORFEIT in id:
                name = f"forfeits_{way}_units"
            total = self._total(at, account)
            setattr(total, name, getattr(total, name) + row.units)
            total.net_units += row.units if way == "in" else -row.units

    def _return(self, at: int, id: str, held: _Held, units: int) -> None:
        """Note what a ruling, or a missed promise, gave back of a payment."""
        payment = id.removesuffix(_PRICE).removesuffix(_FEE)
        why = self._why.get(payment[1:].partition(".")[0], "")
        if not (units and why and payment in self._payee):
            return
        payer, payee = held.debit, self._payee[payment]
        name = "refunds" if why == "refund" else "penalties"
        for account, way in ((payer, "in"), (payee, "out")):
            total = self._total(at, account)
            field = f"{name}_{way}_units"
            setattr(total, field, getattr(total, field) + units)
        receipt = self._receipts.get(payment)
        if receipt is not None:
            field = f"{why}_units"
            setattr(receipt, field, getattr(receipt, field) + units)

    def _total(self, at: int, account: str) -> Total:
        principal, asset = _owner(account)
        key = principal, asset, year_of(at)
        found = self._totals.get(key)
        if found is None:
            found = self._totals[key] = Total(*key)
        return found

    def _receipt(self, at: int, payment: str, payer: str, payee: str) -> Receipt:
        found = self._receipts.get(payment)
        if found is None:
            deal = payment[1:].partition(".")[0]
            (giver, asset), (taker, _) = _owner(payer), _owner(payee)
            found = Receipt(deal, payment[1:], at, asset, giver, taker)
            found.terms = self._terms.get(deal, "")
            self._receipts[payment] = found
        return found


def year_of(at: int) -> int:
    """Give the calendar year (UTC) of a stamp."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).year


def rows(found: tuple[Total, ...] | tuple[Receipt, ...]) -> Iterator[dict[str, str | int]]:
    """Give structs as rows of a table."""
    for one in found:
        yield msgspec.structs.asdict(one)


def _owner(wallet: str) -> tuple[str, str]:
    principal, _, asset = wallet.removeprefix(WALLET).partition("/")
    return principal, asset
