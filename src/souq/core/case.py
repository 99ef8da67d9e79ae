"""What stands of a dispute while a contract is disputed: the case, and the phase it is in.

What moves it from one phase to the next, and what silence does, stands in `dispute`.
"""

from msgspec import Struct

from souq.core.money import BPS
from souq.core.procedure import Procedure

REDO = -1  # beside shares in basis points: the work is to be done again
PARTIES = "parties"  # who settled between them need no judge
PANEL = "panel"


class Verdict(Struct, frozen=True, omit_defaults=True):
    """`payer_bps` of each payment go back to its payer, or it is REDO.

    `forfeit_units` of the bond of whoever is at fault go to the other side.
    """

    payer_bps: int
    by: str
    cause: str = ""
    forfeit_units: int = 0


class Proposal(Struct, frozen=True):
    """A party's proposal to settle by a share of each payment back to its payer."""

    by: str
    payer_bps: int


class Pleading(Struct, frozen=True, tag=True, omit_defaults=True):
    """The parties talk and bring evidence; of a plain dispute, until somebody rules."""

    is_answered: bool = False
    proposal: Proposal | None = None
    rounds: int = 0


class Drawing(Struct, frozen=True, tag=True):
    """Evidence is closed; the panel is drawn when the epoch's secret is shown."""

    size: int
    epoch: str


class Committing(Struct, frozen=True, tag=True, omit_defaults=True):
    """Those who sit on the panel commit to their votes."""

    jurors: tuple[str, ...]
    commitments: dict[str, str] = {}


class Revealing(Struct, frozen=True, tag=True, omit_defaults=True):
    """They show what they committed to; nobody can follow another's vote any more."""

    jurors: tuple[str, ...]
    commitments: dict[str, str]
    votes: dict[str, int] = {}


class Arbitration(Struct, frozen=True, tag=True):
    """The arbiter's verdict is awaited."""


ARBITRATION = Arbitration()


class Decided(Struct, frozen=True, tag=True):
    """A verdict stands, unless somebody appeals in time."""

    verdict: Verdict


Phase = Pleading | Drawing | Committing | Revealing | Arbitration | Decided


class Case(Struct, frozen=True, omit_defaults=True):
    """A dispute. `first` is the verdict that was appealed against, by `appellant`.

    Who sat on `first_panel` may not sit again; who of a panel was `agreeing` with its verdict has a
    share of the loser's fee.
    """

    procedure: Procedure | None = None
    phase: Phase = Pleading()
    ground: str = ""  # of every case there is one; a default that could be one would fold otherwise
    asked_bps: int = BPS  # or REDO
    opened_at: int = 0
    evidence: tuple[tuple[str, str], ...] = ()  # who brought which digest
    first: Verdict | None = None
    first_panel: tuple[str, ...] = ()
    agreeing: tuple[str, ...] = ()
    appellant: str = ""
