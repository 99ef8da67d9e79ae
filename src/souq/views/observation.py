"""What one agent may see: the public floor, its own affairs, and nothing else."""

from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from msgspec import Struct

from souq.core import ledger
from souq.core.agreement import GoodsLeg, Leg, cash_paid
from souq.core.listing import LISTINGS, Listing, Side, Subject
from souq.core.mandate import MANDATES, Limits
from souq.core.mechanisms import OPEN_TO_ALL
from souq.core.mechanisms.moves import Standing
from souq.core.negotiation import standing
from souq.core.party import AGENTS, wallet
from souq.core.stage import CONTRACTS, Delivered, Formed
from souq.core.stage import State as Contract
from souq.core.state import State
from souq.views.history import History, NegotiationStory, Said

MESSAGES_SEEN = 40


class ListingSeen(Struct, frozen=True, gc=False):
    """A listing as anybody sees it. Its words are a stranger's."""

    id: str
    agent: str
    side: Side
    subject: Subject
    category: str
    title: str
    price_units: int | None
    available: int


class NegotiationSeen(Struct, frozen=True):
    """An open negotiation as one of its parties sees it."""

    id: str
    mechanism: str
    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    terms: str
    is_my_turn: bool
    mine: tuple[int, ...]  # payments I named, in units, oldest first
    theirs: tuple[int, ...]
    expires_at: int

    @property
    def units(self) -> int:
        """Give the payment on the table."""
        return cash_paid(self.legs)

    @property
    def goods(self) -> tuple[GoodsLeg, ...]:
        """Give the goods on the table."""
        return tuple(leg for leg in self.legs if isinstance(leg, GoodsLeg))


class ContractSeen(Struct, frozen=True):
    """A contract of one's own that waits for something."""

    id: str
    legs: tuple[Leg, ...]
    must_deliver: bool
    must_accept: bool


class Observation(Struct, frozen=True, omit_defaults=True):
    """All that an agent knows when it wakes, besides its brief and its note.

    `refusal` is why its last command was refused, where whoever runs the agent says so.
    """

    at: int
    agent: str
    available_units: int
    limits: Limits | None
    listings: tuple[ListingSeen, ...]  # all open ones, one's own included
    negotiations: tuple[NegotiationSeen, ...]
    contracts: tuple[ContractSeen, ...]
    messages: tuple[Said, ...]
    refusal: str = ""


class Source(Protocol):
    """Where an observer finds what the live state alone does not tell."""

    def listings(self, agent: str) -> tuple[ListingSeen, ...]:
        """Give the open listings an agent is to look at."""

    def talks(self, agent: str) -> Iterable[NegotiationStory]:
        """Give an agent's open negotiations, in the order they began."""

    def contracts(self, agent: str) -> Iterable[str]:
        """Give the ids of contracts of an agent's, in the order they were made."""

    def messages(self, agent: str) -> tuple[Said, ...]:
        """Give what was said lately where the agent could hear it, oldest first."""


class Observer:
    """Builds observations from the live state and a source of stories."""

    def __init__(self, state: State, source: Source, asset: str = "USD") -> None:
        self._state = state
        self._source = source
        self._asset = asset

    def observe(self, agent: str) -> Observation:
        """Give what an agent may see now."""
        state, found = self._state, self._state.rows(AGENTS)[agent]
        mandate = state.rows(MANDATES).get(found.mandate)
        source = self._source
        return Observation(
            at=state.at,
            agent=agent,
            available_units=ledger.need_account(
                state, wallet(found.principal, self._asset)
            ).available,
            limits=mandate.limits.value if mandate else None,
            listings=source.listings(agent),
            negotiations=tuple(
                _talk_seen(agent, story, standing(state, story.id)) for story in source.talks(agent)
            ),
            contracts=tuple(
                _contract_seen(agent, id, contract)
                for id in source.contracts(agent)
                if (contract := state.get(CONTRACTS, id)) is not None
            ),
            messages=source.messages(agent),
        )


def _talk_seen(agent: str, story: NegotiationStory, on_table: Standing) -> NegotiationSeen:
    named = [(move.by == agent, move.units) for move in story.moves]
    return NegotiationSeen(
        id=story.id,
        mechanism=story.mechanism,
        parties=on_table.parties,
        legs=on_table.legs,
        terms=on_table.terms,
        is_my_turn=agent in on_table.waiting_for,
        mine=tuple(units for is_mine, units in named if is_mine and units is not None),
        theirs=tuple(units for is_mine, units in named if not is_mine and units is not None),
        expires_at=on_table.expires_at,
    )


def _contract_seen(agent: str, id: str, contract: Contract) -> ContractSeen:
    legs = contract.agreement.legs
    must_deliver = must_accept = False
    for leg in legs:
        if not isinstance(leg, GoodsLeg):
            continue
        if isinstance(contract, Formed) and leg.giver == agent:
            must_deliver = agent not in contract.delivered
        elif isinstance(contract, Delivered) and leg.taker == agent:
            must_accept = agent not in contract.accepted
    return ContractSeen(id, legs, must_deliver=must_deliver, must_accept=must_accept)


class HistorySource:
    """Finds stories in a whole history: every open listing, every agent, all in memory."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history
        self._listings: tuple[ListingSeen, ...] = ()
        self._rendered: dict[str, tuple[Listing, ListingSeen]] = {}  # how each row was last shown
        self._version = -1
        self._talks: dict[str, dict[str, None]] = {}  # agent -> its open negotiations
        self._contracts: dict[str, dict[str, None]] = {}
        self._talks_seen = 0
        self._deals_seen = 0

    def listings(self, agent: str) -> tuple[ListingSeen, ...]:
        """Give all open listings; the same tuple until what is listed has changed."""
        if self._version != self._history.listings_version:
            self._version = self._history.listings_version
            before = self._rendered
            self._rendered = {
                id: shown
                if (shown := before.get(id)) is not None and shown[0] is row
                else (row, self._render(row))
                for id, row in self._state.rows(LISTINGS).items()
                if row.available and not (row.is_paused or row.is_withdrawn)
            }
            self._listings = tuple([seen for _, seen in self._rendered.values()])
        return self._listings

    def _render(self, listing: Listing) -> ListingSeen:
        return ListingSeen(
            listing.id,
            listing.agent,
            listing.side,
            listing.subject,
            listing.category,
            self._history.listings[listing.id].title,
            listing.price.units if listing.price else None,
            listing.available,
        )

    def talks(self, agent: str) -> Iterable[NegotiationStory]:
        """Give an agent's open negotiations."""
        self._index()
        mine = self._talks.get(agent, {})
        for id in list(mine):
            story = self._history.negotiations[id]
            if story.why:
                del mine[id]
            else:
                yield story

    def contracts(self, agent: str) -> Iterable[str]:
        """Give an agent's contracts that are not over."""
        self._index()
        mine = self._contracts.get(agent, {})
        for id in list(mine):
            if self._state.get(CONTRACTS, id) is None:
                del mine[id]
            else:
                yield id

    def messages(self, agent: str) -> tuple[Said, ...]:
        """Give the latest messages of the floor and of an agent's open negotiations."""
        recent = self._history.said[-4 * MESSAGES_SEEN :]
        mine = self._talks.get(agent, {})
        return tuple(said for said in recent if not said.negotiation or said.negotiation in mine)[
            -MESSAGES_SEEN:
        ]

    def _index(self) -> None:
        # Stories only grow, so what was indexed once need not be looked at again.
        stories, deals = self._history.negotiations, self._history.deals
        if self._talks_seen < len(stories):
            for story in islice(stories.values(), self._talks_seen, None):
                if story.mechanism in OPEN_TO_ALL:
                    continue  # whoever bids asks how its runs stand
                for party in story.parties:
                    self._talks.setdefault(party, {})[story.id] = None
            self._talks_seen = len(stories)
        if self._deals_seen < len(deals):
            for deal in islice(deals.values(), self._deals_seen, None):
                for party in deal.agreement.parties:
                    self._contracts.setdefault(party, {})[deal.contract] = None
            self._deals_seen = len(deals)


def observer_of(state: State, history: History) -> Observer:
    """Give an observer of a market whose whole history is in memory."""
    return Observer(state, HistorySource(state, history))
