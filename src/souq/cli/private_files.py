"""Files that are a person's own business: nobody else reads them, none is written over unasked."""

import os
import tempfile
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    _fill(descriptor, text)


def write_over(path: Path, text: str) -> None:
    """Write a file, in the place of one that is there: it is the old one or the new, whenever."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        _fill(descriptor, text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fill(descriptor: int, text: str) -> None:
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
