"""Batch windows against first come, first served, with buyers of unequal speed.

Everybody sells at a stated price, and nobody haggles. A share of the people act `times` as often as
the others. First come: whoever sees a thing first has it. In a window, all who come before it
closes count alike: by `lot`, or by `best_price`, where each pays what it names and names the price
plus half of its gain. Needs scripted agents: no model has the moves of a window yet.
"""

import random
from functools import partial

import msgspec
from msgspec import Struct

from souq.agents import Agent
from souq.core.rules import HOUR_US
from souq.lab.marks import mark_at_opening
from souq.lab.players.taking import Rule, Taker
from souq.lab.population import generator
from souq.lab.setup import Place, Setup, errand_of
from souq.lab.shares import check_bounds, check_share, drawn, need_scripts

NAME = "batch_window"
QUICK = "quick people"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """How things are sold, and who is quick: `quick` of the people, `times` as quick as others."""

    rule: Rule = "first_come"
    window_hours: float = 24
    quick: float = 0.25
    times: int = 10

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(quick=self.quick)
        check_bounds(self, window_hours=(0.1, 240), times=(1, 100))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Let everybody sell and buy by the rule."""
    need_scripts(setup, "a batch window")
    for part in setup.parts:
        part.make = partial(_taker, settings=settings)
    # The last windows close, and their lots are drawn, before things are handed over.
    last_us = max(setup.rules.offer_us, 2 * round(settings.window_hours * HOUR_US) + HOUR_US)
    setup.rules = msgspec.structs.replace(setup.rules, offer_us=last_us)
    quick = drawn(setup.parts, settings.quick, rng)
    for part in quick:
        part.weight *= settings.times
    mark_at_opening(setup, QUICK, [part.person.name for part in quick])


def _taker(place: Place, settings: Settings) -> Agent:
    rng = generator(place.setup.seed, f"agent {place.part.person.number}")
    window_us = round(settings.window_hours * HOUR_US)
    state = place.simulation.engine.state
    return Taker(
        errand_of(place),
        rng,
        state,
        settings.rule,
        place.simulation.clock,
        window_us=window_us,
        valid_us=min(place.setup.span_us, place.setup.rules.offer_max_us),
    )
