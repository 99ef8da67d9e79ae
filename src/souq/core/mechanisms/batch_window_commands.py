"""What can be asked of a batch window."""

from msgspec import Struct

from souq.core.mechanisms.batch_window_draw import Rule
from souq.core.money import Money
from souq.core.rules import HOUR_US


class OpenBatchWindow(
    Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Offer a listing of one's own at its price to whoever enters within a window.

    `window_us` counts from the first entry, which is waited for until `valid_us` is over.
    `seed_hash` is the SHA-256, in hex, of a seed to be revealed within `reveal_us` of the close.
    """

    listing: str
    window_us: int
    quantity: int = 1
    rule: Rule = "lot"
    attribute: str = ""
    seed_hash: str = ""
    reveal_us: int = HOUR_US
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
