"""A leader under load in a process of its own; prints what was acknowledged, and only that.

Each line on stdout is `ack ID SEQ`, written once the record was durable; `stopped WHY` and
`leading NO` come when it finds that it leads no more.
"""

import sys
from collections import deque

from souq.core.funds import ReportDeposit, ReportPayout
from souq.core.money import Money
from souq.core.party import RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.engine import Engine, Pending
from souq.journal.commit import Stopped
from souq.journal.postgres import PostgresStore

IN_FLIGHT = 32


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(url: str, market: str, round_: str, ttl_s: float) -> None:
    """Submit until killed, or fenced off."""
    store = PostgresStore(url, market=market, ttl_s=ttl_s, patience_s=10, holder=f"worker {round_}")
    engine = Engine(store)
    if engine.head[0] == 0:
        engine.submit(OPERATOR, "open", OpenMarket())
        engine.submit(OPERATOR, "join", RegisterPrincipal(PublicText("bea")))
    say("ready")
    waiting: deque[tuple[str, Pending]] = deque()
    n = 0
    try:
        while True:
            id = f"{round_}-{n}"
            command = ReportPayout if n % 3 == 2 else ReportDeposit
            waiting.append((id, engine.submit_soon(OPERATOR, id, command("P1", Money(7, "USD")))))
            n += 1
            if len(waiting) >= IN_FLIGHT:
                id, pending = waiting.popleft()
                say(f"ack {id} {pending.result().seq}")
    except Stopped as stopped:
        say(f"stopped {stopped}")
        say(f"leading {'yes' if store.is_leading() else 'no'}")
    engine.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
