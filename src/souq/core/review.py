"""Whoever was told no may ask a person to look again, about a record, a deal, a listing, a reason.

    asked ──answered──▶ upheld or changed
      └──silence──▶ unanswered, on record against the house

A review changes nothing by itself: where the answer is that the house was wrong, the operator does
what is to be done by the commands there are.
"""

import re
from typing import Any, Literal

from msgspec import Struct

from souq.core.party import AGENTS, PRINCIPALS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import DAY_US, need_operator
from souq.core.seal import OperatorText, PartyText
from souq.core.state import (
    COUNTERS,
    DEADLINES,
    Draft,
    Table,
    View,
    need_live,
    next_id,
    row_of,
    take_id,
)

ANSWER_US = 30 * DAY_US
OPEN_MAX = 8  # that one principal may have open: strangers fill this queue
WORDS_MAX = 4_000
_ABOUT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,127}")


class AskReview(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ask the operator to look again at a refusal, restriction, ruling or delisting.

    `about` names a record ("412"), a contract, a listing, or a reason. By a principal or its agent.
    """

    about: str
    words: OperatorText = OperatorText("")


class AnswerReview(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Answer whoever asked: it stays as it was, or it was changed. Operator only."""

    review: str
    outcome: Literal["upheld", "changed"]
    words: PartyText = PartyText("")


class ReviewAsked(Struct, frozen=True, tag=True):
    """`by` is the principal itself, or its agent."""

    review: str
    principal: str
    by: str
    about: str
    words: str
    answer_by: int


class ReviewAnswered(Struct, frozen=True, tag=True, omit_defaults=True):
    """`outcome` is upheld, changed, or unanswered where nobody answered in time."""

    review: str
    principal: str
    outcome: str
    words: str = ""


class Review(Struct, frozen=True):
    principal: str
    about: str
    words: str
    answer_by: int


REVIEWS: Table[Review] = Table("reviews", Review)
TABLES: tuple[Table[Any], ...] = (REVIEWS,)


def lapse(draft: Draft, id: str) -> None:
    """Handle the silence of whoever should answer. It cannot be refused."""
    draft.emit(ReviewAnswered(id, row_of(draft, REVIEWS, id).principal, "unanswered"))


def _ask(draft: Draft, actor: str, command: AskReview) -> None:
    agent = draft.get(AGENTS, actor)
    principal = actor if agent is None else agent.principal
    if draft.get(PRINCIPALS, principal) is None:
        raise Refused(Reason.NOT_YOURS)
    if not _ABOUT.fullmatch(command.about):
        raise invalid("about", "an id, a record's number, or a reason")
    if len(command.words.value) > WORDS_MAX:
        raise invalid("words", f"up to {WORDS_MAX} characters")
    if (draft.get(COUNTERS, _open_of(principal)) or 0) >= OPEN_MAX:
        raise invalid("review", f"{OPEN_MAX} of yours are open")
    id, answer_by = next_id(draft, "Q"), draft.at + ANSWER_US
    draft.emit(ReviewAsked(id, principal, actor, command.about, command.words.digest, answer_by))


def _answer(draft: Draft, actor: str, command: AnswerReview) -> None:
    need_operator(actor)
    found = need_live(draft, REVIEWS, command.review, "Q")
    if len(command.words.value) > WORDS_MAX:
        raise invalid("words", f"up to {WORDS_MAX} characters")
    draft.emit(
        ReviewAnswered(command.review, found.principal, command.outcome, command.words.digest)
    )


def _open_of(principal: str) -> str:
    return f"reviews of {principal}"


def _asked(view: View, event: ReviewAsked) -> None:
    take_id(view, event.review)
    review = Review(event.principal, event.about, event.words, event.answer_by)
    view.put(REVIEWS, event.review, review)
    view.put(DEADLINES, event.review, event.answer_by)
    key = _open_of(event.principal)
    view.put(COUNTERS, key, (view.get(COUNTERS, key) or 0) + 1)


def _answered(view: View, event: ReviewAnswered) -> None:
    view.drop(REVIEWS, event.review)
    view.drop(DEADLINES, event.review)
    key = _open_of(event.principal)
    left = (view.get(COUNTERS, key) or 0) - 1
    if left > 0:
        view.put(COUNTERS, key, left)
    else:
        view.drop(COUNTERS, key)


DECIDE: dict[type, Any] = {AskReview: _ask, AnswerReview: _answer}
EVOLVE: dict[type, Any] = {ReviewAsked: _asked, ReviewAnswered: _answered}
