"""A journal told line by line, as a person would tell it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from souq.core.agreement import CashLeg, GoodsLeg, Leg
from souq.core.money import Asset
from souq.core.seal import Sealed
from souq.core.transfer import Batch
from souq.journal.record import Record
from souq.journal.replay import records
from souq.journal.store import Store
from souq.views.history import History, in_words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Line(Struct, frozen=True):
    """One record in words."""

    seq: int
    at: int
    time: str
    actor: str
    what: str
    refusal: str = ""


def clock_time(at: int) -> str:
    """Write microseconds UTC as a date and time."""
    return f"{_EPOCH + timedelta(microseconds=at):%Y-%m-%d %H:%M:%S}"


def lines(
    store: Store, *, deal: str = "", agent: str = "", until: int | None = None
) -> Iterator[Line]:
    """Tell a journal; only what concerns a deal, or an agent, where one is named."""
    history = History(store.payload)
    wanted = _wanted(store, deal, agent)
    for record in records(store, until=until):
        refused = record.refusal.reason if record.refusal else None
        history.take(record.at, record.events, refused)
        if not wanted or record.actor in wanted or wanted & _strings(record):
            yield Line(
                seq=record.seq,
                at=record.at,
                time=clock_time(record.at),
                actor=harmless(_name(history, record.actor)),
                what=harmless(_tell(history, record)),
                refusal=_refusal(record),
            )


def harmless(words: str) -> str:
    """Blank what a terminal would obey: a title may hold escape codes, or a line break."""
    return "".join(sign if sign.isprintable() else " " for sign in words)


def _wanted(store: Store, deal: str, agent: str) -> set[str]:
    """Give the ids that a line must mention. A deal is told from its negotiation's first offer."""
    if not deal and not agent:
        return set()
    history = History(store.payload)
    for record in records(store):
        history.take(record.at, record.events)
    if deal:
        found = history.deals.get(deal)
        if found is None:
            raise KeyError(f"there is no deal {deal} in this journal")
        return {deal, found.negotiation}
    if agent not in history.principal_of:
        raise KeyError(f"there is no agent {agent} in this journal")
    return {agent}


def _strings(record: Record) -> set[str]:
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for one in value.values():
                walk(one)
        elif isinstance(value, list | tuple):
            for one in value:
                walk(one)

    walk(msgspec.to_builtins([record.command, record.events], enc_hook=_hide))
    return found


def _hide(value: Any) -> str:
    return value.digest if isinstance(value, Sealed) else str(value)


def _name(history: History, id: str) -> str:
    name = history.names.get(id)
    return f"{id} ({name})" if name else id


def _refusal(record: Record) -> str:
    if record.refusal is None:
        return ""
    facts = ", ".join(f"{key}={value}" for key, value in sorted(record.refusal.facts.items()))
    return f"{record.refusal.reason} ({facts})" if facts else record.refusal.reason


def _tell(history: History, record: Record) -> str:
    if record.refusal is not None:
        return f"asks {in_words(type(record.command).__name__)}"
    told = [_event(history, event) for event in record.events]
    return "; ".join(one for one in told if one)


def _event(history: History, event: Any) -> str:
    teller = _TELL.get(type(event).__name__)
    if teller is not None:
        return teller(history, event)
    subject = next(
        (value for name in _SUBJECTS if isinstance(value := getattr(event, name, None), str)),
        "",
    )
    told = f"{in_words(type(event).__name__)} {subject}".strip()
    agent, units = getattr(event, "agent", ""), getattr(event, "units", None)
    if agent and agent != subject:
        told += f", {agent}"
    return told if units is None else f"{told}, {_money(history, units)}"


_SUBJECTS = ("channel", "contract", "negotiation", "listing", "mandate", "agent", "account")


def _money(history: History, units: int, code: str = "") -> str:
    assets: dict[str, Asset] = {asset.code: asset for asset in history.rules.assets}
    asset = assets.get(code) or history.rules.assets[0]
    return f"{asset.format(units)} {asset.code}"


def _legs(history: History, legs: tuple[Leg, ...]) -> str:
    told = []
    for leg in legs:
        if isinstance(leg, CashLeg):
            thing = _money(history, leg.amount.units, leg.amount.asset)
        else:
            thing = _goods(history, leg)
        told.append(f"{thing} from {leg.giver} to {leg.taker}")
    return " and ".join(told)


def _goods(history: History, leg: GoodsLeg) -> str:
    story = history.listings.get(leg.listing)
    many = f"{leg.quantity} x " if leg.quantity != 1 else ""
    return f"{many}{leg.listing} “{story.title if story else '?'}”"


def _transfers(history: History, batch: Batch) -> str:
    kinds = ("moves", "holds", "captures", "releases", "expires")
    told = [
        f"{kinds[kind]} {_money(history, amount)} {debit} → {credit}"
        for _, kind, debit, credit, amount, _, _ in batch.rows()
    ]
    more = f" and {len(told) - 6} more" if len(told) > 6 else ""
    return ", ".join(told[:6]) + more


def _channels_ended(history: History, event: Any) -> str:
    rows = zip(event.channels, event.paid_units, event.why, strict=True)
    told = [f"{id} ends ({why}): {units} units are paid" for id, units, why in rows]
    more = f" and {len(told) - 6} more" if len(told) > 6 else ""
    return ", ".join(told[:6]) + more


_TELL: dict[str, Callable[[History, Any], str]] = {
    "RulesAmended": lambda history, event: "amends the house's rules",
    "MarketOpened": lambda history, event: f"opens the market “{event.rules.name}”",
    "PrincipalRegistered": lambda history, event: f"{_name(history, event.principal)} joins",
    "AgentRegistered": lambda history, event: (
        f"{_name(history, event.agent)} will speak for {event.principal}"
    ),
    "ModelDeclared": lambda history, event: (
        f"{_name(history, event.agent)} is said to run on {event.model}"
        if event.model
        else f"{_name(history, event.agent)} is no longer said to run on anything"
    ),
    "MandateGranted": lambda history, event: f"{event.agent} holds mandate {event.mandate}",
    "TransfersMade": lambda history, event: _transfers(history, event.batch),
    "ListingPosted": lambda history, event: (
        f"lists {event.listing.id} “{history.listings[event.listing.id].title}”"
        + (f" for {_money(history, event.listing.price.units)}" if event.listing.price else "")
    ),
    "OfferMade": lambda history, event: (
        f"{'offers' if event.version == 1 else 'counters'} in {event.negotiation}: "
        + _legs(history, event.legs)
    ),
    "OfferAccepted": lambda history, event: f"accepts in {event.negotiation}",
    "SwapProposed": lambda history, event: (
        f"proposes {event.negotiation}: {_legs(history, event.legs)}"
    ),
    "PriceTaken": lambda history, event: f"takes {_legs(history, event.agreement.legs)}",
    "NegotiationClosed": lambda history, event: f"{event.negotiation} ends: {event.why}",
    "AgreementReached": lambda history, event: f"deal {event.contract}",
    "BudgetReserved": lambda history, event: (
        f"{event.mandate} reserves {_money(history, event.units)}"
    ),
    "ContractFulfilled": lambda history, event: (
        f"contract fulfilled {event.contract}"
        + (f": {event.penalty_bps / 100:g} % goes back for a miss" if event.penalty_bps else "")
    ),
    "ContractCancelled": lambda history, event: f"{event.contract} is off: {event.why}",
    "VerificationReported": lambda history, event: (
        f"{event.contract} {'keeps' if event.passed else 'misses'} its criteria"
    ),
    "SentBack": lambda history, event: f"sends {event.contract} back",
    "RefundGranted": lambda history, event: (
        f"gives {event.bps / 100:g} % of {event.contract} back: {_money(history, event.units)}"
    ),
    "CodeMissed": lambda history, event: f"tries a wrong code in {event.contract}",
    "NonDeliveryClaimed": lambda history, event: f"waits no longer for {event.contract}",
    "AuditEnded": lambda history, event: (
        f"audit of {event.contract}: {'passed' if event.passed else 'failed'}"
    ),
    "DisputeAnswered": lambda history, event: (
        f"{'admits' if event.accepts else 'contests'} the claim about {event.contract}"
    ),
    "SplitProposed": lambda history, event: (
        f"proposes to settle {event.contract} with {event.payer_bps / 100:g} % back"
    ),
    "VerdictReached": lambda history, event: (
        f"verdict on {event.contract}: "
        + ("to be done again" if event.payer_bps < 0 else f"{event.payer_bps / 100:g} % back")
    ),
    "RedoOrdered": lambda history, event: f"{event.contract} is to be done again",
    "RulingMade": lambda history, event: (
        f"{event.contract}: {event.payer_bps / 100:g} % of the price goes back"
    ),
    "ChannelOpened": lambda history, event: (
        f"opens {event.channel} to {event.payee} with "
        + _money(history, event.deposit.units, event.deposit.asset)
    ),
    "ChannelToppedUp": lambda history, event: (
        f"tops {event.channel} up to " + _money(history, event.deposit.units, event.deposit.asset)
    ),
    "VoucherPresented": lambda history, event: f"presents a voucher of {event.channel}",
    "CloseAsked": lambda history, event: f"asks for the end of {event.channel}",
    "CloseOffered": lambda history, event: f"agrees to end {event.channel} at {event.units} units",
    "ChannelsEnded": _channels_ended,
    "ClaimsFailed": lambda history, event: f"{len(event.channels)} more did not end",
    "BudgetsSettled": lambda history, event: "",
    "MessagePosted": lambda history, event: f"says “{history.words(event.text)}”",
    "MessageSent": lambda history, event: (
        f"says in {event.negotiation} “{history.words(event.text)}”"
    ),
}
