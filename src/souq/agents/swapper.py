"""A swapper barters one thing for a better one: bilaterally, or in a rotation of three or four.

It knows its brief, what it is shown, and the note it left itself. What others say they wish for
is a hint where to ask; whether to accept, it decides by its own ranking alone, unless its person
told it to give way a little. It represents a person; it is not that person.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from souq.agents import Turn
from souq.core.listing import PostListing
from souq.core.mechanisms.moves import Accept, Reject
from souq.core.mechanisms.swap import NAME as SWAP
from souq.core.mechanisms.swap import ProposeSwap, SwapLeg
from souq.core.rules import MINUTE_US
from souq.core.seal import PublicText
from souq.views.observation import NegotiationSeen, Observation

CATEGORY = "books"
WISHES_MAX = 3  # named in one message
MEMBERS_MAX = 4
OPEN_MAX = 2  # own proposals a swapper leaves standing at once
ASK_AGAIN_US = 15 * MINUTE_US  # the same terms may have lapsed unread
CHANCE_WISHED = 0.7  # a guess: that somebody still takes what they said they wish for
_WISHES = re.compile("(Wished|Also wished) for, best first: (“[^”]+”(?:, “[^”]+”)*)")
_TITLE = re.compile("“([^”]+)”")


class SwapBrief(Struct, frozen=True):
    """What a person told its agent. `ranking`: titles, best first, the own one among them.

    `patience`, 0 to 1: how large a gain it holds out for while there is time. `concedes`, 0 to 1:
    how far down the list it steps, once, for somebody who wishes for its book. `members_max` is of
    the rotations it looks for, `messages_max` the latest it takes in; one that does not remember
    knows what it sees now, and no more.
    """

    name: str
    title: str
    ranking: tuple[str, ...]
    discloses: bool
    patience: float
    opens_at: int
    closes_at: int
    wishes_max: int = WISHES_MAX
    concedes: float = 0.0
    members_max: int = MEMBERS_MAX
    remembers: bool = True
    messages_max: int | None = None
    style: str = "neutral"  # its name, for an agent that is told in words


class SwapNote(Struct):
    """What a swapper tells itself for its next wake."""

    has_listed: bool = False
    told: str = ""  # what it held when it last spoke, when that was, and how many wishes it named
    told_at: int = 0
    told_count: int = 0
    read_until: int = 0
    wishes: dict[str, tuple[str, ...]] = {}  # by agent, as it last said
    asked: dict[str, int] = {}  # terms proposed, and when
    has_conceded: bool = False


class Holdings(Struct):
    """Who holds what, as an agent sees it now."""

    holder: dict[str, str]  # title -> agent
    title: dict[str, str]  # agent -> title
    listing: dict[str, str]  # title -> listing
    name: dict[str, str]  # listing -> title


_Wishers = Mapping[str, list[str]]  # by title, who wishes for it
_Ring = tuple[tuple[str, ...], float]  # each takes what the next one holds; how likely all do
_Search = Callable[[str, str, Holdings, _Wishers], Iterator[_Ring]]


class Swapper:
    """The agent of one person on the barter floor."""

    def __init__(self, brief: SwapBrief) -> None:
        self._brief = brief
        self._rank = {title: rank for rank, title in enumerate(brief.ranking)}

    def wake(self, seen: Observation, note: str) -> Turn:
        """List what was brought; from then on, do the first of these that there is to do.

        Accept the best proposal; give way, if told to; propose what others are said to wish for;
        turn down what is no gain; ask on the off chance.
        """
        mine = msgspec.json.decode(note, type=SwapNote) if note else SwapNote()
        if not self._brief.remembers:
            mine.read_until, mine.wishes, mine.asked = 0, {}, {}
        self._read(seen, mine)
        operation: PostListing | Accept | ProposeSwap | Reject | None
        if not mine.has_listed:
            mine.has_listed = True
            held, operation = self._brief.title, listing_of(self._brief)
        else:
            floor = look(seen)
            held = floor.title.get(seen.agent, self._brief.title)
            operation = self._accept(seen, floor) or self._concede(seen, floor, mine)
            if operation is None:
                operation = self._seek(seen, floor, mine)
        message = self._tell(held, seen.at, mine)
        return Turn(operation, message, msgspec.json.encode(mine).decode())

    def _seek(
        self, seen: Observation, floor: Holdings, mine: SwapNote
    ) -> ProposeSwap | Reject | None:
        wishers = _wishers(floor, mine.wishes)
        wished_rings = partial(_wished_rings, members_max=self._brief.members_max)
        return (
            self._propose(seen, floor, mine, wishers, wished_rings)
            or self._reject(seen, floor)
            or self._propose(seen, floor, mine, wishers, _blind_ring)
        )

    def _read(self, seen: Observation, mine: SwapNote) -> None:
        """Note what others wish for. Words name titles; they do nothing else."""
        heard = seen.messages[-(self._brief.messages_max or len(seen.messages)) :]
        for said in heard:
            if said.at <= mine.read_until or said.agent == seen.agent or said.negotiation:
                continue
            found = _WISHES.search(said.text)
            if found is None:
                continue
            titles = _TITLE.findall(found[2])[:WISHES_MAX]
            known = [title for title in titles if title in self._rank]
            before = () if found[1] == "Wished" else mine.wishes.get(said.agent, ())
            mine.wishes[said.agent] = tuple(dict.fromkeys((*before, *known)))
        mine.read_until = seen.at

    def _tell(self, held: str, at: int, mine: SwapNote) -> str:
        """Say what one's person wishes for: the best first, the next best when nothing comes."""
        brief = self._brief
        is_new = mine.told != held
        wait_us = round((1 + 9 * brief.patience) * MINUTE_US)
        if not is_new and not (brief.discloses and at - mine.told_at >= wait_us):
            return ""
        start = 0 if is_new else mine.told_count
        wished = brief.ranking[start : min(start + brief.wishes_max, self._rank[held])]
        if not is_new and not wished:
            return ""
        mine.told, mine.told_at, mine.told_count = held, at, start + len(wished)
        words = f"I represent {brief.name} and offer “{held}”."
        if not brief.discloses:
            return f"{words} Offers are welcome."
        if not wished:
            return f"{words} My person wishes for nothing better."
        verb = "Wished" if is_new else "Also wished"
        return f"{words} {verb} for, best first: " + ", ".join(f"“{title}”" for title in wished)

    def _gain(self, held: str, title: str) -> float:
        """Give the step up one's own list, as a share of the list; 0 or less is no gain."""
        return (self._rank[held] - self._rank.get(title, len(self._rank))) / len(self._rank)

    def _least_gain(self, at: int, held: str) -> float:
        """Give what to hold out for: less as time runs out, nothing that is out of reach."""
        brief = self._brief
        left = max(0.0, (brief.closes_at - at) / (brief.closes_at - brief.opens_at))
        return brief.patience * left * self._rank[held] / len(self._rank) / 2

    def _accept(self, seen: Observation, floor: Holdings) -> Accept | None:
        held = floor.title.get(seen.agent)
        if held is None:
            return None
        best, answer = self._least_gain(seen.at, held), None
        for proposal, title in _offered(seen, floor):
            gain = self._gain(held, title)
            if gain > 0 and gain >= best:
                best, answer = gain, Accept(proposal.id, proposal.terms)
        return answer

    def _concede(self, seen: Observation, floor: Holdings, mine: SwapNote) -> Accept | None:
        """Take the smallest step down that is small enough, for whoever wishes for one's book."""
        held = floor.title.get(seen.agent)
        if held is None or mine.has_conceded:
            return None
        best, answer = -self._brief.concedes, None
        for proposal, title in _offered(seen, floor):
            gain = self._gain(held, title)
            takers = [leg.taker for leg in proposal.goods if leg.giver == seen.agent]
            is_wished = all(held in mine.wishes.get(taker, ()) for taker in takers)
            if is_wished and best <= gain < 0:
                best, answer = gain, Accept(proposal.id, proposal.terms)
        mine.has_conceded = answer is not None
        return answer

    def _reject(self, seen: Observation, floor: Holdings) -> Reject | None:
        """Turn down what is no gain. A small gain may stand until patience runs out."""
        held = floor.title.get(seen.agent)
        for proposal, title in _offered(seen, floor):
            if held is None or self._gain(held, title) <= 0:
                return Reject(proposal.id)
        return None

    def _propose(
        self,
        seen: Observation,
        floor: Holdings,
        mine: SwapNote,
        wishers: _Wishers,
        rings: _Search,
    ) -> ProposeSwap | None:
        """Propose the ring worth most, gain times chance, that was not tried lately."""
        held = floor.title.get(seen.agent)
        standing = [one for one in seen.negotiations if one.parties[0] == seen.agent]
        if held is None or len(standing) >= OPEN_MAX:
            return None
        best, chosen, key = 0.0, None, ""
        for title in self._brief.ranking[: self._rank[held]]:
            gain = self._gain(held, title)
            if title not in floor.holder or gain < self._least_gain(seen.at, held):
                continue
            for ring, chance in rings(seen.agent, title, floor, wishers):
                terms = ",".join(f"{floor.listing[floor.title[one]]}:{one}" for one in ring)
                is_fresh = seen.at - mine.asked.get(terms, -ASK_AGAIN_US) >= ASK_AGAIN_US
                if gain * chance > best and is_fresh:
                    best, chosen, key = gain * chance, ring, terms
        if chosen is None:
            return None
        mine.asked[key] = seen.at
        return swap_of(chosen, floor)


def claimed_top(text: str) -> str | None:
    """Give what a swapper's message says is its person's favourite; None where it says nothing."""
    found = _WISHES.search(text)
    return _TITLE.findall(found[2])[0] if found and found[1] == "Wished" else None


def swap_of(ring: Sequence[str], floor: Holdings) -> ProposeSwap:
    """Propose that each member of a ring takes what the next one holds, the last what the first."""
    # Each gives what it holds to the one before it in the ring, who wishes for it.
    givers_after = zip(ring, (*ring[1:], ring[0]), strict=True)
    return ProposeSwap(
        tuple(SwapLeg(floor.listing[floor.title[giver]], to) for to, giver in givers_after)
    )


def listing_of(brief: SwapBrief) -> PostListing:
    """Put up what a person brought: to be swapped, and to pass from hand to hand at once."""
    return PostListing(
        title=PublicText(brief.title), category=CATEGORY, delivery="title", mechanisms=(SWAP,)
    )


def look(seen: Observation) -> Holdings:
    """Read who holds what off the open listings."""
    floor = Holdings({}, {}, {}, {})
    for listing in seen.listings:
        floor.holder[listing.title] = listing.agent
        floor.title[listing.agent] = listing.title
        floor.listing[listing.title] = listing.id
        floor.name[listing.id] = listing.title
    return floor


def _offered(seen: Observation, floor: Holdings) -> Iterator[tuple[NegotiationSeen, str]]:
    """List proposals that wait for this agent with the title each would bring it.

    The title is empty where it asks for anything but one's one thing for another.
    """
    for proposal in seen.negotiations:
        if not proposal.is_my_turn:
            continue
        gives = [leg.listing for leg in proposal.goods if leg.giver == seen.agent]
        takes = [leg.listing for leg in proposal.goods if leg.taker == seen.agent]
        held = floor.listing.get(floor.title.get(seen.agent, ""))
        is_here = all(
            floor.holder.get(floor.name.get(leg.listing, "")) == leg.giver for leg in proposal.goods
        )
        is_one_for_one = gives == [held] and len(takes) == 1
        yield proposal, floor.name.get(takes[0], "") if is_here and is_one_for_one else ""


def _wishers(floor: Holdings, wishes: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """List by title who is said to wish for it more than for what they hold."""
    result: dict[str, list[str]] = {}
    for agent, titles in wishes.items():
        held = floor.title.get(agent)
        better = titles[: titles.index(held)] if held in titles else titles
        for title in better:
            result.setdefault(title, []).append(agent)
    return result


def _wished_rings(
    me: str, title: str, floor: Holdings, wishers: _Wishers, *, members_max: int
) -> Iterator[_Ring]:
    """List rings in which each is said to wish for what the next one holds.

    The search runs backwards from those who wish for what I hold, shortest rings first.
    """
    goal = floor.holder[title]
    ends: list[tuple[str, ...]] = [(me,)]
    for members in range(2, members_max + 1):
        ends = [
            (agent, *end)
            for end in ends
            for agent in wishers.get(floor.title.get(end[0], ""), ())
            if agent not in end and agent in floor.title
        ]
        for end in ends:
            if end[0] == goal:
                yield (me, *end[:-1]), CHANCE_WISHED ** (members - 1)


def _blind_ring(me: str, title: str, floor: Holdings, wishers: _Wishers) -> Iterator[_Ring]:
    """Ask whoever holds it, the sooner the fewer others are after it."""
    yield (me, floor.holder[title]), 1 / (1 + len(wishers.get(title, ())))
