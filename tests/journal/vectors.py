"""The frozen bytes of one day: what every record of this release looks like, to the byte.

    python -m tests.journal.vectors

writes them anew. Do that for a record of a new kind, and look at the difference: bytes that were
there before must not change, or no journal of last month will fold.
"""

import json
from pathlib import Path
from typing import Any

from souq.core import market
from souq.journal.memory import MemoryStore
from tests.journal.day import play

FILE = Path(__file__).with_name("vectors.json")


def build() -> dict[str, Any]:
    """Play the day and list its bytes."""
    store = MemoryStore()
    engine = play(store).engine
    return {
        "records": [
            {"seq": entry.seq, "body": entry.body.decode(), "hash": entry.hash.hex()}
            for entry in store.read()
        ],
        "payloads": [
            {
                "digest": payload.digest,
                "salt": payload.salt.hex(),
                "audience": payload.audience,
                "content": payload.content.decode(),
            }
            for payload in sorted(store.payloads())
        ],
        "state_hash": market.state_hash(engine.state),
    }


def frozen() -> dict[str, Any]:
    """Read the bytes as they were written down."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    text = json.dumps(build(), ensure_ascii=False, indent=1) + "\n"
    FILE.write_text(text, encoding="utf-8")
