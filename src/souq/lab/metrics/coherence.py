"""Whether what a market recorded of each deal fits together, from its first offer to its end.

A contract is coherent where all of these hold. Agents may break any of them without breaking a rule
of the market; scripts seldom do.

- agreed as offered: goods and payment are those of the last offer, which was the other side's;
- kept as agreed: it was fulfilled, and everything was worth what it seemed;
- sold once: nobody gave the same thing away in two contracts that stand, or listed it again then;
- no turning back: where the same two had talked about the same goods before, its buyer pays no more
  than a price that it turned down, and its seller takes no less than a bid that it turned down.
"""

from collections import defaultdict

from msgspec import Struct, field

from souq.core.agreement import GoodsLeg, goods
from souq.lab.setup import TRUE_PERCENT
from souq.lab.tidying import Told
from souq.views.history import Deal, Move

Thing = tuple[str, str]  # whose, and by which name


class Known(Struct):
    """What of a whole market is needed to judge one contract of it."""

    given_in: dict[Thing, list[str]] = field(default_factory=lambda: defaultdict(list))
    listed_at: dict[Thing, int] = field(default_factory=dict)  # the last time
    refused: dict[tuple[GoodsLeg, ...], list[Move]] = field(
        default_factory=lambda: defaultdict(list)
    )


def incoherent(told: Told) -> dict[str, frozenset[str]]:
    """Give, by contract, the names of what does not hold of it."""
    known = _known(told)
    return {id: _broken(told, known, deal) for id, deal in told.history.deals.items()}


def _known(told: Told) -> Known:
    known = Known()
    for deal in told.deals:
        for leg in goods(deal.agreement.legs):
            known.given_in[_thing(told, leg)].append(deal.contract)
    for story in told.history.listings.values():
        if story.posted.side == "sell":
            thing = story.posted.agent, story.posted.ref or story.id
            known.listed_at[thing] = max(story.posted_at, known.listed_at.get(thing, 0))
    for talk in told.history.negotiations.values():
        named = [move for move in talk.moves if move.units is not None]
        if talk.why == "rejected" and named:
            known.refused[goods(talk.legs)].append(named[-1])
    return known


def _broken(told: Told, known: Known, deal: Deal) -> frozenset[str]:
    legs = goods(deal.agreement.legs)
    checks = {
        "agreed_as_offered": _agreed_as_offered(told, deal),
        "kept_as_agreed": _kept_as_agreed(told, deal, legs),
        "sold_once": deal.is_void or all(_sold_once(told, known, deal, leg) for leg in legs),
        "no_turning_back": _no_turning_back(known, deal, legs),
    }
    return frozenset(name for name, holds in checks.items() if not holds)


def _agreed_as_offered(told: Told, deal: Deal) -> bool:
    story = told.history.negotiations.get(deal.negotiation)
    if story is None or not story.moves:
        return False
    last = story.moves[-1]
    if last.what != "accepts":
        # A posted price is taken, and of a rotation or an award there is no last offer.
        return last.units in (None, deal.units)
    if len(story.moves) < 2:
        return False
    offer = story.moves[-2]
    return offer.by != last.by and offer.units == deal.units and story.legs == deal.agreement.legs


def _kept_as_agreed(told: Told, deal: Deal, legs: tuple[GoodsLeg, ...]) -> bool:
    truths = told.population.truths
    return deal.stage == "fulfilled" and all(
        truths.get(_thing(told, leg)[1], TRUE_PERCENT) == TRUE_PERCENT for leg in legs
    )


def _sold_once(told: Told, known: Known, deal: Deal, leg: GoodsLeg) -> bool:
    thing = _thing(told, leg)
    return known.given_in[thing] == [deal.contract] and known.listed_at.get(thing, 0) <= deal.at


def _no_turning_back(known: Known, deal: Deal, legs: tuple[GoodsLeg, ...]) -> bool:
    if len({leg.giver for leg in legs}) != 1:
        return True  # in barter, what was paid is not the whole price
    seller = legs[0].giver
    for move in known.refused.get(legs, ()):
        units = move.units or 0
        if move.at >= deal.at:
            continue
        if deal.units > units if move.by == seller else deal.units < units:
            return False
    return True


def _thing(told: Told, leg: GoodsLeg) -> Thing:
    listing = told.history.listings[leg.listing]
    return leg.giver, listing.posted.ref or listing.id


def _coherence(told: Told) -> float | None:
    found = incoherent(told)
    return sum(not broken for broken in found.values()) / len(found) if found else None


def _contradictions(told: Told) -> float:
    """Count what agents contradicted of themselves: not what they failed to bring."""
    return sum(len(broken - {"kept_as_agreed"}) for broken in incoherent(told).values())


METRICS = {
    "coherence": (
        "of all contracts, those whose records fit together to the end",
        "share",
        _coherence,
    ),
    "contradictions": (
        "contracts in which somebody contradicted itself, by way of it",
        "",
        _contradictions,
    ),
}
