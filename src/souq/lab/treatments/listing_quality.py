"""Listing quality: shares of the listings are vague, incomplete, or misleading.

Vague: titles say little, and each scripted buyer misjudges the thing in its own way, by a lognormal
error of mean 1. Incomplete: no description, and buyers count on less than it is worth. Misleading:
the description boasts, buyers take it for more than it is, and are wronged when they see it.
Models read the words, and the words alone: what they make of them is theirs.
"""

import random
from functools import partial

import msgspec
from msgspec import Struct

from souq.agents.trader import QUANTUM_UNITS, Errand, Thing
from souq.lab.marks import mark_at_opening
from souq.lab.population import generator
from souq.lab.setup import Place, Setup
from souq.lab.shares import check_bounds, check_share
from souq.views.observation import ListingSeen

NAME = "listing_quality"
POOR = "poor listings"
BOAST = "As good as new, hardly used, worth much more than this. A rare chance."


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of all things, and what becomes of what they seem worth.

    `noise` is the sigma of the error over a vague one; an incomplete one seems `discount` times
    what it is worth, and a misleading one `boast` times.
    """

    vague: float = 0
    incomplete: float = 0
    misleading: float = 0
    noise: float = 0.5
    discount: float = 0.7
    boast: float = 1.5

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be."""
        check_share(vague=self.vague, incomplete=self.incomplete, misleading=self.misleading)
        if self.vague + self.incomplete + self.misleading > 1:
            raise ValueError("vague, incomplete and misleading are shares of the same things")
        check_bounds(self, noise=(0, 2), discount=(0.05, 1), boast=(1, 10))


def apply(setup: Setup, settings: Settings, rng: random.Random) -> None:
    """Make listings worse."""
    refs = [thing.ref for part in setup.parts for thing in part.person.things]
    rng.shuffle(refs)
    poor: dict[str, str] = {}
    for name in ("vague", "incomplete", "misleading"):
        count = round(getattr(settings, name) * len(refs))
        poor.update(dict.fromkeys(refs[len(poor) : len(poor) + count], name))
    lies = {ref for ref, name in poor.items() if name == "misleading"}
    for part in setup.parts:
        person = part.person
        values = {
            ref: _quantised(worth * settings.boast) if ref in lies else worth
            for ref, worth in person.values.items()
        }
        things = tuple(_worded(thing, poor.get(thing.ref, "")) for thing in person.things)
        setup.change(part, values=values, things=things)
        part.errands.append(partial(_misread, poor=poor, settings=settings))
    setup.falsify(dict.fromkeys(lies, round(100 / settings.boast)))
    setup.authorise()
    mark_at_opening(setup, POOR, poor)


def _worded(thing: Thing, quality: str) -> Thing:
    match quality:
        case "vague":
            title = f"Something ({thing.ref})"
            return msgspec.structs.replace(thing, title=title, description="")
        case "incomplete":
            return msgspec.structs.replace(thing, description="")
        case "misleading":
            return msgspec.structs.replace(thing, description=BOAST)
        case _:
            return thing


def _misread(errand: Errand, place: Place, poor: dict[str, str], settings: Settings) -> None:
    worth, simulation = errand.worth, place.simulation

    def seeming(listing: ListingSeen) -> int:
        ref = simulation.history.listings[listing.id].posted.ref
        match poor.get(ref):
            case "vague":
                name = f"reading {place.part.person.number} {ref}"
                chance = generator(place.setup.seed, name)
                error = chance.lognormvariate(-(settings.noise**2) / 2, settings.noise)
                return int(worth(listing) * error)
            case "incomplete":
                return int(worth(listing) * settings.discount)
            case _:
                return worth(listing)

    errand.worth = seeming


def _quantised(units: float) -> int:
    return int(units) // QUANTUM_UNITS * QUANTUM_UNITS
