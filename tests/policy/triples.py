"""Policies, histories and deals drawn at random, for two evaluators to agree on.

A history is a list of plain happenings, in order of time; `fold` tells it to the market's own
memory, and a slow evaluator may scan the list. Numbers are small and repeat, so that caps are met
exactly, windows end on an instant at which something happened, and every rule allows and denies.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct

from souq.core.policy import Rule, goods, history, loss, money, pace, people, prices, scope
from souq.core.policy.deal import Deal, Goods, Other
from souq.core.policy.judging import Layer, judge
from souq.core.policy.period import Period
from souq.core.rules import DAY_US, HOUR_US
from souq.core.state import State

KEY = "P1"
NOW = 1_750_000_000_000_000
PRINCIPALS = ("P2", "P3", "P4")
CATEGORIES = ("home", "home/lamps", "homes", "bikes")
ASSETS = ("USD", "EUR")


class Committed(Struct, frozen=True, tag=True):
    """Money was committed to principals. `claim` begins with C for a deal, X for a channel."""

    at: int
    claim: str
    units: int
    asset: str
    payees: tuple[tuple[str, int], ...]


class CameBack(Struct, frozen=True, tag=True):
    """A claim ended, and so much of it came back."""

    at: int
    claim: str
    units: int


class Dealt(Struct, frozen=True, tag=True):
    """There was a deal with these principals."""

    at: int
    others: tuple[str, ...]


class Lost(Struct, frozen=True, tag=True):
    """A deal ended that cost so much; below 0, that brought so much."""

    at: int
    units: int
    asset: str


class Took(Struct, frozen=True, tag=True):
    """A deal was fulfilled in which so many were taken."""

    at: int
    category: str
    quantity: int


class Priced(Struct, frozen=True, tag=True):
    """A plain sale between strangers was fulfilled, at so much for one."""

    at: int
    category: str
    asset: str
    units: int


Happening = Committed | CameBack | Dealt | Lost | Took | Priced


class Triple(Struct, frozen=True):
    """Rules of one layer, what happened before, and the deal they are asked of."""

    rules: tuple[Rule, ...]
    history: tuple[Happening, ...]
    deal: Deal


def fold(happenings: tuple[Happening, ...], state: State | None = None) -> State:
    """Tell a history to the market's memory."""
    state = state or State(history.TABLES)
    for one in happenings:
        state.at = one.at
        match one:
            case Committed(_, claim, units, asset, payees):
                history.commit(state, (KEY,), f"{claim}/A1", units, asset, payees)
            case CameBack(_, claim, units):
                history.come_back(state, f"{claim}/A1", units)
            case Dealt(_, others):
                history.deal(state, KEY, others)
            case Lost(_, units, asset):
                history.lose(state, KEY, asset, units)
            case Took(_, category, quantity):
                history.take(state, KEY, category, quantity)
            case Priced(_, category, asset, units):
                history.push_price(state, category, asset, units)
    return state


def verdict(triple: Triple) -> tuple[str, ...]:
    """Give what each rule says: ALLOW, HOLD or DENY, in the order of the rules."""
    layer = Layer(KEY, KEY, KEY, triple.rules, "")
    found = {one.number: one for one in judge(fold(triple.history), layer, triple.deal)}
    return tuple(
        "ALLOW" if n not in found else "HOLD" if found[n].approver else "DENY"
        for n in range(1, len(triple.rules) + 1)
    )


def triple(chance: Random) -> Triple:
    """Draw one."""
    rules = tuple(_rule(chance) for _ in range(chance.randint(1, 6)))
    return Triple(rules, happenings(chance, chance.choice((0, 10, 40, 80))), deal(chance))


def happenings(chance: Random, count: int) -> tuple[Happening, ...]:
    """Draw a history that ends now, or at most five days ago."""
    instants = sorted(_instant(chance) for _ in range(count))
    found: list[Happening] = []
    open_: dict[str, int] = {}
    for n, at in enumerate(instants):
        match chance.randint(0, 11):
            case 0 | 1 | 2:
                claim, units = f"{chance.choice('CCX')}{n}", chance.randint(1, 12)
                open_[claim] = units
                payee = ((chance.choice(PRINCIPALS), units),)
                found.append(Committed(at, claim, units, _asset(chance), payee))
            case 3 | 4 if open_:
                claim = chance.choice(sorted(open_))
                units = open_.pop(claim)
                back = chance.choice((0, units, chance.randint(0, units)))
                found.append(CameBack(at, claim, back))
            case 5:
                found.append(Dealt(at, tuple(chance.sample(PRINCIPALS, chance.randint(1, 2)))))
            case 6:
                found.append(Lost(at, chance.randint(-8, 12), _asset(chance)))
            case 7 | 3:
                found.append(Took(at, chance.choice(CATEGORIES[:2]), chance.randint(1, 9)))
            case _:
                found.append(Priced(at, chance.choice(CATEGORIES[:2]), "USD", chance.randint(1, 9)))
    return tuple(found)


def _instant(chance: Random) -> int:
    # On the hour, so that windows end where something happened.
    return (
        NOW - chance.choice((HOUR_US, 6 * HOUR_US)) * chance.randint(0, 20) - chance.randint(0, 1)
    )


def _asset(chance: Random) -> str:
    return chance.choice(("USD", "USD", "USD", "EUR"))


def deal(chance: Random) -> Deal:
    """Draw a deal: a purchase, a sale, a bundle, a gift, or money alone."""
    things = [
        Goods(
            f"L{n}",
            chance.choice(CATEGORIES),
            chance.choice((1, 1, 2, 5, 10, 30, 100)),
            is_taken=chance.randint(0, 2) > 0,
            ref=chance.choice(("", "lamp")),
            is_shipped=chance.randint(0, 1) == 1,
        )
        for n in range(1, chance.choice((0, 1, 1, 1, 1, 2)) + 1)
    ]
    asset = _asset(chance)
    units = chance.choice((0, 1, 2, 5, 9, 12, 20, 60, 100))
    pays = {asset: units} if chance.randint(0, 2) else {}
    receives = {asset: units} if not pays or chance.randint(0, 9) == 0 else {}
    nets = {name: value - value // 10 for name, value in receives.items()}
    return Deal(
        at=NOW,
        asset=asset if chance.randint(0, 9) else "USD",
        pays=pays,
        receives=receives,
        nets=nets,
        goods=tuple(things),
        others=_others(chance, pays),
        whole_units=chance.choice((0, 0, 0, 25)),
        reserved_units=chance.choice((0, units, units, 2 * units)),
        first_units=chance.choice((None, 2, 10)),
        cooling_off_us=chance.choice((0, HOUR_US, DAY_US)),
        destination=chance.choice(("", "home", "elsewhere")),
    )


def _others(chance: Random, pays: dict[str, int]) -> tuple[Other, ...]:
    found = []
    for n in range(chance.choice((1, 1, 1, 2))):
        principal = chance.choice((*PRINCIPALS, *PRINCIPALS, ""))
        level = chance.choice((None, 0, 1, 2)) if principal else None
        place = chance.choice((None, "ES", "US")) if principal else None
        standing = chance.randint(-1, 3) if principal else 0
        found.append(Other(principal, standing, level, place, pays if n == 0 else {}))
    return tuple(found)


def _window(chance: Random) -> int:
    return chance.choice((HOUR_US, 6 * HOUR_US, DAY_US, 2 * DAY_US))


def _category(chance: Random) -> str:
    return chance.choice(("", "home", "home/lamps", "bikes"))


def _cap(chance: Random) -> int:
    return chance.choice((0, 2, 5, 10, 20, 25, 40, 100))


def _side(chance: Random) -> goods.Side:
    return "buy" if chance.randint(0, 2) else "sell"


def _none_or(chance: Random, value: Any) -> Any:
    return None if chance.randint(0, 2) == 0 else value


def _credit(chance: Random) -> bool:
    return chance.randint(0, 1) == 1


def _some(chance: Random, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(chance.sample(names, chance.randint(0, len(names))))


_PERIODS: tuple[Period, ...] = ("day", "week", "month", "year")
# Around an hour that clocks were put forward by, not long ago; and one that ends before now.
_OFFSETS = (
    (),
    ((NOW - 400 * DAY_US, 3_600), (NOW - 8 * HOUR_US, 7_200), (NOW + DAY_US, 0)),
    ((NOW - 400 * DAY_US, -18_000), (NOW - 20 * HOUR_US, -21_600), (NOW + DAY_US, 0)),
    ((NOW - 9 * HOUR_US, 0), (NOW + DAY_US, 0)),
    ((NOW - 400 * DAY_US, 0), (NOW, 0)),
)
DRAWS: dict[type, Callable[[Random], Any]] = {
    money.PerDeal: lambda c: money.PerDeal(_cap(c), _asset(c)),
    money.RollingBudget: lambda c: money.RollingBudget(_cap(c), _window(c), _asset(c), _credit(c)),
    money.CalendarBudget: lambda c: money.CalendarBudget(
        _cap(c), c.choice(_PERIODS), "UTC", c.choice(_OFFSETS), _asset(c), _credit(c)
    ),
    money.LifetimeBudget: lambda c: money.LifetimeBudget(_cap(c), _asset(c), _credit(c)),
    money.Approval: lambda c: money.Approval(_cap(c), _asset(c)),
    money.CoolingOff: lambda c: money.CoolingOff(_cap(c), c.choice((HOUR_US, DAY_US)), _asset(c)),
    money.Bidding: lambda c: money.Bidding(c.choice((0, 2_000, 5_000, 10_000)), _asset(c)),
    loss.LossStop: lambda c: loss.LossStop(_cap(c), _window(c), _asset(c)),
    goods.Categories: lambda c: goods.Categories(_some(c, CATEGORIES)),
    goods.Quantity: lambda c: goods.Quantity(c.choice((0, 1, 2, 10, 50)), _category(c), _side(c)),
    goods.UsualQuantity: lambda c: goods.UsualQuantity(
        c.choice((50, 100, 150, 300, 1_000)), _category(c)
    ),
    goods.Requested: lambda c: goods.Requested(
        {name: c.choice((0, 1, 2, 3, 10)) for name in _some(c, ("L1", "home", "home/lamps"))},
        c.choice((2, 5, 10)),
    ),
    goods.Destinations: lambda c: goods.Destinations(_some(c, ("home", "office"))),
    prices.PriceBounds: lambda c: prices.PriceBounds(
        c.choice((0, 0, 1, 2)), _none_or(c, c.choice((2, 5, 9))), _category(c), _side(c), _asset(c)
    ),
    prices.PriceReference: lambda c: prices.PriceReference(
        c.choice((0, 2_000, 5_000, 10_000)), c.choice((5, 6, 50)), _category(c), _side(c), "USD"
    ),
    prices.Floor: lambda c: prices.Floor(
        {name: c.choice((0, 1, 4, 9)) for name in _some(c, ("lamp", "home", "bikes"))}, _asset(c)
    ),
    people.Counterparties: lambda c: people.Counterparties(
        _none_or(c, _some(c, PRINCIPALS)), _some(c, PRINCIPALS[:2])
    ),
    people.Verification: lambda c: people.Verification(c.randint(0, 2)),
    people.StandingMin: lambda c: people.StandingMin(c.randint(-1, 2)),
    people.Jurisdictions: lambda c: people.Jurisdictions(_some(c, ("ES", "US"))),
    people.Exposure: lambda c: people.Exposure(_cap(c), _asset(c)),
    pace.Occurrences: lambda c: pace.Occurrences(c.randint(0, 6)),
    pace.Velocity: lambda c: pace.Velocity(
        _window(c), c.choice((None, 0, 1, 3)), c.choice((0, 1, 2))
    ),
    scope.Assets: lambda c: scope.Assets(_some(c, ASSETS)),
    scope.Validity: lambda c: scope.Validity(
        c.choice((0, NOW, NOW + 1)), c.choice((None, NOW, NOW + 1, NOW + 2))
    ),
}


def _rule(chance: Random) -> Any:
    return DRAWS[chance.choice(tuple(DRAWS))](chance)
