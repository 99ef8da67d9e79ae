"""Where each command of the core is reached over HTTP; what it asks and means stands in the core.

The fields named in a path are left out of the body. A command that is missing here stops the
import, so none can be forgotten; a mechanism's own need no line, since their paths follow from
their names.
"""

import re

from souq.core import (
    annotation,
    approval,
    channel,
    channel_batch,
    contract,
    cooling_off,
    credential,
    dispute,
    funds,
    halt,
    listing,
    mandate,
    market,
    message,
    officer,
    party,
    payout,
    rules,
    webhook,
)
from souq.core.mechanisms import MECHANISMS, alternating_offers, moves, posted_price, swap
from souq.core.policy import setting

PATHS: dict[type, str] = {
    rules.OpenMarket: "/v1/market/open",
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
    credential.AddKey: "/v1/keys",
    credential.RevokeKey: "/v1/keys/{key}/revoke",
    setting.SetPolicy: "/v1/policies",
    setting.SetOrganisation: "/v1/principals/{principal}/organisation",
    setting.SetDestination: "/v1/agents/{agent}/destination",
    mandate.GrantMandate: "/v1/agents/{agent}/mandate",
    mandate.RevokeMandate: "/v1/agents/{agent}/mandate/revoke",
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
    channel.OpenChannel: "/v1/channels",
    channel.TopUpChannel: "/v1/channels/{channel}/top-up",
    channel.PresentVoucher: "/v1/channels/{channel}/voucher",
    channel.CloseChannel: "/v1/channels/{channel}/close",
    channel.AgreeClose: "/v1/channels/{channel}/agree",
    channel_batch.SettleChannels: "/v1/settlements",
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
