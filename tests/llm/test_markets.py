"""Whole markets that a model plays: every move occurs, a recording repeats them to the byte."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from souq.agents.llm import moves
from souq.agents.llm.calls import Model, NotReady
from souq.agents.llm.manner import LAVISH
from souq.agents.llm.recording import Recording
from souq.agents.llm.spending import Purse
from souq.cli import app
from souq.journal.memory import MemoryStore
from souq.journal.verify import verify
from souq.lab import goods, population
from souq.lab.casting import MODELS, SPENDING, Casting, Manifest, Player, SpendingNote
from souq.lab.deal import WEEK_OVER, run_deal
from souq.lab.simulation import Simulation
from tests.llm.endpoint import answering
from tests.llm.puppets import Puppet, connected, haggler

NAME = "function:1"
SEED = 5


def played(model: Model | None, *, purse: Purse | None = None, turns: int = 14, **more: Any) -> Any:
    drawn = population.draw(
        goods.bundled(), people=6, seed=SEED, per_person=6, budget_units=200_000_000
    )
    casting = Casting({NAME: Player(model, LAVISH)}, SEED, purse=purse or Purse(), **more)
    store = MemoryStore()
    simulation = run_deal(drawn, store, turns_per_person=turns, casting=casting)
    return simulation, store, casting


def journal(store: MemoryStore) -> list[bytes]:
    return [entry.body for entry in store.read()]


def note(simulation: Simulation, topic: str, kind: Any) -> Any:
    history = simulation.history
    return msgspec.json.decode(history.words(history.notes[topic]), type=kind)


def test_a_model_plays_a_whole_market_with_every_move_there_is() -> None:
    simulation, store, casting = played(connected(haggler), turns=40)
    chosen = note(simulation, SPENDING, SpendingNote).moves[NAME]
    names = {one.__struct_config__.tag for one in moves.Move.__args__}
    assert names <= set(chosen), names - set(chosen)
    assert len(simulation.history.deals) > 5
    assert simulation.history.refusals["outside_mandate"]  # it bids for what it may not have
    assert casting.stop == WEEK_OVER
    verify(store)


def test_the_manifest_names_prompt_and_players() -> None:
    simulation, _, _ = played(connected(haggler), turns=1)
    found = note(simulation, MODELS, Manifest)
    assert len(found.prompt_sha256) == 64
    assert set(found.players.values()) == {NAME}
    assert len(found.players) == 6


def test_a_recorded_run_replays_without_a_model_to_the_same_journal(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "calls.jsonl")
    _, store, _ = played(connected(haggler), recording=recording, at_once=3)
    recording.close()
    again = Recording(tmp_path / "calls.jsonl", is_replay=True)
    _, repeated, casting = played(None, recording=again, at_once=3)
    assert journal(store) == journal(repeated)
    assert casting.purse.spent.calls > 20


def test_a_replay_of_another_run_is_refused_with_a_reason(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "calls.jsonl")
    played(connected(haggler), recording=recording, turns=2)
    recording.close()
    again = Recording(tmp_path / "calls.jsonl", is_replay=True)
    with pytest.raises(NotReady, match="not in the recording"):
        played(None, recording=again, turns=5)


@pytest.mark.parametrize("purse", [Purse(cost_units=2_000), Purse(tokens=300)])
def test_a_spent_budget_ends_the_run_in_order(purse: Purse) -> None:
    simulation, store, casting = played(Puppet(haggler, NAME), purse=purse, turns=30)
    assert casting.stop != WEEK_OVER
    assert casting.purse.spent.calls == 20
    assert note(simulation, SPENDING, SpendingNote).stop == casting.stop
    open_contracts = [one for one in simulation.history.deals.values() if one.stage == "agreed"]
    assert not open_contracts  # what was agreed was handed over and paid
    verify(store)


def test_an_agent_whose_own_budget_is_spent_rests_while_others_go_on() -> None:
    _, _, casting = played(Puppet(haggler, NAME), turns=30, agent_cost_units=500)
    assert casting.stop == WEEK_OVER
    assert casting.purse.spent.calls == 30  # five calls for each of six


def test_tiers_are_drawn_per_person_and_scripts_may_play_beside_models() -> None:
    drawn = population.draw(
        goods.bundled(), people=12, seed=SEED, per_person=3, budget_units=200_000_000
    )
    players = {
        "strong:1": Player(Puppet(haggler, "strong:1"), LAVISH, 2),
        "scripted": Player(None, LAVISH, 1),
    }
    casting = Casting(players, SEED, purse=Purse())
    simulation = run_deal(drawn, MemoryStore(), turns_per_person=10, casting=casting)
    assert set(casting.name_of.values()) == set(players)
    again = Casting(players, SEED, purse=Purse())
    again.draw(drawn)
    assert again.name_of == casting.name_of
    assert simulation.history.deals


def cli(folder: Path, url: str, *more: str) -> list[str]:
    words = ["run", "deal", "--people", "3", "--goods", "2", "--turns", "8", "--seed", "5"]
    return [*words, "--model", f"vllm:any@{url}/v1", "--out", str(folder), "--json", *more]


def small(body: dict[str, Any]) -> dict[str, Any]:
    """Play as a small model does, by a schema."""
    state = json.loads(body["messages"][1]["content"])
    branches = body["response_format"]["json_schema"]["schema"]["anyOf"]
    return haggler(
        state, {one["properties"]["act"]["const"]: one["properties"] for one in branches}
    )


def policy_of(endpoint: list[Any]) -> Callable[[int], Any]:
    return lambda n: small(endpoint[0].bodies[n])


def bodies(folder: Path) -> list[bytes]:
    from souq.journal.sqlite import SqliteStore

    store = SqliteStore(folder, read_only=True)
    try:
        return [entry.body for entry in store.read()]
    finally:
        store.close()


def test_a_run_that_was_killed_is_resumed_to_the_same_journal(tmp_path: Path) -> None:
    holder: list[Any] = []
    with answering(policy_of(holder), delay_s=0.02) as endpoint:
        holder.append(endpoint)
        whole, cut = tmp_path / "whole", tmp_path / "cut"
        done = CliRunner().invoke(app, cli(whole, endpoint.url))
        assert done.exit_code == 0, done.output
        calls = len(endpoint.bodies)
        assert calls > 10
        run = subprocess.Popen(
            [sys.executable, "-m", "souq.cli", *cli(cut, endpoint.url)],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "80"},
        )
        until = time.monotonic() + 60
        while len(endpoint.bodies) < calls + 6 and time.monotonic() < until:
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        run.wait()
        after_kill = len(endpoint.bodies)
        assert after_kill < 2 * calls, "it was killed too late to show anything"
        refused = CliRunner().invoke(app, cli(cut, endpoint.url))
        assert refused.exit_code != 0  # a journal is not overwritten unasked
        done = CliRunner().invoke(app, cli(cut, endpoint.url, "--resume"))
        assert done.exit_code == 0, done.output
        asked_again = len(endpoint.bodies) - after_kill
    assert bodies(cut) == bodies(whole)
    assert asked_again <= calls - 5  # what was answered before the kill was not asked twice
    replayed = CliRunner().invoke(
        app, cli(tmp_path / "replayed", endpoint.url, "--replay", str(whole))
    )
    assert replayed.exit_code == 0, replayed.output
    assert bodies(tmp_path / "replayed") == bodies(whole)


def test_a_cache_is_shared_by_runs(tmp_path: Path) -> None:
    holder: list[Any] = []
    cache = str(tmp_path / "cache.jsonl")
    with answering(policy_of(holder)) as endpoint:
        holder.append(endpoint)
        for name in ("one", "two"):
            words = cli(tmp_path / name, endpoint.url, "--cache", cache)
            assert CliRunner().invoke(app, words).exit_code == 0
            asked = len(endpoint.bodies)
            holder.append(asked)
    assert holder[1] == holder[2] > 0
    # Equal but for what the calls took, which stands at the end.
    assert bodies(tmp_path / "one")[:-2] == bodies(tmp_path / "two")[:-2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--model", "gpt"], "PROVIDER:MODEL"),
        (["--model", "scripted=x"], "a share is a whole number"),
        (["--resume", "--model", "scripted"], "no run of models"),
        (["--resume"], "--resume goes on with a run of models"),
        (["--replay", "nowhere"], "name the models"),
        (["--model", "scripted", "--max-cost", "much"], "--max-cost"),
        (["--model", "vllm:x", "--replay", "nowhere"], "nothing was recorded"),
    ],
)
def test_a_mistake_is_named(words: list[str], complaint: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["run", "deal", "--out", str(tmp_path / "r"), *words])
    assert ran.exit_code
    assert complaint in str(ran.exception)
