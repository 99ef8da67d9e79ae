"""The market that everybody meets in: open, on simulated time, its lots drawn from a seed."""

import hashlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from souq.core.annotation import Annotate
from souq.core.bond import PostBond
from souq.core.epoch import CommitEpoch, RevealEpoch, of_secret
from souq.core.funds import ReportDeposit
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import USD, Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import MINUTE_US, OPERATOR, OpenMarket, Rules
from souq.core.seal import SALT_BYTES, OperatorText, PublicText
from souq.engine import Answer
from souq.journal.store import Store
from souq.lab.population import generator
from souq.lab.simulation import Clock
from souq.venue import Venue

STEP_US = MINUTE_US  # passes before anything is done, so that the log reads like a day


class House:
    """An open market, a clock that only we move, and the operator's chores."""

    def __init__(self, store: Store, seed: int, rules: Rules) -> None:
        rng = generator(seed, "salts")
        salts: Callable[[], bytes] = lambda: rng.randbytes(SALT_BYTES)  # noqa: E731
        self.clock = Clock()
        self.venue = Venue(store, clock=self.clock, salts=salts)
        self._seed = seed
        self._commands = 0
        self._epochs = 0
        self.submit(OPERATOR, OpenMarket(rules))

    def submit(self, actor: str, command: Any) -> Answer:
        """Submit under the next id. Raises Refused."""
        self._commands += 1
        self.advance(STEP_US)
        return self.venue.submit(actor, f"c{self._commands}", command).need()

    def advance(self, us: int) -> None:
        """Let simulated time pass, and handle what falls due."""
        self.clock.at += us
        self.venue.engine.tick()

    def join(self, name: str, *agents: str, money_units: int, bond_units: int = 0) -> "Party":
        """Register a principal and its agents, give it money, and have it lock a part as a bond."""
        said = self.submit(OPERATOR, RegisterPrincipal(PublicText(name)))
        principal: str = said.events[0].principal
        ids = tuple(self._agent(principal, one) for one in agents or (f"{name}'s agent",))
        if money_units:
            self.submit(OPERATOR, ReportDeposit(principal, Money(money_units, USD.code)))
        if bond_units:
            self.submit(principal, PostBond(Money(bond_units, USD.code)))
        return Party(principal, ids)

    def lend(self, party: "Party", limits: Limits) -> None:
        """Have a principal lend its first agent authority."""
        self.submit(party.principal, GrantMandate(party.agents[0], SecretLimits(limits)))

    def turn_epoch(self) -> None:
        """Commit to the next epoch's secret and show the last one's; what waits in it is drawn."""
        self._epochs += 1
        commitment = of_secret(self._secret(self._epochs))
        self.submit(OPERATOR, CommitEpoch(commitment))
        if self._epochs > 1:
            last = self._epochs - 1
            self.submit(OPERATOR, RevealEpoch(f"E{last}", self._secret(last)))
            self.advance(STEP_US)

    def note(self, topic: str, words: bytes) -> None:
        """Write into the record what the story is read with."""
        self.submit(OPERATOR, Annotate(topic, OperatorText(words.decode())))

    def _agent(self, principal: str, name: str) -> str:
        said = self.submit(principal, RegisterAgent(principal, PublicText(name)))
        agent: str = said.events[0].agent
        return agent

    def _secret(self, number: int) -> str:
        return hashlib.sha256(f"souq/{self._seed}/epoch {number}".encode()).hexdigest()


class Party(Struct, frozen=True):
    """A principal and its agents."""

    principal: str
    agents: tuple[str, ...]


class Seat:
    """What one agent, or one principal, can ask and do; a `Watcher` takes one as its client."""

    def __init__(self, house: House, actor: str) -> None:
        self.actor = actor
        self.house = house

    def ask(self, query: Any) -> Any:
        """Ask the market. Raises Refused."""
        return self.house.venue.ask(self.actor, query)

    def submit(self, command: Any) -> Answer:
        """Have a command judged. Raises Refused."""
        return self.house.submit(self.actor, command)
