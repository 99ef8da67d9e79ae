"""A verifier watches for deliveries that it is to check, checks them, and reports to the market.

    verifier = Verifier(venue, "A7", Shelf(folder))
    verifier.work()                    # checks whatever waits for it, and tells how much that was

What is delivered goes from giver to verifier outside the market, by its digest: a `Shelf` is a
folder for that. A delivery that is not there, or is not what its digest names, fails. What the
verifier itself lacks (a schema, a suite, a service's address) is no fault of the giver's: then it
stays silent, and the takers inspect. `Arbiter` rules on disputes by the same checks.
"""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from souq.core.acceptance import ReportVerification
from souq.core.criteria import Content, Criterion, Encrypted, Probe, Rows, Suite, of_code
from souq.core.dispute import Rule
from souq.core.money import BPS
from souq.core.performance import Artefact
from souq.core.refusal import Refused
from souq.core.seal import canonical
from souq.engine import Answer
from souq.operations import queries as ask
from souq.operations.delivery_queries import Delivery, GetDelivery
from souq.verifiers import probes, suites, tabular
from souq.verifiers.digests import decrypt, sha256
from souq.verifiers.sandbox import Limits, Unsafe, Weak, unpacked
from souq.verifiers.suites import Verdict

ZIP = b"PK\x03\x04"
PAGE = 100


class Market(Protocol):
    """What a verifier asks and tells; a `Venue` is one."""

    def ask(self, actor: str, query: Any) -> Any: ...
    def submit(self, actor: str, id: str, command: Any) -> Answer: ...


class Shelf:
    """Content by its digest, in a folder. What does not keep its digest is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Keep content; give its digest."""
        digest = sha256(content)
        (self._folder / digest).write_bytes(content)
        return digest

    def find(self, digest: str) -> bytes | None:
        """Give content by its digest."""
        path = self._folder / digest
        if not digest.isalnum() or not path.is_file():
            return None
        content = path.read_bytes()
        return content if sha256(content) == digest else None


class Means(Struct, frozen=True):
    """What a verifier has beside the delivery: addresses, seeds, and checks for sampled rows."""

    urls: Mapping[str, str] = {}  # by contract, of the service it is about
    seeds: Mapping[str, str] = {}  # by contract, what its taker committed to
    checks: Mapping[str, Callable[[Any], bool]] = {}
    may_be_weak: bool = False


class Finding(Struct, frozen=True):
    """What one criterion came to."""

    criterion: str
    passed: bool
    why: str


class Report(Struct, frozen=True):
    """What a check found, and with what it drew its sample; `measured` goes to the market."""

    contract: str
    passed: bool
    findings: tuple[Finding, ...]
    seed: str
    measured: dict[str, int]

    @property
    def digest(self) -> str:
        """Give the digest that stands in the market's journal."""
        return sha256(canonical.encode(self))


class Lacking(Exception):
    """The verifier itself lacks what it would check by."""


def check(delivery: Delivery, shelf: Shelf, means: Means, limits: Limits | None = None) -> Report:
    """Check a delivery by all its criteria. Raises Lacking."""
    findings: list[Finding] = []
    measured: dict[str, int] = {}
    seed = means.seeds.get(delivery.contract) or secrets.token_hex(32)
    # A service leaves nothing to look at; it is called all the same.
    artefacts = tuple(delivery.artefacts.values()) or (Artefact(),)
    for artefact in artefacts:
        content = _content(delivery, artefact, shelf, findings)
        for one in delivery.conditions.criteria:
            match one:
                case Probe():
                    verdict, found = _probe(delivery, one, means)
                    share = BPS - found.share_bps
                    measured |= {"latency_ms": found.latency_ms, "missed_bps": share}
                case Rows() | Suite() if content is not None:
                    verdict = _judge(delivery, one, artefact, content, shelf, means, limits, seed)
                case _:
                    continue
            findings.append(Finding(type(one).__name__.lower(), verdict.passed, verdict.why))
    passed = bool(findings) and all(one.passed for one in findings)
    return Report(delivery.contract, passed, tuple(findings), seed, measured)


def _content(
    delivery: Delivery, artefact: Artefact, shelf: Shelf, findings: list[Finding]
) -> bytes | None:
    """Give what was delivered, opened; note what is wrong with it."""
    asked = delivery.conditions.criteria
    if all(isinstance(one, Probe) for one in asked):
        return None
    content = shelf.find(artefact.evidence)
    if content is None:
        findings.append(Finding("content", False, "it was not handed over"))
        return None
    findings.append(Finding("content", True, "it is what its digest names"))
    wanted = {one.digest for one in asked if isinstance(one, Content)}
    for one in asked:
        if isinstance(one, Encrypted):
            wanted.add(one.plaintext)
            content = decrypt(content, artefact.key)
            if content is None:
                findings.append(Finding("encrypted", False, "its key does not open it"))
                return None
            if not wanted - {""} <= {sha256(content)}:
                findings.append(Finding("encrypted", False, "it opens to something else"))
                return None
            findings.append(Finding("encrypted", True, "its key opens it"))
    return content


def _judge(
    delivery: Delivery,
    asked: Criterion,
    artefact: Artefact,
    content: bytes,
    shelf: Shelf,
    means: Means,
    limits: Limits | None,
    seed: str,
) -> Verdict:
    if isinstance(asked, Rows):
        if asked.seed and of_code("", seed) != asked.seed:
            raise Lacking("the seed that the taker committed to")
        return _table(delivery, asked, artefact, content, shelf, means, seed)
    assert isinstance(asked, Suite), "the caller has seen to it"
    suite = shelf.find(asked.suite)
    if suite is None:
        raise Lacking("the suite of tests")
    try:
        tests = suites.read(suite)
    except ValueError as error:
        raise Lacking(str(error)) from None
    try:
        files = unpacked(content) if content.startswith(ZIP) else {"main.py": content}
    except Unsafe as unsafe:
        return Verdict(False, str(unsafe))
    bounds = limits or Limits(
        wall_s=float(asked.seconds), cpu_s=asked.seconds, memory_mib=asked.memory_mib
    )
    return suites.judge(files, tests, bounds, may_be_weak=means.may_be_weak)


def _table(
    delivery: Delivery,
    asked: Rows,
    artefact: Artefact,
    content: bytes,
    shelf: Shelf,
    means: Means,
    seed: str,
) -> Verdict:
    schema = shelf.find(asked.schema)
    if schema is None:
        raise Lacking("the schema")
    try:
        return tabular.judge(
            content,
            schema,
            asked,
            seed=seed,
            contract=delivery.contract,
            evidence=artefact.evidence,
            checks=means.checks,
        )
    except tabular.Unable as bad:
        raise Lacking(str(bad)) from None


def _probe(delivery: Delivery, asked: Probe, means: Means) -> tuple[Verdict, probes.Probed]:
    url = means.urls.get(delivery.contract)
    if url is None:
        raise Lacking("the service's address")
    return probes.judge(url, asked)


class Verifier:
    """One agent that verifies; `reports` keeps what it found, by digest."""

    def __init__(self, market: Market, agent: str, shelf: Shelf, means: Means = Means()) -> None:  # noqa: B008
        self._market = market
        self._agent = agent
        self._shelf = shelf
        self._means = means
        self._read = 0
        self._waiting: list[str] = []
        self.reports: dict[str, Report] = {}
        self.lacking: dict[str, str] = {}  # by contract, why it stayed silent

    def work(self) -> int:
        """Check all that waits to be checked by now; tell how many reports that made."""
        self._hear()
        waiting, self._waiting = self._waiting, []
        return sum(self._check(contract) for contract in waiting)

    def _hear(self) -> None:
        asked = ("VerificationAsked",)
        while True:
            query = ask.ListEvents(after=self._read, limit=PAGE, types=asked)
            page = self._market.ask(self._agent, query)
            for record in page.records:
                self._waiting += [
                    event.contract for event in record.events if event.verifier == self._agent
                ]
            if page.last == self._read:
                return
            self._read = page.last

    def _check(self, contract: str) -> bool:
        delivery = _delivery(self._market, self._agent, contract)
        if delivery is None or delivery.state != "delivered":
            return False
        try:
            report = check(delivery, self._shelf, self._means)
        except (Lacking, Weak) as lacking:
            self.lacking[contract] = str(lacking)
            self._waiting.append(contract)  # it may have it next time
            return False
        self.lacking.pop(contract, None)
        self.reports[report.digest] = report
        promised = _promised(self._market, self._agent, contract)
        measured = {name: value for name, value in report.measured.items() if name in promised}
        said = ReportVerification(contract, report.passed, report.digest, measured)
        answer = self._market.submit(self._agent, f"verify-{contract}-{report.digest[:16]}", said)
        return answer.refusal is None


class Arbiter:
    """Rules on disputes about deliveries by checking them again; leaves alone what it cannot."""

    def __init__(self, market: Market, arbiter: str, shelf: Shelf, means: Means = Means()) -> None:  # noqa: B008
        self._market = market
        self._arbiter = arbiter
        self._shelf = shelf
        self._means = means

    def rule(self, contract: str) -> Report | None:
        """Rule on one dispute: for whoever the criteria speak for."""
        delivery = _delivery(self._market, self._arbiter, contract)
        if delivery is None or delivery.state != "disputed" or not delivery.conditions.criteria:
            return None
        try:
            report = check(delivery, self._shelf, self._means)
        except (Lacking, Weak):
            return None
        ruling = Rule(contract, 0 if report.passed else BPS)
        answer = self._market.submit(self._arbiter, f"rule-{contract}", ruling)
        return None if answer.refusal is not None else report


def _delivery(market: Market, actor: str, contract: str) -> Delivery | None:
    try:
        found: Delivery = market.ask(actor, GetDelivery(contract))
    except Refused:  # it has ended meanwhile
        return None
    return found


def _promised(market: Market, actor: str, contract: str) -> set[str]:
    found: ask.Contract = market.ask(actor, ask.GetContract(contract))
    return {promise.attribute for promise in found.promises}
