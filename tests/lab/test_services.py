"""A goal is reached by hired agents: one cheats, one fails, one is failed wrongly and appeals."""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.mechanisms.call_for_proposals.records import CallForProposals
from souq.core.money import USD, Money
from souq.core.refusal import Reason, Refused
from souq.core.stage import CONTRACTS
from souq.journal.memory import MemoryStore
from souq.journal.replay import records, replay
from souq.journal.verify import verify
from souq.lab.services.goal import EXAMPLES, goal, published
from souq.lab.services.people import DOLLAR, Job, Script
from souq.lab.services.run import Unheld, need_sandbox, run_services
from souq.lab.services.telling import Attempt, ServicesSummary, summarise
from souq.lab.services.works import packed, source
from souq.verifiers import sandbox, suites
from souq.verifiers.suites import Exam

pytestmark = pytest.mark.skipif(
    sandbox.strength() != "namespaces", reason="this machine allows no namespaces"
)
SEEDS = (7, 8)


def played(seed: int, budget: int = 60, *more: Script) -> tuple[MemoryStore, ServicesSummary]:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder:
        house = run_services(
            store, Path(folder), seed=seed, budget_units=budget * DOLLAR, more=more
        )
        house.venue.engine.stop()
    return store, summarise(store)


run = cache(played)


def attempt(found: ServicesSummary, who: str) -> Attempt:
    (one,) = [one for one in found.attempts if one.contractor == who]
    return one


def bodies(store: MemoryStore) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in store.read(1)]


def judged(content: bytes, exam: Exam) -> suites.Verdict:
    return suites.judge({"main.py": content}, exam, sandbox.Limits())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_goal_is_reached_and_everybody_meets_their_fate(seed: int) -> None:
    _, found = run(seed)
    assert found.is_reached
    assert [one.contractor for one in found.attempts] == ["Cato", "Fay", "Gus", "Tess", "Dora"]
    cheat, fails, appeals = (attempt(found, who) for who in ("Cato", "Fay", "Tess"))
    assert cheat.happened[0] == "Vera's sandbox fails it"
    assert cheat.happened[-1] == "nobody appeals: the money goes back"
    assert fails.happened == ("Vera's sandbox fails it", "the money goes back")
    assert appeals.happened[0] == "Vito's sandbox fails it"
    assert "Arne rules the money goes back" in appeals.happened
    assert appeals.happened[-1] == "the panel decides: it is paid"
    for one in found.attempts:
        is_paid = one.contractor in ("Gus", "Tess", "Dora")
        assert one.paid_units + one.fee_units == (one.price_units if is_paid else 0)
        assert one.fee_units == (one.price_units // 50 if is_paid else 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cheat_and_the_wrong_judge_lose_of_their_bonds_and_nobody_else(seed: int) -> None:
    _, found = run(seed)
    lost = {one.name: one.forfeited_units for one in found.people if one.forfeited_units}
    assert lost == {"Cato": attempt(found, "Cato").price_units // 2, "Arne": 2 * DOLLAR}
    assert found.back_units == lost["Cato"]


@pytest.mark.parametrize("seed", SEEDS)
def test_totals_are_the_ledgers(seed: int) -> None:
    store, found = run(seed)
    assert found.budget_units - found.spent_units + found.back_units == found.left_units
    state = replay(store).state
    accounts = state.rows(ACCOUNTS)
    assert found.left_units == accounts["wallet:P1/USD"].posted
    assert accounts["fees/USD"].posted == found.fee_units
    assert accounts["reserve/USD"].posted == 0
    assert sum(one.posted for one in accounts.values()) == 0
    assert {id.split(".")[0] for id in state.rows(HOLDS)} == {"#bond"}
    assert not state.rows(CONTRACTS)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_part_of_the_mandate_is_ever_exceeded(seed: int) -> None:
    """By the records' own bytes: what is bound by open calls and contracts, and what was paid."""
    store, found = run(seed)
    caps = {one.agent: one.cap_units for one in found.mandates}
    assert list(caps.values()) == [60 * DOLLAR, 30 * DOLLAR, 18 * DOLLAR, 12 * DOLLAR]
    most = dict(zip(("A1", "A2", "A3", "A4"), caps.values(), strict=True))
    bound: dict[str, dict[str, int]] = defaultdict(dict)
    for record in bodies(store):
        for event in record.get("events", []):
            if event["type"] == "CallForProposalsOpened":
                bound[event["agent"]][event["negotiation"]] = event["budget"][0]
            elif event["type"] == "AgreementReached":
                legs = event["agreement"]["legs"]
                (cash,) = (leg for leg in legs if leg["type"] == "cash")
                bound[cash["giver"]].pop(event["negotiation"])
                bound[cash["giver"]][event["contract"]] = cash["amount"][0]
            elif event["type"] in ("ContractCancelled", "RulingMade"):
                if event.get("payer_bps", 10_000):
                    for one in bound.values():
                        one.pop(event["contract"], None)
            assert all(sum(one.values()) <= most[agent] for agent, one in bound.items())
            assert sum(sum(one.values()) for one in bound.values()) <= most["A1"]
    spent = {agent: sum(one.values()) for agent, one in bound.items()}
    assert list(spent.values()) == [one.spent_units for one in found.mandates[1:]]
    assert sum(spent.values()) == found.spent_units == found.mandates[0].spent_units


def test_a_buyer_cannot_spend_more_than_it_was_lent(tmp_path: Path) -> None:
    house = run_services(MemoryStore(), tmp_path, seed=7)
    listing = "L1"  # the want of a piece that is done
    for agent in ("A1", "A2", "A3", "A4"):
        call = CallForProposals(listing, Money(31 * DOLLAR, USD.code), 3_600_000_000)
        with pytest.raises(Refused) as refused:
            house.submit(agent, call)
        assert refused.value.reason in (Reason.NOT_YOURS, Reason.CLOSED, Reason.OUTSIDE_MANDATE)
    house.venue.close()


def test_the_same_seed_gives_the_same_journal_and_another_one_another() -> None:
    first, again, other = run(7)[0], played(7)[0], run(8)[0]
    assert first.head() == again.head() != other.head()
    assert [entry.body for entry in first.read(1)] == [entry.body for entry in again.read(1)]


def test_the_journal_verifies_record_by_record() -> None:
    store, found = run(7)
    checked = verify(store)
    assert checked.records == found.records > 100
    assert checked.state_hash == found.state_hash


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tests_are_committed_to_before_anybody_proposes(seed: int) -> None:
    store, _ = run(seed)
    digests = [suites.written(one.exam)[1] for one in goal(seed, 60 * DOLLAR).pieces]
    asked = []
    for record in bodies(store):
        for event in record.get("events", []):
            if event["type"] == "ListingPosted":
                asked.append(event["listing"]["conditions"]["criteria"][0]["suite"])
            if event["type"] == "SealedProposalSent":
                assert asked
    assert list(dict.fromkeys(asked)) == digests
    public = [entry.body.decode() for entry in store.read(1)]
    assert not any("Rock & Roll" in body or "brackets" in body for body in public)


@pytest.mark.parametrize("seed", range(3))
def test_the_cheat_and_the_hasty_pass_what_is_published_and_fail_what_is_hidden(seed: int) -> None:
    hidden = goal(seed, DOLLAR).pieces[0].exam
    assert len(hidden.cases) > len(published().cases) == len(EXAMPLES)
    for name, passes in (("lookup", False), ("hasty", False), ("solid", True)):
        assert judged(source(name), published()).passed
        assert judged(source(name), hidden).passed == passes, name


def test_an_installed_library_that_is_the_cheats_fails() -> None:
    exam = goal(7, DOLLAR).pieces[2].exam
    assert judged(packed(source("solid")), exam).passed
    assert not judged(packed(source("lookup")), exam).passed


def test_tests_that_accept_everything_or_nothing_fail() -> None:
    exam = goal(7, DOLLAR).pieces[1].exam
    assert judged(source("checks"), exam).passed
    for body in ("pass", "assert False"):
        assert not judged(f"def check(slugify):\n    {body}\n".encode(), exam).passed


def test_the_panel_is_drawn_by_a_secret_that_was_committed_to_before() -> None:
    store, found = run(7)
    kinds = [type(event).__name__ for record in records(store) for event in record.events]
    first = kinds.index
    assert first("EpochCommitted") < first("AgreementReached") < first("PanelAwaited")
    assert first("PanelAwaited") < first("EpochRevealed") < first("PanelDrawn")
    drawn = [one for one in attempt(found, "Tess").happened if "are drawn by E1's secret" in one]
    assert len(drawn) == 1


def test_a_good_stranger_is_hired_first_and_the_others_are_not_needed() -> None:
    mine = Script("Mine", "services/code", 4 * DOLLAR, lambda job: source("solid"))
    _, found = played(7, 60, mine)
    assert found.is_reached
    assert [one.contractor for one in found.attempts] == ["Mine", "Tess", "Dora"]


@pytest.mark.parametrize(
    "code",
    [
        b"while True:\n    pass\n",
        b"import os\nos._exit(0)\n",
        b"print('rock-roll')\n",
        b"\xff\x00 no Python at all",
        b"PK\x03\x04 no archive at all",
        b"import socket\nsocket.create_connection(('10.0.0.1', 80), 1)\n",
    ],
)
def test_a_hostile_stranger_is_failed_and_its_work_called_for_again(code: bytes) -> None:
    def make(job: Job) -> bytes:
        return code

    _, found = played(7, 60, Script("Mine", "services/code", 4 * DOLLAR, make))
    assert found.is_reached
    assert attempt(found, "Mine").happened == ("Vera's sandbox fails it", "the money goes back")
    assert attempt(found, "Gus").paid_units


def test_a_budget_that_is_too_small_hires_who_it_can_and_stops() -> None:
    _, found = played(7, 20)
    assert not found.is_reached
    assert {one.contractor for one in found.attempts} == {"Cato", "Fay"}
    assert found.spent_units == 0
    _, found = played(7, 1)
    assert (found.attempts, found.is_reached, found.left_units) == ((), False, DOLLAR)


def test_without_a_sandbox_nothing_is_begun() -> None:
    with pytest.raises(Unheld, match="allows no namespaces"):
        need_sandbox(lambda: "limits")


def souq(*words: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "souq.cli", *words]
    if shell:
        argv = [
            "unshare",
            "--user",
            "--map-root-user",
            "sh",
            "-c",
            f'{shell} && exec "$@"',
            "-",
            *argv,
        ]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_a_machine_without_namespaces_gets_one_clear_line(tmp_path: Path) -> None:
    forbid = "echo 0 > /proc/sys/user/max_user_namespaces"
    probe = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", forbid],
        capture_output=True,
        check=False,
    )
    if probe.returncode:
        pytest.skip("namespaces cannot be forbidden here")
    ran = souq("run", "services", "--out", str(tmp_path / "run"), shell=forbid)
    assert ran.returncode == 1
    assert ran.stderr.startswith("souq: this machine allows no namespaces")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_command_line_runs_shows_logs_and_verifies_it(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    ran = souq("run", "services", "--seed", "7", "--out", folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"souq log {folder} --deal C4" in ran.stdout
    shown = souq("show", folder, "--json")
    found = json.loads(shown.stdout)
    assert found["state_hash"] == run(7)[1].state_hash
    assert souq("verify", folder).returncode == 0
    assert "panel drawn C4" in souq("log", folder, "--deal", "C4").stdout
    again = souq("run", "services", "--out", folder)
    assert again.returncode == 1
    assert "holds a journal already" in again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--budget", "0"), "--budget stands between"),
        (("--budget", "lots"), "--budget:"),
        (("--coder-price", "-1"), "--coder-price"),
        (("--coder", "no-such-file.py"), "--coder: no-such-file.py"),
        (("--coder", "/"), "--coder: /"),
    ],
)
def test_a_clumsy_user_gets_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = souq("run", "services", "--out", str(tmp_path / "run"), *words)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"souq: {said}")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
