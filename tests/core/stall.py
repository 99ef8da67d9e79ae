"""A small market stall for the tests of the core: bea buys, sol sells, dan joins, eve looks on."""

from random import Random
from typing import Any

from souq.core import market
from souq.core.funds import ReportDeposit
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, SECOND_US, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.state import State
from souq.engine import Answer, Engine
from souq.journal.memory import MemoryStore
from souq.journal.sealing import seal

START = 1_750_000_000_000_000
BEA, SOL, DAN, EVE = "A1", "A2", "A3", "A4"  # and P1 to P4 stand behind them
DEPOSIT = 100_000
ALL = ("alternating_offers", "posted_price", "swap")


def usd(units: int) -> Money:
    return Money(units, "USD")


class Stall:
    """An engine with a clock that a test moves."""

    def __init__(self, rules: Rules | None = Rules(), *, deposit: int = DEPOSIT) -> None:  # noqa: B008
        chance = Random(5)
        self.salts = lambda: chance.randbytes(16)
        self.now = START
        self.count = 0
        self.engine = Engine(MemoryStore(), clock=lambda: self.now, salts=self.salts)
        if rules is None:
            return
        self.do(OPERATOR, OpenMarket(rules))
        self.furnish(deposit)

    def furnish(self, deposit: int = DEPOSIT) -> None:
        """Let the four people in, each with an agent that may do anything."""
        for n in range(1, 5):
            self.join(n, deposit)

    def join(self, n: int, deposit: int = DEPOSIT) -> None:
        """Let the next person come, with an agent and money."""
        self.do(OPERATOR, RegisterPrincipal(PublicText(f"person {n}")))
        self.do(OPERATOR, RegisterAgent(f"P{n}", PublicText(f"agent {n}")))
        self.do(OPERATOR, ReportDeposit(f"P{n}", usd(deposit)))
        self.grant(f"A{n}")

    def try_(self, actor: str, command: Any) -> Answer:
        """Send a command a second after the last one."""
        self.now += SECOND_US
        self.count += 1
        return self.engine.submit(actor, f"c{self.count}", command)

    def do(self, actor: str, command: Any) -> Answer:
        """Send a command that must be accepted."""
        return self.try_(actor, command).need()

    def sealed(self, command: Any) -> Any:
        """Give a command as the engine would hand it to the core."""
        return seal(command, self.salts)[0]

    def grant(self, agent: str, **limits: Any) -> None:
        self.do(f"P{agent[1:]}", GrantMandate(agent, SecretLimits(Limits(**limits))))

    def list(self, agent: str, price: int = 500, **more: Any) -> str:
        """List a thing and give its id."""
        options = {"mechanisms": ALL, **more}
        answer = self.do(agent, PostListing(PublicText("a thing"), "home", usd(price), **options))
        return str(answer.events[0].listing.id)

    def offer(self, agent: str, items: tuple[str, ...], units: int, **more: Any) -> tuple[str, str]:
        """Make an offer; give its negotiation and the digest of its terms."""
        offer = MakeOffer(tuple(Item(one) for one in items), usd(units), **more)
        events = self.do(agent, offer).events
        return events[0].negotiation, events[1].terms

    def deal(self, buyer: str, seller: str, items: tuple[str, ...], units: int, **more: Any) -> str:
        """Bring a contract about and give its id."""
        talk, terms = self.offer(buyer, items, units, **more)
        events = self.do(seller, Accept(talk, terms)).events
        return next(str(event.contract) for event in events if hasattr(event, "contract"))


def merged(state: State, *, at: int, actor: str, command: Any) -> State:
    """Give a copy of the state on which a command has been carried out."""
    copy = state.fork()
    market.decide(copy, at=at, actor=actor, command=command).merge()
    return copy


def check_books(state: State) -> None:
    """Add up the raw rows: zero-sum, no wallet below zero, held sums as the holds say."""
    sums: dict[str, int] = {}
    held: dict[str, int] = {}
    incoming: dict[str, int] = {}
    for hold in state.rows(HOLDS).values():
        held[hold.debit] = held.get(hold.debit, 0) + hold.amount
        incoming[hold.credit] = incoming.get(hold.credit, 0) + hold.amount
    for name, account in state.rows(ACCOUNTS).items():
        sums[account.asset] = sums.get(account.asset, 0) + account.posted
        assert account.held == held.get(name, 0), name
        assert account.incoming == incoming.get(name, 0), name
        assert account.posted - account.held >= 0 or name.startswith("world:"), name
    assert set(sums.values()) <= {0}
