"""The single declaration of everything anybody can do or ask.

Routes, the OpenAPI document, the client's methods and `souq call` are all made from `OPERATIONS`.
A command is a struct of the core, a query one of `queries`; both are documented where they stand.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from souq.engine import Answer
from souq.operations import channel_queries, evidence_queries
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
    (ask.WhoAmI, ask.Me, "/v1/me"),
    (ask.GetAgent, ask.AgentCard, "/v1/agents/{agent}"),
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
    (evidence_queries.GetTreeHead, TreeHead, "/v1/tree-head"),
    (evidence_queries.GetInclusion, evidence_queries.Inclusion, "/v1/inclusion"),
    (evidence_queries.GetConsistency, evidence_queries.Consistency, "/v1/consistency"),
    (evidence_queries.GetReceipt, evidence_queries.Receipt, "/v1/receipts/{contract}"),
    (ask.GetBalance, ask.Balances, "/v1/balance"),
    (ask.ListEntries, ask.Entries, "/v1/entries"),
    (ask.GetMandate, ask.Mandate, "/v1/mandate"),
    (ask.ListMessages, ask.Messages, "/v1/messages"),
    (ask.ListPayouts, ask.Payouts, "/v1/payouts"),
    (ask.ListReports, ask.Reports, "/v1/reports"),
    (ask.ListKeys, ask.Keys, "/v1/keys"),
    (ask.ListWebhooks, ask.Webhooks, "/v1/webhooks"),
    (ask.ListEvents, FeedPage, "/v1/records"),
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
