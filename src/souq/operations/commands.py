"""Where each command of the core is reached over HTTP; what it asks and means stands in the core.

The fields named in a path are left out of the body. A command that is missing here stops the
import, so none can be forgotten; a mechanism's own need no line, since their paths follow from
their names.
"""

import re

from souq.core import (
    acceptance,
    agent_facts,
    annotation,
    approval,
    attestation,
    audit,
    bond,
    channel,
    channel_batch,
    contract,
    cooling_off,
    credential,
    delegation,
    deny_list,
    dispute,
    epoch,
    erasure,
    feedback,
    funds,
    halt,
    imported,
    jury,
    listing,
    mandate,
    market,
    message,
    officer,
    party,
    payout,
    performance,
    restriction,
    review,
    rules,
    summary,
    terms,
    trust,
    undo,
    webhook,
)
from souq.core.mechanisms import MECHANISMS, alternating_offers, moves, posted_price, swap
from souq.core.policy import setting

PATHS: dict[type, str] = {
    rules.OpenMarket: "/v1/market/open",
    rules.AmendRules: "/v1/market/rules",
    halt.SetHalt: "/v1/market/halt",
    webhook.AddWebhook: "/v1/webhooks",
    webhook.RemoveWebhook: "/v1/webhooks/{webhook}/remove",
    webhook.EnableWebhook: "/v1/webhooks/{webhook}/enable",
    webhook.DisableWebhook: "/v1/webhooks/{webhook}/disable",
    webhook.ReplayWebhook: "/v1/webhooks/{webhook}/replay",
    annotation.Annotate: "/v1/market/notes",
    party.RegisterPrincipal: "/v1/principals",
    party.RegisterAgent: "/v1/principals/{principal}/agents",
    party.DeclareModel: "/v1/agents/{agent}/model",
    officer.RegisterOfficer: "/v1/officers",
    restriction.SetRestriction: "/v1/principals/{principal}/restriction",
    restriction.AppealRestriction: "/v1/principals/{principal}/restriction/appeal",
    credential.AddKey: "/v1/keys",
    credential.RevokeKey: "/v1/keys/{key}/revoke",
    setting.SetPolicy: "/v1/policies",
    setting.SetOrganisation: "/v1/principals/{principal}/organisation",
    setting.SetDestination: "/v1/agents/{agent}/destination",
    mandate.GrantMandate: "/v1/agents/{agent}/mandate",
    mandate.RevokeMandate: "/v1/agents/{agent}/mandate/revoke",
    delegation.DelegateMandate: "/v1/agents/{agent}/mandate/delegate",
    funds.OpenAccount: "/v1/accounts",
    funds.TransferMany: "/v1/transfers",
    funds.ReportDeposit: "/v1/reports/deposit",
    funds.ReportPayout: "/v1/reports/payout",
    funds.ReportChargeback: "/v1/reports/chargeback",
    funds.ConfirmReport: "/v1/reports/{report}/confirm",
    funds.RejectReport: "/v1/reports/{report}/reject",
    payout.RequestPayout: "/v1/payouts",
    payout.CancelPayout: "/v1/payouts/{payout}/cancel",
    payout.SendPayout: "/v1/payouts/{payout}/send",
    payout.ConfirmPayout: "/v1/payouts/{payout}/confirm",
    payout.FailPayout: "/v1/payouts/{payout}/fail",
    listing.PostListing: "/v1/listings",
    listing.EditListing: "/v1/listings/{listing}/edit",
    listing.PauseListing: "/v1/listings/{listing}/pause",
    listing.ResumeListing: "/v1/listings/{listing}/resume",
    listing.WithdrawListing: "/v1/listings/{listing}/withdraw",
    posted_price.TakePrice: "/v1/listings/{listing}/take",
    alternating_offers.MakeOffer: "/v1/negotiations",
    alternating_offers.Counter: "/v1/negotiations/{negotiation}/counter",
    swap.ProposeSwap: "/v1/swaps",
    moves.Accept: "/v1/negotiations/{negotiation}/accept",
    moves.Reject: "/v1/negotiations/{negotiation}/reject",
    moves.Withdraw: "/v1/negotiations/{negotiation}/withdraw",
    message.SendMessage: "/v1/negotiations/{negotiation}/messages",
    message.PostMessage: "/v1/messages",
    approval.Approve: "/v1/contracts/{contract}/approve",
    approval.Decline: "/v1/contracts/{contract}/decline",
    contract.SubmitDelivery: "/v1/contracts/{contract}/deliver",
    contract.AcceptDelivery: "/v1/contracts/{contract}/confirm",
    contract.CancelContract: "/v1/contracts/{contract}/cancel",
    cooling_off.RevokeContract: "/v1/contracts/{contract}/revoke",
    dispute.OpenDispute: "/v1/contracts/{contract}/dispute",
    dispute.Rule: "/v1/contracts/{contract}/rule",
    dispute.AnswerDispute: "/v1/contracts/{contract}/dispute/answer",
    dispute.AddEvidence: "/v1/contracts/{contract}/dispute/evidence",
    dispute.ProposeSplit: "/v1/contracts/{contract}/dispute/propose",
    dispute.AcceptSplit: "/v1/contracts/{contract}/dispute/settle",
    dispute.CommitVote: "/v1/contracts/{contract}/dispute/commit",
    dispute.RevealVote: "/v1/contracts/{contract}/dispute/vote",
    dispute.AppealVerdict: "/v1/contracts/{contract}/dispute/appeal",
    undo.UndoContract: "/v1/contracts/{contract}/undo",
    jury.JoinJury: "/v1/jurors",
    jury.LeaveJury: "/v1/jurors/leave",
    channel.OpenChannel: "/v1/channels",
    channel.TopUpChannel: "/v1/channels/{channel}/top-up",
    channel.PresentVoucher: "/v1/channels/{channel}/voucher",
    channel.CloseChannel: "/v1/channels/{channel}/close",
    channel.AgreeClose: "/v1/channels/{channel}/agree",
    channel_batch.SettleChannels: "/v1/settlements",
    epoch.CommitEpoch: "/v1/epochs",
    epoch.RevealEpoch: "/v1/epochs/{epoch}/reveal",
    bond.PostBond: "/v1/bonds",
    bond.WithdrawBond: "/v1/bonds/withdraw",
    performance.CommitDelivery: "/v1/contracts/{contract}/commit-delivery",
    performance.CommitCode: "/v1/contracts/{contract}/commit-code",
    performance.GrantRefund: "/v1/contracts/{contract}/refund",
    performance.ClaimNonDelivery: "/v1/contracts/{contract}/not-delivered",
    acceptance.ReportVerification: "/v1/contracts/{contract}/verification",
    acceptance.SendBack: "/v1/contracts/{contract}/send-back",
    acceptance.ConfirmReturn: "/v1/contracts/{contract}/confirm-return",
    acceptance.Contest: "/v1/contracts/{contract}/contest",
    audit.ReportAudit: "/v1/contracts/{contract}/audit",
    trust.SetTrust: "/v1/market/trust",
    imported.ImportReputation: "/v1/principals/{principal}/reputation",
    feedback.GiveFeedback: "/v1/contracts/{contract}/feedback",
    attestation.AttestPrincipal: "/v1/principals/{principal}/attest",
    attestation.RevokeAttestation: "/v1/principals/{principal}/attest/revoke",
    agent_facts.DescribeAgent: "/v1/agents/{agent}/describe",
    deny_list.LoadDenyList: "/v1/market/deny-list",
    terms.PublishTerms: "/v1/terms",
    terms.AdoptTerms: "/v1/terms/adopt",
    summary.ConfirmSummary: "/v1/contracts/{contract}/summary",
    erasure.SetLegalHold: "/v1/principals/{principal}/hold",
    erasure.ErasePrincipal: "/v1/principals/{principal}/erase",
    review.AskReview: "/v1/reviews",
    review.AnswerReview: "/v1/reviews/{review}/answer",
}


def _of_mechanisms() -> dict[type, str]:
    """Give paths to what mechanisms declare: /v1/runs/english_auction, /v1/negotiations/N1/bid."""
    found: dict[type, str] = {}
    for mechanism in MECHANISMS:
        for kind in mechanism.OPENS:
            found[kind] = f"/v1/runs/{_snake(kind)}"
        for kind in mechanism.MOVES:
            found[kind] = f"/v1/negotiations/{{negotiation}}/{_snake(kind)}"
    return found


def _snake(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


PATHS = {**_of_mechanisms(), **PATHS}
_missing = {command.__name__ for command in market.COMMANDS} - {one.__name__ for one in PATHS}
assert not _missing, f"no path for {', '.join(sorted(_missing))}"
