"""Who may see what happened: each kind of event says it here, and nowhere else.

An audience is a set of subjects: "public", an agent, a principal, an officer, "officers", or a
wallet, which its principal and that principal's agents may look into. The operator sees everything
and is never named. What an event does not say by itself (whose contract is C9?) is asked of
`Known`. Events that carry many rows are cut to the rows that concern the viewer.
"""

from collections.abc import Callable
from typing import Any

from souq.core import (
    acceptance,
    agent_facts,
    approval,
    attestation,
    audit,
    bond,
    budget,
    channel,
    channel_batch,
    cooling_off,
    credential,
    debt,
    deny_list,
    deposit,
    dispute,
    ending,
    epoch,
    erasure,
    feedback,
    funds,
    halt,
    imported,
    jury,
    ledger,
    listing,
    mandate,
    message,
    negotiation,
    officer,
    party,
    payout,
    performance,
    pledge,
    restriction,
    review,
    rules,
    standstill,
    stock,
    summary,
    terms,
    trust,
    undo,
    webhook,
)
from souq.core import contract as contracts
from souq.core.annotation import Annotated
from souq.core.dispute import records as dispute_records
from souq.core.mechanisms import MECHANISMS, OPEN_TO_ALL
from souq.core.party import WALLET, wallet_owner
from souq.core.policy import remembering, setting
from souq.core.policy.history import MARKET
from souq.views.whose import (
    OFFICERS,
    PUBLIC,
    Audience,
    Known,
    Rows,
    arbiter_id,
    deposit_id,
    rows_of_accounts,
    rows_of_budgets,
    rows_of_channels,
    rows_of_clocks,
    rows_of_transfers,
)


def audience(event: Any, known: Known) -> set[str] | Rows:
    """Give who may see an event; of one with columns, by subject, which of its rows."""
    found = AUDIENCES[type(event)](event, known)
    if isinstance(found, dict):
        return found
    subjects = set(found)
    subjects.discard("")
    return subjects


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
    named = tuple(filter(None, known.sides(arbiter_id(event.contract))))
    return (*_contract(event, known), *(named or (_unless_operator(known.arbiter()),)))


def _called(event: dispute_records.ArbiterCalled, known: Known) -> Audience:
    judge = (_unless_operator(event.arbiter), known.principal(event.arbiter))
    return (*_contract(event, known), *judge)


def _juror(event: Any, known: Known) -> Audience:
    return (event.juror, known.principal(event.juror))


def _jurors(event: Any, known: Known) -> Audience:
    return (*event.jurors, *map(known.principal, event.jurors))


def _verifier(event: acceptance.VerificationAsked, known: Known) -> Audience:
    return (*_contract(event, known), event.verifier, known.principal(event.verifier))


def _reporter(event: acceptance.VerificationReported, known: Known) -> Audience:
    return (*_contract(event, known), *_by(event, known))


def _giver(event: audit.AuditAwaited, known: Known) -> Audience:
    # How likely it is tells what stake the giver has, which is nobody else's to know.
    return (event.giver, known.principal(event.giver))


def _audit(event: Any, known: Known) -> Audience:
    is_spared = isinstance(event, audit.AuditDrawn) and not event.report_by
    auditor = "" if is_spared else _unless_operator(known.auditor())
    return (*_contract(event, known), auditor)


def _unless_operator(actor: str) -> str:
    return "" if actor == rules.OPERATOR else actor


def _channel(event: Any, known: Known) -> Audience:
    return known.sides(event.channel)


def _restriction(event: Any, known: Known) -> Audience:
    return (event.principal, OFFICERS)


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


def _principal(event: Any, known: Known) -> Audience:
    return (event.principal,)


def _granted(event: mandate.MandateGranted, known: Known) -> Audience:
    lender = known.sides(event.parent) if event.parent else ()
    return (*_agent(event, known), *lender)


def _halted(event: halt.HaltSet, known: Known) -> Audience:
    return (event.scope, known.principal(event.scope)) if event.scope else (PUBLIC,)


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
    return (wallet_owner(event.account),)


_BY_WORD = {"public": _everybody, "parties": _talk, "own": _agent}
AUDIENCES: dict[type, Callable[[Any, Known], Audience | Rows]] = {
    rules.MarketOpened: _everybody,
    rules.RulesAmended: _everybody,
    halt.HaltSet: _halted,
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
    dispute_records.DisputeAnswered: _dispute,
    dispute_records.EvidenceAdded: _dispute,
    dispute_records.SplitProposed: _contract,
    dispute_records.ArbiterCalled: _called,
    dispute_records.PanelAwaited: _contract,
    dispute_records.PanelDrawn: _jurors,
    dispute_records.VoteCommitted: _juror,
    dispute_records.VotingClosed: _jurors,
    dispute_records.VoteShown: _juror,
    dispute_records.VotesCounted: _contract,
    dispute_records.PanelDismissed: _jurors,
    dispute_records.VerdictReached: _dispute,
    dispute_records.RedoOrdered: _dispute,
    dispute_records.DisputeDecided: _contract,
    jury.JurorJoined: _agent,
    jury.JurorLeft: _principal,
    undo.ContractUndone: _contract,
    ending.ContractFulfilled: _contract,
    ending.ContractCancelled: _contract,
    ending.RulingMade: _dispute,
    channel.ChannelOpened: _channel,
    channel.ChannelToppedUp: _channel,
    channel.VoucherPresented: _channel,
    channel.CloseAsked: _channel,
    channel.CloseOffered: _channel,
    channel.ChannelsEnded: rows_of_channels,
    channel_batch.ClaimsFailed: _by,
    setting.PolicySet: _policy,
    setting.OrganisationSet: _member,
    setting.DestinationSet: _agent,
    remembering.PolicyApplied: _agent,
    remembering.DestinationBound: _contract,
    cooling_off.CoolingOffBegan: _contract,
    mandate.MandateGranted: _granted,
    mandate.MandateRevoked: _mandate,
    budget.BudgetReserved: _agent,
    budget.BudgetReleased: _agent,
    budget.BudgetCommitted: _agent,
    budget.BudgetSettled: _agent,
    budget.BudgetsSettled: rows_of_budgets,
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
    debt.DebtsRepaid: rows_of_accounts,
    debt.ClaimsPaid: rows_of_accounts,
    ledger.AccountOpened: _wallet,
    ledger.TransfersMade: rows_of_transfers,
    standstill.ClocksStopped: rows_of_clocks,
    standstill.ClocksStarted: rows_of_clocks,
    epoch.EpochCommitted: _everybody,
    epoch.EpochRevealed: _everybody,
    bond.BondPosted: _principal,
    bond.BondAsked: _principal,
    bond.BondReturned: _principal,
    bond.BondForfeited: _principal,
    performance.DeliveryCommitted: _contract,
    performance.CodeCommitted: _contract,
    performance.CodeMissed: _contract,
    performance.ArtefactShown: _contract,
    performance.LatenessCounted: _contract,
    performance.RefundGranted: _contract,
    performance.NonDeliveryClaimed: _contract,
    acceptance.VerificationAsked: _verifier,
    acceptance.VerificationReported: _reporter,
    acceptance.ReturnsBegan: _contract,
    acceptance.SentBack: _contract,
    audit.AuditAwaited: _giver,
    audit.AuditDrawn: _audit,
    audit.AuditEnded: _audit,
    budget.BudgetReturned: _agent,
    trust.TrustSet: _operator_only,  # who is in a ring would learn how far it is seen through
    imported.ReputationImported: lambda event, known: (event.principal, OFFICERS),
    feedback.FeedbackGiven: _by,
    feedback.FeedbackReleased: _contract,
    feedback.FeedbackShown: _everybody,
    restriction.RestrictionSet: _restriction,
    restriction.RestrictionAppealed: _restriction,
    restriction.RestrictionLapsed: _restriction,
    Annotated: _operator_only,
    attestation.PrincipalAttested: _everybody,
    attestation.AttestationRevoked: _everybody,
    agent_facts.AgentDescribed: _everybody,
    deny_list.DenyListLoaded: _officers,
    deny_list.PrincipalScreened: _officers,
    terms.TermsPublished: _everybody,
    terms.TermsAdopted: _principal,
    summary.SummaryConfirmed: _contract,
    erasure.LegalHoldSet: _operator_only,
    erasure.PrincipalErased: _everybody,
    review.ReviewAsked: lambda event, known: (event.by, event.principal),
    review.ReviewAnswered: _principal,
}
