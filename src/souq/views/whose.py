"""Whose things are: objects that an event speaks of, and the rows of events with columns.

Who sees what, `audience` says; this is what it asks.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from souq.core import (
    budget,
    channel,
    credential,
    deposit,
    dispute,
    ledger,
    mandate,
    negotiation,
    payout,
    rules,
    standstill,
    webhook,
)
from souq.core.mechanisms import alternating_offers, posted_price, swap
from souq.core.party import WALLET
from souq.core.transfer import HOLD
from souq.journal.record import Record

PUBLIC = "public"
OFFICERS = "officers"
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

    def auditor(self) -> str:
        """Give who makes audits, or "" where nobody does."""


def holders(event: ledger.TransfersMade) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Say which wallets the holds are on that a batch begins."""
    batch = event.batch
    if HOLD not in batch.kind:
        return
    for id, kind, debit, credit, *_ in batch.rows():
        if kind == HOLD and (debit.startswith(WALLET) or credit.startswith(WALLET)):
            yield HELD + id, (debit, credit)


def arbiter_id(contract: str) -> str:
    """Name the place of a contract's own arbiter among owners."""
    return f"arbiter:{contract}"


def deposit_id(rail: str, reference: str) -> str:
    """Name a deposit, which has no id of its own."""
    return f"deposit:{rail}/{reference}"


def rows_of_transfers(event: ledger.TransfersMade, known: Known) -> Rows:
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


def rows_of_accounts(event: Any, known: Known) -> Rows:
    found: Rows = {}
    for n, account in enumerate(event.accounts):
        if account.startswith(WALLET):
            found.setdefault(account, []).append(n)
    return found


def rows_of_clocks(event: Any, known: Known) -> Rows:
    found: Rows = {}
    for n, id in enumerate(event.ids):
        for subject in known.sides(id):
            found.setdefault(subject, []).append(n)
    return found


def rows_of_channels(event: channel.ChannelsEnded, known: Known) -> Rows:
    found: Rows = {}
    for n, id in enumerate(event.channels):
        for subject in known.sides(id):
            found.setdefault(subject, []).append(n)
    return found


def rows_of_budgets(event: budget.BudgetsSettled, known: Known) -> Rows:
    found: Rows = {}
    for n, agent in enumerate(event.agents):
        for subject in (agent, known.principal(agent)):
            found.setdefault(subject, []).append(n)
    return found


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
    dispute.DisputeOpened: lambda of: ((arbiter_id(of.contract), (of.arbiter,)),),
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
