"""Pages of negotiations and contracts, the newest first: an agent's, a principal's, or everybody's.

What is open is in memory, and gone through once. What has ended is in records: an agent's are found
by the index, everybody's by their numbers, which were handed out in order.
"""

from collections.abc import Callable, Iterator
from heapq import nlargest
from typing import Any, NamedTuple

from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.negotiation import NEGOTIATIONS, AgreementReached, NegotiationOpened
from souq.core.party import PRINCIPALS
from souq.core.rules import OPERATOR
from souq.core.stage import CONTRACTS
from souq.core.state import COUNTERS, State, Table
from souq.operations import queries as ask
from souq.venue.access import agent_asked
from souq.venue.desk import Desk, check_limit, read_cursor, write_cursor
from souq.views.affairs import Affairs

LOOKED_AT_MAX = 500  # records decoded for one page of what ended
_SEQ_END = 1 << 53


class Kind(NamedTuple):
    """One of the two: the letter of its ids, its table, and where the index lists it."""

    letter: str
    table: Table[Any]
    listed: str
    of: Callable[[Affairs, str], tuple[str, ...]]
    is_meant: Callable[[Any], bool]
    began: Callable[[Any, frozenset[str] | None], str]


def agents_asked(desk: Desk, actor: str, agent: str) -> tuple[str, ...] | None:
    """Give whose a list is about: an agent's, all of a principal's, or None for everybody's.

    Raises Refused(not_found | not_yours).
    """
    if not agent and actor == OPERATOR:
        return None
    if not agent and desk.state.get(PRINCIPALS, actor) is not None:
        return desk.affairs.agents(actor)
    return (agent_asked(desk.state, actor, agent),)


def page(
    desk: Desk,
    kind: Kind,
    agents: tuple[str, ...] | None,
    query: ask.ListNegotiations | ask.ListContracts,
) -> tuple[list[str], str]:
    """Give the ids on a page and the next cursor, "" where nothing is left."""
    check_limit(query.limit)
    before = read_cursor(query.cursor, int) if query.cursor else _SEQ_END
    if query.is_open:
        return _open(desk, kind, agents, before, query.limit)
    if agents is None:
        return _ended(desk, kind, before, query.limit)
    return _ended_of(desk, kind, agents, before, query.limit)


def _open(
    desk: Desk, kind: Kind, agents: tuple[str, ...] | None, before: int, limit: int
) -> tuple[list[str], str]:
    # By number, so that what ends between two pages shifts nothing.
    numbers = (int(id[1:]) for id in _running(desk, kind, agents))
    found = nlargest(limit + 1, (number for number in numbers if number < before))
    ids = [f"{kind.letter}{number}" for number in found[:limit]]
    return ids, write_cursor(found[limit - 1]) if len(found) > limit else ""


def _running(desk: Desk, kind: Kind, agents: tuple[str, ...] | None) -> set[str] | list[str]:
    if agents is None:
        return [id for id, row in desk.state.rows(kind.table).items() if kind.is_meant(row)]
    return {id for agent in agents for id in kind.of(desk.affairs, agent)}


def _ended_of(
    desk: Desk, kind: Kind, agents: tuple[str, ...], before: int, limit: int
) -> tuple[list[str], str]:
    subjects = [f"{kind.listed}:{agent}" for agent in agents]
    seqs = desk.mentions.before(subjects, before, limit + 1)
    running, ours = _running(desk, kind, agents), frozenset(agents)
    found: list[str] = []
    for seq in seqs[:limit]:
        ids = (kind.began(event, ours) for event in reversed(desk.feed.record(seq).events))
        found += [id for id in ids if id and id not in running]
    return found, write_cursor(seqs[limit - 1]) if len(seqs) > limit else ""


def _ended(desk: Desk, kind: Kind, before: int, limit: int) -> tuple[list[str], str]:
    found: list[str] = []
    for count, number in enumerate(_numbers_ended(desk.state, kind, before), 1):
        id = f"{kind.letter}{number}"
        first = desk.mentions.first(id)  # None: so new that no view has read its record yet
        if first is not None:
            events = desk.feed.record(first).events
            found += [id] if any(kind.began(event, None) == id for event in events) else []
        if len(found) == limit or count == LOOKED_AT_MAX:
            return found, write_cursor(number) if number > 1 else ""
    return found, ""


def _numbers_ended(state: State, kind: Kind, before: int) -> Iterator[int]:
    last = min(before - 1, state.get(COUNTERS, kind.letter) or 0)
    rows = state.rows(kind.table)
    return (number for number in range(last, 0, -1) if f"{kind.letter}{number}" not in rows)


def _talk(event: Any, agents: frozenset[str] | None) -> str:
    is_talk = isinstance(event, NegotiationOpened) and event.mechanism not in OPEN_TO_ALL
    return event.negotiation if is_talk else ""


def _deal(event: Any, agents: frozenset[str] | None) -> str:
    """Name the contract that an event begins, if it is of these agents: a call closes many."""
    if not isinstance(event, AgreementReached):
        return ""
    is_ours = agents is None or not agents.isdisjoint(event.agreement.parties)
    return event.contract if is_ours else ""


TALKS = Kind(
    letter="N",
    table=NEGOTIATIONS,
    listed="talks",
    of=Affairs.talks,
    is_meant=lambda row: row.mechanism not in OPEN_TO_ALL,
    began=_talk,
)
DEALS = Kind(
    letter="C",
    table=CONTRACTS,
    listed="deals",
    of=Affairs.contracts,
    is_meant=lambda row: True,
    began=_deal,
)
