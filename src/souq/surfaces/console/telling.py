"""What happened, in one line a person reads: the event of a record that matters most to them."""

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from souq.core import contract, ending, halt, listing, mandate, message, negotiation, party
from souq.core.agreement import cash_paid
from souq.core.approval import ContractApproved, ContractHeld
from souq.core.dispute.records import DisputeOpened
from souq.core.ledger import TransfersMade
from souq.core.mechanisms import alternating_offers, posted_price
from souq.operations.reasons import REFUSALS
from souq.views.history import in_words
from souq.views.showing import RecordSeen

_MEANINGS = {one.code: one for one in REFUSALS}
# Which events of a record are told first; of any other kind, the first that there is.
_FIRST: tuple[type, ...] = (
    ending.RulingMade,
    DisputeOpened,
    negotiation.AgreementReached,
    ContractHeld,
    ContractApproved,
    ending.ContractFulfilled,
    ending.ContractCancelled,
    contract.DeliveryAccepted,
    contract.DeliverySubmitted,
    alternating_offers.OfferMade,
    posted_price.PriceTaken,
    listing.ListingPosted,
    listing.ListingEdited,
    message.MessageSent,
    message.MessagePosted,
    halt.HaltSet,
    mandate.MandateGranted,
    party.AgentRegistered,
    party.PrincipalRegistered,
)
_RANK = {kind: n for n, kind in enumerate(_FIRST)}
_LAST = {TransfersMade: 2}  # what follows from other events, told where there is nothing else
_NAMED = (
    "agent",
    "by",
    "principal",
    "negotiation",
    "contract",
    "listing",
    "mandate",
    "payout",
    "owner",
)


class _Teller:
    """The words and links that sentences are made of."""

    def __init__(self, context: Context, record: RecordSeen) -> None:
        self._filters = context.environment.filters
        self._context = context
        self._words = record.words

    def id(self, id: str) -> Any:
        return self._filters["link"](self._context, id) if id else "somebody"

    def units(self, units: int, asset: str) -> Any:
        return self._filters["units"](self._context, units, asset)

    def words(self, digest: str) -> Any:
        return self._filters["words"](self._words.get(digest, "")[:140])

    def pays(self, legs: Any) -> Any:
        asset = next((leg.amount.asset for leg in legs if hasattr(leg, "amount")), "")
        return self.units(cash_paid(legs), asset) if asset else "goods for goods"


_Saying = Callable[[_Teller, Any], Markup]


def _say(sentence: str, *parts: Callable[[_Teller, Any], Any]) -> _Saying:
    text = Markup(sentence)
    return lambda teller, event: text.format(*(part(teller, event) for part in parts))


_SAYINGS: dict[type, _Saying] = {
    listing.ListingPosted: _say(
        "{} posts {}: {}",
        lambda t, e: t.id(e.listing.agent),
        lambda t, e: t.id(e.listing.id),
        lambda t, e: t.words(e.listing.title),
    ),
    alternating_offers.OfferMade: _say(
        "{} offers {} in {}",
        lambda t, e: t.id(e.by),
        lambda t, e: t.pays(e.legs),
        lambda t, e: t.id(e.negotiation),
    ),
    negotiation.AgreementReached: _say(
        "{} agreed for {}: {}",
        lambda t, e: t.id(e.negotiation),
        lambda t, e: t.pays(e.agreement.legs),
        lambda t, e: t.id(e.contract),
    ),
    ContractHeld: _say(
        "{} waits for {} to approve",
        lambda t, e: t.id(e.contract),
        lambda t, e: Markup(", ").join(t.id(one) for one in e.waiting),
    ),
    ContractApproved: _say(
        "{} approves {}", lambda t, e: t.id(e.by), lambda t, e: t.id(e.contract)
    ),
    contract.DeliverySubmitted: _say(
        "{} delivers for {}", lambda t, e: t.id(e.by), lambda t, e: t.id(e.contract)
    ),
    contract.DeliveryAccepted: _say(
        "{} accepts what {} brought", lambda t, e: t.id(e.by), lambda t, e: t.id(e.contract)
    ),
    ending.ContractFulfilled: _say(
        "{} is fulfilled: {}",
        lambda t, e: t.id(e.contract),
        lambda t, e: t.pays(e.agreement.legs),
    ),
    ending.ContractCancelled: _say(
        "{} is cancelled: {}", lambda t, e: t.id(e.contract), lambda t, e: e.why.replace("_", " ")
    ),
    ending.RulingMade: _say(
        "{} is ruled on by {}", lambda t, e: t.id(e.contract), lambda t, e: t.id(e.by)
    ),
    DisputeOpened: _say(
        "{} disputes {}: {}",
        lambda t, e: t.id(e.by),
        lambda t, e: t.id(e.contract),
        lambda t, e: t.words(e.claim),
    ),
    message.MessagePosted: _say(
        "{} says: {}", lambda t, e: t.id(e.agent), lambda t, e: t.words(e.text)
    ),
    message.MessageSent: _say(
        "{} says in {}: {}",
        lambda t, e: t.id(e.agent),
        lambda t, e: t.id(e.negotiation),
        lambda t, e: t.words(e.text),
    ),
    party.PrincipalRegistered: _say(
        "{} comes in: {}", lambda t, e: t.id(e.principal), lambda t, e: t.words(e.name)
    ),
    party.AgentRegistered: _say(
        "{} sends {}: {}",
        lambda t, e: t.id(e.principal),
        lambda t, e: t.id(e.agent),
        lambda t, e: t.words(e.name),
    ),
    halt.HaltSet: _say(
        "{} is set to {}",
        lambda t, e: t.id(e.scope) if e.scope else "the market",
        lambda t, e: e.level,
    ),
    TransfersMade: _say("{} transfers", lambda t, e: len(e.batch.id)),
}


@pass_context
def tell(context: Context, record: RecordSeen) -> Markup:
    """Tell a record in one line; what strangers wrote stays theirs."""
    teller = _Teller(context, record)
    if record.refusal is not None:
        who = teller.id(record.actor)
        return Markup("{} is refused: {}").format(who, say_refusal(record.refusal.reason))
    if not record.events:
        return Markup("{} acts").format(teller.id(record.actor))
    event = min(record.events, key=_rank)
    saying = _SAYINGS.get(type(event))
    if saying is not None:
        return saying(teller, event)
    ids = Markup(" · ").join(dict.fromkeys(map(teller.id, _ids(event))))
    return Markup("{} {}").format(in_words(type(event).__name__), ids)


def say_refusal(reason: str) -> str:
    """Say why not, as the list of reasons has it."""
    known = _MEANINGS.get(reason)
    return known.meaning if known else reason.replace("_", " ")


def remedy(reason: str) -> str:
    """Say what to do about a refusal."""
    known = _MEANINGS.get(reason)
    return known.remedy if known else ""


def _rank(event: Any) -> int:
    kind = type(event)
    return _RANK.get(kind, len(_RANK) + _LAST.get(kind, 0 if kind in _SAYINGS else 1))


def _ids(event: Any) -> Iterator[str]:
    for name in _NAMED:
        found = getattr(event, name, "")
        if isinstance(found, str) and found:
            yield found
