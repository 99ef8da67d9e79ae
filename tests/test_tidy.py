"""What holds for the files themselves: their size, names and contents, the README, the help.

The last few need a README or a CLI; they skip aloud while there is none.
"""

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
LINES_MAX = 400
TIMEOUT_S = 300

NAMES_THAT_SAY_NOTHING = frozenset(
    {"base", "common", "helper", "manager", "misc", "service", "util"}  # and their plurals
)
HEAVY = ("altair", "numpy", "pydantic", "rich", "scipy", "typer", "vl_convert")

# In pieces, so that this file does not name what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("anaconda", "org"),
    )
)

needs_readme = pytest.mark.skipif(not README.exists(), reason="there is no README.md yet")
needs_cli = pytest.mark.skipif(
    importlib.util.find_spec("souq.cli") is None, reason="there is no souq.cli yet"
)


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in sorted((ROOT / "src" / "souq").rglob("*.py"))
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX} == {}


def test_every_file_and_folder_has_a_name_that_says_something() -> None:
    assert [str(path) for path in our_files() if says_nothing(path)] == []


def test_no_file_names_a_registry_host() -> None:
    named = {str(path): hosts for path in our_files() if (hosts := registry_hosts_in(ROOT / path))}
    assert named == {}


def test_the_lock_files_name_no_place_to_fetch_from() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks
    named = re.compile(r"file:|://| @ |--\S*index|--find-links")
    assert [lock.name for lock in locks if named.search(lock.read_text(encoding="utf-8"))] == []


def test_import_souq_loads_nothing_heavy() -> None:
    program = "import json, sys, souq; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(ran([sys.executable, "-c", program]).stdout)
    assert "souq" in loaded
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []


@needs_readme
def test_the_python_in_the_readme_runs(tmp_path: Path) -> None:
    for number, block in enumerate(blocks(README.read_text(encoding="utf-8"), language="python")):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = ran([sys.executable, "-c", block], cwd=folder)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@needs_readme
@needs_cli
def test_the_commands_in_the_readme_exit_as_it_says(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    for command, expected in commands(README.read_text(encoding="utf-8")):
        done = ran(["sh", "-c", command], cwd=tmp_path, PATH=path)
        assert done.returncode == expected, f"$ {command}\n{done.stdout}{done.stderr}"


@needs_cli
def test_every_command_explains_itself() -> None:
    app = importlib.import_module("souq.cli").app
    paths = list(command_paths(get_command(app)))
    assert paths
    results = {" ".join(path): CliRunner().invoke(app, [*path, "--help"]) for path in paths}
    assert {path: done.output for path, done in results.items() if done.exit_code != 0} == {}


def test_these_checks_bite(tmp_path: Path) -> None:
    assert says_nothing(Path("src/souq/utils/money.py"))
    assert says_nothing(Path("tests/helpers.py"))
    assert not says_nothing(Path("src/souq/core/money.py"))

    leak = tmp_path / "leak.txt"
    leak.write_text(f"see {REGISTRY_HOSTS[0]}/simple")
    assert registry_hosts_in(leak) == [REGISTRY_HOSTS[0]]

    readme = """
```python
x = 1
```
```console
$ souq run deal
69 people
$ souq verify broken  # exit 1
$ make demo
```
"""
    assert list(blocks(readme, language="python")) == ["x = 1\n"]
    assert list(commands(readme)) == [("souq run deal", 0), ("souq verify broken  # exit 1", 1)]


def our_files() -> list[Path]:
    """Lists what git tracks, or would if it were added now, relative to the root."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files are ours")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [Path(name) for name in sorted(filter(None, names.split("\0")))]
    assert files
    return [path for path in files if (ROOT / path).is_file()]


def says_nothing(path: Path) -> bool:
    names = {part.split(".")[0].lower() for part in path.parts}
    return not NAMES_THAT_SAY_NOTHING.isdisjoint(names | {name.removesuffix("s") for name in names})


def registry_hosts_in(path: Path) -> list[str]:
    content = path.read_bytes().lower()
    return [host for host in REGISTRY_HOSTS if host.encode() in content]


def blocks(text: str, *, language: str) -> Iterator[str]:
    """Finds the fenced code blocks of one language."""
    fence = re.compile(rf"^```{language}[^\S\n]*\n(.*?)^```[^\S\n]*$", re.MULTILINE | re.DOTALL)
    yield from fence.findall(text)


def commands(text: str) -> Iterator[tuple[str, int]]:
    """Finds each `$ souq …` in the console blocks, with the exit code its last comment tells."""
    for block in blocks(text, language="console"):
        for command in re.findall(r"^\$ (souq\b.*)$", block.replace("\\\n", " "), re.MULTILINE):
            exit_code = re.search(r"# exit (\d+)\s*$", command)
            yield command, int(exit_code[1]) if exit_code else 0


def command_paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from command_paths(child, (*path, name))


def ran(
    words: list[str], *, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
