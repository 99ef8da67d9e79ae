"""A market under load in a process of its own; prints what was acknowledged, and only that.

Each line on stdout is `ack ID SEQ`, written after the answer was durable. It goes on from whatever
the journal holds, so that it can be killed and started again.
"""

import sys
from collections import deque
from pathlib import Path

from souq.core.funds import ReportDeposit, ReportPayout
from souq.core.money import Money
from souq.core.party import RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.engine import Engine, Pending
from souq.journal.sqlite import SqliteStore

IN_FLIGHT = 32
ROUND_MAX = 1_000_000


def main(folder: Path, round_: int) -> None:
    """Submit until killed."""
    out = sys.stdout
    with Engine(SqliteStore(folder)) as engine:
        if engine.head[0] == 0:
            engine.submit(OPERATOR, "open", OpenMarket())
            engine.submit(OPERATOR, "join", RegisterPrincipal(PublicText("bea")))
        out.write("ready\n")
        out.flush()
        waiting: deque[tuple[str, Pending]] = deque()
        for n in range(ROUND_MAX):
            id = f"{round_}-{n}"
            command = ReportPayout if n % 3 == 2 else ReportDeposit
            waiting.append((id, engine.submit_soon(OPERATOR, id, command("P1", Money(7, "USD")))))
            if len(waiting) >= IN_FLIGHT:
                id, pending = waiting.popleft()
                out.write(f"ack {id} {pending.result().seq}\n")
                out.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
