"""What every simulated market shares: a clock that only we move, seeded salts, the opening."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from souq.core.annotation import Annotate
from souq.core.funds import ReportDeposit
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import SALT_BYTES, OperatorText, PublicText
from souq.engine import Answer, Engine
from souq.journal.locking import KEY_BYTES
from souq.journal.sqlite import SqliteStore
from souq.journal.store import Store
from souq.lab.population import generator
from souq.views.history import Follower

# A simulated market opens on Monday 1 December 2025 at 09:00 UTC, the week of Project Deal.
OPENING_US = 1_764_579_600 * 1_000_000
COMMITMENT = "commitment"
EVIDENCE = "population"


def seeded_store(folder: Path, seed: int) -> SqliteStore:
    """Open a folder in which even what locks the words comes of the seed.

    For people who are all made up: whoever knows the seed can read what they say.
    """
    return SqliteStore(folder, seed=generator(seed, "locking").randbytes(KEY_BYTES))


class Clock:
    """Simulated time in microseconds; it stands still until told."""

    def __init__(self, at: int = OPENING_US) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Simulation:
    """An engine on simulated time, with a history folded as it goes."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self.clock = Clock()
        salts: Callable[[], bytes] = lambda: rng.randbytes(SALT_BYTES)  # noqa: E731
        self.engine = Engine(store, clock=self.clock, salts=salts)
        self._follower = Follower(store)
        self.history = self._follower.history
        self._commands = 0

    def submit(self, actor: str, command: Any) -> Answer:
        """Submit under the next id and fold what came of it, deadlines before it included."""
        self._commands += 1
        answer = self.engine.submit(actor, f"c{self._commands}", command)
        self.catch_up()
        return answer

    def catch_up(self) -> None:
        """Fold the records the history has not seen; deadlines make some that no answer names."""
        self._follower.catch_up(self.engine.head[0])

    def advance(self, us: int) -> None:
        """Let simulated time pass, and handle what falls due."""
        self.clock.at += us
        self.engine.tick()
        self.catch_up()

    def open(self, rules: Rules, evidence: bytes) -> None:
        """Open the market and commit to the evidence that will be shown when it is over."""
        self.submit(OPERATOR, OpenMarket(rules)).need()
        digest = hashlib.sha256(evidence).hexdigest()
        self.submit(OPERATOR, Annotate(COMMITMENT, OperatorText(digest))).need()

    def reveal(self, evidence: bytes) -> None:
        """Write the evidence committed to into the record."""
        self.submit(OPERATOR, Annotate(EVIDENCE, OperatorText(evidence.decode()))).need()

    def join(self, name: str, limits: Limits, money: Money | None = None) -> str:
        """Register a person with one agent, lend it authority, and give its person money."""
        principal = self.submit(OPERATOR, RegisterPrincipal(PublicText(name))).need()
        id = principal.events[0].principal
        text = PublicText(f"{name}'s agent")
        agent: str = self.submit(id, RegisterAgent(id, text)).need().events[0].agent
        self.submit(id, GrantMandate(agent, SecretLimits(limits))).need()
        if money is not None and money.units:
            self.submit(OPERATOR, ReportDeposit(id, money)).need()
        return agent
