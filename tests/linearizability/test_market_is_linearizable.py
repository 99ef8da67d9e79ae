"""Balances, budgets and single pieces are one thing each, however many clients ask at once.

`SOUQ_FULL=1` runs a hundred long histories on the engine and six over HTTP.
"""

import itertools
import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.linearizability.checker import Operation, contradiction
from tests.linearizability.doors import DOORS, Door, LossyDoor, engine_door
from tests.linearizability.faults import FAULTS
from tests.linearizability.models import Done, No, Seen
from tests.linearizability.workloads import WORKLOADS, Hall, Workload, run

FULL = os.environ.get("SOUQ_FULL") == "1"
CLIENTS, EACH = 8, 500
# 34 + 33 + 33 histories make a hundred.
SEEDS = {name: range((34 if n == 0 else 33) if FULL else 2) for n, name in enumerate(WORKLOADS)}
FAULTY_SEEDS, FAULTY_EACH = range(20 if FULL else 1), EACH if FULL else 300
NEVER_REFUSED = ("Deposit", "CallOff")  # nobody may refuse money, and one client only calls off


def told(
    door: Door, name: str, *, seed: int, clients: int = CLIENTS, each: int = EACH
) -> tuple[list[Operation], Workload]:
    """Let clients of a workload act, and give their history and what they acted on."""
    hall = Hall(door)
    workload = WORKLOADS[name](hall)
    if isinstance(door, LossyDoor):
        door.is_on = True
    return run(hall, workload, seed=seed, clients=clients, each=each), workload


def overlapping(history: list[Operation]) -> int:
    """Count the operations that were called before the one called before them had returned."""
    pairs = itertools.pairwise(history)
    return sum(one.returned is None or one.returned > after.called for one, after in pairs)


@pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds]
)
def test_what_8_clients_are_told_could_have_been_told_one_by_one(
    name: str, seed: int, tmp_path: Path
) -> None:
    with engine_door(tmp_path) as door:
        history, workload = told(door, name, seed=seed)
    assert len(history) == CLIENTS * EACH
    assert contradiction(history, workload.model) is None
    assert overlapping(history) > len(history) // 2, "the clients hardly met"


@pytest.mark.parametrize("name", WORKLOADS)
def test_over_http_it_is_the_same(name: str, tmp_path: Path) -> None:
    seeds, each = (range(2), EACH) if FULL else (range(1), 30)
    for seed in seeds:
        with DOORS["http"](tmp_path / str(seed)) as door:
            history, workload = told(door, name, seed=seed, each=each)
        assert len(history) == CLIENTS * each
        assert contradiction(history, workload.model) is None
        assert overlapping(history) > len(history) // 2, "the clients hardly met"


@pytest.mark.parametrize("name", WORKLOADS)
def test_answers_that_get_lost_contradict_nothing(name: str, tmp_path: Path) -> None:
    """A repeated command has one effect; one never answered has it once or not at all."""
    for seed in range(10 if FULL else 1):
        (folder := tmp_path / str(seed)).mkdir()
        with engine_door(folder) as door:
            lossy = LossyDoor(door, share=0.05, seed=seed)
            history, workload = told(lossy, name, seed=seed, each=250)
        pending = sum(one.is_pending for one in history)
        assert 0 < pending < lossy.lost, "some must be left open, and some tried again"
        assert contradiction(history, workload.model) is None


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_action_is_both_done_and_refused(name: str, tmp_path: Path) -> None:
    """A history in which nobody is ever refused would prove little."""
    with engine_door(tmp_path) as door:
        history, _ = told(door, name, seed=5, each=200)
    outcomes = Counter((type(one.action), type(one.answer)) for one in history)
    for action in {type(one.action) for one in history}:
        if outcomes[action, Seen]:
            continue
        assert outcomes[action, Done], action
        assert outcomes[action, No] or action.__name__ in NEVER_REFUSED, action


@pytest.mark.parametrize("name", ["balances", "budgets"])
def test_a_read_that_is_wrong_by_one_unit_is_rejected(name: str, tmp_path: Path) -> None:
    with engine_door(tmp_path) as door:
        history, workload = told(door, name, seed=6, each=40)
    reads = [n for n, one in enumerate(history) if isinstance(one.answer, Seen)]
    for n in Random(6).sample(reads, 5):
        first, second = history[n].answer.values
        wrong = history[n]._replace(answer=Seen((first + 1, second)))
        found = contradiction([*history[:n], wrong, *history[n + 1 :]], workload.model)
        assert found is not None
        assert wrong in found.stuck


@pytest.mark.parametrize(("name", "fault"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("seed", FAULTY_SEEDS)
def test_a_planted_bug_is_rejected(name: str, fault: type, seed: int, tmp_path: Path) -> None:
    with engine_door(tmp_path) as door:
        history, workload = told(fault(door), name, seed=seed, each=FAULTY_EACH)
    assert contradiction(history, workload.model) is not None


@pytest.mark.parametrize(("name", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_planted_bug_does_not_show_to_one_client(name: str, fault: type, tmp_path: Path) -> None:
    """So it is the race that the checker sees, and not a clumsy wrapper."""
    with engine_door(tmp_path) as door:
        history, workload = told(fault(door), name, seed=7, clients=1, each=300)
    assert contradiction(history, workload.model) is None
