"""The single declaration of everything anybody can do or ask.

Routes, the OpenAPI document, the client's methods and `souq call` are all made from `OPERATIONS`.
A command is a struct of the core, a query one of `queries`; both are documented where they stand.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from souq.engine import Answer
from souq.operations import (
    approval_queries,
    channel_queries,
    dispute_queries,
    evidence_queries,
    floor_queries,
    key_queries,
    ledger_queries,
    move_queries,
    party_queries,
    policy_queries,
    reputation_queries,
    surveillance_queries,
)
from souq.operations import compliance_queries as trust
from souq.operations import delivery_queries as delivery
from souq.operations import queries as ask
from souq.operations.commands import PATHS
from souq.views.catalogue import ListingCard, Search, SearchPage
from souq.views.evidence import TreeHead
from souq.views.feed import FeedPage
from souq.views.observation import Observation

__all__ = ["BATCH", "BY_NAME", "BY_TYPE", "COMMANDS", "EVENTS", "OPERATIONS", "Operation"]

# Beside a route for each operation: any command by its type, many at once, and what happens.
COMMANDS = "/v1/commands"
BATCH = "/v1/commands:batch"
EVENTS = "/v1/events"


class Operation(Struct, frozen=True):
    """One thing to do or ask: its name, what it is asked with, what it gives, and where.

    `fields` are those that stand in the path, in its order.
    """

    name: str
    asks: type
    gives: type
    method: str
    path: str

    @property
    def is_command(self) -> bool:
        """Tell whether it changes something."""
        return self.method == "POST"

    @property
    def fields(self) -> tuple[str, ...]:
        """Name the fields that the path says."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def summary(self) -> str:
        """Give the first sentence of its documentation."""
        return self.description.split("\n\n")[0].partition(". ")[0].rstrip(".")

    @property
    def description(self) -> str:
        """Give its documentation as paragraphs."""
        paragraphs = (self.asks.__doc__ or "").split("\n\n")
        return "\n\n".join(" ".join(one.split()) for one in paragraphs)


_QUERIES: tuple[tuple[type, type, str], ...] = (
    (ask.GetMarket, ask.Market, "/v1/market"),
    (floor_queries.GetFloor, floor_queries.FloorFigures, "/v1/floor"),
    (ask.WhoAmI, ask.Me, "/v1/me"),
    (ask.GetAgent, ask.AgentCard, "/v1/agents/{agent}"),
    (party_queries.ListPrincipals, party_queries.Principals, "/v1/principals"),
    (
        reputation_queries.GetReputation,
        reputation_queries.Reputation,
        "/v1/reputation/{of}",
    ),
    (Search, SearchPage, "/v1/listings"),
    (ask.GetListing, ListingCard, "/v1/listings/{listing}"),
    (ask.ListMatches, ask.Matches, "/v1/matches"),
    (ask.Observe, Observation, "/v1/observation"),
    (ask.GetNegotiation, ask.Negotiation, "/v1/negotiations/{negotiation}"),
    (ask.ListNegotiations, ask.Negotiations, "/v1/negotiations"),
    (ask.ListRuns, ask.Runs, "/v1/runs"),
    (ask.GetContract, ask.Contract, "/v1/contracts/{contract}"),
    (ask.ListContracts, ask.Contracts, "/v1/contracts"),
    (channel_queries.GetChannel, channel_queries.Channel, "/v1/channels/{channel}"),
    (channel_queries.ListChannels, channel_queries.Channels, "/v1/channels"),
    (approval_queries.ListApprovals, approval_queries.Approvals, "/v1/approvals"),
    (delivery.GetDelivery, delivery.Delivery, "/v1/contracts/{contract}/delivery"),
    (delivery.ListAudits, delivery.Audits, "/v1/audits"),
    (delivery.ListEpochs, delivery.Epochs, "/v1/epochs"),
    (move_queries.ListMoves, move_queries.Moves, "/v1/contracts/{contract}/moves"),
    (dispute_queries.GetDispute, dispute_queries.Dispute, "/v1/contracts/{contract}/dispute"),
    (dispute_queries.ListDisputes, dispute_queries.Disputes, "/v1/disputes"),
    (evidence_queries.GetTreeHead, TreeHead, "/v1/tree-head"),
    (evidence_queries.GetInclusion, evidence_queries.Inclusion, "/v1/inclusion"),
    (evidence_queries.GetConsistency, evidence_queries.Consistency, "/v1/consistency"),
    (
        evidence_queries.GetRecordProof,
        evidence_queries.RecordProof,
        "/v1/records/{seq}/proof",
    ),
    (evidence_queries.GetReceipt, evidence_queries.Receipt, "/v1/receipts/{contract}"),
    (ask.GetBalance, ask.Balances, "/v1/balance"),
    (ask.ListEntries, ask.Entries, "/v1/entries"),
    (ledger_queries.GetTrialBalance, ledger_queries.TrialBalance, "/v1/trial-balance"),
    (ask.GetMandate, ask.Mandate, "/v1/mandate"),
    (policy_queries.GetPolicy, policy_queries.PolicyInForce, "/v1/policy"),
    (policy_queries.ExplainCommand, policy_queries.Explanation, "/v1/explain"),
    (ask.ListMessages, ask.Messages, "/v1/messages"),
    (ask.ListPayouts, ask.Payouts, "/v1/payouts"),
    (ask.ListReports, ask.Reports, "/v1/reports"),
    (key_queries.ListKeys, key_queries.Keys, "/v1/keys"),
    (key_queries.ListWebhooks, key_queries.Webhooks, "/v1/webhooks"),
    (ask.ListEvents, FeedPage, "/v1/records"),
    (surveillance_queries.ListAlarms, surveillance_queries.Alarms, "/v1/alarms"),
    (
        surveillance_queries.ListRestrictions,
        surveillance_queries.Restrictions,
        "/v1/restrictions",
    ),
    (surveillance_queries.ListHalts, surveillance_queries.Halts, "/v1/halts"),
    (trust.GetAgentCard, trust.KnownAgent, "/v1/agents/{agent}/card"),
    (trust.GetTerms, trust.MarketTerms, "/v1/terms"),
    (trust.GetSummary, trust.Summary, "/v1/contracts/{contract}/summary"),
    (trust.GetStatement, trust.Statement, "/v1/statement"),
    (trust.ListReviews, trust.Reviews, "/v1/reviews"),
    (trust.ListReasons, trust.Reasons, "/v1/reasons"),
)


def _name(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


OPERATIONS: tuple[Operation, ...] = (
    *(Operation(_name(kind), kind, Answer, "POST", path) for kind, path in PATHS.items()),
    *(Operation(_name(kind), kind, gives, "GET", path) for kind, gives, path in _QUERIES),
)
BY_NAME: Mapping[str, Operation] = {one.name: one for one in OPERATIONS}
BY_TYPE: Mapping[type, Operation] = {one.asks: one for one in OPERATIONS}
assert len(BY_NAME) == len(OPERATIONS), "two operations share a name"
