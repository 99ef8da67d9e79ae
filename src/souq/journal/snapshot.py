"""Writes a snapshot beside a journal, from a process of its own: the market need not pause.

python -m souq.journal.snapshot FOLDER
"""

import sys
from pathlib import Path

from souq.journal.replay import SNAPSHOT, write_snapshot
from souq.journal.sqlite import SqliteStore


def main(folder: Path) -> None:
    """Fold what is durable by now and write it down."""
    store = SqliteStore(folder, read_only=True)
    try:
        result = write_snapshot(store, folder / SNAPSHOT)
    finally:
        store.close()
    print(f"{folder / SNAPSHOT}: the state at record {result.seq}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
