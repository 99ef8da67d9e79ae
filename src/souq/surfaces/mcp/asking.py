"""Asking the principal: what is needed, where to grant it, and a box to tick once it is done.

An answer given here widens nothing. Authority comes from the principal's own key at the market; a
"done" only lets the same call be tried once more, and the core judges it again. No stranger's word
stands in what the principal reads.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.refusal import Reason
from souq.surfaces.mcp.tools import Tool

GRANT, APPROVE = "grant", "approve"
KEY = "principal"  # names our one question among those of a round
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "done": {
            "type": "boolean",
            "title": "I have done it",
            "description": "Ticked: the agent's call is tried once more.",
        }
    },
    "required": ["done"],
}
_SHOWN = re.compile(r"[LNCAP][1-9][0-9]{0,14}(>A[1-9][0-9]{0,14})?|[0-9]{1,12}(\.[0-9]{1,12})?")
_HOW = {
    Reason.INSUFFICIENT_FUNDS.value: "Only you can pay money in, as the market's operator says.",
    APPROVE: "Only you can approve it.",
}


class Round(Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered between the question and its answer; sealed, so only we can write it."""

    stage: Literal["grant", "approve"]
    act: str
    contract: str = ""


def written(state: Round) -> str:
    """Write it down."""
    return msgspec.json.encode(state).decode()


read = msgspec.json.Decoder(Round).decode


def to_grant(tool: Tool, arguments: Mapping[str, Any], agent: str, no: Mapping[str, Any]) -> str:
    """Say what an agent lacked, and how its principal can grant it."""
    facts = ", ".join(f"{name} {value}" for name, value in no["facts"].items() if name != "once")
    reason = no["refused"]
    if reason in _HOW:
        how = f"{_HOW[reason]} Then tick the box."
    else:
        how = (
            f"Only you can widen its mandate, with a key of your own: `souq call get_mandate"
            f" agent={agent}` shows the limits, and `souq call grant_mandate agent={agent}"
            " limits=…` replaces all of them. Then tick the box."
        )
    return (
        f"Your agent {agent} tried: {_shown(tool, arguments)}. The market refused: {reason}"
        f"{f' ({facts})' if facts else ''}. Nothing has happened. {how} Decline to leave it."
        " Answering here grants nothing by itself."
    )


def to_approve(agent: str, contract: str) -> str:
    """Say that a deal waits for its principal."""
    return (
        f"Your agent {agent} made the deal {contract}, which is above what it may close alone. "
        f"{_HOW[APPROVE]} With a key of your own: `souq call approve contract={contract}`, or"
        f" `souq call decline contract={contract}`; silence declines. Then tick the box."
        " Answering here approves nothing by itself."
    )


def _shown(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """Write a call for a person: ids and amounts only, as a stranger may have worded the rest."""
    told = []
    for name, value in arguments.items():
        values = value if isinstance(value, list | tuple) else [value]
        words = [str(one) for one in values if _SHOWN.fullmatch(str(one))]
        if words:
            told.append(f"{name} {', '.join(words[:8])}")
    return ", ".join([tool.name, *told])
