"""The house's terms, in versions: where there are any, nothing binds who has not adopted them.

A version is named by the SHA-256 of its text, which anybody can work out from the text itself, and
every agreement carries the hash that stood when it was reached.
"""

import hashlib
from typing import Any

from msgspec import Struct

from souq.core.party import PRINCIPALS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import need_operator, rules
from souq.core.seal import PublicText
from souq.core.state import Draft, Table, View

TEXT_MAX = 200_000
_CURRENT = "current"


class PublishTerms(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Publish the market's terms, in place of the version before. Operator only."""

    text: PublicText


class AdoptTerms(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Adopt the terms that stand, by their hash. By a principal, never by its agent."""

    terms: str


class TermsPublished(Struct, frozen=True, tag=True):
    """`terms` is the SHA-256 of the text, whose sealed digest is `text`."""

    version: int
    terms: str
    text: str


class TermsAdopted(Struct, frozen=True, tag=True):
    principal: str
    terms: str


class Terms(Struct, frozen=True):
    version: int
    hash: str
    text: str
    published_at: int


TERMS: Table[Terms] = Table("terms", Terms)
ADOPTED: Table[str] = Table("adopted terms", str)  # by principal
TABLES: tuple[Table[Any], ...] = (TERMS, ADOPTED)


def current(view: View) -> Terms | None:
    """Give the terms that stand, or None where none were ever published."""
    return view.get(TERMS, _CURRENT)


def hash_now(view: View) -> str:
    """Give the hash of the terms that stand, or ""."""
    found = current(view)
    return "" if found is None else found.hash


def has_adopted(view: View, principal: str) -> bool:
    """Tell whether a principal is under the terms that stand."""
    found = current(view)
    return found is None or view.get(ADOPTED, principal) == found.hash


def _publish(draft: Draft, actor: str, command: PublishTerms) -> None:
    need_operator(actor)
    rules(draft)
    text = command.text.value
    if not 0 < len(text) <= TEXT_MAX:
        raise invalid("text", f"1 to {TEXT_MAX} characters")
    before = current(draft)
    hash = hashlib.sha256(text.encode()).hexdigest()
    if before is not None and before.hash == hash:
        raise Refused(Reason.ALREADY_EXISTS)
    version = 1 if before is None else before.version + 1
    draft.emit(TermsPublished(version, hash, command.text.digest))


def _adopt(draft: Draft, actor: str, command: AdoptTerms) -> None:
    if draft.get(PRINCIPALS, actor) is None:
        raise Refused(Reason.NOT_YOURS)
    found = current(draft)
    if found is None:
        raise Refused(Reason.WRONG_STATE, state="NoTerms")
    if command.terms != found.hash:
        raise Refused(Reason.TERMS_CHANGED, terms=found.hash)
    if has_adopted(draft, actor):
        raise Refused(Reason.WRONG_STATE, state="Adopted")
    draft.emit(TermsAdopted(actor, found.hash))


def _published(view: View, event: TermsPublished) -> None:
    view.put(TERMS, _CURRENT, Terms(event.version, event.terms, event.text, view.at))


def _adopted(view: View, event: TermsAdopted) -> None:
    view.put(ADOPTED, event.principal, event.terms)


DECIDE: dict[type, Any] = {PublishTerms: _publish, AdoptTerms: _adopt}
EVOLVE: dict[type, Any] = {TermsPublished: _published, TermsAdopted: _adopted}
