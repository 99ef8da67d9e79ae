"""What the documents show is what happens: the worked exchange, and the example in Python."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from souq.surfaces.a2a.vocabulary import Act, Constraints, negotiation_schema
from tests.a2a.people import VERSION, Bazaar
from tests.scenario import Clock
from tests.serving import Served, open_folder, settings_for

DOCS = Path(__file__).parents[2] / "docs"
EXTENSION = DOCS / "extensions" / "negotiation.md"
GUIDE = DOCS / "a2a.md"
ANYTHING = "…"


def blocks(path: Path, language: str) -> Iterator[tuple[list[str], str]]:
    """Give the fenced blocks of a language, each with the words after it on its fence."""
    fence = re.compile(rf"^```{language}([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for words, text in fence.findall(path.read_text(encoding="utf-8")):
        yield words.split(), text


@pytest.fixture
def still(tmp_path: Path) -> Iterator[Bazaar]:
    """Give a market whose clock is a story's, so that every digest comes out as written."""
    clock = Clock()
    open_folder(tmp_path, clock=clock.time, salts=clock.salt)
    settings = settings_for(tmp_path, tick_s=3_600.0)
    served = Served(settings, clock=clock.time, salts=clock.salt, rails=lambda *_: {})
    market = Bazaar(served).populate()
    yield market
    market.http.close()
    served.stop()


def fits(shown: Any, told: Any) -> bool:
    """Tell whether an answer is as shown; what is left out, or "…", may be anything."""
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict) and isinstance(told, dict):
        return all(name in told and fits(one, told[name]) for name, one in shown.items())
    if isinstance(shown, list) and isinstance(told, list):
        return len(shown) == len(told) and all(map(fits, shown, told))
    return bool(shown == told)


def test_the_worked_exchange_goes_as_it_is_written(still: Bazaar) -> None:
    told: Any = None
    count = 0
    for words, text in blocks(EXTENSION, "json"):
        if len(words) != 2:
            continue
        who, what = words
        shown = json.loads(text)
        if what == "sends":
            body = {"message": shown, "configuration": {"returnImmediately": True}}
            path = "/message:send" if "taskId" in shown else f"/{still.ids['sol']}/message:send"
            told = still.rest(who, "POST", path, body).json()
        elif what == "looks":
            told = still.http.get(
                f"{still.url}/a2a/tasks/{shown['id']}", headers=VERSION | still.bearer(who)
            ).json()
        else:
            assert what == "gets"
            assert fits(shown, told), json.dumps(told, indent=2, ensure_ascii=False)
            count += 1
    assert count >= 6


def test_the_document_tells_every_verb_and_every_field() -> None:
    text = EXTENSION.read_text(encoding="utf-8")
    for kind in Act.__args__:
        verb = kind.__struct_config__.tag
        assert f"`{verb}`" in text, verb
        assert all(f"`{name}`" in text for name in kind.__struct_fields__), verb
    assert all(f"`{name}`" in text for name in Constraints.__struct_fields__)
    assert negotiation_schema()["$id"].rpartition("/")[0] in text


def test_the_example_in_python_runs(market: Bazaar, tmp_path: Path) -> None:
    ((_, program),) = [block for block in blocks(GUIDE, "python") if "import" in block[1]]
    environment = os.environ | {"SOUQ_URL": market.url, "SOUQ_KEY": market.keys["bea"]}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Brass lamp" in done.stdout
    assert "TASK_STATE_WORKING" in done.stdout
    (talk,) = market.ask("sol", "/v1/negotiations")["negotiations"]
    assert talk["legs"][1]["amount"] == [600_000_000, "USD"]


def test_these_checks_bite() -> None:
    assert fits({"a": "…", "b": [1]}, {"a": 2, "b": [1], "c": 3})
    assert not fits({"a": 1}, {"a": 2})
    assert not fits({"a": 1}, {})
    assert not fits([1], [1, 2])
