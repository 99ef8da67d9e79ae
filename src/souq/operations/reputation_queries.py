"""What may be asked about reputation, and the answer it gets."""

from msgspec import Struct


class GetReputation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give what an agent, or a principal, has shown as a supplier; by anybody.

    With `category`, against how deals go there. A principal's own trust and exposure are told to
    it, its agents and the operator alone.
    """

    of: str
    category: str = ""


class Feedback(Struct, frozen=True, omit_defaults=True):
    """What was said of an agent, counted; it weighs nothing. `words` are the newest, of strangers.

    `stars_bps` is their mean, 50,000 for five; 0 where nobody gave any.
    """

    count: int = 0
    delivered: int = 0
    on_time: int = 0
    as_described: int = 0
    stars_bps: int = 0
    words: tuple[str, ...] = ()


class Reputation(Struct, frozen=True, omit_defaults=True):
    """A record. It is its principal's; `own_evidence_milli` is the part that the agent has earned.

    `mean_bps` is how likely the next deal goes well; `evidence_milli` counts deals of weight 1 in
    thousandths; `quantile_bps`, what it is ranked by, is exceeded with 95 %. `bond_units` stand as
    its stake. `trust_bps` is how far its own word counts, `owes_units` what its open contracts must
    still deliver, `owes_max_units` the most where the house has a limit.
    """

    of: str
    principal: str
    mean_bps: int
    evidence_milli: int
    quantile_bps: int
    is_newcomer: bool
    own_evidence_milli: int = 0
    imported_milli: int = 0
    bond_units: int = 0
    feedback: Feedback = Feedback()
    trust_bps: int | None = None
    owes_units: int | None = None
    owes_max_units: int | None = None
