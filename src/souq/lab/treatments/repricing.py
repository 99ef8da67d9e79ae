"""Repricing bots: a share of the sellers set their prices by their rivals', again and again.

Whenever such a seller's agent has nothing to do, its bot looks at one thing after the other and
asks a constant multiple of the lowest or the middle price of its rivals in the category, never less
than the floor. Below 1 they undercut; above 1 they drive each other up (the book that cost 23
million dollars, R17), unless the house's rules bound how far agents move prices.
"""

import random
from fractions import Fraction

from msgspec import Struct

from souq.agents.bidding.repricing import Follower
from souq.lab.players.repricing import Repricer, Rival
from souq.lab.setup import Setup
from souq.lab.shares import check_bounds, check_share, drawn

NAME = "repricing"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who has a bot, and what it does."""

    share: float = 0.5
    factor: float = 0.95
    rival: Rival = "median"

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(share=self.share)
        check_bounds(self, factor=(0.01, 10))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Give some sellers bots."""
    follower = Follower(Fraction(settings.factor).limit_denominator(10_000))
    for part in drawn(setup.parts, settings.share, rng):
        bot = Repricer(follower, settings.rival)
        part.errands.append(bot.equip)
        part.around.append(bot.around)
