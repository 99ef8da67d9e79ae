"""What an operator types: a first start, a second, and mistakes that end in one line."""

import socket
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from souq.cli import app
from souq.cli.output import Mistake


def test_only_the_first_start_shows_an_admin_key(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        words = [sys.executable, "-m", "souq.cli", "serve", "--store", "m", "--port", "0"]
        serving = subprocess.Popen(
            words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert serving.stdout is not None
        lines = [serving.stdout.readline()]
        while "/openapi.json" not in lines[-1]:
            lines.append(serving.stdout.readline())
        serving.terminate()
        assert serving.wait(60) == 0
        said.append("".join(lines))
    assert "souq is open at http://127.0.0.1:" in said[0]
    assert said[0].count("Admin key (shown this once): souq_") == 1
    assert "Admin key" not in said[1]
    assert said[1].count("/docs") == 1


def test_nothing_is_copied_from_where_no_market_is(tmp_path: Path) -> None:
    nowhere, target = tmp_path / "nowhere", tmp_path / "target"
    ran = CliRunner().invoke(app, ["copy", str(nowhere), str(target)])
    assert isinstance(ran.exception, Mistake)
    assert "holds no journal" in str(ran.exception)
    assert not nowhere.exists()
    assert not target.exists()


def test_an_address_that_is_taken_is_named_before_any_market_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = [sys.executable, "-m", "souq.cli", "serve", "--store", "m", "--port", port]
        ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert port in ran.stderr
    assert not (tmp_path / "m").exists()
