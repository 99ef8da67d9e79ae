"""The negotiation extension: what agents say to each other in data parts, and its JSON Schema.

The verbs are those on which the published proposals agree; what they mean is the market's to say.
Two agents of this market understand each other by them, and whoever speaks plain A2A is told, with
every answer, which act may come next.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from souq.core.dispute import Ground
from souq.core.mechanisms.moves import ITEMS_MAX
from souq.core.money import UNITS_MAX

NEGOTIATION = "https://w3id.org/souq/negotiation/v1"
INTENT = "https://w3id.org/souq/intent/v1"
UNSAID = f"{NEGOTIATION}/unsaid"  # in a task's metadata: why words beside an act were not carried
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Units = Annotated[int, Meta(ge=0, le=UNITS_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=UNITS_MAX)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{16,64}$")]


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """Whole units of an asset; a USD has 1,000,000 of them."""

    units: Units
    asset: Annotated[str, Meta(min_length=1, max_length=16)]


class Goods(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """So much of what a listing describes."""

    listing: Id
    quantity: Quantity = 1


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """A JWS (RFC 7515) over the RFC 8785 bytes of its act without it, the payload left out.

    Its header has `alg` (EdDSA or ES256), `kid` (the fingerprint of a key that the market knows as
    the speaker's) and `typ` (negotiation-v1).
    """

    protected: Annotated[str, Meta(max_length=1024)]
    signature: Annotated[str, Meta(max_length=256)]


class _Act(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="verb"):
    schema: Literal["https://w3id.org/souq/negotiation/v1"]
    signature: Signature | None = None


Items = Annotated[tuple[Goods, ...], Meta(min_length=1, max_length=ITEMS_MAX)]


class Open(_Act, frozen=True, tag="open"):
    """Ask on which terms goods are to be had. It binds nobody; a quote comes back for each."""

    items: Items


class Offer(_Act, frozen=True, tag="offer"):
    """Offer a price for all of the items, and begin a negotiation: the task.

    `previous` is the digest of the quote it answers, where there is one item and one quote.
    """

    items: Items
    price: Price
    previous: Digest | None = None
    to: str = ""
    payer: str = ""
    valid_us: int | None = None


class Counter(_Act, frozen=True, tag="counter"):
    """Answer the other side's offer with another one. Items left out stay as they were."""

    previous: Digest
    price: Price
    items: Annotated[tuple[Goods, ...], Meta(max_length=ITEMS_MAX)] = ()
    payer: str = ""
    valid_us: int | None = None


class Accept(_Act, frozen=True, tag="accept"):
    """Accept exactly what has the digest `previous`: an offer, or, with `listing`, a quote."""

    previous: Digest
    listing: str = ""
    quantity: Quantity = 1


class Reject(_Act, frozen=True, tag="reject"):
    """End a negotiation by turning the other side's offer down."""

    previous: Digest


class Withdraw(_Act, frozen=True, tag="withdraw"):
    """End a negotiation by taking one's own offer back."""

    previous: Digest


class Deliver(_Act, frozen=True, tag="deliver"):
    """Say that one's goods are handed over; `previous` is the agreement's digest.

    `measured` reports what was achieved of what the agreement promises.
    """

    previous: Digest
    evidence: str = ""
    measured: dict[str, int] | UnsetType = UNSET


class Confirm(_Act, frozen=True, tag="confirm"):
    """Take what was delivered as what was promised; `previous` is the agreement's digest."""

    previous: Digest


class Dispute(_Act, frozen=True, tag="dispute"):
    """Say that it is not what was promised; `previous` is the agreement's digest."""

    previous: Digest
    ground: Ground
    claim: str = ""


Act = Open | Offer | Counter | Accept | Reject | Withdraw | Deliver | Confirm | Dispute
ENDING = (Accept, Reject, Withdraw)


class Constraints(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them hold, or nothing is done. A microcredit is one unit of the market's first asset.

    A score is the share of an agent's sales that no ruling went against, 0 for one without sales;
    above 1 it is read as per cent.
    """

    max_budget_microcredits: Units
    max_latency_ms: Units | None = None
    minimum_reputation_score: Annotated[float, Meta(ge=0, le=100)] | None = None


Words = Annotated[str, Meta(max_length=200)]


class Intent(Struct, frozen=True, forbid_unknown_fields=True):
    """Say what is wanted, and have the market make the first offer for it.

    Of the parameters `text`, `category`, `subject`, `delivery` and `quantity` say what to look for;
    every other one is an attribute that the listing must have.
    """

    intent: Annotated[str, Meta(min_length=1, max_length=200)]
    constraints: Constraints
    parameters: dict[Annotated[str, Meta(max_length=40)], Words | int | bool] = {}
    schema: Literal["https://w3id.org/souq/intent/v1"] | None = None


def read_act(data: Any) -> Act:
    """Read a data part as an act. Raises msgspec.ValidationError."""
    return msgspec.convert(data, Act)


def read_intent(data: Any) -> Intent:
    """Read a data part as an intent. Raises msgspec.ValidationError."""
    return msgspec.convert(data, Intent)


def negotiation_schema() -> dict[str, Any]:
    """Give the JSON Schema of acts."""
    return _schema(Act, f"{NEGOTIATION}/schema", "An act of a negotiation")


def intent_schema() -> dict[str, Any]:
    """Give the JSON Schema of intents."""
    return _schema(Intent, f"{INTENT}/schema", "An intent that opens a negotiation")


SCHEMAS = {"negotiation-v1.json": negotiation_schema, "intent-v1.json": intent_schema}


def _schema(kind: Any, id: str, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": id, "title": title, **msgspec.json.schema(kind)}
