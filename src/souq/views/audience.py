"""Who may see what happened: each kind of event says it here, and nowhere else.

An audience is a set of subjects: "public", an agent, a principal, an officer, "officers", or a
wallet, which its principal and that principal's agents may look into. The operator sees everything
and is never named. What an event does not say by itself (whose contract is C9?) is asked of
`Known`. Events that carry many rows are cut to the rows that concern the viewer.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from souq.core import (
    approval,
    budget,
    channel,
    channel_batch,
    cooling_off,
    credential,
    debt,
    deposit,
    dispute,
    ending,
    funds,
    halt,
    ledger,
    listing,
    mandate,
    message,
    negotiation,
    officer,
    party,
    payout,
    pledge,
    rules,
    standstill,
    stock,
    webhook,
)
from souq.core import contract as contracts
from souq.core.annotation import Annotated
from souq.core.mechanisms import MECHANISMS, OPEN_TO_ALL, alternating_offers, posted_price, swap
from souq.core.policy import remembering, setting
from souq.core.policy.history import MARKET
from souq.core.transfer import HOLD
from souq.journal.record import Record

PUBLIC = "public"
OFFICERS = "officers"
WALLET = "wallet:"
HELD = "hold:"  # a caller's hold, as deadlines name it too

# By subject: the rows of an event with columns that concern it.
Rows = dict[str, list[int]]
Audience = Iterable[str]  # it may hold "" for somebody who has no principal


class Known(Protocol):
    """What an event does not say by itself."""

    def learn(self, record: Record) -> None:
        """Read a record before its audiences are worked out."""

    def learn_owners(self, events: tuple[Any, ...]) -> None:
        """Read events that are the first to tell whose a thing is."""

    def principal(self, agent: str) -> str:
        """Give whom an agent speaks for, or "" for whoever is no agent."""

    def sides(self, id: str) -> tuple[str, ...]:
        """Give whose a negotiation, a contract, a key, a payout … is, and their principals."""

    def arbiter(self) -> str:
        """Give who rules on disputes."""


def audience(event: Any, known: Known) -> set[str] | Rows:
    """Give who may see an event; of one with columns, by subject, which of its rows."""
    found = AUDIENCES[type(event)](event, known)
    if isinstance(found, dict):
        return found
    subjects = set(found)
    subjects.discard("")
    return subjects


def holders(event: ledger.TransfersMade) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Say which wallets the holds are on that a batch begins."""
    batch = event.batch
    if HOLD not in batch.kind:
        return
    for id, kind, debit, credit, *_ in batch.rows():
        if kind == HOLD and (debit.startswith(WALLET) or credit.startswith(WALLET)):
            yield HELD + id, (debit, credit)


def _everybody(event: Any, known: Known) -> Audience:
    return (PUBLIC,)


def _operator_only(event: Any, known: Known) -> Audience:
    return ()


def _officers(event: Any, known: Known) -> Audience:
    return (OFFICERS,)


def _talk(event: Any, known: Known) -> Audience:
    return known.sides(event.negotiation)


def _opened(event: negotiation.NegotiationOpened, known: Known) -> Audience:
    return (PUBLIC,) if event.mechanism in OPEN_TO_ALL else _talk(event, known)


def _closed(event: negotiation.NegotiationClosed, known: Known) -> Audience:
    return (*event.parties, *map(known.principal, event.parties))


def _contract(event: Any, known: Known) -> Audience:
    return known.sides(event.contract)


def _dispute(event: Any, known: Known) -> Audience:
    return (*_contract(event, known), _unless_operator(known.arbiter()))


def _unless_operator(actor: str) -> str:
    return "" if actor == rules.OPERATOR else actor


def _channel(event: Any, known: Known) -> Audience:
    return known.sides(event.channel)


def _by(event: Any, known: Known) -> Audience:
    return (event.by, known.principal(event.by))


def _agent(event: Any, known: Known) -> Audience:
    return (event.agent, known.principal(event.agent))


def _policy(event: setting.PolicySet, known: Known) -> Audience:
    if event.scope == MARKET:
        return (PUBLIC,)
    owner = event.scope.removeprefix(setting.ORGANISATION)
    return (known.principal(owner) or owner,)


def _member(event: setting.OrganisationSet, known: Known) -> Audience:
    return (event.principal, event.organisation)


def _mandate(event: Any, known: Known) -> Audience:
    return known.sides(event.mandate)


def _key(event: Any, known: Known) -> Audience:
    return known.sides(event.key)


def _webhook(event: Any, known: Known) -> Audience:
    return known.sides(event.webhook)


def _payout(event: Any, known: Known) -> Audience:
    return known.sides(event.payout)


def _deposit(event: Any, known: Known) -> Audience:
    return known.sides(deposit_id(event.rail, event.reference))


def _wallet(event: ledger.AccountOpened, known: Known) -> Audience:
    return (event.account,) if event.account.startswith(WALLET) else ()


def _debt(event: debt.DebtIncurred, known: Known) -> Audience:
    return (event.account.removeprefix(WALLET).partition("/")[0],)


def _transfers(event: ledger.TransfersMade, known: Known) -> Rows:
    found: Rows = {}
    batch = event.batch
    for n, (debit, credit) in enumerate(zip(batch.debit, batch.credit, strict=True)):
        ends: tuple[str, ...] = (debit, credit)
        if not (debit and credit):  # whoever ends a hold need not name its accounts
            ends = known.sides(HELD + batch.hold[n])
        for account in ends:
            if account.startswith(WALLET):
                found.setdefault(account, []).append(n)
    return found


def _accounts(event: Any, known: Known) -> Rows:
    found: Rows = {}
    for n, account in enumerate(event.accounts):
        if account.startswith(WALLET):
            found.setdefault(account, []).append(n)
    return found


def _clocks(event: Any, known: Known) -> Rows:
    found: Rows = {}
    for n, id in enumerate(event.ids):
        for subject in known.sides(id):
            found.setdefault(subject, []).append(n)
    return found


def _channels(event: channel.ChannelsEnded, known: Known) -> Rows:
    found: Rows = {}
    for n, id in enumerate(event.channels):
        for subject in known.sides(id):
            found.setdefault(subject, []).append(n)
    return found


def _budgets(event: budget.BudgetsSettled, known: Known) -> Rows:
    found: Rows = {}
    for n, agent in enumerate(event.agents):
        for subject in (agent, known.principal(agent)):
            found.setdefault(subject, []).append(n)
    return found


def deposit_id(rail: str, reference: str) -> str:
    """Name a deposit, which has no id of its own."""
    return f"deposit:{rail}/{reference}"


_BY_WORD = {"public": _everybody, "parties": _talk, "own": _agent}
AUDIENCES: dict[type, Callable[[Any, Known], Audience | Rows]] = {
    rules.MarketOpened: _everybody,
    halt.HaltSet: _everybody,
    party.PrincipalRegistered: _everybody,
    party.AgentRegistered: _everybody,
    party.ModelDeclared: _everybody,
    officer.OfficerRegistered: _officers,
    listing.ListingPosted: _everybody,
    listing.ListingEdited: _everybody,
    listing.ListingPaused: _everybody,
    listing.ListingResumed: _everybody,
    listing.ListingWithdrawn: _everybody,
    stock.StockReserved: _everybody,
    stock.StockReturned: _everybody,
    stock.StockSold: _everybody,
    stock.TitleMoved: _everybody,
    message.MessagePosted: _everybody,
    message.MessageSent: _talk,
    negotiation.NegotiationOpened: _opened,
    negotiation.PartyJoined: _agent,
    negotiation.ClockSet: _everybody,
    negotiation.NegotiationClosed: _closed,
    pledge.GoodsPledged: _agent,
    **{event: _BY_WORD[seen] for one in MECHANISMS for event, seen in one.SEEN.items()},
    negotiation.AgreementReached: _contract,
    approval.ContractHeld: _contract,
    approval.ContractApproved: _contract,
    contracts.ContractFormed: _contract,
    contracts.DeliverySubmitted: _contract,
    contracts.InspectionBegan: _contract,
    contracts.DeliveryAccepted: _contract,
    dispute.DisputeOpened: _dispute,
    ending.ContractFulfilled: _contract,
    ending.ContractCancelled: _contract,
    ending.RulingMade: _dispute,
    channel.ChannelOpened: _channel,
    channel.ChannelToppedUp: _channel,
    channel.VoucherPresented: _channel,
    channel.CloseAsked: _channel,
    channel.CloseOffered: _channel,
    channel.ChannelsEnded: _channels,
    channel_batch.ClaimsFailed: _by,
    setting.PolicySet: _policy,
    setting.OrganisationSet: _member,
    setting.DestinationSet: _agent,
    remembering.PolicyApplied: _agent,
    remembering.DestinationBound: _contract,
    cooling_off.CoolingOffBegan: _contract,
    mandate.MandateGranted: _agent,
    mandate.MandateRevoked: _mandate,
    budget.BudgetReserved: _agent,
    budget.BudgetReleased: _agent,
    budget.BudgetCommitted: _agent,
    budget.BudgetSettled: _agent,
    budget.BudgetsSettled: _budgets,
    credential.KeyAdded: _key,
    credential.KeyRevoked: _key,
    webhook.WebhookAdded: _webhook,
    webhook.WebhookRemoved: _webhook,
    webhook.WebhookDisabled: _webhook,
    webhook.WebhookEnabled: _webhook,
    webhook.WebhookReplayed: _webhook,
    payout.PayoutRequested: _payout,
    payout.PayoutSent: _payout,
    payout.PayoutConfirmed: _payout,
    payout.PayoutFailed: _payout,
    payout.PayoutCancelled: _payout,
    funds.ReportProposed: _officers,
    funds.ReportConfirmed: _officers,
    funds.ReportRejected: _officers,
    deposit.DepositBrought: _deposit,
    deposit.DepositTakenBack: _deposit,
    deposit.ChargebackAwaited: _operator_only,  # nobody's deposit yet
    debt.DebtIncurred: _debt,
    debt.ClaimRaised: _operator_only,  # between the house and a rail
    debt.DebtsRepaid: _accounts,
    debt.ClaimsPaid: _accounts,
    ledger.AccountOpened: _wallet,
    ledger.TransfersMade: _transfers,
    standstill.ClocksStopped: _clocks,
    standstill.ClocksStarted: _clocks,
    Annotated: _operator_only,
}


def _payout_asked(event: payout.PayoutRequested) -> Iterator[tuple[str, tuple[str, ...]]]:
    # On rail `manual` another officer must see what one has begun.
    others = (OFFICERS,) if event.rail == rules.MANUAL else ()
    yield event.payout, (event.principal, *others)


def _held(event: ledger.TransfersMade) -> Iterator[tuple[str, tuple[str, ...]]]:
    # The market's own holds are named after what they are for, and found by that.
    return holders(event) if event.from_caller else iter(())


# Whose the objects are that an event is the first to tell of: (id, parties) each.
OWNERS: dict[type, Callable[[Any], Iterable[tuple[str, tuple[str, ...]]]]] = {
    alternating_offers.OfferMade: lambda of: ((of.negotiation, (of.opener, of.responder)),),
    posted_price.PriceTaken: lambda of: ((of.negotiation, of.agreement.parties),),
    swap.SwapProposed: lambda of: ((of.negotiation, of.parties),),
    negotiation.PartyJoined: lambda of: ((of.negotiation, (of.agent,)),),
    negotiation.AgreementReached: lambda of: ((of.contract, of.agreement.parties),),
    channel.ChannelOpened: lambda of: ((of.channel, (of.payer, of.payee)),),
    mandate.MandateGranted: lambda of: ((of.mandate, (of.agent,)),),
    credential.KeyAdded: lambda of: ((of.key, (of.owner,)),),
    webhook.WebhookAdded: lambda of: ((of.webhook, (of.owner,)),),
    payout.PayoutRequested: _payout_asked,
    deposit.DepositBrought: lambda of: ((deposit_id(of.rail, of.reference), (of.principal,)),),
    ledger.TransfersMade: _held,
}


def _unnamed_in_batch(event: ledger.TransfersMade) -> Iterable[str]:
    batch = event.batch
    if not (event.from_caller and batch.hold):
        return ()
    rows = zip(batch.debit, batch.credit, batch.hold, strict=True)
    return [HELD + hold for debit, credit, hold in rows if not (debit and credit)]


def _holds_that_wait(event: Any) -> Iterable[str]:
    return [id for id in event.ids if id.startswith(HELD)]


# The holds that an event speaks of without naming their accounts.
UNNAMED: dict[type, Callable[[Any], Iterable[str]]] = {
    ledger.TransfersMade: _unnamed_in_batch,
    standstill.ClocksStopped: _holds_that_wait,
    standstill.ClocksStarted: _holds_that_wait,
}
