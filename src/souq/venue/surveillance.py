"""Answers about what surveillance found, who is on the ladder, and who stands still."""

from typing import Any

from souq.core.halt import HALTS, whose
from souq.core.officer import OFFICERS
from souq.core.party import AGENTS
from souq.core.refusal import invalid
from souq.core.restriction import RESTRICTIONS, Restriction
from souq.core.rules import OPERATOR
from souq.operations import surveillance_queries as ask
from souq.venue.access import need_cash_desk
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor
from souq.views.surveillance import DETECTORS

_NAMES = frozenset(one.NAME for one in DETECTORS)


def list_alarms(desk: Desk, actor: str, query: ask.ListAlarms) -> ask.Alarms:
    need_cash_desk(desk.state, actor)
    check_limit(query.limit)
    if query.detector and query.detector not in _NAMES:
        raise invalid("detector", f"one of {', '.join(sorted(_NAMES))}")
    found = [
        alarm for alarm in reversed(desk.watch.alarms()) if query.detector in ("", alarm.detector)
    ]
    watch = desk.watch
    return ask.Alarms(tuple(found[: query.limit]), len(found), watch.seq, watch.breakers)


def list_restrictions(desk: Desk, actor: str, query: ask.ListRestrictions) -> ask.Restrictions:
    check_limit(query.limit)
    state = desk.state
    agent = state.get(AGENTS, actor)
    own = agent.principal if agent is not None else actor
    sees_all = actor == OPERATOR or state.get(OFFICERS, actor) is not None
    rows = state.rows(RESTRICTIONS)
    after = read_cursor(query.cursor, int) if query.cursor else 0
    # Principals are P1, P2 …: by number, so that what ends between two pages shifts nothing.
    told = sorted(rows, key=_number) if sees_all else [own] if own in rows else []
    names = [name for name in told if query.principal in ("", name)]
    left = [name for name in names if _number(name) > after]
    page = tuple(_card(desk, name, rows[name]) for name in left[: query.limit])
    more = len(left) > query.limit
    return ask.Restrictions(page, write_cursor(_number(page[-1].principal)) if more else "")


def _number(principal: str) -> int:
    return int(principal[1:])


def _card(desk: Desk, principal: str, row: Restriction) -> ask.RestrictionCard:
    is_slow = row.level == "slow" and row.paced_at
    return ask.RestrictionCard(
        principal,
        row.level,
        row.since,
        row.why,
        row.until,
        desk.words(row.words),
        row.evidence,
        row.paced_at + row.pause_us if is_slow else 0,
        row.appeals,
    )


def list_halts(desk: Desk, actor: str, query: ask.ListHalts) -> ask.Halts:
    check_limit(query.limit)
    before = read_cursor(query.cursor, tuple[int, str]) if query.cursor else None
    state = desk.state
    rows = state.rows(HALTS)
    sees_all = actor == OPERATOR or state.get(OFFICERS, actor) is not None
    told = {"", actor, *desk.affairs.agents(actor)}
    places = sorted(
        ((row.since, key) for key, row in rows.items() if sees_all or whose(state, key)[0] in told),
        reverse=True,
    )
    if query.of:
        places = [place for place in places if whose(state, place[1])[0] == query.of]
    # By when they were thrown, so that what is lifted between two pages shifts nothing.
    left = [place for place in places if before is None or place < before]
    page = left[: query.limit]
    cards = []
    for since, key in page:
        scope, by = whose(state, key)
        cards.append(ask.HaltCard(rows[key].level, since, by, scope, desk.words(rows[key].why)))
    return ask.Halts(tuple(cards), write_cursor(page[-1]) if len(left) > query.limit else "")


ANSWERS: dict[type, Any] = {
    ask.ListAlarms: list_alarms,
    ask.ListHalts: list_halts,
    ask.ListRestrictions: list_restrictions,
}
