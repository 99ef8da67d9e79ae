"""The orchestrator: splits a goal, lends parts of its mandate, hires, has work tested, and pays.

For each piece a buying agent of its own calls for proposals, and hires whoever is cheapest and has
not failed it yet. What is delivered passes the hidden tests in the sandbox, or the money comes back
and the work is called for again.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from souq.arbiters.watcher import Watcher
from souq.core.conditions import Conditions
from souq.core.delegation import DelegateMandate
from souq.core.dispute import AddEvidence
from souq.core.jury import JoinJury
from souq.core.listing import PostListing
from souq.core.mandate import Limits, SecretLimits
from souq.core.mechanisms.call_for_proposals.records import CallForProposals
from souq.core.money import USD, Money
from souq.core.policy.pace import Occurrences
from souq.core.procedure import Procedure
from souq.core.rules import HOUR_US, Rules
from souq.core.seal import PublicText
from souq.journal.store import Store
from souq.lab.hiring import people
from souq.lab.hiring.goal import EXAMPLES, Goal, Piece, criterion, goal
from souq.lab.hiring.house import House, Seat
from souq.lab.hiring.people import CENT, DOLLAR, Contractor, Job, Script
from souq.lab.hiring.telling import GOAL, MARKET, Told
from souq.lab.population import generator
from souq.operations import queries as ask
from souq.verifiers import sandbox, suites
from souq.verifiers.verifier import Shelf

BUDGET_UNITS = 60 * DOLLAR
FEE_BPS = 200
DEALS_MAX = 12
CALL_US = HOUR_US
ARBITER = "A1"  # the house's, whose word alone takes of a bond; it is the first to come
PROCEDURE = Procedure(
    arbiter_below_units=20
    * DOLLAR,  # the arbiter alone judges what is smaller, and three on appeal
    filing_bps=1_000,
    seat_units=5 * DOLLAR,
    loss_bps=4_000,
)
JURORS = ("Jan", "Jin", "Joy", "Jules", "Jun")
# What the contractors ask, in cents: drawn between these.
PRICES = {
    "Cato": (500, 700),
    "Fay": (800, 1_000),
    "Gus": (1_100, 1_400),
    "Tess": (900, 1_100),
    "Theo": (1_200, 1_500),
    "Dora": (500, 600),
    "Dirk": (700, 900),
}


class Unheld(Exception):
    """This machine cannot hold strangers' programs, so nobody can be hired to write one."""

    def __init__(self) -> None:
        super().__init__(
            "this machine allows no namespaces (user, network, process), so strangers' programs "
            "cannot be held in the sandbox; run it where `unshare -rn true` works"
        )


def run_services(
    store: Store,
    shelf: Path,
    *,
    seed: int,
    budget_units: int = BUDGET_UNITS,
    more: tuple[Script, ...] = (),
) -> House:
    """Run it all into `store`; artefacts and tests lie in the folder `shelf`. Close its venue.

    `more` are contractors beside those that come with it. Raises Unheld before anything happens.
    """
    need_sandbox()
    house = House(store, seed, Rules(name=MARKET, fee_bps=FEE_BPS, arbiter=ARBITER))
    try:
        orchestra = _Orchestra(house, goal(seed, budget_units), Shelf(shelf), seed, more)
        orchestra.play()
    except BaseException:
        house.venue.close()  # what was recorded so far stays readable
        raise
    return house


def need_sandbox(strength: Callable[[], str] = sandbox.strength) -> None:
    """Raise Unheld where this machine could not hold what the contractors deliver."""
    if strength() != "namespaces":
        raise Unheld


class _Hired(Struct, frozen=True):
    contract: str
    contractor: Contractor


class _Orchestra:
    """Everybody, and the orchestrator's plan."""

    def __init__(
        self, house: House, goal: Goal, shelf: Shelf, seed: int, more: tuple[Script, ...]
    ) -> None:
        self._house = house
        self._goal = goal
        self._shelf = shelf
        self._library = b""
        judge = house.join("Arne", money_units=20 * DOLLAR, bond_units=10 * DOLLAR)
        assert judge.agents == (ARBITER,), "the house's arbiter comes first"
        self._arbiter = people.Arbiter(Seat(house, ARBITER), shelf, EXAMPLES)
        names = ("Ada's orchestrator", *(f"Ada's buyer of {one.name}" for one in goal.pieces))
        self._ada = house.join("Ada", *names, money_units=goal.budget_units)
        self._contractors = [
            _contractor(house, one, shelf) for one in (*people.cast(_prices(seed)), *more)
        ]
        prompt = people.Checker(house, house.join("Vera", money_units=0), shelf, seed)
        slow = people.SlowChecker(house, house.join("Vito", money_units=0), shelf, seed)
        self._checkers: dict[str, people.Checker | people.SlowChecker] = {
            "code": prompt,
            "tests": slow,
            "installed": prompt,
        }
        self._jurors = _jury(house, shelf)
        titles = tuple(one.title for one in goal.pieces)
        told = Told(self._ada.principal, goal.words, titles, goal.budget_units, seed)
        house.note(GOAL, msgspec.json.encode(told))
        house.turn_epoch()

    def play(self) -> None:
        """Lend out the mandate in parts, and have each piece done, one after the other."""
        goal, ada = self._goal, self._ada
        self._house.lend(ada, _mandate(goal))
        buyers = dict(zip((one.name for one in goal.pieces), ada.agents[1:], strict=True))
        orchestrator = Seat(self._house, ada.agents[0])
        for piece in goal.pieces:
            part = SecretLimits(_part(goal, piece))
            orchestrator.submit(DelegateMandate(buyers[piece.name], part))
        # Committed to before anybody is hired: the tests lie on the shelf, their digests in wants.
        tests = {one.name: self._shelf.put(suites.written(one.exam)[0]) for one in goal.pieces}
        for piece in goal.pieces:
            buyer = Seat(self._house, buyers[piece.name])
            if not self._get_done(piece, buyer, tests[piece.name]):
                return  # what comes after it builds on it

    def _get_done(self, piece: Piece, buyer: Seat, tests: str) -> bool:
        """Hire one after the other until the work passes; tell whether it did."""
        left = [one for one in self._contractors if one.script.trade == piece.category]
        job = Job(piece.words, self._goal.share(piece), self._library)
        while left:
            hired = self._hire(piece, buyer, tests, job, left)
            if hired is None:
                return False
            hired.contractor.work(hired.contract, job)
            self._checkers[piece.name].work(hired.contract)
            if self._is_open(buyer, hired.contract):
                self._settle(hired, buyer, tests)
            if self._is_paid(buyer, hired.contract):
                self._keep(piece, buyer, hired)
                return True
            left.remove(hired.contractor)  # nobody fails the same work twice
        return False

    def _hire(
        self, piece: Piece, buyer: Seat, tests: str, job: Job, left: list[Contractor]
    ) -> _Hired | None:
        """Call for proposals, and give who won; the cheapest does."""
        listing = buyer.submit(self._want(piece, tests)).events[0].listing.id
        budget = Money(job.budget_units, USD.code)
        said = buyer.submit(CallForProposals(listing, budget, CALL_US, scoring="first_score"))
        call = said.events[0].negotiation
        for one in left:
            one.propose(call, job)
        self._house.advance(CALL_US)
        for contract in buyer.ask(ask.ListContracts()).contracts:
            if contract.negotiation == call:
                won = next(one for one in left if one.actor in contract.parties)
                return _Hired(contract.id, won)
        return None

    def _want(self, piece: Piece, tests: str) -> PostListing:
        conditions = Conditions(
            deliver_us=12 * HOUR_US,
            inspect_us=6 * HOUR_US,
            criteria=(criterion(tests),),
            verifier=self._checkers[piece.name].agent,
            procedure=PROCEDURE,
        )
        return PostListing(
            PublicText(piece.title),
            piece.category,
            side="want",
            subject="service",
            description=PublicText(piece.words),
            delivery="digital",
            mechanisms=("call_for_proposals",),
            conditions=conditions,
        )

    def _settle(self, hired: _Hired, buyer: Seat, tests: str) -> None:
        """Go through with a failure: silence gives the money back, and a contest is judged."""
        contractor, contract = hired.contractor, hired.contract
        if not contractor.script.contests:
            self._house.advance(6 * HOUR_US)
            return
        contractor.contest(contract)
        buyer.submit(AddEvidence(contract, (tests,)))
        self._house.advance(PROCEDURE.evidence_us)
        self._arbiter.turn()
        if not contractor.script.appeals:
            self._house.advance(PROCEDURE.appeal_us)
            return
        contractor.appeal(contract)
        self._house.turn_epoch()
        for _ in ("commit", "reveal"):
            for juror in self._jurors:
                juror.turn()

    def _is_open(self, buyer: Seat, contract: str) -> bool:
        return any(one.id == contract for one in buyer.ask(ask.ListContracts()).contracts)

    def _is_paid(self, buyer: Seat, contract: str) -> bool:
        found = buyer.ask(ask.GetContract(contract))
        return found.state == "fulfilled" or (found.state == "ruled" and not found.payer_bps)

    def _keep(self, piece: Piece, buyer: Seat, hired: _Hired) -> None:
        """Keep the library for those who build on it."""
        if piece.name == "code":
            self._library = self._shelf.find(hired.contractor.made) or b""


def _contractor(house: House, script: Script, shelf: Shelf) -> Contractor:
    party = house.join(script.name, money_units=20 * DOLLAR, bond_units=10 * DOLLAR)
    house.lend(party, Limits())
    return Contractor(script, Seat(house, party.agents[0]), shelf)


def _jury(house: House, shelf: Shelf) -> tuple[Watcher, ...]:
    parties = tuple(
        house.join(name, money_units=10 * DOLLAR, bond_units=10 * DOLLAR) for name in JURORS
    )
    for one in parties:
        house.submit(one.principal, JoinJury(one.agents[0]))
    return people.jurors(house, parties, shelf)


def _mandate(goal: Goal) -> Limits:
    """All that the orchestrator may do: services alone, so much, in so many deals."""
    most = max(goal.share(one) for one in goal.pieces)
    return Limits(
        per_deal_units=most,
        lifetime_units=goal.budget_units,
        categories=("services",),
        approval_above_units=most,
        guardrails=(Occurrences(DEALS_MAX),),
    )


def _part(goal: Goal, piece: Piece) -> Limits:
    share = goal.share(piece)
    return Limits(
        per_deal_units=share,
        lifetime_units=share,
        categories=(piece.category,),
        approval_above_units=share,
    )


def _prices(seed: int) -> dict[str, int]:
    rng = generator(seed, "prices")
    return {name: CENT * 10 * rng.randint(a // 10, b // 10) for name, (a, b) in PRICES.items()}
