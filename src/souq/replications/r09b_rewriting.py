"""R9B. Words move nothing: whatever businesses write, who goes by typed fields does the same.

What is claimed: rewrite any names, titles and descriptions, and (a) every search without `text`
gives the same listings in the same order, by each order there is, the default one too; (b) whoever
goes by typed fields makes the same moves and trades, also those who look no further than the top
of the default order; (c) the journal is the same to the byte, but for the digests of the words.

What is not: a search for words finds words, so rewriting moves it, as a control shows; and whoever
reads listings and goes by what they say is led by what they say, as another shows.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, get_args

from msgspec.structs import replace

from souq.core.money import USD
from souq.lab.kernel import Trade
from souq.lab.population import generator
from souq.lab.sources.magentic import Business, Customer, Town
from souq.replications.dining import CATEGORY, PAGE, Dining, Quote, Taste, Words, best, cheapest
from souq.replications.dining import own_words as own
from souq.replications.replication import Finding, Scale
from souq.replications.rewriting import FAMILIES, Rewrite
from souq.replications.towns import (
    FOLDER,
    PUBLISHED,
    by_hand,
    by_kernel,
    found,
    likes_best,
    likes_cheapest,
    made_up,
)
from souq.views.catalogue import Search
from souq.views.catalogue.card import Order

ID = "R9B"
TITLE = "Words move nothing"
SOURCE = "Bansal et al. 2025"
TAPE = "32275a5a0324c9aa"
DATA = tuple(f"{FOLDER}/{one.name}" for one in PUBLISHED)

_CENT = 10 ** (USD.exponent - 2)
_SWAYING = ("best", "certified", "official", "only", "must", "rated", "recommended", "trusted")


class Kind(NamedTuple):
    """Customers of one kind: what they like, and how many listings of a thing they look at."""

    taste: Taste
    reach: int | None = None


TYPED = (Kind(best), Kind(cheapest), Kind(best, 1))


def swayed(customer: Customer, quote: Quote) -> int:
    """Like what praises itself most: the customer that a reader of words may turn out to be."""
    words = quote.words.lower()
    return sum(words.count(one) for one in _SWAYING)


class Seen(NamedTuple):
    """All that may not move: the journal without its words, and what every search finds."""

    journal: bytes
    orders: tuple[tuple[str, ...], ...]


Speech = Callable[[Business], Words]


class Watched(NamedTuple):
    """A town, and what was seen in it before anybody rewrote a word, for each kind of customer."""

    town: Town
    before: dict[Kind, Seen]

    def is_moved(self, words: Speech) -> bool:
        """Tell whether anything else is seen with other words."""
        return any(_seen(self.town, kind, words) != seen for kind, seen in self.before.items())

    def is_moved_by(self, rewrite: Rewrite) -> bool:
        """Tell whether anything else is seen when every business rewrites its words."""
        return self.is_moved(_all(self.town, rewrite))


def watched(town: Town, kinds: tuple[Kind, ...]) -> Watched:
    """Look at a town as it is."""
    return Watched(town, {kind: _seen(town, kind, own) for kind in kinds})


def run(scale: Scale) -> Iterator[Finding]:
    """Measure every claim; of towns that are not here, none."""
    towns = [watched(made_up(scale.seed, f"words {n}"), TYPED) for n in range(scale.draws(1, 10))]
    for name, rewrite in FAMILIES.items():
        moved = sum(one.is_moved_by(rewrite) for one in towns)
        yield _none_moves(f"Made-up towns moved by {name} in every business", moved, len(towns))
    yield _by_one_alone(scale)
    for name, town in found(scale.data):
        yield _published(name, town, scale)
    yield from _controls(towns)


def _none_moves(claim: str, moved: int, draws: int, *, is_control: bool = False) -> Finding:
    return Finding(claim, "derived", 0, 0, 0, moved / draws, draws, is_control=is_control)


def _by_one_alone(scale: Scale) -> Finding:
    """Let one business after another rewrite its words, in each way."""
    one = watched(made_up(scale.seed, "alone"), (Kind(best, 1),))
    every = [
        _alone(one.town, n, rewrite)
        for n in range(len(one.town.businesses))
        for rewrite in FAMILIES.values()
    ]
    if scale.is_quick:
        every = generator(scale.seed, "alone").sample(every, 12)
    moved = sum(map(one.is_moved, every))
    return _none_moves("Rewritings by one business alone that moved anything", moved, len(every))


def _published(name: str, town: Town, scale: Scale) -> Finding:
    """Let every business rewrite its words at once; quickly, in one way only."""
    families = list(FAMILIES.values())
    if scale.is_quick:
        families = generator(scale.seed, "families").sample(families, 1)
    one = watched(town, TYPED[:1])
    moved = sum(map(one.is_moved_by, families))
    return _none_moves(f"{name}: ways of rewriting that moved anything", moved, len(families))


def _controls(towns: list[Watched]) -> Iterator[Finding]:
    """Show that words do move who goes by them, and that what should move would be seen."""
    led, choices, searched, cents = 0, 0, 0, 0
    persuade = FAMILIES["claimed authority"]
    for town, before in towns:
        swayed_before = _trades(town, Kind(swayed), own)
        found_before = _order_by_words(town, own)
        for n in range(len(town.businesses)):
            speech = _alone(town, n, persuade)
            seller = f"A{len(town.customers) + n + 1}"
            swayed_after = _trades(town, Kind(swayed), speech)
            led += _sold(swayed_after, seller) > _sold(swayed_before, seller)
            searched += _order_by_words(town, speech) != found_before
            choices += 1
        cents += _seen(_a_cent_dearer(town), TYPED[0], own) != before[TYPED[0]]
    yield _none_moves(
        "Rewritings that won their business purchases, customers swayed by words",
        led,
        choices,
        is_control=True,
    )
    yield _none_moves(
        "Rewritings that moved a search for words", searched, choices, is_control=True
    )
    yield _none_moves(
        "Made-up towns moved by one price that is a cent dearer", cents, len(towns), is_control=True
    )


def _all(town: Town, rewrite: Rewrite) -> Speech:
    return lambda one: rewrite(one, town)


def _alone(town: Town, n: int, rewrite: Rewrite) -> Speech:
    rewriting = town.businesses[n].id
    return lambda one: rewrite(one, town) if one.id == rewriting else own(one)


def _a_cent_dearer(town: Town) -> Town:
    first, *others = town.businesses
    menu = {dish: units + _CENT for dish, units in first.menu.items()}
    return replace(town, businesses=(replace(first, menu=menu), *others))


def _seen(town: Town, kind: Kind, words: Speech) -> Seen:
    with Dining(town, kind.taste, words=words, reach=kind.reach) as market:
        return Seen(market.trade().journal(), tuple(_orders(market, town)))


def _orders(market: Dining, town: Town) -> Iterator[tuple[str, ...]]:
    """Give what typed searches find, in their order: all there is, and what has an amenity."""
    amenities = sorted({name for one in town.customers for name in one.amenities})[:2]
    for conditions in ((), *((f"has {name}=true",) for name in amenities)):
        for order in get_args(Order):
            search = Search(category=CATEGORY, attributes=conditions, order=order, limit=PAGE)
            yield tuple(card.id for card in market.found(search))


def _order_by_words(town: Town, words: Speech) -> tuple[str, ...]:
    with Dining(town, best, words=words) as market:
        return tuple(card.id for card in market.found(Search(text="best dish", limit=PAGE)))


def _trades(town: Town, kind: Kind, words: Speech) -> list[Trade]:
    with Dining(town, kind.taste, words=words, reach=kind.reach) as market:
        return market.trade().trades


def _sold(trades: list[Trade], seller: str) -> int:
    return sum(trade[1] == seller for trade in trades)


def tapes(seed: int) -> tuple[list[Trade], list[Trade]]:
    """Give the trades of a town: by hand and by the kernel, and by the market as it is rewritten.

    The kernel's come once for each way of rewriting, of which it has never heard.
    """
    kernel: list[Trade] = []
    whole: list[Trade] = []
    town = made_up(seed, "words")
    for rewrite in FAMILIES.values():
        for taste, prefers in ((best, likes_best), (cheapest, likes_cheapest)):
            kernel += by_kernel(town, by_hand(town, prefers))
            whole += _trades(town, Kind(taste), _all(town, rewrite))
    return kernel, whole
