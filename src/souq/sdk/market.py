"""One market in this process, and a handle for each agent in it.

    market = Market()
    bea = market.join("bea", deposit="1000")
    sol = market.join("sol")
    lamp = sol.list("Brass lamp", category="home", price="900")
    talk = bea.offer(lamp, "600")

Amounts are text, such as "12.50"; ids come back as short strings. What the rules forbid raises
`souq.core.refusal.Refused`, with a reason and the facts to do better.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from souq.core.contract import AcceptDelivery, OpenDispute, Rule, SubmitDelivery
from souq.core.funds import ReportDeposit
from souq.core.ledger import need_account
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import USD, Asset
from souq.core.negotiation import AgreementReached, NegotiationOpened
from souq.core.party import RegisterAgent, RegisterPrincipal, wallet
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Answer, Engine, system_salts
from souq.journal.memory import MemoryStore
from souq.journal.replay import SNAPSHOT
from souq.journal.sqlite import SqliteStore
from souq.views.history import Deal, Follower, History
from souq.views.observation import Observation, observer_of


class Market:
    """A market in this process: in memory, or kept in a folder and opened again later."""

    def __init__(self, folder: str | Path | None = None, *, rules: Rules | None = None) -> None:
        """Open a market; `rules` are for a new one. Raises Damaged or InUse for a bad folder."""
        store = MemoryStore() if folder is None else SqliteStore(Path(folder))
        snapshot = None if folder is None else Path(folder) / SNAPSHOT
        self.engine = Engine(store, snapshot=snapshot)
        self._follower = Follower(store)
        self._observer = observer_of(self.engine.state, self._follower.history)
        if self.engine.head[0] == 0:
            self.submit(OPERATOR, OpenMarket(rules or Rules()))

    def __enter__(self) -> "Market":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the journal."""
        self.engine.close()

    def submit(self, actor: str, command: Any, *, command_id: str | None = None) -> Answer:
        """Ask for anything a command can say. Raises Refused.

        Bring a `command_id` of your own to retry safely; without one every call is a new command.
        """
        id = command_id or system_salts().hex()
        return self.engine.submit(actor, id, command).need()

    def join(self, name: str, *, deposit: str = "0", limits: Limits | None = None) -> "Trader":
        """Register a person with an agent, its authority (wide open by default), and its money."""
        principal = self.submit(OPERATOR, RegisterPrincipal(PublicText(name))).events[0].principal
        agent = self.submit(principal, RegisterAgent(principal, PublicText(name))).events[0].agent
        self.submit(principal, GrantMandate(agent, SecretLimits(limits or Limits())))
        amount = self.asset.parse(deposit)
        if amount.units:
            self.submit(OPERATOR, ReportDeposit(principal, amount))
        return Trader(self, principal, agent)

    @property
    def asset(self) -> Asset:
        """Give the asset that prices are in."""
        assets = self.history.rules.assets
        return assets[0] if assets else USD

    @property
    def history(self) -> History:
        """Give the market's story, folded up to now."""
        self._follower.catch_up(self.engine.head[0])
        return self._follower.history

    def deal(self, contract: str) -> Deal:
        """Give a contract and the stage it has reached. Raises KeyError for an unknown one."""
        return self.history.deals[contract]

    def rule(self, contract: str, *, payer_bps: int) -> None:
        """Decide a dispute as the operator, who is the arbiter unless the rules name another."""
        self.submit(OPERATOR, Rule(contract, payer_bps))

    def observe(self, agent: str) -> Observation:
        """Give what an agent may see."""
        _ = self.history
        return self._observer.observe(agent)


class Trader:
    """A handle on one agent. Its methods ask in the agent's name."""

    def __init__(self, market: Market, principal: str, agent: str) -> None:
        self.market = market
        self.principal = principal
        self.id = agent

    def list(self, title: str, *, category: str, price: str | None = None, **more: Any) -> str:
        """Offer something; give the listing's id. `more` are fields of PostListing."""
        asked = self.market.asset.parse(price) if price is not None else None
        command = PostListing(PublicText(title), category, asked, **more)
        posted: str = self.submit(command).events[0].listing.id
        return posted

    def offer(self, listings: str | Iterable[str], price: str, **more: Any) -> str:
        """Offer a price for one or several listings; give the negotiation's id."""
        ids = (listings,) if isinstance(listings, str) else tuple(listings)
        command = MakeOffer(tuple(map(Item, ids)), self.market.asset.parse(price), **more)
        return self._opened(self.submit(command))

    def counter(self, negotiation: str, price: str) -> None:
        """Answer an offer with another price."""
        self.submit(Counter(negotiation, self.market.asset.parse(price)))

    def accept(self, negotiation: str) -> str:
        """Accept the terms on the table; give the contract's id, "" while others must accept."""
        seen = self.market.observe(self.id).negotiations
        terms = next((one.terms for one in seen if one.id == negotiation), "")
        return _contract(self.submit(Accept(negotiation, terms)))

    def take(self, listing: str, price: str, quantity: int = 1) -> str:
        """Take a listing at its posted price per unit; give the contract's id."""
        return _contract(self.submit(TakePrice(listing, self.market.asset.parse(price), quantity)))

    def reject(self, negotiation: str) -> None:
        """Turn an offer down."""
        self.submit(Reject(negotiation))

    def withdraw(self, negotiation: str) -> None:
        """Take one's own offer back."""
        self.submit(Withdraw(negotiation))

    def deliver(self, contract: str, evidence: str = "") -> None:
        """Say that the goods are handed over."""
        self.submit(SubmitDelivery(contract, evidence))

    def confirm(self, contract: str) -> None:
        """Take what was delivered as what was promised."""
        self.submit(AcceptDelivery(contract))

    def dispute(self, contract: str, ground: Any = "not_as_described") -> None:
        """Say that what was delivered is not what was promised."""
        self.submit(OpenDispute(contract, ground))

    def balance(self) -> str:
        """Give what the agent's person has and may spend, as text."""
        asset = self.market.asset
        account = wallet(self.principal, asset.code)
        return asset.format(need_account(self.market.engine.state, account).available)

    def submit(self, command: Any) -> Answer:
        """Ask for anything else in the agent's name. Raises Refused."""
        return self.market.submit(self.id, command)

    def _opened(self, answer: Answer) -> str:
        return next(
            event.negotiation for event in answer.events if isinstance(event, NegotiationOpened)
        )


def _contract(answer: Answer) -> str:
    found = (event.contract for event in answer.events if isinstance(event, AgreementReached))
    return next(found, "")
