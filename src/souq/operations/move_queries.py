"""What may be asked about what can be done, and the answer it gets."""

from msgspec import Struct


class ListMoves(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List what one can do about a contract now, by the names of the operations.

    Each was tried by the rules that would judge it, and nothing of that is kept. What is listed is
    one's own to do, and its time has come; it may still be refused for its words, for money, or for
    a mandate.
    """

    contract: str


class Moves(Struct, frozen=True):
    contract: str
    moves: tuple[str, ...]
