"""What keeps learnt prices up: what happens to a seller who goes below them for once.

Learning has ended. One seller is made to charge, for one period, what would earn it most in that
period; then all do again as they have learnt. Where the rival answers by a cut, so that it did not
pay, and all come back, prices are high because low ones are punished: genuine collusion. Prices
that are high without that are high by mistake: the first who tries finds out (Calvano, Calzolari,
Denicolò and Pastorello 2020 and 2023).
"""

from collections.abc import Sequence
from functools import cache
from statistics import fmean, median
from typing import Literal

from msgspec import Struct

from souq.replications.learning.logit_market import Game
from souq.replications.learning.pricing import Learned

HORIZON = 300  # periods; what comes later is worth nothing now
GAIN_MIN = 0.5  # from where a level of prices is called high
PATIENCE = 0.95

Verdict = Literal["genuine", "spurious", "none"]


class Anatomy(Struct, frozen=True):
    """What a session shows. The shares are over all cuts that were tried, 0 where none could be.

    `return_periods` is the median time until all are back; HORIZON where they never are.
    """

    gain: float
    cycle: int
    cuts: int
    punished: float
    unprofitable: float
    return_periods: float

    @property
    def verdict(self) -> Verdict:
        """Tell by what prices are high, if they are."""
        if self.gain < GAIN_MIN:
            return "none"
        is_held = self.punished >= 0.5 and self.unprofitable >= 0.5
        return "genuine" if is_held else "spurious"


class Cut(Struct, frozen=True):
    """What came of one seller's cut. `return_periods` is HORIZON where it never ended."""

    is_answered: bool
    is_unprofitable: bool
    return_periods: int


class Course:
    """How a session goes on once learning has ended: always the same from the same prices."""

    def __init__(self, game: Game, learned: Learned) -> None:
        self.game = game
        self._profits = _profits(game)
        self.after = [
            game.joint([strategy[state] for strategy in learned.strategies])
            for state in range(game.states)
        ]
        self.cycle = self._cycle(learned.state)

    def _cycle(self, state: int) -> list[int]:
        seen: dict[int, int] = {}
        while state not in seen:
            seen[state] = len(seen)
            state = self.after[state]
        return list(seen)[seen[state] :]

    @property
    def gain(self) -> float:
        """Give the profit gain: 0 in competition, 1 in a monopoly."""
        return self.game.gain(fmean(fmean(self._profits[state]) for state in self.cycle))

    def anatomy(self) -> Anatomy:
        """Let one seller after the other cut its price, at each point of the cycle."""
        tried = (
            self.cut(state, seller) for state in self.cycle for seller in range(self.game.sellers)
        )
        cuts = [one for one in tried if one is not None]
        return Anatomy(
            self.gain,
            len(self.cycle),
            len(cuts),
            fmean(one.is_answered for one in cuts) if cuts else 0.0,
            fmean(one.is_unprofitable for one in cuts) if cuts else 0.0,
            median(one.return_periods for one in cuts) if cuts else HORIZON,
        )

    def cut(self, state: int, seller: int) -> Cut | None:
        """Let a seller do what is best for one period; None where that is no lower price."""
        game, after = self.game, self.after
        usual = after[state]
        chosen = game.apart(usual)
        price = self.best_reply(seller, chosen)
        if price >= chosen[seller]:
            return None
        cut = game.joint([*chosen[:seller], price, *chosen[seller + 1 :]])
        otherwise, answer = game.apart(after[usual]), game.apart(after[cut])
        at, periods = cut, 0
        while at not in self.cycle and periods < HORIZON:
            at, periods = after[at], periods + 1
        return Cut(
            any(answer[n] < otherwise[n] for n in range(game.sellers) if n != seller),
            self._worth(cut, seller) < self._worth(usual, seller),
            periods,
        )

    def best_reply(self, seller: int, chosen: Sequence[int]) -> int:
        """Give the price that earns a seller most this once, against what the others chose."""

        def earned(price: int) -> float:
            joint = self.game.joint([*chosen[:seller], price, *chosen[seller + 1 :]])
            return self._profits[joint][seller]

        return max(range(len(self.game.prices)), key=earned)

    def _worth(self, state: int, seller: int) -> float:
        total, weight = 0.0, 1.0
        for _ in range(HORIZON):
            total += weight * self._profits[state][seller]
            weight *= PATIENCE
            state = self.after[state]
        return total


@cache
def _profits(game: Game) -> list[list[float]]:
    return list(game.all_profits())
