"""Opening a market for a server: its store, its first record, and the operator's first key."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from souq.app.checking import is_postgres
from souq.app.settings import Settings
from souq.core.credential import KEYS_OF, AddKey
from souq.core.rules import OPERATOR, OpenMarket
from souq.journal.replay import SNAPSHOT, Replayed
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.sdk.signing import bearer_secret
from souq.venue import Venue

PATIENCE_S = 6.0  # a lease of somebody who died runs out before


class Opened(NamedTuple):
    """A store to write, and what a standby has folded of it already."""

    store: Store
    replayed: Replayed | None = None


def open_store(store: str, *, holder: str = "") -> Opened:
    """Open a journal for writing. Raises InUse, Damaged and Unavailable."""
    if not is_postgres(store):
        return Opened(SqliteStore(Path(store)))
    from souq.journal.postgres import PostgresStore

    return Opened(PostgresStore(store, holder=holder, patience_s=PATIENCE_S))


def stand_by(
    store: str, *, holder: str = "", stopping: Callable[[Callable[[], None]], None]
) -> Opened | None:
    """Follow another server's journal until it is ours to write, or None where told to stop.

    `stopping` is given what stops it.
    """
    from souq.journal.standby import Standby

    standby = Standby(store, holder=holder)
    stopping(standby.stop)
    taken = standby.wait()
    return Opened(taken.store, taken.replayed) if taken else None


def open_venue(
    opened: Opened,
    settings: Settings,
    *,
    on_durable: Callable[[int], None],
    clock: Callable[[], int],
    salts: Callable[[], bytes],
) -> tuple[Venue, str]:
    """Open a market and its views; give it, and the operator's new key where it had none."""
    data = Path(settings.data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    venue = Venue(
        opened.store,
        data=data,
        clock=clock,
        salts=salts,
        snapshot=data / SNAPSHOT,
        on_durable=on_durable,
        replayed=opened.replayed,
    )
    if venue.engine.head[0] == 0:
        opening = OpenMarket(settings.rules)
        venue.submit(OPERATOR, secrets.token_hex(16), opening).need()
    state, _ = venue.engine.live
    if state.get(KEYS_OF, OPERATOR):
        return venue, ""
    made = bearer_secret()
    add = AddKey(OPERATOR, "bearer", made.material)
    venue.submit(OPERATOR, secrets.token_hex(16), add).need()
    return venue, made.secret
