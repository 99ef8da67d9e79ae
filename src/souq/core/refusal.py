"""No is an answer: one exception, a reason from a closed list, and the facts to do better."""

from enum import StrEnum


class Reason(StrEnum):
    """Every way the market says no. Written for a stranger's program."""

    ALREADY_EXISTS = "already_exists"
    BUDGET_EXCEEDED = "budget_exceeded"
    CLOSED = "closed"
    COUNTERPARTY_UNABLE = "counterparty_unable"
    DENY_LIST_MISSING = "deny_list_missing"
    DENY_LISTED = "deny_listed"
    HALTED = "halted"
    ID_REUSED = "id_reused"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INSUFFICIENT_STANDING = "insufficient_standing"
    INVALID = "invalid"
    LEVEL_TOO_LOW = "level_too_low"
    LISTING_UNAVAILABLE = "listing_unavailable"
    NO_MANDATE = "no_mandate"
    NOT_ENOUGH_STOCK = "not_enough_stock"
    NOT_FOUND = "not_found"
    NOT_YOUR_TURN = "not_your_turn"
    NOT_YOURS = "not_yours"
    OUTSIDE_MANDATE = "outside_mandate"
    OVERLOADED = "overloaded"
    PRICE_BAND = "price_band"
    PRICE_CHANGED = "price_changed"
    QUARANTINED = "quarantined"
    RESTRICTED = "restricted"
    ROUND_LIMIT = "round_limit"
    SAME_PRINCIPAL = "same_principal"
    SIGNATURE_REQUIRED = "signature_required"
    STOPPED = "stopped"
    TERMS_CHANGED = "terms_changed"
    TERMS_NOT_ADOPTED = "terms_not_adopted"
    WRONG_MECHANISM = "wrong_mechanism"
    WRONG_STATE = "wrong_state"


Fact = str | int


class Refused(Exception):
    """An outcome the rules foresee. The core raises it, the engine catches it, nobody else.

    `facts` speak of the caller only: another party's limits and money never stand in them.
    """

    def __init__(self, reason: Reason, **facts: Fact) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.reason}({told})" if told else str(self.reason)


def invalid(field: str, why: str) -> Refused:
    """Build the refusal of a malformed field."""
    return Refused(Reason.INVALID, field=field, why=why)
