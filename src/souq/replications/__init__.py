"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = ()

BY_ID = {one.ID: one for one in REPLICATIONS}
