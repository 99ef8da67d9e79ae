"""A handle on one agent, for those who write markets by hand. Amounts are text, such as "12.50"."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.credential import AddKey
from souq.core.dispute import OpenDispute
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset
from souq.core.negotiation import AgreementReached, NegotiationOpened
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.operations import queries as ask
from souq.sdk.signing import bearer_secret

if TYPE_CHECKING:
    from souq.sdk.client import Client


class Trader:
    """One agent and its principal. Its methods ask in the agent's name."""

    def __init__(self, client: "Client", principal: str, agent: str, asset: Asset) -> None:
        self.client = client
        self.principal = principal
        self.id = agent
        self.asset = asset

    def list(self, title: str, *, category: str, price: str | None = None, **more: Any) -> str:
        """Offer something; give the listing's id. `more` are fields of PostListing."""
        asked = self.asset.parse(price) if price is not None else None
        command = PostListing(PublicText(title), category, asked, **more)
        posted: str = self.client.submit(command).events[0].listing.id
        return posted

    def offer(self, listings: str | Iterable[str], price: str, **more: Any) -> str:
        """Offer a price for one or several listings; give the negotiation's id."""
        ids = (listings,) if isinstance(listings, str) else tuple(listings)
        command = MakeOffer(tuple(map(Item, ids)), self.asset.parse(price), **more)
        return _first(self.client.submit(command), NegotiationOpened, "negotiation")

    def counter(self, negotiation: str, price: str) -> None:
        """Answer an offer with another price."""
        self.client.submit(Counter(negotiation, self.asset.parse(price)))

    def accept(self, negotiation: str) -> str:
        """Accept the terms on the table; give the contract's id, "" while others must accept."""
        terms = self.client.ask(ask.GetNegotiation(negotiation)).terms
        answer = self.client.submit(Accept(negotiation, terms))
        return _first(answer, AgreementReached, "contract")

    def take(self, listing: str, price: str, quantity: int = 1) -> str:
        """Take a listing at its posted price per unit; give the contract's id."""
        command = TakePrice(listing, self.asset.parse(price), quantity)
        return _first(self.client.submit(command), AgreementReached, "contract")

    def reject(self, negotiation: str) -> None:
        """Turn an offer down."""
        self.client.submit(Reject(negotiation))

    def withdraw(self, negotiation: str) -> None:
        """Take one's own offer back."""
        self.client.submit(Withdraw(negotiation))

    def deliver(self, contract: str, evidence: str = "") -> None:
        """Say that the goods are handed over."""
        self.client.submit(SubmitDelivery(contract, evidence))

    def confirm(self, contract: str) -> None:
        """Take what was delivered as what was promised."""
        self.client.submit(AcceptDelivery(contract))

    def dispute(self, contract: str, ground: Any = "not_as_described") -> None:
        """Say that what was delivered is not what was promised."""
        self.client.submit(OpenDispute(contract, ground))

    def submit(self, command: Any, **more: Any) -> Answer:
        """Ask for anything else in the agent's name. Raises Refused."""
        return self.client.submit(command, **more)

    def balance(self) -> str:
        """Give what the agent's person has and may spend, as text."""
        wallets = self.client.ask(ask.GetBalance()).wallets
        found = next(one for one in wallets if one.asset == self.asset.code)
        return self.asset.format(found.available)


def joined(client: "Client", name: str, deposit: str, limits: Limits) -> Trader:
    """Register a person with an agent, its authority and its money, all in the operator's name."""
    asset = client.ask(ask.GetMarket()).rules.assets[0]
    person = RegisterPrincipal(PublicText(name))
    principal = client.submit(person).events[0].principal
    agent = client.submit(RegisterAgent(principal, PublicText(name))).events[0].agent
    client.submit(GrantMandate(agent, SecretLimits(limits)))
    amount = asset.parse(deposit)
    if amount.units:
        client.submit(ReportDeposit(principal, amount))
    secret = ""
    if not client.is_local:
        made = bearer_secret()
        client.submit(AddKey(agent, "bearer", made.material))
        secret = made.secret
    return Trader(client.speaking_as(agent, secret), principal, agent, asset)


def _first(answer: Answer, kind: type, field: str) -> str:
    found = (getattr(event, field) for event in answer.events if isinstance(event, kind))
    return next(found, "")
