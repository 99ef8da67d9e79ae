"""What was recorded is answered again, in order; what was not is asked, or said to be missing."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from souq.agents.llm.calls import Answer, Ask, Choice, Estimate, NoAnswer, NotReady
from souq.agents.llm.recording import Cache, Recording
from souq.agents.llm.spending import OverBudget, Purse


def ask(text: str) -> Ask:
    return Ask("system", (text,), (Choice("pass", "Do nothing.", {}),))


class Counting:
    name = "counting:1"

    def __init__(self, fails: bool = False) -> None:
        self._count = itertools.count()
        self._fails = fails

    def estimate(self, ask: Ask) -> Estimate:
        return Estimate(7, 5)

    async def answer(self, ask: Ask) -> Answer:
        if self._fails:
            raise NoAnswer("HTTP 503")
        return Answer(f'{{"act": "pass", "note": "{next(self._count)}"}}', 3, 4, 5)


def said(recording: Recording, model: Any, *texts: str) -> list[str]:
    recorded = recording.of(model, "counting:1", "Ann")

    async def run() -> list[str]:
        return [(await recorded.paid(ask(text), Purse())).text for text in texts]

    return asyncio.run(run())


def test_the_same_question_gets_its_answers_again_in_order(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first = Recording(path)
    told = said(first, Counting(), "a", "a", "b")
    first.close()
    assert len(set(told)) == 3
    assert said(Recording(path, is_replay=True), None, "b", "a", "a") == [told[2], *told[:2]]


def test_a_replay_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first = Recording(path)
    said(first, Counting(), "a")
    first.close()
    replay = Recording(path, is_replay=True)
    said(replay, None, "a")
    for text in ("a", "b"):
        with pytest.raises(NotReady, match="not in the recording"):
            said(replay, None, text)
    with pytest.raises(NotReady, match="nothing was recorded"):
        Recording(tmp_path / "none.jsonl", is_replay=True)


def test_failures_are_recorded_too(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first = Recording(path)
    with pytest.raises(NoAnswer):
        said(first, Counting(fails=True), "a")
    first.close()
    with pytest.raises(NoAnswer, match="503"):
        said(Recording(path, is_replay=True), None, "a")


def test_another_model_or_prompt_is_another_question(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "calls.jsonl")
    said(recording, Counting(), "a")
    recording.close()
    replay = Recording(tmp_path / "calls.jsonl", is_replay=True)
    with pytest.raises(NotReady):
        asyncio.run(replay.of(None, "other:1", "Ann").paid(ask("a"), Purse()))


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_line_that_a_kill_cut_off_is_asked_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "calls.jsonl"
    first = Recording(path)
    said(first, Counting(), "a", "b")
    first.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    again = Recording(path)
    model = Counting()
    assert said(again, model, "a")[0] == '{"act": "pass", "note": "0"}'
    assert said(again, model, "b")[0] == '{"act": "pass", "note": "0"}'  # asked anew
    again.close()
    assert path.read_bytes().count(b"\n") == 2


def test_what_is_no_recording_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"key": "x"}\nnonsense\n')
    with pytest.raises(NotReady, match="line 2"):
        Recording(path)


def test_a_file_that_is_no_recording_is_never_cut(tmp_path: Path) -> None:
    path = tmp_path / "me.key"
    path.write_text('{"kind": "ed25519", "secret": "a line without an end"}')
    for opened in (Recording, Cache):
        with pytest.raises(NotReady, match="line 1"):
            opened(path)
    assert "without an end" in path.read_text()


def test_two_agents_who_ask_the_same_each_get_their_own_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first, model = Recording(path), Counting()

    def answers(recording: Recording, who: Any) -> list[str]:
        async def run() -> list[str]:
            asked = [recording.of(who, "counting:1", name).paid(ask("a"), Purse()) for name in "AB"]
            return [one.text for one in await asyncio.gather(*asked)]

        return asyncio.run(run())

    told = answers(first, model)
    first.close()
    assert told[0] != told[1]
    assert answers(Recording(path, is_replay=True), None) == told


def test_a_budget_that_stopped_a_run_stops_its_replay_and_not_who_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first, purse = Recording(path), Purse(cost_units=8)

    async def twice(recording: Recording, model: Any, purse: Purse) -> None:
        recorded = recording.of(model, "counting:1", "Ann")
        await recorded.paid(ask("a"), purse)
        await recorded.paid(ask("b"), purse)

    with pytest.raises(OverBudget):
        asyncio.run(twice(first, Counting(), purse))
    first.close()
    with pytest.raises(OverBudget) as again:
        asyncio.run(twice(Recording(path, is_replay=True), None, Purse()))
    assert again.value.is_whole_run
    asyncio.run(twice(Recording(path), Counting(), Purse()))


def test_a_cache_answers_other_agents_for_nothing_and_keeps_no_failures(tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    one = Recording(tmp_path / "one.jsonl", cache=Cache(cache))
    with pytest.raises(NoAnswer):
        said(one, Counting(fails=True), "a")
    told = said(one, Counting(), "a")
    one.close()
    two = Recording(tmp_path / "two.jsonl", cache=Cache(cache))
    purse = Purse()
    bob = two.of(Counting(fails=True), "counting:1", "Bob")
    assert asyncio.run(bob.paid(ask("a"), purse)).text == told[0]
    assert purse.spent.cost_units == 0
    two.close()
    replay = Recording(tmp_path / "two.jsonl", is_replay=True).of(None, "counting:1", "Bob")
    assert asyncio.run(replay.paid(ask("a"), Purse())).text == told[0]
