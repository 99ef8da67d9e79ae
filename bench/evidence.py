"""Evidence in a journal of 100,000 records: the tree, its proofs, a receipt, beside bare hashing.

python -m bench.evidence [RECORDS]
"""

import hashlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.message import PostMessage
from souq.core.seal import PublicText
from souq.operations.evidence_queries import GetConsistency, GetReceipt
from souq.sdk.client import Client
from souq.venue.onlooker import Onlooker
from souq.views.evidence import Evidence
from souq.views.evidence_key import EvidenceKey
from souq.views.receipt_check import check

ROUNDS = 3
PROOFS = 2_000


def main(size: int = 100_000) -> None:
    """Measure, and print each figure beside its yardstick."""
    with tempfile.TemporaryDirectory() as folder, Client.local(Path(folder) / "m") as market:
        contract = _deal(market)
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        fill = _seconds(lambda: _fill(market, size))
        venue = market.venue
        drain = _seconds(venue.drain)
        print(f"{venue.engine.head[0]:,} records made in {fill:.1f} s")
        print(f"read by all views in {drain:.1f} s")
        _hashing(venue.engine.store, size)
        _proofs(venue.evidence, size)
        _receipts(market, contract)
        print(f"the tree on disk: {_bytes(Path(folder) / 'm') / size:.0f} bytes a record")
    _start(size)


def _deal(market: Client) -> str:
    bea, sol = market.join("bea", deposit="1000"), market.join("sol")
    talk = bea.offer(sol.list("Brass lamp", category="home", price="900"), "600")
    sol.counter(talk, "800")
    contract = bea.accept(talk)
    sol.deliver(contract)
    bea.confirm(contract)
    return contract


def _fill(market: Client, size: int) -> None:
    agent = market.speaking_as("A1")
    for start in range(0, size, 1_000):
        count = min(1_000, size - start)
        market.venue.engine.submit_many(
            ("A1", f"{start + n}", PostMessage(PublicText("hello"))) for n in range(count)
        )
    assert agent.is_local


def _hashing(store: object, size: int) -> None:
    key = EvidenceKey.new()

    def build() -> None:
        Evidence(None, key).catch_up(store)  # type: ignore[arg-type]

    bodies = [entry.body for entry in store.read()]  # type: ignore[attr-defined]

    def bare() -> None:
        previous = bytes(32)
        for body in bodies:
            previous = hashlib.sha256(previous + body).digest()

    _print("records put into the tree", size, build)
    _print("   the same records chained by SHA-256", size, bare)


def _proofs(evidence: Evidence, size: int) -> None:
    chance = Random(1)
    seqs = [chance.randint(1, size) for _ in range(PROOFS)]
    key = Ed25519PrivateKey.generate()
    _print("inclusion proofs", PROOFS, lambda: [evidence.inclusion(seq) for seq in seqs])
    _print("consistency proofs", PROOFS, lambda: [evidence.consistency(seq) for seq in seqs])
    _print("signed heads, the latest", PROOFS, lambda: [evidence.head("souq") for _ in seqs])
    _print("   cryptography, Ed25519 sign", PROOFS, lambda: [key.sign(b"x" * 300) for _ in seqs])
    path = evidence.inclusion(seqs[0])
    print(f"{'hashes in a proof':<44} {len(path):>12}")


def _receipts(market: Client, contract: str) -> None:
    times = 50
    bea = market.speaking_as("A1")
    text = bea.ask(GetReceipt(contract)).file.encode()
    key = Ed25519PrivateKey.generate()
    signature = key.sign(text)
    public = key.public_key()
    _print("receipts written", times, lambda: [bea.ask(GetReceipt(contract)) for _ in range(times)])
    _print("receipts verified by souq", times, lambda: [check(text) for _ in range(times)])
    _print(
        "   cryptography, Ed25519 verify of the file",
        times,
        lambda: [public.verify(signature, text) for _ in range(times)],
    )
    print(f"{'bytes of a receipt':<44} {len(text):>12,}")
    print(f"{'records in it':<44} {check(text).records:>12}")
    market.ask(GetConsistency(1))


def _start(size: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "m"
        with Client.local(folder) as market:
            _deal(market)
            _fill(market, size)
        key = EvidenceKey.load_or_make(folder)

        def opened() -> None:
            evidence = Evidence(folder / "evidence.sqlite", key)
            evidence._store = None
            evidence.close()

        print(f"{'opening the tree that is on disk, ms':<44} {1_000 * _seconds(opened):>12.1f}")
        with Client.local(folder) as market:
            store = market.venue.engine.store
            desk = lambda: Onlooker(lambda: store, key).desk  # noqa: E731
            print(f"{'a receipt from a folder, from nothing, s':<44} {_seconds(desk):>12.1f}")


def _print(name: str, count: int, work: Callable[[], object]) -> None:
    rates = [count / _seconds(work) for _ in range(ROUNDS)]
    print(f"{name:<44} {statistics.median(rates):>12,.0f} /s")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("evidence.sqlite*"))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
