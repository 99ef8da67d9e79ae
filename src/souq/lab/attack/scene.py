"""The market that is attacked: a victim with a mandate, accomplices, and honest people beside them.

The attacker holds the keys of two of the victim's agents: one with the mandate, and a helper with
none, which can only be lent a part of it. It is all that the accomplices are, their principal
included. It knows the code, its mandate and everything public, and no other key.
"""

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

from souq.core import market
from souq.core.channel import OpenChannel
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GoodsLimit, GrantMandate, Limits, SecretLimits
from souq.core.mechanisms import MECHANISMS
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.money import Asset, Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, OpenMarket, Rules
from souq.core.seal import SALT_BYTES, PublicText
from souq.core.state import State
from souq.core.voucher import HashChain, Payword, hashed
from souq.engine import Answer, Engine
from souq.journal.record import Record
from souq.journal.sealing import seal
from souq.journal.store import Store
from souq.lab.attack.books import Books

OPENING_US = 1_764_579_600 * 1_000_000
ALL = tuple(one.NAME for one in MECHANISMS)
CATEGORIES = ("home", "home/lamps", "gpu")
CHAIN_LENGTH = 64
HONEST = 6
VICTIM, ACCOMPLICE = "P1", "P2"
AGENT, HELPER = "A1", "A2"
GANG = ("A3", "A4")
CONTROLLED = (AGENT, HELPER, *GANG, ACCOMPLICE)
HONEST_AGENTS = tuple(f"A{n}" for n in range(5, 5 + HONEST))
HONEST_UNITS = 10**9


def usd(units: int) -> Money:
    """Give so many of the smallest units."""
    return Money(units, "USD")


class Scene:
    """One market, played by a seed; its clock only we move."""

    def __init__(self, seed: int, store: Store) -> None:
        chance = Random(f"scene {seed}")
        salts = Random(f"salts {seed}")
        self.now = OPENING_US
        self.books = Books(VICTIM, (AGENT, HELPER), frozenset({ACCOMPLICE}))
        self.listeners: list[Callable[[Record], None]] = []
        self._number = 0
        self.engine = Engine(
            store,
            clock=lambda: self.now,
            salts=lambda: salts.randbytes(SALT_BYTES),
            on_record=self._hear,
        )
        self.money = 10 ** chance.randint(3, 6)
        self._open(chance)
        self.limits = self._limits(chance)
        self._before(chance)
        self.must(VICTIM, GrantMandate(AGENT, SecretLimits(self.limits)))
        self.books.begin()

    @property
    def state(self) -> State:
        return self.engine.live[0]

    def submit(self, actor: str, command: Any, wait_us: int = 1_000_000) -> Answer:
        """Submit a command after a while."""
        self.now += wait_us
        self._number += 1
        return self.engine.submit_soon(actor, f"a{self._number}", command).judged

    def must(self, actor: str, command: Any) -> Answer:
        """Submit what is accepted."""
        return self.submit(actor, command).need()

    def would(self, actor: str, command: Any) -> bool:
        """Ask the market, which judges without changing anything."""
        at = max(self.now, self.state.at + 1)
        try:
            sealed, _ = seal(command, lambda: bytes(SALT_BYTES))
            market.decide(self.state, at=at, actor=actor, command=sealed)
        except (Refused, AttributeError, TypeError):
            return False
        return True

    def pass_time(self, us: int) -> None:
        """Let deadlines come."""
        self.now += us
        self.engine.tick_soon()

    def _hear(self, record: Record) -> None:
        if record.events:
            self.books.read(record.seq, record.at, record.events)
        for listener in self.listeners:
            listener(record)

    def _open(self, chance: Random) -> None:
        rules = Rules(
            name="attacked",
            assets=(Asset("USD", 6), Asset("EUR", 2)),
            fee_bps=chance.choice((0, 100, 333)),
        )
        self.must(OPERATOR, OpenMarket(rules))
        owners = (VICTIM, VICTIM, ACCOMPLICE, ACCOMPLICE, *(f"P{n}" for n in range(3, 3 + HONEST)))
        for n in range(2 + HONEST):
            self.must(OPERATOR, RegisterPrincipal(PublicText(f"principal {n + 1}")))
        for owner in owners:
            self.must(owner, RegisterAgent(owner, PublicText("an agent")))
        for asset in ("USD", "EUR"):
            self.must(OPERATOR, ReportDeposit(VICTIM, Money(self.money, asset)))
            self.must(OPERATOR, ReportDeposit(ACCOMPLICE, Money(self.money, asset)))
        for n in range(HONEST):
            self.must(OPERATOR, ReportDeposit(f"P{3 + n}", usd(HONEST_UNITS)))
        for agent, owner in zip((*GANG, *HONEST_AGENTS), owners[2:], strict=True):
            # One of the gang asks its own principal, so that approvals are attacked as well.
            asks = Limits(approval_above_units=self.money // 50 if agent == GANG[1] else None)
            self.must(owner, GrantMandate(agent, SecretLimits(asks)))
        self.must(VICTIM, GrantMandate(AGENT, SecretLimits(Limits())))

    def _limits(self, chance: Random) -> Limits:
        """Draw what a principal may well have written."""

        def odds(share: float) -> bool:
            return chance.random() < share

        def some() -> int:
            return max(1, self.money * chance.randint(2, 90) // 100)

        bounded = chance.choice(("window", "lifetime", "both", "both", "neither"))
        friends = tuple(f"P{n}" for n in range(2, 3 + HONEST) if odds(0.7)) or ("P3",)
        floor = max(1, self.money // 100)
        return Limits(
            per_deal_units=some() if odds(0.4) else None,
            window_units=some() if bounded in ("window", "both") else None,
            window_us=chance.choice((HOUR_US, 6 * HOUR_US, DAY_US)),
            lifetime_units=some() if bounded in ("lifetime", "both") else None,
            quantity_max=5 if odds(0.2) else None,
            categories=("home",) if odds(0.3) else None,
            counterparties=friends if odds(0.25) else None,
            counterparties_denied=(chance.choice(("P2", "P4")),) if odds(0.2) else (),
            goods={"lamp": GoodsLimit(floor, may_barter=odds(0.3))} if odds(0.6) else None,
            ceilings={"home": some(), "gpu": some()} if odds(0.3) else None,
            approval_above_units=some() if odds(0.25) else None,
            expires_at=self.now + 5 * DAY_US if odds(0.1) else None,
        )

    def _before(self, chance: Random) -> None:
        """Let the victim trade as it likes before its key is lost."""
        floor = max(1, self.money // 100)
        for category in CATEGORIES[:2]:
            self.list(AGENT, category, usd(floor * 2), quantity=20, ref="lamp")
        things = [self.list(agent, "home", usd(floor), quantity=99) for agent in GANG]
        for agent in HONEST_AGENTS[:3]:
            self.list(agent, chance.choice(CATEGORIES), usd(floor), quantity=50)
        if chance.random() < 0.5:
            unit = max(1, self.money // 10 // CHAIN_LENGTH)
            deposit = usd(unit * CHAIN_LENGTH)
            self.must(AGENT, OpenChannel(GANG[0], deposit, chain("before", unit)))
            self.must(AGENT, TakePrice(things[0], usd(floor), 2))

    def list(self, agent: str, category: str, price: Money, **more: Any) -> str:
        """List a thing that every mechanism may trade."""
        command = PostListing(PublicText("a thing"), category, price, mechanisms=ALL, **more)
        return str(self.must(agent, command).events[0].listing.id)


def word(name: str, times: int = 0) -> bytes:
    """Give a word of a chain that the attacker knows the beginning of."""
    return hashed(hashlib.sha256(name.encode()).digest(), times)


def chain(name: str, unit: int) -> HashChain:
    """Give a chain whose words the attacker can tell."""
    return HashChain(word(name, CHAIN_LENGTH).hex(), unit, CHAIN_LENGTH)


def payword(name: str, index: int) -> Payword:
    """Give a payment by such a chain."""
    return Payword(index, word(name, CHAIN_LENGTH - index).hex())
