"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications import r12_scoring
from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = (r12_scoring,)

BY_ID = {one.ID: one for one in REPLICATIONS}
