"""What may be asked about channels, and the answer it gets."""

from msgspec import Struct

from souq.core.money import Money
from souq.core.voucher import Means
from souq.operations.queries import LIMIT


class GetChannel(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give a channel, running or ended. By its two sides and their principals."""

    channel: str


class ListChannels(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List an agent's running channels, on either side of them, newest first."""

    agent: str = ""
    limit: int = LIMIT
    cursor: str = ""


class Channel(Struct, frozen=True, omit_defaults=True):
    """A channel. `state` is open, closing, or how it ended; `due_at` is when silence ends it.

    Its vouchers are bound to `market`, `id` and `opened_at`. `known_units` is what is on record as
    due, `paid_units` what its end paid.
    """

    id: str
    market: str
    payer: str
    payee: str
    deposit: Money
    means: Means
    opened_at: int
    window_us: int
    state: str
    due_at: int | None = None
    known_units: int = 0
    paid_units: int = 0


class Channels(Struct, frozen=True):
    channels: tuple[Channel, ...]
    cursor: str = ""
