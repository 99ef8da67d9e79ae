"""Every way the market says no, ends something or shuts somebody out, explained to whom it hits.

Whatever its kind, a person may be asked to look again: `AskReview` with `about` the record, the
contract or the code. Where there is a nearer way to be heard, it comes first.
"""

from msgspec import Struct

from souq.core.refusal import Reason

REVIEW = "ask_review"
_DISPUTE = "open_dispute, then ask_review"


class Code(Struct, frozen=True):
    """`kind` is refusal, contract_end, negotiation_end, payout_end, channel_end, webhook, halt."""

    code: str
    kind: str
    meaning: str
    remedy: str
    appeal: str = REVIEW


def _refusal(reason: Reason, meaning: str, remedy: str) -> Code:
    return Code(reason.value, "refusal", meaning, remedy)


REFUSALS: tuple[Code, ...] = (
    _refusal(Reason.ALREADY_EXISTS, "It is there already.", "Look it up."),
    _refusal(
        Reason.BUDGET_EXCEEDED,
        "The mandate's budget is spent, or bound by open offers.",
        "Withdraw an offer, wait for the window, or ask the principal to raise it.",
    ),
    _refusal(Reason.CLOSED, "It has ended.", "Look at how it ended."),
    _refusal(
        Reason.COUNTERPARTY_UNABLE,
        "The other side may not, or cannot, be bound so; why is its own affair.",
        "Other terms, or another counterparty.",
    ),
    _refusal(
        Reason.DENY_LIST_MISSING,
        "The house works by a deny list, and none that is current is loaded.",
        "Wait until the operator has loaded one.",
    ),
    _refusal(
        Reason.DENY_LISTED,
        "The name, or the principal, stands on the house's deny list.",
        "Show that another person is meant, by asking for a review.",
    ),
    _refusal(Reason.HALTED, "The market stands still at this level.", "Wait; see get_market."),
    _refusal(Reason.ID_REUSED, "This id named another command before.", "Take a new id."),
    _refusal(
        Reason.INSUFFICIENT_FUNDS, "There is not so much to spend.", "Pay in, or ask for less."
    ),
    _refusal(
        Reason.INSUFFICIENT_STANDING,
        "The other side, or the house, asks for a better record, or for a bond.",
        "Build a record in smaller deals, or post a bond.",
    ),
    _refusal(Reason.INVALID, "A field is malformed; the facts name it.", "Correct that field."),
    _refusal(
        Reason.LEVEL_TOO_LOW,
        "The principal's verification level does not allow so much; the facts name the cap.",
        "Stay below the cap, or be verified at a higher level.",
    ),
    _refusal(
        Reason.LISTING_UNAVAILABLE, "The listing rests or was withdrawn.", "Look for another one."
    ),
    _refusal(
        Reason.NO_MANDATE, "The agent has no authority, or it has expired.", "Grant a mandate."
    ),
    _refusal(Reason.NOT_ENOUGH_STOCK, "There are not so many left.", "Ask for fewer."),
    _refusal(Reason.NOT_FOUND, "There is no such thing.", "Check the id."),
    _refusal(Reason.NOT_YOUR_TURN, "The other side is to move.", "Wait, or withdraw."),
    _refusal(Reason.NOT_YOURS, "It is somebody else's to do or to see.", "Ask its owner."),
    _refusal(
        Reason.OUTSIDE_MANDATE,
        "The mandate does not cover it; the facts name the rule, never a private limit.",
        "Ask the principal to widen the mandate.",
    ),
    _refusal(Reason.OVERLOADED, "Too much is waiting.", "Repeat in a while, by the same id."),
    _refusal(
        Reason.PRICE_BAND,
        "The price moves further than the house lets agents move it.",
        "Stay in the band, or let the principal set it.",
    ),
    _refusal(Reason.PRICE_CHANGED, "The price is another one now.", "Look, and decide anew."),
    _refusal(
        Reason.QUARANTINED, "This very command once stopped the market.", "Do something else."
    ),
    Code(
        Reason.RESTRICTED.value,
        "refusal",
        "The operator has slowed or stopped what this principal may commit to.",
        "See list_restrictions for why and until when.",
        "appeal_restriction, then ask_review",
    ),
    _refusal(Reason.ROUND_LIMIT, "No more counteroffers here.", "Accept, reject or withdraw."),
    _refusal(Reason.SAME_PRINCIPAL, "Both sides are one person's.", "Deal with somebody else."),
    _refusal(
        Reason.SIGNATURE_REQUIRED,
        "What binds here must carry its agent's own signature, and a true one.",
        "Sign the command with one of your keys; see docs/receipts.md.",
    ),
    _refusal(Reason.STOPPED, "The market takes no commands.", "Repeat later, by the same id."),
    _refusal(Reason.TERMS_CHANGED, "What was named is not what stands.", "Read it again."),
    _refusal(
        Reason.TERMS_NOT_ADOPTED,
        "The principal has not adopted the market's terms of this version.",
        "The principal reads get_terms and adopts them.",
    ),
    _refusal(
        Reason.WRONG_MECHANISM,
        "It cannot be agreed on in this way.",
        "See its mechanisms.",
    ),
    _refusal(Reason.WRONG_STATE, "Not possible at this stage; the facts name it.", "Look at it."),
)
ENDS: tuple[Code, ...] = (
    Code("declined", "contract_end", "The principal declined to approve.", "Offer again."),
    Code("not_approved", "contract_end", "Nobody approved in time.", "Offer again."),
    Code(
        "revoked",
        "contract_end",
        "The taker's principal took it back while it cooled off; money is back.",
        "Deal elsewhere.",
    ),
    Code("undone", "contract_end", "A principal undid it within the undo window.", "Offer again."),
    Code(
        "not_verified",
        "contract_end",
        "The verifier found its criteria missed, and nobody contested; money is back.",
        "Contest such a report in time.",
        _DISPUTE,
    ),
    Code("returned", "contract_end", "It was sent back; money is back.", "Offer again."),
    Code("cancelled", "contract_end", "Its giver called it off; money is back.", "Deal elsewhere."),
    Code(
        "not_delivered", "contract_end", "Nothing came in time; money is back.", "Deal elsewhere."
    ),
    Code(
        "fulfilled",
        "contract_end",
        "It was accepted, or silence accepted it.",
        "Dispute before acceptance next time.",
        _DISPUTE,
    ),
    Code(
        "ruled",
        "contract_end",
        "An arbiter, or the house's rule for silence, split the price.",
        "See the ruling's share and who made it.",
    ),
    Code("agreed", "negotiation_end", "It ended with a deal.", "See the contract."),
    Code("no_deal", "negotiation_end", "It ended without one.", "Begin another."),
    Code("rejected", "negotiation_end", "The other side said no.", "Offer something else."),
    Code("withdrawn", "negotiation_end", "Its opener took it back.", "Begin another."),
    Code("lapsed", "negotiation_end", "Nobody moved in time.", "Begin another."),
    Code("goods_moved", "negotiation_end", "The goods were sold meanwhile.", "Look on."),
    Code("rejected", "payout_end", "The rail refuses.", "Ask with another account."),
    Code("destination_unknown", "payout_end", "There is no such account.", "Correct it."),
    Code("in_debt", "payout_end", "The wallet owes the house.", "Pay the debt first."),
    Code("other", "payout_end", "The rail will never pay this.", "Ask the operator."),
    Code("failing", "webhook", "Its address did not answer for long.", "Enable it again."),
    Code("forbidden", "webhook", "The operator forbids this address.", "Use another."),
    Code("commitments", "halt", "Nothing new binds.", "Wait for the operator."),
    Code("negotiations", "halt", "Nobody moves, but to be free.", "Wait for the operator."),
    Code("settlements", "halt", "Contracts stand still, no money leaves.", "Wait."),
)
EXPLANATIONS: tuple[Code, ...] = REFUSALS + ENDS
