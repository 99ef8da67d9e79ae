"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications import r08_bargaining, r17_repricing
from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = (r08_bargaining, r17_repricing)

BY_ID = {one.ID: one for one in REPLICATIONS}
