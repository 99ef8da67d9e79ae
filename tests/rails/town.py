"""A market on disk, a bank beside it, and the outbox between them, as the tests want them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from souq.core.debt import CLAIMS
from souq.core.funds import ReportDeposit
from souq.core.ledger import ACCOUNTS
from souq.core.money import Money
from souq.core.party import RegisterPrincipal
from souq.core.payout import PAYOUTS, RequestPayout
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import OperatorText, PublicText
from souq.engine import Answer, Engine
from souq.journal.sqlite import SqliteStore
from souq.rails import Rail
from souq.rails.outbox import Outbox, market_id
from souq.rails.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PATIENCE_S = 0.4  # less than a slow bank takes
ANSWER_S = 30.0
SETTLED_S = 60.0
RULES = Rules(rails=("credits", "manual", "sandbox"))


def usd(units: int) -> Money:
    return Money(units, "USD")


class BankProcess:
    """The bank, running or killed, always on the same port and file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.port = 0
        self.start()

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.rails.bank", str(self.file), str(self.port)]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def revive(self) -> None:
        """Start it again where it has died."""
        if self.process.poll() is not None:
            self.stop()
            self.start()

    def tell(self, what: str, asked: Any) -> dict[str, Any]:
        """Put the bank up to something."""
        transport = httpx2.HTTPTransport(retries=5)  # it may be about to listen
        with httpx2.Client(transport=transport, trust_env=False) as client:
            answer = client.post(f"{self.url}/control/{what}", json=asked, timeout=ANSWER_S)
            found: dict[str, Any] = answer.json()
            return found

    @property
    def state(self) -> dict[str, Any]:
        return self.tell("faults", [])


@contextmanager
def bank_at(folder: Path) -> Iterator[BankProcess]:
    bank = BankProcess(folder / "bank.json")
    try:
        yield bank
    finally:
        bank.stop()


def open_market(folder: Path) -> Engine:
    """Open the market in a folder; at first with bea and sol, each with 1,000 by the bank."""
    engine = Engine(SqliteStore(folder / "market"))
    if engine.head[0] == 0:
        engine.submit(OPERATOR, "open", OpenMarket(RULES)).need()
        for name in ("bea", "sol"):
            engine.submit(OPERATOR, name, RegisterPrincipal(PublicText(name))).need()
        for n in (1, 2):
            deposit = ReportDeposit(f"P{n}", usd(1_000), "sandbox", f"first-{n}")
            engine.submit(OPERATOR, f"d{n}", deposit).need()
    return engine


def ask(engine: Engine, units: int, rail: str = "sandbox", who: str = "P1") -> str:
    """Ask for a payout and give its id."""
    asked = RequestPayout(usd(units), rail, OperatorText("DE02 1203"))
    events = engine.submit(who, f"ask-{engine.head[0]}", asked).need().events
    return str(events[0].payout)


def submitter(engine: Engine) -> Callable[[str, str, Any], Awaitable[Answer]]:
    async def submit(actor: str, id: str, command: Any) -> Answer:
        return engine.submit(actor, id, command)

    return submit


def outbox_of(engine: Engine, rails: dict[str, Rail], **more: Any) -> Outbox:
    """Give an outbox without patience, so that tests are quick."""
    quick = {"poll_s": 0.0, "wait_min_s": 0.01, "wait_max_s": 0.05, **more}
    submit = quick.pop("submit", submitter(engine))
    shelf = quick.pop("shelf", engine.store)
    market = market_id(engine.store)
    return Outbox(submit, lambda: engine.state, rails, shelf, market=market, **quick)


def to_bank(bank: BankProcess, patience_s: float = PATIENCE_S) -> dict[str, Rail]:
    return {"sandbox": Sandbox(bank.url, timeout_s=patience_s)}


async def settle(outbox: Outbox, engine: Engine, *, each: Callable[[], None] | None = None) -> None:
    """Step until no payout is open and nothing is left to hear."""
    until = time.monotonic() + SETTLED_S
    while time.monotonic() < until:
        if each is not None:
            each()
        before = engine.head
        await outbox.step()
        # A bank that did not answer in time may have more to tell.
        is_heard = not any(outbox._failures[name] for name in outbox._rails)
        if is_heard and engine.head == before and not engine.state.rows(PAYOUTS):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"still open: {engine.state.rows(PAYOUTS)}")


def check_reconciled(engine: Engine, bank: BankProcess) -> None:
    """The bank's balance is what its account of the world owes, less what it claims."""
    outside = engine.state.get(ACCOUNTS, "world:sandbox/USD")
    assert outside is not None
    claims = engine.state.get(CLAIMS, "world:sandbox/USD") or 0
    assert bank.state["balance"]["USD"] == -outside.posted - claims
    assert outside.incoming == 0
    assert sum(one.posted for one in engine.state.rows(ACCOUNTS).values()) == 0
