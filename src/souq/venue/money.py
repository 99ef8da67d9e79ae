"""Answers about money: balances, what moved, payouts, and reports that wait."""

from itertools import islice
from typing import Any

from souq.core.account import ACCOUNTS
from souq.core.debt import DEBTS
from souq.core.funds import REPORTS
from souq.core.ledger import TransfersMade
from souq.core.officer import OFFICERS
from souq.core.party import wallet
from souq.core.payout import PAYOUTS
from souq.core.rules import OPERATOR, rules
from souq.core.transfer import Kind
from souq.operations import queries as ask
from souq.venue.access import need_cash_desk, principal_asked
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor

_SEQ_END = 1 << 53


def get_balance(desk: Desk, actor: str, query: ask.GetBalance) -> ask.Balances:
    state = desk.state
    principal = principal_asked(state, actor, query.principal)
    wallets = []
    for asset in rules(state).assets:
        name = wallet(principal, asset.code)
        account = state.get(ACCOUNTS, name)
        assert account is not None, f"{name} was opened with its principal"
        owed = state.get(DEBTS, name) or 0
        wallets.append(ask.Balance(asset.code, account.available, account.held, owed))
    return ask.Balances(principal, tuple(wallets))


def list_entries(desk: Desk, actor: str, query: ask.ListEntries) -> ask.Entries:
    check_limit(query.limit)
    state = desk.state
    principal = principal_asked(state, actor, query.principal)
    mine = frozenset(wallet(principal, asset.code) for asset in rules(state).assets)
    before = read_cursor(query.cursor, int) if query.cursor else _SEQ_END
    found: list[ask.LedgerEntry] = []
    seq = 0
    for seq in desk.mentions.before(mine, before, query.limit):
        record = desk.feed.record(seq)
        for event in reversed(record.events):
            if not isinstance(event, TransfersMade):
                continue
            for id, kind, debit, credit, amount, _, _ in reversed(list(event.batch.rows())):
                if debit in mine or credit in mine:
                    name = Kind(kind).name.lower()
                    entry = ask.LedgerEntry(seq, record.at, id, name, debit, credit, amount)
                    found.append(entry)
        if len(found) >= query.limit:
            break
    is_more = bool(seq and desk.mentions.before(mine, seq, 1))
    return ask.Entries(tuple(found), write_cursor(seq) if is_more else "")


def list_payouts(desk: Desk, actor: str, query: ask.ListPayouts) -> ask.Payouts:
    state = desk.state
    sees_all = actor == OPERATOR or state.get(OFFICERS, actor) is not None
    owner = query.principal if sees_all else principal_asked(state, actor, query.principal)
    return ask.Payouts(
        tuple(
            ask.Payout(
                id=id,
                principal=one.order.principal,
                amount=one.order.amount,
                rail=one.order.rail,
                state=type(one).__name__.lower(),
            )
            for id, one in state.rows(PAYOUTS).items()
            if owner in ("", one.order.principal)
        )
    )


def list_reports(desk: Desk, actor: str, query: ask.ListReports) -> ask.Reports:
    need_cash_desk(desk.state, actor)
    return ask.Reports(
        tuple(_report(id, one) for id, one in islice(desk.state.rows(REPORTS).items(), 1_000))
    )


def _report(id: str, proposed: Any) -> ask.Report:
    what = proposed.what
    kind = type(what).__name__.removeprefix("Report").lower()
    reference = getattr(what, "reference", "")
    return ask.Report(
        id=id,
        by=proposed.by,
        kind=kind,
        amount=what.amount,
        principal=getattr(what, "principal", ""),
        reference=reference if isinstance(reference, str) else "",
    )


ANSWERS: dict[type, Any] = {
    ask.GetBalance: get_balance,
    ask.ListEntries: list_entries,
    ask.ListPayouts: list_payouts,
    ask.ListReports: list_reports,
}
