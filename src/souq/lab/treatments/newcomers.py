"""Newcomers: a share of the people has no record yet, and a bond may have to stand in for it.

They come in the last of the market's rounds (two, unless `rounds` says otherwise), when the others
have shown what they are. The house bounds what anybody may owe at once: by an allowance for all,
by record, and by bond. Whether buyers shun whoever has no record is for `rounds` and `information`
to say. Models are told what a newcomer is; whether that moves them, only a run with models shows.
"""

import random

import msgspec
from msgspec import Struct

from souq.agents import Agent, Turn
from souq.core.money import USD
from souq.lab.marks import mark_at_opening, round_starts
from souq.lab.setup import Place, Setup
from souq.lab.shares import check_bounds, check_share, drawn
from souq.lab.treatments import rounds
from souq.views.observation import Observation

NAME = "newcomers"
NEWCOMERS = "newcomers"
TOLD = "Some agents are new here, without a record; they may owe only what their bond covers."


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is new, and what anybody may owe; amounts in dollars.

    `bond`: what a newcomer locks. `detect_bps`: how likely a cheat is found out, by which a bond
    b vouches for b p / (1 - p); 0 lets everybody owe any amount. `allowance` is everybody's, and
    `record` is added for each fulfilled deal of weight 1.
    """

    share: float = 0.25
    bond: str = "0"
    detect_bps: int = 5_000
    allowance: str = "40"
    record: str = "40"

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(share=self.share)
        check_bounds(self, detect_bps=(0, 9_999))
        if any(USD.parse(one).units < 0 for one in (self.bond, self.allowance, self.record)):
            raise ValueError("bond, allowance and record are amounts of 0 or more")


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Let some come later, and bound what is owed."""
    if setup.rounds == 1:
        rounds.apply(setup, rounds.Settings(rounds=2, memory=False), rng)
    setup.rules = msgspec.structs.replace(
        setup.rules,
        exposure_detect_bps=settings.detect_bps,
        exposure_allowance_units=USD.parse(settings.allowance).units,
        exposure_record_units=USD.parse(settings.record).units,
    )
    for part in setup.parts:
        part.told = (*part.told, TOLD)
    new = drawn(setup.parts, settings.share, rng)
    for part in new:
        part.bond_units = USD.parse(settings.bond).units
        part.around.append(_late)
    mark_at_opening(setup, NEWCOMERS, [part.person.name for part in new])


def _late(agent: Agent, place: Place) -> Agent:
    is_last = len(round_starts(place.simulation.history)) == place.setup.rounds
    return agent if is_last else _Absent()


class _Absent:
    """Nobody yet."""

    def wake(self, seen: Observation, note: str) -> Turn:
        return Turn()
