"""Written by `python -m souq.sdk.stubs`; a test fails when it is out of date."""

from collections.abc import Sequence
from typing import Any, Literal

from souq.core.channel_batch import Claim
from souq.core.conditions import Conditions
from souq.core.mandate import Limits
from souq.core.mechanisms.barter.records import Wish
from souq.core.mechanisms.call_for_proposals.scoring import Criteria
from souq.core.mechanisms.double_auction.price_band import PriceBand
from souq.core.mechanisms.english_auction.prices import Increment, Restraints
from souq.core.mechanisms.moves import Item
from souq.core.mechanisms.swap import SwapLeg
from souq.core.mechanisms.vcg import Lot, Package
from souq.core.money import Money
from souq.core.policy import Policy
from souq.core.rules import Rules
from souq.core.transfer import Batch
from souq.core.voucher import HashChain, Payword, SignedVouchers, Voucher
from souq.engine import Answer
from souq.operations.approval_queries import Approvals
from souq.operations.channel_queries import Channel, Channels
from souq.operations.compliance_queries import (
    KnownAgent,
    MarketTerms,
    Reasons,
    Reviews,
    Statement,
    Summary,
)
from souq.operations.delivery_queries import Audits, Delivery, Epochs
from souq.operations.dispute_queries import Dispute, Disputes
from souq.operations.evidence_queries import Consistency, Inclusion, Receipt, RecordProof
from souq.operations.floor_queries import FloorFigures
from souq.operations.key_queries import Keys, Webhooks
from souq.operations.ledger_queries import TrialBalance
from souq.operations.move_queries import Moves
from souq.operations.party_queries import Principals
from souq.operations.policy_queries import Explanation, PolicyInForce
from souq.operations.queries import (
    AgentCard,
    Balances,
    Contract,
    Contracts,
    Entries,
    Mandate,
    Market,
    Matches,
    Me,
    Messages,
    Negotiation,
    Negotiations,
    Payouts,
    Reports,
    Runs,
)
from souq.operations.reputation_queries import Reputation
from souq.operations.surveillance_queries import Alarms, Halts, Restrictions
from souq.views.catalogue.card import ListingCard, SearchPage
from souq.views.evidence import TreeHead
from souq.views.feed import FeedPage
from souq.views.observation import Observation

class Methods:
    def take_price(
        self, listing: str, price: Money, quantity: int = ..., *, command_id: str = ""
    ) -> Answer:
        """Buy a listing, or supply a want, at the price it states per unit."""
    def make_offer(
        self,
        items: Sequence[Item],
        price: Money,
        to: str = ...,
        payer: str = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer a price for one or several listings of another agent, and open a negotiation."""
    def counter(
        self,
        negotiation: str,
        price: Money,
        items: Sequence[Item] = ...,
        payer: str = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer the other side's offer with another one."""
    def accept(self, negotiation: str, terms: str, *, command_id: str = "") -> Answer:
        """Accept exactly the terms whose digest is named."""
    def reject(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a negotiation by turning the other side's terms down."""
    def withdraw(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a negotiation by taking one's own terms back."""
    def propose_swap(
        self, legs: Sequence[SwapLeg], valid_us: int | None = ..., *, command_id: str = ""
    ) -> Answer:
        """Propose that listings change hands at once."""
    def open_sealed_bid(
        self,
        listing: str,
        reserve: Money,
        bidding_us: int,
        quantity: int = ...,
        pricing: Literal["first_price", "second_price"] = ...,
        secret_reserve: str = ...,
        revealing_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to the highest sealed bid."""
    def place_sealed_bid(self, negotiation: str, price: Money, *, command_id: str = "") -> Answer:
        """Bid for the whole; nobody sees it until the close."""
    def reveal_reserve(
        self, negotiation: str, reserve: Money, nonce: str, *, command_id: str = ""
    ) -> Answer:
        """Show the reserve that was committed to when the run was opened, once bidding is over."""
    def open_commit_reveal(
        self,
        listing: str,
        reserve: Money,
        deposit: Money,
        secret: str,
        committing_us: int,
        revealing_us: int,
        quantity: int = ...,
        pricing: Literal["first_price", "second_price"] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to the highest of bids that are committed to, then shown."""
    def commit_bid(self, negotiation: str, commitment: str, *, command_id: str = "") -> Answer:
        """Commit to a bid for the whole, without saying what it is."""
    def reveal_bid(
        self, negotiation: str, price: Money, nonce: str, *, command_id: str = ""
    ) -> Answer:
        """Show the bid that one committed to; its money is held."""
    def open_english_auction(
        self,
        listing: str,
        start: Money,
        increments: Sequence[Increment],
        bidding_us: int,
        reserve: Money | None = ...,
        quantity: int = ...,
        soft_close_us: int = ...,
        extensions_max: int = ...,
        restraints: Restraints = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to whoever bids most, in the open."""
    def place_proxy_bid(
        self,
        negotiation: str,
        maximum: Money,
        value_cap: Money | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid up to a maximum, which others do not see."""
    def open_dutch_auction(
        self,
        listing: str,
        start: Money,
        floor: Money,
        step: Money,
        interval_us: int,
        quantity: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to whoever first takes it, at a price that falls."""
    def take_falling_price(
        self, negotiation: str, price: Money, quantity: int = ..., *, command_id: str = ""
    ) -> Answer:
        """Buy at the price of now: one, or as many as `quantity` says."""
    def call_for_proposals(
        self,
        listing: str,
        budget: Money,
        proposing_us: int,
        quantity: int = ...,
        criteria: Criteria = ...,
        scoring: Literal["first_score", "second_score"] = ...,
        is_sealed: bool = ...,
        may_award_early: bool = ...,
        under: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Ask suppliers for what a want of one's own describes; the best scores win."""
    def send_proposal(
        self,
        negotiation: str,
        price: Money,
        quantity: int | None = ...,
        latency_us: int | None = ...,
        quality: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Propose to supply what is called for, at a price per unit; it binds until the close."""
    def award_proposals(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Close a call of one's own before its deadline; the best scores of those there are win."""
    def open_call_market(
        self,
        category: str,
        asset: str,
        interval_us: int,
        clearings: int = ...,
        pricing: Literal["k_double", "mcafee", "trade_reduction"] = ...,
        k_bps: int = ...,
        rationing: Literal["pro_rata", "time"] = ...,
        top_units: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a call market for one category; it clears so many times, once an interval."""
    def place_call_order(
        self,
        negotiation: str,
        listing: str,
        price: Money,
        quantity: int = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid with a `want` listing of one's own, or ask with a `sell` one; unseen by others."""
    def cancel_call_order(self, negotiation: str, order: int, *, command_id: str = "") -> Answer:
        """Take back what is left of an order of one's own."""
    def close_call_market(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a call market of one's own; what rests in it is let go."""
    def open_batch_window(
        self,
        listing: str,
        window_us: int,
        quantity: int = ...,
        rule: Literal["lot", "best_price", "best_attribute"] = ...,
        attribute: str = ...,
        seed_hash: str = ...,
        revealing_us: int = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer a listing of one's own at its price to whoever enters within a window."""
    def enter_batch(
        self,
        negotiation: str,
        listing: str = ...,
        price: Money | None = ...,
        quantity: int = ...,
        salt: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Take the offer, if the rule picks this entry."""
    def leave_batch(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Take one's entry back before the close."""
    def reveal_batch_seed(self, negotiation: str, seed: str, *, command_id: str = "") -> Answer:
        """Tell the seed that one's window was opened under, after its close."""
    def withdraw_batch_window(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End one's window while nobody has entered."""
    def open_order_book(
        self,
        category: str,
        asset: str,
        open_us: int,
        tick_units: int = ...,
        resting_us: int = ...,
        is_improving_only: bool = ...,
        is_cleared_after_trade: bool = ...,
        band: PriceBand | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a book in which everybody may bid for, and ask for, pieces of one category."""
    def place_order(
        self,
        negotiation: str,
        listing: str,
        price: Money,
        quantity: int = ...,
        valid_us: int | None = ...,
        is_immediate: bool = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid on a `want` listing of one's own, or ask on a `sell` listing, at a price a piece."""
    def cancel_order(self, negotiation: str, order: int, *, command_id: str = "") -> Answer:
        """Take what is left of an order of one's own off the book; `order` is its number there."""
    def close_order_book(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a book that one has opened."""
    def open_vcg(
        self, lots: Sequence[Lot], bidding_us: int, asset: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Sell several listings of one's own at once, to bidders who may want them together."""
    def bid_on_packages(
        self, negotiation: str, packages: Sequence[Package], *, command_id: str = ""
    ) -> Answer:
        """Say what packages are worth, of which at most one is won; nobody sees it."""
    def open_compute_lane(
        self,
        listing: str,
        capacity: int,
        interval_us: int,
        intervals: int,
        reserve: Money,
        guaranteed: Money,
        starts_in_us: int,
        notice_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell capacity by the interval, on a listing that has as much for all of them."""
    def place_lane_bid(
        self,
        negotiation: str,
        tier: Literal["standard", "preemptible"],
        quantity: int,
        intervals: int,
        cap: Money,
        within_us: int,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid for `quantity` units over so many intervals that end within `within_us` from now."""
    def reserve_lane(
        self,
        negotiation: str,
        quantity: int,
        first: int,
        intervals: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Reserve units in stated intervals, the lane's first being 0, at the posted price."""
    def release_lane_job(self, negotiation: str, job: int, *, command_id: str = "") -> Answer:
        """End a job of one's own, or take its bid back; it pays for the time it had."""
    def close_lane(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Take no more jobs."""
    def open_barter(
        self,
        matching: Literal["top_trading_cycles", "cycle_cover"],
        interval_us: int,
        clearings: int = ...,
        asset: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a batch exchange, which clears so many times, `interval_us` apart."""
    def enter_barter(
        self,
        negotiation: str,
        goods: Sequence[Item],
        wishes: Sequence[Wish],
        *,
        command_id: str = "",
    ) -> Answer:
        """Put goods of one's own into a batch, as a whole, and say what they would be given for."""
    def leave_barter(self, negotiation: str, offer: int, *, command_id: str = "") -> Answer:
        """Take an offer of one's own out of the batch again."""
    def open_market(self, rules: Rules = ..., *, command_id: str = "") -> Answer:
        """Open the market under its rules."""
    def amend_rules(self, rules: Rules, *, command_id: str = "") -> Answer:
        """Change rules of a market that is open; `rules` are all of them, as they will be."""
    def set_halt(
        self,
        level: Literal["open", "commitments", "negotiations", "settlements"],
        why: str = ...,
        scope: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Stop the market, a principal or an agent at a level, or let it go on (`open`)."""
    def add_webhook(self, url: str, types: Sequence[str] = ..., *, command_id: str = "") -> Answer:
        """Have the records one may see sent to an address."""
    def remove_webhook(self, webhook: str, *, command_id: str = "") -> Answer:
        """End a webhook for good."""
    def enable_webhook(self, webhook: str, *, command_id: str = "") -> Answer:
        """Send again, from where it stopped."""
    def disable_webhook(
        self, webhook: str, why: Literal["failing", "forbidden"] = ..., *, command_id: str = ""
    ) -> Answer:
        """Stop sending: it failed for a day, or the operator forbids it."""
    def replay_webhook(self, webhook: str, after: int, *, command_id: str = "") -> Answer:
        """Send again what came after record `after`."""
    def annotate(self, topic: str, note: str, *, command_id: str = "") -> Answer:
        """Put a note into the record, for the operator's eyes."""
    def register_principal(self, name: str, key: str = ..., *, command_id: str = "") -> Answer:
        """Register a person or organisation, and open its wallets."""
    def register_agent(
        self, principal: str, name: str, key: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Register software that speaks for a principal."""
    def declare_model(self, agent: str, model: str, *, command_id: str = "") -> Answer:
        """Say which model an agent runs on, for everybody to read; nobody checks it."""
    def register_officer(self, name: str, *, command_id: str = "") -> Answer:
        """Register a person who may report and confirm money on rail `manual`."""
    def set_restriction(
        self,
        principal: str,
        level: Literal["observe", "warn", "slow", "restrict", "human"],
        until: int | None = ...,
        why: Literal[
            "bid_rotation",
            "closed_club",
            "message_alignment",
            "other",
            "price_parallelism",
            "repricing_loop",
            "reputation_ring",
            "shill_bidding",
            "spoofing",
            "wash_trading",
        ] = ...,
        words: str = ...,
        evidence: str = ...,
        pause_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Put a principal on a level of the ladder, or lift it (`observe`)."""
    def appeal_restriction(self, principal: str, text: str, *, command_id: str = "") -> Answer:
        """Object to a restriction in one's own words, for a person to read."""
    def add_key(
        self,
        owner: str,
        kind: Literal["bearer", "ed25519", "es256"],
        material: str,
        expires_at: int | None = ...,
        replaces: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Let somebody speak with one more key."""
    def revoke_key(self, key: str, *, command_id: str = "") -> Answer:
        """End a key at once."""
    def set_policy(self, scope: str, policy: Policy, *, command_id: str = "") -> Answer:
        """Set the rules of a scope, in place of those before."""
    def set_organisation(
        self, principal: str, organisation: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Say that a principal belongs to an organisation, itself a principal, or to none."""
    def set_destination(
        self, agent: str, destination: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Name the place where goods that are shipped to an agent go, from the next deal on."""
    def grant_mandate(self, agent: str, limits: Limits, *, command_id: str = "") -> Answer:
        """Lend an agent authority, replacing what it had."""
    def revoke_mandate(self, agent: str, *, command_id: str = "") -> Answer:
        """Take authority back, from the next command on, and all that was lent on of it."""
    def delegate_mandate(
        self, agent: str, limits: Limits, of: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Lend a part of a mandate to another agent of the same principal, never wider."""
    def open_account(
        self, account: str, asset: str = ..., no_overdraft: bool = ..., *, command_id: str = ""
    ) -> Answer:
        """Open a ledger account outside the wallets, for metering or pay-rolls."""
    def transfer_many(self, batch: Batch, *, command_id: str = "") -> Answer:
        """Make up to 8,000 transfers, each with its own outcome."""
    def report_deposit(
        self,
        principal: str,
        amount: Money,
        rail: str = ...,
        reference: str | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Report money that a rail brought in for a principal, or for the `reserve`."""
    def report_payout(
        self, principal: str, amount: Money, rail: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Report money that a rail paid out without being asked to by a payout."""
    def report_chargeback(
        self, amount: Money, rail: str, reference: str, *, command_id: str = ""
    ) -> Answer:
        """Report that the outside took a deposit back, whole or in part."""
    def confirm_report(self, report: str, *, command_id: str = "") -> Answer:
        """Confirm what another person reported on rail `manual`."""
    def reject_report(self, report: str, *, command_id: str = "") -> Answer:
        """Drop what was reported on rail `manual` and is not confirmed yet, one's own included."""
    def request_payout(
        self, amount: Money, rail: str = ..., destination: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Ask a rail to pay out one's money; it is set aside at once."""
    def cancel_payout(self, payout: str, *, command_id: str = "") -> Answer:
        """Take a payout back that is not sent yet."""
    def send_payout(self, payout: str, *, command_id: str = "") -> Answer:
        """Say that a payout goes to its rail now; from here on it may have been paid."""
    def confirm_payout(self, payout: str, reference: str = ..., *, command_id: str = "") -> Answer:
        """Say that the rail has paid."""
    def fail_payout(
        self,
        payout: str,
        why: Literal["rejected", "destination_unknown", "in_debt", "other"] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that the rail will never pay; the money goes back."""
    def post_listing(
        self,
        title: str,
        category: str,
        price: Money | None = ...,
        side: Literal["sell", "want"] = ...,
        subject: Literal["goods", "service", "capacity", "data"] = ...,
        description: str = ...,
        attributes: dict[str, int | str | bool] = ...,
        quantity: int = ...,
        unit: str = ...,
        delivery: Literal["meet", "ship", "digital", "title"] = ...,
        shipping_units: int = ...,
        mechanisms: Sequence[str] = ...,
        ref: str = ...,
        conditions: Conditions = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer something, or ask for it."""
    def edit_listing(
        self,
        listing: str,
        price: Money | None = ...,
        title: str | None = ...,
        description: str | None = ...,
        available: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Change a listing's price, words or remaining quantity."""
    def pause_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """Take no new agreements on a listing for now."""
    def resume_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """Take agreements on a paused listing again."""
    def withdraw_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """End a listing."""
    def send_message(self, negotiation: str, text: str, *, command_id: str = "") -> Answer:
        """Say something to the other parties of a negotiation."""
    def post_message(self, text: str, *, command_id: str = "") -> Answer:
        """Say something to the whole floor."""
    def approve(
        self,
        contract: str,
        digest: str = ...,
        key: str = ...,
        signature: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Approve a deal that waits for it."""
    def decline(self, contract: str, *, command_id: str = "") -> Answer:
        """Refuse a deal above the mandate's threshold."""
    def submit_delivery(
        self,
        contract: str,
        evidence: str = ...,
        measured: dict[str, int] | None = ...,
        code: str | None = ...,
        key: str | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that one's goods are handed over; `evidence` is a digest of the proof."""
    def accept_delivery(self, contract: str, *, command_id: str = "") -> Answer:
        """Take what was delivered as what was promised."""
    def cancel_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Call a deal off before anything is delivered."""
    def revoke_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Take a deal back while it cools off: all money returns."""
    def open_dispute(
        self,
        contract: str,
        ground: Literal["not_as_described", "not_received", "incomplete", "damaged", "other"],
        claim: str = ...,
        evidence: Sequence[str] = ...,
        remedy: Literal["refund", "redo"] = ...,
        asked_bps: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that what was delivered is not what was promised."""
    def rule(
        self,
        contract: str,
        payer_bps: int,
        redo: bool = ...,
        cause: Literal[
            "", "misdescription", "non_delivery", "unwise", "rule_off", "platform_fault"
        ] = ...,
        forfeit_units: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Decide a dispute: so many basis points of each payment go back to its payer."""
    def answer_dispute(
        self,
        contract: str,
        accepts: bool = ...,
        answer: str = ...,
        evidence: Sequence[str] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer a claim: accept it whole, which settles it at once, or contest it."""
    def add_evidence(
        self, contract: str, evidence: Sequence[str], *, command_id: str = ""
    ) -> Answer:
        """Bring more evidence, as digests, until it is closed."""
    def propose_split(self, contract: str, payer_bps: int, *, command_id: str = "") -> Answer:
        """Propose to settle: so many basis points of each payment go back to its payer."""
    def accept_split(self, contract: str, payer_bps: int, *, command_id: str = "") -> Answer:
        """Accept what the other side proposed, which settles the dispute."""
    def commit_vote(self, contract: str, commitment: str, *, command_id: str = "") -> Answer:
        """Commit to a vote on a case."""
    def reveal_vote(self, contract: str, vote: int, nonce: str, *, command_id: str = "") -> Answer:
        """Show the vote one committed to, once all have committed or their time is over."""
    def appeal_verdict(self, contract: str, *, command_id: str = "") -> Answer:
        """Have a larger panel judge again, once."""
    def undo_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Undo a deal made in error, while its conditions allow it."""
    def join_jury(self, agent: str, *, command_id: str = "") -> Answer:
        """Enter the register of jurors, and name the agent that votes."""
    def leave_jury(self, *, command_id: str = "") -> Answer:
        """Leave the register of jurors."""
    def open_channel(
        self,
        payee: str,
        deposit: Money,
        means: SignedVouchers | HashChain,
        valid_us: int = ...,
        window_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Set a deposit aside for many small payments to one agent."""
    def top_up_channel(self, channel: str, deposit: Money, *, command_id: str = "") -> Answer:
        """Add to an open channel's deposit."""
    def present_voucher(
        self, channel: str, proof: Voucher | Payword, *, command_id: str = ""
    ) -> Answer:
        """Put one's best voucher on record without ending the channel: silence will pay it."""
    def close_channel(
        self, channel: str, proof: Voucher | Payword | None = ..., *, command_id: str = ""
    ) -> Answer:
        """End a channel: at once by the payee, who is paid what it proves."""
    def agree_close(self, channel: str, units: int, *, command_id: str = "") -> Answer:
        """Name the final amount; once both sides name the same, it is paid and the channel ends."""
    def settle_channels(self, claims: Sequence[Claim], *, command_id: str = "") -> Answer:
        """End up to 1,000 channels at once."""
    def commit_epoch(self, commitment: str, *, command_id: str = "") -> Answer:
        """Commit to the secret of the next epoch, which opens now and closes the one before."""
    def reveal_epoch(self, epoch: str, secret: str, *, command_id: str = "") -> Answer:
        """Show the secret of an epoch that has closed; what waits in it is drawn."""
    def post_bond(self, amount: Money, *, command_id: str = "") -> Answer:
        """Lock money as a stake, or add to it."""
    def withdraw_bond(self, asset: str = ..., *, command_id: str = "") -> Answer:
        """Ask for a whole bond back; it stands, and may be forfeited, until it is free."""
    def commit_delivery(
        self, contract: str, content: str, key: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Commit to what will be delivered, before delivering it."""
    def commit_code(self, contract: str, code: str, *, command_id: str = "") -> Answer:
        """Commit to the code that one will tell when handed the goods."""
    def grant_refund(self, contract: str, bps: int, *, command_id: str = "") -> Answer:
        """Give a share of what is still held for oneself back to its payer."""
    def claim_non_delivery(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that what is late has not come, and set its giver a last day."""
    def report_verification(
        self,
        contract: str,
        passed: bool,
        report: str,
        measured: dict[str, int] | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Report whether a delivery keeps its criteria."""
    def send_back(self, contract: str, *, command_id: str = "") -> Answer:
        """Send back what was accepted, within the time the conditions give."""
    def confirm_return(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that what was sent back has come; the money goes back."""
    def contest(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that a report of failure is wrong, or that a return has not come as it went."""
    def report_audit(
        self, contract: str, passed: bool, report: str, *, command_id: str = ""
    ) -> Answer:
        """Report what an audit of a contract found."""
    def set_trust(
        self,
        principals: Sequence[str],
        bps: Sequence[int],
        rings: Sequence[int] = ...,
        upto: int = ...,
        method: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say how far each principal's word counts, and who trades in rings."""
    def import_reputation(
        self,
        principal: str,
        issuer: str,
        source: str,
        subject_key: str,
        digest: str,
        evidence_root: str,
        from_at: int,
        until_at: int,
        valid_until: int,
        good_milli: int,
        bad_milli: int,
        weight_bps: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bring in a principal's record from another market, as checked."""
    def give_feedback(
        self,
        contract: str,
        delivered: bool,
        on_time: bool,
        as_described: bool,
        stars: int = ...,
        text: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say how a deal that is over went, once."""
    def attest_principal(
        self,
        principal: str,
        level: int,
        until: int,
        jurisdiction: str = ...,
        party_type: Literal["", "consumer", "business"] = ...,
        evidence: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say what was checked of a principal, in place of what was said before."""
    def revoke_attestation(self, principal: str, *, command_id: str = "") -> Answer:
        """Take back what was said of a principal, from the next command on."""
    def describe_agent(
        self,
        agent: str,
        operated_by: str = ...,
        version: str = ...,
        capabilities: Sequence[str] = ...,
        contact: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say who operates an agent, which version runs, what it can do, and whom to write to."""
    def load_deny_list(
        self,
        version: str,
        names: Sequence[str] = ...,
        principals: Sequence[str] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Load a version of the deny list in place of the one before."""
    def publish_terms(self, text: str, *, command_id: str = "") -> Answer:
        """Publish the market's terms, in place of the version before."""
    def adopt_terms(self, terms: str, *, command_id: str = "") -> Answer:
        """Adopt the terms that stand, by their hash."""
    def confirm_summary(self, contract: str, summary: str, *, command_id: str = "") -> Answer:
        """Say that one has read what a deal comes to: the summary of this digest."""
    def set_legal_hold(
        self, principal: str, is_held: bool, why: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Keep everything of a principal, whatever its time, or let go of it again."""
    def erase_principal(self, principal: str, *, command_id: str = "") -> Answer:
        """Erase a principal's words, name and contact for good, and end its authority."""
    def ask_review(self, about: str, words: str = ..., *, command_id: str = "") -> Answer:
        """Ask the operator to look again at a refusal, restriction, ruling or delisting."""
    def answer_review(
        self,
        review: str,
        outcome: Literal["upheld", "changed"],
        words: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer whoever asked: it stays as it was, or it was changed."""
    def get_market(self) -> Market:
        """Give the market's house rules, its clock, and whether it stands still."""
    def get_floor(self) -> FloorFigures:
        """Give the market's figures: listings, offers, deals, prices over time, what is open."""
    def who_am_i(self) -> Me:
        """Tell who one speaks as, by the key one brings."""
    def get_agent(self, agent: str) -> AgentCard:
        """Give what everybody may know of an agent."""
    def list_principals(
        self, principal: str = ..., limit: int = ..., cursor: str = ...
    ) -> Principals:
        """List principals with their agents, in the order they came."""
    def get_reputation(self, of: str, category: str = ...) -> Reputation:
        """Give what an agent, or a principal, has shown as a supplier; by anybody."""
    def search(
        self,
        text: str = ...,
        side: Literal["sell", "want"] = ...,
        subject: Literal["goods", "service", "capacity", "data"] | None = ...,
        category: str = ...,
        price_min_units: int | None = ...,
        price_max_units: int | None = ...,
        asset: str = ...,
        attributes: Sequence[str] = ...,
        delivery: Literal["meet", "ship", "digital", "title"] | None = ...,
        agent: str = ...,
        mechanism: str = ...,
        seller_deals_min: int = ...,
        order: Literal["relevance", "newest", "cheapest", "dearest", "reputation"] = ...,
        limit: int = ...,
        cursor: str = ...,
    ) -> SearchPage:
        """Find listings that are open now."""
    def get_listing(self, listing: str) -> ListingCard:
        """Give a listing that has not ended."""
    def list_matches(self, agent: str = ..., after: int = ..., limit: int = ...) -> Matches:
        """List offers that fit wants, for an agent on either side, oldest first, after a record."""
    def observe(self, agent: str = ...) -> Observation:
        """Give all that an agent needs to decide what to do."""
    def get_negotiation(self, negotiation: str) -> Negotiation:
        """Give a negotiation, running or ended."""
    def list_negotiations(
        self, agent: str = ..., is_open: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Negotiations:
        """List an agent's bargains, newest first."""
    def list_runs(
        self, mechanism: str = ..., agent: str = ..., limit: int = ..., cursor: str = ...
    ) -> Runs:
        """List the auctions, calls and books that are open to anybody, oldest first."""
    def get_contract(self, contract: str) -> Contract:
        """Give a contract, running or ended."""
    def list_contracts(
        self, agent: str = ..., is_open: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Contracts:
        """List an agent's contracts, newest first."""
    def get_channel(self, channel: str) -> Channel:
        """Give a channel, running or ended."""
    def list_channels(self, agent: str = ..., limit: int = ..., cursor: str = ...) -> Channels:
        """List an agent's running channels, on either side of them, newest first."""
    def list_approvals(
        self, principal: str = ..., limit: int = ..., cursor: str = ...
    ) -> Approvals:
        """List the deals that wait for a principal's approval, the oldest first."""
    def get_delivery(self, contract: str) -> Delivery:
        """Give how a running contract is performed."""
    def list_audits(self) -> Audits:
        """List contracts that the lot fell on, and whose audit is open."""
    def list_epochs(self) -> Epochs:
        """List the latest epochs that lots are drawn from, newest first."""
    def list_moves(self, contract: str) -> Moves:
        """List what one can do about a contract now, by the names of the operations."""
    def get_dispute(self, contract: str) -> Dispute:
        """Give what was last in dispute about a contract, running or ended."""
    def list_disputes(
        self, mine_to_judge: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Disputes:
        """List running disputes, newest first: those one is a side of or judges."""
    def get_tree_head(self, size: int = ...) -> TreeHead:
        """Give the signed head of the market's tree of records, now or as it was at `size`."""
    def get_inclusion(self, seq: int, size: int = ...) -> Inclusion:
        """Prove that a record stands in the tree of `size` records, or in the whole one."""
    def get_consistency(self, first: int, second: int = ...) -> Consistency:
        """Prove that the tree of `first` records begins that of `second`, or the whole one."""
    def get_record_proof(self, seq: int, size: int = ...) -> RecordProof:
        """Give a record, proven to stand in the tree of `size` records, or in the whole one."""
    def get_receipt(self, contract: str) -> Receipt:
        """Give the receipt of a deal, which a stranger can verify offline."""
    def get_balance(self, principal: str = ...) -> Balances:
        """Give a principal's money."""
    def list_entries(self, principal: str = ..., limit: int = ..., cursor: str = ...) -> Entries:
        """List what moved in a principal's wallets, newest first."""
    def get_trial_balance(self, limit: int = ..., cursor: str = ...) -> TrialBalance:
        """Add the whole ledger up, by asset and kind of account; list its accounts by name."""
    def get_mandate(self, agent: str = ...) -> Mandate:
        """Give an agent's authority and what is left of it."""
    def get_policy(self, scope: str) -> PolicyInForce:
        """Give the policy in force for a scope."""
    def explain_command(self, command: str, agent: str = ..., policy: str = ...) -> Explanation:
        """Say which rules a command would run into, and why; nothing is carried out."""
    def list_messages(
        self, negotiation: str = ..., limit: int = ..., cursor: str = ...
    ) -> Messages:
        """List what was said on the floor, or in a negotiation of one's own, newest first."""
    def list_payouts(self, principal: str = ...) -> Payouts:
        """List a principal's open payouts; the operator and officers see everybody's."""
    def list_reports(self) -> Reports:
        """List what was reported on rail `manual` and waits for another person."""
    def list_keys(self, owner: str = ...) -> Keys:
        """List the live keys of oneself, or of `owner`."""
    def list_webhooks(self, owner: str = ...) -> Webhooks:
        """List the webhooks of oneself, or of `owner`."""
    def list_events(
        self,
        after: int = ...,
        types: Sequence[str] = ...,
        limit: int = ...,
        about: str = ...,
        order: Literal["oldest", "newest"] = ...,
        before: int = ...,
    ) -> FeedPage:
        """List what happened after a record, as far as one may see it; `types` narrows it down."""
    def list_alarms(self, detector: str = ..., limit: int = ...) -> Alarms:
        """List what surveillance found of late, latest first, and how breakers stand."""
    def list_restrictions(
        self, limit: int = ..., cursor: str = ..., principal: str = ...
    ) -> Restrictions:
        """List principals on the ladder, or the one that is named."""
    def list_halts(self, limit: int = ..., cursor: str = ..., of: str = ...) -> Halts:
        """List the switches that are thrown, the latest first; with `of`, of whom it names."""
    def get_agent_card(self, agent: str) -> KnownAgent:
        """Give all that is known of an agent and of whoever stands behind it."""
    def get_terms(self) -> MarketTerms:
        """Give the market's terms as they stand, and whether one's principal has adopted them."""
    def get_summary(self, contract: str) -> Summary:
        """Tell in plain sentences what a running deal comes to."""
    def get_statement(self, principal: str = ..., year: int = ...) -> Statement:
        """Give what a principal took in and paid, by year and asset, to the last unit."""
    def list_reviews(self, limit: int = ...) -> Reviews:
        """List the open requests to look again: one's own; the operator sees everybody's."""
    def list_reasons(self) -> Reasons:
        """List every way the market says no, what to do then, and where to appeal."""

class AsyncMethods:
    async def take_price(
        self, listing: str, price: Money, quantity: int = ..., *, command_id: str = ""
    ) -> Answer:
        """Buy a listing, or supply a want, at the price it states per unit."""
    async def make_offer(
        self,
        items: Sequence[Item],
        price: Money,
        to: str = ...,
        payer: str = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer a price for one or several listings of another agent, and open a negotiation."""
    async def counter(
        self,
        negotiation: str,
        price: Money,
        items: Sequence[Item] = ...,
        payer: str = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer the other side's offer with another one."""
    async def accept(self, negotiation: str, terms: str, *, command_id: str = "") -> Answer:
        """Accept exactly the terms whose digest is named."""
    async def reject(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a negotiation by turning the other side's terms down."""
    async def withdraw(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a negotiation by taking one's own terms back."""
    async def propose_swap(
        self, legs: Sequence[SwapLeg], valid_us: int | None = ..., *, command_id: str = ""
    ) -> Answer:
        """Propose that listings change hands at once."""
    async def open_sealed_bid(
        self,
        listing: str,
        reserve: Money,
        bidding_us: int,
        quantity: int = ...,
        pricing: Literal["first_price", "second_price"] = ...,
        secret_reserve: str = ...,
        revealing_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to the highest sealed bid."""
    async def place_sealed_bid(
        self, negotiation: str, price: Money, *, command_id: str = ""
    ) -> Answer:
        """Bid for the whole; nobody sees it until the close."""
    async def reveal_reserve(
        self, negotiation: str, reserve: Money, nonce: str, *, command_id: str = ""
    ) -> Answer:
        """Show the reserve that was committed to when the run was opened, once bidding is over."""
    async def open_commit_reveal(
        self,
        listing: str,
        reserve: Money,
        deposit: Money,
        secret: str,
        committing_us: int,
        revealing_us: int,
        quantity: int = ...,
        pricing: Literal["first_price", "second_price"] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to the highest of bids that are committed to, then shown."""
    async def commit_bid(
        self, negotiation: str, commitment: str, *, command_id: str = ""
    ) -> Answer:
        """Commit to a bid for the whole, without saying what it is."""
    async def reveal_bid(
        self, negotiation: str, price: Money, nonce: str, *, command_id: str = ""
    ) -> Answer:
        """Show the bid that one committed to; its money is held."""
    async def open_english_auction(
        self,
        listing: str,
        start: Money,
        increments: Sequence[Increment],
        bidding_us: int,
        reserve: Money | None = ...,
        quantity: int = ...,
        soft_close_us: int = ...,
        extensions_max: int = ...,
        restraints: Restraints = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to whoever bids most, in the open."""
    async def place_proxy_bid(
        self,
        negotiation: str,
        maximum: Money,
        value_cap: Money | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid up to a maximum, which others do not see."""
    async def open_dutch_auction(
        self,
        listing: str,
        start: Money,
        floor: Money,
        step: Money,
        interval_us: int,
        quantity: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell a listing of one's own to whoever first takes it, at a price that falls."""
    async def take_falling_price(
        self, negotiation: str, price: Money, quantity: int = ..., *, command_id: str = ""
    ) -> Answer:
        """Buy at the price of now: one, or as many as `quantity` says."""
    async def call_for_proposals(
        self,
        listing: str,
        budget: Money,
        proposing_us: int,
        quantity: int = ...,
        criteria: Criteria = ...,
        scoring: Literal["first_score", "second_score"] = ...,
        is_sealed: bool = ...,
        may_award_early: bool = ...,
        under: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Ask suppliers for what a want of one's own describes; the best scores win."""
    async def send_proposal(
        self,
        negotiation: str,
        price: Money,
        quantity: int | None = ...,
        latency_us: int | None = ...,
        quality: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Propose to supply what is called for, at a price per unit; it binds until the close."""
    async def award_proposals(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Close a call of one's own before its deadline; the best scores of those there are win."""
    async def open_call_market(
        self,
        category: str,
        asset: str,
        interval_us: int,
        clearings: int = ...,
        pricing: Literal["k_double", "mcafee", "trade_reduction"] = ...,
        k_bps: int = ...,
        rationing: Literal["pro_rata", "time"] = ...,
        top_units: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a call market for one category; it clears so many times, once an interval."""
    async def place_call_order(
        self,
        negotiation: str,
        listing: str,
        price: Money,
        quantity: int = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid with a `want` listing of one's own, or ask with a `sell` one; unseen by others."""
    async def cancel_call_order(
        self, negotiation: str, order: int, *, command_id: str = ""
    ) -> Answer:
        """Take back what is left of an order of one's own."""
    async def close_call_market(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a call market of one's own; what rests in it is let go."""
    async def open_batch_window(
        self,
        listing: str,
        window_us: int,
        quantity: int = ...,
        rule: Literal["lot", "best_price", "best_attribute"] = ...,
        attribute: str = ...,
        seed_hash: str = ...,
        revealing_us: int = ...,
        valid_us: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer a listing of one's own at its price to whoever enters within a window."""
    async def enter_batch(
        self,
        negotiation: str,
        listing: str = ...,
        price: Money | None = ...,
        quantity: int = ...,
        salt: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Take the offer, if the rule picks this entry."""
    async def leave_batch(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Take one's entry back before the close."""
    async def reveal_batch_seed(
        self, negotiation: str, seed: str, *, command_id: str = ""
    ) -> Answer:
        """Tell the seed that one's window was opened under, after its close."""
    async def withdraw_batch_window(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End one's window while nobody has entered."""
    async def open_order_book(
        self,
        category: str,
        asset: str,
        open_us: int,
        tick_units: int = ...,
        resting_us: int = ...,
        is_improving_only: bool = ...,
        is_cleared_after_trade: bool = ...,
        band: PriceBand | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a book in which everybody may bid for, and ask for, pieces of one category."""
    async def place_order(
        self,
        negotiation: str,
        listing: str,
        price: Money,
        quantity: int = ...,
        valid_us: int | None = ...,
        is_immediate: bool = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid on a `want` listing of one's own, or ask on a `sell` listing, at a price a piece."""
    async def cancel_order(self, negotiation: str, order: int, *, command_id: str = "") -> Answer:
        """Take what is left of an order of one's own off the book; `order` is its number there."""
    async def close_order_book(self, negotiation: str, *, command_id: str = "") -> Answer:
        """End a book that one has opened."""
    async def open_vcg(
        self, lots: Sequence[Lot], bidding_us: int, asset: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Sell several listings of one's own at once, to bidders who may want them together."""
    async def bid_on_packages(
        self, negotiation: str, packages: Sequence[Package], *, command_id: str = ""
    ) -> Answer:
        """Say what packages are worth, of which at most one is won; nobody sees it."""
    async def open_compute_lane(
        self,
        listing: str,
        capacity: int,
        interval_us: int,
        intervals: int,
        reserve: Money,
        guaranteed: Money,
        starts_in_us: int,
        notice_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Sell capacity by the interval, on a listing that has as much for all of them."""
    async def place_lane_bid(
        self,
        negotiation: str,
        tier: Literal["standard", "preemptible"],
        quantity: int,
        intervals: int,
        cap: Money,
        within_us: int,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bid for `quantity` units over so many intervals that end within `within_us` from now."""
    async def reserve_lane(
        self,
        negotiation: str,
        quantity: int,
        first: int,
        intervals: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Reserve units in stated intervals, the lane's first being 0, at the posted price."""
    async def release_lane_job(self, negotiation: str, job: int, *, command_id: str = "") -> Answer:
        """End a job of one's own, or take its bid back; it pays for the time it had."""
    async def close_lane(self, negotiation: str, *, command_id: str = "") -> Answer:
        """Take no more jobs."""
    async def open_barter(
        self,
        matching: Literal["top_trading_cycles", "cycle_cover"],
        interval_us: int,
        clearings: int = ...,
        asset: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Open a batch exchange, which clears so many times, `interval_us` apart."""
    async def enter_barter(
        self,
        negotiation: str,
        goods: Sequence[Item],
        wishes: Sequence[Wish],
        *,
        command_id: str = "",
    ) -> Answer:
        """Put goods of one's own into a batch, as a whole, and say what they would be given for."""
    async def leave_barter(self, negotiation: str, offer: int, *, command_id: str = "") -> Answer:
        """Take an offer of one's own out of the batch again."""
    async def open_market(self, rules: Rules = ..., *, command_id: str = "") -> Answer:
        """Open the market under its rules."""
    async def amend_rules(self, rules: Rules, *, command_id: str = "") -> Answer:
        """Change rules of a market that is open; `rules` are all of them, as they will be."""
    async def set_halt(
        self,
        level: Literal["open", "commitments", "negotiations", "settlements"],
        why: str = ...,
        scope: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Stop the market, a principal or an agent at a level, or let it go on (`open`)."""
    async def add_webhook(
        self, url: str, types: Sequence[str] = ..., *, command_id: str = ""
    ) -> Answer:
        """Have the records one may see sent to an address."""
    async def remove_webhook(self, webhook: str, *, command_id: str = "") -> Answer:
        """End a webhook for good."""
    async def enable_webhook(self, webhook: str, *, command_id: str = "") -> Answer:
        """Send again, from where it stopped."""
    async def disable_webhook(
        self, webhook: str, why: Literal["failing", "forbidden"] = ..., *, command_id: str = ""
    ) -> Answer:
        """Stop sending: it failed for a day, or the operator forbids it."""
    async def replay_webhook(self, webhook: str, after: int, *, command_id: str = "") -> Answer:
        """Send again what came after record `after`."""
    async def annotate(self, topic: str, note: str, *, command_id: str = "") -> Answer:
        """Put a note into the record, for the operator's eyes."""
    async def register_principal(
        self, name: str, key: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Register a person or organisation, and open its wallets."""
    async def register_agent(
        self, principal: str, name: str, key: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Register software that speaks for a principal."""
    async def declare_model(self, agent: str, model: str, *, command_id: str = "") -> Answer:
        """Say which model an agent runs on, for everybody to read; nobody checks it."""
    async def register_officer(self, name: str, *, command_id: str = "") -> Answer:
        """Register a person who may report and confirm money on rail `manual`."""
    async def set_restriction(
        self,
        principal: str,
        level: Literal["observe", "warn", "slow", "restrict", "human"],
        until: int | None = ...,
        why: Literal[
            "bid_rotation",
            "closed_club",
            "message_alignment",
            "other",
            "price_parallelism",
            "repricing_loop",
            "reputation_ring",
            "shill_bidding",
            "spoofing",
            "wash_trading",
        ] = ...,
        words: str = ...,
        evidence: str = ...,
        pause_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Put a principal on a level of the ladder, or lift it (`observe`)."""
    async def appeal_restriction(
        self, principal: str, text: str, *, command_id: str = ""
    ) -> Answer:
        """Object to a restriction in one's own words, for a person to read."""
    async def add_key(
        self,
        owner: str,
        kind: Literal["bearer", "ed25519", "es256"],
        material: str,
        expires_at: int | None = ...,
        replaces: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Let somebody speak with one more key."""
    async def revoke_key(self, key: str, *, command_id: str = "") -> Answer:
        """End a key at once."""
    async def set_policy(self, scope: str, policy: Policy, *, command_id: str = "") -> Answer:
        """Set the rules of a scope, in place of those before."""
    async def set_organisation(
        self, principal: str, organisation: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Say that a principal belongs to an organisation, itself a principal, or to none."""
    async def set_destination(
        self, agent: str, destination: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Name the place where goods that are shipped to an agent go, from the next deal on."""
    async def grant_mandate(self, agent: str, limits: Limits, *, command_id: str = "") -> Answer:
        """Lend an agent authority, replacing what it had."""
    async def revoke_mandate(self, agent: str, *, command_id: str = "") -> Answer:
        """Take authority back, from the next command on, and all that was lent on of it."""
    async def delegate_mandate(
        self, agent: str, limits: Limits, of: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Lend a part of a mandate to another agent of the same principal, never wider."""
    async def open_account(
        self, account: str, asset: str = ..., no_overdraft: bool = ..., *, command_id: str = ""
    ) -> Answer:
        """Open a ledger account outside the wallets, for metering or pay-rolls."""
    async def transfer_many(self, batch: Batch, *, command_id: str = "") -> Answer:
        """Make up to 8,000 transfers, each with its own outcome."""
    async def report_deposit(
        self,
        principal: str,
        amount: Money,
        rail: str = ...,
        reference: str | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Report money that a rail brought in for a principal, or for the `reserve`."""
    async def report_payout(
        self, principal: str, amount: Money, rail: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Report money that a rail paid out without being asked to by a payout."""
    async def report_chargeback(
        self, amount: Money, rail: str, reference: str, *, command_id: str = ""
    ) -> Answer:
        """Report that the outside took a deposit back, whole or in part."""
    async def confirm_report(self, report: str, *, command_id: str = "") -> Answer:
        """Confirm what another person reported on rail `manual`."""
    async def reject_report(self, report: str, *, command_id: str = "") -> Answer:
        """Drop what was reported on rail `manual` and is not confirmed yet, one's own included."""
    async def request_payout(
        self, amount: Money, rail: str = ..., destination: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Ask a rail to pay out one's money; it is set aside at once."""
    async def cancel_payout(self, payout: str, *, command_id: str = "") -> Answer:
        """Take a payout back that is not sent yet."""
    async def send_payout(self, payout: str, *, command_id: str = "") -> Answer:
        """Say that a payout goes to its rail now; from here on it may have been paid."""
    async def confirm_payout(
        self, payout: str, reference: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Say that the rail has paid."""
    async def fail_payout(
        self,
        payout: str,
        why: Literal["rejected", "destination_unknown", "in_debt", "other"] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that the rail will never pay; the money goes back."""
    async def post_listing(
        self,
        title: str,
        category: str,
        price: Money | None = ...,
        side: Literal["sell", "want"] = ...,
        subject: Literal["goods", "service", "capacity", "data"] = ...,
        description: str = ...,
        attributes: dict[str, int | str | bool] = ...,
        quantity: int = ...,
        unit: str = ...,
        delivery: Literal["meet", "ship", "digital", "title"] = ...,
        shipping_units: int = ...,
        mechanisms: Sequence[str] = ...,
        ref: str = ...,
        conditions: Conditions = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Offer something, or ask for it."""
    async def edit_listing(
        self,
        listing: str,
        price: Money | None = ...,
        title: str | None = ...,
        description: str | None = ...,
        available: int | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Change a listing's price, words or remaining quantity."""
    async def pause_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """Take no new agreements on a listing for now."""
    async def resume_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """Take agreements on a paused listing again."""
    async def withdraw_listing(self, listing: str, *, command_id: str = "") -> Answer:
        """End a listing."""
    async def send_message(self, negotiation: str, text: str, *, command_id: str = "") -> Answer:
        """Say something to the other parties of a negotiation."""
    async def post_message(self, text: str, *, command_id: str = "") -> Answer:
        """Say something to the whole floor."""
    async def approve(
        self,
        contract: str,
        digest: str = ...,
        key: str = ...,
        signature: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Approve a deal that waits for it."""
    async def decline(self, contract: str, *, command_id: str = "") -> Answer:
        """Refuse a deal above the mandate's threshold."""
    async def submit_delivery(
        self,
        contract: str,
        evidence: str = ...,
        measured: dict[str, int] | None = ...,
        code: str | None = ...,
        key: str | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that one's goods are handed over; `evidence` is a digest of the proof."""
    async def accept_delivery(self, contract: str, *, command_id: str = "") -> Answer:
        """Take what was delivered as what was promised."""
    async def cancel_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Call a deal off before anything is delivered."""
    async def revoke_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Take a deal back while it cools off: all money returns."""
    async def open_dispute(
        self,
        contract: str,
        ground: Literal["not_as_described", "not_received", "incomplete", "damaged", "other"],
        claim: str = ...,
        evidence: Sequence[str] = ...,
        remedy: Literal["refund", "redo"] = ...,
        asked_bps: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say that what was delivered is not what was promised."""
    async def rule(
        self,
        contract: str,
        payer_bps: int,
        redo: bool = ...,
        cause: Literal[
            "", "misdescription", "non_delivery", "unwise", "rule_off", "platform_fault"
        ] = ...,
        forfeit_units: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Decide a dispute: so many basis points of each payment go back to its payer."""
    async def answer_dispute(
        self,
        contract: str,
        accepts: bool = ...,
        answer: str = ...,
        evidence: Sequence[str] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer a claim: accept it whole, which settles it at once, or contest it."""
    async def add_evidence(
        self, contract: str, evidence: Sequence[str], *, command_id: str = ""
    ) -> Answer:
        """Bring more evidence, as digests, until it is closed."""
    async def propose_split(self, contract: str, payer_bps: int, *, command_id: str = "") -> Answer:
        """Propose to settle: so many basis points of each payment go back to its payer."""
    async def accept_split(self, contract: str, payer_bps: int, *, command_id: str = "") -> Answer:
        """Accept what the other side proposed, which settles the dispute."""
    async def commit_vote(self, contract: str, commitment: str, *, command_id: str = "") -> Answer:
        """Commit to a vote on a case."""
    async def reveal_vote(
        self, contract: str, vote: int, nonce: str, *, command_id: str = ""
    ) -> Answer:
        """Show the vote one committed to, once all have committed or their time is over."""
    async def appeal_verdict(self, contract: str, *, command_id: str = "") -> Answer:
        """Have a larger panel judge again, once."""
    async def undo_contract(self, contract: str, *, command_id: str = "") -> Answer:
        """Undo a deal made in error, while its conditions allow it."""
    async def join_jury(self, agent: str, *, command_id: str = "") -> Answer:
        """Enter the register of jurors, and name the agent that votes."""
    async def leave_jury(self, *, command_id: str = "") -> Answer:
        """Leave the register of jurors."""
    async def open_channel(
        self,
        payee: str,
        deposit: Money,
        means: SignedVouchers | HashChain,
        valid_us: int = ...,
        window_us: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Set a deposit aside for many small payments to one agent."""
    async def top_up_channel(self, channel: str, deposit: Money, *, command_id: str = "") -> Answer:
        """Add to an open channel's deposit."""
    async def present_voucher(
        self, channel: str, proof: Voucher | Payword, *, command_id: str = ""
    ) -> Answer:
        """Put one's best voucher on record without ending the channel: silence will pay it."""
    async def close_channel(
        self, channel: str, proof: Voucher | Payword | None = ..., *, command_id: str = ""
    ) -> Answer:
        """End a channel: at once by the payee, who is paid what it proves."""
    async def agree_close(self, channel: str, units: int, *, command_id: str = "") -> Answer:
        """Name the final amount; once both sides name the same, it is paid and the channel ends."""
    async def settle_channels(self, claims: Sequence[Claim], *, command_id: str = "") -> Answer:
        """End up to 1,000 channels at once."""
    async def commit_epoch(self, commitment: str, *, command_id: str = "") -> Answer:
        """Commit to the secret of the next epoch, which opens now and closes the one before."""
    async def reveal_epoch(self, epoch: str, secret: str, *, command_id: str = "") -> Answer:
        """Show the secret of an epoch that has closed; what waits in it is drawn."""
    async def post_bond(self, amount: Money, *, command_id: str = "") -> Answer:
        """Lock money as a stake, or add to it."""
    async def withdraw_bond(self, asset: str = ..., *, command_id: str = "") -> Answer:
        """Ask for a whole bond back; it stands, and may be forfeited, until it is free."""
    async def commit_delivery(
        self, contract: str, content: str, key: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Commit to what will be delivered, before delivering it."""
    async def commit_code(self, contract: str, code: str, *, command_id: str = "") -> Answer:
        """Commit to the code that one will tell when handed the goods."""
    async def grant_refund(self, contract: str, bps: int, *, command_id: str = "") -> Answer:
        """Give a share of what is still held for oneself back to its payer."""
    async def claim_non_delivery(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that what is late has not come, and set its giver a last day."""
    async def report_verification(
        self,
        contract: str,
        passed: bool,
        report: str,
        measured: dict[str, int] | None = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Report whether a delivery keeps its criteria."""
    async def send_back(self, contract: str, *, command_id: str = "") -> Answer:
        """Send back what was accepted, within the time the conditions give."""
    async def confirm_return(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that what was sent back has come; the money goes back."""
    async def contest(self, contract: str, *, command_id: str = "") -> Answer:
        """Say that a report of failure is wrong, or that a return has not come as it went."""
    async def report_audit(
        self, contract: str, passed: bool, report: str, *, command_id: str = ""
    ) -> Answer:
        """Report what an audit of a contract found."""
    async def set_trust(
        self,
        principals: Sequence[str],
        bps: Sequence[int],
        rings: Sequence[int] = ...,
        upto: int = ...,
        method: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say how far each principal's word counts, and who trades in rings."""
    async def import_reputation(
        self,
        principal: str,
        issuer: str,
        source: str,
        subject_key: str,
        digest: str,
        evidence_root: str,
        from_at: int,
        until_at: int,
        valid_until: int,
        good_milli: int,
        bad_milli: int,
        weight_bps: int = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Bring in a principal's record from another market, as checked."""
    async def give_feedback(
        self,
        contract: str,
        delivered: bool,
        on_time: bool,
        as_described: bool,
        stars: int = ...,
        text: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say how a deal that is over went, once."""
    async def attest_principal(
        self,
        principal: str,
        level: int,
        until: int,
        jurisdiction: str = ...,
        party_type: Literal["", "consumer", "business"] = ...,
        evidence: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say what was checked of a principal, in place of what was said before."""
    async def revoke_attestation(self, principal: str, *, command_id: str = "") -> Answer:
        """Take back what was said of a principal, from the next command on."""
    async def describe_agent(
        self,
        agent: str,
        operated_by: str = ...,
        version: str = ...,
        capabilities: Sequence[str] = ...,
        contact: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Say who operates an agent, which version runs, what it can do, and whom to write to."""
    async def load_deny_list(
        self,
        version: str,
        names: Sequence[str] = ...,
        principals: Sequence[str] = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Load a version of the deny list in place of the one before."""
    async def publish_terms(self, text: str, *, command_id: str = "") -> Answer:
        """Publish the market's terms, in place of the version before."""
    async def adopt_terms(self, terms: str, *, command_id: str = "") -> Answer:
        """Adopt the terms that stand, by their hash."""
    async def confirm_summary(self, contract: str, summary: str, *, command_id: str = "") -> Answer:
        """Say that one has read what a deal comes to: the summary of this digest."""
    async def set_legal_hold(
        self, principal: str, is_held: bool, why: str = ..., *, command_id: str = ""
    ) -> Answer:
        """Keep everything of a principal, whatever its time, or let go of it again."""
    async def erase_principal(self, principal: str, *, command_id: str = "") -> Answer:
        """Erase a principal's words, name and contact for good, and end its authority."""
    async def ask_review(self, about: str, words: str = ..., *, command_id: str = "") -> Answer:
        """Ask the operator to look again at a refusal, restriction, ruling or delisting."""
    async def answer_review(
        self,
        review: str,
        outcome: Literal["upheld", "changed"],
        words: str = ...,
        *,
        command_id: str = "",
    ) -> Answer:
        """Answer whoever asked: it stays as it was, or it was changed."""
    async def get_market(self) -> Market:
        """Give the market's house rules, its clock, and whether it stands still."""
    async def get_floor(self) -> FloorFigures:
        """Give the market's figures: listings, offers, deals, prices over time, what is open."""
    async def who_am_i(self) -> Me:
        """Tell who one speaks as, by the key one brings."""
    async def get_agent(self, agent: str) -> AgentCard:
        """Give what everybody may know of an agent."""
    async def list_principals(
        self, principal: str = ..., limit: int = ..., cursor: str = ...
    ) -> Principals:
        """List principals with their agents, in the order they came."""
    async def get_reputation(self, of: str, category: str = ...) -> Reputation:
        """Give what an agent, or a principal, has shown as a supplier; by anybody."""
    async def search(
        self,
        text: str = ...,
        side: Literal["sell", "want"] = ...,
        subject: Literal["goods", "service", "capacity", "data"] | None = ...,
        category: str = ...,
        price_min_units: int | None = ...,
        price_max_units: int | None = ...,
        asset: str = ...,
        attributes: Sequence[str] = ...,
        delivery: Literal["meet", "ship", "digital", "title"] | None = ...,
        agent: str = ...,
        mechanism: str = ...,
        seller_deals_min: int = ...,
        order: Literal["relevance", "newest", "cheapest", "dearest", "reputation"] = ...,
        limit: int = ...,
        cursor: str = ...,
    ) -> SearchPage:
        """Find listings that are open now."""
    async def get_listing(self, listing: str) -> ListingCard:
        """Give a listing that has not ended."""
    async def list_matches(self, agent: str = ..., after: int = ..., limit: int = ...) -> Matches:
        """List offers that fit wants, for an agent on either side, oldest first, after a record."""
    async def observe(self, agent: str = ...) -> Observation:
        """Give all that an agent needs to decide what to do."""
    async def get_negotiation(self, negotiation: str) -> Negotiation:
        """Give a negotiation, running or ended."""
    async def list_negotiations(
        self, agent: str = ..., is_open: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Negotiations:
        """List an agent's bargains, newest first."""
    async def list_runs(
        self, mechanism: str = ..., agent: str = ..., limit: int = ..., cursor: str = ...
    ) -> Runs:
        """List the auctions, calls and books that are open to anybody, oldest first."""
    async def get_contract(self, contract: str) -> Contract:
        """Give a contract, running or ended."""
    async def list_contracts(
        self, agent: str = ..., is_open: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Contracts:
        """List an agent's contracts, newest first."""
    async def get_channel(self, channel: str) -> Channel:
        """Give a channel, running or ended."""
    async def list_channels(
        self, agent: str = ..., limit: int = ..., cursor: str = ...
    ) -> Channels:
        """List an agent's running channels, on either side of them, newest first."""
    async def list_approvals(
        self, principal: str = ..., limit: int = ..., cursor: str = ...
    ) -> Approvals:
        """List the deals that wait for a principal's approval, the oldest first."""
    async def get_delivery(self, contract: str) -> Delivery:
        """Give how a running contract is performed."""
    async def list_audits(self) -> Audits:
        """List contracts that the lot fell on, and whose audit is open."""
    async def list_epochs(self) -> Epochs:
        """List the latest epochs that lots are drawn from, newest first."""
    async def list_moves(self, contract: str) -> Moves:
        """List what one can do about a contract now, by the names of the operations."""
    async def get_dispute(self, contract: str) -> Dispute:
        """Give what was last in dispute about a contract, running or ended."""
    async def list_disputes(
        self, mine_to_judge: bool = ..., limit: int = ..., cursor: str = ...
    ) -> Disputes:
        """List running disputes, newest first: those one is a side of or judges."""
    async def get_tree_head(self, size: int = ...) -> TreeHead:
        """Give the signed head of the market's tree of records, now or as it was at `size`."""
    async def get_inclusion(self, seq: int, size: int = ...) -> Inclusion:
        """Prove that a record stands in the tree of `size` records, or in the whole one."""
    async def get_consistency(self, first: int, second: int = ...) -> Consistency:
        """Prove that the tree of `first` records begins that of `second`, or the whole one."""
    async def get_record_proof(self, seq: int, size: int = ...) -> RecordProof:
        """Give a record, proven to stand in the tree of `size` records, or in the whole one."""
    async def get_receipt(self, contract: str) -> Receipt:
        """Give the receipt of a deal, which a stranger can verify offline."""
    async def get_balance(self, principal: str = ...) -> Balances:
        """Give a principal's money."""
    async def list_entries(
        self, principal: str = ..., limit: int = ..., cursor: str = ...
    ) -> Entries:
        """List what moved in a principal's wallets, newest first."""
    async def get_trial_balance(self, limit: int = ..., cursor: str = ...) -> TrialBalance:
        """Add the whole ledger up, by asset and kind of account; list its accounts by name."""
    async def get_mandate(self, agent: str = ...) -> Mandate:
        """Give an agent's authority and what is left of it."""
    async def get_policy(self, scope: str) -> PolicyInForce:
        """Give the policy in force for a scope."""
    async def explain_command(
        self, command: str, agent: str = ..., policy: str = ...
    ) -> Explanation:
        """Say which rules a command would run into, and why; nothing is carried out."""
    async def list_messages(
        self, negotiation: str = ..., limit: int = ..., cursor: str = ...
    ) -> Messages:
        """List what was said on the floor, or in a negotiation of one's own, newest first."""
    async def list_payouts(self, principal: str = ...) -> Payouts:
        """List a principal's open payouts; the operator and officers see everybody's."""
    async def list_reports(self) -> Reports:
        """List what was reported on rail `manual` and waits for another person."""
    async def list_keys(self, owner: str = ...) -> Keys:
        """List the live keys of oneself, or of `owner`."""
    async def list_webhooks(self, owner: str = ...) -> Webhooks:
        """List the webhooks of oneself, or of `owner`."""
    async def list_events(
        self,
        after: int = ...,
        types: Sequence[str] = ...,
        limit: int = ...,
        about: str = ...,
        order: Literal["oldest", "newest"] = ...,
        before: int = ...,
    ) -> FeedPage:
        """List what happened after a record, as far as one may see it; `types` narrows it down."""
    async def list_alarms(self, detector: str = ..., limit: int = ...) -> Alarms:
        """List what surveillance found of late, latest first, and how breakers stand."""
    async def list_restrictions(
        self, limit: int = ..., cursor: str = ..., principal: str = ...
    ) -> Restrictions:
        """List principals on the ladder, or the one that is named."""
    async def list_halts(self, limit: int = ..., cursor: str = ..., of: str = ...) -> Halts:
        """List the switches that are thrown, the latest first; with `of`, of whom it names."""
    async def get_agent_card(self, agent: str) -> KnownAgent:
        """Give all that is known of an agent and of whoever stands behind it."""
    async def get_terms(self) -> MarketTerms:
        """Give the market's terms as they stand, and whether one's principal has adopted them."""
    async def get_summary(self, contract: str) -> Summary:
        """Tell in plain sentences what a running deal comes to."""
    async def get_statement(self, principal: str = ..., year: int = ...) -> Statement:
        """Give what a principal took in and paid, by year and asset, to the last unit."""
    async def list_reviews(self, limit: int = ...) -> Reviews:
        """List the open requests to look again: one's own; the operator sees everybody's."""
    async def list_reasons(self) -> Reasons:
        """List every way the market says no, what to do then, and where to appeal."""

def build(kind: type, given: dict[str, Any]) -> Any: ...
