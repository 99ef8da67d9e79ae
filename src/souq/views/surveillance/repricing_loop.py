"""Repricing loops: two sellers each price by the other's price, and the prices run away.

Whenever a price is set, its ratio to the other's standing price is noted. Two listings are a loop
where each has set its price twice at the same multiple of the other's, to a tenth of a per cent,
the other's having changed between, and the product of the two multiples is above 1. The price a
listing begins with counts as set. The pair of 2011 is found at the third change of a price.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from souq.views.surveillance.rows import Alarm, Edge, Quote, some

NAME = "repricing_loop"
READS = (Quote,)
RESIDUAL_PPM = 1_000
GROWTH_MIN_PPM = 10_000  # a round of both takes the price up by a hundredth at least
RIVALS_MAX = 64  # a market's latest movers that a price is compared with
_PPM = 1_000_000


class _Ratio(Struct, frozen=True, gc=False):
    """A price was `ppm` millionths of the other's, which stood at `other_units`."""

    seq: int
    at: int
    ppm: int
    units: int
    other_units: int


class _Listing(Struct):
    seller: str
    last: Quote
    ratios: dict[str, list[_Ratio]]  # the last two by the other listing


def find(quotes: Sequence[Quote]) -> Iterator[Alarm]:
    """Yield an alarm for every pair of listings in a loop, as soon as it is one."""
    markets: dict[str, dict[str, _Listing]] = {}
    told: set[tuple[str, str]] = set()
    for quote in quotes:
        if quote.units <= 0:
            continue
        listings = markets.setdefault(quote.market, {})
        found = listings.pop(quote.listing, None)  # whoever moved last stands last
        if found is None:
            found = _Listing(quote.seller, quote, {})
        elif found.last.units == quote.units:
            listings[quote.listing] = found
            continue
        found.last = quote
        rivals = [(id, one) for id, one in listings.items() if one.seller != quote.seller]
        for id, rival in rivals[-RIVALS_MAX:]:
            _note(found, id, rival.last, quote)
            if quote.listing not in rival.ratios:  # it stood beside this one from now on
                _note(rival, quote.listing, quote, rival.last)
            key = (min(id, quote.listing), max(id, quote.listing))
            if key not in told and (alarm := _judged(found, rival, quote)) is not None:
                told.add(key)
                yield alarm
        listings[quote.listing] = found


def _note(listing: _Listing, other: str, rival: Quote, own: Quote) -> None:
    ppm = (own.units * _PPM + rival.units // 2) // rival.units
    ratio = _Ratio(own.seq, own.at, ppm, own.units, rival.units)
    listing.ratios[other] = [*listing.ratios.get(other, [])[-1:], ratio]


def _judged(one: _Listing, other: _Listing, now: Quote) -> Alarm | None:
    ours = one.ratios.get(other.last.listing, [])
    theirs = other.ratios.get(one.last.listing, [])
    if not (_is_constant(ours) and _is_constant(theirs)):
        return None
    growth = ours[-1].ppm * theirs[-1].ppm // _PPM
    if growth < _PPM + GROWTH_MIN_PPM:
        return None
    rows = sorted((*ours, *theirs), key=lambda ratio: ratio.seq)
    residual = max(_residual_ppm(ours), _residual_ppm(theirs))
    pair = (one.seller, other.seller)
    multiples = f"{ours[-1].ppm / _PPM:.6f} and {theirs[-1].ppm / _PPM:.6f}"
    return Alarm(
        NAME,
        tuple(sorted(pair)),
        10_000 - residual * 10_000 // _PPM,
        rows[0].at,
        now.at,
        "slow",
        some(sorted({ratio.seq for ratio in rows})),
        edges=(
            Edge(other.seller, one.seller, ours[-1].units, len(ours)),
            Edge(one.seller, other.seller, theirs[-1].units, len(theirs)),
        ),
        told=f"{one.last.listing} and {other.last.listing} are priced at {multiples} times each "
        f"other: {100 * (growth - _PPM) / _PPM:.2f} % up a round; bound changes of price",
    )


def _is_constant(ratios: list[_Ratio]) -> bool:
    if len(ratios) < 2:
        return False
    first, last = ratios
    has_moved = first.other_units != last.other_units and first.units != last.units
    return has_moved and _residual_ppm(ratios) < RESIDUAL_PPM


def _residual_ppm(ratios: list[_Ratio]) -> int:
    first, last = ratios
    return abs(last.ppm - first.ppm) * _PPM // max(1, last.ppm)
