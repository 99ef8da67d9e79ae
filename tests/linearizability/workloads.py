"""What clients do at once: each workload furnishes a market and lets clients contend for it.

Whatever one client opens, any client may end, and some ends are tried twice: so clients meet at
the same contract as well as at the same wallet.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Protocol, TypeVar

from souq.core.contract import AcceptDelivery, CancelContract, SubmitDelivery
from souq.core.funds import ReportDeposit, ReportPayout
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import moves
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.engine import Answer
from souq.operations.queries import GetBalance, GetListing, GetMandate
from tests.linearizability import models
from tests.linearizability.checker import Model, Operation
from tests.linearizability.doors import Door, Lost, Query
from tests.linearizability.models import Done, No, Seen

PRICE = 10  # units a piece; every amount is a multiple of it
RICH = 10**12
UNKNOWN_MAX = 8  # operations of a history of which nobody learns what became of them
SERVICE = {"category": "home", "subject": "service", "delivery": "digital"}
T = TypeVar("T")


class Hall:
    """A door, with a clock by which every call and return is written down."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clock = itertools.count()  # one step is one tick: `next` cannot be interrupted
        self._ids = itertools.count()
        self._unknown = itertools.count()
        self.history: list[Operation] = []

    def person(self, limits: Limits | None = None, units: int = 0) -> tuple[str, str]:
        """Register a principal with an agent that may do as `limits` say; give both ids."""
        principal = self.did(OPERATOR, RegisterPrincipal(PublicText("p"))).events[0].principal
        agent = self.did(OPERATOR, RegisterAgent(principal, PublicText("a"))).events[0].agent
        self.did(OPERATOR, GrantMandate(agent, SecretLimits(limits or Limits())))
        if units:
            self.did(OPERATOR, ReportDeposit(principal, Money(units, "USD")))
        self._door.let_speak(agent)
        return principal, agent

    def did(self, actor: str, command: Any) -> Answer:
        """Do what is no part of the history, and must succeed."""
        return self.settled(actor, command).need()

    def settled(self, actor: str, command: Any) -> Answer:
        """Do what is no part of the history, until it has its answer."""
        id = self._new_id()
        while True:
            try:
                return self._door.submit(actor, id, command)
            except Lost:
                continue

    def ask(
        self, random: Random, action: Any, actor: str, command: Any, made: str = ""
    ) -> Answer | None:
        """Do an action; `made` is the field of an event that names what it began.

        Where the answer is lost, some clients try again with the same id, and some never learn: no
        more than UNKNOWN_MAX, as each may double the time that an order takes to be found.
        """
        id = self._new_id()

        def send() -> Answer:
            while True:
                try:
                    return self._door.submit(actor, id, command)
                except Lost:
                    if random.random() < 0.3 and next(self._unknown) < UNKNOWN_MAX:
                        raise

        return self._noted(action, send, lambda answer: _told(answer, made))

    def look(self, action: Any, query: Query) -> None:
        """Read something."""
        self._noted(action, lambda: self._door.read(query), Seen)

    def _noted(self, action: Any, call: Callable[[], T], told: Callable[[T], Any]) -> T | None:
        called = next(self._clock)
        try:
            found = call()
        except Lost:
            self.history.append(Operation(action, None, called, None))
            return None
        returned = next(self._clock)
        self.history.append(Operation(action, told(found), called, returned))
        return found

    def _new_id(self) -> str:
        return f"id-{next(self._ids)}"


class Workload(Protocol):
    """A furnished market: what one client does next, and the model that judges the answers."""

    model: Model

    def __init__(self, hall: Hall) -> None:
        """Furnish the market."""

    def act(self, random: Random) -> None:
        """Do one thing of the history."""


class Paying:
    """Wallets that pay each other by escrow, while money comes and goes."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._people = [hall.person() for _ in range(3)]
        self._shops = [_posted(hall, agent) for _, agent in self._people]
        self._ends: deque[models.Capture | models.Release] = deque()
        self.model: Model = models.Balances(len(self._people))

    def act(self, random: Random) -> None:
        who, other = random.sample(range(len(self._people)), 2)
        units = PRICE * random.randint(1, 40)
        principal, agent = self._people[who]
        chance = random.random()
        if chance < 0.35:
            self._hall.look(models.ReadBalance(who), GetBalance(principal))
        elif chance < 0.46:
            command: Any = ReportDeposit(principal, Money(units, "USD"))
            self._hall.ask(random, models.Deposit(who, units), OPERATOR, command)
        elif chance < 0.62:
            command = ReportPayout(principal, Money(units, "USD"))
            self._hall.ask(random, models.CashOut(who, units), OPERATOR, command)
        elif chance < 0.80 or not (end := _popped(self._ends)):
            hold = models.Hold(who, other, units)
            command = TakePrice(self._shops[other], Money(PRICE, "USD"), units // PRICE)
            answer = self._hall.ask(random, hold, agent, command, "contract")
            if answer is not None and answer.refusal is None:
                id = _id_in(answer, "contract")
                kind = random.choice((models.Capture, models.Release))
                self._ends.extend([kind(id, hold)] * random.randint(1, 2))
        else:
            self._end(random, end)

    def _end(self, random: Random, end: models.Capture | models.Release) -> None:
        payer, payee = (self._people[n][1] for n in (end.hold.payer, end.hold.payee))
        if isinstance(end, models.Release):
            self._hall.ask(random, end, payee, CancelContract(end.contract))
        else:
            self._hall.settled(payee, SubmitDelivery(end.contract))
            self._hall.ask(random, end, payer, AcceptDelivery(end.contract))


class Spending:
    """Clients that share agents, and with them a cap."""

    cap = PRICE * 100

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        limits = Limits(lifetime_units=self.cap)
        self._agents = [hall.person(limits, RICH)[1] for _ in range(2)]
        _, self._seller = hall.person()
        self._shop = _posted(hall, self._seller)
        self._ends: deque[Callable[[Random], None]] = deque()
        self.model: Model = models.Budgets(self.cap)

    def act(self, random: Random) -> None:
        who = random.randrange(len(self._agents))
        agent, units = self._agents[who], PRICE * random.randint(1, 60)
        chance = random.random()
        if chance < 0.30:
            self._hall.look(models.ReadBudget(who), GetMandate(agent))
        elif chance < 0.40:
            command = TakePrice(self._shop, price=Money(PRICE, "USD"), quantity=units // PRICE)
            buy = models.Buy(who, units)
            self._agreed(self._hall.ask(random, buy, agent, command, "contract"), buy)
        elif chance < 0.60 or not (end := _popped(self._ends)):
            make = MakeOffer((moves.Item(self._shop),), Money(units, "USD"))
            offer = models.Offer(who, units)
            answer = self._hall.ask(random, offer, agent, make, "negotiation")
            if answer is not None and answer.refusal is None:
                self._offered(random, offer, answer)
        else:
            end(random)

    def _offered(self, random: Random, offer: models.Offer, answer: Answer) -> None:
        """Leave it to two clients to end an offer, perhaps one each way."""
        id, terms = _id_in(answer, "negotiation"), _id_in(answer, "terms")

        def withdraw(random: Random) -> None:
            action = models.Withdraw(offer.agent, id, offer.units)
            self._hall.ask(random, action, self._agents[offer.agent], moves.Withdraw(id))

        def agree(random: Random) -> None:
            action = models.Agree(offer.agent, id, offer.units)
            accept = moves.Accept(id, terms)
            self._agreed(self._hall.ask(random, action, self._seller, accept, "contract"), offer)

        self._ends.extend(random.sample((withdraw, agree), random.randint(1, 2)))

    def _agreed(self, answer: Answer | None, what: models.Offer | models.Buy) -> None:
        """Leave it to another client to cancel a deal, so that the budget is never used up."""
        if answer is None or answer.refusal is not None:
            return
        action = models.CallOff(what.agent, _id_in(answer, "contract"), what.units)
        cancel = CancelContract(action.contract)

        def call_off(random: Random) -> None:
            self._hall.ask(random, action, self._seller, cancel)

        self._ends.append(call_off)


class Taking:
    """Single pieces, each wanted by everybody; the next comes up when one is gone."""

    shelf = 3  # pieces up at a time

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._buyers = [hall.person(units=RICH)[1] for _ in range(4)]
        _, self._seller = hall.person()
        self._shelf = [self._new_piece() for _ in range(self.shelf)]
        self._over: list[str] = []
        self._ends: deque[tuple[models.GiveBack | models.Keep, str]] = deque()
        self.model: Model = models.Pieces()

    def act(self, random: Random) -> None:
        is_late = self._over and random.random() < 0.1
        listing = random.choice(self._over if is_late else self._shelf)
        chance = random.random()
        if chance < 0.25:
            self._hall.look(models.ReadStock(listing), GetListing(listing))
        elif chance < 0.80 or not (end := _popped(self._ends)):
            buyer = random.choice(self._buyers)
            command = TakePrice(listing, Money(PRICE, "USD"))
            answer = self._hall.ask(random, models.Take(listing), buyer, command, "contract")
            if answer is not None and answer.refusal is None:
                contract = _id_in(answer, "contract")
                kind = models.GiveBack if random.random() < 0.8 else models.Keep
                self._ends.extend([(kind(listing, contract), buyer)] * random.randint(1, 2))
            elif answer is None:
                self._replace(listing)  # perhaps somebody has it who will never know
        else:
            self._end(random, *end)

    def _end(self, random: Random, end: models.GiveBack | models.Keep, buyer: str) -> None:
        if isinstance(end, models.GiveBack):
            self._hall.ask(random, end, self._seller, CancelContract(end.contract))
        else:
            self._hall.settled(self._seller, SubmitDelivery(end.contract))
            answer = self._hall.ask(random, end, buyer, AcceptDelivery(end.contract))
            if answer is None or answer.refusal is None:
                self._replace(end.listing)

    def _replace(self, listing: str) -> None:
        piece = self._new_piece()
        self._over.append(listing)
        self._shelf[:] = [piece if one == listing else one for one in self._shelf]

    def _new_piece(self) -> str:
        return _posted(self._hall, self._seller, quantity=1, subject="goods")


WORKLOADS: dict[str, type[Workload]] = {
    "balances": Paying,
    "budgets": Spending,
    "single pieces": Taking,
}


def run(hall: Hall, workload: Workload, *, seed: int, clients: int, each: int) -> list[Operation]:
    """Let clients act at once, each in a thread, and give the history in order of its calls."""
    failures: list[BaseException] = []
    ready = threading.Barrier(clients)

    def client(n: int) -> None:
        random = Random(f"{seed}/{n}")
        try:
            ready.wait()
            for _ in range(each):
                workload.act(random)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sorted(hall.history, key=lambda operation: operation.called)


def _posted(hall: Hall, agent: str, **more: Any) -> str:
    """Post something at PRICE a piece; give the listing's id."""
    fields = {**SERVICE, "quantity": 10**9, **more}
    post = PostListing(title=PublicText("thing"), price=Money(PRICE, "USD"), **fields)
    listing: str = hall.did(agent, post).events[0].listing.id
    return listing


def _told(answer: Answer, made: str) -> Done | No:
    if answer.refusal is not None:
        return No(answer.refusal.reason, tuple(sorted(answer.refusal.facts.items())))
    return Done(_id_in(answer, made) if made else "")


def _id_in(answer: Answer, field: str) -> str:
    return next(getattr(event, field) for event in answer.events if hasattr(event, field))


def _popped(ends: deque[T]) -> T | None:
    try:
        return ends.popleft()
    except IndexError:
        return None
