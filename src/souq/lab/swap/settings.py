"""What a barter floor is played with, as plain data: an experiment's file carries it.

A floor's people, clock and cap on awake agents; how agents are told what their people like; which
agents and which instructions, by share.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct, field

from souq.agents.swapper import MEMBERS_MAX, WISHES_MAX
from souq.lab.owners import DISCLOSURE_PERCENT, PEOPLE_MAX, POPULARITY_PERCENT
from souq.lab.understanding import PEOPLE, WORDINESS

OFFICES = (115, 57, 12, 8, 6)  # of Project Swap; one of three people was left out there
CLOSING_MINUTES = 60
QUIET_MINUTES = 10  # so long without a listing or a deal action, and the floor closes
PROPOSAL_MINUTES = 6
WAKE_S = (20, 40)  # what a wake takes, drawn anew for each
MANNERS = {manner.name: manner for manner in WORDINESS}


class Skill(Struct, frozen=True):
    """What a scripted agent is able to do: a stand-in for a tier of model."""

    members_max: int = MEMBERS_MAX  # of the longest rotation that it looks for
    remembers: bool = True  # who wished for what, and what it proposed itself
    messages_max: int | None = None  # the latest it takes in; None: all that it is shown


class Style(Struct, frozen=True):
    """What a person told its agent to be like; None leaves the person's own temper."""

    patience_percent: int | None = None  # 100 holds out for the largest gain while there is time
    discloses: bool | None = None
    wishes_max: int = WISHES_MAX  # named in one message
    concedes_percent: int = 0  # of the list that it gives up, once, for who wished for its book


# Stand-ins, not likenesses: what they cannot do, they leave out; nothing is tuned to a figure.
SKILLS: Mapping[str, Skill] = {
    "strong": Skill(),
    "middling": Skill(members_max=2),
    "weak": Skill(members_max=2, remembers=False, messages_max=5),
}
STYLES: Mapping[str, Style] = {
    "neutral": Style(),
    "prosocial": Style(patience_percent=0, discloses=True, concedes_percent=5),
    "ruthless": Style(patience_percent=100, wishes_max=1),
}


class Intake(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How agents come to know what their people like.

    `manners`: how much people are willing to type, by share. `noise_percent` is how far a book's
    place slips when a reader looks, as a share of the floor. `ties`: what orders the books that
    nothing was said about, popularity or a draw.
    """

    manners: dict[str, int] = field(default_factory=lambda: {"plain": 1})
    noise_percent: int = 15
    ties: Literal["popularity", "draw"] = "popularity"

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be meant."""
        _check_shares("manners", self.manners, MANNERS)
        if not 0 <= self.noise_percent <= 100:
            raise ValueError(f"noise_percent is 0 to 100, not {self.noise_percent}")


class FloorSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One floor. Without an `intake`, agents know the true rankings.

    `kinds` and `styles` are drawn for each person by share, where nothing assigns them. A kind is
    a skill tier, or the name of a model that `run_floor` is given.
    """

    people: int = PEOPLE
    closing_minutes: int = CLOSING_MINUTES
    quiet_minutes: int = QUIET_MINUTES
    proposal_minutes: int = PROPOSAL_MINUTES
    awake_max: int | None = None  # None: by the size of the floor
    wake_s: tuple[int, int] = WAKE_S
    popularity_percent: int = POPULARITY_PERCENT
    disclosure_percent: int = DISCLOSURE_PERCENT
    intake: Intake | None = None
    kinds: dict[str, int] = field(default_factory=lambda: {"strong": 1})
    styles: dict[str, int] = field(default_factory=lambda: {"neutral": 1})

    def __post_init__(self) -> None:
        """Raise ValueError for what cannot be meant."""
        if not 2 <= self.people <= PEOPLE_MAX:
            raise ValueError(f"people: 2 to {PEOPLE_MAX}, so that they can swap")
        for name in ("closing_minutes", "quiet_minutes", "proposal_minutes", "awake_max"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is 1 or more, not {value}")
        for name in ("popularity_percent", "disclosure_percent"):
            if not 0 <= getattr(self, name) <= 100:
                raise ValueError(f"{name} is 0 to 100, not {getattr(self, name)}")
        if not 1 <= self.wake_s[0] <= self.wake_s[1]:
            raise ValueError(f"wake_s is the least and the most, such as [20, 40]: {self.wake_s}")
        _check_shares("kinds", self.kinds, None)
        _check_shares("styles", self.styles, STYLES)

    @property
    def cap(self) -> int:
        """Give how many may be awake at once."""
        return awake_max(self.people) if self.awake_max is None else self.awake_max


def awake_max(people: int) -> int:
    """Give how many may be awake at once, by the size of the floor."""
    return 8 if people >= 50 else 4 if people >= 10 else 1


def read_settings(told: object) -> FloorSettings:
    """Read settings from what a TOML file told. Raises ValueError, with where and what."""
    try:
        return msgspec.convert(told, FloorSettings)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).replace(" - at `$.", ", at `")) from None


def need_known(names: Mapping[str, object], known: Mapping[str, object], what: str) -> None:
    """Raise ValueError for a name nobody has heard of."""
    for name in names:
        if name not in known:
            raise ValueError(f"{what}: no “{name}”; there is {', '.join(known)}")


def _check_shares(what: str, shares: Mapping[str, int], known: Mapping[str, object] | None) -> None:
    if not shares or min(shares.values()) < 0 or not any(shares.values()):
        raise ValueError(f"{what} are names with shares of 0 or more, such as {{ strong = 1 }}")
    if known is not None:
        need_known(shares, known, what)
