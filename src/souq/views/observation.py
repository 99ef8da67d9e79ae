"""What one agent may see: the public floor, its own affairs, and nothing else."""

from msgspec import Struct

from souq.core import ledger
from souq.core.agreement import CashLeg, GoodsLeg, Leg, givers, takers
from souq.core.contract import CONTRACTS, Delivered, Formed
from souq.core.listing import LISTINGS, Side, Subject
from souq.core.mandate import MANDATES, Limits
from souq.core.mechanisms.alternating_offers import HAGGLES
from souq.core.mechanisms.swap import PROPOSALS
from souq.core.party import AGENTS, wallet
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
        return sum(leg.amount.units for leg in self.legs if isinstance(leg, CashLeg))

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


class Observation(Struct, frozen=True):
    """All that an agent knows when it wakes, besides its brief and its note."""

    at: int
    agent: str
    available_units: int
    limits: Limits | None
    listings: tuple[ListingSeen, ...]  # all open ones, one's own included
    negotiations: tuple[NegotiationSeen, ...]
    contracts: tuple[ContractSeen, ...]
    messages: tuple[Said, ...]


class Observer:
    """Builds observations from the live state and the history folded so far."""

    def __init__(self, state: State, history: History, asset: str = "USD") -> None:
        self._state = state
        self._history = history
        self._asset = asset
        self._listings: tuple[ListingSeen, ...] = ()
        self._version = -1
        self._affairs: dict[str, dict[str, None]] = {}  # agent -> its open negotiations
        self._contracts: dict[str, dict[str, None]] = {}
        self._negotiations_seen = 0
        self._deals_seen = 0

    def observe(self, agent: str) -> Observation:
        """Give what an agent may see now."""
        state, found = self._state, self._state.rows(AGENTS)[agent]
        mandate = state.rows(MANDATES).get(found.mandate)
        self._index()
        return Observation(
            at=state.at,
            agent=agent,
            available_units=ledger.need_account(
                state, wallet(found.principal, self._asset)
            ).available,
            limits=mandate.limits.value if mandate else None,
            listings=self.listings(),
            negotiations=self._open_negotiations(agent),
            contracts=self._open_contracts(agent),
            messages=self._messages(agent),
        )

    def listings(self) -> tuple[ListingSeen, ...]:
        """Give all open listings; built again only when what is listed has changed."""
        if self._version != self._history.listings_version:
            self._version = self._history.listings_version
            stories = self._history.listings
            self._listings = tuple(
                ListingSeen(
                    listing.id,
                    listing.agent,
                    listing.side,
                    listing.subject,
                    listing.category,
                    stories[listing.id].title,
                    listing.price.units if listing.price else None,
                    listing.available,
                )
                for listing in self._state.rows(LISTINGS).values()
                if listing.available and not (listing.is_paused or listing.is_withdrawn)
            )
        return self._listings

    def _index(self) -> None:
        # Stories only grow, so what was indexed once need not be looked at again.
        stories = list(self._history.negotiations.values())
        while self._negotiations_seen < len(stories):
            story = stories[self._negotiations_seen]
            self._negotiations_seen += 1
            for party in story.parties:
                self._affairs.setdefault(party, {})[story.id] = None
        deals = list(self._history.deals.values())
        for deal in deals[self._deals_seen :]:
            for party in deal.agreement.parties:
                self._contracts.setdefault(party, {})[deal.contract] = None
        self._deals_seen = len(deals)

    def _open_negotiations(self, agent: str) -> tuple[NegotiationSeen, ...]:
        mine = self._affairs.get(agent, {})
        seen = []
        for id in list(mine):
            story = self._history.negotiations[id]
            if story.why:
                del mine[id]
            else:
                seen.append(self._see(agent, story))
        return tuple(seen)

    def _see(self, agent: str, story: NegotiationStory) -> NegotiationSeen:
        if story.mechanism == "swap":
            proposal = self._state.rows(PROPOSALS)[story.id]
            terms, expires_at = proposal.terms, proposal.expires_at
            is_my_turn = agent not in proposal.accepted
        else:
            haggle = self._state.rows(HAGGLES)[story.id]
            terms, expires_at = haggle.terms, haggle.expires_at
            is_my_turn = haggle.by != agent
        named = [(move.by == agent, move.units) for move in story.moves]
        return NegotiationSeen(
            id=story.id,
            mechanism=story.mechanism,
            parties=story.parties,
            legs=story.legs,
            terms=terms,
            is_my_turn=is_my_turn,
            mine=tuple(units for is_mine, units in named if is_mine and units is not None),
            theirs=tuple(units for is_mine, units in named if not is_mine and units is not None),
            expires_at=expires_at,
        )

    def _open_contracts(self, agent: str) -> tuple[ContractSeen, ...]:
        mine = self._contracts.get(agent, {})
        seen = []
        for id in list(mine):
            state = self._state.rows(CONTRACTS).get(id)
            if state is None:
                del mine[id]
                continue
            legs = state.agreement.legs
            must_deliver = (
                isinstance(state, Formed) and agent in givers(legs) and agent not in state.delivered
            )
            must_accept = (
                isinstance(state, Delivered)
                and agent in takers(legs)
                and agent not in state.accepted
            )
            seen.append(ContractSeen(id, legs, must_deliver, must_accept))
        return tuple(seen)

    def _messages(self, agent: str) -> tuple[Said, ...]:
        recent = self._history.said[-4 * MESSAGES_SEEN :]
        mine = self._affairs.get(agent, {})
        return tuple(said for said in recent if not said.negotiation or said.negotiation in mine)[
            -MESSAGES_SEEN:
        ]
