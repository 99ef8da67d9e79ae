"""Which tidy tables a journal gives, for people who count, and what stands in their columns.

    records    one row per record: a command with what it caused, or its refusal
    agents     one row per agent
    listings   one row per listing posted and per change of it; what did not change is empty
    offers     one row per move of a negotiation: offered, countered, accepted, closed …
    deals      one row per contract, written when it is over; open ones follow at the end
    transfers  one row per transfer; `posted_units` is what really moved by it
    balances   one row per account, as the transfers add up; it must be what the ledger says

Money is whole units (`…_units`, with its `asset`) and, for dollars, a decimal text (`…_usd`);
they are empty where nothing is paid. Times are microseconds UTC (`…_us`) and readable beside it.
Ids join the tables: `seq` is the record, `listing`, `negotiation`, `contract`, `agent` are the
market's own. Columns are in this order for good; new ones come at the end. Limits of mandates and
words between parties are in no table; but refusals tell facts meant for their caller alone, so
whoever publishes tables looks at `records` first.
"""

from enum import Enum
from typing import Any, NamedTuple


class Type(Enum):
    """What a column holds."""

    NUMBER = "whole number"
    TIME = "time, UTC"
    AMOUNT = "decimal text"
    NAME = "text of the market's making"
    WORDS = "text that anybody may have chosen"


class Column(NamedTuple):
    """One column of a table."""

    name: str
    type: Type


Row = tuple[Any, ...]
_MONEY = ("price_units:n", "asset", "price_usd:d")
_NOW = ("seq:n", "at_us:n", "at:t")
_TYPES = {"n": Type.NUMBER, "t": Type.TIME, "d": Type.AMOUNT, "w": Type.WORDS, "": Type.NAME}


def _columns(*names: str) -> tuple[Column, ...]:
    parts = (name.partition(":") for name in names)
    return tuple(Column(name, _TYPES[type]) for name, _, type in parts)


TABLES: dict[str, tuple[Column, ...]] = {
    "records": _columns(
        *(*_NOW, "actor:w", "command_id:w", "command", "refusal", "facts:w", "events:n"),
        *("event_types",),
    ),
    "agents": _columns(*_NOW, "agent", "principal", "name:w"),
    "listings": _columns(
        *(*_NOW, "listing", "change", "agent", "principal", "side", "subject", "category:w"),
        *("title:w", "description:w", "attributes:w", "quantity:n", "unit:w", "delivery"),
        *("shipping_units:n", "mechanisms", *_MONEY),
    ),
    "offers": _columns(
        *(*_NOW, "negotiation", "mechanism", "move", "by", "version:n", "terms", "parties"),
        *("listings", *_MONEY, "expires_at_us:n", "expires_at:t", "why"),
    ),
    "deals": _columns(
        *("contract", "negotiation", "mechanism", "stage", "agreed_seq:n", "agreed_at_us:n"),
        *("agreed_at:t", "ended_seq:n", "ended_at_us:n", "ended_at:t", "parties", "payer"),
        *("payee", "listings", *_MONEY, "payer_bps:n"),
    ),
    "transfers": _columns(
        *(*_NOW, "transfer:w", "kind", "debit:w", "credit:w", "units:n", "posted_units:n"),
        *("asset", "posted_usd:d", "hold:w"),
    ),
    "balances": _columns(
        *(*_NOW, "account:w", "asset", "debits_units:n", "credits_units:n", "posted_units:n"),
        *("held_units:n", "posted_usd:d"),
    ),
}
