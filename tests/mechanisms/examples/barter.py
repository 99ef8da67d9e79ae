"""Batch exchanges, played."""

from souq.core.mechanisms.barter.records import EnterBarter, LeaveBarter, OpenBarter, Wish
from souq.core.mechanisms.moves import Item
from souq.core.rules import HOUR_US
from tests.mechanisms.plays import Path


def items(names: str) -> tuple[Item, ...]:
    """Read `L1 L2`."""
    return tuple(Item(name) for name in names.split())


def wishes(*named: str | tuple[str, int]) -> tuple[Wish, ...]:
    """Read `L1 L2` or `books`, each alone or with cash, best first."""
    found = []
    for one in named:
        what, cash = one if isinstance(one, tuple) else (one, 0)
        is_goods = what[0] == "L"
        found.append(Wish(items(what) if is_goods else (), "" if is_goods else what, cash))
    return tuple(found)


def a_ring_of_three(path: Path) -> None:
    """Everybody points at the best that is left; one who left, and one nobody wants, stay out."""
    ann, bea, dan, eve, fay = path.join(5)
    for agent in (ann, bea, dan, eve, fay):
        path.post(agent, category="books/old" if agent == dan else "tools")
    run = path.open(ann, OpenBarter("top_trading_cycles", HOUR_US))
    path.move(ann, EnterBarter(run, items("L1"), wishes("L4", "L2")))
    path.move(bea, EnterBarter(run, items("L2"), wishes("books")))
    path.move(dan, EnterBarter(run, items("L3"), wishes("L4", "L1", "L2")))
    path.move(eve, EnterBarter(run, items("L4"), wishes("L1")))
    path.move(fay, EnterBarter(run, items("L5"), wishes("L1", "L2", "L3")))
    path.move(eve, LeaveBarter(run, 4))
    path.pass_time(2 * HOUR_US)
    assert path.trades == [
        (ann, bea, "L2", 1, 0),
        (bea, dan, "L3", 1, 0),
        (dan, ann, "L1", 1, 0),
    ]


def a_bundle_and_some_cash(path: Path) -> None:
    """A pair goes for one thing and cash; at the second clearing two more swap."""
    ann, bea, dan, eve = path.join(4)
    for agent in (ann, ann, bea, dan, eve):
        path.post(agent, available=3)
    run = path.open(eve, OpenBarter("cycle_cover", HOUR_US, 2))
    path.move(ann, EnterBarter(run, items("L1 L2"), wishes(("L3", -60))))
    path.move(bea, EnterBarter(run, items("L3"), wishes(("L1 L2", 101), "L4")))
    path.move(dan, EnterBarter(run, items("L4"), wishes("L3", ("L5", 10))))
    path.pass_time(HOUR_US + HOUR_US // 2)
    assert path.trades == [
        (ann, bea, "L3", 1, 81),
        (bea, ann, "L1", 1, 0),
        (bea, ann, "L2", 1, 0),
    ]
    path.move(eve, EnterBarter(run, items("L5"), wishes("L3", ("L4", -4))))
    path.pass_time(3 * HOUR_US)
    assert path.trades[3:] == [(dan, eve, "L5", 1, 7), (eve, dan, "L4", 1, 0)]


PLAYS = (a_ring_of_three, a_bundle_and_some_cash)
