"""Ways to spoil a legal move: another speaker, a stale or foreign id, an amount out of range."""

from typing import Any

import msgspec

from souq.core.mechanisms.moves import Item
from souq.core.money import Money

KEPT = {"side", "subject", "delivery", "ground", "unit", "evidence", "topic"}
ID_FIELDS = {"negotiation", "contract", "listing", "agent", "principal", "to", "payer", "terms"}
IDS = ("L1", "L2", "L3", "L9", "N1", "N2", "N7", "C1", "C2", "C5", "A1", "A3", "A99", "P1", "P9")
STRANGE = ("X", "L0", "L999999", "N999999", "C999999", "N²", "C-1", "operator", "system")
ACTORS = ("A1", "A2", "A3", "A4", "A5", "P1", "P2", "P3", "P4", "operator", "system", "A77")


def spoiled(walk: Any, actor: str, command: Any) -> tuple[str, Any]:
    """Change one thing about a move."""
    chance = walk.chance
    names = [
        name
        for name in command.__struct_fields__
        if name not in KEPT and _other(walk, name, getattr(command, name)) is not None
    ]
    if not names or chance.randint(0, 2) == 0:
        return chance.choice(ACTORS), command
    name = chance.choice(names)
    value = _other(walk, name, getattr(command, name))
    return actor, msgspec.structs.replace(command, **{name: value})


def _other(walk: Any, name: str, value: Any) -> Any:
    chance = walk.chance
    match value:
        case bool():
            return not value
        case int():
            return chance.choice((-1, 0, value + 1, 2**53 - 1, 2**53))
        case str() if name in ID_FIELDS:
            return chance.choice(IDS if chance.randint(0, 2) else STRANGE)
        case str():
            return chance.choice(("", "x" * 70, "fees/USD", "toys"))
        case Money():
            units = chance.choice((-1, 0, value.units + 1, 2**53 - 1, 2**53))
            return Money(units, chance.choice(("USD", "USD", "EUR", "XAU")))
        case (Item(), *_):
            item = Item(chance.choice(IDS), chance.choice((-1, 0, 1, 10**9, 10**10)))
            return chance.choice(((), (item,), (item, item), (*value, item)))
        case _:
            return None
