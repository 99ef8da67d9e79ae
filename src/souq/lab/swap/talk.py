"""What agents gave away of what they wish for, by what they said on the floor."""

from collections import defaultdict

from msgspec import Struct

from souq.agents.swapper import claimed_top
from souq.core.agreement import goods
from souq.lab.swap.evidence import Played
from souq.views.history import History


class Disclosure(Struct, frozen=True):
    """What one agent said. `positions`: titles it named beside those it held."""

    messages: int
    positions: int
    named_top: bool | None  # None where its favourite is the book that was brought
    named_false_top: bool | None  # None where it claimed none


def disclosures(history: History, played: Played) -> list[Disclosure]:
    """Read everybody's messages, in the order of people. What names a title in quotes names it."""
    said: dict[str, list[str]] = defaultdict(list)
    for one in history.said:
        said[one.agent].append(one.text)
    had = _had(history, played)
    agents = list(history.principal_of)[: len(played.people)]
    return [_disclosure(said[agent], played, n, had[agent]) for n, agent in enumerate(agents)]


def _disclosure(texts: list[str], played: Played, n: int, had: set[str]) -> Disclosure:
    ranking = played.understood(n)
    named = {title for title in ranking if any(f"“{title}”" in text for text in texts)}
    claims = [claim for text in texts if (claim := claimed_top(text)) is not None]
    top = ranking[0]
    return Disclosure(
        messages=len(texts),
        positions=len(named - had),
        named_top=None if top == played.people[n].title else top in named,
        # What was claimed first: later, the top may be in hands that will not give it away.
        named_false_top=claims[0] != top if claims else None,
    )


def _had(history: History, played: Played) -> dict[str, set[str]]:
    """Give the titles each agent held at any time."""
    agents = list(history.principal_of)[: len(played.people)]
    had = {agent: {one.title} for agent, one in zip(agents, played.people, strict=True)}
    title_of = {id: story.title for id, story in history.listings.items()}
    for deal in history.deals.values():
        for leg in goods(deal.agreement.legs):
            had[leg.taker].add(title_of[leg.listing])
    return had
