"""The register of jurors, and the lottery that draws a panel from it.

A juror is a principal with a bond, who names the agent that votes for it. The more its bond comes
to, the likelier it is drawn. Nobody judges a case of their own, one that they sat on before, or
one of somebody they have dealt with in the last 30 days; the market remembers who dealt with whom
from the day on which the first juror joins.
"""

from typing import Any

from msgspec import Struct

from souq.core import bond, epoch
from souq.core.index import Rank
from souq.core.negotiation import AgreementReached
from souq.core.party import AGENTS, PRINCIPALS, need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.rules import DAY_US, rules
from souq.core.state import Draft, Table, View, change, row_of

JURORS_MAX = 1_000
DEALT_US = 30 * DAY_US


class JoinJury(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Enter the register of jurors, and name the agent that votes. By a principal with a bond."""

    agent: str


class LeaveJury(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Leave the register of jurors. By a juror that sits on no case."""


class JurorJoined(Struct, frozen=True, tag=True):
    principal: str
    agent: str


class JurorLeft(Struct, frozen=True, tag=True):
    principal: str


class Juror(Struct, frozen=True, omit_defaults=True):
    """`cases` are the contracts over which it sits on a panel."""

    principal: str
    agent: str
    cases: tuple[str, ...] = ()


class Dealt(Struct, frozen=True, array_like=True):
    """When two principals last dealt with each other."""

    at: int


JURORS: Table[Juror] = Table("jurors", Juror, rank=lambda one: Rank("", int(one.principal[1:]), 0))
DEALT: Table[Dealt] = Table("dealt", Dealt, rank=lambda one: Rank("", one.at, 0))
TABLES: tuple[Table[Any], ...] = (JURORS, DEALT)


def eligible(
    view: View, parties: tuple[str, ...], *, asset: str, seat_units: int, but: tuple[str, ...] = ()
) -> list[tuple[str, int]]:
    """List who may sit on a case between principals, with what their bonds come to."""
    found = []
    for principal, juror in view.walk(JURORS, ""):
        stake = bond.standing_units(view, principal, asset)
        is_free = stake >= seat_units * (len(juror.cases) + 1)
        if is_free and principal not in but and not is_partial(view, principal, parties):
            found.append((principal, stake))
    return found


def is_partial(view: View, principal: str, parties: tuple[str, ...]) -> bool:
    """Tell whether somebody is one of the parties, or dealt with one of them of late."""
    if principal in parties:
        return True
    times = (view.get(DEALT, _pair(principal, party)) for party in parties)
    return any(one is not None and view.at - one.at < DEALT_US for one in times)


def draw(pool: list[tuple[str, int]], size: int, secret: str, *names: str) -> tuple[str, ...]:
    """Draw so many different jurors, each as likely as its stake is large."""
    pool, drawn = list(pool), []
    for seat in range(size):
        at = int(epoch.lot(secret, *names, str(seat)), 16) % sum(stake for _, stake in pool)
        for n, (principal, stake) in enumerate(pool):
            at -= stake
            if at < 0:
                drawn.append(principal)
                del pool[n]
                break
    return tuple(drawn)


def juror_of(view: View, actor: str) -> str:
    """Give the agent that votes for a juror, by either of them. Raises Refused(not_yours)."""
    agent = view.get(AGENTS, actor)
    principal = actor if agent is None else agent.principal
    juror = view.get(JURORS, principal)
    if juror is None or actor not in (principal, juror.agent):
        raise Refused(Reason.NOT_YOURS)
    return juror.agent


def seat(view: View, agents: tuple[str, ...], contract: str) -> None:
    """Fold that jurors sit on a case, by the agents that vote for them."""
    for agent in agents:
        principal = need_other_agent(view, agent).principal
        cases = (*row_of(view, JURORS, principal).cases, contract)
        change(view, JURORS, principal, cases=cases)


def release(view: View, agents: tuple[str, ...], contract: str) -> None:
    """Fold that jurors have done with a case."""
    for agent in agents:
        principal = need_other_agent(view, agent).principal
        cases = tuple(one for one in row_of(view, JURORS, principal).cases if one != contract)
        change(view, JURORS, principal, cases=cases)


def _join(draft: Draft, actor: str, command: JoinJury) -> None:
    market = rules(draft)
    if draft.get(PRINCIPALS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    if need_other_agent(draft, command.agent).principal != actor:
        raise Refused(Reason.NOT_YOURS)
    if draft.get(JURORS, actor) is not None:
        raise Refused(Reason.ALREADY_EXISTS)
    if not any(bond.standing_units(draft, actor, asset.code) for asset in market.assets):
        raise Refused(Reason.INSUFFICIENT_STANDING, rule="bond")
    if sum(1 for _ in draft.walk(JURORS, "")) >= JURORS_MAX:
        raise Refused(Reason.OVERLOADED, rule="jurors", most=JURORS_MAX)
    draft.emit(JurorJoined(actor, command.agent))


def _leave(draft: Draft, actor: str, command: LeaveJury) -> None:
    juror = draft.get(JURORS, actor)
    if juror is None:
        raise Refused(Reason.NOT_YOURS)
    if juror.cases:
        raise Refused(Reason.WRONG_STATE, state="Sitting")
    draft.emit(JurorLeft(actor))


def _pair(one: str, other: str) -> str:
    return "/".join(sorted((one, other)))


def _joined(view: View, event: JurorJoined) -> None:
    view.put(JURORS, event.principal, Juror(event.principal, event.agent))


def _left(view: View, event: JurorLeft) -> None:
    view.drop(JURORS, event.principal)


def _dealt(view: View, event: AgreementReached) -> None:
    if view.first(JURORS, "") is None:
        return
    owners = sorted({need_other_agent(view, one).principal for one in event.agreement.parties})
    for n, one in enumerate(owners):
        for other in owners[n + 1 :]:
            view.put(DEALT, _pair(one, other), Dealt(view.at))
    for _ in range(2 * len(owners) ** 2):  # more go than come, so old ones never pile up
        oldest = view.first(DEALT, "")
        if oldest is None or view.at - oldest[1].at < DEALT_US:
            return
        view.drop(DEALT, oldest[0])


DECIDE: dict[type, Any] = {JoinJury: _join, LeaveJury: _leave}
EVOLVE: dict[type, Any] = {JurorJoined: _joined, JurorLeft: _left, AgreementReached: _dealt}
