"""docs/intake.md says what happens: its session, its form and its commands run as printed."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from souq.agents import brief as briefs
from souq.agents.brief import Understanding, limits_of
from souq.cli import app
from souq.core.money import USD
from souq.operations import BY_NAME
from souq.sdk.client import Client
from souq.sdk.signing import load_key, new_key_file
from tests.cli.test_intake import Terminal, ok
from tests.serving import ADMIN, serving

PAGE = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")
COMMAND = "$ souq intake --out brief.toml\n"


def block(language: str, containing: str = "") -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(one for one in found if containing in one)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def test_the_session_goes_as_printed(here: Path) -> None:
    session = block("text")
    assert session.startswith(COMMAND)
    terminal = Terminal("--out", "brief.toml")
    try:
        for answer in re.findall(r"^> (.*)$", session, re.MULTILINE):
            terminal.says(answer)
        terminal.sees("within its limits")
        assert terminal.ends() == 0
    finally:
        terminal.close()
    assert terminal.whole.replace("\r\n", "\n") == session.removeprefix(COMMAND)
    assert briefs.read(here / "brief.toml").understanding == Understanding(4, 4)


def test_the_form_and_its_commands_run(here: Path) -> None:
    (here / "answers.toml").write_text(block("toml", 'name = "Bea"'), encoding="utf-8")
    new_key_file(here / "me.key", "ed25519")
    done = ok("--form", "answers.toml", "--key", "me.key")
    assert "4 of 4 choices" in done.output
    assert block("toml", "[understanding]") in (here / "brief.toml").read_text()
    (check,) = re.findall(r"`souq (mandate check [^`]*)`", PAGE)
    assert CliRunner().invoke(app, check.split()).exit_code == 0
    assert "approve" in BY_NAME


def test_the_python_runs(here: Path) -> None:
    code = block("python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"\)  # (.*)$", code, re.MULTILINE)


def test_the_path_from_nothing_ends_in_a_granted_mandate(here: Path) -> None:
    (here / "answers.toml").write_text(block("toml", 'name = "Bea"'), encoding="utf-8")
    with serving(here / "market") as served:
        for line in block("sh").splitlines():
            souq, *words = shlex.split(line.replace("ADMIN-KEY", ADMIN), comments=True)
            assert souq == "souq"
            done = CliRunner().invoke(app, words, env={"SOUQ_URL": served.url})
            assert done.exit_code == 0, (line, done.output, done.exception)
        with Client(served.url, key=load_key(here / "a1.key")) as agent:
            assert agent.observe().limits == limits_of(briefs.read(here / "brief.toml"), USD)
