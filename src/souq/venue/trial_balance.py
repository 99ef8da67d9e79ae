"""Answers about the whole ledger: that it adds up, and account by account."""

from collections import Counter
from heapq import nsmallest
from typing import Any

from souq.core.account import ACCOUNTS, HOLDS
from souq.core.party import wallet_owner
from souq.core.rules import OPERATOR, rules
from souq.core.state import State
from souq.operations import ledger_queries as ask
from souq.venue.access import need_cash_desk
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor

# What the market's own holds are for, by what their names begin with behind the "#".
_FOR = {"C": "contract", "N": "negotiation", "W": "payout", "X": "channel", "b": "bond"}


def get_trial_balance(desk: Desk, actor: str, query: ask.GetTrialBalance) -> ask.TrialBalance:
    need_cash_desk(desk.state, actor)
    check_limit(query.limit)
    after = read_cursor(query.cursor, str) if query.cursor else ""
    state = desk.state
    rows = state.rows(ACCOUNTS)
    # An officer moves what is reported, and has no need to know what each has.
    names = (name for name in rows if name > after) if actor == OPERATOR else ()
    found = nsmallest(query.limit + 1, names)
    page = found[: query.limit]
    return ask.TrialBalance(
        seq=desk.seq,
        at=state.at,
        assets=_sums(state),
        accounts=tuple(_line(name, rows[name]) for name in page),
        cursor=write_cursor(page[-1]) if len(found) > query.limit else "",
    )


def _line(name: str, row: Any) -> ask.AccountLine:
    return ask.AccountLine(name, row.asset, row.posted, row.held, row.incoming, row.available)


def _sums(state: State) -> tuple[ask.AssetSum, ...]:
    sums: dict[tuple[str, str], list[int]] = {}  # by asset and kind of account
    for name, row in state.rows(ACCOUNTS).items():
        into = sums.setdefault((row.asset, _kind_of(name)), [0, 0, 0, 0])
        into[0] += 1
        into[1] += row.posted
        into[2] += row.held
        into[3] += row.incoming
    counts: Counter[tuple[str, str]] = Counter()
    units: Counter[tuple[str, str]] = Counter()
    accounts = state.rows(ACCOUNTS)
    for name, hold in state.rows(HOLDS).items():
        place = accounts[hold.debit].asset, _purpose_of(name)
        counts[place] += 1
        units[place] += hold.amount
    found = []
    for asset in (one.code for one in rules(state).assets):
        kinds = tuple(
            ask.KindSum(kind, *sums[of, kind]) for of, kind in sorted(sums) if of == asset
        )
        holds = tuple(
            ask.HoldSum(kind, counts[of, kind], units[of, kind])
            for of, kind in sorted(counts)
            if of == asset
        )
        posted, held, incoming = (
            sum(getattr(one, name) for one in kinds) for name in ("posted", "held", "incoming")
        )
        found.append(ask.AssetSum(asset, posted, held, incoming, kinds, holds))
    return tuple(found)


def _kind_of(account: str) -> str:
    """Say what kind an account is; only the market's own names hold these signs."""
    if wallet_owner(account):
        return "wallet"
    if "/" in account:
        return account.rpartition("/")[0]  # fees, reserve, world:RAIL
    return "own"


def _purpose_of(hold: str) -> str:
    return _FOR.get(hold[1:2], "own") if hold.startswith("#") else "own"


ANSWERS: dict[type, Any] = {ask.GetTrialBalance: get_trial_balance}
