"""Accounts and what moved in them, and the proof that all of it adds up to nothing."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.responses import Response

from souq.core.party import wallet
from souq.operations import queries as ask
from souq.operations.compliance_queries import GetStatement
from souq.operations.ledger_queries import GetTrialBalance
from souq.surfaces.console.visit import Routes, Visit

NAME = "Ledger"
PATH = "/ledger"
KEY = "m"
KINDS = frozenset({"agent", "principal", "officer", "operator"})
_LIMIT = 50
_OBJECT = re.compile(r"#([A-Z][1-9][0-9]*)")  # what the market's own transfers are for
# What a year's total says, in the order that a person reads a statement.
_TOTALS = (
    ("deposits_units", "Brought in"),
    ("income_units", "Sales"),
    ("paid_units", "Purchases"),
    ("fees_units", "Fees"),
    ("refunds_in_units", "Refunds to you"),
    ("refunds_out_units", "Refunds by you"),
    ("penalties_in_units", "Penalties to you"),
    ("penalties_out_units", "Penalties by you"),
    ("forfeits_in_units", "Deposits won"),
    ("forfeits_out_units", "Deposits lost"),
    ("other_in_units", "Other, in"),
    ("other_out_units", "Other, out"),
    ("payouts_units", "Paid out"),
    ("net_units", "Net"),
)


class Moved(NamedTuple):
    """A line of a statement, as the wallet's owner reads it: `sign` is +, − or ""."""

    entry: ask.LedgerEntry
    asset: str
    sign: str
    other: str  # account
    about: str  # contract, negotiation, payout …


async def show(visit: Visit) -> Response:
    """Show one principal's money, or to the house the whole ledger."""
    if visit.is_house and not visit.given("principal"):
        return await _house(visit)
    return await _own(visit)


async def _own(visit: Visit) -> Response:
    whose = visit.given("principal").strip()
    balances: ask.Balances = await visit.ask(ask.GetBalance(whose))
    cursor = visit.given("cursor")
    entries = await visit.ask(ask.ListEntries(whose, limit=_LIMIT, cursor=cursor))
    # All that a principal ever did is read for it, so whoever wants to know asks for it.
    year = visit.given("year")
    is_asked = year.isdecimal() and len(year) <= 4
    statement = await visit.ask(GetStatement(whose, int(year))) if is_asked else None
    payouts = await visit.ask(ask.ListPayouts(whose))
    rules = (await visit.market()).rules
    wallets = [wallet(balances.principal, asset.code) for asset in rules.assets]
    return await visit.show(
        "ledger.html",
        principal=balances.principal,
        balances=balances,
        moved=[_moved(entry, wallets) for entry in entries.entries],
        cursor=entries.cursor,
        totals=[(total, _told(total)) for total in statement.totals] if statement else None,
        payouts=payouts.payouts,
        stream=f"?about={wallets[0]}" if len(wallets) == 1 else "",
        is_own=visit.me.actor == balances.principal,
    )


async def _house(visit: Visit) -> Response:
    query = GetTrialBalance(limit=_LIMIT, cursor=visit.given("cursor"))
    found = await visit.ask(query)
    reports = await visit.ask(ask.ListReports())
    payouts = await visit.ask(ask.ListPayouts())
    return await visit.show(
        "trial_balance.html",
        found=found,
        reports=reports.reports,
        payouts=payouts.payouts,
    )


def _moved(entry: ask.LedgerEntry, mine: Sequence[str]) -> Moved:
    is_out = entry.debit in mine
    is_in = entry.credit in mine
    is_money = entry.kind in ("move", "capture") and is_out != is_in
    return Moved(
        entry,
        (entry.debit if is_out else entry.credit).rpartition("/")[2],
        ("−" if is_out else "+") if is_money else "",
        entry.credit if is_out else entry.debit,
        _about(entry.id),
    )


def _about(transfer: str) -> str:
    found = _OBJECT.match(transfer)
    return found[1] if found else ""


def _told(total: Any) -> list[tuple[str, int]]:
    said = ((label, getattr(total, name)) for name, label in _TOTALS)
    return [(label, units) for label, units in said if units or label == "Net"]


ROUTES: Routes = {"/ledger": show}
