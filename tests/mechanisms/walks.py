"""Plays amid a market that does everything else: noise between the moves, and spoilt ones.

The players' moves go the whole way; between them strangers bargain, mandates are taken away, time
passes or the market is halted, and moves seen before come again with something wrong in them. An
auditor reads every record.
"""

from contextlib import suppress
from random import Random
from typing import Any

from souq.core.funds import ReportDeposit
from souq.core.halt import HALTS, SetHalt
from souq.core.ledger import HOLDS
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, OPERATOR
from souq.core.seal import PublicText
from souq.lab.kernel import Trade
from tests.laws.spoil import spoiled
from tests.laws.walk import Walk
from tests.mechanisms.plays import PLAYS

PURSE = 10**12
NOISE_IN = 3  # one in so many moves is followed by something else
SPOILT_IN = 4


class NoisyPath:
    """A path through a market in which others live; what is refused is passed over."""

    def __init__(self, walk: Walk, mechanism: str) -> None:
        self._walk = walk
        self._mechanism = mechanism
        self._began = walk.now
        self.sent: list[tuple[str, Any]] = []
        self.trades: list[Trade] = []

    def join(self, count: int) -> list[str]:
        return [self._join() for _ in range(count)]

    def _join(self) -> str:
        walk, chance = self._walk, self._walk.chance
        principal = walk.do(OPERATOR, RegisterPrincipal(PublicText("a player"))).need()
        id = principal.events[0].principal
        purse = chance.choice((PURSE, PURSE, 1_000, 60))
        walk.do(OPERATOR, ReportDeposit(id, Money(purse, "USD"))).need()
        agent = walk.do(id, RegisterAgent(id, PublicText("a player"))).need().events[0].agent
        limits = chance.choice(
            (
                *(Limits(),) * 4,
                Limits(lifetime_units=chance.choice((60, 1_000))),
                Limits(window_units=chance.choice((100, 1_000))),
                Limits(approval_always=True),
                Limits(per_deal_units=100),
            )
        )
        walk.do(id, GrantMandate(agent, SecretLimits(limits))).need()
        return str(agent)

    def post(self, agent: str, **fields: Any) -> str:
        named: dict[str, Any] = {"category": "units", **fields}
        named["quantity"] = named.pop("available", 1)
        named.setdefault("mechanisms", (self._mechanism,))
        posted = self._walk.do(agent, PostListing(PublicText("a thing"), **named)).need()
        return str(posted.events[0].listing.id)

    def open(self, agent: str, command: Any) -> str:
        self._noise()
        self.sent.append((agent, command))
        return str(self._walk.do(agent, command).need().events[0].negotiation)

    def move(self, agent: str, command: Any) -> None:
        self._noise()
        self.sent.append((agent, command))
        self._walk.do(agent, command)

    def pass_time(self, until: int) -> None:
        self._noise()
        self._walk.now = max(self._walk.now, self._began + until)
        self._walk.engine.tick()
        self._walk.audit()

    def _noise(self) -> None:
        walk, chance = self._walk, self._walk.chance
        if chance.randint(1, NOISE_IN) == 1:
            walk.step()
        if self.sent and chance.randint(1, SPOILT_IN) == 1:
            actor, command = chance.choice(self.sent)
            walk.do(*spoiled(walk, actor, command))


def walk_through(seed: int, plays: int, names: tuple[str, ...] = ()) -> Walk:
    """Play so many runs, one after another, in one market; then let everything come to its end."""
    chance = Random(seed)
    walk = Walk(chance)
    every = [
        (name, play) for name, them in PLAYS.items() if not names or name in names for play in them
    ]
    for _ in range(plays):
        name, play = chance.choice(every)
        # The noise gets in its way; that it comes to what it expects, others see to.
        with suppress(Refused, AssertionError, LookupError):
            play(NoisyPath(walk, name))
        if walk.state.rows(HALTS):
            walk.do(OPERATOR, SetHalt("open"))
    return walk


def let_end(walk: Walk) -> None:
    """Let time pass until no deadline is left."""
    if walk.state.rows(HALTS):
        walk.do(OPERATOR, SetHalt("open"))
    for _ in range(100):
        if walk.state.next_due() is None:
            break
        walk.now = max(walk.now, walk.state.next_due()[0]) + DAY_US
        walk.engine.tick()
        walk.audit()
    kept = [id for id in walk.state.rows(HOLDS) if id.startswith(("#N", "#C"))]
    assert not kept, f"held when all is over: {kept}"
