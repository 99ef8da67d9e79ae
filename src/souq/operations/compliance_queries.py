"""What may be asked about who stands behind an agent, terms, yearly totals, and being told no."""

from msgspec import Struct

from souq.core.attestation import PartyType
from souq.operations.queries import LIMIT
from souq.operations.reasons import Code
from souq.views.statements import Total


class GetAgentCard(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give all that is known of an agent and of whoever stands behind it."""

    agent: str


class KnownAgent(Struct, frozen=True):
    """An agent's card. It is always an automated agent.

    The house attested `level`, `jurisdiction` and `party_type` until `verified_until`; `keys` are
    the thumbprints it is proven by. What it runs on, who operates it, which version it is, what it
    can do and whom to write to are its own words: nobody has checked them.
    """

    id: str
    name: str
    principal: str
    principal_name: str
    level: int
    jurisdiction: str
    party_type: PartyType
    verified_until: int | None
    keys: tuple[str, ...]
    model: str
    operated_by: str
    version: str
    capabilities: tuple[str, ...]
    contact: str
    is_automated: bool = True


class GetTerms(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give the market's terms as they stand, and whether one's principal has adopted them."""


class MarketTerms(Struct, frozen=True):
    """`terms` is the SHA-256 of `text`, and what is adopted; version 0 is none at all."""

    version: int
    terms: str
    text: str
    published_at: int
    is_adopted: bool


class GetSummary(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Tell in plain sentences what a running deal comes to. By its parties and principals."""

    contract: str


class Summary(Struct, frozen=True):
    """`digest` is what is confirmed, `confirmed_by` who has read it."""

    contract: str
    sentences: tuple[str, ...]
    digest: str
    confirmed_by: tuple[str, ...]


class GetStatement(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give what a principal took in and paid, by year and asset, to the last unit.

    By itself, its agents and the operator; `year` 0 is every year.
    """

    principal: str = ""
    year: int = 0


class Statement(Struct, frozen=True):
    principal: str
    totals: tuple[Total, ...]


class ListReviews(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the open requests to look again: one's own; the operator sees everybody's."""

    limit: int = LIMIT


class OpenReview(Struct, frozen=True):
    """`answer_by` is when silence counts against the house."""

    id: str
    principal: str
    about: str
    words: str
    answer_by: int


class Reviews(Struct, frozen=True):
    reviews: tuple[OpenReview, ...]


class ListReasons(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List every way the market says no, what to do then, and where to appeal."""


class Reasons(Struct, frozen=True):
    reasons: tuple[Code, ...]
