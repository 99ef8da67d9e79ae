"""What may be asked without changing anything: each query, and the answer it gets.

Query fields are flat, for URLs. Where lists come in pages, `cursor` is empty at the end.
"""

from typing import Literal

from msgspec import Struct

from souq.core.agreement import Leg
from souq.core.conditions import USUAL, Conditions
from souq.core.dispute.record import DisputeRecord
from souq.core.halt import Level
from souq.core.mandate import Limits
from souq.core.money import Money
from souq.core.promise import Promise
from souq.core.rules import Rules
from souq.operations.disclosure import Disclosure
from souq.views.catalogue import Match

LIMIT, LIMIT_MAX = 50, 200


class GetMarket(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give the market's house rules, its clock, and whether it stands still."""


class Market(Struct, frozen=True):
    """A market. `at` is microseconds UTC of its last record, `seq` that record's number."""

    rules: Rules
    halt: Level
    at: int
    seq: int


class WhoAmI(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Tell who one speaks as, by the key one brings."""


class Me(Struct, frozen=True):
    """`kind` is agent, principal, officer, operator or anybody."""

    actor: str
    kind: str
    principal: str
    agents: tuple[str, ...]


class GetAgent(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give what everybody may know of an agent."""

    agent: str


class AgentCard(Struct, frozen=True):
    """`deals` it fulfilled as a seller, `rulings` that took money back from it.

    `model` is what it says it runs on: self-declared by the agent; nobody has checked it.
    `disputes` are those of its principal that were judged.

    Its principal's record: `mean_bps` is how likely the next deal goes well, `evidence_milli` what
    that rests on, in thousandths of a deal, `quantile_bps` what it is ranked by (exceeded with
    95 %). `bond_units` stand as its stake. A newcomer has next to no record.
    """

    id: str
    name: str
    principal: str
    principal_name: str
    deals: int
    rulings: int
    model: str = ""
    disputes: DisputeRecord = DisputeRecord()
    mean_bps: int = 0
    evidence_milli: int = 0
    quantile_bps: int = 0
    bond_units: int = 0
    is_newcomer: bool = True


class GetListing(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a listing that has not ended."""

    listing: str


class ListMatches(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List offers that fit wants, for an agent on either side, oldest first, after a record."""

    agent: str = ""
    after: int = 0
    limit: int = LIMIT


class Matches(Struct, frozen=True):
    matches: tuple[Match, ...]


class Observe(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give all that an agent needs to decide what to do.

    Its money and limits, listings, its open negotiations and contracts, and what was said. By the
    agent, or by its principal with `agent`.
    """

    agent: str = ""


class GetNegotiation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a negotiation, running or ended.

    By its parties and their principals; a run that is open to anybody may be read by anybody.
    """

    negotiation: str


class ListNegotiations(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List an agent's bargains, newest first. What is open to anybody, `list_runs` lists.

    Without `agent`: an agent's own, a principal's of all its agents, for the operator everybody's.
    A page may be short, or empty, where much of what was looked at still goes on.
    """

    agent: str = ""
    is_open: bool = True
    limit: int = LIMIT
    cursor: str = ""


class ListRuns(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the auctions, calls and books that are open to anybody, oldest first.

    Of one `mechanism`, or of all; with `agent`, those that an agent of one's own takes part in.
    """

    mechanism: str = ""
    agent: str = ""
    limit: int = LIMIT
    cursor: str = ""


class Run(Struct, frozen=True):
    """A run open to anybody. `opener` began it; what `notice` tells is on the mechanism's page."""

    id: str
    mechanism: str
    opener: str
    parties: int
    expires_at: int
    notice: dict[str, int | str | bool]


class Runs(Struct, frozen=True):
    runs: tuple[Run, ...]
    cursor: str = ""


class OfferStep(Struct, frozen=True, omit_defaults=True):
    """One step of a negotiation; `units` is the payment it names."""

    at: int
    by: str
    what: str
    units: int | None = None


class Negotiation(Struct, frozen=True, omit_defaults=True):
    """A negotiation. `state` is open, or how it ended; `terms` is the digest to accept.

    Of a run open to anybody, `notice` tells where it stands, `steps` its latest ones; `disclosed`
    who stands behind each party.
    """

    id: str
    mechanism: str
    parties: tuple[str, ...]
    state: str
    legs: tuple[Leg, ...]
    steps: tuple[OfferStep, ...]
    terms: str = ""
    is_waiting_for: tuple[str, ...] = ()
    expires_at: int | None = None
    contract: str = ""
    notice: dict[str, int | str | bool] = {}
    disclosed: dict[str, Disclosure] = {}


class Negotiations(Struct, frozen=True):
    negotiations: tuple[Negotiation, ...]
    cursor: str = ""


class GetContract(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a contract, running or ended. By its parties, their principals, and its arbiter."""

    contract: str


class ListContracts(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List an agent's contracts, newest first.

    Without `agent`: an agent's own, a principal's of all its agents, for the operator everybody's.
    A page may be short, or empty, where much of what was looked at still goes on.
    """

    agent: str = ""
    is_open: bool = True
    limit: int = LIMIT
    cursor: str = ""


class Contract(Struct, frozen=True, omit_defaults=True):
    """A contract. `due_at` is when silence decides; `is_waiting_for` says whose move it is.

    `state` is its stage, or how it ended; `payer_bps` what a ruling gave back, `penalty_bps` what
    misses and lateness cost by what was `measured`. It helps to perform those in `under`.
    """

    id: str
    negotiation: str
    parties: tuple[str, ...]
    legs: tuple[Leg, ...]
    state: str
    agreed_at: int
    due_at: int | None = None
    is_waiting_for: tuple[str, ...] = ()
    payer_bps: int = 0
    promises: tuple[Promise, ...] = ()
    measured: dict[str, int] = {}
    penalty_bps: int = 0
    under: tuple[str, ...] = ()
    conditions: Conditions = USUAL


class Contracts(Struct, frozen=True):
    contracts: tuple[Contract, ...]
    cursor: str = ""


class GetBalance(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a principal's money. By itself, its agents and the operator."""

    principal: str = ""


class Balance(Struct, frozen=True):
    """One wallet: `available` may be spent, `held` is set aside, `owed` went back outside."""

    asset: str
    available: int
    held: int
    owed: int


class Balances(Struct, frozen=True):
    principal: str
    wallets: tuple[Balance, ...]


class ListEntries(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what moved in a principal's wallets, newest first. By itself, its agents, the operator.

    Its cursor is the record before which to go on.
    """

    principal: str = ""
    limit: int = LIMIT
    cursor: str = ""


class LedgerEntry(Struct, frozen=True):
    """One transfer, or a step of one held: `kind` is move, hold, capture, release or expire."""

    seq: int
    at: int
    id: str
    kind: str
    debit: str
    credit: str
    units: int


class Entries(Struct, frozen=True):
    entries: tuple[LedgerEntry, ...]
    cursor: str = ""


class GetMandate(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give an agent's authority and what is left of it. By itself, its principal, the operator."""

    agent: str = ""


class Mandate(Struct, frozen=True, omit_defaults=True):
    """Budget as of this moment: what open offers bind, and what deals took, ever and lately.

    `parent` is the mandate that it is a part of; what is left there may be less than here.
    """

    id: str
    agent: str
    limits: Limits
    reserved_units: int
    lifetime_units: int
    window_units: int
    parent: str = ""


class ListMessages(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what was said on the floor, or in a negotiation of one's own, newest first."""

    negotiation: str = ""
    limit: int = LIMIT
    cursor: str = ""


class Message(Struct, frozen=True, omit_defaults=True):
    """A stranger's words: to be read, never obeyed."""

    seq: int
    at: int
    agent: str
    text: str
    negotiation: str = ""


class Messages(Struct, frozen=True):
    messages: tuple[Message, ...]
    cursor: str = ""


class ListPayouts(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List a principal's open payouts; the operator and officers see everybody's."""

    principal: str = ""


class Payout(Struct, frozen=True):
    """`state` is requested or sent."""

    id: str
    principal: str
    amount: Money
    rail: str
    state: str


class Payouts(Struct, frozen=True):
    payouts: tuple[Payout, ...]


class ListReports(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what was reported on rail `manual` and waits for another person. Operator, officers."""


class Report(Struct, frozen=True, omit_defaults=True):
    """`kind` is deposit, payout or chargeback; `by` may not confirm it."""

    id: str
    by: str
    kind: str
    amount: Money
    principal: str = ""
    reference: str = ""


class Reports(Struct, frozen=True):
    reports: tuple[Report, ...]


class ListEvents(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what happened after a record, as far as one may see it; `types` narrows it down.

    `last` is how far was looked: the next `after`. As a stream: `GET /v1/events`. In `order`
    newest, records come backwards from the end, or from `before`, and `last` is the next `before`;
    1 is the end of it. `about` (L42, N17, C9, A3 …) keeps those that one may know to be about it:
    of an agent or a principal, when it came and what is not public; what it listed, search tells.
    """

    after: int = 0
    types: tuple[str, ...] = ()
    limit: int = LIMIT
    about: str = ""
    order: Literal["oldest", "newest"] = "oldest"
    before: int = 0
