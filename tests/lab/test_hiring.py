"""A goal is reached by hired agents: one cheats, one fails, one is failed wrongly and appeals."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from souq.cli import main
from souq.core.ledger import ACCOUNTS, HOLDS
from souq.core.listing import PostListing
from souq.core.mechanisms.call_for_proposals.records import CallForProposals
from souq.core.money import USD, Money
from souq.core.refusal import Refused
from souq.core.rules import HOUR_US
from souq.core.seal import PublicText
from souq.core.stage import CONTRACTS
from souq.journal.memory import MemoryStore
from souq.journal.replay import records, replay
from souq.journal.verify import verify
from souq.lab.hiring.goal import EXAMPLES, MORE, TELLING, goal, published
from souq.lab.hiring.people import CENT, DOLLAR, Script
from souq.lab.hiring.run import Unheld, need_sandbox, run_services
from souq.lab.hiring.telling import Attempt, ServicesSummary, summarise
from souq.lab.hiring.works import hasty, lookup, packed, solid, source
from souq.verifiers import sandbox, suites
from souq.verifiers.suites import Exam
from souq.views.history import read

pytestmark = pytest.mark.skipif(
    sandbox.strength() != "namespaces", reason="this machine allows no namespaces"
)
SEEDS = (7, 8)
OVER = ("ContractCancelled", "RulingMade")  # whose money went back, unless a ruling says other
APART = ("unshare", "--user", "--map-root-user", "sh", "-c")


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


def named(store: MemoryStore, name: str) -> str:
    (id,) = (id for id, one in read(store).names.items() if one == name)
    return id


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
    assert found.left_units == accounts[f"wallet:{named(store, 'Ada')}/USD"].posted
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
    most = {named(store, name): units for name, units in caps.items()}
    whole = named(store, "Ada's orchestrator")
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
            elif event["type"] in OVER and event.get("payer_bps", 10_000):
                for one in bound.values():
                    one.pop(event["contract"], None)
            assert all(sum(one.values()) <= most[agent] for agent, one in bound.items())
            assert sum(sum(one.values()) for one in bound.values()) <= most[whole]
    spent = {agent: sum(one.values()) for agent, one in bound.items()}
    assert list(spent.values()) == [one.spent_units for one in found.mandates[1:]]
    assert sum(spent.values()) == found.spent_units == found.mandates[0].spent_units


@pytest.mark.parametrize(
    ("part", "category", "cents", "is_refused"),
    [
        ("code", "services/code", 51, True),
        ("code", "services/code", 50, False),
        ("tests", "services/tests", 31, True),
        ("tests", "services/tests", 30, False),
    ],
)
def test_a_buyer_cannot_spend_more_than_it_was_lent(
    tmp_path: Path, part: str, category: str, cents: int, is_refused: bool
) -> None:
    store = MemoryStore()
    house = run_services(store, tmp_path, seed=7, budget_units=DOLLAR)
    agent = named(store, f"Ada's buyer of {part}")
    kind = ("call_for_proposals",)
    want = PostListing(PublicText("more"), category, side="want", mechanisms=kind)
    elsewhere = msgspec.structs.replace(want, category="services/deployment")
    with pytest.raises(Refused, match="categories"):
        house.submit(agent, elsewhere)
    listing = house.submit(agent, want).events[0].listing.id
    call = CallForProposals(listing, Money(cents * CENT, USD.code), HOUR_US)
    answer = house.venue.submit(agent, "one more", call)
    assert (answer.refusal is not None) == is_refused
    house.venue.close()


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


@pytest.mark.parametrize("seed", [0, 1])
def test_the_cheat_and_the_hasty_pass_what_is_published_and_fail_what_is_hidden(seed: int) -> None:
    hidden = goal(seed, DOLLAR).pieces[0].exam
    assert len(hidden.cases) > len(published().cases) == len(EXAMPLES)
    for name, passes in (("lookup", False), ("hasty", False), ("solid", True)):
        assert judged(source(name), published()).passed
        assert judged(source(name), hidden).passed == passes, name


def test_whichever_hidden_cases_are_drawn_tell_the_good_one_from_the_bad_ones() -> None:
    for text, slug in (EXAMPLES | TELLING | MORE).items():
        assert solid.slugify(text) == slug
    for text, slug in TELLING.items():
        assert slug not in (hasty.slugify(text), lookup.slugify(text))
    for text, slug in EXAMPLES.items():
        assert hasty.slugify(text) == lookup.slugify(text) == slug


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


HOSTILE = (
    b"import os\nos._exit(0)\n",
    b"print('rock-roll')\n",
    b"\xff\x00 no Python at all",
    b"PK\x03\x04 no archive at all",
    b"import socket\nsocket.create_connection(('10.0.0.1', 80), 1)\n",
    b"import pathlib\nprint(pathlib.Path('asks.py').read_text())\n",
)


def test_hostile_strangers_are_failed_and_a_good_one_is_hired_before_the_others() -> None:
    def script(n: int, code: bytes) -> Script:
        return Script(f"M{n}", "services/code", n * DOLLAR // 2, lambda job: code)

    codes = (*HOSTILE, source("solid"))
    _, found = played(7, 60, *(script(n, code) for n, code in enumerate(codes, 1)))
    *bad, good, tests, installed = found.attempts
    assert [one.contractor for one in bad] == [f"M{n}" for n in range(1, len(HOSTILE) + 1)]
    for one in bad:
        assert one.happened == ("Vera's sandbox fails it", "the money goes back")
    assert good.contractor == f"M{len(codes)}"
    assert (tests.contractor, installed.contractor) == ("Tess", "Dora")
    assert found.is_reached


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


def souq(*words: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    argv = (*before, sys.executable, "-m", "souq.cli", *words)
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_a_machine_without_namespaces_gets_one_clear_line(tmp_path: Path) -> None:
    forbid = "for kind in user net pid mnt; do echo 0 > /proc/sys/user/max_${kind}_namespaces; done"
    if shutil.which(APART[0]) is None or subprocess.run((*APART, f"set -e; {forbid}")).returncode:
        pytest.skip("namespaces cannot be forbidden here")
    before = (*APART, f'{forbid}; exec "$@"', "-")
    ran = souq("run", "services", "--out", str(tmp_path / "run"), before=before)
    assert ran.returncode == 1
    assert ran.stderr.startswith("souq: this machine allows no namespaces")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_command_line_runs_shows_logs_and_verifies_the_same_journal(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    ran = souq("run", "services", "--seed", "7", "--out", folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"souq log {folder} --deal C4" in ran.stdout
    store, found = run(7)
    assert json.loads(souq("verify", folder, "--json").stdout)["head"] == store.head()[1].hex()
    assert run(8)[0].head() != store.head()
    assert msgspec.json.decode(souq("show", folder, "--json").stdout, type=type(found)) == found
    assert "panel drawn C4" in souq("log", folder, "--deal", "C4").stdout


def test_what_was_found_lies_open_beside_the_journal(tmp_path: Path) -> None:
    store = MemoryStore()
    run_services(store, tmp_path, seed=7, budget_units=20 * DOLLAR).venue.engine.stop()
    kinds = ("VerificationReported",)
    said = [e for record in bodies(store) for e in record.get("events", []) if e["type"] in kinds]
    assert len(said) == 2
    for event in said:
        report = json.loads((tmp_path / event["report"]).read_bytes())
        assert report["contract"] == event["contract"]
        assert "wrote something else" in report["findings"][-1]["why"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--budget", "0"), "--budget stands between"),
        (("--budget", "lots"), "--budget:"),
        (("--coder-price", "-1"), "--coder-price"),
        (("--coder", "no-such-file.py"), "--coder: no-such-file.py"),
        (("--coder", "/"), "--coder: /"),
        (("--coder", "/dev/null"), "--coder: /dev/null should be"),
        (("--coder", "/dev/zero"), "--coder: /dev/zero should be"),
    ],
)
def test_a_clumsy_user_gets_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    argv = ["souq", "run", "services", "--out", str(tmp_path / "run"), *words]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith(f"souq: {said}")
    assert told.count("\n") == 1
    assert not (tmp_path / "run").exists()
