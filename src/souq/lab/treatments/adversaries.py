"""Some of the people come to harm others: so many of each kind, drawn by lot. What a kind is given
is its share of all people, or a table of its settings. Their agents are scripts.
"""

import random
from typing import Any

import msgspec

from souq.lab.adversaries import ADVERSARIES
from souq.lab.adversaries.share import Share
from souq.lab.setup import Setup

NAME = "adversaries"
Settings = msgspec.defstruct(
    "Settings",
    [(name, Share | one.Settings, 0.0) for name, one in ADVERSARIES.items()],
    frozen=True,
    forbid_unknown_fields=True,
    module=__name__,
)


def apply(setup: Setup, settings: Any, rng: random.Random) -> None:
    """Draw who they are, and make them so."""
    everybody = len(setup.parts)
    asked: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name, kind in ADVERSARIES.items():
        said: Any = getattr(settings, name)
        chosen: Any = said if isinstance(said, kind.Settings) else kind.Settings(share=said)
        if not chosen.share:
            continue
        asked[name], counts[name] = chosen, round(chosen.share * everybody)
        if counts[name] < kind.LEAST:
            raise ValueError(
                f"{name}: a share of {chosen.share:g} of {everybody} people is "
                f"{counts[name]}, and it takes {kind.LEAST} at least"
            )
    honest = [part for part in setup.parts if not part.is_adversary]
    if sum(counts.values()) > len(honest):
        raise ValueError(f"adversaries: {sum(counts.values())} of {len(honest)} people")
    drawn = iter(rng.sample(honest, sum(counts.values())))
    for name, chosen in asked.items():
        parts = [next(drawn) for _ in range(counts[name])]
        for part in parts:
            part.kind, part.is_adversary = name, True
        ADVERSARIES[name].enlist(setup, parts, chosen, rng)
