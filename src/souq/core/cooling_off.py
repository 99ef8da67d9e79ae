"""Time to think it over: until it is up, a taker's principal may take a deal back.

A listing says how long (`Conditions.cooling_off_us`), so whoever gives the goods knows before
anybody accepts. Meanwhile nothing is released out of escrow.
"""

from typing import Any

from msgspec import Struct

from souq.core import halt, standstill
from souq.core.agreement import Agreement, takers
from souq.core.case import Pleading
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.party import need_other_agent
from souq.core.refusal import Reason, Refused
from souq.core.stage import Delivered, Disputed, Failed, Formed, need_contract
from souq.core.standstill import ClocksStarted, ClocksStopped
from souq.core.state import Draft, Table, View


class RevokeContract(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take a deal back while it cools off: all money returns. By the principal of a taker."""

    contract: str


class CoolingOffBegan(Struct, frozen=True, tag=True):
    contract: str
    until: int


COOLING: Table[int] = Table("cooling_off", int)
TABLES: tuple[Table[Any], ...] = (COOLING,)


def begin(draft: Draft, id: str, agreement: Agreement) -> None:
    """Let a contract cool off, where its conditions say so."""
    cooling_us = agreement.conditions.cooling_off_us
    if cooling_us:
        draft.emit(CoolingOffBegan(id, draft.at + cooling_us))


def until(view: View, id: str) -> int:
    """Give the instant from which a contract can no longer be taken back."""
    return view.get(COOLING, id) or 0


def need_over(view: View, id: str) -> None:
    """Raise Refused(wrong_state) while a contract may be taken back: no money leaves escrow."""
    if view.at < until(view, id):
        raise Refused(Reason.WRONG_STATE, state="CoolingOff")


def _revoke(draft: Draft, actor: str, command: RevokeContract) -> None:
    id = command.contract
    state = need_contract(draft, id)
    halt.need(draft, "settlements")
    taking = takers(state.agreement.legs)
    if actor not in {need_other_agent(draft, one).principal for one in taking}:
        raise Refused(Reason.NOT_YOURS)
    # Whatever an agent, a verifier or the other side brings about meanwhile takes nothing from it.
    is_pleaded = isinstance(state, Disputed) and isinstance(state.case.phase, Pleading)
    is_open = is_pleaded or isinstance(state, Formed | Delivered | Failed)
    if not is_open or draft.at >= until(draft, id):
        raise Refused(Reason.WRONG_STATE, state=type(state).__name__)
    draft.emit(ContractCancelled(id, state.agreement, "revoked"))


def _began(view: View, event: CoolingOffBegan) -> None:
    view.put(COOLING, event.contract, event.until)


def _over(view: View, event: Any) -> None:
    if view.get(COOLING, event.contract) is not None:
        view.drop(COOLING, event.contract)


def _stopped(view: View, event: ClocksStopped) -> None:
    standstill.stop(view, COOLING, event)


def _started(view: View, event: ClocksStarted) -> None:
    standstill.start(view, COOLING, event)


DECIDE: dict[type, Any] = {RevokeContract: _revoke}
EVOLVE: dict[type, Any] = {
    ClocksStopped: _stopped,
    ClocksStarted: _started,
    CoolingOffBegan: _began,
    ContractFulfilled: _over,
    ContractCancelled: _over,
    RulingMade: _over,
}
