"""How far a deal is: the stages that its records tell of, and those that are still to come."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from souq.core import acceptance, approval, contract, cooling_off, ending, undo
from souq.core.dispute import records as dispute
from souq.core.negotiation import AgreementReached
from souq.views.deal import VOID

_BAD = frozenset({*VOID, "disputed", "failed", "ruled"})
ENDS = frozenset({*VOID, "fulfilled", "ruled"})
# The stages to come, where nobody objects.
_AHEAD = {
    "agreed": ("formed", "delivered", "fulfilled"),
    "held": ("formed", "delivered", "fulfilled"),
    "formed": ("delivered", "fulfilled"),
    "disputed": ("ruled",),
}
_NAMES: dict[type, Callable[[Any], str]] = {
    AgreementReached: lambda event: "agreed",
    approval.ContractHeld: lambda event: "held",
    approval.ContractApproved: lambda event: "approved",
    contract.ContractFormed: lambda event: "formed",
    contract.InspectionBegan: lambda event: "delivered",
    acceptance.VerificationReported: lambda event: "verified" if event.passed else "failed",
    acceptance.ReturnsBegan: lambda event: "returnable",
    acceptance.SentBack: lambda event: "returning",
    dispute.DisputeOpened: lambda event: "disputed",
    dispute.RedoOrdered: lambda event: "redone",
    ending.ContractFulfilled: lambda event: "fulfilled",
    ending.ContractCancelled: lambda event: event.why,
    ending.RulingMade: lambda event: "ruled",
}


class Step(NamedTuple):
    """A stage; `at` is None where it is still to come."""

    name: str
    at: int | None
    is_bad: bool = False


class Windows(NamedTuple):
    """Until when a principal may take a deal back; 0 where it may not."""

    undo_until: int
    revoke_until: int


def steps(events: Sequence[tuple[int, Any]], id: str, state: str, agreed_at: int) -> list[Step]:
    """List the stages of a contract in order, as far as the viewer saw them."""
    found = [
        Step(name, at, name in _BAD)
        for at, event in events
        if getattr(event, "contract", "") == id and (say := _NAMES.get(type(event)))
        for name in (say(event),)
    ]
    if not any(one.name == "agreed" for one in found):
        found.insert(0, Step("agreed", agreed_at))
    if state in ENDS:
        return found
    return found + [Step(name, None) for name in _AHEAD.get(state, ("fulfilled",))]


def windows(events: Sequence[tuple[int, Any]], id: str, undo_us: int) -> Windows:
    """Give how long a deal may be taken back, as its records say."""
    undo_until = revoke_until = 0
    for at, event in events:
        if getattr(event, "contract", "") != id:
            continue
        match event:
            case contract.ContractFormed() if undo_us:
                undo_until = at + undo_us
            case cooling_off.CoolingOffBegan(until=until):
                revoke_until = until
            case undo.ContractUndone():
                undo_until = 0
            case _:
                pass
    return Windows(undo_until, revoke_until)
