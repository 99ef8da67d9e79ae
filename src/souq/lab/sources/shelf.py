"""Where data stand that do not come with souq: a shelf, which is a folder of folders."""

import os
from pathlib import Path

VARIABLE = "SOUQ_DATA"
USUAL = Path("../shared/data")  # from the project's root


def shelf(named: str = "") -> Path:
    """Give the shelf: the one named, else the environment's, else the usual one."""
    return Path(named or os.environ.get(VARIABLE, "") or USUAL)


def absent(names: tuple[str, ...], named: str = "") -> tuple[str, ...]:
    """List which of these do not stand on the shelf."""
    return tuple(name for name in names if not (shelf(named) / name).exists())
