"""What is asked, what happens and what is remembered in a run of `batch_window`."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from souq.core.index import Rank
from souq.core.mechanisms.batch_window.draw import Rule
from souq.core.money import Money
from souq.core.rules import HOUR_US
from souq.core.state import DEADLINES, Table, View, row_of


class OpenBatchWindow(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Offer a listing of one's own at its price to whoever enters within a window.

    `window_us` counts from the first entry, which is waited for until `valid_us` is over.
    `seed_hash` is the SHA-256, in hex, of a seed to be revealed within `revealing_us` of the close.
    """

    listing: str
    window_us: int
    quantity: int = 1
    rule: Rule = "lot"
    attribute: str = ""
    seed_hash: str = ""
    revealing_us: int = HOUR_US
    valid_us: int | None = None


class EnterBatch(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Take the offer, if the rule picks this entry. One entry of each principal.

    Suppliers name the `listing` that they would deliver from. `price` is for each piece, the stated
    one where it is left out. `salt` is any number, for a lot that nobody can foresee.
    """

    negotiation: str
    listing: str = ""
    price: Money | None = None
    quantity: int = 1
    salt: int = 0


class LeaveBatch(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Take one's entry back before the close."""

    negotiation: str


class RevealBatchSeed(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Tell the seed that one's window was opened under, after its close."""

    negotiation: str
    seed: str


class WithdrawBatchWindow(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End one's window while nobody has entered."""

    negotiation: str


class BatchWindowOpened(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    category: str
    is_sale: bool
    price: Money
    quantity: int
    rule: Rule
    attribute: str
    seed_hash: str
    window_us: int
    revealing_us: int
    expires_at: int


class BatchWindowBegan(Struct, frozen=True, tag=True):
    """Somebody has entered."""

    negotiation: str
    closes_at: int


class BatchEntered(Struct, frozen=True, tag=True):
    """`rank` is how good it is by the rule; less is better."""

    negotiation: str
    agent: str
    principal: str
    listing: str
    units: int
    quantity: int
    rank: int
    salt: int


class BatchLeft(Struct, frozen=True, tag=True):
    negotiation: str
    agent: str


class BatchWindowClosed(Struct, frozen=True, tag=True):
    """Nobody enters any more. `due` is until when the seed may be revealed."""

    negotiation: str
    entries: int
    due: int


class BatchSeedRevealed(Struct, frozen=True, tag=True):
    negotiation: str
    seed: str
    due: int


class BatchDrawn(Struct, frozen=True, tag=True):
    """Who is served, in this order, and the number each brought."""

    negotiation: str
    seed: str
    agents: tuple[str, ...]
    salts: tuple[int, ...]


class BatchAwarded(Struct, frozen=True, tag=True):
    """`units` is all that is paid."""

    negotiation: str
    agent: str
    quantity: int
    units: int


class BatchEntryFailed(Struct, frozen=True, tag=True):
    """An entry could not be kept, by either side; the next one counts."""

    negotiation: str
    agent: str


class BatchWithdrawn(Struct, frozen=True, tag=True):
    negotiation: str


class Window(Struct, frozen=True):
    lister: str
    principal: str
    listing: str
    category: str
    is_sale: bool
    price: Money
    quantity: int
    rule: Rule
    attribute: str
    seed_hash: str
    window_us: int
    revealing_us: int
    due: int
    entries: int = 0
    awarded: int = 0
    seed: str = ""
    phase: Literal["waiting", "gathering", "revealing", "drawn", "withdrawn"] = "waiting"


class Entry(Struct, frozen=True, gc=False, array_like=True):
    negotiation: str
    agent: str
    principal: str
    listing: str
    units: int
    quantity: int
    rank: int
    salt: int
    place: int = 0  # in the order that was drawn


def _rank(entry: Entry) -> Rank:
    return Rank(entry.negotiation, entry.place, int(entry.agent[1:]))


WINDOWS: Table[Window] = Table("batch_window", Window)
ENTRIES: Table[Entry] = Table("batch_entries", Entry, rank=_rank)
ENTRANTS: Table[str] = Table("batch_entrants", str)  # a principal's agent that entered
TABLES: tuple[Table[Any], ...] = (WINDOWS, ENTRIES, ENTRANTS)


def drop_run(view: View, id: str) -> None:
    """Drop an ended run."""
    for _, entry in list(view.walk(ENTRIES, id)):
        _drop(view, entry)
    view.drop(WINDOWS, id)


def _change(view: View, id: str, **fields: Any) -> None:
    view.put(WINDOWS, id, msgspec.structs.replace(row_of(view, WINDOWS, id), **fields))
    if "due" in fields:
        view.put(DEADLINES, id, fields["due"])


def _opened(view: View, event: BatchWindowOpened) -> None:
    id = event.negotiation
    view.put(
        WINDOWS,
        id,
        Window(
            event.agent,
            event.principal,
            event.listing,
            event.category,
            event.is_sale,
            event.price,
            event.quantity,
            event.rule,
            event.attribute,
            event.seed_hash,
            event.window_us,
            event.revealing_us,
            event.expires_at,
        ),
    )
    view.put(DEADLINES, id, event.expires_at)


def _entered(view: View, event: BatchEntered) -> None:
    id = event.negotiation
    entry = Entry(
        id,
        event.agent,
        event.principal,
        event.listing,
        event.units,
        event.quantity,
        event.rank,
        event.salt,
    )
    view.put(ENTRIES, f"{id}/{event.agent}", entry)
    view.put(ENTRANTS, f"{id}/{event.principal}", event.agent)
    _change(view, id, entries=row_of(view, WINDOWS, id).entries + 1)


def _gone(view: View, event: BatchLeft | BatchEntryFailed) -> None:
    entry = row_of(view, ENTRIES, f"{event.negotiation}/{event.agent}")
    _drop(view, entry)
    _change(view, event.negotiation, entries=row_of(view, WINDOWS, event.negotiation).entries - 1)


def _drop(view: View, entry: Entry) -> None:
    view.drop(ENTRIES, f"{entry.negotiation}/{entry.agent}")
    view.drop(ENTRANTS, f"{entry.negotiation}/{entry.principal}")


def _closed(view: View, event: BatchWindowClosed) -> None:
    if event.due:
        _change(view, event.negotiation, phase="revealing", due=event.due)


def _drawn(view: View, event: BatchDrawn) -> None:
    id = event.negotiation
    for place, agent in enumerate(event.agents, start=1):
        entry = row_of(view, ENTRIES, f"{id}/{agent}")
        changed = msgspec.structs.replace(entry, place=place)
        view.put(ENTRIES, f"{id}/{agent}", changed)
    _change(view, id, phase="drawn")


def _awarded(view: View, event: BatchAwarded) -> None:
    id = event.negotiation
    _gone(view, BatchLeft(id, event.agent))
    _change(view, id, awarded=row_of(view, WINDOWS, id).awarded + event.quantity)


SEEN: dict[type, Any] = {
    BatchWindowOpened: "public",
    BatchWindowBegan: "public",
    BatchEntered: "own",
    BatchLeft: "own",
    BatchWindowClosed: "public",
    BatchSeedRevealed: "public",
    BatchDrawn: "public",
    BatchAwarded: "public",
    BatchEntryFailed: "own",
    BatchWithdrawn: "public",
}
EVOLVE: dict[type, Any] = {
    BatchWindowOpened: _opened,
    BatchWindowBegan: lambda view, event: _change(
        view, event.negotiation, phase="gathering", due=event.closes_at
    ),
    BatchEntered: _entered,
    BatchLeft: _gone,
    BatchWindowClosed: _closed,
    BatchSeedRevealed: lambda view, event: _change(
        view, event.negotiation, seed=event.seed, due=event.due
    ),
    BatchDrawn: _drawn,
    BatchAwarded: _awarded,
    BatchEntryFailed: _gone,
    BatchWithdrawn: lambda view, event: _change(view, event.negotiation, phase="withdrawn"),
}
