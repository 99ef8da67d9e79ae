"""What may be asked about deliveries and audits, and the answer it gets."""

from msgspec import Struct

from souq.core.conditions import Conditions
from souq.core.performance import Artefact


class GetDelivery(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Give how a running contract is performed. By its sides and its verifier.

    By its arbiter, once it is disputed.
    """

    contract: str


class Delivery(Struct, frozen=True, omit_defaults=True):
    """What was committed to and shown, by giver, under which conditions.

    `code` is the digest of the taker's code; so many wrong ones were tried, and `is_proven` tells
    that it was shown. `late_bps` is what being late costs.
    """

    contract: str
    state: str
    conditions: Conditions
    artefacts: dict[str, Artefact] = {}
    code: str = ""
    misses: int = 0
    is_proven: bool = False
    late_bps: int = 0


class ListAudits(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List contracts that the lot fell on, and whose audit is open. By the auditor or operator."""


class AuditOpen(Struct, frozen=True):
    """Report by `report_by`; silence passes."""

    contract: str
    giver: str
    payer: str
    asset: str
    units: int
    report_by: int


class Audits(Struct, frozen=True):
    audits: tuple[AuditOpen, ...]


class ListEpochs(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the latest epochs that lots are drawn from, newest first. For everybody."""


class EpochSeen(Struct, frozen=True, omit_defaults=True):
    """`secret` is "" until it is shown; then it opens the commitment."""

    epoch: str
    commitment: str
    secret: str = ""
    is_open: bool = False


class Epochs(Struct, frozen=True):
    epochs: tuple[EpochSeen, ...]
