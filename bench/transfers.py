"""Batches of transfers with the full rule: moves, holds, captures, releases, links, ids, limits."""

import random
from typing import Any

from souq.core.funds import OpenAccount, ReportDeposit, TransferMany
from souq.core.money import Money
from souq.core.party import RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.core.transfer import CAPTURE, HOLD, MOVE, RELEASE, Batch
from souq.engine import Engine

ACCOUNTS = 10_000


def open_accounts(engine: Engine, accounts: int = ACCOUNTS) -> None:
    """Open accounts and put money into each, from one wallet."""
    commands: list[Any] = [
        OpenMarket(),
        RegisterPrincipal(PublicText("the bank")),
        ReportDeposit("P1", Money(10**15, "USD")),
    ]
    commands += [OpenAccount(f"account-{n}") for n in range(accounts)]
    for start in range(0, accounts, 8_000):
        names = tuple(f"account-{n}" for n in range(start, min(accounts, start + 8_000)))
        size = len(names)
        ids = tuple(f"fund-{start + n}" for n in range(size))
        batch = Batch(ids, ("wallet:P1/USD",) * size, names, (10**9,) * size)
        commands.append(TransferMany(batch))
    engine.submit_many((OPERATOR, f"open-{n}", command) for n, command in enumerate(commands))


def moves(size: int, count: int, name: str, accounts: int = ACCOUNTS) -> list[TransferMany]:
    """Make batches of moves alone, under the same rule."""
    rng = random.Random(f"{name}/{size}")
    made = []
    for b in range(count):
        pairs = [rng.sample(range(accounts), 2) for _ in range(size)]
        ids = tuple(f"{name}-{b}-{n}" for n in range(size))
        debits = tuple(f"account-{debit}" for debit, _ in pairs)
        credits = tuple(f"account-{credit}" for _, credit in pairs)
        amounts = tuple(rng.randint(1, 1_000) for _ in range(size))
        made.append(TransferMany(Batch(ids, debits, credits, amounts)))
    return made


def batches(size: int, count: int, name: str, accounts: int = ACCOUNTS) -> list[TransferMany]:
    """Make batches: 70 % moves, 15 % holds, 10 % captures and 5 % releases of earlier holds.

    One row in ten is linked to the next. About one in a thousand asks for more than is there.
    """
    rng = random.Random(f"{name}/{size}")
    open_holds: list[str] = []
    made = []
    for b in range(count):
        rows: list[tuple[str, str, str, int, int, str]] = []
        for n in range(size):
            id, roll = f"{name}-{b}-{n}", rng.random()
            debit, credit = rng.sample(range(accounts), 2)
            amount = 10**12 if rng.random() < 0.001 else rng.randint(1, 1_000)
            ends = (f"account-{debit}", f"account-{credit}")
            if roll < 0.15 and open_holds:
                hold = open_holds.pop(rng.randrange(len(open_holds)))
                kind = int(CAPTURE if roll < 0.10 else RELEASE)
                rows.append((id, "", "", 0, kind, hold))
            elif roll < 0.30:
                rows.append((id, *ends, min(amount, 1_000), HOLD, ""))
                open_holds.append(id)
            else:
                rows.append((id, *ends, amount, MOVE, ""))
        ids, debits, credits, amounts, kinds, holds = zip(*rows, strict=True)
        linked = tuple(int(rng.random() < 0.1 and n < size - 1) for n in range(size))
        batch = Batch(ids, debits, credits, amounts, kinds, holds, linked=linked)
        made.append(TransferMany(batch))
    return made
