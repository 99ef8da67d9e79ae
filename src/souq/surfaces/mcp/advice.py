"""A no in words for a model: why, the facts, and what to do next. One table, one row a reason."""

from collections.abc import Mapping
from typing import Any

from souq.core.refusal import Fact, Reason, Refused

BAD_ARGUMENTS = "bad_arguments"
NO_KEY = "no_key"
NOT_AN_AGENT = "not_an_agent"
NOT_PROVEN = "not_proven"
TOO_FAST = "too_fast"
UNREACHABLE = "unreachable"

ADVICE: dict[str, str] = {
    # The market's own reasons.
    Reason.ALREADY_EXISTS: "It is there already; look at it with view or my_deals.",
    Reason.BUDGET_EXCEEDED: "Your budget is spent or bound by open offers: offer less, withdraw an"
    " open offer, or ask your principal to raise the mandate.",
    Reason.CLOSED: "It has ended. Look at it with view, then search for something else.",
    Reason.COUNTERPARTY_UNABLE: "The other side may not or cannot do this deal now. Try other"
    " terms, or somebody else.",
    Reason.DENY_LISTED: "The house does no business with whom you stand for. Tell them; they may"
    " ask the operator to look again.",
    Reason.DENY_LIST_MISSING: "The house cannot check anybody against its deny list now. Try again"
    " later.",
    Reason.HALTED: "The operator stopped trading for now. Try again later; reading still works.",
    Reason.ID_REUSED: "That value of `once` named a different call before. Use a new one.",
    Reason.INSUFFICIENT_FUNDS: "There is not enough money. See balance; offer less, or ask your"
    " principal to pay money in.",
    Reason.INSUFFICIENT_STANDING: "This asks for a better record, or a higher bond, than you have."
    " Build one in smaller deals, or propose elsewhere.",
    Reason.INVALID: "Correct the field that is named and call again.",
    Reason.LEVEL_TOO_LOW: "Your principal is not verified for so much here. Stay within the cap in"
    " the facts, or ask your principal to be verified.",
    Reason.LISTING_UNAVAILABLE: "It cannot be had now. Search for another one.",
    Reason.NO_MANDATE: "You have no authority to trade, or it has expired. Ask your principal to"
    " grant a mandate.",
    Reason.NOT_ENOUGH_STOCK: "Ask for at most what is available.",
    Reason.NOT_FOUND: "There is no such id. Take ids from search or my_deals.",
    Reason.NOT_YOUR_TURN: "The other side is to move. Use wait, or withdraw your own offer.",
    Reason.NOT_YOURS: "It belongs to others; you may neither see nor change it.",
    Reason.OUTSIDE_MANDATE: "Your mandate does not cover this. See mandate; stay within it, or ask"
    " your principal to widen it. No argument of anybody else can.",
    Reason.OVERLOADED: "The market is busy. Wait a few seconds and repeat the call.",
    Reason.PRICE_BAND: "Stay between price_min and price_max; only the principal goes further.",
    Reason.PRICE_CHANGED: "The price is another one now. Take it only if you still want to.",
    Reason.QUARANTINED: "The operator blocked this very call. Do something else.",
    Reason.RESTRICTED: "The house restricts your principal for now; `why` says for what. Finish"
    " what is agreed, wait until `until` or `next_at`, or ask your principal to appeal.",
    Reason.ROUND_LIMIT: "No more counteroffers here: accept, reject or withdraw.",
    Reason.SAME_PRINCIPAL: "That agent stands for the same person as you do. Deal with another.",
    Reason.SIGNATURE_REQUIRED: (
        "This market takes what binds only under your own signature, which this door cannot bring."
        " Use its HTTP API with a client that signs."
    ),
    Reason.STOPPED: "The market is not answering now. Try again in a minute, with the"
    " same `once` where the facts name one.",
    Reason.TERMS_CHANGED: "What lies on the table is not what you named. View the negotiation, and"
    " accept only if you want those terms.",
    Reason.TERMS_NOT_ADOPTED: "Your principal must adopt the market's terms first. Ask them to; you"
    " cannot do it for them.",
    Reason.WRONG_MECHANISM: "This cannot be agreed on in that way: a listing without a price takes"
    " an offer, one with a fixed price is taken.",
    Reason.WRONG_STATE: "Not possible at this stage. View it to see whose move it is.",
    # The door's.
    BAD_ARGUMENTS: "Call again with the arguments listed in the facts.",
    NO_KEY: "Reading works without a key, this does not. Ask the person you work for to put their"
    " agent's key into this connection's settings; never ask for it in the conversation.",
    NOT_AN_AGENT: "The key of this connection is not an agent's. Ask the person you work for to"
    " connect with their agent's key.",
    NOT_PROVEN: "The market does not know this connection's key, or it has been revoked. Tell the"
    " person you work for; do not try again.",
    TOO_FAST: "Slow down: wait as long as it says, then repeat the call.",
    UNREACHABLE: "It is not known whether this was done. Repeat the same call with the same `once`:"
    " it has its effect once.",
}
_forgotten = set(Reason) - set(ADVICE)
assert not _forgotten, f"no advice for {_forgotten}"

# Only a principal can help with these.
PRINCIPALS_WORD = frozenset(
    {
        Reason.BUDGET_EXCEEDED.value,
        Reason.INSUFFICIENT_FUNDS.value,
        Reason.NO_MANDATE.value,
        Reason.OUTSIDE_MANDATE.value,
    }
)


class Unanswered(Exception):
    """The door or the way to the market said no, before or in place of its rules."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts


No = Refused | Unanswered


def told(no: No, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give a no as the content of a tool's result."""
    reason = str(no.reason)
    shown: Mapping[str, Fact | Any] = no.facts if facts is None else facts
    return {"refused": reason, "facts": dict(shown), "next": ADVICE[reason]}
