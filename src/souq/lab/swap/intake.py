"""What an agent is told of its person's taste: what an interview brought out, and no more.

The brief's ranks order the titles. What it cannot tell apart, the person's own book among it, is
ordered by what everybody knows, the books' popularity, or by a draw.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from souq.agents.intake import Terms
from souq.lab.owners import BookOwner
from souq.lab.population import generator
from souq.lab.swap.settings import MANNERS, Intake
from souq.lab.understanding import Reader, interviewed, ranks


class Told(Struct, frozen=True):
    """What an agent knows: a ranking of the floor's titles, and what it took the person to say."""

    ranking: tuple[str, ...]
    manner: str = ""
    words: int = 0


def told(owner: BookOwner, n: int, intake: Intake, *, seed: int, popular: Sequence[str]) -> Told:
    """Interview the n-th person of a floor, and rank its titles by what was understood.

    `popular`: the floor's titles, the most popular first. They and the brief make the ranking.
    """
    manner = generator(seed, f"manner {n}").choices(
        list(intake.manners), list(intake.manners.values())
    )[0]
    slips = generator(seed, f"reader {n} {manner}")
    reader = Reader(owner, intake.noise_percent / 100, slips)
    brief, words = interviewed(reader, MANNERS[manner], Terms(seed=seed + n))
    rank = ranks(brief, popular)
    later = _tie_order(n, intake, seed, popular)
    return Told(tuple(sorted(popular, key=lambda one: (rank[one], later[one]))), manner, words)


def _tie_order(n: int, intake: Intake, seed: int, popular: Sequence[str]) -> Mapping[str, int]:
    order = list(popular)
    if intake.ties == "draw":
        # From an order that tells nothing of taste, so that the draw alone decides.
        order.sort()
        generator(seed, f"ties {n}").shuffle(order)
    return {title: place for place, title in enumerate(order)}
