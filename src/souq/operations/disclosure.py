"""What anybody is told of the principal behind an agent before dealing with it."""

from msgspec import Struct


class Disclosure(Struct, frozen=True, omit_defaults=True):
    """The other side is always an automated agent. Level and place are what the house attested.

    `level` is 0 where nothing attested holds; `jurisdiction` is then "".
    """

    principal: str
    level: int
    jurisdiction: str
    is_automated: bool = True
