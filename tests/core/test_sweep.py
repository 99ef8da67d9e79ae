"""The whole state × command table: what is legal is written down here, all else must be refused.

A role is one letter: B and S the buyer's and the seller's agents, D a third member's, E a
stranger's; b, s, d and e the principals behind them; O the operator; 1 and 2 officers, where there
are any; N somebody unheard of.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from souq.core import (
    acceptance,
    agent_facts,
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
    summary,
    terms,
    trust,
    undo,
    webhook,
)
from souq.core.annotation import Annotate
from souq.core.conditions import Conditions
from souq.core.criteria import Content, Probe
from souq.core.dispute.counting import of_vote
from souq.core.halt import SetHalt
from souq.core.mandate import Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import Counter, MakeOffer
from souq.core.mechanisms.moves import Accept, Item, Reject, Withdraw
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.mechanisms.swap import ProposeSwap, SwapLeg
from souq.core.money import BPS
from souq.core.policy import Policy, setting
from souq.core.policy.money import PerDeal
from souq.core.procedure import Procedure
from souq.core.refusal import Refused
from souq.core.rules import (
    DAY_US,
    HOUR_US,
    OPERATOR,
    RULES,
    SECOND_US,
    AmendRules,
    OpenMarket,
    Rules,
)
from souq.core.seal import OperatorText, PartyText, PublicText
from souq.core.stage import CONTRACTS
from souq.core.state import State
from souq.core.transfer import Batch
from tests.core.channels import LENGTH, chain, word
from tests.core.stall import BEA, DAN, DEPOSIT, EVE, SOL, Stall, check_books, usd
from tests.mechanisms.plays import OPEN_COMMANDS

NONCE = "ab" * 16
ROLES = {
    **{"B": BEA, "S": SOL, "D": DAN, "E": EVE},
    **{"b": "P1", "s": "P2", "d": "P3", "e": "P4"},
    **{"O": OPERATOR, "N": "A77", "1": "O1", "2": "O2"},
}


SPOKEN_OF = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


class Scene(NamedTuple):
    """A market in some state, and what there is to aim commands at."""

    stall: Stall
    listing: str = "L99"
    talk: str = "N99"
    terms: str = "none"
    deal: str = "C99"
    own: str = "L99"  # something of the buyer's
    payout: str = "W99"
    report: str = "R99"
    key: str = "K99"
    hook: str = "H99"
    channel: str = "X99"
    helper: str = "A99"
    house: str = "no hash"  # of what the house asks to be read
    review: str = "Q99"


def _amended(at: Scene) -> Rules:
    now = at.stall.engine.state.get(RULES, "market")
    return msgspec.structs.replace(now or Rules(), fee_bps=5)


COMMANDS: dict[str, Callable[[Scene], Any]] = {
    "OpenMarket": lambda at: OpenMarket(),
    "AmendRules": lambda at: AmendRules(_amended(at)),
    "SetHalt": lambda at: SetHalt("commitments", PublicText("smoke")),
    "RegisterPrincipal": lambda at: party.RegisterPrincipal(PublicText("ann")),
    "RegisterAgent": lambda at: party.RegisterAgent("P1", PublicText("ann")),
    "DeclareModel": lambda at: party.DeclareModel(BEA, "local:smollm2"),
    "ReportDeposit": lambda at: funds.ReportDeposit("P1", usd(5)),
    "ReportPayout": lambda at: funds.ReportPayout("P1", usd(5)),
    "ReportChargeback": lambda at: funds.ReportChargeback(usd(5), "credits", "r1"),
    "ConfirmReport": lambda at: funds.ConfirmReport(at.report),
    "RejectReport": lambda at: funds.RejectReport(at.report),
    "RegisterOfficer": lambda at: officer.RegisterOfficer(PublicText("olga")),
    "RequestPayout": lambda at: payout.RequestPayout(usd(5)),
    "CancelPayout": lambda at: payout.CancelPayout(at.payout),
    "SendPayout": lambda at: payout.SendPayout(at.payout),
    "ConfirmPayout": lambda at: payout.ConfirmPayout(at.payout),
    "FailPayout": lambda at: payout.FailPayout(at.payout),
    "OpenAccount": lambda at: funds.OpenAccount("meter"),
    "TransferMany": lambda at: funds.TransferMany(Batch(("t",), ("x",), ("y",), (1,))),
    "GrantMandate": lambda at: mandate.GrantMandate(BEA, SecretLimits(Limits())),
    "RevokeMandate": lambda at: mandate.RevokeMandate(BEA),
    "SetPolicy": lambda at: setting.SetPolicy(
        BEA, setting.SecretPolicy(Policy((PerDeal(DEPOSIT),)))
    ),
    "SetOrganisation": lambda at: setting.SetOrganisation("P1", "P4"),
    "SetDestination": lambda at: setting.SetDestination(BEA, "home"),
    "DelegateMandate": lambda at: delegation.DelegateMandate(
        at.helper, SecretLimits(Limits(lifetime_units=5)), of=BEA
    ),
    "AddKey": lambda at: credential.AddKey(BEA, "bearer", "ab" * 32),
    "RevokeKey": lambda at: credential.RevokeKey(at.key),
    "AddWebhook": lambda at: webhook.AddWebhook(OperatorText("https://a.example/")),
    "RemoveWebhook": lambda at: webhook.RemoveWebhook(at.hook),
    "DisableWebhook": lambda at: webhook.DisableWebhook(at.hook),
    "EnableWebhook": lambda at: webhook.EnableWebhook(at.hook),
    "ReplayWebhook": lambda at: webhook.ReplayWebhook(at.hook, 0),
    "PostListing": lambda at: listing.PostListing(PublicText("vase"), "home"),
    "EditListing": lambda at: listing.EditListing(at.listing, price=usd(7)),
    "PauseListing": lambda at: listing.PauseListing(at.listing),
    "ResumeListing": lambda at: listing.ResumeListing(at.listing),
    "WithdrawListing": lambda at: listing.WithdrawListing(at.listing),
    "PostMessage": lambda at: message.PostMessage(PublicText("hello")),
    "SendMessage": lambda at: message.SendMessage(at.talk, PartyText("hello")),
    "Annotate": lambda at: Annotate("topic", OperatorText("note")),
    "Approve": lambda at: approval.Approve(at.deal),
    "Decline": lambda at: approval.Decline(at.deal),
    "SubmitDelivery": lambda at: contract.SubmitDelivery(at.deal),
    "AcceptDelivery": lambda at: contract.AcceptDelivery(at.deal),
    "CancelContract": lambda at: contract.CancelContract(at.deal),
    "RevokeContract": lambda at: cooling_off.RevokeContract(at.deal),
    "OpenDispute": lambda at: dispute.OpenDispute(at.deal, "damaged"),
    "Rule": lambda at: dispute.Rule(at.deal, 3_333),
    "AnswerDispute": lambda at: dispute.AnswerDispute(at.deal, evidence=("d1",)),
    "AddEvidence": lambda at: dispute.AddEvidence(at.deal, ("d1",)),
    "ProposeSplit": lambda at: dispute.ProposeSplit(at.deal, 5_000),
    "AcceptSplit": lambda at: dispute.AcceptSplit(at.deal, 3_000),
    "CommitVote": lambda at: dispute.CommitVote(at.deal, "ab" * 32),
    "RevealVote": lambda at: dispute.RevealVote(at.deal, BPS, NONCE),
    "AppealVerdict": lambda at: dispute.AppealVerdict(at.deal),
    "UndoContract": lambda at: undo.UndoContract(at.deal),
    "JoinJury": lambda at: jury.JoinJury(BEA),
    "LeaveJury": lambda at: jury.LeaveJury(),
    "OpenChannel": lambda at: channel.OpenChannel(SOL, usd(5), chain("new")),
    "TopUpChannel": lambda at: channel.TopUpChannel(at.channel, usd(5)),
    "PresentVoucher": lambda at: channel.PresentVoucher(at.channel, word(2)),
    "CloseChannel": lambda at: channel.CloseChannel(at.channel, word(LENGTH)),
    "AgreeClose": lambda at: channel.AgreeClose(at.channel, 7),
    "SettleChannels": lambda at: channel_batch.SettleChannels(
        (channel_batch.Claim("X98"), channel_batch.Claim(at.channel, word(LENGTH)))
    ),
    "CommitEpoch": lambda at: epoch.CommitEpoch("ab" * 32),
    "RevealEpoch": lambda at: epoch.RevealEpoch("E1", "ab" * 16),
    "CommitDelivery": lambda at: performance.CommitDelivery(at.deal, "ab" * 32),
    "CommitCode": lambda at: performance.CommitCode(at.deal, "ab" * 32),
    "GrantRefund": lambda at: performance.GrantRefund(at.deal, 3_333),
    "ClaimNonDelivery": lambda at: performance.ClaimNonDelivery(at.deal),
    "ReportVerification": lambda at: acceptance.ReportVerification(at.deal, False, "ab" * 32),
    "SendBack": lambda at: acceptance.SendBack(at.deal),
    "ConfirmReturn": lambda at: acceptance.ConfirmReturn(at.deal),
    "Contest": lambda at: acceptance.Contest(at.deal),
    "ReportAudit": lambda at: audit.ReportAudit(at.deal, False, "ab" * 32),
    "PostBond": lambda at: bond.PostBond(usd(5)),
    "WithdrawBond": lambda at: bond.WithdrawBond(),
    "SetTrust": lambda at: trust.SetTrust(("P1",), (5_000,)),
    "ImportReputation": lambda at: imported.ImportReputation(
        "P1", "did:key:z6", "elsewhere", SPOKEN_OF, "ab" * 32, "cd" * 32, 0, 9, 2**52, 5_000, 0
    ),
    "GiveFeedback": lambda at: feedback.GiveFeedback(at.deal, True, True, False, 4),
    "AttestPrincipal": lambda at: attestation.AttestPrincipal("P1", 1, at.stall.now + HOUR_US),
    "RevokeAttestation": lambda at: attestation.RevokeAttestation("P1"),
    "DescribeAgent": lambda at: agent_facts.DescribeAgent(BEA, "acme", contact=PublicText("me")),
    "LoadDenyList": lambda at: deny_list.LoadDenyList("1", ("ab" * 32,)),
    "PublishTerms": lambda at: terms.PublishTerms(PublicText("be quick")),
    "AdoptTerms": lambda at: terms.AdoptTerms(at.house),
    "ConfirmSummary": lambda at: summary.ConfirmSummary(at.deal, at.house),
    "SetLegalHold": lambda at: erasure.SetLegalHold("P1", True),
    "ErasePrincipal": lambda at: erasure.ErasePrincipal("P4"),
    "AskReview": lambda at: review.AskReview("C1"),
    "AnswerReview": lambda at: review.AnswerReview(at.review, "upheld"),
    "TakePrice": lambda at: TakePrice(at.listing, usd(500)),
    "MakeOffer": lambda at: MakeOffer((Item(at.listing),), usd(50)),
    "ProposeSwap": lambda at: ProposeSwap((SwapLeg(at.listing, BEA), SwapLeg(at.own, SOL))),
    "Counter": lambda at: Counter(at.talk, usd(60)),
    "Accept": lambda at: Accept(at.talk, at.terms),
    "Reject": lambda at: Reject(at.talk),
    "Withdraw": lambda at: Withdraw(at.talk),
    "SetRestriction": lambda at: restriction.SetRestriction("P1", "human"),
    "AppealRestriction": lambda at: restriction.AppealRestriction("P1", PartyText("we are honest")),
}

# Legal whatever the rest of the market looks like, once it is open.
ALWAYS = {
    "AmendRules": "O",
    "SetRestriction": "O",
    "SetHalt": "O",
    "RegisterPrincipal": "O",
    "RegisterAgent": "Ob",
    "DeclareModel": "OBb",
    "AddKey": "Ob",
    "AddWebhook": "OBSDEbsde",
    "ReportDeposit": "O",
    "ReportPayout": "O",
    "ReportChargeback": "O",
    "RegisterOfficer": "O",
    "RequestPayout": "bsde",
    "OpenAccount": "O",
    "TransferMany": "O",
    "Annotate": "O",
    "GrantMandate": "Ob",
    "RevokeMandate": "Ob",
    "SetPolicy": "Ob",
    "SetOrganisation": "O",
    "SetDestination": "Bb",
    "PostListing": "BSDE",
    "PostMessage": "BSDE",
    "OpenChannel": "BDE",
    "CommitEpoch": "O",
    "PostBond": "bsde",
    "SetTrust": "O",
    "AttestPrincipal": "O",
    "DescribeAgent": "OBb",
    "LoadDenyList": "O",  # and officers, where there are any
    "PublishTerms": "O",
    "SetLegalHold": "O",
    "AskReview": "BSDEbsde",
}
OPEN = {"TakePrice": "BDE", "MakeOffer": "BDE", "ProposeSwap": "BS"}
OWNED = {"EditListing": "S", "WithdrawListing": "S"}
NO_AUTHORITY = {
    **OWNED,
    "PauseListing": "S",
    "PostListing": "SDE",
    "TakePrice": "DE",
    "MakeOffer": "DE",
    "OpenChannel": "DE",
    "ProposeSwap": "S",  # what the others may do is asked when they accept
}

REFUND = {"GrantRefund": "Ss"}
CHANNEL = {
    "TopUpChannel": "B",
    "PresentVoucher": "Ss",
    "CloseChannel": "BSbs",
    "AgreeClose": "BSbs",
    "SettleChannels": "Ss",
}

# What a halted market takes away from what is legal always.
HALTED = {
    "commitments": {
        "SetHalt": "",
        "OpenChannel": "",
        "PostBond": "",
    },  # it is at that level already
    "negotiations": {"OpenChannel": "", "PostBond": ""},
    "settlements": {"OpenChannel": "", "PostBond": ""}
    | dict.fromkeys(("RequestPayout", "ReportPayout", "TransferMany"), ""),
}

# In a dispute: what its two sides may say, and what those may do who have bonds or sit on juries.
PLEADING = {"AnswerDispute": "Ss", "AddEvidence": "BSbs", "ProposeSplit": "BSbs"}
JURIES = {"LeaveJury": "de", "WithdrawBond": "de"}

LEGAL: dict[str, dict[str, str]] = {
    "listing open": {**OPEN, **OWNED, "PauseListing": "S"},
    "listing paused": {**OWNED, "ResumeListing": "S"},
    "listing withdrawn but reserved": {},
    "listing sold out but reserved": {**OWNED, "PauseListing": "S"},
    "listing over": {},
    "haggle, the opener's offer stands": {
        "Counter": "S",
        "Accept": "S",
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "haggle, the responder's offer stands": {
        "Counter": "B",
        "Accept": "B",
        "Reject": "B",
        "Withdraw": "S",
        "SendMessage": "BS",
    },
    "haggle, its offer out of date": {
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "haggle closed": {},
    "swap, one of three accepted": {
        "Accept": "BD",
        "Reject": "BD",
        "Withdraw": "S",
        "SendMessage": "BSD",
    },
    "swap closed": {},
    "contract held": {"Approve": "b", "Decline": "b"},
    "contract formed, cooling off": {
        "SubmitDelivery": "Ss",
        "CancelContract": "Ss",
        "RevokeContract": "b",
        **REFUND,
    },
    "contract delivered, cooling off": {"OpenDispute": "Bb", "RevokeContract": "b", **REFUND},
    "contract formed": {"SubmitDelivery": "Ss", "CancelContract": "Ss", **REFUND},
    "contract formed, one of two delivered": {"SubmitDelivery": "Bb", **REFUND},
    "contract delivered": {"AcceptDelivery": "Bb", "OpenDispute": "Bb", **REFUND},
    "contract delivered, one of two accepted": {
        "AcceptDelivery": "Ss",
        "OpenDispute": "Ss",
        **REFUND,
    },
    "delivery late": {
        "SubmitDelivery": "Ss",
        "CancelContract": "Ss",
        "ClaimNonDelivery": "Bb",
        **REFUND,
    },
    "delivery by code": {
        "SubmitDelivery": "Ss",
        "CancelContract": "Ss",
        "CommitCode": "Bb",
        **REFUND,
    },
    "delivery to be committed to": {"CommitDelivery": "Ss", "CancelContract": "Ss", **REFUND},
    "delivery to be verified": {
        "AcceptDelivery": "Bb",
        "OpenDispute": "Bb",
        "ReportVerification": "Dd",
        **REFUND,
    },
    "delivery failed": {"AcceptDelivery": "Bb", "Contest": "Ss", **REFUND},
    "delivery accepted": {"SendBack": "Bb", **REFUND},
    "delivery on its way back": {"ConfirmReturn": "Ss", "Contest": "Ss", **REFUND},
    "delivery audited": {"ReportAudit": "E", "GiveFeedback": "BSbs"},
    "contract disputed": {**PLEADING, "Rule": "O", **REFUND},
    "contract disputed, a split is proposed": {
        **PLEADING,
        "Rule": "O",
        "AcceptSplit": "Bb",
        **REFUND,
    },
    "contract that may be undone": {
        "SubmitDelivery": "Ss",
        "CancelContract": "Ss",
        "UndoContract": "bs",
        **REFUND,
    },
    "dispute pleaded": {**PLEADING, **JURIES, **REFUND},
    "dispute drawing": {**JURIES, **REFUND},
    "dispute committing": {**JURIES, "CommitVote": "Dd", "LeaveJury": "e", **REFUND},
    "dispute revealing": {**JURIES, "RevealVote": "Dd", "LeaveJury": "e", **REFUND},
    "dispute decided": {**JURIES, "AppealVerdict": "BSbs", **REFUND},
    "dispute awaiting its arbiter": {"Rule": "O", **REFUND},
    "dispute over": {**JURIES, "GiveFeedback": "BSbs"},
    "jury to be joined": {"JoinJury": "b", "WithdrawBond": "b"},
    "contract closed": {"GiveFeedback": "BSbs"},
    "contract closed, and spoken of by the buyer": {"GiveFeedback": "Ss"},
    "contract closed, and spoken of by both": {},
    "contract closed too long ago": {},
    "channel open": CHANNEL,
    "channel open, some of it on record": {**CHANNEL, "PresentVoucher": ""},  # no more than that
    "channel open, the payee's offer stands": {**CHANNEL, "AgreeClose": "Bb"},
    "channel closing": {**CHANNEL, "TopUpChannel": "", "CloseChannel": "Ss"},
    "channel over": {},
    "mandate none": {**NO_AUTHORITY, "RevokeMandate": ""},
    "mandate revoked": {**NO_AUTHORITY, "RevokeMandate": ""},
    "mandate expired": NO_AUTHORITY,
    "mandate revoked while one's offer stands": {
        "PostListing": "SDE",
        "OpenChannel": "DE",
        "RevokeMandate": "",
        "Counter": "S",
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "mandate revoked while the other's offer stands": {
        "PostListing": "SDE",
        "OpenChannel": "DE",
        "RevokeMandate": "",
        "Reject": "B",
        "Withdraw": "S",
        "SendMessage": "BS",
    },
    "delegation possible": {"DelegateMandate": "OBb"},
    "delegation done": {"DelegateMandate": "OBb"},  # anew
    "delegation done by the principal": {"DelegateMandate": "OBb"},
    "delegation wider than the whole": {},
    "delegation to one who has a mandate": {"DelegateMandate": "Ob"},
    "payout requested": {"CancelPayout": "b", "SendPayout": "O", "FailPayout": "O"},
    "payout requested by one in debt": {
        "OpenChannel": "DE",
        "RequestPayout": "sde",
        "PostBond": "sde",
        "ReportPayout": "",
        "CancelPayout": "b",
        "SendPayout": "O",  # and fails
        "FailPayout": "O",
    },
    "payout sent": {"ConfirmPayout": "O", "FailPayout": "O"},
    "payout over": {},
    "payout by hand, requested": {"CancelPayout": "b", "SendPayout": "O12", "FailPayout": "O12"},
    "payout by hand, sent by an officer": {"ConfirmPayout": "O2", "FailPayout": "O2"},
    "payout by hand, sent by the operator": {"ConfirmPayout": "12", "FailPayout": "12"},
    "payout by hand, of little": {"ConfirmPayout": "O12", "FailPayout": "O12"},
    "report by an officer": {"ConfirmReport": "O2", "RejectReport": "O12"},
    "report by the operator": {"ConfirmReport": "12", "RejectReport": "O12"},
    "report over": {},
    "key of an agent": {"RevokeKey": "OBb"},
    "key of a principal": {"RevokeKey": "Ob"},
    "key of an officer": {"RevokeKey": "O1"},
    "key of the operator": {"RevokeKey": "O"},
    "key over": {},
    "key one too many": {"AddKey": "", "RevokeKey": "OBb"},
    "stakes, an epoch has closed": {"RevealEpoch": "O"},
    "stakes, a bond stands": {"WithdrawBond": "b", "JoinJury": "b"},
    "stakes, a bond leaves": {"PostBond": "sde"},
    "stakes, a key that a statement is of": {
        "ImportReputation": "O1",
        "PostBond": "bsde",
        "SetRestriction": "O1",
        "LoadDenyList": "O1",
    },
    "webhook of an agent": {"RemoveWebhook": "OBb", "DisableWebhook": "O", "ReplayWebhook": "B"},
    "webhook of a principal": {"RemoveWebhook": "Ob", "DisableWebhook": "O", "ReplayWebhook": "b"},
    "webhook of the operator": {"RemoveWebhook": "O", "DisableWebhook": "O", "ReplayWebhook": "O"},
    "webhook, failing": {"RemoveWebhook": "OBb", "EnableWebhook": "OB"},
    "webhook, forbidden": {"RemoveWebhook": "OBb", "EnableWebhook": "O"},
    "webhook over": {},
    "restricted to be told": {**OPEN, **OWNED, "PauseListing": "S", "AppealRestriction": "b"},
    "restricted to be slow, and not bound yet": {
        **OPEN,
        **OWNED,
        "PauseListing": "S",
        "AppealRestriction": "b",
    },
    "restricted to be slow, and bound just now": {
        **NO_AUTHORITY,
        "PostListing": "BSDE",
        "AppealRestriction": "b",
    },
    "restricted to make no commitments": {
        **NO_AUTHORITY,
        "PostListing": "BSDE",
        "AppealRestriction": "b",
    },
    "restricted until a person lifts it": {
        **NO_AUTHORITY,
        "PostListing": "BSDE",
        "SetRestriction": "",  # it is there already
        "AppealRestriction": "b",
    },
    "restricted while its own offer stands": {
        "OpenChannel": "DE",
        "Counter": "S",
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
        "AppealRestriction": "b",
    },
    "webhook one too many": {
        "AddWebhook": "OSDEbsde",
        "RemoveWebhook": "OBb",
        "DisableWebhook": "O",
        "ReplayWebhook": "B",
    },
    "commitments halted, an offer stands": {
        **HALTED["commitments"],
        "Counter": "S",
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "commitments halted, a swap is proposed": {
        **HALTED["commitments"],
        "Reject": "BD",
        "Withdraw": "S",
        "SendMessage": "BSD",
    },
    "commitments halted, a listing is open": {
        **HALTED["commitments"],
        **OWNED,
        "PauseListing": "S",
    },
    "commitments halted, a contract is held": {**HALTED["commitments"], "Decline": "b"},
    "commitments halted, a contract is disputed": {
        **HALTED["commitments"],
        **REFUND,
        **PLEADING,
        "Rule": "O",
    },
    "negotiations halted, an offer stands": {
        **HALTED["negotiations"],
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "negotiations halted, a contract is delivered": {
        **HALTED["negotiations"],
        "AcceptDelivery": "Bb",
        "OpenDispute": "Bb",
        **REFUND,
    },
    "commitments halted, a channel is open": {**HALTED["commitments"], **CHANNEL},
    "negotiations halted, a channel is open": {
        **HALTED["negotiations"],
        **CHANNEL,
        "TopUpChannel": "",
    },
    "settlements halted, a channel is open": HALTED["settlements"],
    "settlements halted, a channel is closing": HALTED["settlements"],
    "settlements halted, an offer stands": {
        **HALTED["settlements"],
        "Reject": "S",
        "Withdraw": "B",
        "SendMessage": "BS",
    },
    "settlements halted, a listing is open": {
        **HALTED["settlements"],
        **OWNED,
        "PauseListing": "S",
    },
    "settlements halted, a contract is held": HALTED["settlements"],
    "settlements halted, a contract is formed": HALTED["settlements"],
    "settlements halted, a contract is delivered": HALTED["settlements"],
    "settlements halted, a contract is disputed": HALTED["settlements"],
    "settlements halted, a payout is requested": {
        **HALTED["settlements"],
        "CancelPayout": "b",
        "FailPayout": "O",
    },
    "settlements halted, a payout is sent": {
        **HALTED["settlements"],
        "ConfirmPayout": "O",
        "FailPayout": "O",
    },
    "settlements halted, a payout is reported": {
        **HALTED["settlements"],
        "RejectReport": "O12",
    },
    "house, bea is attested": {"RevokeAttestation": "O"},
    "house, bea is held": {"SetLegalHold": ""},
    "house, eve has nothing left": {
        "ErasePrincipal": "O",
        "RequestPayout": "bsd",
        "PostBond": "bsd",
        "OpenChannel": "BD",
    },
    "house, eve is erased": {
        "PostBond": "bsd",
        "RequestPayout": "bsd",
        "PostListing": "BSD",
        "OpenChannel": "BD",
        "AddWebhook": "OBSDEbsde",
    },
    "house, terms are published": {
        "AdoptTerms": "bsde",
        "OpenChannel": "",
    },
    "house, terms are published and bea has adopted": {
        "AdoptTerms": "sde",
        "OpenChannel": "",
    },
    "house, a list is missing": {
        "RegisterPrincipal": "",
        "RequestPayout": "",
        "ReportPayout": "",
        "OpenChannel": "",
    },
    "house, bea is listed": {
        "RequestPayout": "sde",
        "ReportPayout": "",
        "OpenChannel": "DE",
    },
    "house, a review is asked for": {"AnswerReview": "O"},
    "house, a contract is to be confirmed": {"ConfirmSummary": "BbSs", "Decline": "b"},
    "house, a contract is confirmed": {"ConfirmSummary": "BSs", "Decline": "b", "Approve": "b"},
    "market not open": {
        **dict.fromkeys(ALWAYS, ""),
        "OpenMarket": "O",
        "Annotate": "O",
        "TransferMany": "O",  # every row of it fails
    },
}


def _listing(how: str) -> Scene:
    stall = Stall()
    thing, own = stall.list(SOL, quantity=2), stall.list(BEA)
    if how in ("withdrawn but reserved", "over"):
        stall.do(DAN, TakePrice(thing, usd(500)))
        stall.do(SOL, listing.WithdrawListing(thing))
    if how == "over":
        stall.do(SOL, contract.CancelContract("C1"))
    if how == "sold out but reserved":
        stall.do(DAN, TakePrice(thing, usd(500), 2))
    if how == "paused":
        stall.do(SOL, listing.PauseListing(thing))
    return Scene(stall, listing=thing, own=own)


def _haggle(how: str) -> Scene:
    stall = Stall()
    talk, terms = stall.offer(BEA, (stall.list(SOL),), 50, valid_us=HOUR_US)
    if how == "the responder's offer stands":
        terms = stall.do(SOL, Counter(talk, usd(60))).events[0].terms
    if how == "closed":
        stall.do(SOL, Reject(talk))
    if how == "its offer out of date":
        stall.now += HOUR_US - SECOND_US  # the next stamp; the engine would have ticked
    return Scene(stall, talk=talk, terms=terms)


def _swap(how: str) -> Scene:
    stall = Stall()
    things = [stall.list(agent) for agent in (SOL, BEA, DAN)]
    legs = zip(things, (BEA, DAN, SOL), strict=True)
    proposal = ProposeSwap(tuple(SwapLeg(thing, to) for thing, to in legs))
    events = stall.do(SOL, proposal).events
    if how == "closed":
        stall.do(BEA, Reject(events[0].negotiation))
    return Scene(stall, talk=events[0].negotiation, terms=events[1].terms)


def _contract(how: str) -> Scene:
    stall = Stall()
    if how == "held":
        stall.grant(BEA, approval_above_units=10)
    asked = Conditions(
        cooling_off_us=HOUR_US if "cooling" in how else None,
        undo_us=HOUR_US if "undone" in how else None,
    )
    things: tuple[str, ...] = (stall.list(SOL, conditions=asked),)
    if "one of two" in how:
        things += (stall.list(BEA),)
    deal = stall.deal(BEA, SOL, things, 50, payer=BEA)
    if how not in ("held", "formed", "formed, cooling off", "that may be undone"):
        stall.do(SOL, contract.SubmitDelivery(deal))
    if how == "delivered, one of two accepted":
        stall.do(BEA, contract.SubmitDelivery(deal))
    if how == "delivered, one of two accepted" or how.startswith("closed"):
        stall.do(BEA, contract.AcceptDelivery(deal))
    if "spoken of" in how:
        stall.do("P1", feedback.GiveFeedback(deal, True, True, True))
    if how.endswith("by both"):
        stall.do(SOL, feedback.GiveFeedback(deal, True, True, True))
    if how.endswith("too long ago"):
        stall.now += 15 * DAY_US
    if how.startswith("disputed"):
        stall.do(BEA, dispute.OpenDispute(deal, "damaged"))
    if "split" in how:
        stall.do(SOL, dispute.ProposeSplit(deal, 3_000))
    return Scene(stall, deal=deal)


def _dispute(how: str) -> Scene:
    """Let dan sit on the jury of one, if there is to be one; eve's bond is too small for a seat."""
    procedure = Procedure(jury=0 if "arbiter" in how else 1, seat_units=100, filing_units=5)
    stall = Stall(Rules(procedure=procedure))
    stall.do(OPERATOR, epoch.CommitEpoch(epoch.of_secret(NONCE)))
    deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
    if "arbiter" not in how:
        _join_jury(stall, (3, 500), (4, 50))
    stall.do(SOL, contract.SubmitDelivery(deal))
    stall.do(BEA, dispute.OpenDispute(deal, "damaged"))
    if how == "over":
        stall.do(SOL, dispute.AnswerDispute(deal, accepts=True))
    if how in ("pleaded", "over"):
        return Scene(stall, deal=deal)
    stall.now += HOUR_US
    stall.engine.tick()
    if how in ("drawing", "awaiting its arbiter"):
        return Scene(stall, deal=deal)
    stall.do(OPERATOR, epoch.CommitEpoch(epoch.of_secret("cd" * 16)))
    stall.do(OPERATOR, epoch.RevealEpoch("E1", NONCE))
    stall.now += SECOND_US
    stall.engine.tick()
    if how == "committing":
        return Scene(stall, deal=deal)
    stall.do(DAN, dispute.CommitVote(deal, of_vote(deal, 0, DAN, BPS, NONCE)))
    if how == "decided":
        stall.do(DAN, dispute.RevealVote(deal, BPS, NONCE))
        for n in (5, 6, 7):
            stall.join(n)
        _join_jury(stall, (5, 500), (6, 500), (7, 500))
    return Scene(stall, deal=deal)


def _join_jury(stall: Stall, *jurors: tuple[int, int]) -> None:
    for n, units in jurors:
        stall.do(f"P{n}", bond.PostBond(usd(units)))
        stall.do(f"P{n}", jury.JoinJury(f"A{n}"))


def _jury(how: str) -> Scene:
    stall = Stall()
    stall.do("P1", bond.PostBond(usd(5)))
    return Scene(stall)


def _mandate(how: str) -> Scene:
    if "stands" in how:
        scene = _haggle("the responder's offer stands" if "the other's" in how else "")
        scene.stall.do("P1", mandate.RevokeMandate(BEA))
        return scene
    scene = _listing("open")
    stall = scene.stall
    if how == "expired":
        stall.grant(BEA, expires_at=stall.now + HOUR_US)
        stall.now += HOUR_US
    else:
        stall.do("P1", mandate.RevokeMandate(BEA))
    return scene


def _delegation(how: str) -> Scene:
    stall = Stall()
    helper = "A5"
    stall.do("P1", party.RegisterAgent("P1", PublicText("helper")))
    part = SecretLimits(Limits(lifetime_units=9))
    if how == "wider than the whole":
        stall.grant(BEA, quantity_max=3)
    if how.startswith("done"):
        voice, of = ("P1", BEA) if "principal" in how else (BEA, "")
        stall.do(voice, delegation.DelegateMandate(helper, part, of))
    if how == "to one who has a mandate":
        stall.do("P1", mandate.GrantMandate(helper, part))
    return Scene(stall, helper=helper)


def _payout(how: str) -> Scene:
    by_hand = "by hand" in how
    rails = ("credits", "manual")
    stall = Stall(Rules(rails=rails, four_eyes_units=50 if "of little" in how else 0))
    for name in ("olga", "otto"):
        stall.do(OPERATOR, officer.RegisterOfficer(PublicText(name)))
    if by_hand:
        stall.do("O1", funds.ReportDeposit("P1", usd(50), "manual"))
        if "of little" not in how:
            stall.do("O2", funds.ConfirmReport("R1"))
    if "in debt" in how:
        stall.do(OPERATOR, funds.ReportDeposit("P1", usd(900), reference="r"))
    asked = payout.RequestPayout(usd(50), "manual" if by_hand else "credits")
    id = stall.do("P1", asked).events[0].payout
    if "in debt" in how:
        stall.do("P1", payout.RequestPayout(usd(DEPOSIT + 850)))
        stall.do(OPERATOR, funds.ReportChargeback(usd(900), "credits", "r"))
    if "sent" in how or "little" in how:
        stall.do("O1" if "officer" in how else OPERATOR, payout.SendPayout(id))
    if "over" in how:
        stall.do(OPERATOR, payout.FailPayout(id))
    return Scene(stall, payout=id)


def _report(how: str) -> Scene:
    stall = Stall(Rules(rails=("credits", "manual")))
    for name in ("olga", "otto"):
        stall.do(OPERATOR, officer.RegisterOfficer(PublicText(name)))
    who = "O1" if "officer" in how else OPERATOR
    stall.do(who, funds.ReportDeposit("P1", usd(50), "manual"))
    if "paid out" in how:
        stall.do("O2", funds.ConfirmReport("R1"))
        stall.do(who, funds.ReportPayout("P1", usd(50), "manual"))
    if how == "over":
        stall.do("O2", funds.ConfirmReport("R1"))
    return Scene(stall, report="R2" if "paid out" in how else "R1")


def _channel(how: str) -> Scene:
    stall = Stall()
    stall.do(BEA, channel.OpenChannel(SOL, usd(1_000), chain()))
    if "on record" in how:
        stall.do(SOL, channel.PresentVoucher("X1", word(2)))
    if "offer" in how:
        stall.do(SOL, channel.AgreeClose("X1", 7))
    if how == "closing":
        stall.do(BEA, channel.CloseChannel("X1"))
    if how == "over":
        stall.do(SOL, channel.CloseChannel("X1"))
    return Scene(stall, channel="X1")


def _halted(how: str) -> Scene:
    """Halt the market with something under way in it."""
    level, _, what = how.partition(" halted, ")
    match what.split():
        case "an", "offer", "stands":
            scene = _haggle("")
        case "a", "swap", *_:
            scene = _swap("")
        case "a", "listing", *_:
            scene = _listing("open")
        case "a", "channel", "is", state:
            scene = _channel(state)
        case "a", "contract", "is", state:
            scene = _contract(state)
        case "a", "payout", "is", "reported":
            scene = _report("by an officer, of money paid out")
        case _:
            scene = _payout(what)
    scene.stall.do(OPERATOR, SetHalt(level))  # type: ignore[arg-type]
    return scene


def _key(how: str) -> Scene:
    stall = Stall()
    stall.do(OPERATOR, officer.RegisterOfficer(PublicText("olga")))
    owners = {"a principal": "P1", "an officer": "O1", "the operator": OPERATOR}
    owner = owners.get(how.removeprefix("of "), BEA)
    for n in range(credential.KEYS_MAX if how == "one too many" else 1):
        adding = credential.AddKey(owner, "bearer", f"{n:064x}")
        stall.do(OPERATOR, adding)
    if how == "over":
        stall.do(BEA, credential.RevokeKey("K1"))
    return Scene(stall, key="K1")


def _webhook(how: str) -> Scene:
    stall = Stall()
    owners = {"of a principal": "P1", "of the operator": OPERATOR}
    for _ in range(webhook.WEBHOOKS_MAX if how == "one too many" else 1):
        adding = webhook.AddWebhook(OperatorText("https://a.example/"))
        stall.do(owners.get(how, BEA), adding)
    if how in ("failing", "forbidden"):
        stall.do(OPERATOR, webhook.DisableWebhook("H1", how))  # type: ignore[arg-type]
    if how == "over":
        stall.do(BEA, webhook.RemoveWebhook("H1"))
    return Scene(stall, hook="H1")


def _stakes(how: str) -> Scene:
    stall = Stall()
    if how == "an epoch has closed":
        for _ in range(2):
            stall.do(OPERATOR, epoch.CommitEpoch(epoch.of_secret("ab" * 16)))
        return Scene(stall)
    if how == "a key that a statement is of":
        stall.do(OPERATOR, officer.RegisterOfficer(PublicText("olga")))
        stall.do(OPERATOR, credential.AddKey("P1", "ed25519", SPOKEN_OF))
        return Scene(stall)
    stall.do("P1", bond.PostBond(usd(5)))
    if how == "a bond leaves":
        stall.do("P1", bond.WithdrawBond())
    return Scene(stall)


CONDITIONS = {
    "late": Conditions(late_us=6 * DAY_US, late_day_bps=100, late_max_bps=500),
    "by code": Conditions(hand_over="code"),
    "to be committed to": Conditions(criteria=(Content(),)),
    "to be verified": Conditions(criteria=(Probe(50),), verifier=DAN),
    "failed": Conditions(criteria=(Probe(50),), verifier=DAN),
    "accepted": Conditions(returns_us=HOUR_US),
    "on its way back": Conditions(returns_us=HOUR_US),
    "audited": Conditions(),
}


def _delivery(how: str) -> Scene:
    stall = Stall(Rules(auditor=EVE))
    if how == "audited":
        for secret in ("ab", "cd"):
            stall.do(OPERATOR, epoch.CommitEpoch(epoch.of_secret(secret * 16)))
    thing = stall.list(SOL, conditions=CONDITIONS[how])
    deal = stall.deal(BEA, SOL, (thing,), 50)
    if how == "late":
        stall.now += 2 * DAY_US
    if how not in ("late", "by code", "to be committed to"):
        stall.do(SOL, contract.SubmitDelivery(deal))
    if how == "failed":
        stall.do(DAN, acceptance.ReportVerification(deal, False, "ab" * 32))
    if how in ("accepted", "on its way back", "audited"):
        stall.do(BEA, contract.AcceptDelivery(deal))
    if how == "on its way back":
        stall.do(BEA, acceptance.SendBack(deal))
    if how == "audited":
        stall.do(OPERATOR, epoch.CommitEpoch(epoch.of_secret("ef" * 16)))
        stall.do(OPERATOR, epoch.RevealEpoch("E2", "cd" * 16))
        stall.now += SECOND_US
        stall.engine.tick()
        stall.do(OPERATOR, epoch.RevealEpoch("E1", "ab" * 16))
    return Scene(stall, deal=deal)


def _restricted(how: str) -> Scene:
    levels = {"to be told": "warn", "to make no commitments": "restrict"}
    level = levels.get(how, "slow" if "slow" in how else "human")
    if how == "while its own offer stands":
        scene = _haggle("")
        level = "restrict"
    else:
        scene = _listing("open")
    until = None if level == "human" else scene.stall.now + HOUR_US
    put = restriction.SetRestriction("P1", level, until)  # type: ignore[arg-type]
    scene.stall.do(OPERATOR, put)
    if how == "to be slow, and bound just now":
        scene.stall.offer(BEA, (scene.stall.list(SOL),), 50)
    return scene


def _unlisted() -> Stall:
    """Open a market that lets nobody in without a list; the one it had is too old by now."""
    stall = Stall(None)
    stall.do(OPERATOR, OpenMarket(Rules(deny_list="closed", deny_list_age_us=HOUR_US)))
    stall.do(OPERATOR, deny_list.LoadDenyList("1"))
    stall.furnish()
    stall.now += HOUR_US
    return stall


def _house(how: str) -> Scene:
    house = Rules()
    if "confirmed" in how:
        house = Rules(confirm_above_units=10)
    if "listed" in how:
        house = Rules(deny_list="open")
    stall = Stall(house) if "missing" not in how else _unlisted()
    hash, asked = "no hash", "Q99"
    match how.split():
        case "bea", "is", "attested":
            stall.do(OPERATOR, attestation.AttestPrincipal("P1", 1, stall.now + DAY_US))
        case "bea", "is", "held":
            stall.do(OPERATOR, erasure.SetLegalHold("P1", True))
        case "eve", *_:
            stall.do("P4", payout.RequestPayout(usd(DEPOSIT)))
            stall.do(OPERATOR, payout.SendPayout("W1"))
            stall.do(OPERATOR, payout.ConfirmPayout("W1"))
            if "erased" in how:
                stall.do(OPERATOR, erasure.ErasePrincipal("P4"))
        case "terms", *_:
            published = stall.do(OPERATOR, terms.PublishTerms(PublicText("be fair")))
            hash = published.events[0].terms
            if "adopted" in how:
                stall.do("P1", terms.AdoptTerms(hash))
        case "bea", "is", "listed":
            stall.do(OPERATOR, deny_list.LoadDenyList("1", principals=("P1",)))
        case "a", "review", *_:
            asked = stall.do(BEA, review.AskReview("C1")).events[0].review
        case "a", "contract", *_:
            deal = stall.deal(BEA, SOL, (stall.list(SOL),), 50)
            agreement = stall.engine.state.rows(CONTRACTS)[deal].agreement
            said = summary.sentences(stall.engine.state, deal, agreement)
            hash = summary.digest_of(said)
            if "is confirmed" in how:
                stall.do("P1", summary.ConfirmSummary(deal, hash))
            return Scene(stall, deal=deal, house=hash)
        case _:
            pass  # its rules say it all
    return Scene(stall, house=hash, review=asked)


SCENES = {
    "restricted": _restricted,
    "delivery": _delivery,
    "dispute": _dispute,
    "jury": _jury,
    "stakes": _stakes,
    "house": _house,
    "key": _key,
    "webhook": _webhook,
    "payout": _payout,
    "report": _report,
    "listing": _listing,
    "haggle": _haggle,
    "swap": _swap,
    "contract": _contract,
    "channel": _channel,
    "mandate": _mandate,
    "delegation": _delegation,
    "market": lambda how: Scene(Stall(None)),
}


def scene_of(name: str) -> Scene:
    """Bring a market into the state that a row of the table names."""
    if " halted, " in name:
        return _halted(name)
    kind, _, how = name.partition(" ")
    return SCENES[kind.rstrip(",")](how)


def cells(name: str) -> set[tuple[str, str]]:
    """List the legal (command, role) of a row."""
    row = {**ALWAYS, **LEGAL[name]}
    if "payout" in name or "report" in name:  # there are officers
        row["SetRestriction"] = "O12"
    elif name.startswith("key"):
        row["SetRestriction"] = "O1"
    if name.startswith("key"):
        row["LoadDenyList"] = "O1"
    elif "payout" in name or "report" in name:
        row["LoadDenyList"] = "O12"
    return {(command, role) for command, roles in row.items() for role in roles}


def try_all(scene: Scene, state: State) -> dict[tuple[str, str], bool]:
    """Judge every command by every role; tell which were accepted, and that nothing changed."""
    before = market.state_hash(state)
    at = scene.stall.now + SECOND_US
    accepted = {}
    for command, make in COMMANDS.items():
        for role, actor in ROLES.items():
            sealed = scene.stall.sealed(make(scene))
            try:
                draft = market.decide(state, at=at, actor=actor, command=sealed)
            except Refused:
                accepted[command, role] = False
            else:
                accepted[command, role] = True
                copy = draft.state.fork()
                market.fold(copy, at=at, events=tuple(draft.events))
                check_books(copy)
            assert market.state_hash(state) == before, f"{command} by {role} changed the state"
    return accepted


@pytest.mark.parametrize("name", LEGAL)
def test_exactly_the_cells_written_down_are_legal(name: str) -> None:
    scene = scene_of(name)
    found = try_all(scene, scene.stall.engine.fork())
    accepted = {cell for cell, is_accepted in found.items() if is_accepted}
    assert sorted(accepted - cells(name)) == []
    assert sorted(cells(name) - accepted) == []


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_cell_folds_to_what_its_draft_says(name: str) -> None:
    scene = scene_of(name)
    at = scene.stall.now + SECOND_US
    for command, role in sorted(cells(name)):
        sealed = scene.stall.sealed(COMMANDS[command](scene))
        live, folded = scene.stall.engine.fork(), scene.stall.engine.fork()
        draft = market.decide(live, at=at, actor=ROLES[role], command=sealed)
        draft.merge()
        market.fold(folded, at=at, events=tuple(draft.events))
        assert market.state_hash(live) == market.state_hash(folded), (command, role)


def test_the_sweep_knows_every_command_and_finds_each_legal_somewhere() -> None:
    bargains = set(market.COMMANDS) - OPEN_COMMANDS  # tests/mechanisms sweeps over the others
    assert set(COMMANDS) == {command.__name__ for command in bargains}
    legal = {command for name in LEGAL for command, _ in cells(name)}
    assert legal == set(COMMANDS)
