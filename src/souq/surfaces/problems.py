"""A no over HTTP: RFC 9457 problem documents, made from refusals and from what was malformed."""

from msgspec import Struct

from souq.core.refusal import Fact, Reason
from souq.journal.record import Refusal

MEDIA_TYPE = b"application/problem+json"

STATUS: dict[Reason, int] = {
    Reason.ALREADY_EXISTS: 409,
    Reason.BUDGET_EXCEEDED: 403,
    Reason.CLOSED: 409,
    Reason.COUNTERPARTY_UNABLE: 409,
    Reason.DENY_LISTED: 403,
    Reason.DENY_LIST_MISSING: 409,
    Reason.HALTED: 409,
    Reason.ID_REUSED: 422,
    Reason.INSUFFICIENT_FUNDS: 409,
    Reason.INSUFFICIENT_STANDING: 403,
    Reason.INVALID: 422,
    Reason.LEVEL_TOO_LOW: 403,
    Reason.LISTING_UNAVAILABLE: 409,
    Reason.NO_MANDATE: 403,
    Reason.NOT_ENOUGH_STOCK: 409,
    Reason.NOT_FOUND: 404,
    Reason.NOT_YOUR_TURN: 409,
    Reason.NOT_YOURS: 403,
    Reason.OUTSIDE_MANDATE: 403,
    Reason.OVERLOADED: 503,
    Reason.PRICE_BAND: 403,
    Reason.PRICE_CHANGED: 409,
    Reason.QUARANTINED: 409,
    Reason.RESTRICTED: 403,
    Reason.ROUND_LIMIT: 409,
    Reason.SAME_PRINCIPAL: 409,
    Reason.SIGNATURE_REQUIRED: 403,
    Reason.STOPPED: 503,
    Reason.TERMS_CHANGED: 409,
    Reason.TERMS_NOT_ADOPTED: 403,
    Reason.WRONG_MECHANISM: 409,
    Reason.WRONG_STATE: 409,
}
_forgotten = set(Reason) - set(STATUS)
assert not _forgotten, f"no status for {_forgotten}"

TITLES: dict[int, str] = {
    400: "Malformed request",
    401: "Who speaks is not proven",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Not possible now",
    413: "Too large",
    414: "Too long an address",
    415: "Unsupported media type",
    421: "Misdirected request",
    422: "Invalid",
    429: "Too many requests",
    431: "Too many headers",
    500: "Internal error",
    503: "Unavailable",
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457, 3. `reason` and `facts` are the refusal's; `seq` is its record, where it has one.

    A refusal with a `seq` sticks to its Idempotency-Key; without one nothing was recorded.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    reason: str = ""
    facts: dict[str, Fact] = {}
    seq: int = 0


def refused(refusal: Refusal, seq: int = 0) -> Problem:
    """Tell a refusal."""
    reason = refusal.reason
    status = STATUS[Reason(reason)]
    told = ", ".join(f"{name}: {value}" for name, value in refusal.facts.items())
    detail = reason.replace("_", " ") + (f" ({told})" if told else "")
    return Problem(
        f"urn:souq:refusal:{reason}", TITLES[status], status, detail, reason, refusal.facts, seq
    )


class Malformed(Exception):
    """What came in is no request of ours; `status` says what is wrong with it, `why` what to do."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.headers = headers

    @property
    def lines(self) -> list[tuple[bytes, bytes]]:
        """Give its headers as they go over the wire."""
        return [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]

    @property
    def problem(self) -> Problem:
        """Give it as a document."""
        if self.status != 422:
            return Problem("about:blank", TITLES[self.status], self.status, self.why)
        return refused(Refusal(Reason.INVALID.value, {"why": self.why}))
