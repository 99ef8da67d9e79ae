"""Who works, verifies and judges: scripted, and each of its own principal.

A contractor is a script and a seat: what it asks, how it makes its work, and whether it gives in
when it is told that the work is bad. To put your own in, write a script whose `make` gives bytes.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from souq.arbiters.watcher import Opinion, Watcher
from souq.core.acceptance import Contest, ReportVerification
from souq.core.agreement import cash_paid
from souq.core.contract import SubmitDelivery
from souq.core.dispute import AnswerDispute, AppealVerdict, Rule
from souq.core.mechanisms.call_for_proposals.records import SendProposal
from souq.core.money import BPS, USD, Money
from souq.core.seal import PartyText, canonical
from souq.lab.hiring.house import House, Party, Seat
from souq.lab.hiring.works import packed, source
from souq.operations.delivery_queries import GetDelivery
from souq.operations.dispute_queries import Dispute, ListDisputes
from souq.verifiers import suites
from souq.verifiers.sandbox import Limits, unpacked
from souq.verifiers.verifier import ZIP, Means, Shelf, Verifier, check

CENT = 10_000
DOLLAR = 100 * CENT
FINE_BPS = 5_000  # of the price, for an attempt to deceive
TOO_SOON = Limits(wall_s=0.001)  # so little time that nothing can start in it


class Job(Struct, frozen=True):
    """What a contractor is given: what was published of the task, and what it is to build on."""

    words: str
    budget_units: int
    library: bytes = b""


class Script(Struct, frozen=True):
    """What one contractor does; `trade` is the category of work that it proposes for."""

    name: str
    trade: str
    price_units: int
    make: Callable[[Job], bytes]
    contests: bool = False
    appeals: bool = False


def cast(prices: Mapping[str, int]) -> tuple[Script, ...]:
    """Give the contractors that there are, each at its price."""

    def made(name: str) -> Callable[[Job], bytes]:
        return lambda job: source(name)

    def install(job: Job) -> bytes:
        return packed(job.library)

    return (
        Script("Cato", "services/code", prices["Cato"], made("lookup"), contests=True),
        Script("Fay", "services/code", prices["Fay"], made("hasty")),
        Script("Gus", "services/code", prices["Gus"], made("solid")),
        Script(
            "Tess", "services/tests", prices["Tess"], made("checks"), contests=True, appeals=True
        ),
        Script("Theo", "services/tests", prices["Theo"], made("checks")),
        Script("Dora", "services/deployment", prices["Dora"], install),
        Script("Dirk", "services/deployment", prices["Dirk"], install),
    )


class Contractor:
    """Proposes for the work of its trade, does it, and stands by it as far as its script says."""

    def __init__(self, script: Script, seat: Seat, shelf: Shelf) -> None:
        self.script = script
        self.actor = seat.actor
        self._seat = seat
        self._shelf = shelf
        self.made = ""

    def propose(self, call: str, job: Job) -> None:
        """Name a price, where the budget leaves room for it."""
        if self.script.price_units <= job.budget_units:
            price = Money(self.script.price_units, USD.code)
            self._seat.submit(SendProposal(call, price))

    def work(self, contract: str, job: Job) -> None:
        """Make what was asked for, hand it over, and say so."""
        self.made = self._shelf.put(self.script.make(job))
        self._seat.submit(SubmitDelivery(contract, self.made))

    def contest(self, contract: str) -> None:
        """Say that the report of failure is wrong, and bring the work as evidence."""
        self._seat.submit(Contest(contract))
        words = PartyText("It does what was asked for.")
        self._seat.submit(AnswerDispute(contract, answer=words, evidence=(self.made,)))

    def appeal(self, contract: str) -> None:
        """Have a panel judge again what one arbiter decided."""
        self._seat.submit(AppealVerdict(contract))


class Checker:
    """A verifier: it runs what was delivered, twice, and reports."""

    def __init__(self, house: House, party: Party, shelf: Shelf, seed: int) -> None:
        self.agent = party.agents[0]
        self._shelf = shelf
        self._verifier = Verifier(house.venue, self.agent, shelf, _means(seed))

    def work(self, contract: str) -> None:
        """Check all that waits, and lay open what was found."""
        self._verifier.work()
        for report in self._verifier.reports.values():
            self._shelf.put(canonical.encode(report))


class SlowChecker:
    """A verifier on a machine so slow that nothing ends in time: it fails whatever it is given."""

    def __init__(self, house: House, party: Party, shelf: Shelf, seed: int) -> None:
        self.agent = party.agents[0]
        self._seat = Seat(house, self.agent)
        self._shelf = shelf
        self._means = _means(seed)

    def work(self, contract: str) -> None:
        """Check one delivery in far too little time, and believe the result."""
        delivery = self._seat.ask(GetDelivery(contract))
        report = check(delivery, self._shelf, self._means, TOO_SOON)
        self._shelf.put(canonical.encode(report))
        self._seat.submit(ReportVerification(contract, report.passed, report.digest, {}))


class Arbiter:
    """Goes by the verifier's report, and fines whoever delivered the published answers themselves.

    Cheap and quick; where the verifier was wrong, so is it. That is what an appeal is for.
    """

    def __init__(self, seat: Seat, shelf: Shelf, examples: Mapping[str, str]) -> None:
        self._seat = seat
        self._shelf = shelf
        self._examples = examples

    def turn(self) -> None:
        """Rule on all that waits."""
        for case in self._seat.ask(ListDisputes(mine_to_judge=True)).disputes:
            fine = cash_paid(case.legs) * FINE_BPS // BPS if self._is_learnt(case) else 0
            self._seat.submit(Rule(case.contract, BPS, forfeit_units=fine))

    def _is_learnt(self, case: Dispute) -> bool:
        works = [self._shelf.find(one.digest) for one in case.evidence if one.by != case.claimant]
        answers = [slug.encode() for slug in self._examples.values()]
        return any(work and all(one in work for one in answers) for work in works)


def jurors(house: House, parties: tuple[Party, ...], shelf: Shelf) -> tuple[Watcher, ...]:
    """Give the jurors, who all look for themselves: each runs the tests on what was delivered."""
    return tuple(
        Watcher(Seat(house, one.agents[0]), _looking(shelf), _secret_of(one)) for one in parties
    )


def _looking(shelf: Shelf) -> Opinion:
    @cache
    def passes(work: str, tests: str) -> bool:
        content, exam = shelf.find(work), shelf.find(tests)
        if content is None or exam is None:
            return False
        files = unpacked(content) if content.startswith(ZIP) else {"main.py": content}
        return suites.judge(files, suites.read(exam), Limits()).passed

    def opinion(case: Dispute) -> int:
        # Whoever claims that the work is bad brings the tests, whoever did it the work.
        tests = [one.digest for one in case.evidence if one.by == case.claimant]
        works = [one.digest for one in case.evidence if one.by != case.claimant]
        is_good = bool(tests and works) and all(passes(work, tests[0]) for work in works)
        return 0 if is_good else BPS

    return opinion


def _secret_of(party: Party) -> bytes:
    return hashlib.sha256(party.principal.encode()).digest()


def _means(seed: int) -> Means:
    # Seeds stand in the reports' digests, so that they must follow from the run's own.
    said = {f"C{n}": hashlib.sha256(f"{seed} C{n}".encode()).hexdigest() for n in range(1, 100)}
    return Means(seeds=said)
