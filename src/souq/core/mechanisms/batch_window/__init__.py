"""A batch window: a posted offer gathers takers for a while, so that speed does not decide.

A listing with a price is offered, or a want with one. The first taker starts the window; whoever
enters before it closes counts alike. Then the pieces go by the `rule`:

- `lot`: everybody at the stated price, in an order drawn by lot.
- `best_price`: buyers may go above the stated price, suppliers below; each deals at its own price.
- `best_attribute`: suppliers of a want, by the largest whole number in that attribute of theirs.

Equals are served by lot. The lister may commit to a seed by its SHA-256 when it opens (for `lot` it
must) and reveals it after the close; each entry may bring a number of its own. If the seed is not
revealed in time, its hash takes its place: the lot is drawn all the same, and all that silence can
win a lister is the second of two draws. The last one served may get a part of what it asked for.

Nobody sees an entry but its owner, and the operator, who owns the journal; goods set aside for one
are missing from their listing, though.
Who won and for how much is public, and so are all entrants and their numbers once the lot is drawn.
What entries promise is set aside until then, and entrants may leave until the close. Whoever cannot
keep its part is passed over. A want is set aside while the window is open, and then stands as
before, whatever was bought for it. After Budish, Cramton and Shim (2015): what is served in batches
is no race.
"""

from typing import Any

from souq.core.agreement import Agreement, cash_given, goods
from souq.core.digest import check_digest
from souq.core.listing import Listing
from souq.core.mechanisms.batch_window import records
from souq.core.mechanisms.batch_window.draw import Ticket, commitment, in_order
from souq.core.mechanisms.batch_window.records import (
    ENTRANTS,
    ENTRIES,
    WINDOWS,
    BatchAwarded,
    BatchDrawn,
    BatchEntered,
    BatchEntryFailed,
    BatchLeft,
    BatchSeedRevealed,
    BatchWindowBegan,
    BatchWindowClosed,
    BatchWindowOpened,
    BatchWithdrawn,
    EnterBatch,
    LeaveBatch,
    OpenBatchWindow,
    RevealBatchSeed,
    Window,
    WithdrawBatchWindow,
    drop_run,
)
from souq.core.mechanisms.moves import (
    NOTHING,
    Effect,
    Item,
    Notice,
    Outcome,
    Pledge,
    Standing,
    expiry,
    full,
    need_own,
    need_total,
    sale,
    stake,
)
from souq.core.mechanisms.parties import joined, opener
from souq.core.money import UNITS_MAX, Money
from souq.core.party import Agent
from souq.core.refusal import Reason, Refused, invalid
from souq.core.state import Draft, View, row_of

NAME = "batch_window"
ENTRIES_MAX = 1_000
SEED_MAX = 128
NOTICE = {
    "listing": "what is offered or wanted",
    "price_units": "the stated price of a piece",
    "asset": "what is paid with",
    "quantity": "how many pieces there are",
    "rule": "lot, best_price or best_attribute",
    "attribute": "by which attribute of theirs suppliers are ranked",
    "seed_hash": "SHA-256 of the seed that the lister will reveal",
    "window_us": "how long entries are taken from the first one on",
    "phase": "waiting for an entry, gathering entries, revealing the seed, or drawn",
    "entries": "how many have entered",
}


def _open(draft: Draft, agent: Agent, command: OpenBatchWindow, id: str) -> Effect:
    listing = need_own(draft, agent, Item(command.listing, command.quantity), NAME)
    if listing.price is None:
        raise invalid("listing", "state a price on it first")
    total = need_total(listing.price, command.quantity)
    is_sale = listing.side == "sell"
    if (command.rule == "best_attribute") != bool(command.attribute) or (
        command.attribute and (is_sale or len(command.attribute) > 40)
    ):
        raise invalid("attribute", "for a want by best_attribute, and only there")
    if command.seed_hash or command.rule == "lot":
        check_digest("seed_hash", command.seed_hash)
    expiry(draft, command.window_us, "window_us")
    expiry(draft, command.revealing_us, "revealing_us")
    draft.emit(
        BatchWindowOpened(
            id,
            agent.id,
            agent.principal,
            listing.id,
            listing.category,
            is_sale,
            listing.price,
            command.quantity,
            command.rule,
            command.attribute,
            command.seed_hash,
            command.window_us,
            command.revealing_us,
            expiry(draft, command.valid_us),
        )
    )
    ends = (agent.id, "") if is_sale else ("", agent.id)
    return Effect((agent.id,), stake(*ends, listing.id, command.quantity, total))


def _enter(draft: Draft, agent: Agent, command: EnterBatch, id: str) -> Effect:
    window = _need_open(draft, id)
    if agent.principal == window.principal:
        raise Refused(Reason.SAME_PRINCIPAL)
    if draft.get(ENTRANTS, f"{id}/{agent.principal}") is not None:
        raise Refused(Reason.ALREADY_EXISTS)
    if window.entries >= ENTRIES_MAX:
        raise full(entries_max=ENTRIES_MAX)
    if not 0 < command.quantity <= window.quantity:
        raise invalid("quantity", f"1 to {window.quantity}")
    if not 0 <= command.salt <= UNITS_MAX:
        raise invalid("salt", "0 or more, and below 2**53")
    price = window.price if command.price is None else command.price
    _check_entry_price(window, price, command.quantity)
    listing = _supply(draft, agent, command, window)
    rank = _goodness(window, price, listing)
    if window.phase == "waiting":
        draft.emit(BatchWindowBegan(id, draft.at + window.window_us))
    draft.emit(
        BatchEntered(
            id,
            agent.id,
            agent.principal,
            command.listing,
            price.units,
            command.quantity,
            rank,
            command.salt,
        )
    )
    ends = (window.lister, agent.id) if window.is_sale else (agent.id, window.lister)
    named = listing.id if listing else window.listing
    total = price * command.quantity
    return Effect((agent.id,), stake(*ends, named, command.quantity, total))


def _check_entry_price(window: Window, price: Money, quantity: int) -> None:
    stated = window.price
    is_fair = price.asset == stated.asset and (
        price == stated
        or (
            window.rule == "best_price"
            and (price.units > stated.units if window.is_sale else 0 <= price.units < stated.units)
        )
    )
    if not is_fair:
        why = "the stated one, or better where the best price wins"
        raise invalid("price", why)
    need_total(price, quantity)


def _supply(draft: Draft, agent: Agent, command: EnterBatch, window: Window) -> Listing | None:
    if window.is_sale:
        if command.listing:
            raise invalid("listing", "only where something is wanted")
        return None
    item = Item(command.listing, command.quantity)
    listing = need_own(draft, agent, item, NAME, side="sell")
    if listing.category != window.category:
        raise invalid("listing", f"must be in {window.category}")
    return listing


def _goodness(window: Window, price: Money, listing: Listing | None) -> int:
    if window.rule == "best_price":
        return -price.units if window.is_sale else price.units
    if window.rule == "lot":
        return 0
    value = listing.attributes.get(window.attribute) if listing else None
    if type(value) is not int:
        raise invalid("listing", f"must say {window.attribute}, as a whole number")
    return -value


def _leave(draft: Draft, agent: Agent, command: LeaveBatch, id: str) -> Effect:
    _need_open(draft, id)
    if draft.get(ENTRIES, f"{id}/{agent.id}") is None:
        raise Refused(Reason.NOT_FOUND)
    draft.emit(BatchLeft(id, agent.id))
    return Effect((agent.id,))


def _reveal(draft: Draft, agent: Agent, command: RevealBatchSeed, id: str) -> Effect:
    window = _need_own_window(draft, agent, id)
    if window.phase != "revealing" or window.seed or draft.at >= window.due:
        raise Refused(Reason.WRONG_STATE, state=window.phase.capitalize())
    if len(command.seed) > SEED_MAX or commitment(command.seed) != window.seed_hash:
        raise invalid("seed", "not what was committed to")
    # Drawn by the clock, so that a halt, which stops new deals, stops these as well.
    draft.emit(BatchSeedRevealed(id, command.seed, draft.at + 1))
    return Effect()


def _withdraw(draft: Draft, agent: Agent, command: WithdrawBatchWindow, id: str) -> Effect:
    if _need_own_window(draft, agent, id).phase != "waiting":
        raise Refused(Reason.WRONG_STATE, state="Entered")
    draft.emit(BatchWithdrawn(id))
    return Effect()


def _need_own_window(view: View, agent: Agent, id: str) -> Window:
    window = row_of(view, WINDOWS, id)
    if window.lister != agent.id:
        raise Refused(Reason.NOT_YOURS, id=id)
    return window


def _need_open(view: View, id: str) -> Window:
    """Give a window that takes entries. Raises Refused(closed) after its close."""
    window = row_of(view, WINDOWS, id)
    if window.phase not in ("waiting", "gathering") or view.at >= window.due:
        raise Refused(Reason.CLOSED, id=id)
    return window


parties, forget = joined, drop_run


def standing(view: View, id: str) -> Standing:
    """Give what everybody may know: how many have entered, and not who."""
    on = row_of(view, WINDOWS, id)
    notice: Notice = {
        "listing": on.listing,
        "price_units": on.price.units,
        "asset": on.price.asset,
        "quantity": on.quantity,
        "rule": on.rule,
        "attribute": on.attribute,
        "seed_hash": on.seed_hash,
        "window_us": on.window_us,
        "phase": on.phase,
        "entries": on.entries,
    }
    waiting = (on.lister,) if on.phase == "revealing" and not on.seed else ()
    return Standing(opener(view, id), (), "", on.due, waiting, notice)


def pledge(view: View, id: str, agent: str) -> Pledge:
    """Givers set their goods aside, payers their money; what is wanted is set aside, too."""
    window = row_of(view, WINDOWS, id)
    if agent == window.lister:
        listing, units = window.listing, window.price.units
        left, is_payer = window.quantity - window.awarded, not window.is_sale
    else:
        entry = view.get(ENTRIES, f"{id}/{agent}")
        if entry is None:
            return NOTHING
        listing, units = entry.listing, entry.units
        left, is_payer = entry.quantity, window.is_sale
    if not left:
        return NOTHING
    kept = (Item(listing, left),) if listing else ()
    if not is_payer:
        return Pledge(goods=kept)
    return Pledge(units * left, units * left, window.price.asset, kept)


def outcome(view: View, id: str) -> Outcome | None:
    """Serve one after another in the order drawn, until nothing is left."""
    window = row_of(view, WINDOWS, id)
    if window.phase == "withdrawn":
        return Outcome("withdrawn")
    if window.phase != "drawn":
        return None
    left = window.quantity - window.awarded
    first = view.first(ENTRIES, id) if left else None
    if first is None:
        return Outcome("agreed" if window.awarded else "no_deal")
    entry = first[1]
    quantity = min(left, entry.quantity)
    total = Money(entry.units * quantity, window.price.asset)
    if window.is_sale:
        legs = sale(window.lister, entry.agent, window.listing, quantity, total)
    else:
        legs = sale(entry.agent, window.lister, entry.listing, quantity, total)
    return Outcome("", (Agreement((entry.agent, window.lister), legs),))


def settled(draft: Draft, id: str, agreement: Agreement) -> tuple[str, ...]:
    """Note who was served."""
    taker, lister = agreement.parties
    legs = agreement.legs
    units = cash_given(legs, taker) or cash_given(legs, lister)
    draft.emit(BatchAwarded(id, taker, goods(legs)[0].quantity, units))
    return agreement.parties


def unable(draft: Draft, id: str, agreement: Agreement, agent: str) -> None:
    """Pass over the entry that comes to nothing, whoever of the two cannot keep it."""
    draft.emit(BatchEntryFailed(id, agreement.parties[0]))


def lapse(draft: Draft, id: str) -> tuple[str, ...]:
    """Close the window, or draw once the seed is told or its time is over."""
    window = row_of(draft, WINDOWS, id)
    if window.phase != "revealing":
        is_awaited = window.seed_hash and window.entries
        due = draft.at + window.revealing_us if is_awaited else 0
        draft.emit(BatchWindowClosed(id, window.entries, due))
        if due:
            return ()
    entries = [entry for _, entry in draft.walk(ENTRIES, id)]
    tickets = [Ticket(entry.agent, entry.rank, entry.salt) for entry in entries]
    drawn = in_order(tickets, window.seed or window.seed_hash)
    agents, salts = (tuple(getattr(one, name) for one in drawn) for name in ("agent", "salt"))
    draft.emit(BatchDrawn(id, window.seed, agents, salts))
    return ()


IS_PREPAID = True
TABLES, EVOLVE, SEEN = records.TABLES, records.EVOLVE, records.SEEN
OPENS: dict[type, Any] = {OpenBatchWindow: _open}
MOVES: dict[type, Any] = {
    EnterBatch: _enter,
    LeaveBatch: _leave,
    RevealBatchSeed: _reveal,
    WithdrawBatchWindow: _withdraw,
}
JOINS: tuple[type, ...] = (EnterBatch,)
FREES: tuple[type, ...] = (LeaveBatch, RevealBatchSeed, WithdrawBatchWindow)
