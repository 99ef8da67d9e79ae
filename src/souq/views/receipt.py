"""A receipt is a deal's records, as far as somebody may see them, each proven to stand in the tree.

Of each record it opens some parts, and leads from them to a signed tree head. Its steps make one
chain: grounds (rules, parties, keys, mandates, listings) first; what followed from them then, each
naming the hash of the step before. The market signs the whole, so that nothing in it can be left
out or exchanged without notice.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from souq.core import approval, contract, dispute, ending, listing, mandate, negotiation, party
from souq.core.credential import KeyAdded
from souq.core.ledger import TransfersMade
from souq.core.mechanisms import alternating_offers, moves, posted_price, swap
from souq.core.rules import MarketOpened, RulesAmended
from souq.core.seal import canonical
from souq.core.transfer import HOLD
from souq.journal.parts import ACT, CALLER, COMMAND, HEADER
from souq.journal.record import Record
from souq.journal.store import Store
from souq.views.evidence import Evidence, TreeHead
from souq.views.history import in_words
from souq.views.opening import Parts, RecordProven, Side
from souq.views.showing import TEXTS
from souq.views.whose import Known

TYPE = "souq-receipt/1"

# What a deal rests on. All else happened in it, and follows from what happened before.
GROUNDS: dict[type, str] = {
    MarketOpened: "market",
    RulesAmended: "market",
    party.PrincipalRegistered: "party",
    party.AgentRegistered: "party",
    KeyAdded: "key",
    mandate.MandateGranted: "mandate",
    listing.ListingPosted: "listing",
    listing.ListingEdited: "listing",
}
_COURSE: dict[type, str] = {
    alternating_offers.OfferMade: "offer",
    posted_price.PriceTaken: "acceptance",
    swap.SwapProposed: "offer",
    alternating_offers.OfferAccepted: "acceptance",
    swap.SwapAccepted: "acceptance",
    negotiation.AgreementReached: "agreement",
    approval.ContractApproved: "approval",
    contract.ContractFormed: "contract",
    contract.DeliverySubmitted: "delivery",
    contract.DeliveryAccepted: "delivery accepted",
    ending.ContractFulfilled: "fulfilment",
    ending.ContractCancelled: "cancellation",
    dispute.DisputeOpened: "dispute",
    ending.RulingMade: "ruling",
}
# What these ask is told whole by what happens, to both sides: signed, it may be shown to both.
OPEN_COMMANDS = frozenset(
    (
        alternating_offers.MakeOffer,
        alternating_offers.Counter,
        posted_price.TakePrice,
        swap.ProposeSwap,
        moves.Accept,
        approval.Approve,
        contract.SubmitDelivery,
        contract.AcceptDelivery,
        contract.CancelContract,
        dispute.OpenDispute,
        dispute.Rule,
    )
)


class Affair(NamedTuple):
    """What belongs to a deal."""

    contract: str
    negotiation: str
    parties: frozenset[str]  # agents and their principals
    listings: frozenset[str]
    mandates: frozenset[str]
    keys: frozenset[str]

    def step(self, event: Any) -> str:
        """Name what an event is to the deal, or give "" where it belongs to another."""
        match event:
            case MarketOpened() | RulesAmended():
                is_ours = True
            case party.AgentRegistered(agent=owner) | party.PrincipalRegistered(principal=owner):
                is_ours = owner in self.parties
            case KeyAdded(key=id):
                is_ours = id in self.keys
            case mandate.MandateGranted(mandate=id):
                is_ours = id in self.mandates
            case listing.ListingPosted(listing=posted):
                is_ours = posted.id in self.listings
            case listing.ListingEdited(listing=id):
                is_ours = id in self.listings
            case TransfersMade(batch=batch):
                is_ours = all(id.startswith(f"#{self.contract}.") for id in batch.id)
                if is_ours:
                    return "hold" if HOLD in batch.kind else "settlement"
            case _:
                is_ours = self._is_ours(event)
        if not is_ours:
            return ""
        kind = type(event)
        return GROUNDS.get(kind) or _COURSE.get(kind) or in_words(kind.__name__)

    def _is_ours(self, event: Any) -> bool:
        contract = getattr(event, "contract", None)
        if contract is not None:
            return bool(contract == self.contract)
        by = {getattr(event, name, "") for name in ("agent", "by")} - {"", "system"}
        return getattr(event, "negotiation", "") == self.negotiation and by <= self.parties


class Step(Struct, frozen=True):
    """A step of the deal: where its part stands, that part's hash, and those it follows from."""

    step: str
    seq: int
    number: int
    digest: str
    parents: tuple[str, ...]


class Words(Struct, frozen=True):
    """A text, and the salt that its digest was taken with."""

    digest: str
    salt: str
    text: str


class Receipt(Struct, frozen=True):
    """The whole file. The signature is over the canonical bytes of all the rest."""

    contract: str
    assets: dict[str, int]  # by code, how many decimals its units have
    head: TreeHead
    records: tuple[RecordProven, ...]
    steps: tuple[Step, ...]
    words: tuple[Words, ...]
    signature: str
    type: str


def write(
    records: Iterable[Record],
    affair: Affair,
    side: Side,
    *,
    market: str,
    assets: dict[str, int],
    evidence: Evidence,
    known: Known,
    store: Store,
) -> bytes:
    """Write a deal's receipt from the records that may tell of it, in order."""
    size = evidence.seq
    proven: list[RecordProven] = []
    found: list[Step] = []
    words: dict[str, Words] = {}
    for record in records:
        known_parts = Parts(record, evidence)
        steps = _steps(record, affair, side, known)
        if not steps:
            continue
        numbers = _told_of_command(record, affair, side, known)
        numbers += [known_parts.events[n] for n, _ in steps]
        proven.append(known_parts.opened(numbers, size))
        for n, name in steps:
            number = known_parts.events[n]
            found.append(Step(name, record.seq, number, known_parts.hashes[number].hex(), ()))
            _read_words(record.events[n], store, words)
    said: dict[str, Any] = {
        "type": TYPE,
        "contract": affair.contract,
        "assets": assets,
        "head": evidence.head(market, size),
        "records": proven,
        "steps": chained(found),
        "words": [words[digest] for digest in sorted(words)],
    }
    said["signature"] = evidence.key.sign(said)
    return canonical.encode(said) + b"\n"


def chained(steps: Sequence[Step]) -> list[Step]:
    """Put the grounds first and let each step name what it follows from."""
    names = set(GROUNDS.values())
    grounds = [one for one in steps if one.step in names]
    before = tuple([one.digest for one in grounds])
    chain = list(grounds)
    for one in steps:
        if one.step not in names:
            chain.append(msgspec.structs.replace(one, parents=before))
            before = (one.digest,)
    return chain


def is_told(record: Record, parties: frozenset[str], side: Side, known: Known) -> bool:
    """Tell whether somebody may know a record's command: their own, or one signed for both."""
    is_for_both = type(record.command) in OPEN_COMMANDS and record.actor in parties
    return side.speaks_for(record.actor, known) or bool(record.act and is_for_both)


def _steps(record: Record, affair: Affair, side: Side, known: Known) -> list[tuple[int, str]]:
    """List the events of a record that belong to the deal and may be opened, by number and name."""
    known.learn(record)
    found = []
    for n, event in enumerate(record.events):
        name = affair.step(event)
        # All rows of a contract's holds are its parties' business; by account, half would be cut.
        # And whoever is shown what was signed needs the key that it was signed with.
        is_open = isinstance(event, TransfersMade | KeyAdded)
        if name and (is_open or side.may_open(event, known)):
            found.append((n, name))
    return found


def _told_of_command(record: Record, affair: Affair, side: Side, known: Known) -> list[int]:
    """List the parts that say where a record stands and, to whoever may know, what was asked."""
    if not is_told(record, affair.parties, side, known):
        return [HEADER]
    return [HEADER, CALLER, COMMAND, *([ACT] if record.act else [])]


def _read_words(event: Any, store: Store, words: dict[str, Words]) -> None:
    for digest_in, is_private in TEXTS.get(type(event), ()):
        digest = digest_in(event)
        payload = store.payload(digest) if digest and not is_private else None
        if payload is not None:
            text = msgspec.json.decode(payload.content, type=str)
            words[payload.digest] = Words(payload.digest, payload.salt.hex(), text)
