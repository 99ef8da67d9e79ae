"""The rows of the tidy tables, folded from a journal one record at a time.

What the tables are stands in `columns.py`. Memory holds what is open in the market and a sum for
every account, never the journal.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from souq.core import (
    acceptance,
    approval,
    dispute,
    ending,
    ledger,
    listing,
    negotiation,
    party,
    stock,
)
from souq.core import contract as contracts
from souq.core.agreement import Agreement, CashLeg, GoodsLeg, Leg, price_of
from souq.core.dispute.records import RedoOrdered
from souq.core.mechanisms import alternating_offers, posted_price, swap
from souq.core.money import USD, Money
from souq.core.transfer import CAPTURE, HOLD, MOVE, Kind
from souq.journal.record import Record
from souq.journal.replay import records
from souq.journal.store import Store
from souq.views.columns import Row
from souq.views.history import ERASED


def rows(store: Store, until: int | None = None) -> Iterator[tuple[str, Row]]:
    """Iterate over (table, row), in the order of the journal. Raises Damaged."""
    fold = _Fold(store)
    for record in records(store, until=until):
        yield from fold.record(record)
    yield from fold.end()


class _Deal(NamedTuple):
    negotiation: str
    mechanism: str
    seq: int
    at: int
    agreement: Agreement


class _Hold(NamedTuple):
    debit: str
    credit: str
    units: int


class _Account:
    __slots__ = ("asset", "credits", "debits", "held")

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.debits = self.credits = self.held = 0


class _Fold:
    """What must be known from earlier records: what is open, and what each account has."""

    def __init__(self, store: Store) -> None:
        self._payload = store.payload
        self.seq = self.at = 0
        self.mechanisms: dict[str, str] = {}
        self.deals: dict[str, _Deal] = {}
        self.stages: dict[str, str] = {}
        self.holds: dict[str, _Hold] = {}
        self.accounts: dict[str, _Account] = {}

    @property
    def now(self) -> Row:
        """Give the first three columns."""
        return self.seq, self.at, self.at

    def record(self, record: Record) -> Iterator[tuple[str, Row]]:
        """Give the rows of one record."""
        self.seq, self.at = record.seq, record.at
        refusal = record.refusal
        yield (
            "records",
            (
                *(*self.now, record.actor, record.command_id, type(record.command).__name__),
                refusal.reason if refusal else None,
                _json(refusal.facts) if refusal else None,
                len(record.events),
                " ".join(type(event).__name__ for event in record.events),
            ),
        )
        for event in record.events:
            rows_of = _ROWS.get(type(event))
            if rows_of is not None:
                yield from rows_of(self, event)
        for event in record.events:
            if isinstance(event, negotiation.NegotiationClosed):
                # Not before the record is done: its agreements come after the close.
                del self.mechanisms[event.negotiation]

    def end(self) -> Iterator[tuple[str, Row]]:
        """Give the rows of what is open, and what every account has."""
        for id in list(self.deals):
            yield "deals", self.deal_row(id, self.stages[id], is_over=False)
        for id in sorted(self.accounts):
            one = self.accounts[id]
            posted = one.credits - one.debits
            sums = (one.debits, one.credits, posted, one.held)
            yield "balances", (*self.now, id, one.asset, *sums, _usd(posted, one.asset))

    def deal_row(
        self, id: str, stage: str, *, is_over: bool = True, payer_bps: int | None = None
    ) -> Row:
        """Give a deal's row, and forget the deal."""
        deal = self.deals.pop(id)
        del self.stages[id]
        legs = deal.agreement.legs
        cash = [leg for leg in legs if isinstance(leg, CashLeg)]
        return (
            *(id, deal.negotiation, deal.mechanism, stage, deal.seq, deal.at, deal.at),
            *(self.now if is_over else (None, None, None)),
            " ".join(deal.agreement.parties),
            " ".join(dict.fromkeys(leg.giver for leg in cash)),
            " ".join(dict.fromkeys(leg.taker for leg in cash)),
            _listings(legs),
            *_amount(price_of(legs)),
            payer_bps,
        )

    def words(self, digest: str | None) -> str | None:
        """Give the text behind a digest."""
        if not digest:
            return digest
        payload = self._payload(digest)
        return ERASED if payload is None else msgspec.json.decode(payload.content, type=str)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _usd(units: int, asset: str) -> str | None:
    return USD.format(units) if asset == USD.code else None


def _amount(amount: Money | None) -> tuple[int | None, str | None, str | None]:
    if amount is None:
        return None, None, None
    return amount.units, amount.asset, _usd(amount.units, amount.asset)


def _listings(legs: tuple[Leg, ...]) -> str:
    return " ".join(f"{leg.listing}:{leg.quantity}" for leg in legs if isinstance(leg, GoodsLeg))


Rows = Iterator[tuple[str, Row]]


def _agent(fold: _Fold, event: party.AgentRegistered) -> Rows:
    yield "agents", (*fold.now, event.agent, event.principal, fold.words(event.name))


def _posted(fold: _Fold, event: listing.ListingPosted) -> Rows:
    posted = event.listing
    yield (
        "listings",
        (
            *(*fold.now, posted.id, "posted", posted.agent, posted.principal, posted.side),
            *(posted.subject, posted.category, fold.words(posted.title)),
            *(fold.words(posted.description), _json(posted.attributes), posted.available),
            *(posted.unit, posted.delivery, posted.shipping_units, " ".join(posted.mechanisms)),
            *_amount(posted.price),
        ),
    )


def _edited(fold: _Fold, event: listing.ListingEdited) -> Rows:
    words = (fold.words(event.title), fold.words(event.description))
    row = (event.listing, "edited", *(None,) * 5, *words, None, event.available)
    yield "listings", (*fold.now, *row, *(None,) * 4, *_amount(event.price))


def _change(change: str) -> Callable[[_Fold, Any], Rows]:
    def rows_of(fold: _Fold, event: Any) -> Rows:
        who = (getattr(event, "agent", None), getattr(event, "principal", None))
        many = getattr(event, "quantity", None)
        row = (event.listing, change, *who, *(None,) * 6, many, *(None,) * 7)
        yield "listings", (*fold.now, *row)

    return rows_of


def _opened(fold: _Fold, event: negotiation.NegotiationOpened) -> Rows:
    fold.mechanisms[event.negotiation] = event.mechanism
    yield from ()


def _move(
    fold: _Fold,
    event: Any,
    move: str,
    *,
    by: str | None = None,
    version: int | None = None,
    parties: tuple[str, ...] = (),
    legs: tuple[Leg, ...] = (),
    expires_at: int | None = None,
    why: str | None = None,
) -> tuple[str, Row]:
    id, terms = event.negotiation, getattr(event, "terms", None)
    what = (id, fold.mechanisms[id], move, by, version, terms, " ".join(parties), _listings(legs))
    return "offers", (*fold.now, *what, *_amount(price_of(legs)), expires_at, expires_at, why)


def _offer(fold: _Fold, event: alternating_offers.OfferMade) -> Rows:
    yield _move(
        fold,
        event,
        "offered" if event.version == 1 else "countered",
        by=event.by,
        version=event.version,
        parties=(event.opener, event.responder),
        legs=event.legs,
        expires_at=event.expires_at,
    )


def _taken(fold: _Fold, event: posted_price.PriceTaken) -> Rows:
    found = event.agreement
    by = found.parties[0]
    yield _move(fold, event, "price_taken", by=by, parties=found.parties, legs=found.legs)


def _proposed(fold: _Fold, event: swap.SwapProposed) -> Rows:
    yield _move(
        fold,
        event,
        "swap_proposed",
        by=event.by,
        parties=event.parties,
        legs=event.legs,
        expires_at=event.expires_at,
    )


def _accepted(fold: _Fold, event: alternating_offers.OfferAccepted | swap.SwapAccepted) -> Rows:
    yield _move(fold, event, "accepted", by=event.by)


def _closed(fold: _Fold, event: negotiation.NegotiationClosed) -> Rows:
    yield _move(fold, event, "closed", parties=event.parties, why=event.why)


def _agreed(fold: _Fold, event: negotiation.AgreementReached) -> Rows:
    mechanism = fold.mechanisms[event.negotiation]
    deal = _Deal(event.negotiation, mechanism, fold.seq, fold.at, event.agreement)
    fold.deals[event.contract] = deal
    fold.stages[event.contract] = "agreed"
    yield from ()


def _stage(stage: str) -> Callable[[_Fold, Any], Rows]:
    def rows_of(fold: _Fold, event: Any) -> Rows:
        fold.stages[event.contract] = stage
        yield from ()

    return rows_of


def _verified(fold: _Fold, event: acceptance.VerificationReported) -> Rows:
    if not event.passed:
        fold.stages[event.contract] = "failed"
    yield from ()


def _fulfilled(fold: _Fold, event: ending.ContractFulfilled) -> Rows:
    back = event.penalty_bps or None
    yield "deals", fold.deal_row(event.contract, "fulfilled", payer_bps=back)


def _cancelled(fold: _Fold, event: ending.ContractCancelled) -> Rows:
    yield "deals", fold.deal_row(event.contract, event.why)


def _ruled(fold: _Fold, event: ending.RulingMade) -> Rows:
    yield "deals", fold.deal_row(event.contract, "ruled", payer_bps=event.payer_bps)


def _account(fold: _Fold, event: ledger.AccountOpened) -> Rows:
    fold.accounts[event.account] = _Account(event.terms.asset)
    yield from ()


def _transfers(fold: _Fold, event: ledger.TransfersMade) -> Rows:
    for id, kind, debit, credit, amount, hold_id, _ in event.batch.rows():
        posted = 0
        if kind == MOVE:
            posted = amount
        elif kind == HOLD:
            fold.holds[id] = _Hold(debit, credit, amount)
            fold.accounts[debit].held += amount
        else:
            debit, credit, held = fold.holds.pop(hold_id)
            fold.accounts[debit].held -= held
            amount = amount or held  # 0 stands for all of it
            posted = amount if kind == CAPTURE else 0
        payer = fold.accounts[debit]
        payer.debits += posted
        fold.accounts[credit].credits += posted
        named = (id, Kind(kind).name.lower(), debit, credit, amount, posted, payer.asset)
        usd = _usd(posted, payer.asset)
        yield "transfers", (*fold.now, *named, usd, hold_id or None)


_ROWS: dict[type, Callable[[_Fold, Any], Rows]] = {
    party.AgentRegistered: _agent,
    listing.ListingPosted: _posted,
    listing.ListingEdited: _edited,
    listing.ListingPaused: _change("paused"),
    listing.ListingResumed: _change("resumed"),
    listing.ListingWithdrawn: _change("withdrawn"),
    stock.StockReserved: _change("reserved"),
    stock.StockReturned: _change("returned"),
    stock.StockSold: _change("sold"),
    stock.TitleMoved: _change("title_moved"),
    negotiation.NegotiationOpened: _opened,
    alternating_offers.OfferMade: _offer,
    alternating_offers.OfferAccepted: _accepted,
    posted_price.PriceTaken: _taken,
    swap.SwapProposed: _proposed,
    swap.SwapAccepted: _accepted,
    negotiation.NegotiationClosed: _closed,
    negotiation.AgreementReached: _agreed,
    approval.ContractHeld: _stage("held"),
    contracts.ContractFormed: _stage("formed"),
    contracts.InspectionBegan: _stage("delivered"),
    acceptance.VerificationReported: _verified,
    acceptance.ReturnsBegan: _stage("returnable"),
    acceptance.SentBack: _stage("returning"),
    dispute.DisputeOpened: _stage("disputed"),
    RedoOrdered: _stage("formed"),
    ending.ContractFulfilled: _fulfilled,
    ending.ContractCancelled: _cancelled,
    ending.RulingMade: _ruled,
    ledger.AccountOpened: _account,
    ledger.TransfersMade: _transfers,
}
