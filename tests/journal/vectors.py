"""The frozen bytes of a few days: what every record of this release looks like, to the byte.

    python -m tests.journal.vectors

writes them anew. Do that for a record of a new kind, and look at the difference: bytes that were
there before must not change, or no journal of last month will fold.

`vectors.json` holds the first day. A file under `frozen/` holds another market's, or what one
chapter adds to the first day: no chapter moves the bytes of another.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from souq.core import market
from souq.journal.memory import MemoryStore
from souq.journal.store import Store
from tests.journal import audited, day
from tests.views.chapters import CHAPTERS

DAY = "day"
FILE = Path(__file__).with_name("vectors.json")
FOLDER = Path(__file__).with_name("frozen")


def _continued(chapter: Any, store: Store) -> day.Day:
    """Play the day, and a chapter after it."""
    played = day.play(store)
    chapter.play(played)
    return played


ADDED: dict[str, Callable[[Store], day.Day]] = {
    chapter.__name__.rpartition(".")[2]: partial(_continued, chapter) for chapter in CHAPTERS
}
PLAYS: dict[str, Callable[[Store], day.Day]] = {DAY: day.play, "audited": audited.play, **ADDED}


def build(name: str = DAY) -> dict[str, Any]:
    """Play one and list its bytes."""
    store = MemoryStore()
    engine = PLAYS[name](store).engine
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


def frozen(name: str = DAY) -> dict[str, Any]:
    """Read the bytes as they were written down, for a chapter the day's before its own."""
    found: dict[str, Any] = json.loads(_file(name).read_text(encoding="utf-8"))
    if name in ADDED:
        before = frozen()
        found["records"] = before["records"] + found["records"]
        found["payloads"] = sorted(before["payloads"] + found["payloads"], key=_digest)
    return found


def write(name: str) -> None:
    """Freeze the bytes of one; of a chapter, what the day does not hold."""
    made = build(name)
    if name in ADDED:
        before = build()
        for part in ("records", "payloads"):
            made[part] = [one for one in made[part] if one not in before[part]]
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    _file(name).write_text(text, encoding="utf-8")


def _file(name: str) -> Path:
    return FILE if name == DAY else FOLDER / f"{name}.json"


def _digest(payload: dict[str, Any]) -> str:
    return str(payload["digest"])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in PLAYS:
        write(each)
