"""Published results that souq must reproduce. To add one, write its file and list it here."""

from souq.replications import r05_revenue, r11_positions
from souq.replications.replication import Replication

REPLICATIONS: tuple[Replication, ...] = (
    r05_revenue,
    r11_positions,
)

BY_ID = {one.ID: one for one in REPLICATIONS}
