"""The story of a market, folded record by record: names, listings, negotiations, deals, refusals.

A view may be thrown away and folded again; it decides nothing. Words come from the payloads
beside the record, and an erased one reads as "(erased)".
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field

from souq.core import (
    acceptance,
    approval,
    dispute,
    ending,
    listing,
    message,
    negotiation,
    party,
    performance,
    rules,
    stock,
)
from souq.core import contract as contracts
from souq.core.agreement import Leg, cash_paid
from souq.core.annotation import Annotated
from souq.core.dispute.records import RedoOrdered
from souq.core.mechanisms import MECHANISMS, alternating_offers, posted_price, swap
from souq.journal.record import Payload
from souq.journal.replay import reader, records
from souq.journal.store import Store
from souq.views.deal import Deal

ERASED = "(erased)"
_strings = msgspec.json.Decoder(str)
Find = Callable[[str], Payload | None]


class ListingStory(Struct):
    """A listing from its first day to its last."""

    id: str
    agent: str
    title: str
    description: str
    posted: listing.Listing
    price_units: int | None
    posted_at: int
    sold: int = 0
    is_withdrawn: bool = False


class Move(Struct, frozen=True):
    """One step of a negotiation; `units` is the payment it names, None where it names none."""

    at: int
    by: str
    what: str
    units: int | None = None


class NegotiationStory(Struct):
    """A negotiation and how it ended; `why` is empty while it runs."""

    id: str
    mechanism: str
    parties: tuple[str, ...] = ()
    legs: tuple[Leg, ...] = ()
    moves: list[Move] = field(default_factory=list)
    why: str = ""
    contract: str = ""


class Said(Struct, frozen=True):
    """A message on the floor, or within a negotiation."""

    at: int
    agent: str
    text: str
    negotiation: str = ""


class History:
    """Fold records with `take`; read the attributes."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self.records = 0
        self.at = 0
        self.name = ""
        self.rules = rules.Rules()
        self.names: dict[str, str] = {}
        self.principal_of: dict[str, str] = {}
        self.agent_of: dict[str, str] = {}
        self.models: dict[str, list[str]] = {}  # by agent, what it was said to run on
        self.listings: dict[str, ListingStory] = {}
        self.negotiations: dict[str, NegotiationStory] = {}
        self.deals: dict[str, Deal] = {}
        self.said: list[Said] = []
        self.said_in: list[int] = []  # by message, the record it stands in
        self.notes: dict[str, str] = {}
        self.refusals: Counter[str] = Counter()
        self.listings_version = 0  # grows whenever what is listed changes

    def take(self, at: int, events: tuple[Any, ...], refusal: str | None = None) -> None:
        """Fold one record."""
        self.records += 1
        self.at = at
        if refusal is not None:
            self.refusals[refusal] += 1
        for event in events:
            fold = _FOLD.get(type(event))
            if fold is not None:
                fold(self, at, event)

    def words(self, digest: str) -> str:
        """Give the text behind a digest."""
        if not digest:
            return ""
        payload = self._find(digest)
        return ERASED if payload is None else _strings.decode(payload.content)


class Follower:
    """Keeps a history up to date with a journal that grows."""

    def __init__(self, store: Store) -> None:
        self.history = History(store.payload)
        self._store = store
        self._read = reader(store).whole
        self._folded = 0

    def catch_up(self, head: int) -> None:
        """Fold the records up to `head` that were not seen yet."""
        for entry in self._store.read(self._folded + 1, head):
            record = self._read(entry.seq, entry.body)
            refused = record.refusal.reason if record.refusal else None
            self.history.take(record.at, record.events, refused)
        self._folded = head


def read(store: Store, until: int | None = None) -> History:
    """Fold a whole journal, or its first part. Raises Damaged."""
    history = History(store.payload)
    for record in records(store, until=until):
        refused = record.refusal.reason if record.refusal else None
        history.take(record.at, record.events, refused)
    return history


def _opened(history: History, at: int, event: rules.MarketOpened) -> None:
    history.rules = event.rules
    history.name = event.rules.name


def _amended(history: History, at: int, event: rules.RulesAmended) -> None:
    history.rules = event.rules


def _principal(history: History, at: int, event: party.PrincipalRegistered) -> None:
    history.names[event.principal] = history.words(event.name)


def _agent(history: History, at: int, event: party.AgentRegistered) -> None:
    history.names[event.agent] = history.words(event.name)
    history.principal_of[event.agent] = event.principal
    history.agent_of[event.principal] = event.agent


def _declared(history: History, at: int, event: party.ModelDeclared) -> None:
    history.models.setdefault(event.agent, []).append(event.model)


def _posted(history: History, at: int, event: listing.ListingPosted) -> None:
    posted = event.listing
    history.listings[posted.id] = ListingStory(
        id=posted.id,
        agent=posted.agent,
        title=history.words(posted.title),
        description=history.words(posted.description),
        posted=posted,
        price_units=posted.price.units if posted.price else None,
        posted_at=at,
    )
    history.listings_version += 1


def _edited(history: History, at: int, event: listing.ListingEdited) -> None:
    story = history.listings[event.listing]
    if event.price is not None:
        story.price_units = event.price.units
    if event.title is not None:
        story.title = history.words(event.title)
    if event.description is not None:
        story.description = history.words(event.description)
    history.listings_version += 1


def _withdrawn(history: History, at: int, event: listing.ListingWithdrawn) -> None:
    history.listings[event.listing].is_withdrawn = True
    history.listings_version += 1


def _changed(history: History, at: int, event: Any) -> None:
    history.listings_version += 1


def _sold(history: History, at: int, event: stock.StockSold) -> None:
    history.listings[event.listing].sold += event.quantity
    history.listings_version += 1


def _title_moved(history: History, at: int, event: stock.TitleMoved) -> None:
    history.listings[event.listing].agent = event.agent
    history.listings_version += 1


def _negotiation(history: History, at: int, event: negotiation.NegotiationOpened) -> None:
    story = NegotiationStory(event.negotiation, event.mechanism)
    history.negotiations[event.negotiation] = story


def _offer(history: History, at: int, event: alternating_offers.OfferMade) -> None:
    story = history.negotiations[event.negotiation]
    story.parties = (event.opener, event.responder)
    story.legs = event.legs
    units = cash_paid(event.legs)
    what = "offers" if event.version == 1 else "counters"
    story.moves.append(Move(at, event.by, what, units))


def _accepted(history: History, at: int, event: alternating_offers.OfferAccepted) -> None:
    story = history.negotiations[event.negotiation]
    units = cash_paid(story.legs)
    story.moves.append(Move(at, event.by, "accepts", units))


def _taken(history: History, at: int, event: posted_price.PriceTaken) -> None:
    story = history.negotiations[event.negotiation]
    story.parties, story.legs = event.agreement.parties, event.agreement.legs
    units = cash_paid(story.legs)
    story.moves.append(Move(at, event.agreement.parties[0], "takes the price", units))


def _proposed(history: History, at: int, event: swap.SwapProposed) -> None:
    story = history.negotiations[event.negotiation]
    story.parties, story.legs = event.parties, event.legs
    story.moves.append(Move(at, event.by, "proposes"))


def _swap_accepted(history: History, at: int, event: swap.SwapAccepted) -> None:
    history.negotiations[event.negotiation].moves.append(Move(at, event.by, "accepts"))


def _joined(history: History, at: int, event: negotiation.PartyJoined) -> None:
    story = history.negotiations[event.negotiation]
    story.parties = (*story.parties, event.agent)


def _step(history: History, at: int, event: Any) -> None:
    """Note what everybody saw of a run; how it reads follows from the event's own words."""
    story = history.negotiations.get(event.negotiation)
    if story is not None:
        by, units = getattr(event, "agent", ""), getattr(event, "units", None)
        story.moves.append(Move(at, by, in_words(type(event).__name__), units))


def in_words(name: str) -> str:
    """Write the name of an event as words: "BidPlaced" as "bid placed"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _closed(history: History, at: int, event: negotiation.NegotiationClosed) -> None:
    history.negotiations[event.negotiation].why = event.why


def _agreed(history: History, at: int, event: negotiation.AgreementReached) -> None:
    history.negotiations[event.negotiation].contract = event.contract
    history.deals[event.contract] = Deal(event.contract, event.negotiation, at, event.agreement)
    history.listings_version += 1


def _stage(stage: str) -> Callable[[History, int, Any], None]:
    def fold(history: History, at: int, event: Any) -> None:
        history.deals[event.contract].stage = stage

    return fold


def _submitted(history: History, at: int, event: contracts.DeliverySubmitted) -> None:
    deal = history.deals[event.contract]
    deal.measured = {**deal.measured, **event.measured}


def _delivered(history: History, at: int, event: contracts.InspectionBegan) -> None:
    deal = history.deals[event.contract]
    deal.stage = "delivered"
    deal.penalty_bps = deal.owed_bps()


def _late(history: History, at: int, event: performance.LatenessCounted) -> None:
    deal = history.deals[event.contract]
    deal.late_bps = event.late_bps
    deal.penalty_bps = deal.owed_bps()


def _verified(history: History, at: int, event: acceptance.VerificationReported) -> None:
    deal = history.deals[event.contract]
    deal.measured = {**deal.measured, **event.measured}
    deal.penalty_bps = deal.owed_bps()
    if not event.passed:
        deal.stage = "failed"


def _cancelled(history: History, at: int, event: ending.ContractCancelled) -> None:
    history.deals[event.contract].stage = event.why


def _ruled(history: History, at: int, event: ending.RulingMade) -> None:
    deal = history.deals[event.contract]
    deal.stage, deal.payer_bps = "ruled", event.payer_bps
    deal.penalty_bps = 0  # the ruling takes their place


def _posted_message(history: History, at: int, event: message.MessagePosted) -> None:
    _say(history, Said(at, event.agent, history.words(event.text)))


def _sent_message(history: History, at: int, event: message.MessageSent) -> None:
    _say(history, Said(at, event.agent, history.words(event.text), event.negotiation))


def _say(history: History, said: Said) -> None:
    history.said.append(said)
    history.said_in.append(history.records)


def _noted(history: History, at: int, event: Annotated) -> None:
    history.notes[event.topic] = event.note


_FOLD: dict[type, Callable[[History, int, Any], None]] = {
    **{
        event: _step
        for mechanism in MECHANISMS
        for event, seen in mechanism.SEEN.items()
        if seen == "public"
    },
    rules.MarketOpened: _opened,
    rules.RulesAmended: _amended,
    party.PrincipalRegistered: _principal,
    party.AgentRegistered: _agent,
    party.ModelDeclared: _declared,
    listing.ListingPosted: _posted,
    listing.ListingEdited: _edited,
    listing.ListingWithdrawn: _withdrawn,
    listing.ListingPaused: _changed,
    listing.ListingResumed: _changed,
    stock.StockReturned: _changed,
    stock.StockSold: _sold,
    stock.TitleMoved: _title_moved,
    negotiation.NegotiationOpened: _negotiation,
    alternating_offers.OfferMade: _offer,
    alternating_offers.OfferAccepted: _accepted,
    posted_price.PriceTaken: _taken,
    swap.SwapProposed: _proposed,
    swap.SwapAccepted: _swap_accepted,
    negotiation.PartyJoined: _joined,
    negotiation.NegotiationClosed: _closed,
    negotiation.AgreementReached: _agreed,
    approval.ContractHeld: _stage("held"),
    contracts.ContractFormed: _stage("formed"),
    contracts.DeliverySubmitted: _submitted,
    contracts.InspectionBegan: _delivered,
    performance.LatenessCounted: _late,
    acceptance.VerificationReported: _verified,
    acceptance.ReturnsBegan: _stage("returnable"),
    acceptance.SentBack: _stage("returning"),
    dispute.DisputeOpened: _stage("disputed"),
    RedoOrdered: _stage("formed"),
    ending.ContractFulfilled: _stage("fulfilled"),
    ending.ContractCancelled: _cancelled,
    ending.RulingMade: _ruled,
    message.MessagePosted: _posted_message,
    message.MessageSent: _sent_message,
    Annotated: _noted,
}
