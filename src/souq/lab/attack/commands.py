"""Commands of any kind, made from the types of their fields: a new command needs no line here.

What a field is called says which ids may stand in it; half of the time, and more where it should
make sense, one is taken that is live now.
"""

from collections.abc import Callable
from functools import cache
from random import Random
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from souq.core import market
from souq.core.channel import CHANNELS
from souq.core.credential import KEYS
from souq.core.listing import LISTINGS
from souq.core.mandate import Limits
from souq.core.mechanisms import BY_NAME
from souq.core.mechanisms.moves import Accept
from souq.core.money import Money
from souq.core.negotiation import NEGOTIATIONS, standing
from souq.core.payout import PAYOUTS
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from souq.core.seal import Sealed
from souq.core.stage import CONTRACTS
from souq.core.state import Table
from souq.core.voucher import HashChain, Payword
from souq.core.webhook import WEBHOOKS
from souq.lab.attack.scene import (
    CATEGORIES,
    CHAIN_LENGTH,
    CONTROLLED,
    HONEST_AGENTS,
    Scene,
    chain,
    payword,
)

KINDS: tuple[type, ...] = tuple(sorted(market.COMMANDS, key=lambda kind: kind.__name__))
_TABLES: dict[str, Table[Any]] = {
    "listing": LISTINGS,
    "negotiation": NEGOTIATIONS,
    "contract": CONTRACTS,
    "channel": CHANNELS,
    "key": KEYS,
    "payout": PAYOUTS,
    "webhook": WEBHOOKS,
    "under": CONTRACTS,
}
_PEOPLE = frozenset(
    ("agent", "principal", "payee", "to", "payer", "of", "scope", "owner", "taker", "giver")
)
_DIGESTS = frozenset(
    ("material", "commitment", "secret", "seed_hash", "nonce", "seed", "secret_reserve", "digest")
)
_WORDS = (
    "",
    "https://a.example/",
    "lamp",
    "USD",
    "EUR",
    "credits",
    "a" * 64,
    "x" * 70,
    "L1",
    "ab" * 32,
    "operator",
)
_DURATIONS = (0, -1, SECOND_US, MINUTE_US, HOUR_US, HOUR_US, 6 * HOUR_US, DAY_US, 2**53)
_NUMBERS = (0, 1, 1, 2, 3, 5, 10, 100, -1, 10**9, 2**53 - 1, 2**53)


@cache
def hints(kind: type) -> dict[str, Any]:
    """Give the types of a struct's fields."""
    return get_type_hints(kind)


class Maker:
    """Makes commands for one scene."""

    def __init__(self, chance: Random, scene: Scene) -> None:
        self._chance = chance
        self._scene = scene
        self._actor = ""  # whoever would say what is being made

    def make(self, kind: Any, actor: str = "", *, sensible: bool) -> Any:
        """Make a command of a kind; where it should make sense, about things that are live."""
        self._actor = actor or self._actor
        given: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            if not field.required and self._chance.random() < 0.6:
                continue
            given[field.name] = self.value(kind, field.name, sensible=sensible)
        if kind is Accept and "negotiation" in given:
            given["terms"] = self._terms(given["negotiation"])
        return kind(**given)

    def value(self, kind: type, name: str, actor: str = "", *, sensible: bool) -> Any:
        """Make a value for a field of a command."""
        self._actor = actor or self._actor
        if name == "negotiation" and sensible:
            return self._run(kind)
        return self._of(hints(kind)[name], name, sensible)

    def _of(self, hint: Any, name: str, sensible: bool) -> Any:
        chance, origin = self._chance, get_origin(hint)
        if origin in (Union, UnionType):
            return self._of(chance.choice(get_args(hint)), name, sensible)
        if origin is Literal:
            return chance.choice(get_args(hint))
        if origin is tuple:
            of = get_args(hint)
            if of[-1] is not Ellipsis:
                return tuple(self._of(one, name, sensible) for one in of)
            many = chance.choice((0, 1, 1, 1, 2, 3))
            return tuple(self._of(of[0], name, sensible) for _ in range(max(sensible, many)))
        if origin is dict:
            of = get_args(hint)
            count = chance.choice((0, 1, 2))
            return {
                self._of(of[0], "category", sensible): self._of(of[1], name, sensible)
                for _ in range(count)
            }
        if hint in _PLAIN:
            return _PLAIN[hint](self, name, sensible)
        if isinstance(hint, type) and issubclass(hint, Sealed):
            return hint(self._of(hint.of, name, sensible))
        return self.make(hint, sensible=sensible)

    def _text(self, name: str, sensible: bool) -> str:
        chance, rows = self._chance, _TABLES.get(name)
        if rows is LISTINGS and sensible and chance.random() < 0.5:
            found = self._scene.state.rows(LISTINGS).values()
            own = [one.id for one in found if one.agent == self._actor]
            if own:
                return str(chance.choice(own[-10:]))
        if rows is not None and (sensible or chance.random() < 0.5):
            live = list(self._scene.state.rows(rows))
            return str(chance.choice(live[-40:])) if live else "L1"
        if name in _PEOPLE:
            return chance.choice((*CONTROLLED, *CONTROLLED, *HONEST_AGENTS, "P1", "P3", "A99", ""))
        if name in _DIGESTS:
            return f"{chance.getrandbits(256):064x}"
        if name == "category":
            return chance.choice(CATEGORIES)
        if name == "asset":
            return chance.choice(("USD", "USD", "USD", "EUR"))
        if rows is not None:
            return f"{chance.choice('LNCXKWAP')}{chance.randint(0, 60)}"
        return chance.choice(_WORDS)

    def _number(self, name: str, sensible: bool) -> int:
        chance = self._chance
        if name.endswith(("_us", "_at")):
            at = self._scene.now if name.endswith("_at") else 0
            return at + chance.choice(_DURATIONS[2:-1] if sensible else _DURATIONS)
        if name.endswith("_bps"):
            return chance.choice((0, 1, 1_000, 5_000, 10_000, 10_001, -1))
        if name.endswith("units"):
            return self._units(sensible)
        return chance.choice(_NUMBERS[1:7] if sensible else _NUMBERS)

    def _units(self, sensible: bool) -> int:
        chance, limits, money = self._chance, self._scene.limits, self._scene.money
        known = (limits.per_deal_units, limits.window_units, limits.lifetime_units, money)
        most = chance.choice([one for one in known if one is not None])
        odd = () if sensible else (0, -1, 2**53 - 1, 2**53)
        near = (most, most + 1, most // 2, most // 3 + 1, most // 10 + 1, max(1, money // 100))
        return int(chance.choice((*near, 1, *odd)))

    def _money(self, name: str, sensible: bool) -> Money:
        odd = not sensible and self._chance.random() < 0.2
        return Money(self._units(sensible), self._chance.choice(("EUR", "XAU")) if odd else "USD")

    def _limits(self, name: str, sensible: bool) -> Limits:
        own = self._scene.limits
        if sensible:
            part = (
                {}
                if own.lifetime_units is None
                else {
                    "lifetime_units": max(1, own.lifetime_units // self._chance.choice((1, 2, 5)))
                }
            )
            return msgspec.structs.replace(own, **part)
        made: Limits = self.make(Limits, sensible=False)
        return made

    def _run(self, kind: type) -> str:
        rows = list(self._scene.state.rows(NEGOTIATIONS).values())[-60:]
        fitting = [one.id for one in rows if kind in BY_NAME[one.mechanism].MOVES]
        known = fitting or [one.id for one in rows] or ["N1"]
        return str(self._chance.choice(known))

    def _terms(self, run: str) -> str:
        try:
            return standing(self._scene.state, run).terms
        except Refused:
            return "none"


_Plain = Callable[[Maker, str, bool], Any]
_PLAIN: dict[Any, _Plain] = {
    str: Maker._text,
    int: Maker._number,
    bool: lambda maker, name, sensible: maker._chance.random() < 0.5,
    Money: Maker._money,
    Limits: Maker._limits,
    NoneType: lambda maker, name, sensible: None,
    UnsetType: lambda maker, name, sensible: UNSET,
    HashChain: lambda maker, name, sensible: chain(
        f"made {maker._chance.random()}", max(1, maker._units(True) // CHAIN_LENGTH)
    ),
    Payword: lambda maker, name, sensible: payword(
        "before", maker._chance.randint(1, CHAIN_LENGTH)
    ),
}
