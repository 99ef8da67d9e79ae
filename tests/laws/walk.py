"""A walk through the whole market, steered by what is true in it, audited after every step.

The walker looks at the live state to find moves that are legal now; sometimes it spoils them. All
chance comes from the `Random` it is given, so Hypothesis can drive and shrink it, and a seed
repeats it.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from souq.core import market
from souq.core.bond import PostBond
from souq.core.exposure import EXPOSURES
from souq.core.funds import ReportDeposit
from souq.core.jury import JoinJury
from souq.core.ledger import ACCOUNTS
from souq.core.money import BPS, Asset, Money
from souq.core.officer import RegisterOfficer
from souq.core.party import AGENTS as PARTIES
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Reason, Refused
from souq.core.reputation import RECORDS
from souq.core.rules import (
    DAY_US,
    HOUR_US,
    OPERATOR,
    SECOND_US,
    SYSTEM,
    AmendRules,
    LevelBounds,
    OpenMarket,
    Rules,
)
from souq.core.rules import rules as house_rules
from souq.core.seal import PublicText
from souq.engine import Answer, Engine
from souq.journal.memory import MemoryStore
from souq.journal.replay import replay
from tests.laws import court_moves
from tests.laws.auditor import Auditor
from tests.laws.moves import MOVES, grant
from tests.laws.spoil import spoiled

START = 1_700_000_000_000_000
# What no command in memory can bring about, each with its reason.
ENGINE_ONLY = {
    Reason.OVERLOADED: "needs a flush that lags; a store in memory never does",
    Reason.STOPPED: "needs a broken invariant or a failed flush",
    Reason.DENY_LIST_MISSING: "needs a house that fails closed; scenarios tell of one",
    Reason.QUARANTINED: "needs a command that stopped an earlier process",
    Reason.SIGNATURE_REQUIRED: "needs a house that asks for signatures: tests/evidence/test_acts",
}
RULES = Rules(
    assets=(Asset("USD", 6), Asset("EUR", 2)),
    fee_bps=333,
    arbiter="P4",
    offer_us=6 * HOUR_US,
    rounds_max=3,
    approval_us=8 * HOUR_US,
    delivery_us=20 * HOUR_US,
    inspection_us=10 * HOUR_US,
    ruling_us=12 * HOUR_US,
    silent_ruling_bps=3_333,
    rails=("credits", "bank", "manual"),
    four_eyes_units=100,
    price_update_bps=5_000,
    price_hour_bps=7_000,
    price_day_times=3,
    reputation_one_units=10,
    deny_list="open",
    levels=(LevelBounds(per_deal_units=185),),
)
COURT_RULES = msgspec.structs.replace(
    RULES, procedure=court_moves.PROCEDURE, auditor="O1", audit_us=DAY_US
)
PRINCIPALS, AGENTS = 5, ("P1", "P1", "P2", "P3", "P4", "P5", "P2")


class Walk:
    """One market, its walker, and its auditor."""

    def __init__(
        self, chance: Random, *, fee_bps: int = RULES.fee_bps, has_court: bool = False
    ) -> None:
        self.chance = chance
        self.moves = court_moves.MOVES if has_court else MOVES
        self.jurors = court_moves.JURORS if has_court else ()
        self.now = START
        self.number = 0
        self.sent: list[tuple[str, str, Any]] = []
        self.reasons: Counter[str] = Counter()
        self.store = MemoryStore()
        self.engine = Engine(self.store, clock=lambda: self.now, salts=self._salt)
        self.auditor = Auditor(self._payload)
        self._salts = Random(chance.randint(0, 2**16))
        rules = COURT_RULES if has_court else RULES
        self.do(OPERATOR, OpenMarket(Rules(**{**_fields(rules), "fee_bps": fee_bps})))
        for n in range(PRINCIPALS):
            self.do(OPERATOR, RegisterPrincipal(PublicText(f"principal {n}")))
            for asset in ("USD", "EUR"):
                self.do(OPERATOR, ReportDeposit(f"P{n + 1}", Money(500, asset)))
        for _ in range(2):
            self.do(OPERATOR, RegisterOfficer(PublicText("an officer")))
        for principal in AGENTS:
            self.do(principal, RegisterAgent(principal, PublicText("an agent")))
        for n, principal in enumerate(AGENTS):
            self.do(principal, grant(self, f"A{n + 1}"))
        for juror in self.jurors:
            self._seat(juror)

    def _seat(self, juror: str) -> None:
        """Let one more in, who judges and does not trade."""
        self.do(OPERATOR, RegisterPrincipal(PublicText("a juror")))
        self.do(OPERATOR, ReportDeposit(juror, Money(5_000, "USD")))
        agent = f"A{len(self.rows(PARTIES)) + 1}"
        self.do(juror, RegisterAgent(juror, PublicText("an agent that votes")))
        self.do(juror, PostBond(Money(100, "USD")))
        self.do(juror, JoinJury(agent))

    @property
    def state(self) -> Any:
        return self.engine.state

    def rows(self, table: Any) -> list[Any]:
        """Give a live table's rows, in the order they came."""
        return list(self.state.rows(table).values())

    def _salt(self) -> bytes:
        return self._salts.randbytes(16)

    def _payload(self, digest: str) -> bytes:
        payload = self.store.payload(digest)
        assert payload is not None, f"no content for {digest}"
        return payload.content

    def do(self, actor: str, command: Any, id: str = "") -> Answer:
        """Submit a command, audit what was recorded, and compare every account."""
        self.number += 1
        id = id or f"c{self.number}"
        answer = self.engine.submit(actor, id, command)
        if answer.seq and not answer.is_replay and actor != SYSTEM:
            self.sent.append((actor, id, command))
        if answer.refusal is not None:
            self.reasons[answer.refusal.reason] += 1
        self.audit()
        return answer

    def audit(self) -> None:
        """Show the auditor what is new; then the wallets must be the auditor's."""
        for entry in self.store.read(self.auditor.seq + 1):
            self.auditor.see(entry.body, entry.hash)
        books = self.auditor.books
        for account in books.accounts:
            found = self.state.get(ACCOUNTS, account)
            ours = (books.posted[account], books.held[account], books.incoming[account])
            assert (found.posted, found.held, found.incoming) == ours, f"{account} differs"
        if self.number % 7 == 0:
            rows = self.state.rows
            self.auditor.reputation.check(rows(RECORDS), rows(EXPOSURES), self.state.at)

    def step(self) -> None:
        """Make one move: mostly legal, sometimes spoiled, stale or repeated; let time pass."""
        chance = self.chance
        luck = chance.randint(0, 99)
        if luck < 22:
            self.pass_time()
        if luck < 5 and self.sent:
            self.repeat()
            return
        found = None
        for _ in range(8):
            found = chance.choice(self.moves)(self) or found
            if found is not None and (luck >= 70 or self.would_pass(*found)):
                break
        if found is not None:
            actor, command = spoiled(self, *found) if luck >= 88 else found
            self.do(actor, command)

    def would_pass(self, actor: str, command: Any) -> bool:
        """Ask the market, which judges without changing anything."""
        at = max(self.now, self.state.at + 1)
        try:
            market.decide(self.state, at=at, actor=actor, command=command)
        except Refused:
            return False
        except Exception:
            return True  # a fault is worth walking into
        return True

    def pass_time(self) -> None:
        """Let time pass, a little or a lot; or let the clock jump back, which must be borne."""
        jump = self.chance.choice(
            (1, SECOND_US, SECOND_US, HOUR_US, HOUR_US, 5 * HOUR_US, 11 * HOUR_US, DAY_US)
        )
        self.now += -HOUR_US if self.chance.randint(0, 19) == 0 else jump
        if self.chance.randint(0, 3) == 0:
            self.engine.tick()
            self.audit()

    def repeat(self) -> None:
        """Send an old command id again: same body, same answer; another body, a refusal."""
        actor, id, command = self.chance.choice(self.sent)
        first, head = self.store.find(actor, id), self.engine.head
        assert first is not None
        if self.chance.randint(0, 2) == 0:
            other = ReportDeposit("P1", Money(self.number + 2**30, "USD"))
            refusal = self.do(actor, other, id).refusal
            assert refusal is not None
            assert refusal.reason == Reason.ID_REUSED
        else:
            answer = self.do(actor, command, id)
            assert answer.seq == first
            assert answer.is_replay
        assert self.engine.head == head

    def check_replay(self) -> None:
        """Folding the journal must give this very state."""
        again = replay(self.store)
        assert (again.seq, again.hash) == self.engine.head
        assert market.state_hash(again.state) == market.state_hash(self.state)

    def run(self, steps: int, *, replay_every: int = 0) -> "Walk":
        """Walk so many steps, replaying now and then and at the end."""
        for n in range(1, steps + 1):
            self.step()
            if n == steps // 2:
                self._amend()
            if replay_every and n % replay_every == 0:
                self.check_replay()
        self.check_replay()
        return self

    def _amend(self) -> None:
        """Let the house change its mind: what is agreed from now on pays another fee."""
        now = house_rules(self.state)
        fee_bps = now.fee_bps + 1 if now.fee_bps < BPS else now.fee_bps - 1
        self.do(OPERATOR, AmendRules(Rules(**{**_fields(now), "fee_bps": fee_bps})))


def walk(
    seed: int,
    steps: int,
    *,
    fee_bps: int = RULES.fee_bps,
    replay_every: int = 0,
    has_court: bool = False,
) -> Walk:
    """Walk from a seed."""
    made = Walk(Random(seed), fee_bps=fee_bps, has_court=has_court)
    return made.run(steps, replay_every=replay_every)


def _fields(rules: Rules) -> dict[str, Any]:
    return {name: getattr(rules, name) for name in rules.__struct_fields__}


Move = Callable[[Walk], tuple[str, Any] | None]
