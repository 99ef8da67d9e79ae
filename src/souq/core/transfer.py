"""A transfer's vocabulary: what a row may ask, what may become of it, and many rows as columns."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import repeat
from typing import Any

from msgspec import Struct

from souq.core.refusal import invalid

BATCH_MAX = 8_000

# id, kind, debit, credit, amount, hold, interval_us
Row = tuple[str, int, str, str, int, str, int]
# id, debit, credit, amount, kind, hold: of the market's own transfers, which have no interval
Movement = tuple[str, str, str, int, int, str]


class Kind(IntEnum):
    """What a row of a batch asks for."""

    MOVE = 0  # at once
    HOLD = 1  # reserve on both sides, to be ended by exactly one of the next three
    CAPTURE = 2  # post a held amount, whole (amount 0) or in part; the rest returns
    RELEASE = 3  # void a held amount
    EXPIRE = 4  # the ledger's own: a hold's interval ran out


MOVE, HOLD, CAPTURE, RELEASE, EXPIRE = (int(kind) for kind in Kind)


class Outcome(IntEnum):
    """What became of one transfer of a batch."""

    OK = 0
    EXISTS = 1
    EXISTS_WITH_DIFFERENT_KIND = 2
    EXISTS_WITH_DIFFERENT_DEBIT = 3
    EXISTS_WITH_DIFFERENT_CREDIT = 4
    EXISTS_WITH_DIFFERENT_AMOUNT = 5
    EXISTS_WITH_DIFFERENT_REFERENCE = 6
    EXISTS_WITH_DIFFERENT_INTERVAL = 7
    ID_FAILED_BEFORE = 8
    LINKED_TRANSFER_FAILED = 9
    CHAIN_LEFT_OPEN = 10
    ID_INVALID = 11
    KIND_INVALID = 12
    AMOUNT_INVALID = 13
    INTERVAL_INVALID = 14
    DEBIT_UNKNOWN = 15
    CREDIT_UNKNOWN = 16
    SAME_ACCOUNT = 17
    ASSETS_DIFFER = 18
    HOLD_UNKNOWN = 19
    HOLD_DIFFERS = 20
    EXCEEDS_HOLD = 21
    EXCEEDS_CREDITS = 22
    EXCEEDS_DEBITS = 23


# Failures that another moment could turn into success. Their ids stay burnt, so that a late retry
# cannot move money by surprise.
TRANSIENT = frozenset({Outcome.EXCEEDS_CREDITS, Outcome.EXCEEDS_DEBITS, Outcome.HOLD_UNKNOWN})
EXISTS_WITH_DIFFERENT = (
    Outcome.EXISTS_WITH_DIFFERENT_KIND,
    Outcome.EXISTS_WITH_DIFFERENT_DEBIT,
    Outcome.EXISTS_WITH_DIFFERENT_CREDIT,
    Outcome.EXISTS_WITH_DIFFERENT_AMOUNT,
    Outcome.EXISTS_WITH_DIFFERENT_REFERENCE,
    Outcome.EXISTS_WITH_DIFFERENT_INTERVAL,
)


class Batch(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Transfers as parallel columns; an empty optional column means zeros throughout."""

    id: tuple[str, ...]
    debit: tuple[str, ...]
    credit: tuple[str, ...]
    amount: tuple[int, ...]
    kind: tuple[int, ...] = ()
    hold: tuple[str, ...] = ()  # for CAPTURE and RELEASE: the id of the hold they end
    interval_us: tuple[int, ...] = ()  # for HOLD: released by itself after so long; 0 never
    linked: tuple[int, ...] = ()  # 1: succeeds or fails together with the next row

    def rows(self) -> Iterator[Row]:
        """Iterate over (id, kind, debit, credit, amount, hold, interval_us)."""
        return zip(
            self.id,
            self.kind or repeat(0),
            self.debit,
            self.credit,
            self.amount,
            self.hold or repeat(""),
            self.interval_us or repeat(0),
            strict=False,
        )


def check_shape(batch: Batch) -> None:
    """Raise Refused(invalid) unless the columns fit together."""
    size = len(batch.id)
    if not 0 < size <= BATCH_MAX:
        raise invalid("id", f"a batch holds 1 to {BATCH_MAX} transfers")
    for name in ("debit", "credit", "amount"):
        if len(getattr(batch, name)) != size:
            raise invalid(name, f"has not {size} rows as id has")
    for name in ("kind", "hold", "interval_us", "linked"):
        if len(getattr(batch, name)) not in (0, size):
            raise invalid(name, f"has neither 0 nor {size} rows")
    if not set(batch.linked) <= {0, 1}:
        raise invalid("linked", "each is 0 or 1")


def pick(batch: Batch, kept: Sequence[int]) -> Batch:
    """Keep some rows. Links have done their work once outcomes are known, and go."""

    def column(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(values[n] for n in kept) if values else ()

    return Batch(
        id=column(batch.id),
        debit=column(batch.debit),
        credit=column(batch.credit),
        amount=column(batch.amount),
        kind=column(batch.kind),
        hold=column(batch.hold),
        interval_us=column(batch.interval_us),
    )
