"""The servers that are measured, in processes of their own, and what the kernel says of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.http.load import Actor
from bench.search import goods
from souq.core.credential import AddKey
from souq.core.funds import ReportDeposit
from souq.core.listing import PostListing
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Item
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.signature import thumbprint
from souq.engine import Engine
from souq.journal.sqlite import SqliteStore
from souq.sdk.signing import new_key

AGENTS = 128
DOLLAR = 1_000_000
START_S = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Folder:
    """A market with agents, keys, money and goods; made in this process, then served."""

    def __init__(self, path: Path, *, listings: int = 0, negotiations: int = 0) -> None:
        self.path = path
        self.bearers: list[Actor] = []
        self.signers: list[Actor] = []
        with Engine(SqliteStore(path)) as engine:
            self._sent = 0
            self._submit(engine, list(self._people()))
            self._submit(engine, list(_goods(listings)))
            self._submit(engine, list(_offers(listings, negotiations)))
            self.rows = sum(len(rows) for rows in engine.state.tables.values())

    def pairs(self, count: int, *, signed: bool = False) -> list[tuple[Actor, Actor]]:
        """Give pairs of agents, each in one pair only."""
        actors = self.signers if signed else self.bearers
        return [(actors[2 * n], actors[2 * n + 1]) for n in range(count)]

    def _people(self) -> Iterator[tuple[str, Any]]:
        yield OPERATOR, OpenMarket(Rules(fee_bps=100))
        limits = Limits(per_deal_units=10**12, window_units=10**15, lifetime_units=10**15)
        for n in range(1, AGENTS + 1):
            bearer, signing = new_key("bearer"), new_key("ed25519")
            self.bearers.append(Actor(bearer.secret))
            fingerprint = thumbprint("ed25519", signing.material)
            self.signers.append(Actor(signing.secret, fingerprint))
            yield OPERATOR, RegisterPrincipal(PublicText(f"person {n}"))
            yield f"P{n}", RegisterAgent(f"P{n}", PublicText(f"agent {n}"))
            yield f"P{n}", GrantMandate(f"A{n}", SecretLimits(limits))
            yield OPERATOR, ReportDeposit(f"P{n}", Money(10**13, "USD"))
            yield f"P{n}", AddKey(f"A{n}", "bearer", bearer.material)
            yield f"P{n}", AddKey(f"A{n}", "ed25519", signing.material)

    def _submit(self, engine: Engine, commands: list[tuple[str, Any]]) -> None:
        pending = []
        for actor, command in commands:
            self._sent += 1
            pending.append(engine.submit_soon(actor, f"made-{self._sent}", command))
            if len(pending) == 4_096:
                for one in pending:
                    one.result().need()
                pending.clear()
        for one in pending:
            one.result().need()


def _goods(count: int) -> Iterator[tuple[str, PostListing]]:
    real = goods()
    for n in range(count):
        good = real[n % len(real)]
        price = Money(max(1, int(good.asking_price_usd)) * DOLLAR, "USD")
        title, words = PublicText(f"{good.title} {n}"[:200]), PublicText(good.description[:600])
        posted = PostListing(title, good.category, price, description=words, quantity=10**6)
        yield f"A{n % AGENTS + 1}", posted


def _offers(listings: int, count: int) -> Iterator[tuple[str, MakeOffer]]:
    for n in range(count):
        listing = n % listings
        buyer = (listing + 1 + n // listings) % AGENTS + 1
        yield f"A{buyer}", MakeOffer((Item(f"L{listing + 1}"),), Money(DOLLAR, "USD"))


class Process:
    """A server's process: its port, the CPU time it took and the memory it holds."""

    def __init__(
        self,
        words: list[str],
        port: int,
        path: str,
        environment: dict[str, str],
        patience_s: float = START_S,
    ) -> None:
        self._patience_s = patience_s
        began = time.perf_counter()
        self.port = port
        self._process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, env=os.environ | environment
        )
        while not _answers(f"http://127.0.0.1:{port}{path}"):
            if self._process.poll() is not None or time.perf_counter() - began > patience_s:
                self._process.kill()
                raise RuntimeError("the server does not start")
            time.sleep(0.005)
        self.start_s = time.perf_counter() - began

    def cpu_s(self) -> float:
        """Give the seconds of CPU time spent so far, in all its threads."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_bytes(self) -> int:
        """Give the memory it holds."""
        return int(self._proc("statm").split()[1]) * _PAGE

    def stop(self) -> int:
        """Stop it as an operator does, and give its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(self._patience_s)

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self._process.pid}/{name}").read_text("ascii")


@contextmanager
def served(folder: Path, *more: str, patience_s: float = START_S) -> Iterator[Process]:
    """Serve a folder as `souq serve` does, without limits on rates, and stop it."""
    port = free_port()
    words = [sys.executable, "-m", "souq.cli", "serve", "--store", str(folder)]
    unlimited = {f"SOUQ_LIMITS__{name}_PER_S": "0" for name in ("COMMANDS", "QUERIES", "ANONYMOUS")}
    process = Process([*words, "--port", str(port), *more], port, "/readyz", unlimited, patience_s)
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def echoing() -> Iterator[Process]:
    """Run the bare echo, and stop it."""
    port = free_port()
    process = Process([sys.executable, "-m", "bench.http.echo", str(port)], port, "/", {})
    try:
        yield process
    finally:
        process.stop()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError as error:
        return getattr(error, "code", 0) == 405  # the echo takes only POST
    except OSError:
        return False
