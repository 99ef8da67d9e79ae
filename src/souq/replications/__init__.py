"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications import r06_bilateral, r07_double_auctions, r10_races
from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = (r06_bilateral, r07_double_auctions, r10_races)

BY_ID = {one.ID: one for one in REPLICATIONS}
