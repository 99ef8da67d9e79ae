"""Stores that go wrong on purpose, and a small market to try them with."""

import threading
from collections.abc import Sequence

from souq.core.funds import ReportDeposit
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.journal.record import Entry


class GatedStore(MemoryStore):
    """A disk that takes as long as the test wants: nothing is appended while the gate is shut."""

    is_instant = False

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.groups: list[int] = []

    def append(self, entries: Sequence[Entry]) -> None:
        assert self.gate.wait(30), "nobody opened the gate"
        super().append(entries)
        self.groups.append(len(entries))


class FailingStore(MemoryStore):
    """A disk that fails once, and would work again if anybody tried."""

    is_instant = False

    def __init__(self) -> None:
        super().__init__()
        self.fails_next = False
        self.tries = 0

    def append(self, entries: Sequence[Entry]) -> None:
        self.tries += 1
        if self.fails_next:
            self.fails_next = False
            raise OSError(5, "Input/output error")
        super().append(entries)


def furnish(engine: Engine, rules: Rules | None = None) -> None:
    """Open a market with principals P1, P2, agents A1, A2 and some money."""
    for n, command in enumerate(
        (
            OpenMarket(rules or Rules()),
            RegisterPrincipal(PublicText("Ada")),
            RegisterPrincipal(PublicText("Bea")),
            RegisterAgent("P1", PublicText("ada's agent")),
            RegisterAgent("P2", PublicText("bea's agent")),
            ReportDeposit("P1", Money(1_000, "USD")),
        )
    ):
        engine.submit(OPERATOR, f"furnish-{n}", command).need()
