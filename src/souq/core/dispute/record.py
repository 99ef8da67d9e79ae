"""What disputes by a procedure say of principals: how many they began and faced, and lost."""

from typing import Any

import msgspec
from msgspec import Struct

from souq.core.dispute.records import DisputeDecided
from souq.core.state import Table, View


class DisputeRecord(Struct, frozen=True, omit_defaults=True):
    """Counts of judged disputes; what the parties settle between them counts nowhere."""

    claimed: int = 0
    claimed_lost: int = 0
    faced: int = 0
    faced_lost: int = 0


RECORDS: Table[DisputeRecord] = Table("dispute_records", DisputeRecord)
TABLES: tuple[Table[Any], ...] = (RECORDS,)
_NONE = DisputeRecord()


def record_of(view: View, principal: str) -> DisputeRecord:
    """Give how a principal has fared in disputes."""
    return view.get(RECORDS, principal) or _NONE


def _decided(view: View, event: DisputeDecided) -> None:
    one, other = record_of(view, event.claimant), record_of(view, event.respondent)
    lost, replace = not event.is_claim_upheld, msgspec.structs.replace
    claimed = replace(one, claimed=one.claimed + 1, claimed_lost=one.claimed_lost + lost)
    faced = replace(other, faced=other.faced + 1, faced_lost=other.faced_lost + (not lost))
    view.put(RECORDS, event.claimant, claimed)
    view.put(RECORDS, event.respondent, faced)


EVOLVE: dict[type, Any] = {DisputeDecided: _decided}
