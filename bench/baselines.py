"""What the disk and SQLite do by themselves: the yardsticks beside every durable figure."""

import os
import sqlite3
import time
from pathlib import Path

RECORD = b"x" * 400  # about what a record of the haggling mix takes


def sqlite_commits(folder: Path, count: int) -> float:
    """Commit single rows in WAL with synchronous=FULL; give commits a second."""
    db = sqlite3.connect(folder / "baseline.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, body BLOB)")
    start = time.perf_counter()
    for _ in range(count):
        db.execute("INSERT INTO rows (body) VALUES (?)", (RECORD,))
    rate = count / (time.perf_counter() - start)
    db.close()
    return rate


def appends(folder: Path, count: int) -> float:
    """Append to a file and fdatasync each time; give appends a second."""
    handle = os.open(folder / "baseline.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    start = time.perf_counter()
    for _ in range(count):
        os.write(handle, RECORD)
        os.fdatasync(handle)
    rate = count / (time.perf_counter() - start)
    os.close(handle)
    return rate
