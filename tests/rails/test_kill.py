"""Our side killed between any two steps, and started again: one payment per payout, always."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from souq.core.payout import PAYOUTS
from souq.journal.verify import verify
from tests.rails.town import ROOT, BankProcess, ask, bank_at, check_reconciled, open_market

# Under SOUQ_FULL every boundary is killed at once more for each fault; else with the worst one.
FAULTS = [["lost"], [], ["html", "wait"], ["reject"]] if os.environ.get("SOUQ_FULL") else [["lost"]]


def serve(folder: Path, bank: BankProcess, kill_at: int) -> str:
    """Run our side; give what it printed, which is nothing where it was killed."""
    words = [sys.executable, "-m", "tests.rails.worker", str(folder), bank.url, str(kill_at)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.stdout


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "-".join(faults) or "none")
def test_a_kill_between_any_two_steps_makes_no_second_payment(
    tmp_path: Path, faults: list[str]
) -> None:
    for kill_at in range(1, 100):
        folder = tmp_path / f"{kill_at}"
        folder.mkdir()
        with bank_at(folder) as bank:
            bank.tell("money", [2_000])
            with open_market(folder) as engine:
                ask(engine, 300)
            bank.tell("faults", faults)
            bank.tell("moves", [["Chargeback", "d1", "", 80], ["Deposit", "d1", "P2", 100]])
            was_killed = serve(folder, bank, kill_at) == ""
            if was_killed:
                assert serve(folder, bank, 0) != ""
            state = bank.state
            assert len(state["payments"]) + len(state["rejected"]) == 1
            with open_market(folder) as engine:
                assert not engine.state.rows(PAYOUTS)
                check_reconciled(engine, bank)
                verify(engine.store)
        if not was_killed:
            assert kill_at > 12, "the fuse was longer than the story"
            return
    raise AssertionError("it never came to an end")


def test_killed_again_and_again_it_still_comes_to_an_end(tmp_path: Path) -> None:
    with bank_at(tmp_path) as bank:
        bank.tell("money", [2_000])
        with open_market(tmp_path) as engine:
            for units in (10, 20, 30, 40):
                ask(engine, units)
        bank.tell("faults", ["lost", "fail", "html", "lost"])
        for kill_at in (3, 4, 5, 6, 7, 8, 9):
            serve(tmp_path, bank, kill_at)
        serve(tmp_path, bank, 0)
        assert sorted(one["units"] for one in bank.state["payments"].values()) == [10, 20, 30, 40]
        with open_market(tmp_path) as engine:
            assert not engine.state.rows(PAYOUTS)
            check_reconciled(engine, bank)
