"""What the ledger keeps: accounts with their sums, pending transfers, and the ids it has seen."""

from typing import Any

from msgspec import Struct

from souq.core.state import COUNTERS, DEADLINES, Table


class Account(Struct, frozen=True, gc=False, omit_defaults=True):
    """A place money can be: its limits as flags, and sums over its entries in units.

    `posted` is credits less debits; `held` and `incoming` are what pending transfers reserve.
    """

    asset: str
    no_overdraft: bool = False  # debits, held ones included, must not exceed credits
    no_surplus: bool = False  # credits must not exceed debits: the world only ever owes us
    posted: int = 0
    held: int = 0
    incoming: int = 0

    @property
    def available(self) -> int:
        """Give what may still be debited. Held money counts as gone."""
        return self.posted - self.held


class Hold(Struct, frozen=True, gc=False, array_like=True):
    """A pending transfer. Escrow is one of these."""

    debit: str
    credit: str
    amount: int


class Asked(Struct, frozen=True, gc=False, array_like=True):
    """What a row asked for, so that its id can be told from another's."""

    kind: int
    debit: str
    credit: str
    amount: int
    hold: str
    interval_us: int


class IdsKept(Struct, frozen=True, array_like=True):
    """One batch's ids, to be forgotten together."""

    at: int
    ids: tuple[str, ...]


ACCOUNTS: Table[Account] = Table("accounts", Account)
HOLDS: Table[Hold] = Table("holds", Hold)
SEEN: Table[Asked] = Table("transfer_ids", Asked)
SEEN_BATCHES: Table[IdsKept] = Table("transfer_id_batches", IdsKept)
TABLES: tuple[Table[Any], ...] = (
    ACCOUNTS,
    HOLDS,
    SEEN,
    SEEN_BATCHES,
    DEADLINES,
    COUNTERS,
)
