"""Every call and its answer in a file: evidence, a replay, a cache, a way to go on after a kill.

A line holds one call. Asked the same thing by the same agent for the n-th time, a recorded model
gives the n-th answer of then; so an agent that waits for each answer is repeated exactly,
however many think at once. What was never asked is asked now and written down, or, in a replay, is
an error: a recorded run needs no key, and gives the same journal.
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from souq.agents.llm.calls import Answer, Ask, Model, NoAnswer, NotReady
from souq.agents.llm.spending import OverBudget, Purse, lost_on

FILE = "model-calls.jsonl"
_BEGIN = b'{"model":'
SIGNS_PER_TOKEN = 3  # fewer than in any usual text, so that what is guessed is too much


class Call(Struct, frozen=True, omit_defaults=True):
    """One line. `failed` says why the answer is empty; `stopped` which budget did not allow it."""

    model: str
    key: str
    agent: str
    ask: Ask
    answer: Answer | None = None
    failed: str = ""
    stopped: str = ""
    is_whole_run: bool = False


class _Head(Struct, frozen=True):
    """What is kept in memory of a line."""

    key: str
    answer: Answer | None = None
    failed: str = ""
    stopped: str = ""
    is_whole_run: bool = False


_read = msgspec.json.Decoder(_Head).decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


def key_of(*parts: object) -> str:
    """Give what a call is known by."""
    return hashlib.sha256(_canonical(parts)).hexdigest()


class Recording:
    """A file of calls. Open it once, wrap models with `of`, close it."""

    def __init__(
        self, path: Path, *, is_replay: bool = False, cache: "Cache | None" = None
    ) -> None:
        """Read what is there. Raises NotReady where that is no recording."""
        self._known: dict[str, list[_Head]] = defaultdict(list)
        self._asked: dict[str, int] = defaultdict(int)
        self._lines = _Lines(path, is_read_only=is_replay)
        self.cache = cache
        for head in self._lines.read():
            # A budget that stopped a run before says nothing of a run that goes on.
            if is_replay or not head.stopped:
                self._known[head.key].append(head)

    def of(self, model: Model | None, name: str, agent: str) -> "Recorded":
        """Give a model for one agent; None answers from here alone."""
        return Recorded(self, model, name, agent)

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()
        if self.cache is not None:
            self.cache.close()

    def take(self, key: str) -> _Head | None:
        """Give the next answer of those recorded under a key."""
        found, n = self._known.get(key, ()), self._asked[key]
        self._asked[key] += 1
        return found[n] if n < len(found) else None

    def write(self, call: Call) -> None:
        """Write a call down."""
        self._lines.write(call)
        self._known[call.key].append(_Head(call.key))


class Cache:
    """What models answered to whomever, in whichever run. It serves answers, never failures."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises NotReady where that is no recording."""
        self._lines = _Lines(path, is_read_only=False)
        self._known = {head.key: head.answer for head in self._lines.read()}

    def find(self, key: str) -> Answer | None:
        """Give an answer, which costs nothing now."""
        found = self._known.get(key)
        return found and Answer(found.text, cost_units=0)

    def write(self, call: Call) -> None:
        """Keep an answer."""
        self._lines.write(call)
        self._known[call.key] = call.answer

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()


class Recorded:
    """A model as one agent asks it, or the memory of one."""

    def __init__(self, recording: Recording, model: Model | None, name: str, agent: str) -> None:
        self.name = name
        self._recording = recording
        self._model = model
        self._agent = agent

    async def paid(self, ask: Ask, purse: Purse) -> Answer:
        """Answer as recorded, else anew. Raises NoAnswer, OverBudget, and NotReady in a replay."""
        key = key_of(self.name, self._agent, ask)
        found = self._recording.take(key)
        if found is None:
            return await self._anew(ask, key, purse)
        if found.stopped:
            raise OverBudget(found.stopped, is_whole_run=found.is_whole_run)
        answer = found.answer or Answer("")
        purse.count(answer, has_failed=bool(found.failed))
        if found.failed:
            raise NoAnswer(found.failed)
        return answer

    async def _anew(self, ask: Ask, key: str, purse: Purse) -> Answer:
        if self._model is None:
            raise NotReady(
                f"{self.name} was asked something that is not in the recording: the code, the"
                " prompt or the seed differ from those it was made with"
            )
        recording, cache = self._recording, self._recording.cache
        common = key_of(self.name, ask)
        cached = cache.find(common) if cache is not None else None
        if cached is not None:
            purse.count(cached)
            recording.write(Call(self.name, key, self._agent, ask, cached))
            return cached
        try:
            answer = await bought(self._model, ask, purse)
        except NoAnswer as none:
            lost = lost_on(self._model.estimate(ask))
            recording.write(Call(self.name, key, self._agent, ask, lost, failed=str(none)))
            raise
        except OverBudget as over:
            stop = Call(
                self.name, key, self._agent, ask, stopped=str(over), is_whole_run=over.is_whole_run
            )
            recording.write(stop)
            raise
        recording.write(Call(self.name, key, self._agent, ask, answer))
        if cache is not None:
            cache.write(Call(self.name, common, "", ask, answer))
        return answer


class _Lines:
    """A file of calls, one a line."""

    def __init__(self, path: Path, *, is_read_only: bool) -> None:
        self._path = path
        self._is_read_only = is_read_only
        self._file: IO[bytes] | None = None

    def read(self) -> list[_Head]:
        """Give all whole lines, and open the file for more. Raises NotReady."""
        if self._is_read_only and not self._path.exists():
            raise NotReady(f"{self._path} is not there: nothing was recorded")
        found, whole = [], 0
        lines = self._path.read_bytes().splitlines(keepends=True) if self._path.exists() else []
        for n, line in enumerate(lines, 1):
            is_cut = n == len(lines) and not line.endswith(b"\n")
            if is_cut and (line.startswith(_BEGIN) or _BEGIN.startswith(line)):
                break  # by a kill: asked for again
            try:
                found.append(_read(line))
            except msgspec.MsgspecError as error:
                raise NotReady(f"{self._path}, line {n}: no recorded call: {error}") from None
            whole += len(line)
        if not self._is_read_only:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            self._file.truncate(whole)
        return found

    def write(self, call: Call) -> None:
        assert self._file is not None, "a replay writes nothing"
        self._file.write(msgspec.json.encode(call) + b"\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def paid(model: Model | Recorded, ask: Ask, purse: Purse) -> Answer:
    """Call a model and count what that took. Raises NoAnswer, OverBudget and NotReady."""
    if isinstance(model, Recorded):
        return await model.paid(ask, purse)
    return await bought(model, ask, purse)


async def bought(model: Model, ask: Ask, purse: Purse) -> Answer:
    """Call a model that is there. Raises NoAnswer, OverBudget and NotReady."""
    estimate = model.estimate(ask)
    purse.open(estimate)
    answer = None
    try:
        answer = await model.answer(ask)
    finally:
        purse.close(estimate, answer)
    return answer


def tokens_of(ask: Ask) -> int:
    """Guess how many tokens an ask has, rather too many."""
    signs = len(ask.system) + sum(map(len, ask.turns)) + len(_canonical(ask.choices))
    return signs // SIGNS_PER_TOKEN + 1
