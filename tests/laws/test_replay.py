"""A run repeats: judged again, folded again, or walked again, it gives the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from souq.core import market
from souq.core.refusal import Refused
from souq.journal.record import Record, Refusal, encode
from souq.journal.replay import records, replay
from souq.journal.sealing import opened
from tests.laws.walk import Walk, walk

ROOT = Path(__file__).parents[2]
SEED, STEPS = 11, 2_000
SCRIPT = f"""
from tests.laws.walk import walk
made = walk({SEED}, 600)
print(made.engine.head, hash("a string"))
"""


@pytest.fixture(scope="module")
def walked() -> Walk:
    return walk(SEED, STEPS)


def test_commands_judged_again_give_the_same_bytes(walked: Walk) -> None:
    state = market.new()
    for recorded in records(walked.store):
        command, is_whole = opened(recorded.command, walked.store.payload)
        assert is_whole
        events: tuple[object, ...] = ()
        refusal = None
        try:
            draft = market.decide(state, at=recorded.at, actor=recorded.actor, command=command)
            events = tuple(draft.events)
            draft.merge()
        except Refused as refused:
            refusal = Refusal(refused.reason.value, refused.facts)
            state.at = recorded.at
        made = Record(
            recorded.seq,
            recorded.at,
            recorded.actor,
            recorded.command_id,
            command,
            events,
            refusal,
        )
        stored = next(iter(walked.store.read(recorded.seq, recorded.seq)))
        assert encode(made) == stored.body
    assert market.state_hash(state) == market.state_hash(walked.state)


def test_every_prefix_folds_to_the_state_it_ended_in(walked: Walk) -> None:
    state = market.new()
    last = walked.store.head()[0]
    for record in records(walked.store):
        market.fold(state, at=record.at, events=record.events)
        if record.seq % 250 == 0 or record.seq == last:
            prefix = replay(walked.store, until=record.seq).state
            assert market.state_hash(state) == market.state_hash(prefix)
    assert market.state_hash(state) == market.state_hash(walked.state)


def test_a_fork_goes_its_own_way() -> None:
    made = walk(SEED, 300)
    before = market.state_hash(made.state)
    fork = made.state.fork()
    made.run(200)
    assert market.state_hash(fork) == before != market.state_hash(made.state)


def test_a_seed_repeats_its_journal_byte_for_byte_in_any_process() -> None:
    heads, salts = set(), set()
    for hash_seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        head, _, salt = found.rpartition(" ")
        heads.add(head)
        salts.add(salt)
    assert len(salts) == 2, "the two processes hash alike, so this proved nothing"
    assert len(heads) == 1
