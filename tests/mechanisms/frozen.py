"""The hash of the journal that each example leaves; `python -m tests.mechanisms.frozen` writes it.

Do that when an example or a mechanism is meant to change. A hash that changes by itself means that
last month's journals no longer come out of last month's commands.
"""

import json
import sys
from pathlib import Path

from souq.core.mechanisms import BY_NAME
from souq.lab.hall import Hall
from tests.mechanisms.plays import PLAYS

FILE = Path(__file__).with_name("frozen.json")


def heads() -> dict[str, str]:
    """Play every example, and give the hash of each journal's last record."""
    found = {}
    for name, plays in sorted(PLAYS.items()):
        for play in plays:
            hall = Hall(BY_NAME[name])
            play(hall)
            found[f"{name}.{play.__name__}"] = hall.simulation.engine.head[1].hex()
    return found


if __name__ == "__main__":
    text = json.dumps(heads(), indent=1) + "\n"
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        FILE.write_text(text, encoding="utf-8")
