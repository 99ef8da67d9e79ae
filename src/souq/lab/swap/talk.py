"""What agents gave away of what they wish for, by what they said on the floor."""

import re
from collections import defaultdict
from collections.abc import Mapping

from msgspec import Struct

from souq.agents.swapper import claimed_top
from souq.core.agreement import goods
from souq.lab.swap.evidence import Played
from souq.views.history import History, Said

_QUOTED = re.compile("“([^”]+)”")


class Disclosure(Struct, frozen=True):
    """What one agent said. `positions`: titles it named before it ever held them."""

    messages: int
    positions: int
    named_top: bool | None  # None where its favourite is the book that was brought
    named_false_top: bool | None  # None where it claimed none


def disclosures(history: History, played: Played) -> list[Disclosure]:
    """Read everybody's messages, in the order of people. What stands in quotes names a title."""
    said: dict[str, list[Said]] = defaultdict(list)
    for one in history.said:
        said[one.agent].append(one)
    held_from = _held_from(history, played)
    agents = list(history.principal_of)[: len(played.people)]
    return [_disclosure(said[agent], played, n, held_from[agent]) for n, agent in enumerate(agents)]


def _disclosure(
    said: list[Said], played: Played, n: int, held_from: Mapping[str, int]
) -> Disclosure:
    ranking = played.understood(n)
    named = {
        title
        for one in said
        for title in _QUOTED.findall(one.text)
        if one.at < held_from.get(title, one.at + 1)
    }
    claims = [claim for one in said if (claim := claimed_top(one.text)) is not None]
    top = ranking[0]
    return Disclosure(
        messages=len(said),
        positions=len(named.intersection(ranking)),
        named_top=None if top == played.people[n].title else top in named,
        # What was claimed first: later, the top may be in hands that will not give it away.
        named_false_top=claims[0] != top if claims else None,
    )


def _held_from(history: History, played: Played) -> dict[str, dict[str, int]]:
    """Give, by agent, the titles it ever held, and since when; what it brought, since ever."""
    agents = list(history.principal_of)[: len(played.people)]
    found = {agent: {one.title: 0} for agent, one in zip(agents, played.people, strict=True)}
    title_of = {id: story.title for id, story in history.listings.items()}
    for deal in history.deals.values():
        for leg in goods(deal.agreement.legs):
            found[leg.taker].setdefault(title_of[leg.listing], deal.at)
    return found
