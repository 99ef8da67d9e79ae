"""Every call and its answer in a file: evidence, a cache, a replay, a way to go on after a kill.

A line holds one call. Asked the same thing for the n-th time, a model that was recorded gives the
n-th answer of then. What was never asked is asked now and written down, or, in a replay, is an
error: so a recorded run needs no key, and gives the same journal.
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from souq.agents.llm.calls import Answer, Ask, Model, NoAnswer, NotReady

FILE = "model-calls.jsonl"


class Call(Struct, frozen=True, omit_defaults=True):
    """One line: `failed` says why there is no answer."""

    model: str
    key: str
    ask: Ask
    answer: Answer | None = None
    failed: str = ""


class _Head(Struct, frozen=True):
    """What is kept in memory of a line."""

    key: str
    answer: Answer | None = None
    failed: str = ""


_read = msgspec.json.Decoder(_Head).decode
_canonical = msgspec.json.Encoder(order="deterministic").encode


class Recording:
    """A file of calls. Open it once, wrap models with `of`, close it."""

    def __init__(self, path: Path, *, is_replay: bool = False) -> None:
        """Read what is there. Raises NotReady where that is no recording."""
        self._path = path
        self._is_replay = is_replay
        self._known: dict[str, list[_Head]] = defaultdict(list)
        self._asked: dict[str, int] = defaultdict(int)
        self._file: IO[bytes] | None = None
        whole = self._load() if path.exists() else 0
        if is_replay:
            if not path.exists():
                raise NotReady(f"{path} is not there: nothing was recorded")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._file.truncate(whole)  # a line cut off by a kill is asked for again

    def of(self, model: Model | None, name: str) -> "Recorded":
        """Give a model that answers from here first; None answers from here alone."""
        return Recorded(self, model, name)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def take(self, key: str) -> _Head | None:
        """Give the next answer of those recorded under a key."""
        found, n = self._known.get(key, ()), self._asked[key]
        self._asked[key] += 1
        return found[n] if n < len(found) else None

    def write(self, call: Call) -> None:
        """Write a call down."""
        assert self._file is not None, "a replay writes nothing"
        self._file.write(msgspec.json.encode(call) + b"\n")
        self._file.flush()
        self._known[call.key].append(_Head(call.key, call.answer, call.failed))

    def _load(self) -> int:
        whole = 0
        with self._path.open("rb") as lines:
            for n, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    head = _read(line)
                except msgspec.MsgspecError as error:
                    raise NotReady(f"{self._path}, line {n}: no recorded call: {error}") from None
                self._known[head.key].append(head)
                whole += len(line)
        return whole


class Recorded:
    """A model, or the memory of one."""

    def __init__(self, recording: Recording, model: Model | None, name: str) -> None:
        self.name = name
        self._recording = recording
        self._model = model

    async def answer(self, ask: Ask) -> Answer:
        """Answer as recorded, else anew. Raises NoAnswer, and NotReady in a replay."""
        key = hashlib.sha256(_canonical((self.name, ask))).hexdigest()
        found = self._recording.take(key)
        if found is not None:
            if found.answer is None:
                raise NoAnswer(found.failed)
            return found.answer
        if self._model is None:
            raise NotReady(
                f"{self.name} was asked something that is not in the recording: the code, the"
                " prompt or the seed differ from those it was made with"
            )
        try:
            answer = await self._model.answer(ask)
        except NoAnswer as none:
            self._recording.write(Call(self.name, key, ask, failed=str(none)))
            raise
        self._recording.write(Call(self.name, key, ask, answer))
        return answer
