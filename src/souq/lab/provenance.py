"""Which version of the code made something, as git knows it."""

import subprocess
from pathlib import Path


def commit(file: Path) -> str:
    """Give the commit that a file of ours is of, or "" where git does not know the file."""
    try:
        _git(file, "ls-files", "--error-unmatch", file.name)
        mark = "+" if _git(file, "status", "--porcelain", "--untracked-files=no") else ""
        return _git(file, "rev-parse", "--short=12", "HEAD") + mark
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(file: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=file.parent, check=True, capture_output=True, text=True, timeout=10
    )
    return done.stdout.strip()
