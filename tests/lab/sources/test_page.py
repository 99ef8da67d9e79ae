"""The page on data shows one example of each kind, and each is read."""

import re
from pathlib import Path

import pytest

from souq.lab import sources
from souq.lab.goods import Good
from souq.lab.population import Population
from souq.lab.sources import READERS, BadSource
from souq.lab.sources.magentic import Town

PAGE = Path(__file__).parents[3] / "docs" / "data.md"


def examples(head: str) -> list[tuple[str, str]]:
    """Find the fenced blocks whose heads begin so: what stands after that, and what is in them."""
    fence = re.compile(rf"^```{head} ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    found = fence.findall(PAGE.read_text(encoding="utf-8"))
    assert found
    return found


def test_every_kind_of_json_lines_is_read_as_shown(tmp_path: Path) -> None:
    shown = examples("json lines")
    assert [kind for kind, _ in shown] == ["listings", "price_history"]
    for kind, content in shown:
        (tmp_path / kind).write_text(content)
        found = sources.read(kind, tmp_path / kind)
        assert len(found) == 2
        assert all(isinstance(one, Good) for one in found)


def test_the_people_are_read_as_shown(tmp_path: Path) -> None:
    [(kind, content)] = examples("json")[-1:]
    assert kind == "people"
    (tmp_path / "people.json").write_text(content)
    found = sources.read(kind, tmp_path / "people.json")
    assert isinstance(found, Population)
    assert [one.name for one in found.people] == ["Ada", "Ben"]


def test_the_town_is_read_as_shown(tmp_path: Path) -> None:
    for name, content in examples("yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(content)
    town = sources.read("magentic", tmp_path)
    assert isinstance(town, Town)
    assert (len(town.customers), len(town.businesses)) == (1, 1)


def test_the_python_on_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, listed = examples("json lines")[0]
    for name in ("bikes.jsonl", "phones.jsonl"):
        Path(name).write_text(listed)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})


def test_the_page_tells_of_every_reader() -> None:
    told = re.findall(r"^\| \[`(\w+)`\]\(#\1\) ", PAGE.read_text(), re.MULTILINE)
    assert told == list(READERS)


def test_an_unknown_kind_or_too_many_paths_are_told() -> None:
    with pytest.raises(BadSource, match=r"no reader 'goods'; choose listings, magentic, people"):
        sources.read("goods", Path("x"))
    with pytest.raises(BadSource, match="2 paths were named where one is read; name one"):
        sources.read("people", Path("x"), Path("y"))
