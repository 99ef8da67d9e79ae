"""What the market and a rail say to each other; both sides may say anything twice."""

from msgspec import Struct

from souq.core.payout import Why


class Order(Struct, frozen=True):
    """Pay this out. `id` is the rail's idempotency key: the same id is the same payment."""

    id: str
    units: int
    asset: str
    destination: str


class Paid(Struct, frozen=True):
    """The payment is made, under the rail's own name for it."""

    reference: str = ""


class Rejected(Struct, frozen=True):
    """The payment is not made and never will be, however often it is asked for."""

    why: Why = "rejected"


class Deposit(Struct, frozen=True, tag=True):
    """Money came in for a principal."""

    reference: str
    principal: str
    units: int
    asset: str


class Chargeback(Struct, frozen=True, tag=True):
    """The outside took back a deposit, whole or in part."""

    reference: str  # of the deposit
    units: int
    asset: str


class News(Struct, frozen=True):
    """Notices in the rail's order, and the cursor to ask after next time."""

    notices: tuple[Deposit | Chargeback, ...] = ()
    cursor: str = ""


class NoAnswer(Exception):
    """The rail gave no answer that settles it. It may have paid: ask again, with the same id."""


Outcome = Paid | Rejected
