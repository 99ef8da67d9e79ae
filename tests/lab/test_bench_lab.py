"""The laboratory's benchmark: it runs small, and what it compares is comparable."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.lab import crowds
from bench.lab.bargains import (
    NEGMAS,
    PRICE_MAX,
    SELLER_LIMIT,
    STEPS,
    TACTICS,
    KernelPath,
    MarketPath,
    bargain,
)
from bench.lab.offers import ARMS, analyse, write
from bench.lab.yardsticks import BUILD, Yardstick
from bench.mechanisms.rates import Rates
from souq.agents.concession import Concession
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.lab.tables import OfferRow, read

ROOT = Path(__file__).parents[2]


def test_every_part_is_measured_at_a_small_scale(tmp_path: Path) -> None:
    before = set(BUILD.iterdir()) if BUILD.exists() else set()
    command = ["-m", "bench.lab", "--rounds", "1", "--scale", "0.002", "--alone"]
    done = subprocess.run(
        [sys.executable, *command, "--results", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "lab.json").read_text(encoding="utf-8"))
    for part in ("bargains", "agent steps", "cells", "offer rows"):
        assert any(name.startswith(part) for name in told["rates"]), part
    assert any(name.startswith("cells: journal in SQLite, 2") for name in told["ratios"])
    assert set(BUILD.iterdir()) <= before, "temporary files stay behind"


def test_a_wrong_part_is_told_and_not_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.lab", "bargain"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "bargain is none" in done.stderr


@pytest.mark.parametrize("tactic", TACTICS)
def test_kernel_and_market_strike_the_same_bargain(tactic: str) -> None:
    with Engine(MemoryStore()) as engine:
        in_market = bargain(MarketPath(engine), Concession(TACTICS[tactic]))
        records = engine.head[0]
    on_kernel = bargain(KernelPath(), Concession(TACTICS[tactic]))
    assert on_kernel == in_market
    assert 80 < on_kernel[0] <= 2 * STEPS
    assert records > on_kernel[0], "every move leaves a record"


@pytest.mark.parametrize("tactic", TACTICS)
def test_negmas_strikes_nearly_the_same_bargain(tactic: str) -> None:
    negmas = _installed(NEGMAS, "yardstick_negmas.py")
    try:
        told = negmas.measure(
            Rates(),
            "x",
            count=1,
            tactic=tactic,
            prices=PRICE_MAX + 1,
            steps=STEPS,
            reserved=SELLER_LIMIT / PRICE_MAX,
        )
    finally:
        negmas.close()
    moves, price = bargain(KernelPath(), Concession(TACTICS[tactic]))
    assert abs(told["moves"] - moves) <= 1
    assert abs(told["price"] - price) <= PRICE_MAX // 50


def test_mesa_counts_a_step_for_every_agent() -> None:
    mesa = _installed(crowds.MESA, "yardstick_mesa.py")
    try:
        told = mesa.measure(Rates(), "x", agents=10, rounds=3, is_kept=False)
    finally:
        mesa.close()
    assert told["operations"] == 30


def _installed(requirement: str, script: str) -> Yardstick:
    if not (BUILD / "yardsticks" / requirement.replace("==", "-") / "installed").exists():
        pytest.skip(f"{requirement} is not installed; `make bench-lab` installs it")
    return Yardstick(requirement, script)


def test_the_crowd_on_the_kernel_trades() -> None:
    market = crowds.ObjectMarket(50)
    assert market.act(500) > 20


def test_offers_are_told_as_a_loop_over_their_rows_tells_them(tmp_path: Path) -> None:
    files = [tmp_path / f"{cell}.parquet" for cell in range(2)]
    for cell, path in enumerate(files):
        write(path, cell)
    shares: dict[tuple[str, str, str], list[float]] = {}
    for path in files:
        last: dict[tuple[str, str], int] = {}
        for row in read(path, OfferRow):
            assert row.units is not None
            before = last.get((row.negotiation, row.role))
            if before is not None:
                moved = row.units - before if row.role == "buyer" else before - row.units
                shares.setdefault((row.arm, row.kind, row.role), []).append(moved / before)
            last[row.negotiation, row.role] = row.units
    found = {(one["arm"], one["kind"], one["role"]): one for one in analyse(files)}
    assert found.keys() == shares.keys()
    assert {arm for arm, _, _ in found} == set(ARMS[:2])
    for key, values in shares.items():
        assert found[key]["concession_count"] == len(values)
        assert found[key]["concession_mean"] == pytest.approx(sum(values) / len(values))
        middle = sorted(values)
        assert middle[0] <= found[key]["0.1"] <= found[key]["0.5"] <= found[key]["0.9"]
