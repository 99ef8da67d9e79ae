"""How far a deal is: the stages that its records tell of, and those that are still to come."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from souq.core import acceptance, approval, contract, ending
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
