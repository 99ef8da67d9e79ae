"""What parties say of each other once a deal is over: typed, once each, and shown at the same time.

Whoever must fear an answer says nothing bad, and whoever hopes for one says nothing true. So what
one says is kept until the other has said theirs, or until the window has ended, and is then shown
to everybody at once. Was it delivered, on time, as described: these are yes or no. Stars and words
are shown beside them. None of it weighs anything: what a record is made of, `reputation` counts.
"""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core import halt
from souq.core.agreement import Agreement
from souq.core.ending import ContractCancelled, ContractFulfilled, RulingMade
from souq.core.index import Rank
from souq.core.party import AGENTS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import rules
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.core.state import DEADLINES, Draft, Table, View, need_live, row_of

TEXT_MAX = 1_000
STARS_MAX = 5
LATEST_MAX = 10  # words kept beside an agent's counts
SWEPT_MAX = 4  # contracts forgotten whenever another ends
_DUE = "feedback:"


class GiveFeedback(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say how a deal that is over went, once. By a party to it, or its principal.

    It is about whoever had something to hand over to that party, goods or money. Nobody else sees
    it before the other parties have given theirs, or the window has ended. `stars` are 1 to 5, 0
    for none.
    """

    contract: str
    delivered: bool
    on_time: bool
    as_described: bool
    stars: int = 0
    text: PublicText = PublicText("")


class FeedbackSaid(Struct, frozen=True, omit_defaults=True):
    """What one party said; `text` is a digest."""

    by: str
    delivered: bool
    on_time: bool
    as_described: bool
    stars: int = 0
    text: str = ""


class FeedbackGiven(Struct, frozen=True, tag=True):
    """`show_by` is when it is shown at the latest."""

    contract: str
    by: str
    said: FeedbackSaid
    show_by: int


class FeedbackReleased(Struct, frozen=True, tag=True):
    """All that was said of a contract is shown now; nothing more can be said."""

    contract: str


class FeedbackShown(Struct, frozen=True, tag=True, omit_defaults=True):
    """What was said about an agent, for everybody to read; by whom and of which deal stays out."""

    about: str
    delivered: bool
    on_time: bool
    as_described: bool
    stars: int = 0
    text: str = ""


class Finished(Struct, frozen=True, omit_defaults=True):
    """A contract that is over and may still be spoken of; `about` is, by party, whom it speaks of.

    `said` waits to be shown.
    """

    id: str
    parties: tuple[str, ...]
    about: tuple[tuple[str, ...], ...]
    ended_at: int
    said: tuple[FeedbackSaid, ...] = ()


class Received(Struct, frozen=True, omit_defaults=True):
    """What has been said of an agent, counted; `latest` holds digests of words, newest first."""

    count: int = 0
    delivered: int = 0
    on_time: int = 0
    as_described: int = 0
    starred: int = 0
    stars: int = 0
    latest: tuple[str, ...] = ()


FINISHED: Table[Finished] = Table(
    "finished", Finished, rank=lambda one: Rank("", one.ended_at, int(one.id[1:]))
)
RECEIVED: Table[Received] = Table("received feedback", Received)
TABLES: tuple[Table[Any], ...] = (FINISHED, RECEIVED)


def received(view: View, agent: str) -> Received:
    """Give what has been said of an agent and shown."""
    return view.get(RECEIVED, agent) or Received()


def lapse(draft: Draft, due: str) -> None:
    """Show what was said once the window has ended. It cannot be refused."""
    _release(draft, due.removeprefix(_DUE))


def _give(draft: Draft, actor: str, command: GiveFeedback) -> None:
    id = command.contract
    if draft.get(CONTRACTS, id) is not None:
        raise Refused(Reason.WRONG_STATE, state=type(draft.get(CONTRACTS, id)).__name__)
    found = need_live(draft, FINISHED, id, "C")
    halt.need(draft, "settlements")
    party = _speaks_for(draft, actor, found)
    show_by = found.ended_at + rules(draft).feedback_us
    if draft.at >= show_by:
        raise Refused(Reason.CLOSED, id=id)
    if any(one.by == party for one in found.said):
        raise Refused(Reason.ALREADY_EXISTS)
    if not 0 <= command.stars <= STARS_MAX:
        raise invalid("stars", f"1 to {STARS_MAX}, or 0 for none")
    if len(command.text.value) > TEXT_MAX:
        raise invalid("text", f"at most {TEXT_MAX} characters")
    said = FeedbackSaid(
        party,
        command.delivered,
        command.on_time,
        command.as_described,
        command.stars,
        command.text.digest if command.text.value else "",
    )
    draft.emit(FeedbackGiven(id, party, said, show_by))
    if len(found.said) + 1 == len(found.parties):
        _release(draft, id)


def _speaks_for(view: View, actor: str, found: Finished) -> str:
    for party in found.parties:
        agent = view.get(AGENTS, party)
        if agent is not None and actor in (party, agent.principal):
            return party
    raise Refused(Reason.NOT_YOURS)


def _release(draft: Draft, id: str) -> None:
    found = row_of(draft, FINISHED, id)
    draft.emit(FeedbackReleased(id))
    for said in found.said:
        for about in found.about[found.parties.index(said.by)]:
            draft.emit(
                FeedbackShown(
                    about,
                    said.delivered,
                    said.on_time,
                    said.as_described,
                    said.stars,
                    said.text,
                )
            )


def _given(view: View, event: FeedbackGiven) -> None:
    found = row_of(view, FINISHED, event.contract)
    said = (*found.said, event.said)
    view.put(FINISHED, event.contract, msgspec.structs.replace(found, said=said))
    view.put(DEADLINES, _DUE + event.contract, event.show_by)


def _released(view: View, event: FeedbackReleased) -> None:
    view.drop(FINISHED, event.contract)
    view.drop(DEADLINES, _DUE + event.contract)


def _shown(view: View, event: FeedbackShown) -> None:
    before = received(view, event.about)
    latest = (event.text, *before.latest)[:LATEST_MAX] if event.text else before.latest
    after = Received(
        before.count + 1,
        before.delivered + event.delivered,
        before.on_time + event.on_time,
        before.as_described + event.as_described,
        before.starred + (event.stars > 0),
        before.stars + event.stars,
        latest,
    )
    view.put(RECEIVED, event.about, after)


def _ended(view: View, event: ContractFulfilled | RulingMade) -> None:
    _finish(view, event.contract, event.agreement)


def _cancelled(view: View, event: ContractCancelled) -> None:
    if event.why in ("cancelled", "not_delivered"):  # it had begun
        _finish(view, event.contract, event.agreement)


def _finish(view: View, id: str, agreement: Agreement) -> None:
    _sweep(view)
    about = [
        tuple(dict.fromkeys([leg.giver for leg in agreement.legs if leg.taker == party]))
        for party in agreement.parties
    ]
    view.put(FINISHED, id, Finished(id, agreement.parties, tuple(about), view.at))


def _sweep(view: View) -> None:
    """Forget contracts of which nobody said anything while they might have."""
    for _ in range(SWEPT_MAX):
        oldest = view.first(FINISHED, "")
        if oldest is None or oldest[1].said:
            return
        if view.at < oldest[1].ended_at + rules(view).feedback_us:
            return
        view.drop(FINISHED, oldest[0])


DECIDE: dict[type, Any] = {GiveFeedback: _give}
EVOLVE: dict[type, Any] = {
    FeedbackGiven: _given,
    FeedbackReleased: _released,
    FeedbackShown: _shown,
    ContractFulfilled: _ended,
    RulingMade: _ended,
    ContractCancelled: _cancelled,
}
