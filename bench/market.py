"""The haggling mix, seven commands a deal: an offer, three counters, accept, deliver, confirm."""

import random
from collections import deque
from typing import Any

from souq.core.contract import AcceptDelivery, SubmitDelivery
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer, OfferMade
from souq.core.mechanisms.moves import Accept, Item
from souq.core.money import Money
from souq.core.negotiation import AgreementReached
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Answer, Engine, Pending

AGENTS = 200
DOLLAR = 1_000_000


def open_market(engine: Engine, agents: int = AGENTS) -> None:
    """Open a market whose agents all have money, a mandate with caps, and stock."""
    commands: list[tuple[str, Any]] = [(OPERATOR, OpenMarket(Rules(fee_bps=100)))]
    limits = Limits(per_deal_units=10**12, window_units=10**15, lifetime_units=10**15)
    for n in range(1, agents + 1):
        commands += [
            (OPERATOR, RegisterPrincipal(PublicText(f"person {n}"))),
            (f"P{n}", RegisterAgent(f"P{n}", PublicText(f"agent {n}"))),
            (f"P{n}", GrantMandate(f"A{n}", SecretLimits(limits))),
            (OPERATOR, ReportDeposit(f"P{n}", Money(10**12, "USD"))),
            (
                f"A{n}",
                PostListing(PublicText("lamp"), "home", Money(10 * DOLLAR, "USD"), quantity=10**8),
            ),
        ]
    for n, (actor, command) in enumerate(commands):
        engine.submit(actor, f"open-{n}", command).need()


class Mix:
    """Drives deals through an engine, with so many commands in flight at most."""

    def __init__(self, engine: Engine, in_flight: int, agents: int = AGENTS) -> None:
        self._engine = engine
        self._in_flight = in_flight
        self._agents = agents
        self._waiting: deque[Pending] = deque()
        self._rng = random.Random(1)
        self._run = 0
        self.sent = 0

    def send(self, commands: int) -> None:
        """Send at least so many commands and wait until the last is durable."""
        self._run += 1
        until = self.sent + commands
        while self.sent < until:
            self._deal()
        while self._waiting:
            self._waiting.popleft().result().need()

    def open_only(self, negotiations: int) -> None:
        """Open negotiations and leave them open."""
        for _ in range(negotiations):
            buyer, seller = self._rng.sample(range(1, self._agents + 1), 2)
            self._send(f"A{buyer}", MakeOffer((Item(f"L{seller}"),), Money(5 * DOLLAR, "USD")))
        while self._waiting:
            self._waiting.popleft().result().need()

    def _deal(self) -> None:
        buyer, seller = self._rng.sample(range(1, self._agents + 1), 2)
        b, s = f"A{buyer}", f"A{seller}"
        made = _find(self._send(b, MakeOffer((Item(f"L{seller}"),), _usd(5))), OfferMade)
        self._send(s, Counter(made.negotiation, _usd(9)))
        self._send(b, Counter(made.negotiation, _usd(6)))
        last = _find(self._send(s, Counter(made.negotiation, _usd(8))), OfferMade)
        agreed = _find(self._send(b, Accept(made.negotiation, last.terms)), AgreementReached)
        self._send(s, SubmitDelivery(agreed.contract))
        self._send(b, AcceptDelivery(agreed.contract))

    def _send(self, actor: str, command: Any) -> Answer:
        self.sent += 1
        pending = self._engine.submit_soon(actor, f"c{self._run}-{self.sent}", command)
        self._waiting.append(pending)
        if len(self._waiting) >= self._in_flight:
            self._waiting.popleft().result().need()
        # Driver and market share a process, so the driver may look before the disk has answered.
        return pending.judged


def _usd(dollars: int) -> Money:
    return Money(dollars * DOLLAR, "USD")


def _find(answer: Answer, kind: type) -> Any:
    return next(event for event in answer.events if isinstance(event, kind))
